"""From a neuron's values to colours.

A scale gives the values at the two ends of a palette. A ramp is a palette in ``N_STEPS`` steps, for a light or a dark
page. Each value becomes the number of a step: these numbers are small to send, and the same in both themes. The ink on
a step is black or white, whichever has more contrast; one of the two always has a contrast of at least 4.58.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

# Odd, so that the centre of a diverging ramp is a step. 8 x 25 + 1, so that each of the 9 anchors is a step.
N_STEPS = 201
NO_COLOUR = -1  # the step of a value that is not finite

THEMES = ("light", "dark")

# Light: ColorBrewer's nine-class scales, which are matplotlib's "Reds" and "Blues", as in the notebook's heatmaps.
# Dark: from the colour of the page to a bright colour, so that low values fade into the page there too.
_ANCHORS = {
    ("reds", "light"): "fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d",
    ("blues", "light"): "f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b",
    ("reds", "dark"): "page 331719 531a1d 7a1f20 a5271f d13629 f25540 ff7d66 ffa898",
    ("blues", "dark"): "page 14233a 163052 194272 1f5a98 2a76bd 4a97dc 7ab8f0 acd5fa",
    # The side below the centre. Grey, and never as dark (or bright) as the palette's end, so that colour-blind readers
    # see the difference too.
    ("greys", "light"): "page f0f0f0 e3e3e3 d5d5d5 c6c6c6 b7b7b7 a6a6a6 959595 848484",
    ("greys", "dark"): "page 2b2d31 3b3e44 4c4f57 5e626a 70747d 81858f 8f939d 9ca1ab",
}
# Page colours for the choice of the ink. Real pages of the same theme differ too little to matter.
_PAGES = {"light": "#ffffff", "dark": "#16171a"}
PALETTES = ("reds", "blues")


@dataclass(frozen=True)
class ColourScale:
    """The values at the two ends of a palette.

    A scale with a ``centre`` is diverging: the palette above the centre, grey below it, and the colour of the page at
    it. ``n_below`` and ``n_above`` count tokens with a value outside the scale, which get the colour of its end.
    ``n_missing`` counts tokens whose value is not finite, which get no colour.
    A wrong palette, end or centre raises ValueError.

    Examples
    --------
    >>> ColourScale(-2.0, 2.0, centre=0.0, n_above=3).notes
    ('Clipped: 3 tokens lie above this scale.',)
    """

    low: float
    high: float
    centre: float | None = None
    palette: str = "reds"
    n_below: int = 0
    n_above: int = 0
    n_missing: int = 0

    def __post_init__(self) -> None:
        if self.palette not in PALETTES:
            raise ValueError(f"unknown palette {self.palette!r}; there are {', '.join(PALETTES)}")
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low <= self.high):
            raise ValueError(f"a colour scale runs from a low to a high number, not from {self.low} to {self.high}")
        # With two slopes, equal differences would look unequal.
        if self.centre is not None and not np.isclose(self.centre - self.low, self.high - self.centre):
            raise ValueError(f"the centre {self.centre} must lie midway between {self.low} and {self.high}")

    @property
    def n_clipped(self) -> int:
        """How many tokens have a value outside the scale."""
        return self.n_below + self.n_above

    @property
    def constant(self) -> bool:
        """Whether the two ends have the same value, so that there is only one colour."""
        return self.low == self.high

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the reader about clipped, uncoloured and equal values."""
        notes = []
        if self.n_below and self.n_above:
            notes.append(f"Clipped: {_lie(self.n_below)} below this scale and {self.n_above:,} above it.")
        elif self.n_clipped:
            notes.append(f"Clipped: {_lie(self.n_clipped)} {'below' if self.n_below else 'above'} this scale.")
        if self.n_missing:
            notes.append(f"Not coloured: {_tokens(self.n_missing)} whose value is not a finite number.")
        if self.constant and not self.n_clipped:
            notes.append("All tokens have the same value.")
        return tuple(notes)


def per_text_min_max(values: np.ndarray, palette: str = "reds") -> ColourScale:
    """The notebook's scale: from the smallest value of the text to its largest.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
        Values that are not finite are ignored. If all values are equal, every token gets the palette's first colour.

    Examples
    --------
    >>> scale = per_text_min_max(np.array([0.5, -1.0, np.nan]))
    >>> scale.low, scale.high, scale.n_missing
    (-1.0, 0.5, 1)
    """
    finite = _finite(values)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return ColourScale(low, high, palette=palette, n_missing=np.size(values) - finite.size)


def zero_centred(values: np.ndarray, palette: str = "reds") -> ColourScale:
    """A scale that is symmetric about zero: colour above zero, grey below, up to the largest absolute value.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
        Values that are not finite are ignored.
    palette : {"reds", "blues"}

    Returns
    -------
    ColourScale

    Examples
    --------
    >>> scale = zero_centred(np.array([0.5, -1.0]))
    >>> scale.low, scale.centre, scale.high
    (-1.0, 0.0, 1.0)
    """
    finite = _finite(values)
    bound = float(np.abs(finite).max()) if finite.size else 0.0
    return ColourScale(-bound, bound, centre=0.0, palette=palette, n_missing=np.size(values) - finite.size)


