"""The bundled model's figures in both presets, written down: a change of any of them is a change of the science.

They were computed by this project's own code, whose parts are compared with SciPy and plain PyTorch elsewhere
(tests/core/stats, tests/core/test_notebook_parity.py). Another processor may give other last bits, no more.
"""

from __future__ import annotations

import pytest

from core.experiment import run_contrast
from core.models import LoadedModel, load_model
from core.records import ContrastSpec

# Preset, layer: significant neurons higher for nouns and for verbs, tests in the family; the largest t's neuron, its t
# and its AUC; the smallest t's neuron, its t and its d; the |t| that a neuron must reach.
GOLDEN = {
    ("notebook", 0): (22, 3, 512, 311, 9.3064, 0.8351, 203, -5.7486, -0.5749, 4.0615),
    ("notebook", 3): (27, 42, 512, 120, 11.7033, 0.8927, 497, -9.4784, -0.9478, 4.0615),
    ("notebook", 5): (31, 16, 512, 250, 8.9957, 0.8197, 347, -6.6758, -0.6676, 4.0615),
    ("careful", 0): (207, 150, 3072, 311, 46.7541, 0.98096, 426, -50.5271, -3.1956, 4.0432),
    ("careful", 3): (170, 205, 3072, 120, 78.5504, 0.99997, 375, -65.4154, -4.1372, 4.0433),
    ("careful", 5): (178, 196, 3072, 370, 48.7909, 0.98296, 303, -44.885, -2.8388, 4.0433),
}


@pytest.fixture(scope="module")
def bundled() -> LoadedModel:
    return load_model("bundled")


@pytest.mark.parametrize(("preset", "layer"), GOLDEN)
def test_run_contrast_gives_the_figures_written_down(bundled: LoadedModel, preset: str, layer: int) -> None:
    spec = getattr(ContrastSpec, preset)(layer=layer, word_source="bundled")
    result = run_contrast(spec, bundled)
    tests, largest, smallest = result.tests, result.largest, result.smallest
    found = (
        *(result.n_higher, result.n_lower, result.family_size),
        *(largest, tests.statistic[largest], tests.auc[largest]),
        *(smallest, tests.statistic[smallest], tests.cohens_d[smallest]),
        result.critical_statistic,
    )
    assert found == pytest.approx(GOLDEN[preset, layer], rel=1e-6, abs=6e-5)  # as they are rounded above
