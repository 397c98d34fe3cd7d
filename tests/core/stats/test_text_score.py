"""The score of a neuron in a text: SciPy's U, a plain loop for every error, and nothing of too few words."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from core.records import ENOUGH_WORDS
from core.stats.text_score import text_score


def made(seed: int, shift: float = 1.0, ties: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of 60 words: own, other, and neither."""
    rng = np.random.default_rng(seed)
    kind = rng.permutation(np.repeat([0, 1, 2], [25, 20, 15]))
    values = rng.normal(size=60) + shift * (kind == 0)
    return np.round(values * 2) / 2 if ties else values, kind == 0, kind == 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ties", [False, True])
def test_the_auc_is_scipys(seed: int, ties: bool) -> None:
    values, own, other = made(seed, ties=ties)
    score = text_score(values, own, other)
    assert score is not None
    u = scipy.stats.mannwhitneyu(values[own], values[other]).statistic
    assert score.auc == pytest.approx(u / (own.sum() * other.sum()), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ties", [False, True])
def test_the_worst_errors_are_those_of_a_plain_loop(seed: int, ties: bool) -> None:
    values, own, other = made(seed, ties=ties)
    score = text_score(values, own, other, n_worst=4)
    assert score is not None
    mine, others = np.flatnonzero(own), np.flatnonzero(other)

    def wrong(i: int, those: np.ndarray, sign: int) -> float:
        return sum((sign * values[i] > sign * values[j]) + (values[i] == values[j]) / 2 for j in those) / len(those)

    for places, shares, candidates, those, sign in (
        (score.high_others, score.high_shares, others, mine, 1),
        (score.low_own, score.low_shares, mine, others, -1),
    ):
        expected = {int(i): wrong(i, those, sign) for i in candidates}
        worst = sorted((share for share in expected.values() if share > 0), reverse=True)[:4]
        np.testing.assert_allclose(shares, worst, rtol=1e-12)
        np.testing.assert_allclose(shares, [expected[int(i)] for i in places], rtol=1e-12)


def test_a_neuron_without_errors_has_none() -> None:
    score = text_score(np.arange(20.0), np.arange(20) >= 10, np.arange(20) < 10)
    assert score is not None and score.auc == 1.0 and len(score.high_others) == len(score.low_own) == 0
    worst = text_score(np.arange(20.0), np.arange(20) < 10, np.arange(20) >= 10)
    assert worst is not None and worst.auc == 0.0 and worst.high_others.tolist()[0] in range(10, 20)
    np.testing.assert_array_equal(worst.high_shares, np.ones(5))


def test_too_few_words_have_no_score() -> None:
    own = np.arange(40) < ENOUGH_WORDS
    assert text_score(np.arange(40.0), own, ~own) is not None
    assert text_score(np.arange(40.0), own & (np.arange(40) > 0), ~own) is None
    values = np.arange(40.0)
    values[0] = np.nan
    assert text_score(values, own, ~own) is None, "a word without a value does not count"
    forms = np.arange(40) // 2
    assert text_score(np.arange(40.0), np.arange(40) < 20, np.arange(40) >= 20, forms) is not None
    forms[:2] = 1
    assert text_score(np.arange(40.0), np.arange(40) < 20, np.arange(40) >= 20, forms) is None, "nine different forms"
    assert text_score(np.empty(0), np.empty(0, dtype=bool), np.empty(0, dtype=bool)) is None
