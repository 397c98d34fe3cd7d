"""What every layer has, in one number or a few: counts, strongest effects, quantiles of the statistic.

    numbers = numbers_of(found)         # of ``core.records.layers.AllLayers``
    numbers.higher.strong[3]            # how many neurons of the fourth layer are strongly higher for the target

Figures, tables and texts about all layers are made from these, so they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.records.layers import AllLayers, GoldLayers

# The shares of a layer's neurons whose statistic is at or below each row of ``quantiles``.
SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True, eq=False)
class Direction:
    """The neurons of each layer that are higher for one class. Arrays are (n_layers,).

    ``significant`` and ``strong`` count them. ``auc`` and ``g`` are the strongest ones of any tested neuron, whether
    significant or not: the largest for the target, the smallest for the baseline; NaN in a layer in which none was
    tested. ``extreme`` is the neuron with the largest (or smallest) statistic, and ``auc_neuron`` and ``g_neuron`` are
    those with ``auc`` and ``g``; each is -1 where there is none. ``extreme_auc`` is the AUC of ``extreme``.
    """

    significant: np.ndarray
    strong: np.ndarray
    auc: np.ndarray
    auc_neuron: np.ndarray
    g: np.ndarray
    g_neuron: np.ndarray
    extreme: np.ndarray
    extreme_auc: np.ndarray


@dataclass(frozen=True, eq=False)
class LayerNumbers:
    """The numbers of every layer at one side of the nonlinearity, each neuron tested in its own right there.

    ``depth`` (n_layers,) is the relative depth, ``tested`` (n_layers,) how many neurons were tested, and ``quantiles``
    (7, n_layers) has the statistic at ``SHARES``, NaN where no neuron was tested. ``higher`` is the direction of the
    target, ``lower`` that of the baseline.
    """

    side: str
    layers: tuple[int, ...]
    n_neurons: int
    depth: np.ndarray
    tested: np.ndarray
    higher: Direction
    lower: Direction
    quantiles: np.ndarray

    @property
    def untested(self) -> tuple[int, ...]:
        """The layers in which no neuron varies, so that none was tested."""
        return tuple(layer for layer, n in zip(self.layers, self.tested, strict=True) if not n)

    @property
    def strong_share(self) -> np.ndarray:
        """The share of each layer's neurons, tested or not, that are strong for either class: (n_layers,)."""
        return (self.higher.strong + self.lower.strong) / self.n_neurons

    @property
    def largest_g(self) -> np.ndarray:
        """The largest Hedges' g of each layer in absolute value, (n_layers,); NaN where no neuron was tested."""
        return np.maximum(np.abs(self.higher.g), np.abs(self.lower.g))


def numbers_of(found: AllLayers) -> LayerNumbers:
    """The numbers of every layer.

    Examples
    --------
    >>> from core.experiment import run_steps
    >>> from core.models import load_model
    >>> from core.records import ContrastSpec
    >>> from core.whole_model import measure_layers
    >>> lm, spec = load_model("bundled"), ContrastSpec.careful(n_target=50, n_baseline=50)
    >>> read, tests, adjusted, _ = run_steps(spec, lm, range(lm.n_layers))
    >>> numbers = numbers_of(measure_layers(spec, lm.info, read, tests, adjusted))
    >>> numbers.depth.tolist()
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> bool((numbers.higher.strong <= numbers.higher.significant).all())
    True
    """
    statistic = found.tests.statistic
    varies = ~np.isnan(statistic)
    quantiles = np.full((len(SHARES), found.n_layers), np.nan)
    for at in range(found.n_layers):
        if varies[at].any():
            quantiles[:, at] = np.quantile(statistic[at, varies[at]], SHARES)
    return LayerNumbers(
        side=found.spec.hook_side,
        layers=found.layers,
        n_neurons=found.n_neurons,
        depth=found.depth,
        tested=varies.sum(axis=1),
        higher=_direction(found, varies, 1, found.extremes[0]),
        lower=_direction(found, varies, -1, found.extremes[1]),
        quantiles=quantiles,
    )


def _direction(found: AllLayers, varies: np.ndarray, sign: int, extreme: np.ndarray) -> Direction:
    there = sign * found.tests.statistic > 0  # False for NaN
    auc, auc_neuron = _strongest(found.tests.auc, varies, sign)
    g, g_neuron = _strongest(found.hedges_g, varies, sign)
    return Direction(
        # [n_layers, n_neurons] -> [n_layers]
        significant=(found.significant & there).sum(axis=1),
        strong=(found.strong & there).sum(axis=1),
        auc=auc,
        auc_neuron=auc_neuron,
        g=g,
        g_neuron=g_neuron,
        extreme=extreme,
        extreme_auc=at_neurons(found.tests.auc, extreme),
    )


def _strongest(values: np.ndarray, varies: np.ndarray, sign: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest value of each layer, or the smallest for -1, and its neuron; NaN and -1 where there is none."""
    usable = varies & ~np.isnan(values)
    # [n_layers, n_neurons] -> [n_layers]
    neuron = np.where(usable, sign * values, -np.inf).argmax(axis=1)
    neuron = np.where(usable.any(axis=1), neuron, -1)
    return at_neurons(values, neuron), neuron


def at_neurons(values: np.ndarray, neurons: np.ndarray) -> np.ndarray:
    """The value of one neuron of each layer, (n_layers,), from values (n_layers, n_neurons); NaN for neuron -1.

    Examples
    --------
    >>> at_neurons(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, -1]))
    array([ 2., nan])
    """
    found = values[np.arange(len(values)), neurons]
    return np.where(neurons < 0, np.nan, found)


def gold_of_extremes(numbers: LayerNumbers, gold: GoldLayers) -> tuple[np.ndarray, np.ndarray]:
    """The AUC in tagged text of the neurons with the largest and the smallest statistic: float64 (n_layers,) each.

    Both are of the target over the baseline, so that of a neuron that is higher for the baseline should be low. NaN
    where there is no such neuron.
    """
    return at_neurons(gold.auc, numbers.higher.extreme), at_neurons(gold.auc, numbers.lower.extreme)
