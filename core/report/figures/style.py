"""Style that all figures share: colours of the classes, margins, position of the legend."""

from __future__ import annotations

import textwrap
from typing import Any

from core.report.palette import palette

Picture = dict[str, Any]

# Those of a light page. Whoever draws a picture puts those of the page's theme in their place (``palette.for_theme``).
_LIGHT = palette("light")
TARGET_COLOUR, BASELINE_COLOUR, NEUTRAL_COLOUR = _LIGHT["target"], _LIGHT["baseline"], _LIGHT["neutral"]

# Large enough for titles, tick labels and two lines of a legend: if it is not, plotly finds that out after it has drawn
# everything, and draws everything again.
MARGIN = {"l": 76, "r": 20, "t": 20, "b": 68}
# What plotly would take for a tag, an entity, a value of its own ("%{x}") or a formula.
_SPECIAL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "{": "&#123;", "$": "&#36;"})
LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0}


def literal(text: str) -> str:
    """A text from outside, such as a word or a name, for plotly to show as it is.

    Examples
    --------
    >>> literal("<b>%{x}")
    '&lt;b&gt;%&#123;x}'
    """
    return text.translate(_SPECIAL)


def in_lines(text: str, most: int) -> str:
    """A ``literal`` text, in lines of at most so many characters.

    Examples
    --------
    >>> in_lines("Food and drink of the north", 16)
    'Food and drink<br>of the north'
    """
    return "<br>".join(map(literal, textwrap.wrap(text, most))) or literal(text)
