"""The upper part of the Class page: the class and the seat, the guess, the measurement, and its result."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.errors import UserError
from core.records import SIDES, ContrastSpec
from core.records.replication import SeatEffect, checked_seat
from core.replication import seat_spec
from engine.class_steps import post
from engine.limits import limits
from engine.steps import conclusion
from ui import class_seat, page, settings
from ui.class_seat import Joined
from ui.labels import model_label
from ui.panels import neuron_bar
from ui.progress import show
from ui.visitor import visitor

_ASKED, _FAILED = "_class_measure", "_class_not_posted"


def draw_introduction() -> None:
    """Draw what this page is for."""
    st.markdown(
        "A finding counts once others find it again. Here each seat of a class repeats one study on **words of its "
        "own**: no two seats share a word or a lemma. The board below shows all effects together."
    )


def draw_neuron() -> None:
    """Draw which neuron is measured, unless the class file says which."""
    if not class_seat.has_file():
        neuron_bar.draw(show(conclusion, settings.current().view.spec))


def draw_class() -> Joined | None:
    """Draw what is typed, and the study that follows from it; None as long as no class is named."""
    st.header("Your seat")
    code, words = _draw_boxes()
    if not code.strip():
        st.caption("Type the code of your class and the number of your seat. Your instructor has both.")
        return None
    try:
        joined = class_seat.join(code, words)
    except UserError as error:
        page.show_mistake(error)
        return None
    _draw_study(joined)
    return joined


def draw_seat(joined: Joined) -> int | None:
    """Draw the seat's words, the guess, the button and the result; None without a seat that there are words for."""
    seat = class_seat.seat()
    if seat is None:
        st.caption("Without a seat number you see the board of the class, and measure nothing.")
        return None
    try:
        _check_seat(seat, joined)
        spec = seat_spec(joined.study, joined.dealt, seat)
    except UserError as error:
        page.show_mistake(error)
        return None
    _draw_words(joined, spec, seat)
    measured = _measure_if_asked(joined, spec, seat)
    expected = _draw_guess(joined, locked=measured is not None)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Measure my seat and put it on the board" if measured is None else "Measure and post again",
            key="class_measure",
            type="primary" if measured is None else "secondary",
            icon=":material/science:",
            disabled=expected is None,
            on_click=_ask,
            args=(joined.key, seat),
        )
        st.button(
            "Use these words as my experiment",
            key="class_use",
            icon=":material/open_in_full:",
            on_click=class_seat.open_as_experiment,
            args=(joined, spec),
            help="All pages then show the experiment on the words of this seat, as two lists of your own.",
        )
    _draw_result(joined, measured, expected)
    _draw_what_is_kept()
    return seat


def _draw_boxes() -> tuple[str, int]:
    """The class code and the words of a seat. What is in the boxes is what the browser keeps of the seat."""
    st.session_state["class_code"] = class_seat.code()
    st.session_state["class_seat"] = class_seat.seat()
    st.session_state["class_words"] = class_seat.n_words()
    code, seat, words = st.columns(3, gap="medium")
    with code:
        st.text_input(
            "Class code",
            key="class_code",
            placeholder="Such as: meadow-7b",
            disabled=class_seat.is_fixed("code"),
            on_change=_take_boxes,
            help="The same for the whole class: it deals the words. It is no password, and should be nobody's name.",
        )
    with seat:
        st.number_input("Seat number", step=1, key="class_seat", placeholder="Such as: 7", on_change=_take_boxes)
    with words:
        st.number_input(
            "Words of each class a seat",
            step=1,
            key="class_words",
            disabled=class_seat.is_fixed("words"),
            on_change=_take_boxes,
            help="The same for the whole class. The more words a seat has, the fewer seats there are words for.",
        )
    return class_seat.code(), class_seat.n_words()


def _take_boxes() -> None:
    """Callback: keep what was typed."""
    state = st.session_state
    typed = {"code": str(state["class_code"] or "").strip(), "seat": state["class_seat"], "words": state["class_words"]}
    if class_seat.is_fixed("code"):
        typed.pop("code")
    if class_seat.is_fixed("words") or typed["words"] is None:
        typed.pop("words")
    class_seat.keep_typed(**typed)


def _check_seat(seat: int, joined: Joined) -> None:
    if joined.n_seats is not None and seat > joined.n_seats:
        raise UserError(f"The seat is “{seat}”; this class has seats 1 to {joined.n_seats}.")
    most = limits().board_seats
    if most < joined.dealt.n_seats and seat > most:
        raise UserError(f"The seat is “{seat}”; this server's board has seats 1 to {most}.")
    checked_seat(seat, joined.dealt.n_seats)


