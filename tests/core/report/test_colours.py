"""Colours: whether the ink can always be read, and whether a ramp says more with every step."""

from __future__ import annotations

import numpy as np
import pytest

from core.report.colours import BELOW, N_STEPS, PALETTES, blend, contrast, luminance, ramp
from core.report.palette import THEMES

LAST = N_STEPS - 1
RAMPS = [(palette, below, theme) for palette in PALETTES for below in (None, *BELOW) for theme in THEMES]
# Streamlit's own pages and panels of several versions, and a few a school may choose.
PAGES = {
    "light": ("#ffffff", "#f8f8f5", "#f0f2f6", "#faf3e0"),
    "dark": ("#0e1117", "#191917", "#262730", "#000000", "#1e1e2e"),
}
# ColorBrewer's published nine-class scales: http://colorbrewer2.org, "Reds" and "Blues".
_REDS = "#fff5f0 #fee0d2 #fcbba1 #fc9272 #fb6a4a #ef3b2c #cb181d #a50f15 #67000d"
_BLUES = "#f7fbff #deebf7 #c6dbef #9ecae1 #6baed6 #4292c6 #2171b5 #08519c #08306b"
COLORBREWER = {"reds": _REDS.split(), "blues": _BLUES.split()}


# ---------------------------------------------------------------- colours


@pytest.mark.parametrize(("palette", "below", "theme"), RAMPS)
def test_every_step_is_legible_on_every_page(palette, below, theme):
    for page in PAGES[theme]:
        worst = min(
            contrast(ink, blend(background, page)) for background, ink in ramp(palette, below=below, theme=theme)
        )
        assert worst >= 4.5, (page, worst)


@pytest.mark.parametrize("palette", COLORBREWER)
def test_the_light_ramps_pass_through_colorbrewers_anchors(palette):
    stops = ramp(palette, theme="light")
    assert [background for background, _ in stops[:: LAST // 8]] == COLORBREWER[palette]


@pytest.mark.parametrize(("palette", "below", "theme"), RAMPS)
def test_a_stronger_value_stands_out_more_from_the_page(palette, below, theme):
    page = PAGES[theme][0]
    shown = [luminance(blend(b, page)) for b, _ in ramp(palette, below=below, theme=theme)]
    away = np.abs(np.array(shown) - luminance(page))
    half = away[LAST // 2 :] if below else away
    assert (np.diff(half) > -0.002).all()  # a rounding of one channel may go the other way
    if below:
        assert (np.diff(away[: LAST // 2 + 1]) < 0.002).all()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("palette", PALETTES)
def test_zero_is_the_page_itself(palette, theme):
    background, _ = ramp(palette, below="greys", theme=theme)[LAST // 2]
    assert all(blend(background, page) == page for page in PAGES[theme])


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("palette", PALETTES)
def test_the_side_away_from_the_class_is_grey(palette, theme):
    background, _ = ramp(palette, below="greys", theme=theme)[0]
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
        ramp("reds", theme="sepia")
    with pytest.raises(ValueError, match="'greys'; there are oranges, reds, blues"):
        ramp("greys", theme="light")
    with pytest.raises(ValueError, match="'viridis'; there are greys, oranges, reds, blues"):
        ramp("reds", below="viridis", theme="light")


@pytest.mark.parametrize("theme", THEMES)
def test_a_ramp_of_both_classes_is_each_ones_ramp_on_its_side(theme):
    both = ramp("oranges", below="blues", theme=theme)
    assert both[LAST // 2][0] == "#00000000", "the page itself in the middle"
    quarter = LAST // 8
    for palette, side in (("oranges", both[LAST // 2 :]), ("blues", both[LAST // 2 :: -1])):
        assert side[-1] == ramp(palette, theme=theme)[-1]
        anchors = [background for background, _ in ramp(palette, theme=theme)[::quarter]]
        mine = [background for background, _ in side]
        assert mine[quarter] == anchors[2] and mine[2 * quarter] == anchors[4]


@pytest.mark.parametrize("theme", THEMES)
def test_oranges_and_blues_are_equally_strong(theme):
    """Neither class catches the eye first: at every step, both are about as light."""
    for (one, _), (other, _) in zip(ramp("oranges", theme=theme), ramp("blues", theme=theme), strict=True):
        page = PAGES[theme][0]
        assert contrast(blend(one, page), blend(other, page)) < 1.15
