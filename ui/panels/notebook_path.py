"""The course notebook's own path, in one press: its settings, its model, its layer, and a text about randomness.

A preset sets how to analyse, and neither the model nor the layer. So the notebook's preset alone repeats the notebook
only where its model and layer are chosen, too. Where that model cannot be had, the same path leads to a layer of the
same relative depth in the model that is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.models import BUNDLED, CATALOGUE, is_here
from core.models.hub import is_offline
from core.program import COMMAND
from core.records.presets import NOTEBOOK_LAYER, NOTEBOOK_MODEL
from engine.folders import model_folders
from engine.limits import limits
from engine.steps import layers_of
from ui import chosen, class_settings, page, parts, settings
from ui.app_pages import COMPARE, LESSON, TEXT
from ui.defaults import preset, same_depth
from ui.labels import model_label
from ui.panels import text_input
from ui.settings import Depth

PRESET, SAMPLE = "Notebook", "randomness"
_BEFORE = "_before_notebook_path"
_NAME = model_label(NOTEBOOK_MODEL)


@dataclass(frozen=True)
class Path:
    """Where the path leads: a model, its number of layers (None if that is not known yet), and a layer."""

    model: str
    n_layers: int | None
    layer: int

    @property
    def place(self) -> str:
        """The model and the layer, in words."""
        return f"{model_label(self.model)}, layer {self.layer}"


@dataclass(frozen=True)
class _Before:
    """What was set before a press, to go back to it, and where the press has led."""

    values: dict[str, Any]
    neuron: int | None
    pinned: tuple[int, ...]
    sample: str
    path: Path


def draw(place: str) -> None:
    """Draw the path's button, with what it sets; after a press, what was set, and a button to go back.

    ``place`` begins the keys: the panel may be drawn in the sidebar and on a page at once. It is not there in a view
    for a frame, nor where the class file hides one of the controls that it would set.
    """
    if parts.embedded() or any(class_settings.hides(name) for name in ("preset", "model", "layer")):
        return
    with st.container(key=f"{place}_notebook_path", gap="small"):
        if taken := _taken():
            _draw_taken(place, taken)
        else:
            _draw_offer(place)


def own_path() -> Path | None:
    """The path on the notebook's own model; None where this server does not offer it, or it cannot be here."""
    allowed = limits()
    if not (allowed.any_model or NOTEBOOK_MODEL in allowed.models):
        return None
    if not is_here(NOTEBOOK_MODEL, model_folders()) and is_offline():
        return None
    return Path(NOTEBOOK_MODEL, layers_of(NOTEBOOK_MODEL), NOTEBOOK_LAYER)


def stand_in() -> Path | None:
    """The path on a model that is there, at the layer of the same relative depth; None if no model is."""
    allowed = limits()
    model = BUNDLED if allowed.any_model or BUNDLED in allowed.models else allowed.default_model
    n_layers = layers_of(model)
    if n_layers is None:
        return None
    return Path(model, n_layers, same_depth(NOTEBOOK_LAYER, CATALOGUE[NOTEBOOK_MODEL].n_layers, n_layers))


def _draw_offer(place: str) -> None:
    """Say that the preset is not the whole path, and offer the path; or say what is missing, and offer the nearest."""
    if path := own_path():
        fetched = "" if is_here(path.model, model_folders()) else f" {_download()}"
        st.caption(f"The preset sets neither model nor layer. The notebook reads {path.place}.{fetched}")
        _draw_button(place, "Take the notebook’s own path", path)
        return
    missing, more = _missing()
    st.caption(f"The preset sets neither model nor layer. {missing}", help=more)
    if path := stand_in():
        _draw_button(place, f"Take its path here: layer {path.layer} of {path.n_layers}", path)


def _download() -> str:
    return f"The model is not here yet: {CATALOGUE[NOTEBOOK_MODEL].download_mb:,} MB are downloaded first."


