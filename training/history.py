"""The history: one small network, trained from two seeds, and the first of them kept at ten moments.

    grow(corpus, run_folder, budget)     # then RUN/model/step-0 ... RUN/model/step-4096, and RUN/model/seed-b

Each moment is a folder as on the model hub, with weights in half precision. They have one tokenizer, beside them.
A moment is kept as soon as it is reached, at step 0 and at each power of two. At the end, those that are too many go,
the early ones first: what changes by the logarithm of the step is seen by steps that double.
"""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path

from training import network
from training.export import export_tokenizer, export_weights
from training.train import Recipe, Run, Tokens, prepare_tokens

SHAPE = network.Shape(vocab_size=4096, hidden_size=128, d_mlp=512, n_layers=4, n_heads=4, context=256, window=128)
SMALL = dataclasses.replace(network.SMALL, context=256)
MOMENTS = 10
SEED_A, SEED_B = 2026, 2027
# Measured on two processor cores: bfloat16 is nine times slower than float32 there, and Muon takes as long as the rest
# of a step. Windows are never longer than the context.
RECIPE = Recipe(batch_tokens=2048, long_length=SHAPE.context, long_share=0.0, muon=False, half=False)


@dataclass(frozen=True)
class Budget:
    """How long to train one seed: in seconds, in tokens, or until the first of both is used."""

    seconds: float = float("inf")
    tokens: float = float("inf")


def grow(corpus: Path, folder: Path, budget: Budget, shape: network.Shape = SHAPE, compiled: bool = True) -> Path:
    """Train both seeds, one after the other, and return the folder of their checkpoints.

    The second seed reads as many tokens as the first one. Both have the same tokenizer and the same held-out documents;
    their weights at step 0 and the order of their windows differ.
    """
    tokens = prepare_tokens(folder, corpus, shape, SEED_A)
    models = folder / "model"
    export_tokenizer(folder / "tokenizer.json", models, shape.context)
    first = train_first(folder, tokens, budget, shape, compiled)
    train_second(folder, tokens, Budget(tokens=first.state.tokens), shape, compiled)
    return models


def train_first(folder: Path, tokens: Tokens, budget: Budget, shape: network.Shape, compiled: bool) -> Run:
    """Train seed A, and keep ten moments of it."""
    models = folder / "model"
    run = Run(folder / "seed-a", tokens, shape, dataclasses.replace(RECIPE, seed=SEED_A))
    run.train(budget.seconds, budget.tokens, compiled, after_step=lambda run: _keep_moment(run, models))
    export_weights(run.model, models / _name(run.state.step))
    for step in _too_many(models, run.state.step):
        shutil.rmtree(models / _name(step))
    return run


def train_second(folder: Path, tokens: Tokens, budget: Budget, shape: network.Shape, compiled: bool) -> Run:
    """Train seed B, and keep its end."""
    run = Run(folder / "seed-b", tokens, shape, dataclasses.replace(RECIPE, seed=SEED_B))
    run.train(budget.seconds, budget.tokens, compiled)
    export_weights(run.model, folder / "model" / "seed-b")
    return run


def _keep_moment(run: Run, models: Path) -> None:
    step = run.state.step
    if step & (step - 1) == 0:  # 0, 1, 2, 4, 8, ...
        export_weights(run.model, models / _name(step))


def _too_many(models: Path, last: int) -> list[int]:
    """Which moments are to go, so that ten are left: step 0, the last one, and those before it."""
    steps = sorted(int(each.name.removeprefix("step-")) for each in models.glob("step-*"))
    between = [step for step in steps if 0 < step < last]
    return between[: max(0, len(between) - (MOMENTS - 2))] + [step for step in steps if step > last]


def _name(step: int) -> str:
    return f"step-{step}"
