"""Files of results, made when their button is pressed. No user waits for a file that few need, and none is stored."""

from __future__ import annotations

from core.errors import UserError
from core.records import ContrastResult, ContrastSpec
from engine.pipeline import Request, resolve
from engine.steps import conclusion, sources


def csv(spec: ContrastSpec, shown: tuple[str, str]) -> bytes:
    """The CSV of all neurons of the spec's layer.

    Parameters
    ----------
    spec : ContrastSpec
    shown : (str, str)
        The sources of the words that the page shows.

    Raises
    ------
    UserError
        The word lists now come from other sources than the page shows.
    """
    from core.report.tables import contrast_csv

    return contrast_csv(_as_shown(spec, shown)).encode()


def summary(spec: ContrastSpec, shown: tuple[str, str]) -> bytes:
    """The settings and the summary as JSON, as ``csv`` gives the table."""
    from core.report.summary import summary_json

    return summary_json(_as_shown(spec, shown)).encode()


def _as_shown(spec: ContrastSpec, shown: tuple[str, str]) -> ContrastResult:
    result = resolve(conclusion, Request(spec))
    if sources(result.words) != shown:
        raise UserError("The word lists are others than the page shows.")
    return result
