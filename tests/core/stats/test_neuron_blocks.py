"""core.stats.neuron_blocks, by way of the t-tests: blocks and threads change nothing of any neuron's answers."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from core.records import NeuronTests
from core.stats import neuron_blocks
from core.stats.effect_size import auc
from core.stats.ttest import paired_ttest, welch_ttest
from tests.support.neuron_values import NAMES, activations, assert_identical, assert_same, with_dead_neurons

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("test", [paired_ttest, welch_ttest])
def test_a_stack_of_layers_is_each_layer_by_itself(test):
    target = np.stack([activations(20, 7, seed) for seed in (1, 2, 3)])
    baseline = np.stack([activations(20, 7, seed) for seed in (4, 5, 6)])
    tests = test(target, baseline)
    for name in NAMES:
        assert getattr(tests, name).shape == (3, 7) and getattr(tests, name).dtype == np.float64
    for layer in range(3):
        assert_same(tests.layer(layer), test(target[layer], baseline[layer]))
    np.testing.assert_array_equal(tests.auc, auc(target, baseline))


@pytest.mark.parametrize("test", [paired_ttest, welch_ttest])
def test_the_order_of_the_neurons_does_not_matter(test):
    target, baseline = with_dead_neurons(50, 50)
    order = np.random.default_rng(0).permutation(10)
    whole, shuffled = test(target, baseline), test(target[:, order], baseline[:, order])
    assert_same(shuffled, NeuronTests(**{name: getattr(whole, name)[order] for name in NAMES}))


@pytest.mark.parametrize("test", [paired_ttest, welch_ttest])
@pytest.mark.parametrize("block_values", [1, 300])
def test_the_size_of_a_block_does_not_matter(test, block_values, monkeypatch):
    target, baseline = with_dead_neurons(50, 50)
    whole = test(target, baseline)
    monkeypatch.setattr(neuron_blocks, "BLOCK_VALUES", block_values)
    assert_identical(test(target, baseline), whole)


@pytest.mark.parametrize("test", [paired_ttest, welch_ttest])
def test_threads_change_nothing_to_the_last_bit(test, monkeypatch):
    target = np.stack([activations(101, 90, seed) for seed in (1, 2, 3)])
    baseline = np.stack([activations(101, 90, seed) for seed in (4, 5, 6)])
    target[:, :9, ::4] = baseline[:, 5:14, ::4]
    monkeypatch.setattr(neuron_blocks, "MAX_THREADS", 1)
    alone = test(target, baseline)
    monkeypatch.setattr(neuron_blocks, "MAX_THREADS", 4)
    monkeypatch.setattr(neuron_blocks, "BLOCK_VALUES", 8_000)  # 9 neurons in each of 30 blocks
    for cores in (1, 2, 3, 64, None):
        monkeypatch.setattr(neuron_blocks.os, "cpu_count", lambda cores=cores: cores)
        for _ in range(5):
            assert_identical(test(target, baseline), alone)


@pytest.mark.parametrize(
    "cores, block_values, threads",
    [(64, 1_000, [4]), (3, 1_000, [3]), (64, 5_000, [2]), (1, 1_000, []), (None, 1_000, []), (64, 10**6, [])],
)
def test_by_block_uses_no_more_threads_than_allowed(cores, block_values, threads, monkeypatch):
    asked = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, max_workers, **options):
            asked.append(max_workers)
            super().__init__(max_workers, **options)

    monkeypatch.setattr(neuron_blocks, "ThreadPoolExecutor", Pool)
    monkeypatch.setattr(neuron_blocks.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(neuron_blocks, "BLOCK_VALUES", block_values)
    welch_ttest(activations(50, 100, 1), activations(50, 100, 2))  # 10,000 values
    assert asked == threads


def test_a_mistake_that_a_thread_meets_reaches_the_caller(monkeypatch):
    monkeypatch.setattr(neuron_blocks.os, "cpu_count", lambda: 4)
    monkeypatch.setattr(neuron_blocks, "BLOCK_VALUES", 400)
    target, baseline = np.zeros((3, 50, 40), "f4"), np.zeros((3, 50, 40), "f4")
    baseline[0, 7, 3] = baseline[2, 0, 39] = np.nan
    with pytest.raises(UserError, match=r"^2 of the 6,000 baseline activations are not finite"):
        welch_ttest(target, baseline)


@pytest.mark.parametrize("cores", [1, 4])
def test_an_error_in_a_block_reaches_the_caller(cores, monkeypatch):
    monkeypatch.setattr(neuron_blocks.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(neuron_blocks, "BLOCK_VALUES", 400)

    def fail_in_one(rows):
        if 39 in rows:
            raise ZeroDivisionError
        return {}

    neurons = np.broadcast_to(np.arange(40, dtype="f4"), (3, 50, 40))
    with pytest.raises(ZeroDivisionError):
        neuron_blocks.by_block(fail_in_one, [], neurons, neurons)


@pytest.mark.parametrize("test", [paired_ttest, welch_ttest, auc])
def test_a_mapped_file_is_read_block_by_block_and_left_alone(test, tmp_path: Path, monkeypatch):
    stack = np.random.default_rng(0).standard_normal((2, 12, 200, 256), dtype="float32")  # 4.9 MB
    np.save(tmp_path / "stack.npy", stack)
    before = (tmp_path / "stack.npy").read_bytes()
    mapped = np.load(tmp_path / "stack.npy", mmap_mode="r")
    monkeypatch.setattr(neuron_blocks, "BLOCK_VALUES", 4_000)
    tracemalloc.start()
    try:
        got = test(mapped[0], mapped[1])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1e6  # one of the groups as float64 would take 4.9 MB
    expected = test(stack[0], stack[1])
    if isinstance(got, NeuronTests):
        assert_identical(got, expected)
        assert all(type(getattr(got, name)) is np.ndarray for name in NAMES)
    else:
        np.testing.assert_array_equal(got, expected)
    assert (tmp_path / "stack.npy").read_bytes() == before


@pytest.mark.parametrize("test", [paired_ttest, welch_ttest])
def test_memory_is_bounded_by_the_block_not_by_the_array(test, monkeypatch):
    stack = np.random.default_rng(0).standard_normal((12, 400, 256), dtype="float32")  # 4.9 MB
    baseline = stack[:, ::-1]
    monkeypatch.setattr(neuron_blocks, "BLOCK_VALUES", 8_000)  # 64 kB as float64
    tracemalloc.start()
    try:
        test(stack, baseline)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The answers take 0.15 MB and the list of blocks 0.6 MB; a float64 copy of one of both arrays would take 9.8 MB.
    assert peak < 1.5e6


def test_inputs_are_left_as_they_were():
    target, baseline = activations(20, 5, 1), activations(20, 5, 2)
    before = target.copy(), baseline.copy()
    paired_ttest(target, baseline)
    welch_ttest(target, baseline)
    np.testing.assert_array_equal(target, before[0])
    np.testing.assert_array_equal(baseline, before[1])


@pytest.mark.parametrize("n_target, n_baseline", [(250, 250), (251, 1), (1, 777)])
def test_by_block_vs_one_product_of_the_whole_array(n_target, n_baseline, monkeypatch):
    monkeypatch.setattr(neuron_blocks, "BLOCK_VALUES", 3 * (n_target + n_baseline))  # blocks of 3, 3 and 1 neurons
    target, baseline = activations(n_target, 7, 1), activations(n_baseline, 7, 2)
    weights = np.arange(1.0, n_target + n_baseline + 1)  # (n_words,): each word has its own place
    got = neuron_blocks.by_block(lambda rows: {"sum": rows @ weights}, ["sum"], target, baseline)
    words = np.concatenate([target, baseline]).astype("f8")
    np.testing.assert_allclose(got["sum"], weights @ words, rtol=1e-12)


@pytest.mark.parametrize("shape", [(0, 5, 4), (2, 5, 0), (5, 0)])
def test_no_neurons_give_no_answers(shape):
    tests = welch_ttest(np.zeros(shape), np.zeros(shape))
    assert tests.auc.shape == tests.p_value.shape == (*shape[:-2], shape[-1])
