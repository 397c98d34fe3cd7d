"""Read a run folder after the training."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import GPTNeoForCausalLM

from training import network

RECIPE, CHECKPOINT, LOG = "recipe.json", "checkpoint.pt", "log.jsonl"


def trained_network(run: Path) -> GPTNeoForCausalLM:
    """The network of a run's last checkpoint, finished or not, in float32 and in the shape that the run was begun with.

    FileNotFoundError, naming the file, where the folder holds no run, or one that has saved nothing yet.
    """
    settings = json.loads((run / RECIPE).read_text(encoding="utf-8"))
    model = network.build(network.Shape(**settings["shape"]), seed=0)
    saved = torch.load(run / CHECKPOINT, map_location="cpu", weights_only=True)
    model.load_state_dict(saved["model"])
    return model.eval()
