"""The fields of an evidence file as Markdown: for docs/reference/numbers.md."""

from __future__ import annotations

from core.evidence.checks import CHECKS, about
from core.evidence.figures import COMMON, DOCUMENT, FIGURES
from core.report.markdown import table


def evidence_fields() -> str:
    """The fields of the file, those that all checks share, and those of each check.

    Raises
    ------
    KeyError
        A check has no entry in ``core.evidence.figures``. The message names it.
    """
    parts = [_table(DOCUMENT), "### In the figures of several checks", _table(COMMON)]
    for check in CHECKS:
        module = about(check)
        parts += [
            f"### {check}",
            f"{module.QUESTION} Its value: {module.VALUE}. Defined in [methods.md](../methods.md#{check}).",
            _table(FIGURES[check]),
        ]
    return "\n\n".join(parts)


def _table(fields: dict[str, str]) -> str:
    return table(("field", "meaning"), ((f"`{name}`", meaning) for name, meaning in fields.items()))
