"""The bundled model's figures in both presets, written down: a change of any of them is a change of the science.

They were computed by this project's own code, whose parts are compared with SciPy and plain PyTorch elsewhere
(tests/core/stats, tests/core/test_notebook_parity.py). Another processor may give other last bits, no more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.experiment import run_contrast
from core.models import LoadedModel, load_model
from core.records import ContrastSpec

PRESETS: dict[str, Callable[..., ContrastSpec]] = {
    "notebook": ContrastSpec.notebook,
    "careful": ContrastSpec.careful,
    "careful, unit word": partial(ContrastSpec.careful, unit="word"),
}
# Preset, layer: significant neurons higher for nouns and for verbs, tests in the family; the largest t's neuron, its t
# and its AUC; the smallest t's neuron, its t and its d; the |t| that a neuron must reach.
GOLDEN = {
    ("notebook", 0): (7, 6, 512, 311, 8.8723, 0.8089, 203, -6.4462, -0.6446, 4.0615),
    ("notebook", 3): (24, 50, 512, 120, 12.3631, 0.8915, 497, -10.2454, -1.0245, 4.0615),
    ("notebook", 5): (28, 26, 512, 250, 8.9047, 0.7977, 347, -7.9602, -0.796, 4.0615),
    ("careful, unit word", 0): (212, 152, 3072, 311, 47.878, 0.98336, 426, -53.5645, -3.3877, 4.036),
    ("careful, unit word", 3): (164, 209, 3072, 120, 89.2844, 1.0, 375, -70.7901, -4.4772, 4.0361),
    ("careful, unit word", 5): (181, 197, 3072, 370, 50.9703, 0.9865, 6, -46.3236, -2.9298, 4.0362),
    ("careful", 0): (193, 146, 3072, 311, 39.7148, 0.98032, 426, -54.9345, -4.2024, 4.0769),
    ("careful", 3): (159, 204, 3072, 120, 80.979, 1.0, 375, -62.5825, -4.6096, 4.0769),
    ("careful", 5): (164, 179, 3072, 370, 45.1358, 0.98986, 200, -42.1551, -3.1426, 4.0771),
}
# The same with lists that never change (tests/support/word_lists): these figures stay when the bundled lists do not.
UNCHANGING = {
    ("notebook", 0): (22, 3, 512, 311, 9.3064, 0.8351, 203, -5.7486, -0.5749, 4.0615),
    ("notebook", 3): (27, 42, 512, 120, 11.7033, 0.8927, 497, -9.4784, -0.9478, 4.0615),
    ("notebook", 5): (31, 16, 512, 250, 8.9957, 0.8197, 347, -6.6758, -0.6676, 4.0615),
    ("careful, unit word", 0): (207, 150, 3072, 311, 46.7541, 0.98096, 426, -50.5271, -3.1956, 4.0432),
    ("careful, unit word", 3): (170, 205, 3072, 120, 78.5504, 0.99997, 375, -65.4154, -4.1372, 4.0433),
    ("careful, unit word", 5): (178, 196, 3072, 370, 48.7909, 0.98296, 303, -44.885, -2.8388, 4.0433),
}
WORD_LISTS = Path(__file__).resolve().parents[1] / "support" / "word_lists"


@pytest.fixture(scope="module")
def bundled() -> LoadedModel:
    return load_model("bundled")


@pytest.mark.parametrize(("preset", "layer"), GOLDEN)
def test_run_contrast_gives_the_figures_written_down(bundled: LoadedModel, preset: str, layer: int) -> None:
    assert figures(PRESETS[preset](layer=layer, word_source="bundled"), bundled) == close_to(GOLDEN[preset, layer])


@pytest.mark.parametrize(("preset", "layer"), UNCHANGING)
def test_unchanging_lists_give_the_figures_written_down(bundled: LoadedModel, preset: str, layer: int) -> None:
    spec = PRESETS[preset](layer=layer, word_source=str(WORD_LISTS))
    assert figures(spec, bundled) == close_to(UNCHANGING[preset, layer])


def figures(spec: ContrastSpec, lm: LoadedModel) -> tuple[float, ...]:
    """The figures of a contrast, in the order above."""
    result = run_contrast(spec, lm)
    tests, largest, smallest = result.tests, result.largest, result.smallest
    return (
        *(result.n_higher, result.n_lower, result.family_size),
        *(largest, tests.statistic[largest], tests.auc[largest]),
        *(smallest, tests.statistic[smallest], tests.cohens_d[smallest]),
        result.critical_statistic,
    )


def close_to(written: tuple[float, ...]) -> Any:
    """Equal to the figures as they are rounded above."""
    return pytest.approx(written, rel=1e-6, abs=6e-5)
