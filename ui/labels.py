"""Labels of options on pages."""

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


def model_label(name: str) -> str:
    """The label of a model: from the catalogue, else its name."""
    return CATALOGUE[name].label if name in CATALOGUE else name


def class_label(name: str) -> str:
    """The label of a word class."""
    return "Custom list…" if name == CUSTOM else class_title(name)
