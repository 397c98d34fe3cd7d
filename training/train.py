"""Train the bundled model: ``python -m training.train --corpus DIR --minutes 60 --run RUN_DIR``.

A run folder keeps the tokenizer, the token ids, how it is trained, a log (one JSON object a line) and the last
checkpoint with the optimisers' state. Started again with the same folder, training goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from core.console import print_anything
from training import network
from training.corpus import Windows, encode, load_corpus
from training.export import export
from training.runs import CHECKPOINT, LOG, RECIPE
from training.tokenizer import train_tokenizer

# A graphics card takes large batches as fast as small ones. Two processor cores would make too few steps of them.
BATCH_TOKENS = {"cuda": 32_768, "cpu": 4_096}
# A look at held-out text takes a second on two cores: not more often than each fiftieth of the training, nor than this.
_SECONDS_BETWEEN_LOOKS = 15


@dataclass(frozen=True)
class Recipe:
    """Everything, except the corpus, that determines the weights. Learning rates are peaks."""

    seed: int = 2026
    batch_tokens: int = BATCH_TOKENS["cuda"]
    short_length: int = 256  # most of training; long windows only at the end, to train the later positions
    long_length: int = 512
    long_share: float = 0.25
    matrix_lr: float = 2e-3
    other_lr: float = 2e-3
    matrix_decay: float = 0.5
    expansion_decay: float = 1.0
    warm_up: float = 0.02
    decay_from: float = 0.3
    muon: bool = True  # for the blocks' matrices; without it, AdamW for all
    half: bool = True  # bfloat16 in the forward pass: fast on a graphics card, slow on a processor without it

    def lr_factor(self, progress: float) -> float:
        """Warm-up, a plateau, then a line down to zero; ``progress`` runs from 0 to 1."""
        if progress < self.warm_up:
            return max(progress, 1e-4) / self.warm_up
        return min(1.0, (1.0 - progress) / (1.0 - self.decay_from))


# Token ids of the documents that are trained on, and of those that are held out; uint16, (n_tokens,) each.
Tokens = tuple[np.ndarray, np.ndarray]


@dataclass
class State:
    """The progress of a run. ``position`` counts windows of the current length."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    position: int = 0
    long: bool = False


