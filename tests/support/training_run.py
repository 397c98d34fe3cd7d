"""A training run that never was: checkpoints of a tiny model in which one neuron comes to separate two classes.

    save_run(folder, target, baseline, steps={0: 0.0, 10: 0.5, 100: 1.0})

writes folder/step0 and so on. At share 0 all weights are random; at share 1, the weights of ``NEURON`` of ``LAYER``
point from what its layer gets for the words of one class to what it gets for the other.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.tiny_models import random_model, save_tokenizer

LAYER, NEURON = 1, 5
ARCHITECTURE = "gpt_neo"


def save_run(folder: Path, target: Sequence[str], baseline: Sequence[str], steps: Mapping[int, float]) -> Path:
    """Write a checkpoint for each step, whose share is how much of the planted effect is there."""
    for step, share in steps.items():
        place = folder / f"step{step}"
        place.mkdir(parents=True)
        model = random_model(ARCHITECTURE, tokenizer := save_tokenizer(place))  # always the same weights
        _plant(model, _direction(model, tokenizer, target, baseline), share)
        model.save_pretrained(place)
    return folder


@torch.no_grad()
def _direction(model: Any, tokenizer: Any, target: Sequence[str], baseline: Sequence[str]) -> np.ndarray:
    """The direction (d_model,) that separates the classes best: Fisher's discriminant of the inputs of the MLP."""
    seen: list[np.ndarray] = []
    network = copy.deepcopy(model).eval()
    network.transformer.h[LAYER].mlp.c_fc.register_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0][0].mean(dim=0).numpy().copy())
    )
    for word in (*target, *baseline):
        network(torch.tensor([tokenizer.encode(word, add_special_tokens=False)]))
    one, other = np.array(seen[: len(target)]), np.array(seen[len(target) :])
    within = np.cov(one.T) + np.cov(other.T) + 1e-6 * np.eye(one.shape[1])
    found = np.linalg.solve(within, one.mean(axis=0) - other.mean(axis=0))
    return np.asarray(found / np.linalg.norm(found), dtype=np.float32)


@torch.no_grad()
def _plant(model: Any, direction: np.ndarray, share: float) -> None:
    weight = model.transformer.h[LAYER].mlp.c_fc.weight  # [d_mlp, d_model]
    planted = torch.from_numpy(direction) * weight[NEURON].norm()
    weight[NEURON] = (1 - share) * weight[NEURON] + share * planted
