"""The settings of one session: from a link to the sidebar's widgets, and from these to a ContrastSpec.

The shell draws the widgets, so they keep their values across pages. The session state also has the values of widgets
that are not drawn now, the last valid spec, and the choices on pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import UserError
from core.records import CUSTOM, SIDES, ContrastSpec
from ui import class_settings, late, link
from ui.defaults import PRESETS, matching_preset, preset
from ui.link_values import View
from ui.values import WIDGETS, out_of_range, spec_of, values_of

_STATE = "_settings"
_ADDRESS = "address"


@dataclass(frozen=True)
class Depth:
    """The layer that was chosen for a model, and how many this has; None if that was not known."""

    model: str
    layer: int | None
    n_layers: int | None


@dataclass
class Settings:
    """A session's last valid view, its widgets' values, and sentences about its link.

    ``problems`` has the sentences, until the user changes a value; then it is None: there is no link any more.

    ``asked`` has, for a class whose list is too short, the number of words in use and the number that was asked for.
    ``depth`` is the last layer that was chosen, and for which model: if another is chosen, the layer moves with it.
    ``mistake`` is why the values are no spec, so that the view is of the last valid ones. ``out_of_range`` has a
    sentence for each number that is not allowed, by the key of its box. ``as_given`` has the texts of lists from a link
    or a file: nothing in them is cleaned, whichever box they are in.
    """

    view: View
    values: dict[str, Any]
    problems: list[str] | None = field(default_factory=list)
    asked: dict[str, tuple[int, int]] = field(default_factory=dict)
    depth: Depth | None = None
    mistake: UserError | None = None
    out_of_range: Mapping[str, str] = field(default_factory=dict)
    as_given: frozenset[str] = frozenset()


def current() -> Settings:
    """The settings of this session, once the shell has called ``begin``."""
    settings: Settings = st.session_state[_STATE]
    return settings


def begun() -> bool:
    """Whether the shell has called ``begin`` in this session."""
    return _STATE in st.session_state


def begin(lists: Mapping[str, str] | None = None) -> None:
    """Start a run: read the link, in a new session or after Back or Forward, and set the widgets.

    ``lists`` are custom lists that the browser's tab has kept, by the keys of their boxes, for a new session.
    """
    run = get_script_run_ctx()
    if not begun() or (run is not None and run.is_history_navigation):
        before = {**current().values, **_lists_of_b()} if begun() else lists or {}
        link.note_foreign()
        view, problems = link.read_address(before, class_settings.spec())
        if link.address_is_bare():
            view = class_settings.view() or view
        open_view(view, before, problems)
    _hear()


def _lists_of_b() -> dict[str, str]:
    """The custom lists of experiment B, whose digests a link may have."""
    if not current().view.other:
        return {}
    from ui import other

    return other.lists_of(current().view.other)


def _hear() -> None:
    """Take over the widgets' values, but not what a browser sends that has not heard yet of what code has set."""
    state, values = st.session_state, current().values
    replaced = [key for key in WIDGETS if state.get(key, values[key]) != values[key] and late.is_late(key, state[key])]
    if replaced and not _has_heard():
        state.update({key: values[key] for key in replaced})
    state.update({key: values[key] for key in WIDGETS if key not in state})
    if values != (now := {key: state[key] for key in WIDGETS}):
        current().problems = None
        values.update(now)
    _forget_hidden()


def _has_heard() -> bool:
    """Whether the browser has the address that was written since code has set widgets: it comes after the widgets."""
    address = link.params_of(current().view)
    return address == link.own_params() and not late.is_late(_ADDRESS, address)


def open_view(view: View, texts: Mapping[str, Any], problems: list[str], as_given: Iterable[str] = ()) -> None:
    """Set all widgets by a view, and say what is wrong with where it comes from.

    ``texts`` are as in ``values_of``, and so are ``as_given``, to which those of this session are added. Only what
    stands in a box is kept: a session may open many files.
    """
    known = frozenset(as_given) | (current().as_given if begun() else frozenset())
    values = values_of(view.spec, texts, known)
    words = {"\n".join(getattr(view.spec, f"{side}_words")) for side in SIDES} - {""}
    _put(values)
    st.session_state[_STATE] = Settings(view, values, problems, as_given=(known | words) & set(values.values()))


def _put(values: Mapping[str, Any]) -> None:
    """Set widgets, and remember what they had: a browser may send it again."""
    hidden = current().values if begun() else {}
    known = {key: st.session_state.get(key, hidden.get(key, value)) for key, value in values.items()}
    if begun() and known != values:
        late.remember(_ADDRESS, link.params_of(current().view))
        for key in values:
            if known[key] != values[key]:
                late.remember(key, known[key])
    st.session_state.update(values)


def _forget_hidden() -> None:
    """For each class, either the count or the custom list is drawn. The state of the other would be out of date."""
    for side in SIDES:
        for hidden in (f"n_{side}",) if current().values[side] == CUSTOM else (f"{side}_text", f"{side}_name"):
            st.session_state.pop(hidden, None)


def update_spec() -> ContrastSpec:
    """Set this session's spec from the widgets, and return it; UserError if their values do not fit together."""
    settings = current()
    st.session_state["preset"] = None  # if the values are a mistake, they are no preset
    before, settings.out_of_range = settings.view.spec, out_of_range(settings.values)
    try:
        spec, settings.mistake = spec_of(settings.values, before, settings.as_given), None
    except UserError as error:
        settings.mistake = error
        raise
    settings.view = replace(settings.view, spec=spec)
    if (spec.model, spec.layer) != (before.model, before.layer):
        settings.view = replace(settings.view, neuron=None, pinned=())  # other layers have other neurons
    st.session_state["preset"] = matching_preset(spec)
    return spec


def choose(**choices: Any) -> None:
    """Set fields of the view, such as ``neuron`` or ``scale``."""
    settings = current()
    settings.view = replace(settings.view, **choices)


def set_values(values: Mapping[str, Any]) -> None:
    """Callback: set the values of widgets, as the user has asked."""
    fit_values(values)
    current().problems = None


def fit_values(values: Mapping[str, Any]) -> None:
    """Set the values of widgets before they are drawn, because others do not fit. What the link said still stands."""
    _put(values)
    current().values.update(values)


def give_back(values: Mapping[str, Any]) -> None:
    """Set the values of widgets as they were before a reload, also of those that are not drawn now."""
    fit_values(values)
    _hear()  # a box that was hidden may be shown now


def swap() -> None:
    """Callback: target and baseline change places, each with its number of words and its custom list."""
    _hear()
    values = dict(current().values)
    other = dict(zip(SIDES, reversed(SIDES), strict=True))
    places = {key: "_".join(other.get(part, part) for part in key.split("_")) for key in WIDGETS}
    current().asked = {other[side]: known for side, known in current().asked.items()}
    set_values({key: values[place] for key, place in places.items() if place != key})


def apply_preset() -> None:
    """Callback of the preset control: set every widget that the preset has a value for."""
    if st.session_state["preset"] in PRESETS:
        set_values(preset(st.session_state["preset"]))
