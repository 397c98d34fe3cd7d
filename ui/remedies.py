"""Buttons that change settings: the remedies of a caution, or of a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from core.errors import UserError
from core.records import CUSTOM, Remedy
from ui import chosen, settings
from ui.link import SIDES


def draw(remedies: Iterable[Remedy], key: str) -> None:
    """Draw a button for each remedy. ``key`` begins the keys of the buttons."""
    with st.container(horizontal=True):
        for place, remedy in enumerate(remedies):
            changes = dict(remedy.changes)
            st.button(remedy.label, key=f"{key}_{place}", on_click=_apply, args=(changes, chosen.snapshot()))


def of_mistake(mistake: UserError) -> tuple[Remedy, ...]:
    """The remedy for a mistake in the settings, if one change is enough."""
    values = settings.current().values
    if mistake.about == "paired_unit":
        return (Remedy("Compare word forms", (("unit", "word"),)),)
    # The count of a custom list is that of its words: no button can change it.
    if mistake.about == "paired_counts" and CUSTOM not in (values["target"], values["baseline"]):
        counts = [f"n_{side}" for side in SIDES]
        n = min(values[name] for name in counts)
        return (Remedy(f"Use {n:,} words of each", tuple((name, n) for name in counts)),)
    return ()


def _apply(changes: Mapping[str, Any], drawn_with: chosen.Snapshot) -> None:
    """Callback: change the settings, unless they have changed since the button was drawn."""
    if not chosen.is_stale(drawn_with):
        settings.set_values(changes)
