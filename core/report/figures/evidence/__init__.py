"""The pictures of the checks of a neuron, each from its finding's figures alone. One file a check.

picture_of("input_grid", finding.numbers)   # a Picture
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from core.report.figures.style import Picture


def picture_of(check: str, figures: Mapping[str, Any]) -> Picture:
    """The picture of a check's figures, which are those of a finding with a verdict."""
    picture: Picture = import_module(f"core.report.figures.evidence.{check}").picture(figures)
    return picture
