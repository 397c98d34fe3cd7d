"""The frozen records that pass between packages, and the names of their options."""

from core.records.ambiguous import AmbiguousForm, Context
from core.records.comparisons import TOLERANCE, Comparison, NotebookComparison
from core.records.corrections import ALL_CORRECTIONS, CORRECTIONS, Correction
from core.records.effects import SILENT_SHARE, STRONG_AUC, Caution, EffectSizes, OtherSide, Remedy, ShuffledPoints
from core.records.evidence import (
    CLEAR_AUC,
    ENOUGH_WORDS,
    FAILS,
    HOLDS,
    IMPOSSIBLE,
    NOT_RUN,
    UNCLEAR,
    VERDICTS,
    Finding,
)
from core.records.gold import UPOS, GoldActivations, GoldSentence, GoldText, GoldWord, LeftOutWord, Passage, TextScore
from core.records.model_info import ModelInfo
from core.records.presets import CAREFUL, DEFAULT_PRESET, NOTEBOOK, PRESETS
from core.records.results import (
    AdjustedTests,
    BothSides,
    ContrastResult,
    NeuronTests,
    TokenActivations,
    WordActivations,
    WordList,
    WordPair,
)
from core.records.spec import (
    CUSTOM,
    DTYPES,
    FAMILIES,
    HOOK_SIDES,
    MAX_WORDS,
    POOLINGS,
    UNITS,
    ContrastSpec,
)
from core.records.statistical_tests import ALL_TESTS, TESTS, StatisticalTest
from core.records.word_classes import WORD_CLASSES

__all__ = [
    "ALL_CORRECTIONS",
    "ALL_TESTS",
    "CAREFUL",
    "CLEAR_AUC",
    "CORRECTIONS",
    "CUSTOM",
    "DEFAULT_PRESET",
    "DTYPES",
    "ENOUGH_WORDS",
    "FAILS",
    "FAMILIES",
    "HOLDS",
    "HOOK_SIDES",
    "IMPOSSIBLE",
    "MAX_WORDS",
    "NOTEBOOK",
    "NOT_RUN",
    "POOLINGS",
    "PRESETS",
    "SILENT_SHARE",
    "STRONG_AUC",
    "TESTS",
    "TOLERANCE",
    "UNCLEAR",
    "UNITS",
    "UPOS",
    "VERDICTS",
    "WORD_CLASSES",
    "AdjustedTests",
    "AmbiguousForm",
    "BothSides",
    "Caution",
    "Comparison",
    "Context",
    "ContrastResult",
    "ContrastSpec",
    "Correction",
    "EffectSizes",
    "Finding",
    "GoldActivations",
    "GoldSentence",
    "GoldText",
    "GoldWord",
    "LeftOutWord",
    "ModelInfo",
    "NeuronTests",
    "NotebookComparison",
    "OtherSide",
    "Passage",
    "Remedy",
    "ShuffledPoints",
    "StatisticalTest",
    "TextScore",
    "TokenActivations",
    "WordActivations",
    "WordList",
    "WordPair",
]
