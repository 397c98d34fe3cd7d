"""The bootstrap of clusters, against SciPy's U, and a loop that puts the drawn sentences together and counts again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from core.errors import UserError
from core.stats import cluster_bootstrap
from core.stats.cluster_bootstrap import auc_draws, auc_interval, percentile_interval
from core.stats.effect_size import auc
from tests.support.neuron_values import auc_by_pairs


def words(n_sentences: int, seed: int, ties: bool = False, between: float = 1.0):
    """Values that share a part within each sentence, their classes, their sentences (in no order)."""
    rng = np.random.default_rng(seed)
    sentence = rng.permutation(np.repeat(np.arange(n_sentences) * 7, rng.integers(1, 9, n_sentences)))
    is_target = rng.random(len(sentence)) < 0.6
    values = between * rng.normal(size=7 * n_sentences)[sentence] + rng.normal(size=len(sentence)) + is_target
    return (np.round(values) if ties else values).astype(np.float32), is_target, sentence


@pytest.mark.parametrize("ties", [False, True])
def test_auc_vs_scipy_and_ours(ties):
    values, is_target, sentence = words(40, seed=1, ties=ties)
    found, low, high = auc_interval(values, is_target, sentence, seed=3)
    target, baseline = values[is_target], values[~is_target]
    expected = mannwhitneyu(target, baseline).statistic / (len(target) * len(baseline))
    assert found == pytest.approx(expected, abs=1e-12)
    assert found == auc(target[:, None], baseline[:, None])[0]
    assert low < found < high


@pytest.mark.parametrize("ties", [False, True])
def test_draws_vs_sentences_put_together_again(ties):
    """The words of every drawn sentence, as often as it was drawn, and every pair of them counted."""
    values, is_target, sentence = words(12, seed=2, ties=ties)
    names = np.unique(sentence)
    rng, expected = np.random.default_rng(5), []
    for drawn in rng.integers(0, len(names), (60, len(names))):
        rows = np.concatenate([np.flatnonzero(sentence == names[k]) for k in drawn])
        target, baseline = values[rows][is_target[rows]], values[rows][~is_target[rows]]
        expected.append(auc_by_pairs(target[:, None], baseline[:, None])[0])
    _, found = auc_draws(values, is_target, sentence, n=60, seed=5)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert auc_interval(values, is_target, sentence, n=60, seed=5)[1:] == pytest.approx(
        tuple(np.quantile(expected, [0.025, 0.975]))
    )


def test_draws_do_not_depend_on_how_many_are_made_at_once(monkeypatch):
    values, is_target, sentence = words(30, seed=3)
    expected = auc_draws(values, is_target, sentence, n=50, seed=1)
    monkeypatch.setattr(cluster_bootstrap, "_MAX_FLOATS", 7 * len(values))
    found = auc_draws(values, is_target, sentence, n=50, seed=1)
    assert found[0] == expected[0]
    np.testing.assert_array_equal(found[1], expected[1])


def test_names_of_clusters_and_the_seed():
    """Only which words are together counts; another seed draws others."""
    values, is_target, sentence = words(30, seed=4)
    found = auc_interval(values, is_target, sentence, seed=1)
    assert found == auc_interval(values, is_target, np.array([f"{number:04d}" for number in sentence]), seed=1)
    assert found != auc_interval(values, is_target, sentence, seed=2)


def test_mirrored_classes_give_the_mirrored_interval():
    values, is_target, sentence = words(30, seed=5, ties=True)
    found = auc_interval(values, is_target, sentence, seed=1)
    mirrored = auc_interval(values, ~is_target, sentence, seed=1)
    np.testing.assert_allclose(mirrored, [1 - found[0], 1 - found[2], 1 - found[1]], rtol=0, atol=1e-12)


def test_sentences_make_the_interval_wider():
    """With a value that whole sentences share, words are far from independent."""
    rng = np.random.default_rng(6)
    sentence = np.repeat(np.arange(60), 10)
    is_target = sentence % 2 == 0
    values = rng.normal(size=60)[sentence] + 0.1 * rng.normal(size=600)
    _, low, high = auc_interval(values, is_target, sentence, seed=1)
    _, alone_low, alone_high = auc_interval(values, is_target, np.arange(600), seed=1)
    assert high - low > 2 * (alone_high - alone_low)


def test_coverage_of_the_interval():
    """Of the AUC of a population of sentences, in 200 samples of 60: near 95%."""
    truth = auc_interval(*words(6_000, seed=99), n=1, seed=0)[0]
    limits = np.array([auc_interval(*words(60, seed=seed), n=200, seed=seed)[1:] for seed in range(200)])
    assert 0.90 <= ((limits[:, 0] <= truth) & (truth <= limits[:, 1])).mean() <= 0.99


def test_one_sentence_has_no_interval():
    found, low, high = auc_interval(np.array([2.0, 1.0]), np.array([True, False]), np.array([4, 4]), seed=0)
    assert found == 1 and np.isnan([low, high]).all()


def test_draws_without_a_class_are_left_out():
    """Three sentences, one of which alone has baseline words: of the draws with it, all AUCs are 1."""
    values, is_target = np.array([3.0, 4.0, 1.0]), np.array([True, True, False])
    _, draws = auc_draws(values, is_target, np.arange(3), seed=0)
    # Without the baseline word: (2/3)^3; without a target word: (1/3)^3.
    assert np.isnan(draws).mean() == pytest.approx(8 / 27 + 1 / 27, abs=0.05)
    assert auc_interval(values, is_target, np.arange(3), seed=0) == (1.0, 1.0, 1.0)
    assert np.isnan(percentile_interval(np.array([np.nan]))).all()


def test_equal_values_are_half():
    assert auc_interval(np.zeros(20), np.arange(20) % 2 == 0, np.arange(20) // 4, seed=0) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("values", "is_target", "cluster", "names"),
    [
        (np.zeros(3), np.ones(3, bool), np.zeros(3), ["3 and 0"]),
        (np.zeros(0), np.ones(0, bool), np.zeros(0), ["0 and 0"]),
        (np.zeros(3), np.array([True, False]), np.zeros(3), ["(3,), (2,), (3,)"]),
        (np.zeros((3, 1)), np.array([True, False, True]), np.zeros(3), ["(3, 1)"]),
        (np.array([1.0, np.nan]), np.array([True, False]), np.zeros(2), ["1 of 2 values are not finite"]),
    ],
)
def test_mistakes(values, is_target, cluster, names):
    with pytest.raises(UserError) as caught:
        auc_interval(values, is_target, cluster, seed=0)
    assert all(name in str(caught.value) for name in names)
