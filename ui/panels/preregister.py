"""The form of the Preregister page: a hypothesis in one's own words, the one planned test, and the lock."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.errors import UserError
from core.preregistration import check_registered, held_out_words
from core.records import ALL_TESTS, CLEAR_AUC, SIDES, TESTS, ContrastResult, ContrastSpec
from core.records.gold import why_no_tags
from core.records.registration import MAX_HYPOTHESIS, RULE, RULE_OF_TEXT, SMALLEST_AUC, Registered, Registration
from core.report import registration as report
from core.report.glossary import GLOSSARY
from core.report.sentences import class_names
from core.version import __version__
from ui import class_settings, page, registrations, seen
from ui.app_pages import EVIDENCE
from ui.defaults import ALPHAS
from ui.panels import one_neuron

_HYPOTHESIS, _DIRECTION, _TEST, _ALPHA, _SMALLEST = (
    f"registered_{name}" for name in ("hypothesis", "direction", "test", "alpha", "smallest")
)
_SHOWN_ELSEWHERE = "; the Evidence page does, to whoever runs its checks"
_MISTAKE, _TEST_OF = "_registered_mistake", "_registered_test_of"


def draw_introduction() -> None:
    """Draw what this page is for."""
    st.markdown(
        "A neuron that you choose because its difference is large will look good on the words that you chose it with. "
        "So say what you expect, lock it, and only then open data that had no part in the choice. They open once."
    )


def draw_form(result: ContrastResult, neuron: int) -> None:
    """Draw the form, beside what it is about; or one sentence where there is nothing to lock."""
    spec = result.spec
    st.header("Lock a hypothesis", help=f"**Registration**: {GLOSSARY['registration']}")
    try:
        check_registered(spec)
    except UserError as error:
        st.info(page.plain(str(error)), icon=":material/info:")
        return
    if np.isnan(result.tests.statistic[neuron]):
        page.show_warning("This neuron does not vary over these words, so it cannot be tested: choose another one.")
        return
    left, right = st.columns([3, 2], gap="medium")
    with right:
        can_open = _draw_data(result, neuron)
    with left:
        _draw_boxes(spec, neuron)
        _draw_lock(result, neuron, can_open=can_open)


def _draw_data(result: ContrastResult, neuron: int) -> bool:
    """Draw what was read and what will be opened; whether there is any of it."""
    spec, words = result.spec, result.words
    with st.container(border=True, key="registered_data"):
        st.markdown(f"**Known already**: neuron {neuron} of layer {spec.layer} on the words that were read")
        st.markdown(one_neuron.verdict(result, neuron))
        st.markdown("**Opened after the lock, once**")
        held_out, tags = "", why_no_tags(spec)
        try:
            held = held_out_words(spec, words)
        except UserError as error:
            held_out = str(error)
        names = class_names(spec)
        if held_out:
            st.caption(f"Held-out words: none. {page.plain(held_out)}")
        else:
            st.caption(
                f"Held-out words: the next {len(held.target):,} {page.plain(names[0])} and {len(held.baseline):,} "
                f"{page.plain(names[1])} of the same lists. None of them, and none of their lemmas, was read by the "
                "experiment. They are rarer words, and read in the same way.",
                help=GLOSSARY["held-out words"],
            )
        if tags:
            st.caption(f"Tagged text: none. {page.plain(tags)}")
        else:
            st.caption(
                "Tagged text: the project's sentences, whose words have a part of speech given by people. Before the "
                f"lock this page shows nothing of it{class_settings.if_shown(EVIDENCE, _SHOWN_ELSEWHERE)}."
            )
        if known := seen.of(spec, neuron):
            st.caption(f"This session has seen some of it: {page.plain(_seen(known))}. The registration will say so.")
    return not held_out or not tags


def _seen(names: tuple[str, ...]) -> str:
    from core.records.registration import SEEN

    return "; ".join(SEEN[name] for name in names)


def _draw_boxes(spec: ContrastSpec, neuron: int) -> None:
    st.text_area(
        "Your hypothesis, in your own words",
        st.session_state.get(_HYPOTHESIS, ""),
        key=_HYPOTHESIS,
        height=110,
        max_chars=MAX_HYPOTHESIS,
        placeholder="Such as: I expect that this neuron is higher for nouns, also for words that I have not seen yet.",
        persist_state="session",
    )
    names = dict(zip(SIDES, class_names(spec), strict=True))
    st.segmented_control(
        f"Neuron {neuron} of layer {spec.layer} is higher for …",
        SIDES,
        default=st.session_state.get(_DIRECTION),
        key=_DIRECTION,
        format_func=lambda side: page.plain(names[side]),
        persist_state="session",
    )
    _draw_test(spec)
    _draw_sizes()


def _draw_test(spec: ContrastSpec) -> None:
    """Draw the choice of the planned test. It begins with the settings' one, and again when these change."""
    offered = tests_offered(spec)
    if st.session_state.get(_TEST_OF) != spec.test or st.session_state.get(_TEST) not in offered:
        st.session_state[_TEST], st.session_state[_TEST_OF] = spec.test, spec.test
    st.selectbox(
        "Test",
        offered,
        key=_TEST,
        format_func=lambda name: ALL_TESTS[name].label,
        persist_state="session",
        help="Of this neuron on the held-out words. It begins with the test of your settings.",
    )


