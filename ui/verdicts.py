"""Verdicts as small labels: a colour, a shape and a word each, so that none stands alone for the meaning."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path

import streamlit as st

from core.records import FAILS, HOLDS, IMPOSSIBLE, NOT_RUN, UNCLEAR, Finding
from core.report.readable import interval, readable_auc, readable_number, readable_p

# What a check that has no finding yet may do. The verdicts are those of a finding.
RUNNING, WAITING, FAILED = "running", "waiting", "error"
_CLASSES = {
    HOLDS: "holds",
    FAILS: "fails",
    UNCLEAR: "unclear",
    NOT_RUN: "not-run",
    IMPOSSIBLE: "impossible",
    RUNNING: "running",
    WAITING: "waiting",
    FAILED: "error",
}
_STYLE = (Path(__file__).parent / "verdicts.css").read_text(encoding="utf-8")


def draw_style() -> None:
    """Send the style of all labels. Once in each run of a page that has them."""
    st.html(f"<style>{_STYLE}</style>")


def label(verdict: str, after: str = "") -> str:
    """A verdict as HTML, with its shape. ``after`` is plain text."""
    more = f" <span class='verdict-value'>{escape(after)}</span>" if after else ""
    return f"<span class='verdict {_CLASSES[verdict]}'><i></i>{escape(verdict)}</span>{more}"


def strip(chips: Iterable[tuple[str, str, str]]) -> str:
    """A list of links as HTML, each to the anchor of a check, with its title and its verdict."""
    items = "".join(
        f"<li><a href='#{escape(anchor)}' class='{_CLASSES[verdict]}'><b>{escape(title)}</b>{label(verdict)}</a></li>"
        for anchor, title, verdict in chips
    )
    return f"<nav aria-label='Verdicts'><ol class='verdicts'>{items}</ol></nav>"


def table(columns: Iterable[tuple[str, str]], rows: Iterable[tuple[tuple[str, str], Iterable[str]]]) -> str:
    """A table as HTML. Headings of columns and rows, with a smaller line each, are plain texts, cells are HTML."""
    head = "".join(f"<th scope='col'>{_heading(heading)}</th>" for heading in columns)
    body = "".join(
        f"<tr><th scope='row'>{_heading(heading)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for heading, cells in rows
    )
    return (
        f"<div class='verdict-table' tabindex='0'><table><thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _heading(lines: tuple[str, str]) -> str:
    """A title and the smaller line below it, as HTML."""
    title, below = lines
    return f"{escape(title)}<small>{escape(below)}</small>"


def number_of(finding: Finding, what: str, *, with_interval: bool = True) -> str:
    """The value of a finding and its interval, as text; empty without a value.

    ``what`` the value is, as its check says: an AUC and a p-value are written in ways of their own.

    Examples
    --------
    >>> number_of(Finding("holds", "", "", 0.91234, (0.9, 0.95)), "AUC"), number_of(Finding("holds", "", ""), "AUC")
    ('0.912 [0.900, 0.950]', '')
    >>> number_of(Finding("holds", "", "", 0.0123), "difference of loss (nats)")
    '0.0123'
    """
    if finding.value is None:
        return ""
    write = _writer(what)
    if finding.interval is None or not with_interval:
        return write(finding.value)
    return f"{write(finding.value)} {interval(*map(write, finding.interval))}"


def _writer(what: str) -> Callable[[float | None], str]:
    write = readable_auc if "AUC" in what else _readable_p if what.startswith("p ") else readable_number
    return lambda value: "not known" if value is None else write(value)


def _readable_p(value: float) -> str:
    return readable_p(math.log10(value) if value > 0 else -math.inf)
