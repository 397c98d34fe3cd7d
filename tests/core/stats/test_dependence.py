"""The intraclass correlation against statsmodels' analysis of variance, and against what was put in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from core.stats.dependence import intraclass_correlation


def test_mean_squares_of_nested_groups_vs_statsmodels() -> None:
    rng = np.random.default_rng(1)
    sizes = rng.integers(1, 6, 30)
    groups, classes = np.repeat(np.arange(30), sizes), np.repeat(np.arange(30) % 2, sizes)
    values = rng.normal(size=30)[groups] + 3 * classes + rng.normal(size=len(groups))
    frame = pd.DataFrame({"v": values, "c": classes, "g": groups})
    of_groups = ols("v ~ C(g)", frame).fit()
    table = anova_lm(ols("v ~ C(c)", frame).fit(), of_groups)
    between, within = table.loc[1, "ss_diff"] / table.loc[1, "df_diff"], of_groups.mse_resid
    assert table.loc[1, "df_diff"] == 28
    n = [sizes[np.arange(30) % 2 == c] for c in (0, 1)]
    size = sum(each.sum() - (each**2).sum() / each.sum() for each in n) / 28
    expected = (between - within) / (between + (size - 1) * within)
    assert intraclass_correlation(values, groups, classes) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_it_recovers_the_share_of_variance_between_groups(share: float) -> None:
    rng = np.random.default_rng(2)
    groups = rng.integers(0, 2000, 6000)
    values = rng.normal(size=2000)[groups] * np.sqrt(share) + rng.normal(size=6000) * np.sqrt(1 - share)
    names = np.array([f"lemma {group}" for group in groups])
    assert intraclass_correlation(values, names, groups % 2) == pytest.approx(share, abs=0.03)


def test_the_same_group_in_two_classes_is_two_groups() -> None:
    values, groups = np.array([0.0, 1, 5, 6, 20, 21, 25, 26]), np.array(["a", "a", "b", "b"] * 2)
    classes = np.repeat([0, 1], 4)
    apart = intraclass_correlation(values, np.array(["a", "a", "b", "b", "c", "c", "d", "d"]), classes)
    assert intraclass_correlation(values, groups, classes) == apart


@pytest.mark.parametrize("groups", [["a", "b", "c", "d"], ["a", "a", "b", "b"]])
def test_it_is_not_known_without_two_values_and_two_groups(groups: list[str]) -> None:
    assert np.isnan(intraclass_correlation(np.arange(4.0), np.array(groups), np.array([0, 0, 1, 1])))


def test_values_that_do_not_vary() -> None:
    assert np.isnan(intraclass_correlation(np.ones(4), np.array(["a", "a", "b", "b"]), np.zeros(4)))
