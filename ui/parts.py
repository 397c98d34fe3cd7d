"""The parts of pages that another page can hold in a frame: ``?embed=true&show=scatter,table``.

Streamlit reads ``embed`` itself, and hides its own bar; without it, ``show`` says nothing. What is shown of a page is
what ``show`` names: no sidebar and no controls of the experiment. What keeps a figure true stays in any case: the
headline with effect sizes, cautions, notes, and that the labels are shuffled.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

import streamlit as st

from ui import link, page, settings
from ui.app_pages import titled
from ui.foreign import SHOW
from ui.labels import model_label


def embedded() -> bool:
    """Whether this is a view for a frame, and not the whole app.

    A course's own ``show`` makes none: without ``embed=true`` beside it, the browser says that the app is not embedded.
    """
    return SHOW in st.query_params and st.context.is_embedded is not False  # None: the client does not say


def of(title: str) -> frozenset[str]:
    """The parts of a page that are drawn: all, but for a view that names some of them.

    A view that names none that there is has all.
    """
    every = frozenset(titled(title).parts)
    return frozenset(_asked()) & every or every


def draw_source(title: str) -> None:
    """Draw, at the top of such a view, which model and layer it is of, and a link to the whole page."""
    view = settings.current().view
    address = escape(urlencode(link.params_of(view)))
    of = escape(f"{model_label(view.spec.model)}, layer {view.spec.layer}")
    st.html(
        f'<p class="gn-source">Grammar Neurons · {title} · {of} · '
        f'<a href="?{address}" target="_blank" rel="noopener">Open with all settings</a></p>'
    )


def say_unknown(title: str) -> None:
    """Say which of the parts that a view names the page does not have."""
    there = titled(title).parts
    unknown = [name for name in _asked() if name not in there]
    if not there and _asked():
        page.show_warning(f"{title} has no parts for a frame: all of it is shown.")
    if unknown and there:
        named = "”, “".join(name[:60] for name in unknown[:3]) + ("”, …" if len(unknown) > 3 else "”")
        has = f"has “{named}" if any(unknown) else "names none"
        instead = "the others are shown" if set(_asked()) & set(there) else "all of them are shown"
        page.show_warning(f"show {has}; the parts of {title} are {', '.join(there)}: {instead}.")


def _asked() -> list[str]:
    """The names in the address of a view for a frame, each once; none in the whole app."""
    values = ",".join(st.query_params.get_all(SHOW)).split(",") if embedded() else []
    return list(dict.fromkeys(name.strip() for name in values))
