"""The pictures of the checks of a neuron, each from its finding's figures alone. One file a check.

picture_of("input_grid", finding.numbers)   # a Picture
picture_of_finding("input_grid", finding, "lowest AUC")   # the same, or a plain one where there is no such file
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from core.records import Finding
from core.report.figures.evidence.plain import plain_picture
from core.report.figures.style import Picture


def picture_of(check: str, figures: Mapping[str, Any]) -> Picture:
    """The picture of a check's figures, which are those of a finding with a verdict."""
    picture: Picture = import_module(f"{__name__}.{check}").picture(figures)
    return picture


def picture_before(check: str, figures: Mapping[str, Any]) -> Picture | None:
    """The picture of a check without what the neuron itself has come to; None where a check has no such picture."""
    module = import_module(f"{__name__}.{check}")
    before = getattr(module, "before", None)
    return before(figures) if before else None


def picture_of_finding(check: str, finding: Finding, value: str) -> Picture:
    """The picture of a finding: a plain one of its number, called ``value``, where the check has no picture."""
    try:
        return picture_of(check, finding.numbers)
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{check}":
            raise
        return plain_picture(finding, value)
