"""The shell around every page: title, address, and the sidebar with the settings; then the page."""

from __future__ import annotations

import streamlit as st

from core.errors import UserError
from core.models.hub import canonical
from engine.steps import warm_up
from ui import control, link, model_settings, navigation, page, remedies, settings, sidebar, word_settings
from ui.visitor import spending


@spending()
def run() -> None:
    """Run the app once, for the requested page."""
    shown = navigation.find()
    page.set_up(shown.title)
    st.title("Grammar Neurons" if shown.title == navigation.HOME else shown.title)
    _read_typed_model()
    settings.begin()
    model_settings.fit_layer()
    word_settings.fit_counts()
    page.draw_toasts()
    mistake = None
    try:
        spec = settings.update_spec()
        warm_up(spec)
    except UserError as error:
        mistake = error
    sidebar.draw()
    for problem in settings.current().problems or ():
        page.show_warning(problem)
    if mistake:
        page.show_mistake(mistake)
        remedies.draw(remedies.of_mistake(mistake), "mend")
        st.caption("Your entries are kept: change one of them in the sidebar.")
        return
    link.write(settings.current().view)
    control.draw(spec)
    shown.run()


def _read_typed_model() -> None:
    """Replace what the user has typed or pasted as a model, such as the address of its page, by its name."""
    typed = st.session_state.get("model")
    if isinstance(typed, str) and typed != canonical(typed):
        st.session_state["model"] = canonical(typed)
