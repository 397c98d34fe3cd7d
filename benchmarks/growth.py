"""How time and memory grow with words, layers, tokens and neurons: linear or better, with the slope."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchmarks import child, inputs
from benchmarks.models import shape_of
from benchmarks.options import Options
from benchmarks.statistics import SHAPE, activations, ours, peak_memory
from benchmarks.table import Mark, Section, markdown
from benchmarks.timing import Times, number, say, slope, take_turns

_STEEPEST = 1.1
# Bytes. A process reserves about as much memory: a smaller peak is not informative.
_IN_RESERVE = 10e6


def section(options: Options) -> Section:
    """Four tables in one: what grows, at each size the time and the memory, and the slopes."""
    n_layers = shape_of(options.model).n_layers
    rounds = options.pick(3, 1)
    lists = inputs.words()
    sizes = {
        "words": [2 * n for n in lists.sizes((50, 150, 500, 1500, 5000) if not options.quick else (5, 10, 20))],
        "layers": sorted({min(n, n_layers) for n in (1, 2, 4, 8, 12)}),
        "tokens": [10, 100, 1000, 8000] if not options.quick else [10, 100, 200],
    }
    rows: list[tuple[str, ...]] = []
    slopes: list[tuple[str, ...]] = []
    marks: list[Mark] = []
    for along, wanted in sizes.items():
        say(f"Growth with {along}")
        grown = child.run("grow", options.model, along=along, sizes=wanted, rounds=rounds)
        times = [Times(tuple(seconds)) for seconds in grown["seconds"]]
        _add(
            along, wanted, work=grown["work"], times=times, peaks=grown["bytes"], rows=rows, slopes=slopes, marks=marks
        )
    neurons, times, peaks = _statistics(options, rounds)
    _add("neurons", neurons, work=neurons, times=times, peaks=peaks, rows=rows, slopes=slopes, marks=marks)
    header = ("what grows", "size", "median, s", "min–max, s", "peak memory, MB")
    slope_header = ("what grows", "slope of time", "mark", "slope of memory", "mark")
    parts = (_INTRODUCTION, markdown(header, rows), markdown(slope_header, slopes))
    return Section("growth", "Growth", parts, tuple(marks))


def _statistics(options: Options, rounds: int) -> tuple[list[int], list[Times], list[float]]:
    """The tests of every neuron at 1,000 + 1,000 words, of one layer, four and twelve."""
    n_words, width = options.pick(1000, 20), options.pick(SHAPE[1], 64)
    say("Growth with neurons")
    arrays = {layers * width: activations(n_words, (layers, width)) for layers in (1, 4, 12)}
    times = take_turns({f"{n:,}": partial(ours, data) for n, data in arrays.items()}, rounds)
    peaks = [float(peak_memory(n_words, (layers, width))) for layers in (1, 4, 12)]
    return list(arrays), list(times.values()), peaks


def _add(
    along: str,
    sizes: Sequence[int],
    *,
    work: Sequence[float],
    times: Sequence[Times],
    peaks: Sequence[float],
    rows: list[tuple[str, ...]],
    slopes: list[tuple[str, ...]],
    marks: list[Mark],
) -> None:
    """Append one table's rows, its line of slopes, and their marks; the slope of time is that against ``work``."""
    for size, taken, peak in zip(sizes, times, peaks, strict=True):
        rows.append((along, f"{size:,}", number(taken.median), taken.spread, number(peak / 1e6)))
    line = [along]
    memory = list(zip(sizes, peaks, strict=True))
    large = [(size, peak) for size, peak in memory if peak >= _IN_RESERVE]
    time = [(size, taken.median) for size, taken in zip(work, times, strict=True)]
    for what, points in (("time", time), ("memory", large if len(large) > 1 else memory)):
        steepness = slope(*zip(*points, strict=True))
        marks.append(Mark(f"{what} against {along}, slope", steepness, _STEEPEST, least=False))
        line += [f"{steepness:.2f}", str(marks[-1])]
    slopes.append(tuple(line))


_INTRODUCTION = (
    "Words of both classes together at one layer; layers at 1,000 words, from the first on; tokens of one text, which "
    "from 2,048 on is read in windows that overlap by half; neurons tested, at 1,000 + 1,000 words. Memory is the "
    "peak above what was there before, the answer included. The slope is that of the least-squares line through the "
    "logarithms: 1 is linear, less is better. Memory below 10 MB is left out of it: the process had that in reserve. "
    "The last layer is read no further than its expansion, so that twelve layers are more than twelve times one: the "
    "slope of time against layers is that against the arithmetic that they need."
)
