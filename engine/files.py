"""Files of results, made when their button is pressed, one at a time. No user waits for a file that few need.

Only the last ones are kept, so that many presses of one button make one file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import ref

from core.errors import UserError
from core.progress import Progress
from core.records import ContrastResult, ContrastSpec, TokenActivations, WordPair
from core.records.gold import why_no_tags
from engine.jobs import Results
from engine.pipeline import Request, resolve
from engine.steps import conclusion, profile, shuffled, sources, words
from engine.steps import text as text_step

if TYPE_CHECKING:
    from core.records.agreement import Agreement
    from core.records.emergence import Emergence
    from core.records.layers import GoldLayers
    from core.report.session_report import Session
    from core.report.tables import Table


@dataclass(frozen=True)
class Found:
    """What the finder shows: a filter and an order (``NeuronTable.rows``)."""

    filter: str = ""
    sort: str = ""


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
    return _file("csv", [result], lambda: _for_spreadsheets(contrast_csv(result)))


def neurons_json(spec: ContrastSpec, shown: tuple[str, str]) -> bytes:
    """The table of ``csv`` as JSON."""
    from core.report.tables import contrast_table

    result = _as_shown(spec, shown)
    return _file("neurons json", [result], lambda: contrast_table(result).json())


def every_layer_csv(spec: ContrastSpec, shown: tuple[str, str], found: Found) -> bytes:
    """The CSV of the neurons of every layer that a filter leaves, in their order; otherwise as ``csv``.

    Raises
    ------
    UserError
        As ``csv``; or it is no filter, or no order.
    """
    return _every_layer("every layer", spec, shown, found, lambda table: _for_spreadsheets(table.csv()))


def every_layer_json(spec: ContrastSpec, shown: tuple[str, str], found: Found) -> bytes:
    """The table of ``every_layer_csv`` as JSON."""
    return _every_layer("every layer json", spec, shown, found, lambda table: table.json())


def _every_layer(
    kind: str, spec: ContrastSpec, shown: tuple[str, str], found: Found, write: Callable[[Table], str]
) -> bytes:
    from core.report.neuron_table import NeuronTable
    from core.report.one_layer import one_layer_read
    from engine.layer_steps import all_layers

    _check_sources(resolve(words, Request(spec)), shown)
    every = resolve(all_layers, Request(spec))
    if every is None:
        raise UserError(one_layer_read("the table of every layer"))
    table = NeuronTable(every, _gold(spec), why_no_tags(spec))
    return _file(kind, [every], lambda: write(table.saved(table.rows(found.filter, found.sort))), found)


def words_csv(spec: ContrastSpec, shown: tuple[str, str]) -> bytes:
    """The CSV of the words that were used, as ``csv`` gives that of neurons."""
    from core.report.tables import words_table

    result = _as_shown(spec, shown)
    return _file("words", [result], lambda: _for_spreadsheets(words_table(result).csv()))


def words_json(spec: ContrastSpec, shown: tuple[str, str]) -> bytes:
    """The table of ``words_csv`` as JSON."""
    from core.report.tables import words_table

    result = _as_shown(spec, shown)
    return _file("words json", [result], lambda: words_table(result).json())


def layers_csv(spec: ContrastSpec, shown: tuple[str, str]) -> bytes:
    """The CSV of every layer, at both sides of the nonlinearity, as ``csv`` gives that of neurons.

    Raises
    ------
    UserError
        As ``csv``; or only one layer was read.
    """
    return _layers("layers", spec, shown, lambda table: _for_spreadsheets(table.csv()))


def layers_json(spec: ContrastSpec, shown: tuple[str, str]) -> bytes:
    """The table of ``layers_csv`` as JSON."""
    return _layers("layers json", spec, shown, lambda table: table.json())


def _layers(kind: str, spec: ContrastSpec, shown: tuple[str, str], write: Callable[[Table], str]) -> bytes:
    from core.report.layer_numbers import numbers_of
    from core.report.layer_table import layer_table
    from core.report.one_layer import one_layer_read
    from engine.layer_steps import both_sides

    result = _as_shown(spec, shown)
    sides = both_sides(spec, lambda wanted, asked: resolve(wanted, Request(asked)))
    if sides is None:
        raise UserError(one_layer_read("the table of all layers"))
    gold = _gold(spec)
    return _file(
        kind,
        [result],
        lambda: write(layer_table(map(numbers_of, sides), spec.hook_side, gold, shuffled=spec.shuffle_labels)),
    )


def _gold(spec: ContrastSpec) -> GoldLayers | None:
    """The AUC in tagged text of classes that have tags, read now if it was not: the same link gives the same file."""
    from engine.layer_steps import gold_of_layers, gold_request

    return None if why_no_tags(spec) else resolve(gold_of_layers, gold_request(spec))


def protocols(spec: ContrastSpec, shown: tuple[str, str], of: str, kind: str) -> bytes:
    """What the protocol of each preset selects ("protocols"), or how far they overlap ("overlaps"), of the same words.

    As "csv" or "json".

    Raises
    ------
    UserError
        As ``layers_csv``.
    """
    from core.report import protocols as report
    from core.report.one_layer import one_layer_read
    from engine.layer_steps import protocols as protocols_step

    _as_shown(spec, shown)
    found = resolve(protocols_step, Request(spec))
    if found is None:
        raise UserError(one_layer_read("the table of all layers"))
    table_of = {"protocols": report.protocols_table, "overlaps": report.overlaps_table}[of]

    def make() -> str:
        table = table_of(found)
        return _for_spreadsheets(table.csv()) if kind == "csv" else table.json()

    return _file(f"{of} {kind}", [found], make)


def emergence(curve: Emergence, kind: str) -> bytes:
    """The table of a curve over checkpoints, as "csv" or "json"."""
    from core.report.emergence import emergence_json, emergence_table

    def make() -> str:
        return _for_spreadsheets(emergence_table(curve).csv()) if kind == "csv" else emergence_json(curve)

    key = curve.spec.digest, curve.steps, curve.unit, curve.failed  # the JSON has the failures
    return _file(f"checkpoints {kind}", curve.summaries, make, key)


def summary(spec: ContrastSpec, shown: tuple[str, str]) -> bytes:
    """The settings and the summary as JSON, as ``csv`` gives the table."""
    from core.report.summary import summary_json

    result = _as_shown(spec, shown)
    return _file("json", [result], lambda: summary_json(result))


def manifest(
    spec: ContrastSpec, shown: tuple[str, str], texts: tuple[str, ...] = (), neurons: tuple[int, ...] = ()
) -> bytes:
    """The manifest of all files of an experiment, and of the texts that are shown; as ``csv`` gives the table."""
    from core.report.manifest import hash_of_text, manifest_json

    result, hashes = _as_shown(spec, shown), tuple(map(hash_of_text, texts))  # no text is kept
    return _file("manifest", [result], lambda: manifest_json(result, texts, neurons), (hashes, neurons))


def report(spec: ContrastSpec, shown: tuple[str, str], neurons: tuple[int, ...]) -> bytes:
    """The report as HTML, with the values of some neurons drawn; otherwise as ``csv`` gives the table."""
    from core.documents import report as report_of

    result, request = _as_shown(spec, shown), Request(spec)
    counts, chance = resolve(profile, request), resolve(shuffled, request)
    return _file("report", [result], lambda: report_of(result, counts, chance, neurons), neurons)


def session(spec: ContrastSpec, shown: tuple[str, str], done: Session) -> bytes:
    """The print-out of a session. It is not kept: it has a student's name. Otherwise as ``csv`` gives the table."""
    from core.documents import session as session_of

    result = _as_shown(spec, shown)
    with _one_at_a_time:
        return session_of(result, done).encode()


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
    return _file("text", [found], lambda: _for_spreadsheets(text_csv(found, neurons)), neurons)


