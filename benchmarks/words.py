"""From words to activations: our method, the notebook's loop, other libraries, and the limit of the machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import arithmetic, inputs
from benchmarks.machine import MATRIX, installed, matrix_rate
from benchmarks.models import encode, shape_of
from benchmarks.options import TOLERANCE, Options
from benchmarks.readers import PEERS, Capture, Peer, in_batches, notebook_loop
from benchmarks.table import Mark, Section, markdown
from benchmarks.timing import Times, number, say, take_turns

if TYPE_CHECKING:
    from core.models import LoadedModel

_OURS, _LOOP, _RATE = "this app", "the notebook's loop", "matrix product"
_LENS = PEERS[0].name
_LAYER = 8  # the notebook's
_TRIED = 500  # words of each class, at most, that a library's batch sizes are tried on
# Words of each class -> (another way, how many times as fast ours should be), at one layer and at all.
_MARKS = {100: (_LOOP, 50.0), 1000: (_LENS, 4.0), 5000: (_LENS, 6.0)}
_SHARE = 75.0  # percent of the machine's matrix rate
_HEADER = ("words", "layers", "way", "median, s", "min–max, s", "ours is faster", "mark", "largest difference")
_SHARE_HEADER = (
    "words",
    "layers",
    "tokens",
    "distinct prefixes",
    "needed, GFLOP",
    "ours, GFLOP/s",
    "matrix product, GFLOP/s (min–max)",
    "share",
    "mark",
)


@dataclass(frozen=True)
class Case:
    """So many words of each class at some layers, and how often each way is timed: ours always, others ``rounds``."""

    n: int
    layers: tuple[int, ...]
    rounds: int
    with_loop: bool

    @property
    def where(self) -> tuple[str, str]:
        """The first two cells of its rows."""
        return f"{self.n:,} + {self.n:,}", f"{self.layers[0]}" if len(self.layers) == 1 else "all"


@dataclass(frozen=True)
class Way:
    """An installed method: its reader, and its best batch size."""

    name: str
    read: Callable[[Sequence[str], Sequence[int]], np.ndarray]


@dataclass(frozen=True)
class Found:
    """What one case gave: times by way, matrix rates in operations a second, largest differences from ours."""

    case: Case
    times: dict[str, Times]
    rates: tuple[float, ...]
    differences: dict[str, float]


def section(options: Options, peers: Sequence[Peer] | None = None) -> Section:
    """Time all methods at all sizes, compare their values with ours, and compute the share of the machine's speed."""
    from core.activations import word_activations
    from core.models import load_model

    lm, lists = load_model(str(options.model)), inputs.words()
    peers = PEERS if peers is None else peers
    present = [peer for peer in peers if peer.package is None or installed(peer.package)]
    ours = Way(_OURS, partial(word_activations, lm))
    loop = Way(_LOOP, notebook_loop(options.model))
    built = [(peer, peer.build(options.model)) for peer in present]
    best_for: dict[int, list[Way]] = {}  # words of each class that batch sizes were tried on -> the others
    found = []
    for case in cases(options, lm.n_layers, lists):
        n = min(case.n, _TRIED)
        if n not in best_for:
            best_for[n] = [best(peer, capture, options, lm, lists.first(n)) for peer, capture in built]
        ways = [ours, *([loop] if case.with_loop else []), *best_for[n]]
        found.append(measure(case, ways, lists.first(case.n), options))
    absent = [peer.name for peer in peers if peer not in present]
    return _report(found, lm, lists, options, absent)


def cases(options: Options, n_layers: int, lists: inputs.Words) -> list[Case]:
    """From few words to many, one layer and then all; what would take minutes once, the loop at the fewest only."""
    one, every = (min(_LAYER, n_layers - 1),), tuple(range(n_layers))
    if options.quick:
        return [Case(n, layers, 2, True) for n in lists.sizes((10, 40)) for layers in (one, every)]
    small, middle, large = 100, 1000, 5000
    rounds = {small: (3, 3), middle: (3, 1), large: (1, 1)}
    return [
        Case(n, layers, rounds.get(n, (1, 1))[layers == every], n == small)
        for n in lists.sizes((small, middle, large))
        for layers in (one, every)
    ]


def best(peer: Peer, capture: Capture, options: Options, lm: LoadedModel, words: Sequence[str]) -> Way:
    """A peer with the batch size that is fastest for some words, the shortest of two runs each."""
    say(f"Words: batch sizes of {peer.name}, on {len(words):,} words")
    readers = {
        str(size): in_batches(capture, lm.tokenizer, size, sorts=peer.sorts)
        for size in (peer.batch_sizes[:1] if options.quick else peer.batch_sizes)
    }
    layers = [min(_LAYER, lm.n_layers - 1)]
    times = take_turns({size: partial(read, words, layers) for size, read in readers.items()}, 2)
    size = min(times, key=lambda name: min(times[name].seconds))
    return Way(f"{peer.name} of {size}" if not peer.sorts else f"{peer.name}, batches of {size}", readers[size])


