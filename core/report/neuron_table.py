"""The neurons of every layer as one table, that can be filtered, sorted, and saved.

    table = NeuronTable(all_layers, gold)
    rows = table.rows("auc_after >= 0.9 and not reverses", "-hedges_g")
    table.saved(rows).csv()

Rows are numbered layer after layer. A column is computed once, and not before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np

from core.errors import UserError, did_you_mean
from core.records import ALL_TESTS
from core.records.layers import AllLayers, GoldLayers
from core.records.spec import quoted
from core.report.columns import COLUMNS
from core.report.glossary import statistic_name
from core.report.neuron_filter import NUMBER, TRUTH, Condition, parse
from core.report.tables import Table, p_cells

_Made = Callable[["NeuronTable"], np.ndarray]
# The columns of the saved table that filters know too, in its order: what each has, and its values.
_COLUMNS: dict[str, tuple[str, _Made]] = {
    "layer": (NUMBER, lambda table: np.repeat(np.array(table.found.layers), table.found.n_neurons)),
    "neuron": (NUMBER, lambda table: np.tile(np.arange(table.found.n_neurons), table.found.n_layers)),
    "statistic": (NUMBER, lambda table: table.found.tests.statistic),
    "p_adjusted": (NUMBER, lambda table: table.found.p_adjusted),
    "log10_p_adjusted": (NUMBER, lambda table: table.found.log10_p_adjusted),
    "significant": (TRUTH, lambda table: table.found.significant),
    "strong": (TRUTH, lambda table: table.found.strong),
    "mean_difference": (NUMBER, lambda table: table.found.tests.mean_difference),
    "hedges_g": (NUMBER, lambda table: table.found.hedges_g),
    "auc_before": (NUMBER, lambda table: table.found.auc_before),
    "auc_after": (NUMBER, lambda table: table.found.auc_after),
    "above_zero_target": (NUMBER, lambda table: table.found.other_side.above_zero_target),
    "above_zero_baseline": (NUMBER, lambda table: table.found.other_side.above_zero_baseline),
    "gold_auc": (NUMBER, lambda table: table.gold_auc),
    "silent": (TRUTH, lambda table: table.found.silent),
    "reverses": (TRUTH, lambda table: table.found.reverses),
    "top": (NUMBER, lambda table: percent_as_large(table.found.tests.statistic)),
}
NEURON_COLUMNS = (*_COLUMNS, "shuffled_labels")
_ABOVE_ZERO = "The larger one of above_zero_target and above_zero_baseline: silent is above_zero < 0.05."
_BLOCK = 4096  # rows that are Python objects at a time, while a file is written


def percent_as_large(statistic: np.ndarray) -> np.ndarray:
    """Of the neurons that were tested, the percentage whose statistic is at least as large: above 0, at most 100.

    So ``top <= 1`` is the 1% of the neurons with the highest statistics, and ``top > 99`` the 1% with the lowest ones.

    Parameters
    ----------
    statistic : ndarray
        Of all neurons together; NaN for one that was not tested, whose share is NaN too.

    Examples
    --------
    >>> percent_as_large(np.array([[3.0, -1.0], [np.nan, 8.0]]))
    array([[ 66.66666667, 100.        ],
           [         nan,  33.33333333]])
    """
    tested = np.sort(statistic[~np.isnan(statistic)])
    n_larger = tested.size - np.searchsorted(tested, statistic, side="left")
    return np.where(np.isnan(statistic), np.nan, 100 * n_larger / max(1, tested.size))


def short_names(test: str) -> dict[str, str]:
    """Other names of columns in filters: the letter of the test's statistic, and g.

    Examples
    --------
    >>> short_names("welch"), short_names("mannwhitney")["z"]
    ({'t': 'statistic', 'g': 'hedges_g'}, 'statistic')
    """
    return {statistic_name(test): "statistic", "g": "hedges_g"}


def meanings(test: str) -> dict[tuple[str, ...], str]:
    """Every name that a filter may have, the short ones beside the long ones, with what it is.

    Examples
    --------
    >>> list(meanings("welch"))[:3], meanings("welch")["layer",]
    ([('layer',), ('neuron',), ('t', 'statistic')], 'The layer, counted from 0.')
    """
    short = {column: (name,) for name, column in short_names(test).items()}
    return {(*short.get(name, ()), name): COLUMNS[name] for name in _COLUMNS} | {("above_zero",): _ABOVE_ZERO}


@dataclass(frozen=True, eq=False)
class NeuronTable:
    """The neurons of every layer that was read; with ``gold``, also how well they separate the words of a tagged text.

    ``no_gold`` is why there is no gold AUC: then no filter can ask for it, and no saved table has it. With neither, it
    is not known yet: the values are missing.
    """

    found: AllLayers
    gold: GoldLayers | None = None
    no_gold: str = ""

    @property
    def n_rows(self) -> int:
        """The number of neurons of all layers that were read."""
        return self.found.n_layers * self.found.n_neurons

    @property
    def gold_auc(self) -> np.ndarray:
        """The gold AUC (n_layers, n_neurons), NaN if it is not known."""
        shape = self.found.significant.shape
        return np.full(shape, np.nan) if self.gold is None else self.gold.auc

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that there are: all, but the gold AUC only if there can be one."""
        return tuple(name for name in _COLUMNS if name != "gold_auc" or not self.no_gold)

    @cached_property
    def _known(self) -> dict[str, np.ndarray]:
        return {}

    def column(self, name: str) -> np.ndarray:
        """The values (n_rows,) of a column, also by its short name: float64, int or bool."""
        name = short_names(self.found.spec.test).get(name, name)
        if name == "above_zero":
            return np.maximum(self.column("above_zero_target"), self.column("above_zero_baseline"))
        if name not in self._known:
            self._known[name] = _COLUMNS[name][1](self).reshape(-1)  # [n_layers, n_neurons] -> [n_rows]
        return self._known[name]

    def rows(self, text: str = "", sort: str = "") -> np.ndarray:
        """The rows that a filter leaves, in order: int (n,).

        Parameters
        ----------
        text : str
            A condition (``core.report.neuron_filter``); "" leaves all rows.
        sort : str
            A column, lowest first, or with a hyphen before it, highest first. Missing values come last, and of equal
            ones the lower layer and neuron come first. By default the neurons come first whose AUC, on the side that
            was tested, is farthest from 0.5, and of equal ones those with the larger absolute statistic.

        Raises
        ------
        UserError
            It is no condition, or no column.
        """
        of_tested = self.found.tests
        if sort:
            name, sign = sort_of(sort, self.found.spec.test, self.columns)
            keys = [sign * self.column("log10_p_adjusted" if name == "p_adjusted" else name).astype(np.float64)]
        else:
            keys = [-np.abs(of_tested.statistic).reshape(-1), -np.abs(of_tested.auc - 0.5).reshape(-1)]
        if not text.strip():
            return np.lexsort(keys)
        condition = condition_of(text, self.found.spec.test)
        if self.no_gold and "gold_auc" in condition.names:
            raise UserError(f"The filter has gold_auc, which cannot be computed here. {self.no_gold}")
        kept = np.flatnonzero(condition.holds(self.column, self.n_rows))
        return kept[np.lexsort([key[kept] for key in keys])]

    def saved(self, rows: np.ndarray) -> Table:
        """Some rows as a table: ``NEURON_COLUMNS``, with all digits; without gold_auc where there is none."""
        columns = tuple(name for name in NEURON_COLUMNS if name in self.columns or name not in _COLUMNS)
        return Table(columns, _Rows(self, rows, columns))

    def cells(self, rows: np.ndarray, columns: Sequence[str]) -> list[tuple[object, ...]]:
        """The cells of some rows."""
        made: list[Sequence[object]] = []
        for name in columns:
            if name == "shuffled_labels":  # a table of a control must not pass for one of word classes
                made.append([self.found.spec.shuffle_labels] * len(rows))
            elif name == "p_adjusted":
                made.append(p_cells(self.column(name)[rows], self.column("log10_p_adjusted")[rows]))
            else:
                made.append(self.column(name)[rows].tolist())
        return list(zip(*made, strict=True))


