"""The time of the tests of every neuron, compared with libraries that compute the same numbers neuron by neuron.

``python -m benchmarks statistics`` prints a Markdown table for 12 layers of 3,072 neurons, at 100 + 100 and at 1,000 +
1,000 words. One run of ours is ``welch_ttest``, with its effect sizes and AUC, and the six corrections of p-values over
the whole model. Beside it the same by SciPy and statsmodels, once neuron by neuron and once by whole arrays, and
pingouin's t-test where it is installed (``benchmarks/requirements.txt``). What would take minutes is timed on some of
the neurons and scaled up, and its row says so. The runs take turns, so that whatever else the machine does meets all of
them alike.
"""

from __future__ import annotations

import importlib.util
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

import numpy as np

from benchmarks.options import Options
from benchmarks.table import Mark, Section, markdown
from benchmarks.timing import number, say
from core.records import CORRECTIONS, NeuronTests
from core.stats.correction import adjust
from core.stats.ttest import welch_ttest

SHAPE = (12, 3072)  # layers, neurons in each: GPT-2 small and its likes
WORDS = (100, 1000)  # in each group
BY_P = tuple(method for method in CORRECTIONS if method != "max_t")  # max-T permutes the words
_OURS = "this app"
_LOOP = "SciPy + statsmodels, neuron by neuron"

# Some neurons' t, p-value and AUC (None where there is none), each (n_sample,).
Found: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray | None]
# Which neurons: (n_sample,) layers and (n_sample,) columns.
Sample: TypeAlias = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Activations:
    """Both groups, float32 (n_layers, n_words, n_neurons)."""

    target: np.ndarray
    baseline: np.ndarray

    @property
    def n_neurons(self) -> int:
        """All layers' neurons together."""
        return self.target.shape[0] * self.target.shape[2]

    def sample(self, size: int) -> Sample:
        """A sample of neurons, evenly over all layers."""
        places = np.linspace(0, self.n_neurons - 1, min(size, self.n_neurons)).astype(int)
        return np.divmod(places, self.target.shape[2])

    def columns(self, layer: int, neuron: int) -> tuple[np.ndarray, np.ndarray]:
        """One neuron's values in float64, (n_words,) twice: of float32 SciPy would compute in float32."""
        return self.target[layer, :, neuron].astype(np.float64), self.baseline[layer, :, neuron].astype(np.float64)


@dataclass(frozen=True)
class Way:
    """Another method for the same numbers, and the number of neurons on which it is timed."""

    find: Callable[[Activations, Sample], Found]
    n_sample: int
    corrects: bool = True  # whether statsmodels' corrections belong to it


@dataclass(frozen=True)
class Row:
    """The times of one method at one size: wall-clock and CPU seconds of each run, for all neurons."""

    n_words: int
    name: str
    n_timed: int  # neurons that it was timed on, of
    n_neurons: int
    wall: tuple[float, ...]
    processor: tuple[float, ...]
    ratio: float  # median wall-clock time over that of ours


def activations(n_words: int, shape: tuple[int, int], seed: int = 0) -> Activations:
    """Normal values, each neuron with its own mean, spread and difference of the groups."""
    rng = np.random.default_rng(seed)
    n_layers, n_neurons = shape
    offset, spread, effect = rng.normal(0, 1, (3, n_layers, 1, n_neurons)).astype(np.float32)
    target, baseline = rng.standard_normal((2, n_layers, n_words, n_neurons), dtype=np.float32)
    target += effect / 4
    for group in (target, baseline):
        np.multiply(group, np.exp(spread), out=group)
        np.add(group, offset, out=group)
    return Activations(target, baseline)


# --- The ways ---


def ours(data: Activations) -> NeuronTests:
    """Every neuron's test, effect size and AUC, and the six corrections over the whole model."""
    tests = welch_ttest(data.target, data.baseline)
    for method in BY_P:
        adjust(tests.p_value, method)
    return tests


