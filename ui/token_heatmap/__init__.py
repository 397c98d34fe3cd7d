"""Tokens coloured by a neuron's value: a Streamlit component that shows the exact text.

The text is sent to the browser as data, and set as ``textContent``, never as markup. So ``<b>``, ``$x$`` and
``**bold**`` are shown literally. The browser is sent the values and the scales once, and colours the text by itself
when the reader wants another scale; the colours are those of ``core.report.colours``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ui.token_heatmap.blocks import BASELINE, BOTH, TARGET, HeatmapBlock, data_of, ramps_for_browser
from ui.token_heatmap.display import DEFAULT, heard_at, listener, said

__all__ = [
    "BASELINE",
    "BOTH",
    "SCRIPT",
    "STYLE",
    "TARGET",
    "HeatmapBlock",
    "digest",
    "select",
    "text_id",
    "token_heatmap",
]

_HERE = Path(__file__).parent
# One module and one style sheet for the browser, each of several files; the last script has the ``export default``.
_SCRIPTS = (
    *("numbers.js", "tokens.js", "drawing.js", "toolbar.js", "chart.js", "tip.js", "hand.js"),
    *("search.js", "ranked.js", "main.js"),
)
_STYLES = ("heatmap.css", "toolbar.css", "chart.css", "search.css", "ranked.css")


def _joined(names: Sequence[str]) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


STYLE = _joined(_STYLES)
SCRIPT = f"const RAMPS = {ramps_for_browser()};\n{_joined(_SCRIPTS)}"
_component = st.components.v2.component(
    "token_heatmap",
    html='<div class="search"></div><div class="heatmap"></div><div class="ranked"></div>',
    css=STYLE,
    js=SCRIPT,
)


def token_heatmap(
    pieces: Sequence[str],
    parts: Sequence[str],
    blocks: Sequence[HeatmapBlock],
    *,
    window_starts: Sequence[int] = (0,),
    word_starts: Sequence[int] | None = None,
    sentences: Mapping[str, Any] | None = None,
    display: Mapping[str, str] | None = None,
    on_display: Callable[[dict[str, str]], None] | None = None,
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
        Drawn side by side if the page is wide enough, else one below the other; one of both neurons above them.
    window_starts : sequence of int
        Token positions at which a new window of the model's context begins; all except 0 are marked in the text.
    word_starts : sequence of int, optional
        The first token of each word, or of each token that is no word: for the view by word.
    sentences : mapping, optional
        What the component says: ``about`` the colours (a list), of a value that is ``pooled`` over a word, of the
        ``chart``, and the ``counts`` of what is shown, by token and by word.
    display : mapping, optional
        How the text is shown: some of ``ui.defaults.DISPLAY``. Without it, there are no controls.
    on_display : callable, optional
        Called with what the reader chooses, before the next run.

    Returns
    -------
    int or None
        The position of the clicked token, which is outlined. None if there is none, or if the user clicked in another
        text. A second click on the token deselects it.

    Raises
    ------
    ValueError
        ``parts``, the values of a block, ``window_starts`` or ``word_starts`` do not fit the pieces.
    """
    _check(pieces, parts, blocks, window_starts, word_starts)
    text = text_id(pieces, parts)
    state = st.session_state.get(key)
    selected = _clicked_token(text, key, len(pieces))
    both = [data_of(block) for block in blocks if block.role == BOTH]
    content = {
        "text": text,
        "pieces": list(pieces),
        "parts": {str(i): part for i, part in enumerate(parts) if part},
        "windows": sorted({int(start) for start in window_starts} - {0}),
        "words": None if word_starts is None else [int(start) for start in word_starts],
        "blocks": [data_of(block) for block in blocks if block.role != BOTH],
        "both": both[0] if both else None,
        "toolbar": display is not None,
        **{"about": [], "pooled": "", "chart": "", "counts": {}, **(sentences or {})},
    }
    # The browser rebuilds the tokens only if the digest changes, not at each click.
    _component(
        key=key,
        data={
            **content,
            "content": digest(content),
            "display": {**DEFAULT, **(display or {})},
            "displayAt": heard_at(state, "display"),
            "selected": selected,
            "selectedAt": heard_at(state, "clicked"),
        },
        on_clicked_change=_nothing,
        on_display_change=listener(key, on_display),
    )
    return selected


def text_id(pieces: Sequence[str], parts: Sequence[str]) -> str:
    """A short name of a text, for ``select``."""
    return digest([list(pieces), list(parts)])


def select(text: str, token: int, key: str = "text_heatmap") -> None:
    """In callbacks of other widgets: select a token, and bring it into view, if the text (its id) is still drawn."""
    last = st.session_state.get(f"{key}_last_seen")
    if last and last["text"] == text:
        st.session_state[f"{key}_last_seen"] = {**last, "selected": token}


def _nothing() -> None:
    """Do nothing: Streamlit knows a state value only if it has a callback. A click needs only the rerun."""


def _clicked_token(text: str, key: str, n_tokens: int) -> int | None:
    """The token that was clicked last; None if the click was in another text. A browser can say anything.

    It is also stored in the session state under another key: Streamlit drops the state of a component in a run that
    does not draw it.
    """
    backup = f"{key}_last_seen"
    last = st.session_state.get(backup) or {"text": None, "clicked_at": None, "selected": None}
    click = said(st.session_state.get(key), "clicked") or {"text": None, "at": last["clicked_at"]}
    if click.get("text") == text and click.get("at") != last["clicked_at"]:
        index = click.get("index")
        selected = index if type(index) is int and 0 <= index < n_tokens else None
    else:
        selected = last["selected"] if last["text"] == text else None
    st.session_state[backup] = {"text": text, "clicked_at": click.get("at"), "selected": selected}
    return selected


def digest(content: Any) -> str:
    """A digest of the content, sixteen hexadecimal digits."""
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()


def _check(
    pieces: Sequence[str],
    parts: Sequence[str],
    blocks: Sequence[HeatmapBlock],
    window_starts: Sequence[int],
    word_starts: Sequence[int] | None,
) -> None:
    n_tokens = len(pieces)
    if len(parts) != n_tokens:
        raise ValueError(f"parts must have one entry per token: there are {n_tokens:,} pieces and {len(parts):,} parts")
    n_groups = None if word_starts is None else len(word_starts)
    for block in blocks:
        if np.shape(block.values) != (n_tokens,):
            shape = np.shape(block.values)
            raise ValueError(f"{block.title!r} needs one value per token, shape ({n_tokens},), not {shape}")
        shape = () if block.word_values is None else np.shape(block.word_values)
        if n_groups is not None and shape != (n_groups,):
            raise ValueError(f"{block.title!r} needs one value per word, shape ({n_groups},), not {shape}")
    for name, starts in (("window", window_starts), ("word", word_starts or ())):
        outside = [start for start in starts if not 0 <= start <= max(n_tokens - 1, 0)]
        if outside:
            raise ValueError(f"{name} starts must be token positions below {n_tokens:,}, not {outside}")
