"""The best threshold, against scikit-learn's balanced accuracy at every possible one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from core.errors import UserError
from core.stats.threshold import best_threshold


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("n_target", "n_baseline", "shift"), [(40, 25, 1.0), (5, 60, -2.0), (1, 1, 3.0)])
def test_best_threshold_vs_every_threshold_by_sklearn(ties: bool, n_target: int, n_baseline: int, shift: float) -> None:
    rng = np.random.default_rng(n_target)
    target, baseline = (rng.normal(mean, 1, n).astype(np.float32) for mean, n in ((shift, n_target), (0, n_baseline)))
    if ties:
        target, baseline = np.round(target), np.round(baseline)
    values, labels = np.concatenate([target, baseline]), np.repeat([True, False], [n_target, n_baseline])
    cuts = np.unique(values).astype(np.float64)
    every = [(balanced_accuracy_score(labels, values > cut), cut) for cut in (cuts[1:] + cuts[:-1]) / 2]
    threshold, accuracy = best_threshold(target, baseline)
    assert accuracy == pytest.approx(max(score for score, _ in every))
    assert threshold == min(cut for score, cut in every if score == pytest.approx(accuracy))


def test_equal_values_have_no_good_threshold() -> None:
    assert best_threshold(np.full(3, 2.0), np.full(5, 2.0)) == (2.0, 0.5)


@pytest.mark.parametrize(("target", "baseline"), [([], [1.0]), ([1.0], [np.nan])])
def test_mistakes(target: list[float], baseline: list[float]) -> None:
    with pytest.raises(UserError, match="finite values of both classes"):
        best_threshold(np.array(target), np.array(baseline))
