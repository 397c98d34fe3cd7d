"""The app's own pictures, in the colours of the theme: an image in a page does not know them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

import streamlit as st

from core.report.palette import palette

_FOLDER = Path(__file__).resolve().parents[1] / "assets" / "pictures"


def picture(name: str, labels: Mapping[str, str] | None = None) -> str:
    """A picture of assets/pictures as SVG, whose colours are named by their roles, such as ``{ink}``.

    ``labels`` are plain texts by the names that stand for them in the picture, such as ``{layer}``.
    """
    svg = _coloured(name, st.context.theme.type or "light")
    for place, text in (labels or {}).items():
        svg = svg.replace(f"{{{place}}}", escape(text))
    return svg


@cache
def _coloured(name: str, theme: str) -> str:
    svg = (_FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    for role, colour in palette(theme).items():
        svg = svg.replace(f"{{{role}}}", colour)
    return svg
