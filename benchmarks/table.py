"""Sections of the report: Markdown tables, marks (required values), and their place on a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError

_NUMERIC = re.compile(r"[−<~]?[\d.,]+( ?[–%×] ?[\d.,%×]*)?$|one run$|–$|$")


@dataclass(frozen=True)
class Mark:
    """A number and its mark: at least the mark if ``least``, else at most."""

    what: str
    value: float
    bound: float
    unit: str = ""
    least: bool = True

    @property
    def met(self) -> bool:
        """Whether the mark is met; False for NaN."""
        return self.value >= self.bound if self.least else self.value <= self.bound

    def __str__(self) -> str:
        """The mark for a table's cell, such as "≥ 50×: met"."""
        return f"{'≥' if self.least else '≤'} {self.bound:g}{self.unit}: {'met' if self.met else '**missed**'}"


@dataclass(frozen=True)
class Section:
    """One part of the report. ``parts`` are Markdown paragraphs and tables; ``wrong`` says which values differed."""

    name: str
    title: str
    parts: tuple[str, ...]
    marks: tuple[Mark, ...] = ()
    wrong: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The section without its title: what stands between a page's markers."""
        return "\n\n".join([*self.parts, *(f"**Wrong:** {sentence}" for sentence in self.wrong)])


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table. Columns in which every cell is a number, a range or empty are set to the right.

    Raises ValueError where a row has another number of cells than the header.
    """
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"The header has {len(header)} cells, a row {len(row)}: {' | '.join(row)}")
    columns = [[row[i] for row in rows] for i in range(len(header))]
    right = [bool(column) and all(_NUMERIC.match(cell) for cell in column) for column in columns]
    rule = ["---:" if to_right else "---" for to_right in right]
    return "\n".join([_line(header), "|" + "|".join(rule) + "|", *map(_line, rows)])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def replace_between(text: str, name: str, content: str) -> str:
    """A page's text with ``content`` between its markers ``<!-- NAME -->`` and ``<!-- end NAME -->``.

    Raises UserError unless each marker is there once, in this order.
    """
    start, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise UserError(f"The page needs the line {start} and, below it, the line {end}, each once.")
    before, rest = text.split(start)
    return f"{before}{start}\n\n{content}\n\n{end}{rest.split(end)[1]}"


def update_page(place: Path, sections: Sequence[Section]) -> None:
    """Write each section between its markers on a page, or on a page in a folder. The rest does not change.

    Raises UserError where a section has no markers. Then nothing is written.
    """
    pages = sorted(place.glob("*.md")) if place.is_dir() else [place]
    if not pages:
        raise UserError(f"There is no page in {place}: a folder such as benchmarks/results is expected.")
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    for section in sections:
        page = next((page for page, text in texts.items() if f"<!-- {section.name} -->" in text), pages[0])
        texts[page] = replace_between(texts[page], section.name, str(section))
    for page, text in texts.items():
        page.write_text(text, encoding="utf-8")