def _missing() -> tuple[str, str]:
    """What is missing for the notebook's own model, and what to do; and more of it, for whoever asks."""
    allowed, command = limits(), f"`{COMMAND} download {NOTEBOOK_MODEL}`"
    copied = f"run {command} where there is a network"
    if allowed.any_model:  # whoever reads this runs the app
        return (
            f"The notebook’s {_NAME} is not on this computer, and the hub is switched off: {copied}.",
            "Copy the hub library’s cache (HF_HOME) from there to this computer, if it is another one.",
        )
    if NOTEBOOK_MODEL in allowed.models:
        return (
            f"The notebook’s {_NAME} is not on this server yet: ask your instructor for it.",
            f"For the instructor: {copied}, and copy the hub library’s cache (HF_HOME) from there to the server.",
        )
    return (
        f"This server does not offer the notebook’s {_NAME}: ask your instructor for it.",
        f"For the instructor: run {command}, and add the model to `--models` at the start of the server.",
    )


def _draw_button(place: str, label: str, path: Path) -> None:
    st.button(
        label,
        key=f"{place}_take_notebook_path",
        icon=":material/route:",
        on_click=_take,
        args=(path, chosen.snapshot()),
        help=f"It sets the preset {PRESET}, the model {page.plain(model_label(path.model))}{_and_text(path)}. "
        f"{_about_depth(path)}You can go back.",
    )


def _and_text(path: Path) -> str:
    """The layer and, where a page shows it, the text that the path sets."""
    if not _shows_text():
        return f" and layer {path.layer}"
    on = class_settings.if_shown(TEXT, " on the Text heatmap")
    return f", layer {path.layer}, and a text about randomness{on}"


def _shows_text() -> bool:
    """Whether a page of this server shows the text that is chosen."""
    return any(class_settings.shows(each) for each in (TEXT, COMPARE, LESSON))


def _about_depth(path: Path) -> str:
    """Why another layer than the notebook's stands in."""
    if path.model == NOTEBOOK_MODEL:
        return ""
    n = CATALOGUE[NOTEBOOK_MODEL].n_layers
    here = f"Layer {path.layer} of {path.n_layers}"
    return f"{here} is as deep, relative to the last one, as layer {NOTEBOOK_LAYER} of {n}. "


def _draw_taken(place: str, before: _Before) -> None:
    """Say what was set, what it was before, and offer to go back."""
    path, values = before.path, before.values
    text = "the text about randomness" if text_input.sample_shown() == SAMPLE else "your own text, which was kept"
    was = f"{model_label(values['model'])}, layer {values['layer']}"
    and_text = f", {text}" if _shows_text() else ""
    st.caption(page.plain(f"Set: preset {PRESET}, {path.place}{and_text}. Before: {was}."))
    if path.model != NOTEBOOK_MODEL:
        st.caption(f"This is not the notebook’s model. Its numbers are of {_NAME}, layer {NOTEBOOK_LAYER}.")
    st.button(
        "Go back",
        key=f"{place}_leave_notebook_path",
        icon=":material/undo:",
        on_click=_leave,
        args=(chosen.snapshot(),),
    )


def _taken() -> _Before | None:
    """What was before the path was taken, as long as model, layer and preset are still those of the path."""
    before: _Before | None = st.session_state.get(_BEFORE)
    now = settings.current().values
    if before is None or st.session_state.get("preset") != PRESET:
        return None
    return before if (now["model"], now["layer"]) == (before.path.model, before.path.layer) else None


def _take(path: Path, drawn_with: chosen.Snapshot) -> None:
    """Callback: follow the path, unless the settings have changed since the button was drawn."""
    if chosen.is_stale(drawn_with):
        return
    now = settings.current()
    view = now.view
    st.session_state[_BEFORE] = _Before(dict(now.values), view.neuron, view.pinned, view.sample, path)
    _set({**preset(PRESET), "model": path.model, "layer": path.layer}, path.n_layers)
    settings.choose(sample=SAMPLE)
    page.show_toast(f"On the notebook’s path: {path.place}.")


def _leave(drawn_with: chosen.Snapshot) -> None:
    """Callback: set everything as it was before the path was taken."""
    before: _Before | None = st.session_state.pop(_BEFORE, None)
    if before is None or chosen.is_stale(drawn_with):
        return
    _set(before.values, layers_of(before.values["model"]))
    settings.choose(sample=before.sample)
    page.show_toast(f"Back to {model_label(before.values['model'])}, layer {before.values['layer']}.")


def _set(values: dict[str, Any], n_layers: int | None) -> None:
    """Set widgets. The layer is of this model, so it does not move with the model to another depth."""
    settings.set_values(values)
    settings.current().depth = Depth(values["model"], values["layer"], n_layers)
