"""Every layer as a table: one row for each layer and side of the nonlinearity.

layer_table((before, after), tested="pre-activation", gold=gold).csv()
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from core.records.layers import GoldLayers
from core.report.layer_numbers import LayerNumbers, gold_of_extremes
from core.report.tables import Table

# Of a layer at one side; the table of checkpoints has them too.
COUNTS_AND_ENDS = (
    "neurons_tested",
    "higher_significant",
    "higher_strong",
    "lower_significant",
    "lower_strong",
    "auc_highest",
    "auc_highest_neuron",
    "auc_lowest",
    "auc_lowest_neuron",
    "g_largest",
    "g_largest_neuron",
    "g_smallest",
    "g_smallest_neuron",
)
LAYER_COLUMNS = (
    "layer",
    "relative_depth",
    "hook_side",
    "chosen_side",
    *COUNTS_AND_ENDS,
    "statistic_smallest",
    "statistic_5",
    "statistic_25",
    "statistic_50",
    "statistic_75",
    "statistic_95",
    "statistic_largest",
    "smallest_neuron",
    "largest_neuron",
    "auc_of_smallest",
    "auc_of_largest",
    "text_auc_of_smallest",
    "text_auc_of_largest",
    "shuffled_labels",
)


def layer_table(
    sides: Iterable[LayerNumbers], tested: str, gold: GoldLayers | None, *, shuffled: bool = False
) -> Table:
    """The table of ``LAYER_COLUMNS``, sorted by layer, and in each layer in the order of the sides.

    Parameters
    ----------
    sides : iterable of LayerNumbers
        Of the same layers.
    tested : str
        The side that the experiment tests.
    gold : GoldLayers, optional
        Of one side: rows of the other side have no AUC in tagged text.
    shuffled : bool
        Whether the labels were shuffled.

    Returns
    -------
    Table
        A layer in which no neuron varies has no values of neurons.
    """
    by_side = [_rows(numbers, tested, gold, shuffled) for numbers in sides]
    return Table(LAYER_COLUMNS, [row for layer in zip(*by_side, strict=True) for row in layer])


def _rows(numbers: LayerNumbers, tested: str, gold: GoldLayers | None, shuffled: bool) -> list[tuple[object, ...]]:
    higher, lower, n = numbers.higher, numbers.lower, len(numbers.layers)
    of_text = [np.full(n, np.nan)] * 2
    if gold is not None and gold.side == numbers.side:
        of_text = list(gold_of_extremes(numbers, gold))
    columns: tuple[Sequence[object], ...] = (
        numbers.layers,
        numbers.depth.tolist(),
        [numbers.side] * n,
        [numbers.side == tested] * n,
        numbers.tested.tolist(),
        higher.significant.tolist(),
        higher.strong.tolist(),
        lower.significant.tolist(),
        lower.strong.tolist(),
        higher.auc.tolist(),
        _neurons(higher.auc_neuron),
        lower.auc.tolist(),
        _neurons(lower.auc_neuron),
        higher.g.tolist(),
        _neurons(higher.g_neuron),
        lower.g.tolist(),
        _neurons(lower.g_neuron),
        *numbers.quantiles.tolist(),  # one row a share
        _neurons(lower.extreme),
        _neurons(higher.extreme),
        lower.extreme_auc.tolist(),
        higher.extreme_auc.tolist(),
        of_text[1].tolist(),
        of_text[0].tolist(),
        [shuffled] * n,
    )
    return list(zip(*columns, strict=True))


def _neurons(neurons: np.ndarray) -> list[int | None]:
    return [None if neuron < 0 else neuron for neuron in neurons.tolist()]
