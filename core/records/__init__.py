"""The frozen records that pass between packages, and the names of their options."""

from core.records.ambiguous import AmbiguousForm, Context
from core.records.comparisons import TOLERANCE, Comparison, NotebookComparison
from core.records.effects import SILENT_SHARE, STRONG_AUC, Caution, EffectSizes, OtherSide, Remedy, ShuffledPoints
from core.records.evidence import FAILS, HOLDS, IMPOSSIBLE, NOT_RUN, UNCLEAR, VERDICTS, Finding
from core.records.gold import UPOS, GoldActivations, GoldSentence, GoldText, GoldWord, LeftOutWord
from core.records.model_info import ModelInfo
from core.records.presets import CAREFUL, NOTEBOOK
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
    CORRECTIONS,
    CUSTOM,
    DTYPES,
    FAMILIES,
    HOOK_SIDES,
    MAX_WORDS,
    POOLINGS,
    SHORT_WORD_CLASSES,
    TESTS,
    UNITS,
    WORD_CLASSES,
    ContrastSpec,
)

__all__ = [
    "CAREFUL",
    "CORRECTIONS",
    "CUSTOM",
    "DTYPES",
    "FAILS",
    "FAMILIES",
    "HOLDS",
    "HOOK_SIDES",
    "IMPOSSIBLE",
    "MAX_WORDS",
    "NOTEBOOK",
    "NOT_RUN",
    "POOLINGS",
    "SHORT_WORD_CLASSES",
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
    "Remedy",
    "ShuffledPoints",
    "TokenActivations",
    "WordActivations",
    "WordList",
    "WordPair",
]
