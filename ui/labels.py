"""Labels of the settings on pages, and of their options."""

from __future__ import annotations

from core.models import CATALOGUE
from core.records import CUSTOM, NOTEBOOK
from core.report.glossary import TEST_NAMES
from core.words import class_title

TEST_LABELS = TEST_NAMES | {NOTEBOOK["test"]: f"{TEST_NAMES[NOTEBOOK['test']]} (the notebook's)"}
UNIT_LABELS = {"word": "Word form", "lemma": "Lemma (mean over its forms)"}
DTYPE_LABELS = {"float32": "float32", "bfloat16": "bfloat16 (half the memory, less precise)"}
FAMILY_LABELS = {"layer": "This layer's neurons", "model": "All layers' neurons"}
SOURCE_LABELS = {"notebook": "The notebook's (downloaded)", "bundled": "Curated (bundled)"}
# What the sidebar calls each setting, by the field of the spec; an empty label: it is in no sidebar.
SETTING_LABELS = {
    "model": "Model",
    "layer": "Layer",
    "target": "Target",
    "baseline": "Baseline",
    "n_target": "Target words",
    "n_baseline": "Baseline words",
    "word_source": "Word lists",
    "hook_side": "Hook side",
    "pooling": "Pooling over a word's tokens",
    "leading_space": "Leading space",
    "prefix": "Beginning-of-text token first",
    "drop_shared": "Drop words that are in both lists",
    "unit": "Unit",
    "test": "Test",
    "correction": "Correction",
    "family": "Family of tests",
    "alpha": "Alpha",
    "seed": "",
    "dtype": "Number format",
    "shuffle_labels": "Control: shuffle the labels",
    "target_words": "Custom target list",
    "baseline_words": "Custom baseline list",
    "target_name": "Name of the target list",
    "baseline_name": "Name of the baseline list",
}


def model_label(name: str) -> str:
    """The label of a model: from the catalogue, else its name."""
    return CATALOGUE[name].label if name in CATALOGUE else name


def class_label(name: str) -> str:
    """The label of a word class."""
    return "Custom list…" if name == CUSTOM else class_title(name)
