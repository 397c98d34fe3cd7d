"""Predict, then look: the question of a step, a guess that is committed, and guess and answer side by side.

The answer is computed from the live result in each run. What is kept is the guess, and what the answer was then.
"""

from __future__ import annotations

import zlib
from typing import Any

import streamlit as st

from core.lesson import Choice, Live, Number, Options, Reveal, Step, written
from core.records import ContrastSpec
from core.report.readable import as_chosen, readable_number
from ui import chosen, lesson_progress, page, settings
from ui.lesson_progress import Answer, Guess
from ui.panels.text_input import sample_shown
from ui.widgets import say_why

_AGAIN = "_lesson_guess_again"  # the step at which another guess is made
_SAID = "_lesson_guess_said"  # the step, and why its guess was not taken
ANSWER = "lesson_answer"  # the key of the answer, to which the focus goes
RIGHT, NEAR, OFF, NO_GUESS, NO_ANSWER = "right", "near", "not this time", "opened without a guess", "no answer"
_LARGEST_SHOWN = 10**12  # a number beyond it is quoted as it came
_NEAR = 0.05  # of the range of numbers: so far a guess may be from the answer, to be near
_EXACT = 0.005  # of a range that is not of whole numbers: a guess so near is right


def draw_question(step: Step, spec: ContrastSpec) -> None:
    """Draw the question: with the form for a guess, unless the step has one."""
    kept = lesson_progress.guesses().get(step.name)
    if kept and st.session_state.get(_AGAIN) != step.name:
        st.markdown(f"**Predict, then look.** {page.plain(step.question)}")
        return
    with st.form(f"lesson_form_{step.name}", border=True):
        key = _draw_guess(step, step.guess(spec))
        said_of, sentence = st.session_state.get(_SAID, ("", ""))
        say_why(sentence if said_of == step.name else None)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.form_submit_button(
                "Commit to this guess",
                key=f"lesson_commit_{step.name}",
                type="primary",
                on_click=_commit,
                args=(step.name, key, chosen.snapshot()),
            )
            if kept:
                st.form_submit_button(
                    "Keep the earlier guess", key=f"lesson_keep_{step.name}", type="tertiary", on_click=_stop
                )
            else:
                st.form_submit_button(
                    "Show without a guess",
                    key=f"lesson_show_{step.name}",
                    type="tertiary",
                    on_click=_open,
                    args=(step.name,),
                )
    with st.expander("A hint", key=f"lesson_hint_{step.name}", icon=":material/lightbulb:"):
        st.caption(page.plain(step.hint))


def is_open(step: Step) -> bool:
    """Whether the answer of a step may be shown: after a guess, or where the student wanted none."""
    return step.name in lesson_progress.guesses() and st.session_state.get(_AGAIN) != step.name


def draw_answer(step: Step, live: Live) -> None:
    """Draw guess and answer, side by side and in words. Keep what the answer was, the first time."""
    guess, reveal = lesson_progress.guesses()[step.name], step.reveal(live)
    elsewhere = _is_of_other_settings(guess, step, live)
    if not guess.done and not elsewhere:
        lesson_progress.keep_answer(step.name, reveal.value, live.neuron)
        st.rerun()  # the row of steps and the browser hear of it
    asked = step.guess(live.spec)
    with st.container(border=True, key=ANSWER):
        left, right = st.columns(2)
        left.markdown(
            f":small[Your guess]  \n**{page.plain('none' if guess.guess is None else written(guess.guess, asked))}**"
        )
        right.markdown(f":small[The live result]  \n**{page.plain(written(reveal.value, asked))}**")
        if elsewhere:
            _draw_other_settings(guess, asked)
        else:
            st.markdown(f"**{page.plain(verdict(guess.guess, reveal, asked))}**")
        st.markdown(page.plain(reveal.sentence))
        if elsewhere or guess.guess is None:
            label = "Guess for these settings" if elsewhere else "Make a guess after all"
            st.button(label, key=f"lesson_again_{step.name}", on_click=_again, args=(step.name,))


def verdict(guess: Answer, reveal: Reveal, asked: Options) -> str:
    """How near a guess was, in words that blame nobody.

    Examples
    --------
    >>> verdict("nouns", Reveal("verbs", 1.0, ""), Choice(("nouns", "verbs")))
    'Not this time. The answer is “verbs”. A guess that was off is worth a second look at the picture.'
    >>> verdict(40, Reveal(31, 31.0, ""), Number(0, 512))
    'Near: your guess is 9 above it.'
    >>> verdict(50, Reveal(0.1, 0.1, ""), Number(0, 100, unit="%"))
    'Not this time: your guess is 49.9 percentage points above it.'
    """
    right, near = reveal.value, how_near(guess, reveal.value, asked)
    if near == NO_ANSWER:
        return "With these settings, the question has no answer."
    if near == NO_GUESS:
        return "Opened without a guess."
    if near == RIGHT:
        return "Right."
    begins = "Near" if near == NEAR else "Not this time"
    if isinstance(right, str) or isinstance(guess, str) or guess is None or right is None:
        is_it = f"{begins}. The answer is “{written(right, asked)}”."
        return f"{is_it} A guess that was off is worth a second look at the picture."
    way, off = "above" if guess > right else "below", abs(guess - right)
    if isinstance(asked, Number) and asked.unit == "%":
        return f"{begins}: your guess is {readable_number(off)} percentage points {way} it."
    return f"{begins}: your guess is {written(off, asked)} {way} it."


