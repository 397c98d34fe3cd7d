"""Markdown: text from outside, such as a word or a name; tables, and links to their definitions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#!|$~:^&])")
_ADDRESS = re.compile(r"((?<=www)\.|//|@)", re.IGNORECASE)
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # they would turn the words of the page that follow
_ARROW = re.compile(r"(?<=[<>-])(?=[=>-])")  # of >= and -> Streamlit makes one sign


def plain(text: str) -> str:
    """A text that Markdown shows as it is: it must not become an image, a formula, a tag or an address.

    Markdown has no escape for addresses, and Streamlit none for signs such as >=. An invisible word joiner prevents the
    link, and the other sign. Signs that change the direction of what follows are left out.

    Examples
    --------
    >>> plain("<b>*x*")
    '\\\\<b\\\\>\\\\*x\\\\*'
    """
    escaped = _MARKUP.sub(r"\\\1", _ARROW.sub("\u2060", " ".join(_TURNS.sub("", text).split())))
    return _ADDRESS.sub("\u2060\\1", escaped)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table. A bar in a cell is escaped, a line feed becomes a space.

    Examples
    --------
    >>> print(table(["name", "values"], [["dtype", "float32 | bfloat16"]]))
    | name | values |
    |---|---|
    | dtype | float32 \\| bfloat16 |
    """
    return "\n".join([_row(header), "|" + "---|" * len(header), *map(_row, rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def anchor(heading: str) -> str:
    """The name by which a link finds a heading of a Markdown file, as code hosts make it.

    Examples
    --------
    >>> anchor("Hedges' g"), anchor("Null 95"), anchor("d_av")
    ('hedges-g', 'null-95', 'd_av')
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
