"""Colour scales: where values land, what is said of clipped ones, and whether the ink can always be read."""

from __future__ import annotations

import numpy as np
import pytest

from core.report import colours
from core.report.colours import (
    N_STEPS,
    NO_COLOUR,
    PALETTES,
    THEMES,
    ColourScale,
    blend,
    contrast,
    luminance,
    ramp,
    steps,
)
from core.report.readable import readable_number

LAST = N_STEPS - 1
RAMPS = [(palette, diverging, theme) for palette in PALETTES for diverging in (False, True) for theme in THEMES]
# Streamlit's own pages and panels of several versions, and a few a school may choose.
PAGES = {
    "light": ("#ffffff", "#f8f8f5", "#f0f2f6", "#faf3e0"),
    "dark": ("#0e1117", "#191917", "#262730", "#000000", "#1e1e2e"),
}
# ColorBrewer's published nine-class scales: http://colorbrewer2.org, "Reds" and "Blues".
_REDS = "#fff5f0 #fee0d2 #fcbba1 #fc9272 #fb6a4a #ef3b2c #cb181d #a50f15 #67000d"
_BLUES = "#f7fbff #deebf7 #c6dbef #9ecae1 #6baed6 #4292c6 #2171b5 #08519c #08306b"
COLORBREWER = {"reds": _REDS.split(), "blues": _BLUES.split()}


# ---------------------------------------------------------------- scales


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
    assert scale.constant and scale.notes == ("All tokens have the same value.",)
    assert not recwarn.list


def test_zero_centred_puts_zero_on_the_middle_and_is_symmetric():
    values = np.array([-4.0, -1.0, 0.0, 1.0, 2.0])
    scale = colours.zero_centred(values, "blues")
    assert (scale.low, scale.centre, scale.high, scale.palette) == (-4.0, 0.0, 4.0, "blues")
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
    assert scale.notes == ("Clipped: 1 token lies below this scale and 2 above it.",)


def test_notes_for_one_side():
    assert colours.fixed(0, 1, np.array([2.0, 3.0])).notes == ("Clipped: 2 tokens lie above this scale.",)
    assert colours.fixed(0, 1, np.array([-2.0])).notes == ("Clipped: 1 token lies below this scale.",)
    assert colours.fixed(0, 1, np.array([0.0, 0.5, 1.0])).notes == ()


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
    assert scale.n_missing == 3 and "Not coloured: 3 tokens" in " ".join(scale.notes)


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
        ({"low": 0, "high": 1, "palette": "viridis"}, "'viridis'; there are reds, blues"),
    ],
)
def test_a_scale_that_makes_no_sense_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        ColourScale(**arguments)


def test_a_matrix_is_refused():
    with pytest.raises(ValueError, match=r"not \(2, 3\)"):
        colours.per_text_min_max(np.zeros((2, 3)))


# ---------------------------------------------------------------- colours


@pytest.mark.parametrize(("palette", "diverging", "theme"), RAMPS)
def test_every_step_is_legible_on_every_page(palette, diverging, theme):
    for page in PAGES[theme]:
        worst = min(
            contrast(ink, blend(background, page))
            for background, ink in ramp(palette, diverging=diverging, theme=theme)
        )
        assert worst >= 4.5, (page, worst)


@pytest.mark.parametrize("palette", PALETTES)
def test_the_light_ramps_pass_through_colorbrewers_anchors(palette):
    stops = ramp(palette, diverging=False, theme="light")
    assert [background for background, _ in stops[:: LAST // 8]] == COLORBREWER[palette]


@pytest.mark.parametrize(("palette", "diverging", "theme"), RAMPS)
def test_a_stronger_value_stands_out_more_from_the_page(palette, diverging, theme):
    page = PAGES[theme][0]
    shown = [luminance(blend(b, page)) for b, _ in ramp(palette, diverging=diverging, theme=theme)]
    away = np.abs(np.array(shown) - luminance(page))
    half = away[LAST // 2 :] if diverging else away
    assert (np.diff(half) > -0.002).all()  # a rounding of one channel may go the other way
    if diverging:
        assert (np.diff(away[: LAST // 2 + 1]) < 0.002).all()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("palette", PALETTES)
def test_zero_is_the_page_itself(palette, theme):
    background, _ = ramp(palette, diverging=True, theme=theme)[LAST // 2]
    assert all(blend(background, page) == page for page in PAGES[theme])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("palette", PALETTES)
def test_the_side_away_from_the_class_is_grey(palette, theme):
    background, _ = ramp(palette, diverging=True, theme=theme)[0]
    red, green, blue = (int(background[i : i + 2], 16) for i in (1, 3, 5))
    assert max(red, green, blue) - min(red, green, blue) <= 16


def test_contrast_of_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # WCAG's well-known near miss


def test_blend():
    assert blend("#ff000080", "#ffffff") == "#ff7f7f"
    assert blend("#00000000", "#123456") == "#123456"
    assert blend("#abcdef", "#123456") == "#abcdef"


def test_unknown_theme_and_palette_are_refused():
    with pytest.raises(ValueError, match="'sepia'; there are light, dark"):
        ramp("reds", diverging=False, theme="sepia")
    with pytest.raises(ValueError, match="'greys'; there are reds, blues"):
        ramp("greys", diverging=False, theme="light")


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "padded", "plain"),
    [
        (0.0, "0", "0"),
        (-0.0421, "−0.04210", "−0.0421"),
        (1.0, "1.000", "1"),
        (1234.0, "1234", "1234"),
        (12345.0, "1.234e4", "1.234e4"),
        (-1e-7, "−1.000e−7", "−1e−7"),
        (np.float32(3.14159), "3.142", "3.142"),
        (float("nan"), "not a number", "not a number"),
        (float("-inf"), "−∞", "−∞"),
    ],
)
def test_readable_number(value, padded, plain):
    assert readable_number(value) == padded
    assert readable_number(value, padded=False) == plain
