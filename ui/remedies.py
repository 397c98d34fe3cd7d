"""Mistakes on a page, and buttons that help: remedies of a caution, of a setting, or where a model cannot be had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import streamlit as st

from core.errors import UserError
from core.models import BUNDLED
from core.models.hub import forget_failures
from core.program import COMMAND
from core.records import CUSTOM, SIDES, ContrastSpec, Remedy
from engine.folders import model_folders
from engine.limits import limits
from engine.steps import layers_of
from ui import chosen, page, parts, settings

_ABOUT_FETCHING = {"network", "download", "cancelled"}
_ABOUT_MODEL = _ABOUT_FETCHING | {"model", "gated", "memory", "number_format"}


@contextmanager
def showing_user_errors() -> Iterator[None]:
    """Show the sentence of a UserError, and end the page there."""
    try:
        yield
    except UserError as error:
        spec, mistake = settings.current().view.spec, settings.current().mistake
        n_layers = layers_of(spec.model)
        if error.about == "layer" and n_layers is not None and spec.layer >= n_layers and not mistake:
            st.rerun()  # the model has been downloaded, so its layers are known now: the sidebar corrects the layer
        page.show_mistake(error)
        draw_for_model(error)
        st.stop()


def draw(remedies: Iterable[Remedy], key: str) -> None:
    """Draw a button for each remedy. ``key`` begins the keys of the buttons."""
    if parts.embedded():  # a view for a frame has no control of the experiment
        return
    with st.container(horizontal=True):
        for place, remedy in enumerate(remedies):
            changes = dict(remedy.changes)
            st.button(remedy.label, key=f"{key}_{place}", on_click=_apply, args=(changes, chosen.snapshot()))


def of_mistake(mistake: UserError) -> tuple[Remedy, ...]:
    """The remedy for a mistake in the settings, if one change is enough."""
    values = settings.current().values
    if mistake.about == "paired_unit":
        return (Remedy("Compare word forms", (("unit", "word"),)),)
    if mistake.about == "not_permuted":
        return (Remedy("Correct by Holm", (("correction", "holm"),)),)
    if mistake.about == "same_class":
        return _exchange(values, settings.current().view.spec)
    # The count of a custom list is that of its words: no button can change it.
    if mistake.about == "paired_counts" and CUSTOM not in (values["target"], values["baseline"]):
        counts = [f"n_{side}" for side in SIDES]
        n = min(values[name] for name in counts)
        return (Remedy(f"Use {n:,} words of each", tuple((name, n) for name in counts)),)
    return ()


def _exchange(values: Mapping[str, Any], last: ContrastSpec) -> tuple[Remedy, ...]:
    """Who has chosen for one side the class of the other may have wanted the other to be what this one was."""
    new = {"target": last.baseline} if values["baseline"] == last.target else {"baseline": last.target}
    both = {**values, **new}
    if CUSTOM in new.values() or both["target"] == both["baseline"]:
        return ()
    return (Remedy(f"Compare {both['target']} with {both['baseline']}", tuple(new.items())),)


def draw_for_model(mistake: UserError) -> None:
    """Draw what can be done at once where the model cannot be had: the bundled one, another try, the command."""
    model = settings.current().view.spec.model
    if mistake.about == "no_config" and not parts.embedded():
        _draw_checkpoint(model)
    if mistake.about not in _ABOUT_MODEL or model == BUNDLED or parts.embedded():
        return
    with st.container(key="without_model"):
        with st.container(horizontal=True):
            if limits().any_model or BUNDLED in limits().models:
                changes = ({"model": BUNDLED}, chosen.snapshot())
                st.button("Use the bundled model", key="use_bundled", type="primary", on_click=_apply, args=changes)
            label = "Go on with the download" if mistake.about == "cancelled" else "Try again"
            # A class server keeps the failure for its minute: not every student is to ask the hub.
            forget = partial(forget_failures, model) if limits().any_model else None
            st.button(label, key="try_again", on_click=forget)
        if mistake.about in _ABOUT_FETCHING:
            st.caption("This command fetches it where there is a network, into the hub library's cache (HF_HOME):")
            st.code(f"{COMMAND} download {model}", language="bash", wrap_lines=True)


def _draw_checkpoint(folder: str) -> None:
    """Of a folder that is no model but has checkpoints, draw a button that takes the last one."""
    from core.models.checkpoints import instead_of

    if name := instead_of(folder, model_folders()):
        changes = ({"model": name}, chosen.snapshot())
        st.button(f"Use its checkpoint {page.plain(name)}", key="use_checkpoint", on_click=_apply, args=changes)


def _apply(changes: Mapping[str, Any], drawn_with: chosen.Snapshot) -> None:
    """Callback: change the settings, unless they have changed since the button was drawn."""
    if not chosen.is_stale(drawn_with):
        settings.set_values(changes)
