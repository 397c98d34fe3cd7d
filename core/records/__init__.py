"""The frozen records that pass between packages, and the names of their options."""

from core.records.presets import CAREFUL, NOTEBOOK
from core.records.results import (
    ContrastResult,
    ModelInfo,
    NeuronTests,
    TokenActivations,
    WordActivations,
    WordList,
    WordPair,
)
from core.records.spec import (
    CORRECTIONS,
    CUSTOM,
    FAMILIES,
    HOOK_SIDES,
    MAX_WORDS,
    POOLINGS,
    SHORT_WORD_CLASSES,
    TESTS,
    WORD_CLASSES,
    ContrastSpec,
)

__all__ = [
    "CAREFUL",
    "CORRECTIONS",
    "CUSTOM",
    "FAMILIES",
    "HOOK_SIDES",
    "MAX_WORDS",
    "NOTEBOOK",
    "POOLINGS",
    "SHORT_WORD_CLASSES",
    "TESTS",
    "WORD_CLASSES",
    "ContrastResult",
    "ContrastSpec",
    "ModelInfo",
    "NeuronTests",
    "TokenActivations",
    "WordActivations",
    "WordList",
    "WordPair",
]