def fixed(low: float, high: float, values: np.ndarray, palette: str = "reds") -> ColourScale:
    """A scale that does not depend on the text (for example the word lists' range), so that texts can be compared.

    Parameters
    ----------
    low, high : float
        The values of the palette's first and last colour.
    values : ndarray of shape (n_tokens,)
        Used only to count the values outside the scale. They get the colour of the nearer end.
    palette : {"reds", "blues"}

    Returns
    -------
    ColourScale

    Examples
    --------
    >>> fixed(-1.0, 1.0, np.array([-3.0, 0.0, 2.0, 5.0])).n_above
    2
    """
    finite = _finite(values)
    return ColourScale(
        float(low),
        float(high),
        palette=palette,
        n_below=int(np.sum(finite < low)),
        n_above=int(np.sum(finite > high)),
        n_missing=np.size(values) - finite.size,
    )


def steps(values: np.ndarray, scale: ColourScale) -> np.ndarray:
    """The step of each value on a scale.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
    scale : ColourScale

    Returns
    -------
    ndarray of int, shape (n_tokens,)
        0 at and below the low end, ``N_STEPS - 1`` at and above the high end, ``NO_COLOUR`` for a value that is not
        finite. If the two ends are equal: the step of the centre, or 0 without a centre.

    Examples
    --------
    >>> steps(np.array([-1.0, 0.0, 9.0, np.nan]), ColourScale(-1.0, 1.0))
    array([  0, 100, 200,  -1])
    """
    values = np.asarray(values, dtype=np.float64)
    last = N_STEPS - 1
    if scale.high > scale.low:
        # Halved first: the width of a scale over the whole range of float64 would overflow.
        share = (values / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2)
    else:
        share = np.where(values > scale.high, 1.0, 0.0 if scale.centre is None else 0.5)
    finite = np.isfinite(values)
    placed = np.rint(np.clip(np.where(finite, share, 0.0), 0.0, 1.0) * last).astype(int)
    return np.where(finite, placed, NO_COLOUR)


@cache
def ramp(palette: str, *, diverging: bool, theme: str) -> tuple[tuple[str, str], ...]:
    """The (background, ink) colours of the ``N_STEPS`` steps, from low to high.

    A background is ``#rrggbb``, or ``#rrggbbaa`` (partly transparent) near the colour of the page.

    Raises
    ------
    ValueError
        The palette or the theme is unknown.

    Examples
    --------
    >>> ramp("reds", diverging=False, theme="light")[0]
    ('#fff5f0', '#000000')
    """
    if theme not in THEMES:
        raise ValueError(f"unknown theme {theme!r}; there are {', '.join(THEMES)}")
    if palette not in PALETTES:
        raise ValueError(f"unknown palette {palette!r}; there are {', '.join(PALETTES)}")
    anchors = _anchors(palette, theme)
    if diverging:
        # The first grey anchor is the page. It replaces the palette's first anchor: [9, rgba] twice -> [17, rgba]
        anchors = np.concatenate([_anchors("greys", theme)[::-1], anchors[1:]])
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
    """The relative luminance of ``#rrggbb``: 0 for black, 1 for white (definition of WCAG 2.2)."""
    rgb = np.array(_channels(colour)) / 255  # [3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (definition of WCAG 2.2).

    Examples
    --------
    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _tokens(n: int) -> str:
    return "1 token" if n == 1 else f"{n:,} tokens"


def _lie(n: int) -> str:
    return f"{_tokens(n)} {'lies' if n == 1 else 'lie'}"


def _finite(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"one value per token is needed, shape (n_tokens,), not {values.shape}")
    return values[np.isfinite(values)]


def _anchors(palette: str, theme: str) -> np.ndarray:
    """The anchor colours of a palette, float (n_anchors, rgba), 0 to 255, premultiplied by the opacity."""
    rows = [[0, 0, 0, 0] if h == "page" else _channels(f"#{h}ff") for h in _ANCHORS[palette, theme].split()]
    return np.array(rows, dtype=np.float64)


def _channels(colour: str) -> list[int]:
    """``#rrggbb`` or ``#rrggbbaa`` as numbers from 0 to 255."""
    return [int(colour[i : i + 2], 16) for i in range(1, len(colour), 2)]


def _hexadecimal(rgba: np.ndarray) -> str:
    """The colour of a premultiplied (rgba,) row. The opacity is written only if it is not full."""
    opacity = rgba[3] / 255
    rgb = rgba[:3] / opacity if opacity else rgba[:3]
    written = [*rgb, rgba[3]] if opacity < 1 else rgb
    return "#" + "".join(f"{round(c):02x}" for c in written)


def _ink(background: str) -> str:
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, background))