def measure(case: Case, ways: Sequence[Way], words: Sequence[str], options: Options) -> Found:
    """Time a case's ways, ours first, and the matrix product in turns; compare the others' values with ours."""
    say(f"Words: {case.where[0]}, layers {case.where[1]}")
    # Ours first: the others are compared with its values, and everything is warm before it is timed.
    expected = ways[0].read(words, case.layers)
    scale = float(np.abs(expected).max())
    differences: dict[str, float] = {}
    rates: list[float] = []

    def seen(name: str, result: object) -> None:
        if isinstance(result, np.ndarray):
            differences[name] = max(differences.get(name, 0.0), _largest(result, expected) / scale)
        elif isinstance(result, float):
            rates.append(result)

    calls: dict[str, Callable[[], object]] = {way.name: partial(way.read, words, case.layers) for way in ways}
    calls[_RATE] = partial(matrix_rate, options.pick(MATRIX, 256))
    rounds = {name: case.rounds for name in calls} | {_OURS: max(3, case.rounds), _RATE: max(3, case.rounds)}
    return Found(case, take_turns(calls, rounds, seen=seen), tuple(rates), differences)


def _largest(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, layer by layer, so that no second copy of everything is made; infinite for NaN."""
    if found.shape != expected.shape:
        return float("inf")
    largest = max(float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True))
    return largest if np.isfinite(largest) else float("inf")


def _report(
    found: Sequence[Found], lm: LoadedModel, lists: inputs.Words, options: Options, absent: Sequence[str]
) -> Section:
    marks: list[Mark] = []
    rows: list[tuple[str, ...]] = []
    per_word = found[0].times[_LOOP].median / len(lists.first(found[0].case.n))
    for one in found:
        rows += _rows(one, per_word * len(lists.first(one.case.n)), absent, marks)
    wrong = [
        f"{name} at {one.case.where[0]} words differs from ours by {difference:.1e} of the largest value; "
        f"{TOLERANCE:g} is allowed."
        for one in found
        for name, difference in one.differences.items()
        if not difference <= TOLERANCE
    ]
    shares = [_share_row(one, lm, lists, options, marks) for one in found]
    return Section(
        "words",
        "Words to activations",
        (_introduction(lm, lists), markdown(_HEADER, rows), _SHARES, markdown(_SHARE_HEADER, shares)),
        tuple(marks),
        tuple(wrong),
    )


def _rows(one: Found, loop: float, absent: Sequence[str], marks: list[Mark]) -> list[tuple[str, ...]]:
    """A case's rows; marks are noted."""
    ours, case = one.times[_OURS].median, one.case
    marked, bound = _MARKS.get(case.n, ("", 0.0))
    rows: list[tuple[str, ...]] = []
    for name, times in one.times.items():
        if name == _RATE:
            continue
        mark = ""
        if marked and name.startswith(marked):
            where = f"{case.where[0]} words, layers {case.where[1]}"
            marks.append(Mark(f"{name}, {where}", times.median / ours, bound, "×"))
            mark = str(marks[-1])
        ratio = "" if name == _OURS else f"{number(times.median / ours)}×"
        difference = "" if name == _OURS else f"{one.differences[name]:.1e}"
        rows.append((*case.where, name, number(times.median), times.spread, ratio, mark, difference))
    if not case.with_loop:
        name = f"{_LOOP}, scaled by words from the first row of it"
        rows.append((*case.where, name, number(loop), "–", f"{number(loop / ours)}×", "", ""))
    missing = "not installed (benchmarks/requirements.txt)"
    for name in absent:
        mark = f"≥ {bound:g}×: not measured" if marked and name.startswith(marked) else ""
        rows.append((*case.where, f"{name}: {missing}", "–", "–", "–", mark, ""))
    return rows


def _share_row(
    one: Found, lm: LoadedModel, lists: inputs.Words, options: Options, marks: list[Mark]
) -> tuple[str, ...]:
    ids = encode(lm.tokenizer, lists.first(one.case.n))
    needed = arithmetic.needed(shape_of(options.model), ids, max(one.case.layers))
    rate = needed / one.times[_OURS].median
    limit = median(one.rates)
    marks.append(
        Mark(
            f"share of the matrix rate, {one.case.where[0]} words, layers {one.case.where[1]}",
            100 * rate / limit,
            _SHARE,
            "%",
        )
    )
    return (
        *one.case.where,
        f"{sum(map(len, ids)):,}",
        f"{arithmetic.nodes_by_depth(ids).sum():,}",
        number(needed / 1e9),
        number(rate / 1e9),
        f"{number(limit / 1e9)} ({number(min(one.rates) / 1e9)}–{number(max(one.rates) / 1e9)})",
        f"{rate / limit:.0%}",
        str(marks[-1]),
    )


def _introduction(lm: LoadedModel, lists: inputs.Words) -> str:
    return (
        f"{lists.source[0].upper()}{lists.source[1:]}, nouns + verbs, bare words, through a model of {lm.n_layers} "
        f"layers of {lm.d_mlp:,} neurons with random weights, to the mean pre-activation of every neuron. Every way "
        "makes its own tokens and gives the same array; the last column is the largest difference from ours as a "
        f"share of the largest value, and more than {TOLERANCE:g} ends the run with exit code 1. The loop is the "
        "course notebook's: one pass a word of the whole model with its head, then `c_fc` once more. The libraries "
        f"read batches padded on the right, of the size that was fastest for the same words, or for {_TRIED:,} of each "
        "class where these are more, at one layer; TransformerLens and nnsight stop after the deepest layer asked for. "
        "Each way is timed three times, in turns; a way that takes minutes once, which its row says."
    )


_SHARES = (
    "How near that is to the machine's limit. *Needed* is the arithmetic that no way can do without: two operations "
    "for each multiply-add of the linear layers and of attention, up to the deepest layer's `c_fc`, each distinct "
    "prefix of the words counted once. A first token attends to itself alone and needs no query, nor, if it ends its "
    "words, a key. The limit is a float32 product of two large square matrices, timed in the same turns; a share above "
    "100% means that products of packed weights are faster than that one."
)