def _draw_sizes() -> None:
    """Draw the boxes of alpha and of the smallest effect that counts."""
    alpha, smallest = st.columns(2, gap="small")
    with alpha:
        low, high = ALPHAS
        st.number_input(
            "α of this one test",
            low,
            high,
            st.session_state.get(_ALPHA, 0.05),
            0.01,
            format="%g",
            key=_ALPHA,
            persist_state="session",
            help="One neuron is tested once, so there is no family of tests and nothing to correct.",
        )
    with smallest:
        low, high = SMALLEST_AUC
        st.number_input(
            "Smallest AUC that counts",
            low,
            high,
            st.session_state.get(_SMALLEST, CLEAR_AUC),
            0.05,
            format="%.2f",
            key=_SMALLEST,
            persist_state="session",
            help=f"{GLOSSARY['smallest effect']} 0.5 is chance.",
        )


def tests_offered(spec: ContrastSpec) -> tuple[str, ...]:
    """The tests that may be planned: the paired one takes words, not lemmas, and equally many of both classes."""
    fits = spec.unit == "word" and spec.n_target == spec.n_baseline
    return tuple(name for name in dict.fromkeys((spec.test, *TESTS)) if fits or not ALL_TESTS[name].paired)


def _draw_lock(result: ContrastResult, neuron: int, *, can_open: bool) -> None:
    full = len(registrations.kept()) >= registrations.MOST
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Lock it",
            key="registered_lock",
            type="primary",
            icon=":material/lock:",
            disabled=full or not can_open,
            on_click=_lock,
            args=(result.spec, neuron, result.model.revision),
        )
        if full:
            st.caption(f"This browser keeps {registrations.MOST} registrations, and has as many: no more fit.")
        else:
            st.caption("After the lock, nothing of it can be changed here.")
    if mistake := st.session_state.pop(_MISTAKE, ""):
        st.error(page.plain(mistake), icon=":material/error:")
    with st.expander("The rules, and what a lock cannot do", key="registered_rules"):
        st.caption(f"**Held-out words.** {page.plain(RULE)}")
        st.caption(f"**Tagged text.** {page.plain(RULE_OF_TEXT)}")
        st.caption(f"**The lock.** {page.plain(report.LIMITS)}")


def _lock(spec: ContrastSpec, neuron: int, revision: str) -> None:
    """Callback: lock what the boxes have. A browser can send any value."""
    state = st.session_state
    try:
        one = Registered.locked(_registration(spec, neuron, revision))
    except UserError as error:
        state[_MISTAKE] = str(error)
        return
    registrations.keep(one)
    state[_HYPOTHESIS], state[_DIRECTION] = "", None
    page.show_toast("Locked. Below, you can save it, and open the data once.")


def _registration(spec: ContrastSpec, neuron: int, revision: str) -> Registration:
    state = st.session_state
    if state[_TEST] not in tests_offered(spec):
        raise UserError(f"The test is “{str(state[_TEST])[:60]}”; allowed are {', '.join(tests_offered(spec))}.")
    utc, local = registrations.now()
    one = Registration(
        hypothesis=str(state.get(_HYPOTHESIS) or ""),
        spec=spec,
        neuron=neuron,
        higher_for=str(state.get(_DIRECTION) or ""),
        planned_test=state[_TEST],
        planned_alpha=round(float(state[_ALPHA]), 6),
        smallest_auc=round(float(state[_SMALLEST]), 4),
        locked_at=utc,
        locked_at_local=local,
        model_revision=revision,
        app_version=__version__,
        seen=seen.of(spec, neuron),
    )
    if any(other.opening and other.registration.key == one.key for other in registrations.kept()):
        from dataclasses import replace

        return replace(one, seen=(*one.seen, "opened"))
    return one
