"""Files of results, made when their button is pressed, one at a time. No user waits for a file that few need.

Only the last ones are kept, so that many presses of one button make one file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from weakref import ref

from core.errors import UserError
from core.progress import Progress
from core.records import ContrastResult, ContrastSpec
from engine.jobs import Results
from engine.pipeline import Request, resolve
from engine.steps import conclusion, profile, shuffled, sources
from engine.steps import text as text_step

_made = Results("file", max_entries=4, max_bytes=20e6)  # a report has 5 MB
_one_at_a_time = threading.Lock()


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

    result = _as_shown(spec, shown)
    return _file("csv", [result], lambda: contrast_csv(result))


def summary(spec: ContrastSpec, shown: tuple[str, str]) -> bytes:
    """The settings and the summary as JSON, as ``csv`` gives the table."""
    from core.report.summary import summary_json

    result = _as_shown(spec, shown)
    return _file("json", [result], lambda: summary_json(result))


def report(spec: ContrastSpec, shown: tuple[str, str], neurons: tuple[int, ...]) -> bytes:
    """The report as HTML, with the values of some neurons drawn; otherwise as ``csv`` gives the table."""
    from core.documents import report as report_of

    result, request = _as_shown(spec, shown), Request(spec)
    counts, chance = resolve(profile, request), resolve(shuffled, request)
    return _file("report", [result], lambda: report_of(result, counts, chance, neurons), neurons)


def notebook(spec: ContrastSpec, shown: tuple[str, str], neurons: tuple[int, ...]) -> bytes:
    """The notebook that computes the numbers again, and compares those of some neurons; as ``csv`` gives the table."""
    from core.documents import notebook as notebook_of

    result = _as_shown(spec, shown)
    return _file("notebook", [result], lambda: notebook_of(result, neurons), neurons)


def text_values(spec: ContrastSpec, text: str, neurons: tuple[int, ...]) -> bytes:
    """The CSV of some neurons at the tokens of a text; the text is read again if its values are no longer held.

    Raises
    ------
    UserError
        The text is too long, or cannot be read now.
    """
    from core.report.tables import text_csv

    found = resolve(text_step, Request(spec, text))
    return _file("text", [found], lambda: text_csv(found, neurons), neurons)


def pair_values(spec: ContrastSpec, texts: tuple[str, str], neurons: tuple[int, ...]) -> bytes:
    """The CSV of some neurons at the pairs of tokens of two texts, as ``text_values`` gives that of one text.

    Raises
    ------
    UserError
        A text is too long, or cannot be read now; the texts differ in too much.
    """
    from core.report.two_texts import pair_csv, pair_tokens

    readings = [resolve(text_step, Request(spec, text)) for text in texts]

    def make() -> str:
        return pair_csv(readings, pair_tokens(*(reading.token_ids for reading in readings)), neurons)

    return _file("pair", readings, make, neurons)


def _file(kind: str, of: Sequence[object], make: Callable[[], str], neurons: tuple[int, ...] = ()) -> bytes:
    """A file of some results, which it does not hold: made now, unless it is one of the last ones."""

    def work(progress: Progress) -> bytes:
        with _one_at_a_time:
            return make().encode()

    made: bytes = _made.obtain((kind, neurons, *map(ref, of)), work)
    return made


def _as_shown(spec: ContrastSpec, shown: tuple[str, str]) -> ContrastResult:
    result = resolve(conclusion, Request(spec))
    if sources(result.words) != shown:
        raise UserError("The word lists are others than the page shows.")
    return result