def scipy_loop(data: Activations, sample: Sample) -> Found:
    """SciPy's Welch test and Mann-Whitney's U, a call of each per neuron."""
    from scipy import stats

    found = []
    for layer, neuron in zip(*sample, strict=True):
        target, baseline = data.columns(layer, neuron)
        test = stats.ttest_ind(target, baseline, equal_var=False)
        u = stats.mannwhitneyu(target, baseline).statistic
        found.append((test.statistic, test.pvalue, u / (target.size * baseline.size)))
    t, p, auc = np.array(found).T
    return t, p, auc


def scipy_arrays(data: Activations, sample: Sample) -> Found:
    """The same in one call of each for all of the sample, (n_words, n_sample) with ``axis=0``."""
    from scipy import stats

    pairs = [data.columns(layer, neuron) for layer, neuron in zip(*sample, strict=True)]
    target, baseline = (np.stack(group, axis=1) for group in zip(*pairs, strict=True))
    test = stats.ttest_ind(target, baseline, axis=0, equal_var=False)
    u = stats.mannwhitneyu(target, baseline, axis=0).statistic
    return test.statistic, test.pvalue, u / (len(target) * len(baseline))


def pingouin_loop(data: Activations, sample: Sample) -> Found:
    """pingouin's Welch test, a call per neuron: with Cohen's d, but without an AUC."""
    import pingouin

    found = []
    for layer, neuron in zip(*sample, strict=True):
        table = pingouin.ttest(*data.columns(layer, neuron), correction=True)
        found.append((float(table["T"].iloc[0]), float(table["p_val"].iloc[0])))
    t, p = np.array(found).T
    return t, p, None


def statsmodels_corrections(p_value: np.ndarray) -> None:
    """What statsmodels has of the six corrections (the first, none, is no work), on the whole family."""
    from statsmodels.stats.multitest import multipletests

    for method in BY_P:
        if method != "none":
            multipletests(p_value, method=method)


# --- The measurement ---


def rows(words: Sequence[int] = WORDS, shape: tuple[int, int] = SHAPE, runs: int = 7, n_sample: int = 256) -> list[Row]:
    """Time every way at every number of words, ``runs`` times in turns, after one run that is checked and not timed.

    Parameters
    ----------
    words : sequence of int
        Words in each of the two groups.
    shape : (int, int)
        Layers, and neurons in each.
    runs : int
        Timed runs of each way.
    n_sample : int
        Neurons that the ways that go neuron by neuron are timed on; one layer's number of them for whole arrays.

    Raises
    ------
    AssertionError
        A library found another t or p-value (by 1e-9 of it) or another AUC (by 1e-12 of it) than ours.
    """
    ways = {
        _LOOP: Way(scipy_loop, n_sample),
        "SciPy + statsmodels, arrays (`axis=0`)": Way(scipy_arrays, shape[1]),
    }
    if importlib.util.find_spec("pingouin"):
        ways["pingouin, `ttest` alone, neuron by neuron"] = Way(pingouin_loop, n_sample, corrects=False)
    table = []
    for n_words in words:
        table += _rows_at(activations(n_words, shape), ways, runs)
    return table


def _rows_at(data: Activations, ways: dict[str, Way], runs: int) -> list[Row]:
    """The rows at one number of words."""
    tests = ours(data)
    family = tests.p_value.ravel()
    statsmodels_corrections(family)
    for name, way in ways.items():
        sample = data.sample(way.n_sample)
        _check(name, way.find(data, sample), tests, sample)
    times: dict[str, list[np.ndarray]] = {name: [] for name in (_OURS, *ways)}
    for _ in range(runs):
        times[_OURS].append(_seconds(ours, data))
        corrections = _seconds(statsmodels_corrections, family)
        for name, way in ways.items():
            sample = data.sample(way.n_sample)
            scaled = _seconds(way.find, data, sample) * (data.n_neurons / sample[0].size)
            times[name].append(scaled + corrections * way.corrects)  # done for all neurons, so not scaled
    base = median(wall for wall, _ in times[_OURS])
    return [
        Row(
            n_words=data.target.shape[1],
            name=name,
            n_timed=data.sample(ways[name].n_sample)[0].size if name in ways else data.n_neurons,
            n_neurons=data.n_neurons,
            wall=tuple(float(wall) for wall, _ in took),
            processor=tuple(float(processor) for _, processor in took),
            ratio=float(median(wall for wall, _ in took) / base),
        )
        for name, took in times.items()
    ]


