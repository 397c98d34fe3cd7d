"""Tokens coloured by a neuron's value: a Streamlit component that shows the exact text.

The text is sent to the browser as data, and set as ``textContent``, never as markup. So ``<b>``, ``$x$`` and
``**bold**`` are shown literally. The scripts only look up colours: ``core.report.colours`` computes them.
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

from core.report.colours import THEMES, ColourScale, ramp, steps
from core.report.readable import readable_number

_HERE = Path(__file__).parent
# One module and one style sheet for the browser, each of several files; the last script has the ``export default``.
_SCRIPTS = ("tokens.js", "drawing.js", "tip.js", "hand.js", "main.js")
_STYLES = ("heatmap.css",)


def _joined(names: Sequence[str]) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


_component = st.components.v2.component(
    "token_heatmap",
    html='<div class="heatmap"></div>',
    css=_joined(_STYLES),
    js=_joined(_SCRIPTS),
)


@dataclass(frozen=True, eq=False)
class HeatmapBlock:
    """The text coloured by one neuron: ``values`` is (n_tokens,), and ``scale`` gives their colours."""

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
    key: str = "text_heatmap",
) -> int | None:
    """Draw the text once for each block, and return the token that was clicked.

    A single space before a word is not coloured and has no mark: at a line break, a coloured strip of the next token
    would remain. Newlines, tabs, other spaces and control characters are marked.

    Parameters
    ----------
    pieces, parts : sequence of str, n_tokens long
        As in ``TokenActivations``: ``"".join(pieces)`` is the text, and ``parts`` has the parts of split characters.
    blocks : sequence of HeatmapBlock
        Drawn side by side if the page is wide enough, else one below the other.
    window_starts : sequence of int
        Token positions at which a new window of the model's context begins; all except 0 are marked in the text.

    Returns
    -------
    int or None
        The position of the clicked token, which is outlined. None if there is none, or if the user clicked in another
        text. A second click on the token deselects it.

    Raises
    ------
    ValueError
        ``parts``, the values of a block or ``window_starts`` do not fit the pieces.
    """
    _check(pieces, parts, blocks, window_starts)
    text = text_id(pieces, parts)
    selected = _clicked_token(text, key)
    content = {
        "text": text,
        "pieces": list(pieces),
        "parts": {str(i): part for i, part in enumerate(parts) if part},
        "windows": sorted({int(start) for start in window_starts} - {0}),
        "blocks": [_block_data(block) for block in blocks],
    }
    # The browser rebuilds the tokens only if the digest changes, not at each click.
    _component(
        key=key,
        data={**content, "content": _digest(content), "selected": selected},
        on_clicked_change=_nothing,
    )
    return selected


def text_id(pieces: Sequence[str], parts: Sequence[str]) -> str:
    """A short name of a text, for ``select``."""
    return _digest([list(pieces), list(parts)])


def select(text: str, token: int, key: str = "text_heatmap") -> None:
    """In callbacks of other widgets: select a token, and bring it into view, if the text (its id) is still drawn."""
    last = st.session_state.get(f"{key}_last_seen")
    if last and last["text"] == text:
        st.session_state[f"{key}_last_seen"] = {**last, "selected": token}


def _nothing() -> None:
    """Do nothing: Streamlit knows a state value only if it has a callback. A click needs only the rerun."""


def _clicked_token(text: str, key: str) -> int | None:
    """The token that was clicked last; None if the click was in another text.

    It is also stored in the session state under another key: Streamlit drops the state of a component in a run that
    does not draw it.
    """
    backup = f"{key}_last_seen"
    last = st.session_state.get(backup) or {"text": None, "clicked_at": None, "selected": None}
    click = (st.session_state.get(key) or {}).get("clicked") or {"text": None, "at": last["clicked_at"]}
    if click["text"] == text and click["at"] != last["clicked_at"]:
        selected = click["index"]
    else:
        selected = last["selected"] if last["text"] == text else None
    st.session_state[backup] = {"text": text, "clicked_at": click["at"], "selected": selected}
    return selected


def _block_data(block: HeatmapBlock) -> dict[str, Any]:
    """The data of a block for the browser: a colour step and a readable value for each token, and two ramps."""
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
    """A digest of the content, sixteen hexadecimal digits."""
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()


def _check(
    pieces: Sequence[str],
    parts: Sequence[str],
    blocks: Sequence[HeatmapBlock],
    window_starts: Sequence[int],
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
