"""The pages: their scripts, addresses and icons, and links to them."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import Page

from ui import parts, settings
from ui.link import address_of

HOME = "Home"
NEURONS = "pages/1_Neurons.py"
EVIDENCE = "pages/4_Evidence.py"
# Script, title, icon. The address is the title with underscores, except for Home.
PAGES = (
    ("pages/0_Home.py", HOME, ":material/home:"),
    (NEURONS, "Neurons", ":material/scatter_plot:"),
    ("pages/2_Words.py", "Words", ":material/dictionary:"),
    ("pages/3_Text_heatmap.py", "Text heatmap", ":material/format_ink_highlighter:"),
    (EVIDENCE, "Evidence", ":material/fact_check:"),
)


def find() -> Page:
    """Declare the pages, and return the requested one."""
    pages = [
        # Without an icon: the browser would fetch the icon of a page from Google.
        st.Page(script, title=title, url_path=title.replace(" ", "_"), default=title == HOME)
        for script, title, _ in PAGES
    ]
    return st.navigation(pages, position="hidden")


def draw_link(script: str, label: str, icon: str) -> None:
    """Draw a link to a page, with the settings in its address.

    If only the next page wrote them, this would often be a second entry in the browser's history, and the Back button
    would have to be pressed twice.
    """
    if parts.embedded():  # in a frame there is one page
        return
    st.page_link(script, label=label, icon=icon, query_params=address_of(settings.current().view))


def draw_link_to_neuron(neuron: int) -> None:
    """Draw a link to the page of the selected neuron's numbers."""
    draw_link(NEURONS, f"What does neuron {neuron} do?", ":material/scatter_plot:")


def go_to(script: str) -> None:
    """Go to a page, with the settings in its address, as a link does. The page that calls this ends here."""
    st.switch_page(script, query_params=address_of(settings.current().view))
