"""The settings of one session: from a link to the sidebar's widgets, and from these to a ContrastSpec.

The shell draws the widgets, so they keep their values across pages. The session state also has the values of widgets
that are not drawn now, the last valid spec, and the choices on pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import UserError
from core.records import CUSTOM, ContrastSpec
from engine.limits import check_allowed
from ui import link
from ui.custom_words import custom_words
from ui.defaults import PRESETS, WORD_SOURCES, matching_preset, preset
from ui.link import SIDES, View

_STATE = "_settings"
_FIELDS = tuple(item.name for item in fields(ContrastSpec) if item.name != "seed" and not item.name.endswith("_words"))
WIDGETS = (*_FIELDS, "target_text", "baseline_text")


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
    """

    view: View
    values: dict[str, Any]
    problems: list[str] | None = field(default_factory=list)
    asked: dict[str, tuple[int, int]] = field(default_factory=dict)
    depth: Depth | None = None


def current() -> Settings:
    """The settings of this session, once the shell has called ``begin``."""
    settings: Settings = st.session_state[_STATE]
    return settings


def begun() -> bool:
    """Whether the shell has called ``begin`` in this session."""
    return _STATE in st.session_state


def begin() -> None:
    """Start a run: read the link, in a new session or after Back or Forward, and set the widgets."""
    run = get_script_run_ctx()
    if _STATE not in st.session_state or (run is not None and run.is_history_navigation):
        before = current().values if _STATE in st.session_state else {}
        view, problems = link.read(st.query_params.to_dict(), before)
        values = _values_of(view.spec, before)
        st.session_state[_STATE] = Settings(view, values, problems)
        st.session_state.update(values)
    values = current().values
    if values != (now := {key: st.session_state.setdefault(key, values[key]) for key in WIDGETS}):
        current().problems = None
        values.update(now)
    # For each class, either the count or the custom list is drawn. The state of the other one would be out of date.
    for side in SIDES:
        hidden = f"n_{side}" if values[side] == CUSTOM else f"{side}_text"
        del st.session_state[hidden]


def update_spec() -> ContrastSpec:
    """Set this session's spec from the widgets, and return it; UserError if their values do not fit together."""
    settings = current()
    st.session_state["preset"] = None  # if the values are a mistake, they are no preset
    spec = _spec_of(settings.values, settings.view.spec)
    before = settings.view.spec
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
    st.session_state.update(values)
    current().values.update(values)


def apply_preset() -> None:
    """Callback of the preset control: set every widget that the preset has a value for."""
    if st.session_state["preset"] in PRESETS:
        set_values(preset(st.session_state["preset"]))


def _values_of(spec: ContrastSpec, before: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the settings widgets for a spec, by widget key. Custom lists stay if the spec has none."""
    texts = {f"{side}_text": "\n".join(getattr(spec, f"{side}_words")) for side in SIDES}
    texts = {key: text or before.get(key) or "" for key, text in texts.items()}
    return {name: getattr(spec, name) for name in _FIELDS} | texts


def _spec_of(values: Mapping[str, Any], last: ContrastSpec) -> ContrastSpec:
    """The spec for the widgets' values. A browser can send any value, so they are checked like those of a link."""
    check_allowed(str(values["model"]))
    if values["word_source"] not in WORD_SOURCES:
        shown = str(values["word_source"])[:80]
        raise UserError(f"The word source “{shown}” is not offered here; choose {' or '.join(WORD_SOURCES)}.")
    chosen = {name: values[name] for name in _FIELDS}
    for side in SIDES:
        words = custom_words(side, values[f"{side}_text"] or "") if values[side] == CUSTOM else ()
        chosen |= {f"{side}_words": words} | ({f"n_{side}": len(words)} if words else {})
    return last.changed(**chosen)
