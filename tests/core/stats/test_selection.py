"""core.stats.selection against a plain sort, and where a result has it."""

from __future__ import annotations

import numpy as np
import pytest

from core.experiment import run_steps
from core.models import load_model
from core.records import ContrastSpec
from core.records.presets import n_in_top_share
from core.report.sentences import headline
from core.stats.selection import selected_by_top_share
from tests.support.tiny_models import save_tiny


@pytest.mark.parametrize(
    ("n", "share", "expected"), [(3072, 0.01, 30), (46080, 0.01, 460), (100, 0.29, 29), (9, 0.01, 1)]
)
def test_a_share_is_rounded_down_to_one_neuron_at_least(n: int, share: float, expected: int) -> None:
    assert n_in_top_share(n, share) == expected


def test_selected_by_top_share_vs_a_sorted_list() -> None:
    statistic = np.random.default_rng(2).normal(size=(4, 50))
    statistic[1, :7] = np.nan
    found = selected_by_top_share(statistic, 0.1)
    largest = sorted((value, place) for place, value in np.ndenumerate(statistic) if not np.isnan(value))[-20:]
    assert {place for _, place in largest} == set(zip(*np.nonzero(found), strict=True))


def test_what_was_not_tested_is_not_selected_and_equal_ones_are_not_too_many() -> None:
    assert selected_by_top_share(np.array([[np.nan, np.nan], [1.0, np.nan]]), 0.75).tolist() == [[0, 0], [1, 0]]
    assert selected_by_top_share(np.ones(10), 0.3).tolist() == [1] * 3 + [0] * 7


def test_a_result_says_which_of_its_neurons_are_in_the_top_share(tmp_path) -> None:
    lm = load_model(str(save_tiny("gpt_neo", tmp_path, dead_neurons={1: [3]})))
    spec = ContrastSpec.of_preset("localiser", layer=1, n_target=40, n_baseline=40)
    _, tests, _, result = run_steps(spec, lm, range(lm.n_layers))
    n = int(0.01 * tests.statistic.size) or 1
    cut = np.sort(tests.statistic[~np.isnan(tests.statistic)])[-n]
    np.testing.assert_array_equal(result.top, tests.statistic[1] >= cut)
    assert f"among the {n} of the model's {tests.statistic.size:,} with the largest t" in headline(result)
    assert "the top 1%; p is not used" in headline(result)
    by_p = run_steps(spec.changed(correction="holm"), lm, range(lm.n_layers))[3]
    assert by_p.top is None and "p is not used" not in headline(by_p)
