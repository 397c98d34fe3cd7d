"""The shell around every page: title, address, and the sidebar with the settings; then the page."""

from __future__ import annotations

import streamlit as st

from core.errors import UserError
from engine.steps import warm_up
from ui import link, navigation, page, remedies, settings, sidebar, word_settings


def run() -> None:
    """Run the app once, for the requested page."""
    shown = navigation.find()
    page.set_up(shown.title)
    st.title("Grammar Neurons" if shown.title == navigation.HOME else shown.title)
    settings.begin()
    sidebar.fit_layer()
    word_settings.fit_counts()
    page.draw_toasts()
    mistake = None
    try:
        warm_up(settings.update_spec())
    except UserError as error:
        mistake = error
    sidebar.draw()
    for problem in settings.current().problems:
        page.show_warning(problem)
    if mistake:
        page.show_mistake(mistake)
        remedies.draw(remedies.of_mistake(mistake), "mend")
        st.caption("Your entries are kept: change one of them in the sidebar.")
        return
    link.write(settings.current().view)
    shown.run()
