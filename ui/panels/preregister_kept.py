"""What was locked: each registration, its one opening, what was found, and what is reported otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from core.errors import UserError
from core.evidence.checks import PASSING
from core.preregistration import gold_separation, held_out_spec, planned_test
from core.records import ContrastResult
from core.records.gold import tags_of
from core.records.registration import Change, Opening, Registered
from core.report import registration as report
from core.version import __version__
from engine import evidence_steps, steps
from engine.pipeline import Request
from ui import charts, kept_in_browser, page, registrations, settings, verdicts
from ui.link import params_of
from ui.link_values import View
from ui.progress import get, show

_SETS = {"held_out": "Held-out words", "gold_text": "Tagged text"}


def draw(result: ContrastResult, neuron: int) -> None:
    """Draw all registrations, the newest first, and the button that saves them."""
    kept = registrations.kept()
    st.header("Your registrations")
    kept_in_browser.draw_problem()
    if n := registrations.n_unreadable():
        page.show_warning(f"{n:,} kept {'entry is' if n == 1 else 'entries are'} no registration, and left out.")
    if not kept:
        st.caption("Nothing is locked yet. What you lock stays here, in this browser, also after the tab is closed.")
        return
    verdicts.draw_style()
    changed = {one.digest: registrations.changed(one, neuron, result.model.revision) for one in kept}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Save all (JSON)",
            partial(_json, [(one, changed[one.digest]) for one in kept]),
            "registrations.json",
            "application/json",
            key="registrations_json",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption("The file has all of this, with what is reported otherwise now, times in UTC, and all digits.")
    for one in kept:
        with st.container(border=True, key=f"registration_{one.digest[:12]}"):
            _draw_one(one, changed[one.digest])


def _json(kept: Sequence[tuple[Registered, Sequence[Change]]]) -> bytes:
    return (report.registrations_json(kept, registrations.now()[0]) + "\n").encode("utf-8", "replace")


def _draw_one(one: Registered, changed: Sequence[Change]) -> None:
    locked = one.registration
    st.header(page.plain(report.title(locked)), anchor=f"registration-{one.digest[:12]}")
    st.markdown(f"“{page.plain(' '.join(locked.hypothesis.split()))}”")
    st.markdown(page.plain(report.statement(locked)))
    st.caption(
        f"Locked {report.times(locked.locked_at, locked.locked_at_local)} · model revision "
        f"`{locked.model_revision[:19]}` · app {locked.app_version} · digest `{one.digest[:16]}`"
    )
    if not one.intact:
        page.show_warning(report.FORGED)
    if sentence := report.seen_before(locked):
        st.caption(page.plain(sentence))
    if one.opening is None:
        _draw_closed(one)
    else:
        _draw_opened(one, one.opening)
    _draw_changes(one, changed)


def _draw_closed(one: Registered) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Open the data, once",
            key=f"open_{one.digest[:12]}",
            type="primary",
            icon=":material/lock_open:",
            disabled=not one.intact,
            on_click=_open,
            args=(one.digest,),
        )
        st.caption("The planned test is computed with the registered settings, whatever the sidebar has by then.")


def _open(digest: str) -> None:
    """Callback: note the opening. What it shows is computed by the page, and this cannot be taken back."""
    one = registrations.find(digest)
    if one is not None and one.opening is None:
        utc, local = registrations.now()
        registrations.keep(one.opened(Opening(utc, local, __version__)))


def _draw_opened(one: Registered, opening: Opening) -> None:
    if not opening.done and one.intact:
        try:
            registrations.keep(one.opened(_read(one, opening)))
        except UserError as error:  # the server is busy, or a model cannot be had now
            page.show_mistake(error)
            st.button("Try again", key=f"again_{one.digest[:12]}")
            return
        st.rerun()  # the browser is to keep it at once
    found = report.verdicts(one)
    st.caption(f"Opened {report.times(opening.opened_at, opening.opened_at_local)}")
    for column, (name, title) in zip(st.columns(2, gap="medium"), _SETS.items(), strict=True):
        with column:
            st.markdown(f"**{title}**")
            if name in found:
                st.html(verdicts.label(found[name]))
            st.markdown(page.plain({"held_out": report.of_test, "gold_text": report.of_text}[name](one)))
    if found:
        _draw_picture(one)
    if said := report.conclusion(one):
        st.markdown(f"**What this supports.** {page.plain(said)}")


def _draw_picture(one: Registered) -> None:
    from core.report.figures.registered import registered_aucs  # the start needs none of it

    alt = f"The AUCs with their intervals. {report.of_test(one)} {report.of_text(one)}"
    look = {"displaylogo": False, "displayModeBar": False}
    charts.draw(registered_aucs(one), f"registered_aucs_{one.digest[:12]}", alt=alt, config=look)


def _read(one: Registered, opening: Opening) -> Opening:
    """The opening with what both sets of data say, computed with the registered settings."""
    locked, missing = one.registration, dict(opening.missing)
    spec, test, separation, revision = locked.spec, opening.held_out, opening.gold_text, opening.model_revision
    try:
        held = show(steps.conclusion, held_out_spec(locked.planned_spec, show(steps.words, spec)))
        test, revision = planned_test(held, locked), held.model.revision
    except UserError as error:
        _raise_if_passing(error)
        missing["held_out"] = str(error)
    try:
        tags_of(spec)  # the sentence why there are none
        finding = get(evidence_steps.finding, Request(spec, marked=locked.neuron, check="gold_text"))
        separation = gold_separation(finding, locked)
    except UserError as error:
        _raise_if_passing(error)
        missing["gold_text"] = str(error)
    return replace(opening, held_out=test, gold_text=separation, model_revision=revision, missing=missing)


def _raise_if_passing(error: UserError) -> None:
    """Another try may help: then the opening is not over."""
    if error.about in (*PASSING, "download", "cancelled"):
        raise error


def _draw_changes(one: Registered, changed: Sequence[Change]) -> None:
    if not changed:
        st.caption("Nothing is changed: what the pages show now has the registered settings.")
        return
    st.markdown(f"**{report.CHANGED_TITLE}**, as the pages are set now")
    st.markdown("\n".join(f"- {page.plain(report.change_sentence(change))}" for change in changed))
    st.button(
        "Back to the registered settings",
        key=f"back_{one.digest[:12]}",
        icon=":material/undo:",
        on_click=_go_back,
        args=(one.digest,),
    )


def _go_back(digest: str) -> None:
    """Callback: set the sidebar and the neuron as they were locked, by way of a link, which checks them."""
    from ui import link

    one = registrations.find(digest)
    if one is None:
        return
    view, problems = link.read(params_of(View(one.registration.spec, one.registration.neuron)))
    settings.open_view(view, settings.current().values, problems)