def text_json(spec: ContrastSpec, text: str, neurons: tuple[int, ...]) -> bytes:
    """The table of ``text_values`` as JSON."""
    from core.report.tables import text_table

    found = resolve(text_step, Request(spec, text))
    return _file("text json", [found], lambda: text_table(found, neurons).json(), neurons)


def text_page(
    spec: ContrastSpec,
    shown: tuple[str, str],
    text: str,
    make: Callable[[ContrastResult, TokenActivations], str],
    *key: Hashable,
) -> bytes:
    """A page of a text that ``make`` draws from the contrast and the text's values; ``key`` says how it is drawn.

    Raises
    ------
    UserError
        As ``csv`` and ``text_values``.
    """
    result, found = _as_shown(spec, shown), resolve(text_step, Request(spec, text))
    return _file("page", [result, found], lambda: make(result, found), key)


def pair_values(spec: ContrastSpec, texts: tuple[str, str], neurons: tuple[int, ...]) -> bytes:
    """The CSV of some neurons at the pairs of tokens of two texts, as ``text_values`` gives that of one text.

    Raises
    ------
    UserError
        A text is too long, or cannot be read now; the texts differ in too much.
    """
    return _pair("pair", spec, texts, neurons, lambda table: _for_spreadsheets(table.csv()))


