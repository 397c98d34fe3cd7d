"""The end of the lesson: each guess beside what the answer was, and where to go on."""

from __future__ import annotations

import streamlit as st

from core.lesson import Step, written
from core.report.markdown import table
from ui import lesson_progress, navigation, page, settings
from ui.app_pages import CLASS, PREREGISTER, QUIZ
from ui.panels import lesson_guess, session_print

NAME, TITLE = "summary", "Your guesses"


def draw(steps: tuple[Step, ...]) -> None:
    """Draw what was guessed at each step, and links."""
    with st.container(key="lesson_head"):
        st.header(f"{TITLE}, and what to do next", anchor=False)
    known = lesson_progress.guesses()
    done = [step for step in steps if step.name in known and known[step.name].done]
    if not done:
        st.markdown("No step is done yet. Each step that you do stands here, with your guess and the answer.")
    else:
        _draw_table(steps, known)
    st.markdown(
        "What the lesson showed is about words on two lists. To claim more, say first what you expect, and then test "
        "it on words and texts that you have not seen."
    )
    with st.container(horizontal=True, key="lesson_links"):
        for to, label in (
            (PREREGISTER, "Commit to a hypothesis"),
            (QUIZ, "Test yourself"),
            (CLASS, "Replicate as a class"),
        ):
            navigation.draw_link(to, label)
    session_print.draw_of_now()


def _draw_table(steps: tuple[Step, ...], known: dict[str, lesson_progress.Guess]) -> None:
    """A table of all steps that are shown."""
    spec, rows = settings.current().view.spec, []
    for number, step in enumerate(steps, 1):
        kept, asked, title = known.get(step.name), step.guess(spec), f"{number}. {step.title}"
        if kept is None or not kept.done:
            rows.append((title, "–", "–", "not done yet"))
            continue
        guess, answer = ("none" if each in (None, "") else written(each, asked) for each in (kept.guess, kept.answer))
        near = lesson_guess.how_near(kept.guess, kept.answer, asked)
        rows.append((title, page.plain(guess), page.plain(answer), near))
    with st.container(key="lesson_table"):
        st.markdown(table(("step", "your guess", "the answer then", "how near"), rows))
