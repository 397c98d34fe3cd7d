"""The words that the lesson explains, as Markdown: for docs/reference/glossary.md."""

from __future__ import annotations

from core.lesson import STEPS, place
from core.report.glossary import GLOSSARY
from core.report.markdown import anchor, table


def terms_of_lesson() -> str:
    """A table of the terms in the order of the lesson, each with its sentence and the step where it stands first.

    Examples
    --------
    >>> terms_of_lesson().splitlines()[2].partition(" | A ")[0]
    '| [token](../methods.md#token)'
    """
    rows = [
        (f"[{term}](../methods.md#{anchor(term)})", GLOSSARY[term], f"{place(step)}. {step.title}")
        for step in STEPS
        for term in step.terms
    ]
    return table(("term", "meaning", "step of the lesson"), rows)