def _check(name: str, found: Found, tests: NeuronTests, sample: Sample) -> None:
    """Check that a library has our results: otherwise the times would compare different things."""
    mine = (tests.statistic, tests.p_value, tests.auc)
    for what, theirs, our, rtol in zip(("t", "p", "AUC"), found, mine, (1e-9, 1e-9, 1e-12), strict=True):
        if theirs is not None:
            np.testing.assert_allclose(our[sample], theirs, rtol=rtol, err_msg=f"{name}: {what}")


def _seconds(way: Callable[..., object], *arguments: object) -> np.ndarray:
    """Wall-clock and processor time, (2,), of one call; the latter counts all threads."""
    wall, processor = time.perf_counter(), time.process_time()
    way(*arguments)
    return np.array([time.perf_counter() - wall, time.process_time() - processor])


def peak_memory(n_words: int, shape: tuple[int, int] = SHAPE) -> int:
    """The peak bytes of our method in addition to the activations, with its results."""
    data = activations(n_words, shape)
    tracemalloc.start()
    try:
        ours(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def section(options: Options) -> Section:
    """The table, the marks at the most words, and what memory ours takes."""
    shape = (2, 256) if options.quick else SHAPE
    words = (20, 50) if options.quick else WORDS
    say("Statistics")
    table = rows(words, shape, options.pick(5, 2), options.pick(256, 16))
    marks = _marks([row for row in table if row.n_words == words[-1]])
    memory = [f"{n:,} + {n:,} words: {peak_memory(n, shape) / 1e6:.0f} MB" for n in words]
    header = ("words", "way", "timed on", "median, s", "min–max, s", "processor, s", "ours is faster", "mark")
    cells = [_cells(row, marks if row.n_words == words[-1] else {}) for row in table]
    parts = (
        _INTRODUCTION.format(n_layers=shape[0], n_neurons=shape[1]),
        markdown(header, cells),
        f"Beside its input and with its answers, ours holds at most: {'; '.join(memory)}.",
    )
    return Section("statistics", "Statistics of every neuron", parts, tuple(marks.values()))


def _marks(table: Sequence[Row]) -> dict[str, Mark]:
    """The marks of the rows at the most words, by the way's name."""
    loop = next(row for row in table if row.name == _LOOP)
    ours = next(row for row in table if row.name == _OURS)
    return {
        _LOOP: Mark("statistics, beside SciPy + statsmodels", loop.ratio, 20.0, "×"),
        _OURS: Mark("statistics, seconds", median(ours.wall), 0.8, " s", least=False),
    }


def _cells(row: Row, marks: Mapping[str, Mark]) -> tuple[str, ...]:
    timed_on = "all neurons" if row.n_timed == row.n_neurons else f"{row.n_timed:,} neurons, scaled up"
    return (
        f"{row.n_words:,} + {row.n_words:,}",
        row.name,
        timed_on,
        number(median(row.wall)),
        f"{number(min(row.wall))}–{number(max(row.wall))}",
        number(median(row.processor)),
        "" if row.name == _OURS else f"{number(row.ratio)}×",
        str(marks.get(row.name, "")),
    )


_INTRODUCTION = (
    "Welch's test, p-values, effect sizes and the exact AUC of {n_layers} layers of {n_neurons:,} neurons, and six "
    "corrections over all of them, beside libraries that give the same numbers; each library's are compared with ours "
    "before anything is timed. What goes neuron by neuron is timed on some of them, spread over all layers, and scaled."
)
