"""The two presets: the course notebook's analysis, and a careful one."""

from __future__ import annotations

from typing import Any

# A preset sets how to analyse. It does not set the model, the layer or the word classes.
NOTEBOOK: dict[str, Any] = {
    "n_target": 100,
    "n_baseline": 100,
    "word_source": "notebook",
    "hook_side": "pre-activation",
    "pooling": "mean",
    "leading_space": False,
    "prefix": False,
    "drop_shared": False,
    "unit": "word",
    "test": "paired",
    "correction": "bonferroni",
    "family": "layer",
    "alpha": 0.05,
    "dtype": "float32",
}
CAREFUL: dict[str, Any] = {
    **NOTEBOOK,
    "n_target": 500,
    "n_baseline": 500,
    "word_source": "bundled",
    "leading_space": True,
    "prefix": True,
    "drop_shared": True,
    "unit": "lemma",
    "test": "welch",
    "correction": "holm",
    "family": "model",
}
PRESETS = {"notebook": NOTEBOOK, "careful": CAREFUL}
# What pages open with, and what the command line takes where it is told nothing.
DEFAULT_PRESET = "careful"
