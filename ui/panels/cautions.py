"""Cautions: where the p-values of these settings are too low, with a button for each remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.records import CUSTOM, SIDES, ContrastResult, ContrastSpec
from ui import page, remedies


def draw(result: ContrastResult) -> None:
    """Draw a warning for each caution. Settings change only if a button is pressed."""
    for number, caution in enumerate(result.cautions):
        page.show_warning(caution.sentence)
        possible = [remedy for remedy in caution.remedies if _has_effect(dict(remedy.changes), result.spec)]
        remedies.draw(possible, f"remedy_{number}")


def _has_effect(changes: Mapping[str, Any], spec: ContrastSpec) -> bool:
    """Whether the sidebar can make these changes: the count of a custom list is that of its words."""
    fixed = {f"n_{side}" for side in SIDES if getattr(spec, side) == CUSTOM}
    return all(name not in fixed or value == getattr(spec, name) for name, value in changes.items())
