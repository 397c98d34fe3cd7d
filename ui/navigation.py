"""The requested page, and links to pages."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import Page

from ui import class_settings, parts, settings
from ui.app_pages import EVIDENCE, HOME, NEURONS, PAGES, AppPage
from ui.link import address_of


def find() -> Page:
    """Declare the pages, and return the requested one."""
    pages = [
        # Without an icon: the browser would fetch the icon of a page from Google.
        st.Page(each.script, title=each.title, url_path=each.path, default=each is HOME)
        for each in PAGES
    ]
    return st.navigation(pages, position="hidden")


def draw_link(to: AppPage, label: str = "") -> None:
    """Draw a link to a page, with the settings in its address. By default its label is the page's title.

    If only the next page wrote them, this would often be a second entry in the browser's history, and the Back button
    would have to be pressed twice.
    """
    if parts.embedded() or not class_settings.shows(to):  # in a frame there is one page
        return
    st.page_link(to.script, label=label or to.title, icon=to.icon, query_params=address_of(settings.current().view))


def draw_link_to_neuron(neuron: int) -> None:
    """Draw a link to the page of the selected neuron's numbers."""
    draw_link(NEURONS, f"What does neuron {neuron} do?")


def draw_link_to_evidence(neuron: int) -> None:
    """Draw a link to the page of the selected neuron's checks."""
    draw_link(EVIDENCE, f"What may be claimed about neuron {neuron}?")


def go_to(page: AppPage) -> None:
    """Go to a page, with the settings in its address, as a link does. The page that calls this ends here."""
    st.switch_page(page.script, query_params=address_of(settings.current().view))
