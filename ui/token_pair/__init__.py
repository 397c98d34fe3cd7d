"""Two texts, token above token, coloured by how a neuron's value changes: a Streamlit component.

It shows tokens as ``ui.token_heatmap`` does, with the same scripts: a text is data, and never markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.records import TokenActivations
from core.report.colour_scales import around_zero, steps
from core.report.colours import ramp
from core.report.palette import THEMES
from core.report.readable import readable_number
from core.report.two_texts import EQUAL, TwoTexts, readable_changes
from ui.token_heatmap import digest

_HERE = Path(__file__).parent
_SHARED = _HERE.parent / "token_heatmap"


def _joined(*paths: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


_component = st.components.v2.component(
    "token_pair",
    html='<div class="heatmap pairs"></div>',
    css=_joined(_SHARED / "heatmap.css", _HERE / "pair.css"),
    js=_joined(_SHARED / "tokens.js", _SHARED / "drawing.js", _HERE / "pair.js"),
)
# Of a longer row of equal tokens, only so many at its ends are drawn until the reader wants all.
_ENDS = 12


@dataclass(frozen=True, eq=False)
class PairBlock:
    """The pairs coloured by one neuron.

    ``first`` and ``second`` are (n_pairs,), the values in both texts, and ``change`` is the second minus the first; NaN
    where a text has no token. ``bound`` is the change with the strongest colour: of ``palette`` for a rise, of
    ``below`` for a fall.
    """

    title: str
    subtitle: str
    first: np.ndarray
    second: np.ndarray
    change: np.ndarray
    bound: float
    palette: str
    below: str


def token_pair(
    readings: Sequence[TokenActivations], pairs: TwoTexts, blocks: Sequence[PairBlock], *, key: str = "token_pair"
) -> None:
    """Draw the pairs of two texts once for each block."""
    folds = _folds(pairs)
    texts = [
        {"pieces": reading.pieces, "parts": {str(i): part for i, part in enumerate(reading.parts) if part}}
        for reading in readings
    ]
    content = {
        "texts": texts,
        "pairs": np.stack([pairs.first, pairs.second], axis=1).tolist(),  # [n_pairs, 2]
        "kinds": list(pairs.kinds),
        "folds": folds,
        "blocks": [_block_data(block, folds) for block in blocks],
    }
    # The browser builds the pairs anew only if the content changes, and forgets what is unfolded only with the texts.
    _component(key=key, data={**content, "text": digest(texts), "content": digest(content)})


def _folds(pairs: TwoTexts) -> list[list[int]]:
    """The pairs that are not drawn at first, as [from, to]: the middle of each long row of equal tokens."""
    equal = np.array([False, *(kind == EQUAL for kind in pairs.kinds), False])
    edges = np.flatnonzero(equal[1:] != equal[:-1])  # where rows of equal tokens begin and end, by turns
    rows = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [[start + _ENDS, end - _ENDS] for start, end in rows if end - start > 3 * _ENDS]


def _block_data(block: PairBlock, folds: Sequence[Sequence[int]]) -> dict[str, Any]:
    """The data of a block for the browser: readable values and changes, and a colour step for each pair."""
    scale = around_zero(block.bound, block.change)
    hidden = [np.abs(block.change[start:end]).max() for start, end in folds]
    numbers = ("" if np.isnan(value) else readable_number(value) for value in (*block.first, *block.second))
    values = list(numbers)
    low, high = (readable_number(end) for end in (scale.low, scale.high))
    return {
        "title": block.title,
        "subtitle": block.subtitle,
        "values": [values[: len(block.first)], values[len(block.first) :]],
        "changes": readable_changes(block.change, block.bound),
        "folded": [text.lstrip("+") for text in readable_changes(np.array(hidden), block.bound)],
        "steps": steps(block.change, scale).tolist(),
        "ends": [low, "0", high],
        "ramps": {theme: ramp(block.palette, theme=theme, below=block.below) for theme in THEMES},
    }
