"""Colour scales: where values land, and what is said of clipped ones."""

from __future__ import annotations

import numpy as np
import pytest

from core.report import colour_scales as colours
from core.report.colour_scales import NO_COLOUR, SCALES, ColourScale, balanced_scales, scales_of, steps
from core.report.colours import N_STEPS

LAST = N_STEPS - 1


def test_per_text_min_max_is_the_notebooks_scaling():
    values = np.random.default_rng(0).normal(size=500).astype(np.float32)
    notebook = (values - values.min()) / (values.max() - values.min())
    scale = colours.per_text_min_max(values)
    assert (scale.low, scale.high) == (values.min(), values.max())
    np.testing.assert_allclose(steps(values, scale) / LAST, notebook, atol=0.51 / LAST)
    assert scale.n_clipped == 0


@pytest.mark.parametrize("values", [np.full(4, 2.5), np.array([-1.0])])
def test_equal_values_take_the_first_colour_without_a_warning(values, recwarn):
    scale = colours.per_text_min_max(values)
    assert steps(values, scale).tolist() == [0] * len(values)
    assert scale.constant and scale.notes() == ("All tokens have the same value.",)
    assert not recwarn.list


def test_zero_centred_puts_zero_on_the_middle_and_is_symmetric():
    values = np.array([-4.0, -1.0, 0.0, 1.0, 2.0])
    scale = colours.zero_centred(values)
    assert (scale.low, scale.centre, scale.high) == (-4.0, 0.0, 4.0)
    assert steps(values, scale).tolist() == [0, 75, 100, 125, 150]
    assert steps(values, scale)[1] + steps(-values, scale)[1] == LAST


def test_zero_centred_of_zeros_is_the_middle():
    values = np.zeros(3)
    assert steps(values, colours.zero_centred(values)).tolist() == [LAST // 2] * 3


def test_fixed_clips_and_says_how_many():
    values = np.array([-3.0, -1.0, 0.0, 1.0, 7.0, 8.0])
    scale = colours.fixed(-1, 1, values)
    assert steps(values, scale).tolist() == [0, 0, 100, 200, 200, 200]
    assert (scale.n_below, scale.n_above, scale.n_clipped) == (1, 2, 3)
    assert scale.notes() == ("Clipped: 1 token lies below this scale and 2 above it.",)


def test_notes_for_one_side():
    assert colours.fixed(0, 1, np.array([2.0, 3.0])).notes() == ("Clipped: 2 tokens lie above this scale.",)
    assert colours.fixed(0, 1, np.array([-2.0])).notes() == ("Clipped: 1 token lies below this scale.",)
    assert colours.fixed(0, 1, np.array([0.0, 0.5, 1.0])).notes() == ()


@pytest.mark.parametrize(
    "make",
    [colours.per_text_min_max, colours.zero_centred, lambda v: colours.fixed(0, 2, v)],
)
def test_values_that_are_not_finite_have_no_colour_and_are_counted(make):
    values = np.array([0.0, np.nan, 2.0, np.inf, -np.inf])
    scale = make(values)
    placed = steps(values, scale)
    assert placed[[1, 3, 4]].tolist() == [NO_COLOUR] * 3
    assert (placed[[0, 2]] != NO_COLOUR).all()
    assert scale.n_missing == 3 and "Not coloured: 3 tokens" in " ".join(scale.notes())


@pytest.mark.parametrize("make", [colours.per_text_min_max, colours.zero_centred])
@pytest.mark.parametrize("values", [np.array([]), np.array([np.nan, np.nan])])
def test_no_values_at_all(make, values):
    scale = make(values)
    assert (scale.low, scale.high) == (0.0, 0.0)
    assert steps(values, scale).shape == values.shape


def test_the_widest_float_range_does_not_overflow(recwarn):
    values = np.array([-1.7e308, 0.0, 1.7e308])
    assert steps(values, colours.per_text_min_max(values)).tolist() == [0, 100, 200]
    assert not recwarn.list


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"low": 1, "high": 0}, "from 1 to 0"),
        ({"low": 0, "high": np.inf}, "from 0 to inf"),
        ({"low": -1, "high": 2, "centre": 0.0}, "midway between -1 and 2"),
    ],
)
def test_a_scale_that_makes_no_sense_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        ColourScale(**arguments)


def test_a_matrix_is_refused():
    with pytest.raises(ValueError, match=r"not \(2, 3\)"):
        colours.per_text_min_max(np.zeros((2, 3)))


def test_notes_count_what_has_a_value():
    assert colours.fixed(0, 1, np.array([2.0, 3.0])).notes("word") == ("Clipped: 2 words lie above this scale.",)
    assert colours.per_text_min_max(np.ones(3)).notes("word") == ("All words have the same value.",)


def test_the_soft_scales_run_between_the_percentiles_of_what_they_are_named_after():
    draws = np.random.default_rng(1)
    values, listed = draws.normal(2, 3, 400), draws.normal(0, 1, 1000)
    found = scales_of(values, listed)
    assert tuple(found) == SCALES
    for name, reference in (("text90", values), ("words90", listed)):
        ordered = np.sort(reference)
        assert np.mean(ordered < found[name].low) == pytest.approx(0.05, abs=1 / len(ordered))
        assert np.mean(ordered > found[name].high) == pytest.approx(0.05, abs=1 / len(ordered))
    assert np.mean(np.abs(values) > found["zero90"].high) == pytest.approx(0.05, abs=1 / len(values))
    assert (found["text"].n_clipped, found["zero"].n_clipped) == (0, 0)
    assert found["text90"].n_below == np.sum(values < found["text90"].low) == 20
    assert {name for name, scale in found.items() if scale.centre == 0.0} == {"zero90", "zero"}
    assert (found["words"].low, found["words"].high) == (listed.min(), listed.max())


def test_balanced_scales_have_zero_at_their_centre():
    draws = np.random.default_rng(2)
    values, listed = draws.normal(1, 1, 300), draws.normal(0, 2, 500)
    found = balanced_scales(values, listed)
    assert tuple(found) == SCALES and all(scale.centre == 0.0 for scale in found.values())
    assert found["text"].high == found["zero"].high == np.abs(values).max()
    assert found["words"].high == np.abs(listed).max()
    assert np.mean(np.abs(listed) > found["words90"].high) == pytest.approx(0.05, abs=1 / 500)


@pytest.mark.parametrize("values", [np.array([]), np.array([np.nan]), np.array([np.inf, -np.inf])])
def test_scales_of_nothing(values):
    for found in (scales_of(values, values), balanced_scales(values, values)):
        assert {(scale.low, scale.high) for scale in found.values()} == {(0.0, 0.0)}
