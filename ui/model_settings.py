"""The settings of the model: which one, and the layer, which keeps its relative depth when the model changes."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.models import CATALOGUE, is_here
from core.models.catalogue import CataloguedModel
from engine.folders import model_folders
from engine.limits import limits
from engine.steps import layers_of
from ui import page, settings
from ui.defaults import same_depth
from ui.labels import SETTING_LABELS, model_label
from ui.settings import Depth
from ui.widgets import choice, default


def fit_layer() -> None:
    """If another model was chosen, move to the same relative depth; never to a layer that it lacks. Say what changed.

    A model that is not on this computer has no known number of layers. Then this is done once it has come.
    """
    current = settings.current()
    model, layer, n_layers = st.session_state["model"], st.session_state["layer"], layers_of(st.session_state["model"])
    before = current.depth
    if n_layers is not None and layer is not None:
        fitted = layer
        if before and before.n_layers and before.model != model and before.layer == layer:
            fitted = same_depth(layer, before.n_layers, n_layers)
            changed = f"Layer {layer} of {before.n_layers} → layer {fitted} of {n_layers}: the same relative depth."
        elif layer >= n_layers:
            fitted = n_layers - 1
            changed = f"This model has layers 0 to {fitted}: layer {fitted} is shown."
        if fitted != layer:
            settings.fit_values({"layer": fitted})
            page.tell(changed)
        current.depth = Depth(model, fitted, n_layers)
    elif before is None or before.layer != layer:
        current.depth = Depth(model, layer, None)  # the user has chosen the layer for this model


def layers_are_known() -> bool:
    """Whether the number of layers of the chosen model is known. If not, the sidebar cannot offer them."""
    return layers_of(st.session_state["model"]) is not None


def draw_model() -> None:
    """Draw the choice of the model."""
    allowed, model = limits(), st.session_state["model"]
    known = [*CATALOGUE] if allowed.any_model else [*allowed.models]
    if model not in known:
        known.append(model)
    more: dict[str, Any] = {"help": "The models that this server offers."}
    if allowed.any_model:
        example = "Choose one, or type a hub id such as EleutherAI/pythia-1b, or a folder."
        more = {"accept_new_options": True, "help": example}
    choice("model", known, _option, **more)
    if model in CATALOGUE:
        about = CATALOGUE[model]
        here = is_here(model, model_folders())
        st.caption(
            f"{about.n_layers} layers × {about.d_mlp:,} neurons · {_needs(about, here)}",
            help=f"{about.tokenizer} tokenizer · {about.licence}. {about.interest}",
        )
    else:
        st.caption(_where(model))


def _option(model: str) -> str:
    """A model in the list of models, with what has to be downloaded, such as: GPT-2 · 548 MB."""
    if model not in CATALOGUE or is_here(model, model_folders()):
        return model_label(model)
    return f"{model_label(model)} · {CATALOGUE[model].download_mb:,} MB"


def _needs(about: CataloguedModel, here: bool) -> str:
    """Such as: needs 526 MB."""
    terms = " · its terms must be accepted on the hub" if about.gated and not here else ""
    return "here" if here else f"needs {about.download_mb:,} MB{terms}"


def _where(model: str) -> str:
    """One line on a model that is not in the catalogue, such as: 30 layers · a folder on the server."""
    n_layers = layers_of(model)
    here = is_here(model, model_folders())
    place = "here" if here else "from the hub, if it has a model of this name"
    return place.capitalize() if n_layers is None else f"{n_layers} layers · {place}"


def draw_layer() -> None:
    """Draw the choice of the layer; nothing if the model has only one."""
    n_layers, label = layers_of(st.session_state["model"]), SETTING_LABELS["layer"]
    if n_layers is None:
        st.number_input(label, 0, 999, default("layer"), key="layer", disabled=True, help="Until the model is here.")
    elif n_layers > 1:
        last, explanation = n_layers - 1, "Counted from 0, nearest the input, up."
        st.slider(label, 0, last, default("layer"), key="layer", help=explanation)
