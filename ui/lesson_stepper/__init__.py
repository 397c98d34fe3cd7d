"""The steps of the lesson as a row of numbers: a Streamlit component. It also moves the focus where the lesson goes on.

Each step is a button; its name says its number, its title, and whether it is done. Streamlit has no element that is a
list of steps, and leaves the focus on a button that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

KEY = "lesson_stepper"
_HERE = Path(__file__).parent
_component = st.components.v2.component(
    KEY,
    html='<nav aria-label="Steps of the lesson"><ol></ol></nav>',
    css=(_HERE / "stepper.css").read_text(encoding="utf-8"),
    js=(_HERE / "stepper.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Place:
    """One place in the row: its name in links, what stands in its circle, its title, and whether it is done."""

    name: str
    mark: str
    title: str
    done: bool = False


def draw(places: Sequence[Place], now: str, focus: tuple[int, str], on_go: Callable[[str], None]) -> None:
    """Draw the row. ``on_go`` is called with the name of a place that was chosen, whatever a browser sends.

    ``focus`` has a number, and the key of a container: with each new number the focus goes there, and the page scrolls.
    """

    def go() -> None:
        """Callback of the component."""
        name: Any = (st.session_state.get(KEY) or {}).get("go")
        if isinstance(name, str):
            on_go(name)

    data = {"places": [asdict(place) for place in places], "now": now, "focus": list(focus)}
    _component(key=KEY, data=data, on_go_change=go)
