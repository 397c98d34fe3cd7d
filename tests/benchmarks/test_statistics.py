"""benchmarks.statistics: that it compares the same numbers, and scales what it timed in part."""

from __future__ import annotations

import pytest

from benchmarks import statistics


def test_the_benchmark_compares_the_same_numbers_and_scales_what_it_timed_in_part():
    table = statistics.rows(words=[12], shape=(2, 9), runs=2, n_sample=6)
    assert [row.n_timed for row in table][:3] == [18, 6, 9]
    assert all(row.n_words == 12 and len(row.wall) == len(row.processor) == 2 and min(row.wall) > 0 for row in table)
    assert table[0].ratio == 1.0
    assert statistics._cells(table[1], {})[:3] == (
        "12 + 12",
        "SciPy + statsmodels, neuron by neuron",
        "6 neurons, scaled up",
    )
    data = statistics.activations(12, (2, 9))
    sample = data.sample(6)
    t, p, area = statistics.scipy_loop(data, sample)
    with pytest.raises(AssertionError, match="a liar: AUC"):
        statistics._check("a liar", (t, p, area + 1e-9), statistics.ours(data), sample)
