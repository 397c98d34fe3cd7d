"""What the browser's tab keeps of a session (``ui.kept_in_tab``), and how it comes back after a reload.

The link has the settings, so what it says goes before what the tab has; and what the user has typed in the new session
goes before both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.errors import UserError
from core.records import CUSTOM, SIDES
from core.records.spec import NAMES, check_field
from engine.limits import MAX_LIST_CHARACTERS
from ui import kept_in_tab, link, page, settings
from ui.app_pages import TEXT
from ui.custom_words import words_in
from ui.kept_in_tab import Kept
from ui.panels import text_input
from ui.values import TEXTS

# The settings that may be a mistake, so that the link has others than the widgets.
_TYPED = ("target", "baseline", "n_target", "n_baseline", "test", "unit", "alpha")
_OF_B = tuple(f"b_{side}_words" for side in SIDES)  # the lists of experiment B, by their names in a link
_BOXES = (*TEXTS, *text_input.BOXES)
_LARGEST = 10**9  # of a number that comes back
_LONGEST_NAME = 1_000  # of a name that comes back


def draw_waiting() -> bool:
    """If this session begins with a link that lacks the words of a list, ask the tab for them, and say so.

    Returns
    -------
    bool
        Whether the session has to wait: until then, there is nothing that a page could show.
    """
    params = st.query_params.to_dict()
    missing = [f"custom {side} list" for side in link.lists_elsewhere(params)]
    missing += [f"custom {side} list for B" for side in SIDES if f"b_{side}_digest" in params]
    if settings.begun() or kept_in_tab.answered() or not missing:
        return False
    kept_in_tab.draw(Kept(), _BOXES, waits=True)
    with st.container(key="waiting"):  # it appears only if the answer takes long (style.css)
        st.markdown(
            f"The link names a {' and a '.join(missing)}, too long for a link. This tab is asked whether it has the "
            "words."
        )
        st.button("Go on without", key="go_on_without", on_click=kept_in_tab.go_on_without)
    return True


def lists() -> dict[str, str]:
    """The custom lists that the tab has given back, by the keys of their boxes."""
    kept = kept_in_tab.answer() or Kept()
    return _lists(kept) | _names(kept) | {key: text for key, text in kept.boxes.items() if _is_list_of_b(key, text)}


def give_back(title: str) -> None:
    """Once, as soon as the tab has given it back: put into the widgets what neither the link nor the user has set.

    ``title`` is that of the page that is shown.
    """
    kept = kept_in_tab.answer()
    if kept is None:
        return
    kept_in_tab.forget_answer()
    waited = link.lists_elsewhere(st.query_params.to_dict())
    same_link = kept.link == link.params_of(settings.current().view)
    back = [f"custom {side} list" for side in waited if settings.current().values[side] == CUSTOM]
    settings.give_back(_settings_back(kept))
    if text_input.give_back(kept.boxes, kept.choices, same_link=same_link) and title == TEXT.title:
        back.append("text")
    if back:
        page.show_toast(f"This tab has kept your {' and your '.join(back)}.")


def draw() -> None:
    """Draw the component, which stores what the session holds."""
    now, state = settings.current(), st.session_state
    boxes = {key: state.get(key, now.values[key]) for key in TEXTS}
    typed = {name: now.values[name] for name in _TYPED if now.values[name] != getattr(now.view.spec, name)}
    names = {name: now.values[name] for name in NAMES if now.values[name]}
    kept = Kept(
        {key: text for key, text in {**boxes, **text_input.typed(), **_long_lists_of_b()}.items() if text},
        text_input.choices(),
        (typed if now.mistake else {}) | names,
        link.params_of(now.view),
    )
    kept_in_tab.draw(kept, _BOXES)


def _long_lists_of_b() -> dict[str, str]:
    """The lists of experiment B of which the link has only the digests. The page that compares has their boxes."""
    view = settings.current().view
    if not view.other:
        return {}
    from ui import other

    params = other.params_of(view.other)
    return {key: text for key, text in other.lists_of(view.other).items() if key not in params}


def _is_list_of_b(key: str, text: str) -> bool:
    return key in _OF_B and len(text) <= MAX_LIST_CHARACTERS


def _lists(kept: Kept) -> dict[str, str]:
    return {key: text for key, text in kept.boxes.items() if key in TEXTS and len(text) <= MAX_LIST_CHARACTERS}


def _names(kept: Kept) -> dict[str, str]:
    """What the lists are called. A mistake in a name comes back too, unless it is the length of a text."""
    names = {name: kept.settings.get(name) for name in NAMES}
    return {name: text for name, text in names.items() if isinstance(text, str) and len(text) <= _LONGEST_NAME}


def _settings_back(kept: Kept) -> dict[str, Any]:
    """The values of settings that come back: custom lists, and those that were a mistake."""
    now = settings.current()
    back: dict[str, Any] = {key: text for key, text in _lists(kept).items() if _may_come_back(key, text)}
    back |= {name: text for name, text in _names(kept).items() if not st.session_state.get(name, now.values[name])}
    untouched = all(st.session_state.get(name, now.values[name]) == getattr(now.view.spec, name) for name in _TYPED)
    if untouched and kept.link == link.params_of(now.view):
        typed = {name: _as_typed(value, now.values.get(name)) for name, value in kept.settings.items()}
        back |= {name: value for name, value in typed.items() if _may_be(name, value, now.values)}
    return {key: value for key, value in back.items() if value != now.values[key]}


def _may_come_back(key: str, text: str) -> bool:
    """Whether a list's box is empty; or has the link's words, and the text is how they were typed."""
    now, side = settings.current(), key.removesuffix("_text")
    if st.session_state.get(key, now.values[key]) != now.values[key]:
        return False  # the user has typed in it since
    words = getattr(now.view.spec, f"{side}_words")
    return not now.values[key] or bool(words and words_in(side, text, now.as_given) == words)


def _as_typed(value: Any, like: Any) -> Any:
    """A number of a browser's JSON, in which 5.0 is 5."""
    return float(value) if type(like) is float and type(value) is int and abs(value) <= _LARGEST else value


def _may_be(name: str, value: Any, values: Mapping[str, Any]) -> bool:
    """Whether a setting may have this value, be it a mistake: a widget must be able to show it."""
    if name not in _TYPED or type(value) is not type(values[name]):
        return False
    if isinstance(value, int | float):
        return abs(value) <= _LARGEST  # false for NaN
    try:
        check_field(name, value)
    except UserError:
        return False
    return True
