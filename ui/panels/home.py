"""The parts of the Home page: introduction, links to the pages, summary of the experiment."""

from __future__ import annotations

import streamlit as st

from core.records import ContrastResult, ContrastSpec
from core.report import sentences
from core.stats.correction import LABELS
from engine.steps import conclusion
from ui import chosen, class_settings, navigation, page, parts, remedies
from ui.app_pages import LESSON, NEURONS, AppPage
from ui.labels import model_label
from ui.panels import cautions, headline, neuron_bar
from ui.pictures import picture
from ui.progress import show

_IN_WORDS = "Words go through a model; every neuron of one layer is read and tested; the extreme neurons colour a text."
_CARDS_IN_A_ROW = 4


def draw_introduction() -> None:
    """Draw three sentences and one picture."""
    st.markdown(
        "A language model is never told what a noun or a verb is, yet some of its neurons differ between them. "
        "Here you give a model the most frequent words of two classes, read every neuron of one layer, and test "
        "each for a difference. Then you put the best ones to the test on any text, token by token."
    )
    with st.container(key="picture"):
        st.image(picture("experiment"), width="stretch", alt=_IN_WORDS)


def draw_class() -> None:
    """Draw the title and the welcome of the class, if there is a class file with them."""
    file = class_settings.current()
    if file and file.title:
        st.header(page.plain(file.title))
    if file and file.welcome:
        st.markdown(page.plain(file.welcome))


def draw_notebook_path() -> None:
    """Draw the course notebook's own path, folded away."""
    if class_settings.hides("preset"):
        return
    from ui.panels import notebook_path

    with st.expander("Repeat the course notebook", icon=":material/route:"):
        notebook_path.draw("home")


def draw_page_cards() -> None:
    """Draw the invitation to the lesson, and a card with a link for each other page that has an invitation.

    They stand in rows by their groups, at most four in a row.
    """
    shown = class_settings.pages()
    groups: dict[str, list[AppPage]] = {}
    for each in shown:
        if each.invitation and each.path != LESSON.path:
            groups.setdefault(each.group, []).append(each)
    if not any(each.invitation for each in shown):
        return
    with st.container(key="cards"):
        if class_settings.shows(LESSON):
            _draw_lesson()
        for name, cards in groups.items():
            if name:
                st.header(name, anchor=False)
            _draw_rows(cards)


def _draw_lesson() -> None:
    """Draw the row of the lesson: how to begin it, or to go on where this browser left it."""
    from ui import lesson_progress

    with st.container(
        border=True, key=f"card_{LESSON.title}", horizontal=True, vertical_alignment="center", gap="medium"
    ):
        at, done = lesson_progress.first_open(), lesson_progress.n_done()
        n = len(lesson_progress.lesson_steps_shown())
        label, about = LESSON.invitation, f"{n} step{'' if n == 1 else 's'}. {LESSON.description}"
        if at is None:
            label, about = "Look back at the lesson", "All steps are done: your guesses and the answers are kept."
        elif done:
            label = f"Go on with step {at + 1} of the lesson"
            about = f"{done} of {n} steps are done."
        navigation.draw_link(LESSON, f"**{label}**")
        st.markdown(about)


def _draw_rows(cards: list[AppPage]) -> None:
    """Draw cards in rows of equal length, but for the last one."""
    n_rows = -(-len(cards) // _CARDS_IN_A_ROW)
    per_row = -(-len(cards) // n_rows)
    for first in range(0, len(cards), per_row):
        row = cards[first : first + per_row]
        for column, each in zip(st.columns(per_row), row, strict=False):  # the last row may be shorter
            with column.container(border=True, height="stretch", key=f"card_{each.title}"):
                navigation.draw_link(each, f"**{each.invitation}**")
                st.markdown(each.description)


def draw_summary(spec: ContrastSpec) -> ContrastResult:
    """Draw what was compared and tested, and the result, which is returned."""
    st.header("Your experiment now")
    with remedies.showing_user_errors():
        result = show(conclusion, spec)
    if not parts.embedded():  # there it stands above the parts
        st.markdown(
            f"**{page.plain(model_label(spec.model))}**, layer **{spec.layer}**: "
            f"{page.plain(sentences.compared(result))} ({sentences.tested(result, LABELS[spec.correction])})."
        )
        if place := sentences.read_at(result):
            st.caption(page.plain(f"Each neuron is {place}."))
    neuron_bar.draw(result)
    columns = st.columns(3)
    headline.draw_counts(result, (columns[0], columns[1]))
    with columns[2].container(gap="xxsmall"):
        st.metric("The two extreme neurons", f"{result.largest} and {result.smallest}")
        for place, neuron in (("largest", result.largest), ("smallest", result.smallest)):
            st.caption(f"{neuron}: {headline.about_extreme(result, neuron)}")
            if parts.embedded() or not class_settings.shows(NEURONS):
                continue
            choice = (neuron, chosen.snapshot())
            if st.button(f"Show neuron {neuron}", key=f"show_{place}", on_click=chosen.choose, args=choice):
                navigation.go_to(NEURONS)
    if not parts.embedded():
        cautions.draw(result)
    page.show_notes(result.notes)
    return result
