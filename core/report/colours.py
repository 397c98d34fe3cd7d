"""The colours of coloured text: palettes in steps, for a light and a dark page, and the ink on each.

A ramp is a palette in ``N_STEPS`` steps; ``core.report.colour_scales`` says which value has which step. The ink on a
step is black or white, whichever has more contrast; one of the two always has a contrast of at least 4.58.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from core.report.palette import THEMES, palette

# Odd, so that the centre of a diverging ramp is a step. 8 x 25 + 1, so that each of the 9 anchors is a step.
N_STEPS = 201

# Light reds and blues: ColorBrewer's nine-class scales, which are matplotlib's "Reds" and "Blues", as in the notebook's
# heatmaps. Oranges: the hue of the target in all plots; each anchor is as light as that of the blues, so that neither
# catches the eye first. Dark: from the colour of the page to a bright colour, so that low values fade there too.
_ANCHORS = {
    ("oranges", "light"): "fff8f2 fee5cd fed0a8 ffb378 fe861c de6a00 b35100 8c3800 5d1e00",
    ("reds", "light"): "fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d",
    ("blues", "light"): "f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b",
    ("oranges", "dark"): "page 33200f 4d260d 6d3108 943f02 bc5500 e77100 ff9a4b fec593",
    ("reds", "dark"): "page 331719 531a1d 7a1f20 a5271f d13629 f25540 ff7d66 ffa898",
    ("blues", "dark"): "page 14233a 163052 194272 1f5a98 2a76bd 4a97dc 7ab8f0 acd5fa",
    # For the side below the centre where no class is. Never as dark (or bright) as a palette's end, so that
    # colour-blind readers see the difference too.
    ("greys", "light"): "page f0f0f0 e3e3e3 d5d5d5 c6c6c6 b7b7b7 a6a6a6 959595 848484",
    ("greys", "dark"): "page 2b2d31 3b3e44 4c4f57 5e626a 70747d 81858f 8f939d 9ca1ab",
}
# Page colours for the choice of the ink. Real pages of the same theme differ too little to matter.
_PAGES = {theme: palette(theme)["page"].lower() for theme in THEMES}
PALETTES = ("oranges", "reds", "blues")
BELOW = ("greys", *PALETTES)


@cache
def ramp(palette: str, *, theme: str, below: str | None = None) -> tuple[tuple[str, str], ...]:
    """The (background, ink) colours of the ``N_STEPS`` steps, from low to high.

    A background is ``#rrggbb``, or ``#rrggbbaa`` (partly transparent) near the colour of the page.

    Parameters
    ----------
    palette : {"oranges", "reds", "blues"}
    theme : {"light", "dark"}
    below : {"greys", "oranges", "reds", "blues"}, optional
        A diverging ramp: these colours below the centre, the palette above it, and the colour of the page at it.

    Raises
    ------
    ValueError
        A palette or the theme is unknown.

    Examples
    --------
    >>> ramp("reds", theme="light")[0]
    ('#fff5f0', '#000000')
    """
    if theme not in THEMES:
        raise ValueError(f"unknown theme {theme!r}; there are {', '.join(THEMES)}")
    for name, known in ((palette, PALETTES), (below, (None, *BELOW))):
        if name not in known:
            raise ValueError(f"unknown palette {name!r}; there are {', '.join(filter(None, known))}")
    anchors = _anchors(palette, theme)
    if below is not None:
        # The page takes the place of the palettes' first anchors: [9, rgba] twice -> [17, rgba]
        anchors = np.concatenate([_anchors(below, theme)[:0:-1], np.zeros((1, 4)), anchors[1:]])
    at = np.linspace(0, len(anchors) - 1, N_STEPS)
    # 4 arrays [N_STEPS], one for each channel -> [N_STEPS, rgba]
    channels = np.stack([np.interp(at, np.arange(len(anchors)), c) for c in anchors.T], axis=1)
    backgrounds = [_hexadecimal(rgba) for rgba in channels]
    return tuple((background, _ink(blend(background, _PAGES[theme]))) for background in backgrounds)


def blend(colour: str, page: str) -> str:
    """The colour of ``#rrggbbaa`` on a page of colour ``#rrggbb``. A ``#rrggbb`` does not change.

    Examples
    --------
    >>> blend("#00000080", "#ffffff")
    '#7f7f7f'
    """
    *rgb, alpha = _channels(colour if len(colour) == 9 else colour + "ff")
    mixed = [alpha / 255 * c + (1 - alpha / 255) * p for c, p in zip(rgb, _channels(page), strict=True)]
    return "#" + "".join(f"{round(c):02x}" for c in mixed)


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``: 0 for black, 1 for white (definition of WCAG 2.2).

    Examples
    --------
    >>> luminance("#ffffff"), round(luminance("#808080"), 3)
    (1.0, 0.216)
    """
    red, green, blue = (_linear(c / 255) for c in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (definition of WCAG 2.2).

    Examples
    --------
    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _linear(channel: float) -> float:
    """A channel of sRGB, 0 to 1, as an amount of light."""
    return channel / 12.92 if channel <= 0.04045 else math.pow((channel + 0.055) / 1.055, 2.4)


def _anchors(palette: str, theme: str) -> np.ndarray:
    """The anchor colours of a palette, float (n_anchors, rgba), 0 to 255, premultiplied by the opacity."""
    rows = [[0, 0, 0, 0] if h == "page" else _channels(f"#{h}ff") for h in _ANCHORS[palette, theme].split()]
    return np.array(rows, dtype=np.float64)


def _channels(colour: str) -> list[int]:
    """``#rrggbb`` or ``#rrggbbaa`` as numbers from 0 to 255."""
    return [int(colour[i : i + 2], 16) for i in range(1, len(colour), 2)]


def _hexadecimal(rgba: np.ndarray) -> str:
    """The colour of a premultiplied (rgba,) row. The opacity is written only if it is not full."""
    red, green, blue, alpha = rgba.tolist()
    opacity = alpha / 255
    rgb = [c / opacity if opacity else c for c in (red, green, blue)]
    written = [*rgb, alpha] if opacity < 1 else rgb
    return "#" + "".join(f"{round(c):02x}" for c in written)


def _ink(background: str) -> str:
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, background))