@dataclass(frozen=True, eq=False)
class _Rows(Sequence[Sequence[object]]):
    """The rows of a saved table, of which only some are Python objects at a time."""

    table: NeuronTable
    chosen: np.ndarray
    columns: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.chosen)

    def __iter__(self) -> Iterator[Sequence[object]]:
        for start in range(0, len(self.chosen), _BLOCK):
            yield from self.table.cells(self.chosen[start : start + _BLOCK], self.columns)

    @overload
    def __getitem__(self, index: int) -> Sequence[object]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sequence[object]]: ...
    def __getitem__(self, index: Any) -> Any:
        chosen = np.atleast_1d(self.chosen[index])
        cells = self.table.cells(chosen, self.columns)
        return cells if isinstance(index, slice) else cells[0]


def condition_of(text: str, test: str) -> Condition:
    """The condition of a filter, with the names that it may have in an experiment with this test.

    Raises
    ------
    UserError
        It is no condition on the columns.
    """
    kinds = {name: kind for name, (kind, _) in _COLUMNS.items()} | {"above_zero": NUMBER}
    short = {name: kinds[column] for name, column in short_names(test).items()}
    return parse(text, kinds | short, _synonyms(test))


def uses_gold(text: str, sort: str, test: str) -> bool:
    """Whether a filter or an order needs the gold AUC; one that cannot be read needs none.

    Examples
    --------
    >>> uses_gold("gold_auc > 0.8", "", "welch"), uses_gold("", "-GOLD_AUC", "welch"), uses_gold("g >", "", "welch")
    (True, True, False)
    """
    try:
        names = condition_of(text, test).names if text.strip() else frozenset()
    except UserError:
        names = frozenset()
    try:
        column = sort_of(sort, test)[0] if sort.strip() else ""
    except UserError:
        column = ""
    return "gold_auc" in {*names, column}


def sort_of(sort: str, test: str, columns: Sequence[str] = tuple(_COLUMNS)) -> tuple[str, int]:
    """The column of an order, and 1 for the lowest first, −1 for the highest first.

    Raises
    ------
    UserError
        There is no such column.

    Examples
    --------
    >>> sort_of("-auc_before", "welch"), sort_of("t", "welch")
    (('auc_before', -1), ('statistic', 1))
    >>> sort_of("auc_afte", "welch", ("auc_after", "neuron"))
    Traceback (most recent call last):
    core.errors.UserError: The order is “auc_afte”; a column, perhaps after a hyphen for the highest first, is \
allowed: auc_after, neuron. Did you mean auc_after?
    """
    typed = sort.strip().removeprefix("-").casefold()
    name = short_names(test).get(typed, typed)
    if name not in columns:
        near = did_you_mean(typed, columns, synonyms=_synonyms(test))
        raise UserError(
            f"The order is {quoted(sort)}; a column, perhaps after a hyphen for the highest first, is allowed: "
            f"{', '.join(columns)}.{near}"
        )
    return name, -1 if sort.strip().startswith("-") else 1


def _synonyms(test: str) -> dict[str, str]:
    """Names that are none: the letters of other tests' statistics, and other words for a column."""
    letter = statistic_name(test)
    letters = {each.letter: letter for each in ALL_TESTS.values() if each.letter != letter}
    return letters | {"p": "p_adjusted", "log10_p": "log10_p_adjusted", "gold": "gold_auc"}
