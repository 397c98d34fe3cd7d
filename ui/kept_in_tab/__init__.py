"""What a user has typed stays in the browser's tab, in its session storage: a component that nobody sees.

A reload keeps it, a duplicated tab has a copy, and it ends with the tab. It is in no address, and not on the server's
disk. What comes back from a browser may be forged: it is checked like any input.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

KEY = "kept_in_tab"
# Bytes of all that is kept. A browser's message may have 4 MB, and 1,000,000 characters of what a component holds
# (server/sessions/messages.py): two lists of 10,000 words have some hundred thousand.
MOST_BYTES = 900_000
_SESSION = "_kept_session"  # a name of this session
_LEFT_OUT = "_kept_left_out"  # the keys of boxes whose texts were too long
_ANSWER = "_kept_answer"  # what the tab has given back, until it is used; then None

_component = st.components.v2.component(
    KEY, html="<div></div>", js=(Path(__file__).parent / "kept_in_tab.js").read_text(encoding="utf-8")
)


def bytes_of(value: Any) -> int | None:
    """How many bytes a value takes as JSON; None if it cannot be JSON: a forged text may have half of a character.

    Examples
    --------
    >>> bytes_of({"é": 1}), bytes_of("\\ud800")
    (9, None)
    """
    try:
        return len(json.dumps(value, ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError):
        return None


@dataclass(frozen=True)
class Kept:
    """What a tab keeps: the texts of boxes, choices beside them, and the settings that are no valid ones yet.

    ``link`` has the parameters of the address at that time.
    """

    boxes: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    link: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_browser(cls, value: Any) -> Kept:
        """Read what a browser has sent. Whatever has another form is left out."""
        if bytes_of(value) is None:
            return cls()
        parts = value if isinstance(value, dict) else {}
        parts = {name: part if isinstance(part, dict) else {} for name, part in parts.items()}
        boxes = {key: text for key, text in parts.get("boxes", {}).items() if isinstance(text, str)}
        return cls(boxes, *(parts.get(name, {}) for name in ("choices", "settings", "link")))

    def for_browser(self) -> dict[str, Any] | None:
        """What a browser is to store: without its longest texts, if all together is too much; None if it is empty."""
        boxes = dict(self.boxes)
        while boxes or self.choices or self.settings:
            kept = {"boxes": boxes, "choices": self.choices, "settings": self.settings, "link": self.link}
            if len(json.dumps(kept, ensure_ascii=False).encode()) <= MOST_BYTES:
                return kept
            del boxes[max(boxes, key=lambda key: len(boxes[key]))]
        return None


def draw(kept: Kept, boxes: tuple[str, ...], *, waits: bool = False) -> None:
    """Draw the component: it stores what is to be kept, and gives back what it has to a session that begins.

    ``boxes`` are the keys of the text boxes, of which it also keeps what is typed and not sent yet. ``waits`` asks for
    an answer in any case.
    """
    session = st.session_state.setdefault(_SESSION, secrets.token_hex(8))
    asks = _ANSWER not in st.session_state
    keep = kept.for_browser()
    st.session_state[_LEFT_OUT] = frozenset(kept.boxes) - frozenset(keep["boxes"] if keep else ())
    data = {"session": session, "asks": asks, "waits": waits, "keep": keep, "boxes": list(boxes)}
    _component(key=KEY, data={**data, "most": MOST_BYTES}, on_kept_change=_note_answer)


def is_left_out(key: str) -> bool:
    """Whether the text of a box is too long to be kept with the others, so that a reload loses it."""
    return key in st.session_state.get(_LEFT_OUT, ())


def answered() -> bool:
    """Whether the tab has given back what it has, or is not waited for any more."""
    return _ANSWER in st.session_state


def answer() -> Kept | None:
    """What the tab has given back, until ``forget_answer``."""
    value: Kept | None = st.session_state.get(_ANSWER)
    return value


def forget_answer() -> None:
    """Say that the answer was used."""
    if answered():
        st.session_state[_ANSWER] = None


def go_on_without() -> None:
    """Callback: do not wait for the tab any more."""
    st.session_state.setdefault(_ANSWER, Kept())


def _note_answer() -> None:
    """Callback of the component. Only its first answer counts."""
    if not answered():
        st.session_state[_ANSWER] = Kept.from_browser((st.session_state.get(KEY) or {}).get("kept"))
