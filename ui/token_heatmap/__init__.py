"""Tokens coloured by a neuron's value: a Streamlit component that shows the text exactly as it is.

The text goes to the browser as data and into the page as ``textContent``, never as markup, so that ``<b>``,
``$x$`` and ``**bold**`` stay what they are. ``heatmap.js`` only looks colours up: they are computed, and
tested, in ``core.colour_scales``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.colour_scales import THEMES, ColourScale, ramp, readable_number, steps

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "token_heatmap",
    html='<div class="heatmap"></div>',
    css=(_HERE / "heatmap.css").read_text(encoding="utf-8"),
    js=(_HERE / "heatmap.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, eq=False)
class HeatmapBlock:
    """One neuron's view of the text: ``values`` is (n_tokens,); the scale says which colours they take."""

    title: str
    subtitle: str
    values: np.ndarray
    scale: ColourScale


def token_heatmap(
    pieces: Sequence[str],
    parts: Sequence[str],
    blocks: Sequence[HeatmapBlock],
    *,
    window_starts: Sequence[int] = (0,),
    selected: int | None = None,
    show_spaces: bool = False,
    key: str = "text_heatmap",
) -> int | None:
    """Draw the text once per block, and return the token that is selected.

    Parameters
    ----------
    pieces, parts : sequence of str, n_tokens long
        As in ``TokenActivations``: ``"".join(pieces)`` is the text, ``parts`` tells split characters.
    blocks : sequence of HeatmapBlock
        Drawn side by side where the page is wide enough, else below each other.
    window_starts : sequence of int
        Token positions at which the model's context began anew; all but 0 are marked in the text.
    selected : int or None
        The token to outline. A click overrules it, until the argument changes: the later of the two holds.
    show_spaces : bool
        Mark and colour the single space before a word too. Without it, colours keep to the words, since a
        line that breaks there would leave a sliver of the next token behind. Newlines, tabs, other spaces and
        control characters are always marked.

    Returns
    -------
    int or None
        The position of the selected token. None if there is none, or if the text is another than the one the
        user clicked in. A click on the selected token deselects it.

    Raises
    ------
    ValueError
        ``parts``, the values of a block, ``window_starts`` or ``selected`` do not fit the pieces.
    """
    _check(pieces, parts, blocks, window_starts, selected)
    text = _digest([list(pieces), list(parts)])
    chosen = _later_choice(selected, text, key)
    content = {
        "text": text,
        "pieces": list(pieces),
        "parts": {str(i): part for i, part in enumerate(parts) if part},
        "windows": sorted({int(start) for start in window_starts} - {0}),
        "show_spaces": show_spaces,
        "blocks": [_block_data(block) for block in blocks],
    }
    # The browser rebuilds its tokens only when the digest changes, not at each click.
    _component(
        key=key,
        data={**content, "content": _digest(content), "selected": chosen},
        on_clicked_change=_nothing,
    )
    return chosen


def _nothing() -> None:
    """A state value needs a callback for its name to be known; all we want of a click is the rerun."""


def _later_choice(selected: int | None, text: str, key: str) -> int | None:
    """The caller's ``selected`` or the user's click, whichever changed last in this text.

    What was last seen of both lies in the session state, under the component's key with a suffix.
    """
    memory = f"{key}_last_seen"
    seen = st.session_state.get(memory) or {
        "text": None,
        "selected": None,
        "clicked_at": None,
        "chosen": None,
    }
    click = (st.session_state.get(key) or {}).get("clicked") or {"text": None, "at": seen["clicked_at"]}
    if click["text"] == text and click["at"] != seen["clicked_at"]:
        chosen = click["index"]
    elif seen["text"] != text or selected != seen["selected"]:
        chosen = selected
    else:
        chosen = seen["chosen"]
    st.session_state[memory] = {
        "text": text,
        "selected": selected,
        "clicked_at": click["at"],
        "chosen": chosen,
    }
    return chosen


def _block_data(block: HeatmapBlock) -> dict[str, Any]:
    """What the browser needs of a block: a colour step and a readable value per token, and the two ramps."""
    scale = block.scale
    centre = None if scale.centre is None else readable_number(scale.centre, padded=False)
    return {
        "title": block.title,
        "subtitle": block.subtitle,
        "notes": list(scale.notes),
        "low": readable_number(scale.low, padded=False),
        "centre": centre,
        "high": readable_number(scale.high, padded=False),
        "constant": scale.constant,
        "steps": steps(block.values, scale).tolist(),
        "values": [readable_number(value) for value in np.asarray(block.values).tolist()],
        "ramps": {theme: ramp(scale.palette, diverging=centre is not None, theme=theme) for theme in THEMES},
    }


def _digest(content: Any) -> str:
    """Sixteen hexadecimal digits that change with the content."""
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()


def _check(
    pieces: Sequence[str],
    parts: Sequence[str],
    blocks: Sequence[HeatmapBlock],
    window_starts: Sequence[int],
    selected: int | None,
) -> None:
    n_tokens = len(pieces)
    if len(parts) != n_tokens:
        raise ValueError(f"parts must have one entry per token: there are {n_tokens:,} pieces and {len(parts):,} parts")
    for block in blocks:
        if np.shape(block.values) != (n_tokens,):
            shape = np.shape(block.values)
            raise ValueError(f"{block.title!r} needs one value per token, shape ({n_tokens},), not {shape}")
    outside = [start for start in window_starts if not 0 <= start <= max(n_tokens - 1, 0)]
    if outside:
        raise ValueError(f"window starts must be token positions below {n_tokens:,}, not {outside}")
    if selected is not None and not 0 <= selected < n_tokens:
        raise ValueError(f"selected must be a token position below {n_tokens:,}, not {selected}")
