"""From a neuron's values to colours: where each value lies on a scale, and what colour stands there.

A scale says which values the ends of the palette mean; a ramp is the palette, cut into steps, for a light
or a dark page. Values become step numbers, which are small to send and the same in both themes. The ink on
every step is black or white, whichever stands out more: one of the two always has a contrast of 4.58 or more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

# Odd, so that a diverging ramp has a step for its centre; 8 x 25 + 1, so that each of 9 anchors is a step.
N_STEPS = 201
NO_COLOUR = -1  # the step of a value that is not a number

THEMES = ("light", "dark")

# Light: ColorBrewer's nine-class scales, matplotlib's "Reds" and "Blues" (and so the notebook's heatmaps).
# Dark: from the page, whatever its shade, up to a bright colour, so that low values fade into it there too.
_ANCHORS = {
    ("reds", "light"): "fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d",
    ("blues", "light"): "f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b",
    ("reds", "dark"): "page 331719 531a1d 7a1f20 a5271f d13629 f25540 ff7d66 ffa898",
    ("blues", "dark"): "page 14233a 163052 194272 1f5a98 2a76bd 4a97dc 7ab8f0 acd5fa",
    # The side away from the neuron's class. Grey, and never as dark (bright) as the class's own end, so that
    # the two sides differ for colour-blind eyes too.
    ("greys", "light"): "page f0f0f0 e3e3e3 d5d5d5 c6c6c6 b7b7b7 a6a6a6 959595 848484",
    ("greys", "dark"): "page 2b2d31 3b3e44 4c4f57 5e626a 70747d 81858f 8f939d 9ca1ab",
}
# Where the ink is chosen before the page is known; a page of the same theme differs too little to matter.
_PAGES = {"light": "#ffffff", "dark": "#16171a"}
PALETTES = ("reds", "blues")


@dataclass(frozen=True)
class ColourScale:
    """Which values the two ends of a palette stand for.

    With a ``centre`` the scale is diverging: the palette's own colour above it, grey below it, and the colour
    of the page at it. ``n_below`` and ``n_above`` count the tokens whose value lies outside and that take the
    end's colour; ``n_missing`` those that have no colour, their value not being a finite number.
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
        # Two different slopes about a centre would make equal differences look unequal.
        if self.centre is not None and not np.isclose(self.centre - self.low, self.high - self.centre):
            raise ValueError(f"the centre {self.centre} must lie midway between {self.low} and {self.high}")

    @property
    def n_clipped(self) -> int:
        """Tokens whose value lies outside the scale."""
        return self.n_below + self.n_above

    @property
    def constant(self) -> bool:
        """The two ends are one value: there is no more than one colour to give."""
        return self.low == self.high

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the colours must know beyond the ends of the scale, as sentences."""
        said = []
        if self.n_below and self.n_above:
            said.append(f"Clipped: {_lie(self.n_below)} below this scale and {self.n_above:,} above it.")
        elif self.n_clipped:
            said.append(f"Clipped: {_lie(self.n_clipped)} {'below' if self.n_below else 'above'} this scale.")
        if self.n_missing:
            said.append(f"Not coloured: {_tokens(self.n_missing)} whose value is not a finite number.")
        if self.constant and not self.n_clipped:
            said.append("All tokens have the same value.")
        return tuple(said)


def per_text_min_max(values: np.ndarray, palette: str = "reds") -> ColourScale:
    """The notebook's scale: the palette starts at the text's least value and ends at its greatest.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
        Values that are not finite are left out. Of a text whose values are all equal the two ends coincide,
        and every token takes the palette's first colour.
    """
    finite = _finite(values)
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return ColourScale(low, high, palette=palette, n_missing=np.size(values) - finite.size)


def zero_centred(values: np.ndarray, palette: str = "reds") -> ColourScale:
    """A scale symmetric about zero: colour above zero, grey below it, as far as the greatest magnitude.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)
        Values that are not finite are left out.
    """
    finite = _finite(values)
    reach = float(np.abs(finite).max()) if finite.size else 0.0
    return ColourScale(-reach, reach, centre=0.0, palette=palette, n_missing=np.size(values) - finite.size)


def fixed(low: float, high: float, values: np.ndarray, palette: str = "reds") -> ColourScale:
    """A scale that does not depend on the text, so that texts can be compared: say, the word lists' range.

    Parameters
    ----------
    low, high : float
        The values of the palette's first and last colour.
    values : ndarray of shape (n_tokens,)
        Only counted: how many lie outside, and take the colour of the nearer end.
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
    """Place values on a scale.

    Parameters
    ----------
    values : ndarray of shape (n_tokens,)

    Returns
    -------
    ndarray of int, shape (n_tokens,)
        0 at (and below) the scale's low end, ``N_STEPS - 1`` at (and above) its high end, ``NO_COLOUR`` for
        what is not finite. Where the ends coincide: the centre's step if there is one, else 0.
    """
    values = np.asarray(values, dtype=np.float64)
    last = N_STEPS - 1
    if scale.high > scale.low:
        # Halved first: the width of a scale over all of float64 would overflow.
        share = (values / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2)
    else:
        share = np.where(values > scale.high, 1.0, 0.0 if scale.centre is None else 0.5)
    finite = np.isfinite(values)
    placed = np.rint(np.clip(np.where(finite, share, 0.0), 0.0, 1.0) * last).astype(int)
    return np.where(finite, placed, NO_COLOUR)


