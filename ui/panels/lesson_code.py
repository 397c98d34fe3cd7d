"""The lines of PyTorch of a step of the lesson: its own, or a whole program that runs alone; and what they print."""

from __future__ import annotations

import math

import streamlit as st

from core.errors import UserError
from core.lesson import Live, Step, program
from ui import page, settings

_PARTS = ("This step", "All lines so far")


def draw(step: Step, live: Live, steps: tuple[Step, ...], *, answered: bool) -> None:
    """Draw the lines, folded. They are made only when they are opened. The number that they print is an answer."""
    box = st.expander("The lines of PyTorch", key=f"lesson_code_{step.name}", icon=":material/code:", on_change="rerun")
    if not box.open:
        return
    with box:
        part = st.segmented_control(
            "Which lines", _PARTS, default=_PARTS[0], key="lesson_lines", required=True, label_visibility="collapsed"
        )
        try:
            whole = part == _PARTS[1]
            lines = program(step, live, steps) if whole else step.code(live)
            number = step.reveal(live).number
        except UserError as error:
            st.caption(page.plain(str(error)))
            return
        st.code(lines, language="python")
        if answered and math.isfinite(number):
            go_on = "" if whole else " They go on from the lines of the steps before: see “All lines so far”."
            st.caption(f"With the settings of now, the last number that these lines print is `{number:.6g}`.{go_on}")
        if settings.current().view.spec.model == "bundled" and whole:
            st.caption(
                "For the bundled model, MODEL_FOLDER names the folder of its files, which is "
                "assets/models/grammar-neo-9m in this app."
            )
