"""One check of a neuron: its question, verdict, number, sentence and picture, its rule, and what it cannot show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from core.errors import UserError
from core.evidence import about
from core.evidence.checks import CheckModule
from core.records import CUSTOM, NOT_RUN, SIDES, Finding
from core.report import alternatives
from core.report.figures.evidence import picture_of_finding
from core.report.sentences import result_stem
from core.words.entries import written
from engine.evidence_steps import of_check
from engine.pipeline import Request
from ui import charts, page, seen, settings, verdicts
from ui.evidence_states import CheckState, ask, cancel
from ui.panels import evidence_numbers
from ui.verdicts import FAILED


def draw(request: Request, name: str, state: CheckState) -> None:
    """Draw the section of a check."""
    module = about(name)
    with st.container(border=True, key=f"check_{name}"):
        if state.finding is None:
            _draw_without_finding(of_check(request, name), module, state)
        else:
            _draw_finding(request, name, module, state.finding)


def picture_titles(states: Mapping[str, CheckState]) -> dict[str, str]:
    """The titles of the pictures that are drawn, by the keys of their charts."""
    found = {name: state.finding for name, state in states.items()}
    return {_key(name): about(name).TITLE for name, finding in found.items() if finding and finding.numbers}


def _key(name: str) -> str:
    return f"picture_{name}"


def _draw_without_finding(asked: Request, module: CheckModule, state: CheckState) -> None:
    """Draw the question, and a button that runs the check or stops it."""
    st.header(module.TITLE, anchor=asked.check)
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        with st.container(gap="xsmall"):
            st.markdown(page.plain(module.QUESTION))
            if state.word != NOT_RUN:
                st.html(verdicts.label(state.word))
            if state.word == FAILED:
                st.caption(page.plain(_why(state.error)))
        key = f"run_{asked.check}"
        if state.pending:
            st.button("Cancel", key=key, on_click=cancel, args=([asked],))
        else:
            st.button("Try again" if state.word == FAILED else "Run", key=key, on_click=ask, args=([asked],))


def _why(error: BaseException | None) -> str:
    if isinstance(error, UserError):
        return str(error)
    return f"The check has failed with an unexpected error ({type(error).__name__}), which the server's log has."


def _draw_finding(request: Request, name: str, module: CheckModule, finding: Finding) -> None:
    """Draw the verdict beside the picture, and the numbers below."""
    if name in ("held_out", "gold_text") and request.marked is not None:
        seen.note(name, request.spec, request.marked)
    drawn = bool(finding.numbers)
    text, picture = st.columns([9, 11], gap="medium") if drawn else (st.container(), None)
    with text:
        st.header(module.TITLE, anchor=name)
        st.markdown(page.plain(module.QUESTION))
        number = verdicts.number_of(finding, module.VALUE)
        number = number and f"{module.VALUE} {number}"
        st.html(verdicts.label(finding.verdict, number))
        st.markdown(page.plain(finding.sentence))
        st.caption(f"**Rule.** {page.plain(finding.rule)}")
        st.caption(f"**What it cannot show.** {page.plain(module.LIMITS)}")
        if name == "confounds" and not request.spec.shuffle_labels:  # of a control, the groups are no classes
            _draw_matched_lists(finding)
    if picture:
        with picture:
            alt = alternatives.of_check(module.TITLE, number, finding)
            charts.draw(
                picture_of_finding(name, finding, module.VALUE), _key(name), alt=alt, config={"displaylogo": False}
            )
    if name == "top_contexts":
        evidence_numbers.draw_contexts(finding.numbers)
    if drawn:
        _draw_numbers(name, request, finding)


def _draw_numbers(name: str, request: Request, finding: Finding) -> None:
    """Draw all figures as tables, once they are asked for, and as a file."""
    box = st.expander("All numbers", key=f"numbers_{name}", on_change="rerun")
    if not box.open:
        return
    with box:
        evidence_numbers.draw(finding.numbers)
        st.download_button(
            "As JSON",
            partial(_json, finding),
            f"{name}-{result_stem(request.spec)}-neuron{request.marked}.json",
            "application/json",
            key=f"json_{name}",
            on_click="ignore",
        )


def _json(finding: Finding) -> bytes:
    return (json.dumps(finding.to_plain(), ensure_ascii=False, indent=2) + "\n").encode()


def _draw_matched_lists(finding: Finding) -> None:
    """Draw a button that compares the matched words, if the check has found any."""
    lists = matched_lists(finding)
    if lists:
        st.button(
            "Use the matched lists",
            key="use_matched",
            help="Sets target and baseline to custom lists of words that are alike in length, frequency and tokens.",
            on_click=settings.set_values,
            args=(lists,),
        )


def matched_lists(finding: Finding) -> dict[str, Any]:
    """The settings that compare the matched words of the confounds check; empty if there are none.

    Examples
    --------
    >>> found = Finding("holds", "", "", figures={"matched": {"target": ["time", "day"], "baseline": ["go", "see"]}})
    >>> matched_lists(found)["target_text"]
    'time\\nday'
    """
    words, lemmas = (finding.numbers.get(name) or {} for name in ("matched", "matched_lemmas"))
    lines = {side: written(words.get(side) or (), lemmas.get(side) or ()) for side in SIDES}
    if min(map(len, lines.values())) < 2:
        return {}
    return dict.fromkeys(SIDES, CUSTOM) | {f"{side}_text": "\n".join(lines[side]) for side in SIDES}
