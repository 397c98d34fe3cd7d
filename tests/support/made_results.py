"""Contrast results with chosen numbers, to test how they are shown. Nothing is read or tested statistically."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from core.records import (
    BothSides,
    ContrastResult,
    ContrastSpec,
    EffectSizes,
    ModelInfo,
    NeuronTests,
    OtherSide,
    WordList,
    WordPair,
)

NOUNS = ("time", "way", "ways", "day")
NOUN_LEMMAS = ("time", "way", "way", "day")
VERBS = ("go", "goes", "take", "see", "sees")
VERB_LEMMAS = ("go", "go", "take", "see", "see")
SIZES = {"n_layers": 6, "d_mlp": 8, "context": 16, "n_parameters": 9}
MODEL = ModelInfo("made", "r1", "gpt_neo", **SIZES, device="cpu", dtype="f32", start_token="<s>")


def made_result(spec: ContrastSpec | None = None, **chosen: Any) -> ContrastResult:
    """A result of eight neurons; ``chosen`` replaces arrays or fields, wherever they are in the record.

    ``auc`` and ``mean_difference`` are of the tested side; ``other_auc`` and ``other_mean_difference`` of the other.
    """
    spec = spec or ContrastSpec.careful(n_target=4, n_baseline=5)
    rng = np.random.default_rng(5)
    n = 8
    statistic = np.array([9.0, 6.0, 2.0, 0.1, -0.2, -2.0, -6.0, -9.0])
    numbers: dict[str, Any] = {
        "statistic": statistic,
        "p_value": np.array([1e-12, 1e-8, 0.05, 0.9, 0.8, 0.05, 1e-8, 1e-12]),
        "degrees_of_freedom": np.full(n, 6.5),
        "mean_difference": statistic / 3,
        "cohens_d": statistic / 2,
        "auc": np.array([0.98, 0.95, 0.7, 0.5, 0.5, 0.3, 0.05, 0.02]),
        "p_adjusted": np.array([8e-12, 8e-8, 0.3, 1.0, 1.0, 0.3, 8e-8, 8e-12]),
        "hedges_g": statistic / 2.1,
        "hedges_g_low": statistic / 2.1 - 1,
        "hedges_g_high": statistic / 2.1 + 1,
        "auc_low": np.full(n, 0.01),
        "auc_high": np.full(n, 0.99),
        "above_zero_target": np.array([0.9, 0.01, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0]),
        "above_zero_baseline": np.array([0.1, 0.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.002]),
        "other_auc": np.array([0.97, 0.6, 0.6, 0.5, 0.5, 0.5, 0.04, 0.52]),
        "other_mean_difference": np.array([1.0, 0.5, 0.5, 0.1, -0.1, -0.5, -0.5, 0.5]),
        **chosen,
    }
    numbers.setdefault("log10_p", _log10(numbers["p_value"]))
    numbers.setdefault("log10_p_adjusted", _log10(numbers["p_adjusted"]))
    numbers.setdefault("significant", numbers["p_adjusted"] <= spec.alpha)
    side = "activation" if spec.hook_side == "pre-activation" else "pre-activation"
    above = {name: numbers[name] for name in ("above_zero_target", "above_zero_baseline")}
    other = OtherSide(side, numbers["other_mean_difference"], numbers["other_auc"], **above)
    lemma = spec.unit == "lemma"
    more: dict[str, Any] = {
        "spec": spec,
        "model": MODEL,
        "words": WordPair(
            NOUNS,
            VERBS,
            WordList("nouns", NOUNS, "made list"),
            WordList("verbs", VERBS, "made list"),
            shared=(),
            target_lemmas=NOUN_LEMMAS,
            baseline_lemmas=VERB_LEMMAS,
        ),
        "target_sides": _sides(rng, len(NOUNS), n),
        "baseline_sides": _sides(rng, len(VERBS), n),
        "target_units": ("time", "way", "day") if lemma else NOUNS,
        "baseline_units": ("go", "take", "see") if lemma else VERBS,
        "target_tokens": np.ones(len(NOUNS), dtype=np.int64),
        "baseline_tokens": np.ones(len(VERBS), dtype=np.int64),
        "tests": _record(NeuronTests, numbers),
        "effect_sizes": _record(EffectSizes, numbers),
        "other_side": other,
        "family_size": 48,
        "critical_statistic": 4.0,
        **numbers,
    }
    return ContrastResult(**{item.name: more[item.name] for item in fields(ContrastResult) if item.name in more})


def _record(kind: type, numbers: dict[str, Any]) -> Any:
    return kind(**{item.name: numbers[item.name] for item in fields(kind)})


def _log10(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log10(p)


def _sides(rng: np.random.Generator, n_words: int, n_neurons: int) -> BothSides:
    values = rng.normal(size=(n_words, n_neurons)).astype(np.float32)
    return BothSides(values, np.empty((0, n_neurons), np.float32), np.array([], dtype=np.int64), np.tanh)