def pair_json(spec: ContrastSpec, texts: tuple[str, str], neurons: tuple[int, ...]) -> bytes:
    """The table of ``pair_values`` as JSON."""
    return _pair("pair json", spec, texts, neurons, lambda table: table.json())


def _pair(
    kind: str, spec: ContrastSpec, texts: tuple[str, str], neurons: tuple[int, ...], write: Callable[[Table], str]
) -> bytes:
    from core.report.two_texts import pair_table, pair_tokens

    readings = [resolve(text_step, Request(spec, text)) for text in texts]

    def make() -> str:
        return write(pair_table(readings, pair_tokens(*(reading.token_ids for reading in readings)), neurons))

    return _file(kind, readings, make, neurons)


def agreement_csv(specs: tuple[ContrastSpec, ContrastSpec], shown: tuple[tuple[str, str], tuple[str, str]]) -> bytes:
    """The CSV of two experiments, a row for each neuron or quantile; both as ``csv`` gives that of one."""
    from core.report.agreement import agreement_table

    return _agreement(
        "agreement", specs, shown, lambda a, b, found: _for_spreadsheets(agreement_table(a, b, found).csv())
    )


def agreement_json(specs: tuple[ContrastSpec, ContrastSpec], shown: tuple[tuple[str, str], tuple[str, str]]) -> bytes:
    """How far two experiments agree, as JSON with both specs; otherwise as ``agreement_csv``."""
    from core.report import agreement

    return _agreement("agreement json", specs, shown, agreement.agreement_json)


def _agreement(
    kind: str,
    specs: tuple[ContrastSpec, ContrastSpec],
    shown: tuple[tuple[str, str], tuple[str, str]],
    write: Callable[[ContrastResult, ContrastResult, Agreement], str],
) -> bytes:
    from core.agreement import agree

    a, b = (_as_shown(spec, its) for spec, its in zip(specs, shown, strict=True))
    return _file(kind, [a, b], lambda: write(a, b, agree(a, b)))


def _for_spreadsheets(table: str) -> str:
    """A CSV text that begins with a byte-order mark."""
    from core.report.tables import BYTE_ORDER_MARK

    return BYTE_ORDER_MARK + table


def _file(kind: str, of: Sequence[object], make: Callable[[], str], key: Hashable = ()) -> bytes:
    """A file of some results, which it does not hold: made now, unless it is one of the last ones."""

    def work(progress: Progress) -> bytes:
        with _one_at_a_time:
            return make().encode()

    made: bytes = _made.obtain((kind, key, *map(ref, of)), work)
    return made


def _as_shown(spec: ContrastSpec, shown: tuple[str, str]) -> ContrastResult:
    result = resolve(conclusion, Request(spec))
    _check_sources(result.words, shown)
    return result


def _check_sources(used: WordPair, shown: tuple[str, str]) -> None:
    if sources(used) != shown:
        raise UserError("The word lists are others than the page shows.")
