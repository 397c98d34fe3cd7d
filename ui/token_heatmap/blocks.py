"""A block of coloured text, and its data for the browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.report.colour_scales import ColourScale
from core.report.colours import ramp
from core.report.palette import THEMES
from core.report.readable import readable_number
from core.stats.standing_out import highest_and_lowest

TARGET, BASELINE, BOTH = "target", "baseline", "both"
# Of fewer tokens, every one is an end of the text's own range, or next to one.
FEW_TOKENS = 8


@dataclass(frozen=True, eq=False)
class HeatmapBlock:
    """The text coloured by one neuron, or by two.

    ``values`` is (n_tokens,), and ``scales`` has the colour scales from which the reader may choose, by name.
    ``ends`` says what the ends of each scale are. ``word_values`` (n_groups,) and ``word_scales`` are the same by word;
    None if the text cannot be shown by word.
    ``role`` is the class whose hue the block has, or both. ``line`` places the values in the chart below the text: the
    midpoint of the two classes, and how far the class with the higher mean is above it; None if they are not drawn.
    """

    title: str
    subtitle: str
    values: np.ndarray
    scales: Mapping[str, ColourScale]
    word_values: np.ndarray | None = None
    word_scales: Mapping[str, ColourScale] | None = None
    ends: Mapping[str, str] = field(default_factory=dict)
    role: str = TARGET
    line: tuple[float, float] | None = None


def data_of(block: HeatmapBlock) -> dict[str, Any]:
    """The data of a block for the browser: values as they are, and what each scale makes of them."""
    words = block.word_values
    # Of two neurons together, no list is shown.
    ends = ([], []) if block.role == BOTH else [each.tolist() for each in highest_and_lowest(np.asarray(block.values))]
    return {
        "title": block.title,
        "subtitle": block.subtitle,
        "role": block.role,
        "values": encoded(block.values),
        "scales": _scales(block.scales, "token", np.size(block.values)),
        "wordValues": None if words is None else encoded(words),
        "wordScales": None if words is None else _scales(block.word_scales or {}, "word", np.size(words)),
        "ends": dict(block.ends),
        "line": block.line,
        "highest": ends[0],
        "lowest": ends[1],
    }


def encoded(values: np.ndarray) -> str:
    """Values as little-endian float32, in base64.

    Examples
    --------
    >>> encoded(np.array([1.0]))
    'AACAPw=='
    """
    return base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode("ascii")


def ramps_for_browser() -> str:
    """All ramps as JSON, by the name of the palette (and after a slash, of the one below the centre) and the theme."""
    pairs = [(name, below) for name in ("oranges", "reds") for below in (None, "greys", "blues")]
    pairs += [("blues", None), ("blues", "greys")]
    ramps: dict[str, dict[str, dict[str, str]]] = {}
    for name, below in pairs:
        themes = {theme: ramp(name, below=below, theme=theme) for theme in THEMES}
        ramps[f"{name}/{below}" if below else name] = {
            theme: {
                "backgrounds": " ".join(background[1:] for background, _ in colours),
                "inks": "".join("1" if ink == "#ffffff" else "0" for _, ink in colours),
            }
            for theme, colours in themes.items()
        }
    return json.dumps(ramps)


def _scales(scales: Mapping[str, ColourScale], unit: str, n: int) -> dict[str, dict[str, Any]]:
    return {name: _scale(scale, notes_on(name, scale, unit, n)) for name, scale in scales.items()}


def _scale(scale: ColourScale, notes: list[str]) -> dict[str, Any]:
    centre = scale.centre
    return {
        "low": scale.low,
        "high": scale.high,
        "centre": centre,
        "lowText": readable_number(scale.low),
        "highText": readable_number(scale.high),
        "centreText": None if centre is None else readable_number(centre),
        "nBelow": scale.n_below,
        "nAbove": scale.n_above,
        "notes": notes,
    }


def notes_on(name: str, scale: ColourScale, unit: str, n: int) -> list[str]:
    """Sentences about a scale, unless the legend says enough: a tenth lies beyond the percentiles of this text."""
    notes = []
    if 0 < n < FEW_TOKENS and not name.startswith("words"):
        units = unit if n == 1 else f"{unit}s"
        notes = [f"Only {n} {units}: on the range of so short a text, the colours mean little. Try “Word lists”."]
    own_tails = name in ("text90", "zero90")
    return [*notes, *(sentence for sentence in scale.notes(unit) if not (own_tails and sentence.startswith("Clipped")))]