@cache
def ramp(palette: str, *, diverging: bool, theme: str) -> tuple[tuple[str, str], ...]:
    """The (background, ink) colours of each of the ``N_STEPS`` steps, low to high.

    Backgrounds are ``#rrggbb``, or ``#rrggbbaa`` near the page's own colour, which shows through there.
    """
    if theme not in THEMES:
        raise ValueError(f"unknown theme {theme!r}; there are {', '.join(THEMES)}")
    if palette not in PALETTES:
        raise ValueError(f"unknown palette {palette!r}; there are {', '.join(PALETTES)}")
    anchors = _anchors(palette, theme)
    if diverging:
        # The grey side's first anchor is the page itself, and takes the place of the palette's own first.
        anchors = np.concatenate([_anchors("greys", theme)[::-1], anchors[1:]])
    at = np.linspace(0, len(anchors) - 1, N_STEPS)
    channels = np.stack([np.interp(at, np.arange(len(anchors)), c) for c in anchors.T], axis=1)  # [step, rgba]
    backgrounds = [_hexadecimal(rgba) for rgba in channels]
    return tuple((background, _ink(blend(background, _PAGES[theme]))) for background in backgrounds)


def colours(values: np.ndarray, scale: ColourScale, theme: str) -> list[tuple[str, str] | None]:
    """The (background, ink) of each value, None for what is not finite; for a page that stands on its own."""
    stops = ramp(scale.palette, diverging=scale.centre is not None, theme=theme)
    return [None if step == NO_COLOUR else stops[step] for step in steps(values, scale)]


def blend(colour: str, page: str) -> str:
    """What ``#rrggbbaa`` looks like on a page of colour ``#rrggbb``; a ``#rrggbb`` stays itself."""
    *rgb, alpha = _channels(colour if len(colour) == 9 else colour + "ff")
    mixed = [alpha / 255 * c + (1 - alpha / 255) * p for c, p in zip(rgb, _channels(page), strict=True)]
    return "#" + "".join(f"{round(c):02x}" for c in mixed)


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``, 0 for black and 1 for white (WCAG 2.2's definition)."""
    rgb = np.array(_channels(colour)) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2's definition)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable_number(value: float, *, padded: bool = True) -> str:
    """A value in four significant digits, with a true minus sign: ``−0.04210``, or unpadded ``−0.0421``."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    mantissa, _, exponent = format(float(value), "#.4g" if padded else ".4g").partition("e")
    return f"{mantissa.rstrip('.')}{'e' + str(int(exponent)) if exponent else ''}".replace("-", "−")


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
    """The palette's anchor colours, float (n_anchors, 4), 0 to 255, colour multiplied by opacity."""
    rows = [[0, 0, 0, 0] if h == "page" else _channels(f"#{h}ff") for h in _ANCHORS[palette, theme].split()]
    return np.array(rows, dtype=np.float64)


def _channels(colour: str) -> list[int]:
    """``#rrggbb`` or ``#rrggbbaa`` as numbers from 0 to 255."""
    return [int(colour[i : i + 2], 16) for i in range(1, len(colour), 2)]


def _hexadecimal(rgba: np.ndarray) -> str:
    """The colour of a premultiplied (4,) row, its opacity left out where it is full."""
    opacity = rgba[3] / 255
    rgb = rgba[:3] / opacity if opacity else rgba[:3]
    written = [*rgb, rgba[3]] if opacity < 1 else rgb
    return "#" + "".join(f"{round(c):02x}" for c in written)


def _ink(background: str) -> str:
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, background))