def _draw_study(joined: Joined) -> None:
    spec, study, (target, baseline) = joined.study.spec, joined.study, joined.names
    what = (
        f"neuron {study.neuron} of layer {spec.layer} of {model_label(spec.model)}, {spec.hook_side}, "
        f"{study.n_words} {target} against {study.n_words} {baseline} a seat, each a form of another lemma"
    )
    if joined.dealt.by_pairs:
        what = what.replace("each a form of another lemma", "two forms of the same lemmas")
    n = joined.dealt.n_seats
    room = f"These lists have words for {n:,} {'seat' if n == 1 else 'seats'}."
    st.caption(f"**The study, the same for all seats:** {page.plain(what)}. {room}")
    if joined.n_seats is not None and joined.n_seats > n:
        page.show_warning(
            f"The class file has {joined.n_seats:,} seats; with fewer words a seat there is room for them."
        )
    if spec.shuffle_labels:
        page.show_warning("Control: the labels of each seat's words are shuffled, so the true effect is zero.")


def _draw_words(joined: Joined, spec: ContrastSpec, seat: int) -> None:
    with st.expander(f"The words of seat {seat}", key="class_words_shown"):
        for name, lines in zip(joined.names, (spec.target_words, spec.baseline_words), strict=True):
            st.caption(page.plain(f"{name}: {', '.join(line.partition(chr(9))[0] for line in lines)}"))


def _draw_guess(joined: Joined, *, locked: bool) -> str | None:
    """The guess, before the seat is measured; afterwards it stays as it is."""
    names = dict(zip(SIDES, joined.names, strict=True))
    guess = class_seat.guess(joined)
    if locked and guess:
        st.caption(page.plain(f"You predicted that neuron {joined.study.neuron} is higher for {names[guess]}."))
        return guess
    st.session_state["class_guess"] = guess
    st.radio(
        f"First predict: for which class is neuron {joined.study.neuron} higher in your words?",
        SIDES,
        key="class_guess",
        index=None,
        format_func=lambda side: names.get(side, side),
        horizontal=True,
        on_change=_take_guess,
        args=(joined.key, joined.study.neuron),
    )
    return class_seat.guess(joined)


def _take_guess(key: str, neuron: int) -> None:
    """Callback: keep the guess with what it was made for."""
    class_seat.keep(guess=st.session_state["class_guess"], setting=key, neuron=neuron, measured=None)


def _ask(key: str, seat: int) -> None:
    """Callback: measure this seat in the next run."""
    st.session_state[_ASKED] = (key, seat)
    st.session_state.pop(_FAILED, None)


def _measure_if_asked(joined: Joined, spec: ContrastSpec, seat: int) -> SeatEffect | None:
    """Measure and post, if that was asked for; the effect, if this seat was measured in this study."""
    asked = st.session_state.get(_ASKED) == (joined.key, seat) and class_seat.guess(joined) is not None
    if not asked and not class_seat.was_measured(joined, seat):
        return None
    effect: SeatEffect = replace(class_seat.measure(joined, spec), seat=seat)
    if asked:
        st.session_state.pop(_ASKED)
        try:
            post(joined.code, joined.key, seat, effect, visitor())
        except UserError as error:
            st.session_state[_FAILED] = str(error)
        class_seat.keep_measured(joined, effect, posted=_FAILED not in st.session_state)
        st.rerun()  # the browser keeps it, and the board has it
    return effect


def _draw_result(joined: Joined, measured: SeatEffect | None, expected: str | None) -> None:
    from core.report.replication import about_seat

    if measured is None:
        return
    right = expected == SIDES[measured.g < 0]
    said = "" if measured.g == 0 else " You predicted so." if right else " You predicted the other class."
    st.success(page.plain(f"{about_seat(measured, joined.names)}{said}"), icon=":material/check_circle:")
    if not class_seat.was_posted():
        why = st.session_state.get(_FAILED, "It could not be posted when it was measured.")
        page.show_warning(
            f"Your effect is not on the board. {why} Nothing else on this page depends on it. Once the board can be "
            "reached, press “Measure and post again”."
        )


def _draw_what_is_kept() -> None:
    st.caption(
        "**What the board keeps:** the seat number, Hedges' g and its variance, the AUC, how many words of each class "
        f"were compared, and when; of the class code a digest. What is older than {limits().board_days} days is not "
        "shown, and the next effect that is posted removes it. It keeps no words, no name and no guess. The server "
        "computes the numbers, so nobody can type them in; whoever measures the same seat again puts the same numbers "
        "in their place. Your code, seat and guess stay in this browser."
    )
