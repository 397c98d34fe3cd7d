"""core.stats.permutation: max-T against a plain loop over the same permutations, with SciPy's statistics."""

from __future__ import annotations

import tracemalloc
import warnings
from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from threadpoolctl import threadpool_info, threadpool_limits

from core.errors import UserError
from core.stats import permutation, permutation_batches
from core.stats.mann_whitney import mann_whitney_test
from core.stats.permutation import max_t, permutations, sign_flips
from core.stats.ttest import paired_ttest, welch_ttest
from tests.support.neuron_values import activations

pytestmark = pytest.mark.filterwarnings("error")

TESTS = {"paired": paired_ttest, "welch": welch_ttest, "mannwhitney": mann_whitney_test}
UNPAIRED = pytest.mark.parametrize("test", ["welch", "mannwhitney"])
SIZES = [(12, 12), (5, 30), (2, 9), (14, 6)]


def hard_layers(n_target: int, n_baseline: int, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Two layers of 12 neurons: some differ, some have many ties, two values, one value or no spread within a group."""
    layers = []
    for layer in range(2):
        target, baseline = activations(n_target, 12, seed + layer), activations(n_baseline, 12, seed + layer + 9)
        baseline += target.mean(axis=0) - baseline.mean(axis=0)
        target[:, 0] += 1.5 * target[:, 0].std()
        for group in (target, baseline):
            group[:, 1] = group[:, 1] > target[:, 1].mean()  # two values
            group[:, 2] = np.maximum(group[:, 2] - target[:, 2].mean(), 0)  # half of them zero
            group[:, 3] = np.round(3 * group[:, 3] / target[:, 3].std())
            group[:, 4] = 0.1  # dead
            group[:, 6] = group[:, 5]  # the same neuron twice
            group[:, 7] = -2 * group[:, 0]  # the same |t| as another
        target[:, 8], baseline[:, 8] = 0.7, 0.1  # constant in each group: Welch's and the paired t are NaN
        target[:, 9] = 0.25  # varies in one group only
        layers.append((target, baseline))
    return layers


def scipy_statistics(test: str, target: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """The |statistic| of float64 (n_words, n_neurons) by SciPy: (n_neurons,)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # neurons without variance
        if test == "paired":
            return np.abs(stats.ttest_rel(target, baseline).statistic)
        if test == "welch":
            return np.abs(stats.ttest_ind(target, baseline, equal_var=False).statistic)
        u = stats.mannwhitneyu(target, baseline, method="asymptotic").statistic
    n, pairs = len(target) + len(baseline), len(target) * len(baseline)
    ranks = stats.rankdata(np.concatenate([target, baseline]), axis=0)
    ties = np.array([stats.tiecorrect(column) for column in ranks.T])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.maximum(np.abs(u - pairs / 2) - 0.5, 0) / np.sqrt(pairs * (n + 1) / 12 * ties)


def permuted(test: str, target: np.ndarray, baseline: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both groups after one permutation."""
    if test == "paired":
        keep = labels[:, None]
        return np.where(keep, target, baseline), np.where(keep, baseline, target)
    words = np.concatenate([target, baseline])
    return words[labels], words[~labels]


def plain_max_t(test: str, layers: list, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Max-T by its definition, with loops: adjusted p (n_layers, n_neurons) and the largest statistics (B,)."""
    target = np.concatenate([pair[0] for pair in layers], axis=1).astype("f8")
    baseline = np.concatenate([pair[1] for pair in layers], axis=1).astype("f8")
    dead = np.isnan(TESTS[test](target, baseline).statistic)
    observed = scipy_statistics(test, target, baseline)
    null = np.array([scipy_statistics(test, *permuted(test, target, baseline, row)) for row in labels])
    null[np.isnan(null)] = 0  # 0 / 0: no spread at all in this permutation
    null[null > 1e6] = np.inf  # no spread within the groups, but for rounding
    family = [j for j in np.argsort(-np.where(dead, -1, observed), kind="stable") if not dead[j]]
    p = np.full(observed.size, np.nan)
    last = 0.0
    for place, j in enumerate(family):
        count = 0
        for values in null:
            limit = observed[j] - 1e-9 * max(1.0, observed[j])
            count += max(values[i] for i in family[place:]) >= limit
        last = p[j] = max(last, (1 + count) / (len(labels) + 1))
    return p.reshape(len(layers), -1), null[:, family].max(axis=1)


@pytest.mark.parametrize("test, n_target, n_baseline", [
    ("paired", 12, 12), ("paired", 3, 3), *((test, *size) for test in ("welch", "mannwhitney") for size in SIZES)
])  # fmt: skip
def test_max_t_vs_a_plain_loop_over_the_same_permutations(test, n_target, n_baseline):
    layers = hard_layers(n_target, n_baseline)
    n = 199
    labels = sign_flips(n_target, n, 3) if test == "paired" else permutations(n_target, n_baseline, n, 3)
    expected, maxima = plain_max_t(test, layers, labels)
    got, null_maxima = max_t(layers, test, seed=3, n_permutations=n)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_allclose(null_maxima, maxima, rtol=1e-9)


def test_the_plain_loop_has_something_to_find():
    p, maxima = plain_max_t("welch", hard_layers(12, 12), permutations(12, 12, 199, 3))
    tested = p[~np.isnan(p)]
    assert tested.size == 20 and tested.min() <= 0.05 and np.unique(tested).size >= 6
    assert np.isfinite(maxima).all()


@UNPAIRED
def test_max_t_vs_all_permutations(test):
    layers = hard_layers(5, 4)
    every = np.array([[place in chosen for place in range(9)] for chosen in combinations(range(9), 5)])
    # All 126 are as likely: the exact p-value has no 1 in it.
    n = len(every)
    exact = (plain_max_t(test, layers, every)[0] * (n + 1) - 1) / n
    got = max_t(layers, test, seed=0, n_permutations=20_000)[0]
    np.testing.assert_allclose(got, exact, atol=4 * np.sqrt(0.25 / 20_000))


def test_max_t_of_pairs_vs_mne():
    from mne.stats import permutation_t_test

    rng = np.random.default_rng(5)
    target, baseline = rng.standard_normal((2, 25, 40))
    target[:, :4] += np.array([0.3, 0.5, 0.7, 0.9])
    n = 5_000
    t, single_step, mne_maxima = permutation_t_test(target - baseline, n_permutations=n, seed=0, verbose="error")
    p, null_maxima = max_t([(target, baseline)], "paired", seed=1, n_permutations=n)
    top = np.argmax(np.abs(t))
    error = 4 * np.sqrt(2 * single_step[top] * (1 - single_step[top]) / n) + 1 / n
    assert single_step[top] > 0.001 and p[0, top] == pytest.approx(single_step[top], abs=error)
    # MNE has a single step: every neuron against the largest of all. From our largest statistics follows the same.
    ours = (1 + (null_maxima >= np.abs(t)[:, None]).sum(axis=1)) / (n + 1)
    np.testing.assert_allclose(ours, single_step, atol=4 * np.sqrt(0.5 / n))
    assert (p[0] <= ours).all()
    np.testing.assert_allclose(*(np.quantile(np.abs(m), [0.5, 0.95]) for m in (null_maxima, mne_maxima)), rtol=0.03)


# --- Nothing but the seed and the values counts ---


@pytest.mark.parametrize("test, n_baseline", [("paired", 20), ("welch", 20), ("welch", 33), ("mannwhitney", 33)])
def test_batches_blocks_and_threads_change_nothing_to_the_last_bit(test, n_baseline, monkeypatch):
    layers = hard_layers(20, n_baseline)
    whole = max_t(layers, test, seed=7, n_permutations=500)
    for threads, batch, block in ((2, 100, 5), (2, 83, 64), (1, 1, 7), (2, 499, 1)):
        monkeypatch.setattr(permutation_batches.os, "cpu_count", lambda threads=threads: threads)
        monkeypatch.setattr(permutation_batches, "BATCH_PERMUTATIONS", batch)
        monkeypatch.setattr(permutation, "BLOCK_NEURONS", block)
        for got, expected in zip(max_t(layers, test, seed=7, n_permutations=500), whole, strict=True):
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("test", TESTS)
def test_the_order_of_the_neurons_the_unit_and_the_sign_change_nothing(test):
    layers = hard_layers(15, 15)
    p, maxima = max_t(layers, test, seed=2, n_permutations=300)
    order = np.random.default_rng(0).permutation(12)
    scale = (2.0 ** np.arange(-30, 30, 5)) * np.tile([1, -1], 6)  # powers of 2 are exact
    changed = [(target[:, order] * scale, baseline[:, order] * scale) for target, baseline in layers]
    got, changed_maxima = max_t(changed, test, seed=2, n_permutations=300)
    np.testing.assert_array_equal(got, p[:, order])
    np.testing.assert_allclose(changed_maxima, maxima, rtol=1e-10)


@pytest.mark.parametrize("n_baseline", [30, 20])
def test_a_small_spread_around_a_large_mean_changes_nothing(n_baseline):
    rng = np.random.default_rng(3)
    target, baseline = rng.integers(-8, 9, (30, 9)) / 8, rng.integers(-8, 9, (n_baseline, 9)) / 8
    p, maxima = max_t([(target, baseline)], "welch", seed=0, n_permutations=300)
    far = [((1e6 + group).astype("f4") for group in (target, baseline))]  # exact in float32
    got, far_maxima = max_t([tuple(pair) for pair in far], "welch", seed=0, n_permutations=300)
    np.testing.assert_array_equal(got, p)
    np.testing.assert_allclose(far_maxima, maxima, rtol=1e-9)


@pytest.mark.parametrize("test", TESTS)
def test_the_family_is_all_layers_and_dead_neurons_are_not_in_it(test):
    layers = hard_layers(10, 10)
    joint = tuple(np.concatenate(groups, axis=1) for groups in zip(*layers, strict=True))
    p, maxima = max_t(layers, test, seed=1, n_permutations=200)
    one_layer, one_maxima = max_t([joint], test, seed=1, n_permutations=200)
    np.testing.assert_array_equal(p.ravel(), one_layer[0])
    np.testing.assert_array_equal(maxima, one_maxima)
    dead = np.isnan(TESTS[test](*joint).statistic)
    np.testing.assert_array_equal(np.isnan(p.ravel()), dead)
    alive = tuple(group[:, ~dead] for group in joint)
    np.testing.assert_array_equal(max_t([alive], test, seed=1, n_permutations=200)[0][0], one_layer[0][~dead])


@pytest.mark.parametrize("test", TESTS)
def test_a_family_of_dead_neurons(test):
    p, maxima = max_t([(np.ones((4, 3), "f4"), np.ones((4, 3), "f4"))], test, seed=1, n_permutations=9)
    assert p.shape == (1, 3) and np.isnan(p).all()
    assert maxima.shape == (9,) and np.isnan(maxima).all()


def test_a_permutation_without_variance_counts_as_infinite():
    # Two zeros against 1, 1, 0: one choice in ten takes both ones (infinite), three take two zeros like this one.
    target, baseline = np.array([[0.0], [0.0]]), np.array([[1.0], [1.0], [0.0]])
    p, maxima = max_t([(target, baseline)], "welch", seed=0, n_permutations=2_000)
    assert np.mean(np.isinf(maxima)) == pytest.approx(0.1, abs=0.03)
    assert np.isfinite(maxima).any() and p[0, 0] == pytest.approx(0.1 + 0.3, abs=0.05)


# --- The permutations ---


def test_permutations_take_every_word_alike_often():
    labels = permutations(3, 5, 8_000, seed=0)
    assert labels.shape == (8_000, 8) and labels.dtype == bool
    np.testing.assert_array_equal(labels.sum(axis=1), 3)
    np.testing.assert_allclose(labels.mean(axis=0), 3 / 8, atol=4 * np.sqrt(0.25 / 8_000))
    assert len(np.unique(labels, axis=0)) == 56  # all choices of 3 from 8
    np.testing.assert_array_equal(permutations(3, 5, 100, seed=0), labels[:100])
    assert not np.array_equal(permutations(3, 5, 100, seed=1), labels[:100])


def test_sign_flips_turn_every_pair_half_the_time():
    labels = sign_flips(6, 8_000, seed=0)
    assert labels.shape == (8_000, 6) and labels.dtype == bool
    np.testing.assert_allclose(labels.mean(axis=0), 0.5, atol=4 * np.sqrt(0.25 / 8_000))
    assert len(np.unique(labels, axis=0)) == 64
    np.testing.assert_array_equal(sign_flips(6, 100, seed=0), labels[:100])


# --- Progress, memory, mistakes ---


def test_progress_rises_to_one_and_counts_permutations(monkeypatch):
    monkeypatch.setattr(permutation_batches, "BATCH_PERMUTATIONS", 100)
    calls = []
    max_t(hard_layers(20, 20), "welch", seed=0, n_permutations=1_000, progress=lambda *call: calls.append(call))
    shares = [share for share, _ in calls]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert calls[-1][1] == "Permuting: 1,000 of 1,000"
    assert calls[0][1].startswith("Permuting: ")


def test_a_progress_that_raises_stops_the_work(monkeypatch):
    monkeypatch.setattr(permutation_batches, "BATCH_PERMUTATIONS", 1)
    batches = []
    one_batch = permutation_batches._one_batch
    monkeypatch.setattr(permutation_batches, "_one_batch", lambda *args: batches.append(1) or one_batch(*args))

    def stop(share: float, message: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        max_t(hard_layers(20, 20), "welch", seed=0, n_permutations=5_000, progress=stop)
    assert len(batches) < 1_000


def test_products_have_one_thread_while_max_t_runs_and_as_many_as_before_after_it():
    def n_threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    seen = []
    with threadpool_limits(2, user_api="blas"):
        max_t(hard_layers(20, 20), "welch", seed=0, n_permutations=50, progress=lambda *_: seen.extend(n_threads()))
        assert seen and set(seen) == {1}
        assert set(n_threads()) == {2}


def test_memory_is_bounded_by_the_batches(monkeypatch):
    monkeypatch.setattr(permutation_batches, "BATCH_VALUES", 100_000)
    monkeypatch.setattr(permutation_batches, "MAX_THREADS", 1)
    rng = np.random.default_rng(0)
    layers = [tuple(rng.standard_normal((2, 100, 2_000), dtype="f4")) for _ in range(2)]
    tracemalloc.start()
    try:
        max_t(layers, "welch", seed=0, n_permutations=2_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Labels 0.4 MB, weights 0.8 MB, a block of scores 0.3 MB; the activations in float64 alone would take 6.4 MB.
    assert peak < 4e6


@pytest.mark.parametrize(
    "layers, test, sentence",
    [
        (
            [(np.zeros((4, 2)), np.zeros((4, 2)))],
            "student",
            "no test 'student': choose one of paired, welch, m",
        ),
        ([], "welch", "at least one layer"),
        ([(np.zeros((4, 2)), np.zeros((5, 2)))], "paired", "got 4 and 5"),
        ([(np.zeros((1, 2)), np.zeros((5, 2)))], "welch", "got 1 and 5"),
        ([(np.zeros((4, 2)), np.zeros((4, 3)))], "welch", "got 2 and 3 neurons"),
        ([(np.zeros((4, 2)), np.zeros((4, 2))), (np.zeros((4, 3)), np.zeros((4, 3)))], "welch", "the same shapes"),
        ([(np.zeros((4, 2)), np.full((4, 2), np.nan))], "welch", "8 of the 8 baseline activations are not finite"),
    ],
)
def test_mistakes(layers, test, sentence):
    with pytest.raises(UserError, match=sentence):
        max_t(layers, test, seed=0)


def test_no_permutation_is_too_few():
    with pytest.raises(UserError, match="at least one permutation: got 0"):
        max_t(hard_layers(4, 4), "welch", seed=0, n_permutations=0)


def test_a_second_family_waits_with_progress_and_can_be_stopped():
    class Left(Exception):
        pass

    said = []

    def leave(share: float, message: str) -> None:
        said.append(message)
        raise Left

    with permutation_batches._one_family, pytest.raises(Left):
        max_t(hard_layers(20, 20), "welch", seed=0, n_permutations=50, progress=leave)
    assert said == ["Waiting until the permutations of another contrast end"]
    p, _ = max_t(hard_layers(20, 20), "welch", seed=0, n_permutations=50)  # nothing is held any more
    assert np.isfinite(p).any()
