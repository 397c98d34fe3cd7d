"""The Lesson page: one step at a time. Its idea and question stand left, the live picture and its control right."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import streamlit as st

from core.lesson import Step, terms_at
from core.report.glossary import GLOSSARY
from engine import lesson_steps
from engine.pipeline import Request
from engine.steps import conclusion
from ui import kept_in_browser, lesson_progress, lesson_stepper, link, navigation, page, parts, remedies, settings
from ui.app_pages import LESSON, PAGES
from ui.lesson_progress import lesson_steps_shown
from ui.lesson_stepper import Place
from ui.panels import export, lesson_code, lesson_controls, lesson_end, lesson_guess, lesson_picture, neuron_bar
from ui.progress import get

_PICTURE = "lesson-picture"  # where a link on a narrow page leads
HEAD = "lesson_head"  # the key of the step's heading, to which the focus goes


def draw() -> None:
    """Draw the step that the link names, or the summary at the end."""
    steps = lesson_steps_shown()
    step = _current(steps)
    _draw_row(steps, step)
    if step is None:
        lesson_end.draw(steps)
        _draw_foot(steps, None)
        return
    at = steps.index(step)
    kept_in_browser.draw_problem()
    with st.container(key=HEAD):
        st.header(f"Step {at + 1} of {len(steps)}: {step.title}", anchor=False)
    st.set_page_config(page_title=f"Step {at + 1} of {len(steps)}: {step.title} · Grammar Neurons")
    answered = lesson_guess.is_open(step)
    left, right = st.container(key="lesson_columns").columns(2, gap="large")
    more, foot = st.container(), st.container()
    with left:
        _draw_idea(step, steps)
        st.html(f'<a class="gn-to-picture" href="#{_PICTURE}">See the picture, below the question</a>')
        lesson_guess.draw_question(step, settings.current().view.spec)
        answer = st.container()
    with foot:
        _draw_foot(steps, step)
    with right:  # at last: it may have to wait
        lesson_controls.draw(step.controls)
        bar, seen = st.container(), st.container()
        with remedies.showing_user_errors():
            with seen:
                result = get(conclusion, Request(settings.current().view.spec))
            with bar if "neuron" in step.controls else more:
                neuron = neuron_bar.draw(result)
            with seen:
                live = lesson_steps.live(step, result.spec, neuron, lesson_controls.text(), get=get)
                st.html(f'<div id="{_PICTURE}" tabindex="-1"></div>')
                lesson_picture.draw(step, live, answered=answered)
                page.show_notes(live.result.notes)
    if answered:
        with answer:
            lesson_guess.draw_answer(step, live)
    with more:
        lesson_code.draw(step, live, steps, answered=answered)
        there = next(each for each in PAGES if each.script == step.page)
        navigation.draw_link(there, f"Open on the {there.title} page")
    export.draw(result)


def draw_framed() -> None:
    """Draw a step in a frame of another page: its idea, its picture, or both, without a question or a control."""
    steps, shown = lesson_steps_shown(), parts.of(LESSON.title)
    step = _current(steps) or steps[-1]
    st.header(step.title, anchor=False)
    if "idea" in shown:
        _draw_idea(step, steps)
    if "picture" in shown:
        with remedies.showing_user_errors():
            result = get(conclusion, Request(settings.current().view.spec))
            neuron = neuron_bar.draw(result)
            lesson_picture.draw(step, lesson_steps.live(step, result.spec, neuron, lesson_controls.text(), get=get))
            page.show_notes(result.notes)


def _current(steps: tuple[Step, ...]) -> Step | None:
    """The step that is shown; None for the summary.

    Without a choice it is the first one that is not done. The browser's answer may come after the first run, so this
    is no choice of this session until something is pressed.
    """
    named = settings.current().view.step
    if named == lesson_end.NAME:
        return None
    for step in steps:
        if step.name == named:
            return step
    if named:
        names = ", ".join(step.name for step in steps)
        page.show_warning(f"step is “{named[:60]}”; the steps of the lesson are {names}. The first one is shown.")
        _show(steps[0].name)
        return steps[0]
    return steps[min(lesson_progress.first_open() or 0, len(steps) - 1)]


def _show(name: str) -> None:
    settings.choose(step=name)
    link.write(settings.current().view)


def _draw_row(steps: tuple[Step, ...], now: Step | None) -> None:
    """Draw the row of all steps, with the summary at its end."""
    known = lesson_progress.guesses()
    places = [
        Place(step.name, str(number), step.title, step.name in known and known[step.name].done)
        for number, step in enumerate(steps, 1)
    ]
    places.append(Place(lesson_end.NAME, "Σ", lesson_end.TITLE))
    now_name = lesson_end.NAME if now is None else now.name
    lesson_stepper.draw(places, now_name, lesson_guess.focused(), partial(_go, tuple(place.name for place in places)))


def _go(allowed: tuple[str, ...], name: str) -> None:
    """Callback: show another step. A browser can send any name."""
    if name in allowed:
        settings.choose(step=name)
        lesson_guess.focus(HEAD)


def _draw_idea(step: Step, steps: tuple[Step, ...]) -> None:
    """Draw the idea, the words that stand here first, and what to look for."""
    st.markdown(" ".join(step.idea))
    if terms := terms_at(step, steps):
        rows = "".join(
            f"<div><dt>{escape(term)}</dt><dd>{escape(GLOSSARY[term])}</dd></div>" for term in terms if term in GLOSSARY
        )
        st.html(f'<dl class="gn-terms" aria-label="Words that are new here">{rows}</dl>')
    st.markdown(f"**In the picture.** {page.plain(step.look_for)}")


def _draw_foot(steps: tuple[Step, ...], now: Step | None) -> None:
    """Draw the buttons to the step before and the next one, and the one that starts again."""
    at = len(steps) if now is None else steps.index(now)
    names: list[str] = [*(step.name for step in steps), lesson_end.NAME]
    titles = [*(step.title for step in steps), lesson_end.TITLE]
    known = lesson_progress.guesses()
    goes_on = now is not None and now.name in known and known[now.name].done
    with st.container(key="lesson_foot", horizontal=True, horizontal_alignment="distribute"):
        for label, to, key, more in (
            ("Back", at - 1, "lesson_back", {"icon": ":material/arrow_back:"}),
            ("Next", at + 1, "lesson_next", {"icon": ":material/arrow_forward:", "icon_position": "right"}),
        ):
            there = 0 <= to < len(names)
            options: dict[str, Any] = {"type": "primary" if key == "lesson_next" and goes_on else "secondary", **more}
            args = (tuple(names), names[to] if there else "")
            said = f"{label}: {titles[to]}" if there else label
            if there:
                st.button(said, key=key, on_click=_go, args=args, **options)
        if known:
            _draw_start_again(names[0])


def _draw_start_again(first: str) -> None:
    """Draw what forgets all guesses, after a question."""
    with st.popover("Start the lesson again", type="tertiary", key="lesson_again"):
        st.markdown("This forgets all your guesses of the lesson, also in this browser.")
        st.button("Forget my guesses", key="lesson_forget", on_click=_start_again, args=(first,))


def _start_again(first: str) -> None:
    """Callback: forget what was done, and begin with the first step."""
    lesson_progress.forget()
    settings.choose(step=first)
    lesson_guess.focus(HEAD)