class Run:
    """One training run: its folder, its network, its optimisers, its progress."""

    def __init__(self, folder: Path, tokens: Tokens, shape: network.Shape, recipe: Recipe) -> None:
        self.folder, self.shape, self.recipe = folder, shape, recipe
        folder.mkdir(parents=True, exist_ok=True)
        self.train_tokens, self.held_out_tokens = tokens
        self._write_down()
        self.device = find_device()
        self.model = network.build(shape, recipe.seed).to(self.device)
        self.optimisers = build_optimisers(self.model, recipe)
        self.state = State()
        if self._checkpoint.exists():
            self._restore()

    def _write_down(self) -> None:
        """Save the settings of the run, for the model card. A run cannot continue with other settings."""
        path = self.folder / RECIPE
        settings = {"shape": asdict(self.shape), "recipe": asdict(self.recipe)}
        if path.exists():
            before = json.loads(path.read_text(encoding="utf-8"))
            if any(before[name] != values for name, values in settings.items()):
                raise ValueError(f"{self.folder} holds a run with other settings: see {path}. Give another folder.")
        else:
            versions = {name: version(name) for name in ("torch", "transformers", "tokenizers")}
            path.write_text(json.dumps({**settings, "versions": versions}, indent=2) + "\n", encoding="utf-8")

    @property
    def _checkpoint(self) -> Path:
        return self.folder / CHECKPOINT

    def _restore(self) -> None:
        saved = torch.load(self._checkpoint, map_location=self.device, weights_only=True)
        self.model.load_state_dict(saved["model"])
        for optimiser, state in zip(self.optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        self.state = State(**saved["state"])

    def save(self) -> None:
        """Write the checkpoint to a temporary file, then replace the old one."""
        temporary = self._checkpoint.with_suffix(".tmp")
        torch.save(
            {
                "model": self.model.state_dict(),
                "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
                "state": asdict(self.state),
            },
            temporary,
        )
        os.replace(temporary, self._checkpoint)

    def log(self, **entry: float) -> None:
        """Append one line to the run's log and show it."""
        line = json.dumps({**asdict(self.state), **entry})
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)

    def train(
        self,
        budget_seconds: float,
        budget_tokens: float,
        compiled: bool,
        after_step: Callable[[Run], None] = lambda run: None,
    ) -> None:
        """Train until the time or the token budget is used. The schedule follows the one that is nearer its end.

        ``after_step`` is called before the first step of this call, and after each one.
        """
        windows = self._windows()
        loss_of = torch.compile(network.loss, dynamic=False) if compiled else network.loss
        self.model.train()
        saved = looked = time.monotonic()
        logged = self._progress(budget_seconds, budget_tokens)
        recent: list[torch.Tensor] = []
        after_step(self)
        while (progress := self._progress(budget_seconds, budget_tokens)) < 1.0:
            started = time.monotonic()
            if progress >= 1.0 - self.recipe.long_share and not self.state.long:
                self.state.long, self.state.position = True, 0
                windows = self._windows()
            recent.append(self._step(windows, loss_of, progress))
            self.state.seconds += time.monotonic() - started
            after_step(self)
            if progress - logged >= 0.02 and time.monotonic() - looked >= _SECONDS_BETWEEN_LOOKS:
                self.log(train_loss=float(torch.stack(recent).mean()), held_out_loss=self.held_out_loss(48))
                recent, logged, looked = [], progress, time.monotonic()
            if time.monotonic() - saved > 180:
                self.save()
                saved = time.monotonic()
        self.save()
        since = {"train_loss": float(torch.stack(recent).mean())} if recent else {}
        self.log(**since, held_out_loss=self.held_out_loss())

    def _progress(self, budget_seconds: float, budget_tokens: float) -> float:
        return max(self.state.seconds / budget_seconds, self.state.tokens / budget_tokens)

    def _windows(self) -> Windows:
        recipe = self.recipe
        length = recipe.long_length if self.state.long else recipe.short_length
        return Windows(self.train_tokens, length, recipe.seed + self.state.long)

    def _step(self, windows: Windows, loss_of: Callable[..., torch.Tensor], progress: float) -> torch.Tensor:
        recipe, state = self.recipe, self.state
        length = recipe.long_length if state.long else recipe.short_length
        size = recipe.batch_tokens // length
        batch = torch.from_numpy(windows.batch(state.position, size)).to(self.device)
        loss = loss_of(self.model, batch, recipe.half)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["peak_lr"] * recipe.lr_factor(progress)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        state.step += 1
        state.position += size
        state.tokens += size * length
        return loss.detach()

    @torch.no_grad()
    def held_out_loss(self, limit: int | None = None) -> float:
        """Nats a token on held-out documents, in float32, over (up to ``limit``) windows of 256 tokens."""
        length = self.recipe.short_length
        starts = list(range(0, len(self.held_out_tokens) - length - 1, length))
        if limit:
            starts = starts[:: max(1, len(starts) // limit)]
        self.model.eval()
        total = 0.0
        for first in range(0, len(starts), 16):
            chunk = [self.held_out_tokens[s : s + length + 1] for s in starts[first : first + 16]]
            batch = torch.from_numpy(np.stack(chunk).astype(np.int64)).to(self.device)
            total += float(network.loss(self.model, batch)) * len(chunk)
        self.model.train()
        return total / len(starts)


def find_device() -> str:
    """Where to train: "cuda" if PyTorch finds a graphics card, else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def build_optimisers(model: torch.nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the blocks' matrices (Jordan et al. 2024), AdamW for all else and for the MLPs' expansion layers.

    Muon makes all directions of a matrix equally long, and so keeps an expansion layer's neurons apart. With AdamW,
    more neurons share the directions that matter most in the text, word class among them (see README.md).
    """
    muon_matrices = [p for name, p in model.named_parameters() if recipe.muon and _is_for_muon(name, p)]
    expansions = [p for name, p in model.named_parameters() if name.endswith("c_fc.weight")]
    taken = {id(p) for p in (*muon_matrices, *expansions)}
    others = [p for p in model.parameters() if id(p) not in taken]
    groups = [{"params": others, "weight_decay": 0.0}, {"params": expansions, "weight_decay": recipe.expansion_decay}]
    optimisers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=recipe.other_lr, betas=(0.9, 0.95))]
    if muon_matrices:
        muon = torch.optim.Muon(
            muon_matrices, lr=recipe.matrix_lr, weight_decay=recipe.matrix_decay, adjust_lr_fn="match_rms_adamw"
        )
        optimisers.insert(0, muon)
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["peak_lr"] = group["lr"]
    return optimisers


