"""The shell around every page: title, address, and the sidebar with the settings; then the page."""

from __future__ import annotations

import os

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import Page

from core.errors import UserError
from core.models.hub import canonical
from core.records import CUSTOM, SIDES
from engine import variables
from engine.steps import warm_up
from ui import (
    class_settings,
    control,
    kept,
    link,
    model_settings,
    navigation,
    page,
    parts,
    remedies,
    settings,
    sidebar,
    word_settings,
)
from ui.app_pages import HOME, TEXT, AppPage, titled
from ui.defaults import LEAST_WORDS
from ui.panels import export, share, text_input
from ui.values import differences
from ui.visitor import spending


@spending()
def run() -> None:
    """Run the app once, for the requested page."""
    requested = navigation.find()
    shown = titled(requested.title)
    page.set_up(shown.title)
    if not _is_set_up_rightly():
        return
    embedded = parts.embedded()
    head = st.container(key="page_head", horizontal=True, vertical_alignment="center", gap="small")
    if not embedded:
        head.title("Grammar Neurons" if shown == HOME else shown.title)
        if kept.draw_waiting():
            return
    _read_typed_model()
    settings.begin(kept.lists())
    text_input.follow_link()
    kept.give_back(shown.title)
    text_input.follow_link()  # again: what has come back may be another text
    known = model_settings.layers_are_known()
    model_settings.fit_layer()
    word_settings.fit_counts()
    pinned = settings.current().view.pinned
    mistake = _update_spec()
    if shown == TEXT:
        text_input.read_ahead()
    if pinned and not settings.current().view.pinned:
        page.say_unpinned(pinned)
    page.draw_toasts()
    if embedded:
        parts.draw_source(shown.title)
    else:
        _draw_around(shown, head)
    _draw_page(shown, requested, mistake)
    if not known and model_settings.layers_are_known():
        st.rerun()  # the model has come since the sidebar was drawn


def _draw_page(shown: AppPage, requested: Page, mistake: UserError | None) -> None:
    """Draw the page, below what is wrong in its link and in the settings; not one that the class does not use."""
    _say_what_is_wrong_in_the_link(shown.title)
    if not class_settings.shows(shown):
        page.show_warning(f"This class does not use the page {shown.title}. The sidebar has the pages that it uses.")
        return
    if shown.settings and mistake and not _draw_mistake(mistake):
        return
    link.write(settings.current().view)
    if shown.settings:
        control.draw(settings.current().view.spec)
        if parts.embedded():
            from ui.panels import framed  # few views are for a frame

            framed.draw(settings.current().view.spec)
    requested.run()


def _update_spec() -> UserError | None:
    """Take over the settings, and begin to compute what they ask for; a mistake in them is returned."""
    try:
        warm_up(settings.update_spec())
    except UserError as error:
        return error
    return None


def _draw_around(shown: AppPage, head: DeltaGenerator) -> None:
    """Draw what is around a page of the whole app: what the tab keeps, the sidebar, the buttons beside the title."""
    kept.draw()
    sidebar.draw(shown)
    if shown.settings:
        with head.container(key="page_actions", horizontal=True, width="content", gap="small"):
            share.draw(shown.title)
            export.reserve()


def _say_what_is_wrong_in_the_link(title: str) -> None:
    for problem in settings.current().problems or ():
        page.show_warning(problem)
    parts.say_unknown(title)


def _is_set_up_rightly() -> bool:
    """Whether the environment's variables are right; else say what is wrong: no result would be what was wanted."""
    try:
        variables.check(os.environ)
        class_settings.check()
    except UserError as error:
        st.title("Grammar Neurons")
        page.show_mistake(error)
        return False
    return True


def _draw_mistake(mistake: UserError) -> bool:
    """Draw a mistake in the settings, and of which settings the result below is. Whether there is one."""
    page.show_mistake(mistake)
    remedies.draw(remedies.of_mistake(mistake), "mend")
    now = settings.current()
    spec = now.view.spec
    if any(getattr(spec, side) == CUSTOM and len(getattr(spec, f"{side}_words")) < LEAST_WORDS for side in SIDES):
        # A link or a file brought the list: no settings have been valid yet.
        st.markdown("There is no result to show yet. Your entries are kept: change one of them in the sidebar.")
        return False
    valid = differences(spec, now.values, now.as_given)
    shown = f"**Shown is the result of the last valid settings: {page.plain(valid)}.** " if valid else ""
    st.markdown(f"{shown}Your entries are kept: change one of them in the sidebar.")
    return bool(valid)


def _read_typed_model() -> None:
    """Replace what the user has typed or pasted as a model, such as the address of its page, by its name."""
    typed = st.session_state.get("model")
    if isinstance(typed, str) and typed != canonical(typed):
        st.session_state["model"] = canonical(typed)