def how_near(guess: Answer, right: Answer, asked: Options) -> str:
    """How near a guess was: one of ``RIGHT``, ``NEAR``, ``OFF``, ``NO_GUESS`` and ``NO_ANSWER``.

    A number is near within 5% of the range of what can be guessed.

    Examples
    --------
    >>> how_near(30, 31, Number(0, 512)), how_near(400, 31, Number(0, 512)), how_near(None, 31, Number(0, 512))
    ('near', 'not this time', 'opened without a guess')
    """
    if right in (None, ""):
        return NO_ANSWER
    if guess is None:
        return NO_GUESS
    if isinstance(right, str) or isinstance(guess, str) or not isinstance(asked, Number):
        return RIGHT if guess == right else OFF
    span, off = asked.high - asked.low, abs(guess - float(right or 0))
    if off <= (0.5 if asked.whole else _EXACT * span):
        return RIGHT
    return NEAR if off <= _NEAR * span else OFF


def _draw_guess(step: Step, asked: Options) -> str:
    """Draw what a guess is made with, and return its key."""
    if isinstance(asked, Choice):
        key = f"lesson_choice_{step.name}_{zlib.crc32(repr(asked.options).encode())}"  # other classes, other options
        st.radio(f"**Predict, then look.** {page.plain(step.question)}", asked.options, index=None, key=key)
        return key
    key = f"lesson_number_{step.name}"
    st.number_input(
        f"**Predict, then look.** {page.plain(step.question)}",
        value=None,
        step=1 if asked.whole else 0.01,
        key=key,
        placeholder=f"{written(asked.low, asked)} to {written(asked.high, asked)}",
        width=260,
    )
    return key


def _draw_other_settings(guess: Guess, asked: Options) -> None:
    """Say that the guess was for other settings, and how it was then; the answer beside it is of those of now."""
    then = f", where the answer was {written(guess.answer, asked)}" if guess.answer not in (None, "") else ""
    if guess.guess is None:
        then = f"You opened the answer with other settings{then}."
    else:
        then = f"Your guess was for other settings{then}."
    st.markdown(page.plain(f"{then} The result beside it is for the settings of now."))


def _is_of_other_settings(guess: Guess, step: Step, live: Live) -> bool:
    if guess.setting != live.spec.digest or (guess.done and guess.neuron != live.neuron and "neuron" in step.controls):
        return True
    return "sample" in step.controls and guess.text != sample_shown()


def _commit(name: str, key: str, drawn_with: chosen.Snapshot) -> None:
    """Callback: keep the guess that is in the form. A browser can send any value."""
    step = next(each for each in lesson_progress.lesson_steps_shown() if each.name == name)
    spec, guess = settings.current().view.spec, st.session_state.get(key)
    if chosen.is_stale(drawn_with):
        return  # the question was about other settings
    if sentence := mistake(guess, step.guess(spec)):
        st.session_state[_SAID] = (name, sentence)
        return
    _keep(name, guess, spec)


def _open(name: str) -> None:
    """Callback: show the answer without a guess."""
    _keep(name, None, settings.current().view.spec)


def _keep(name: str, guess: Answer, spec: ContrastSpec) -> None:
    _stop()
    settings.choose(step=name)  # where a link named none, the next run would go on to the next step
    lesson_progress.keep_guess(name, guess, spec, sample_shown())
    focus(ANSWER)


def mistake(guess: Any, asked: Options) -> str:
    """Why this is no guess, in a sentence; empty if it is one.

    Examples
    --------
    >>> mistake(None, Choice(("nouns", "verbs")))
    'Choose an answer first, or show the result without a guess.'
    >>> mistake(600, Number(0, 512))
    '600 is out of range: 0 to 512 are allowed.'
    """
    if guess is None:
        what = "Choose an answer" if isinstance(asked, Choice) else "Type a number"
        return f"{what} first, or show the result without a guess."
    if isinstance(asked, Choice):
        return "" if guess in asked.options else "Choose one of the answers that are offered."
    number = isinstance(guess, int | float) and not isinstance(guess, bool)
    if not number or not asked.low <= guess <= asked.high:  # false for NaN
        said = as_chosen(guess) if number and abs(guess) <= _LARGEST_SHOWN else str(guess)[:60]
        return f"{said} is out of range: {written(asked.low, asked)} to {written(asked.high, asked)} are allowed."
    return ""


def _again(name: str) -> None:
    """Callback: ask for another guess, for the settings of now."""
    st.session_state[_AGAIN] = name


def _stop() -> None:
    """Callback: no longer ask for another guess."""
    for key in (_AGAIN, _SAID):
        st.session_state.pop(key, None)


_FOCUS = "_lesson_focus"


def focus(key: str) -> None:
    """Move the focus to the container with this key, in the run that follows."""
    number, _ = st.session_state.get(_FOCUS, (0, ""))
    st.session_state[_FOCUS] = (number + 1, key)


def focused() -> tuple[int, str]:
    """How often the focus was moved, and to which container last."""
    number, key = st.session_state.get(_FOCUS, (0, ""))
    return int(number), str(key)