def _is_for_muon(name: str, parameter: torch.nn.Parameter) -> bool:
    return ".h." in name and parameter.ndim == 2 and not name.endswith("c_fc.weight")


def prepare_tokens(folder: Path, corpus_folder: Path, shape: network.Shape, seed: int) -> Tokens:
    """Train the tokenizer and encode the corpus once; later calls read what the first one wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in ("train.npy", "held_out.npy")]
    if not all(path.exists() for path in paths):
        corpus = load_corpus(corpus_folder, seed)
        tokenizer = train_tokenizer(corpus.train, shape.vocab_size)
        tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "held_out.json").write_text(json.dumps(corpus.held_out), encoding="utf-8")
        for path, documents in zip(paths, (corpus.train, corpus.held_out), strict=True):
            np.save(path, encode(tokenizer, documents), allow_pickle=False)
    train, held_out = (np.load(path, mmap_mode="r", allow_pickle=False) for path in paths)
    return train, held_out


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of .txt files")
    parser.add_argument("--run", type=Path, default=Path("training/runs/default"), help="where the run is kept")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="training time, over all resumes")
    parser.add_argument("--tokens", type=float, default=float("inf"), help="training tokens, over all resumes")
    parser.add_argument("--export", type=Path, help="hub-layout folder to write (default: RUN/model)")
    parser.add_argument("--seed", type=int, default=Recipe.seed, help="of the weights, held-out documents, order")
    parser.add_argument("--batch", type=int, help="tokens a step (default: 32,768 on a graphics card, else 4,096)")
    parser.add_argument("--no-compile", action="store_true", help="do without torch.compile")
    parser.add_argument("--small", action="store_true", help="a toy network, to try the whole way in seconds")
    about = "the small model with ten moments of its training, and its twin; --minutes are for both, --tokens for each"
    parser.add_argument("--history", action="store_true", help=about)
    arguments = parser.parse_args()
    if arguments.minutes == arguments.tokens == float("inf"):
        parser.error("give --minutes or --tokens")
    if arguments.history:
        grow_history(parser, arguments)
        return
    if arguments.batch is not None and arguments.batch < Recipe.long_length:
        parser.error(f"--batch is {arguments.batch}, and one window alone has {Recipe.long_length} tokens")
    shape = network.SMALL if arguments.small else network.Shape()
    recipe = Recipe(seed=arguments.seed, batch_tokens=arguments.batch or BATCH_TOKENS[find_device()])
    run = Run(arguments.run, prepare_tokens(arguments.run, arguments.corpus, shape, recipe.seed), shape, recipe)
    vocabulary = Tokenizer.from_file(str(arguments.run / "tokenizer.json")).get_vocab_size()
    print(f"{len(run.train_tokens):,} training tokens, {len(run.held_out_tokens):,} held out, {vocabulary:,} types")
    run.train(arguments.minutes * 60, arguments.tokens, compiled=not arguments.no_compile)
    print(export(run.model, arguments.run / "tokenizer.json", arguments.export or arguments.run / "model"))


def grow_history(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Train the history: its seeds and its batches are in its recipe, and are no choice."""
    from training import history  # it needs this module

    if arguments.seed != Recipe.seed or arguments.batch is not None:
        parser.error("--history has seeds and batches of its own: leave --seed and --batch out")
    budget = history.Budget(arguments.minutes * 60 / 2, arguments.tokens)
    shape = history.SMALL if arguments.small else history.SHAPE
    models = history.grow(arguments.corpus, arguments.run, budget, shape, compiled=not arguments.no_compile)
    print(models if arguments.export is None else shutil.copytree(models, arguments.export, dirs_exist_ok=True))


if __name__ == "__main__":
    print_anything()
    main()
