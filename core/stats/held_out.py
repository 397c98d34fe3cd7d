"""Choose a neuron on half of the words, and test it on the other half: what is left of the winner's effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import UserError
from core.progress import Progress, unwatched
from core.records import NeuronTests
from core.stats.effect_intervals import effect_sizes

_LEAST = 2  # lemmas of each class in each half: a test needs a variance

Test = Callable[[np.ndarray, np.ndarray], NeuronTests]
_Groups = tuple[np.ndarray, np.ndarray]


def lemma_halves(
    target_lemmas: Sequence[str], baseline_lemmas: Sequence[str], n: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Random halves of the units of both classes, with all units of a lemma in one half.

    The lemmas of the target alone, those of the baseline alone, and those of both are halved each for itself, so a form
    that is a noun and a verb is not in both halves either. Of an odd number, chance decides which half has one more.

    Parameters
    ----------
    target_lemmas, baseline_lemmas : sequence of str
        The lemma of each unit.
    n : int
        How many times.
    seed : int
        The same seed gives the same halves. The first ones do not depend on ``n``.

    Returns
    -------
    target, baseline : ndarray of shape (n, n_units of the class), bool
        True in the first half.

    Raises
    ------
    UserError (a ValueError)
        A half could have fewer than two lemmas of a class.

    Examples
    --------
    >>> target, _ = lemma_halves(["go", "go", "take", "see", "be"], ["a", "b", "c", "d"], 3, seed=0)
    >>> bool((target[:, 0] == target[:, 1]).all()), target[:, 1:].sum(axis=1)
    (True, array([2, 2, 2]))
    """
    classes = [list(dict.fromkeys(lemmas)) for lemmas in (target_lemmas, baseline_lemmas)]
    if not can_be_halved(*classes):
        raise UserError(
            f"Halves of the words need at least {_LEAST} lemmas of each class in each half: {len(classes[0]):,} and "
            f"got {len(classes[1]):,} lemmas, {len(set(classes[0]) & set(classes[1])):,} of them in both classes."
        )
    names = list(dict.fromkeys(classes[0] + classes[1]))
    sets = [set(of_class) for of_class in classes]
    kind = np.array([(name in sets[0]) + 2 * (name in sets[1]) for name in names])
    rng = np.random.default_rng(seed)
    first = np.zeros((n, len(names)), bool)
    for k in range(n):
        for one in (1, 2, 3):
            of_kind = np.flatnonzero(kind == one)
            take = (len(of_kind) + int(rng.integers(2))) // 2
            first[k, rng.permutation(of_kind)[:take]] = True
    place = {name: at for at, name in enumerate(names)}
    target, baseline = (
        first[:, [place[lemma] for lemma in lemmas]] for lemmas in (target_lemmas, baseline_lemmas)
    )  # [n, n_lemmas] -> [n, n_units]
    return target, baseline


def can_be_halved(target_lemmas: Sequence[str], baseline_lemmas: Sequence[str]) -> bool:
    """Whether the smallest half that ``lemma_halves`` may draw has two lemmas of each class.

    Examples
    --------
    Of one lemma alone and three in both classes, a half may have none and one:

    >>> can_be_halved(["go", "set", "run", "cut"], ["go", "set", "run", "tree", "day"])
    False
    >>> can_be_halved(["go", "see", "run", "cut"], ["run", "cut", "tree", "day"])
    True
    """
    sets = set(target_lemmas), set(baseline_lemmas)
    n_shared = len(sets[0] & sets[1])
    return all((len(one) - n_shared) // 2 + n_shared // 2 >= _LEAST for one in sets)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What ``choose_and_test`` has found.

    ``chosen`` (n_splits,) is int64. The other arrays are float64 (n_splits, 2, 2): of the neuron in question and of the
    chosen one (which may be the same), in the half on which one was chosen and in the other half. ``statistic``,
    ``hedges_g`` and ``auc`` are positive, or above 0.5, if the target is higher.
    """

    chosen: np.ndarray
    statistic: np.ndarray
    p_value: np.ndarray
    hedges_g: np.ndarray
    auc: np.ndarray


def choose_and_test(
    target: np.ndarray,
    baseline: np.ndarray,
    halves: tuple[np.ndarray, np.ndarray],
    neuron: int,
    test: Test,
    *,
    lower: bool = False,
    paired: bool = False,
    progress: Progress = unwatched,
) -> HeldOut:
    """In each split, choose the neuron with the largest statistic in one half; test it, and one neuron, in both.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_units, n_neurons)
        One row per word or lemma, of a class each.
    halves : (ndarray, ndarray)
        bool (n_splits, n_units) of both classes, as from ``lemma_halves``: where they are True, one is chosen.
    neuron : int
        The neuron in question.
    test : callable
        ``paired_ttest``, ``welch_ttest`` or ``mann_whitney_test``.
    lower : bool
        Choose the smallest statistic: the neuron that is most clearly lower for the target.
    paired : bool
        Whether ``test`` and g are of pairs. A half then has unequally many units of both classes; its first ones are
        paired in their order, as far as the shorter class reaches.
    progress : callable
        Called before each split. If it raises, the work stops.

    Returns
    -------
    HeldOut

    Raises
    ------
    UserError (a ValueError)
        No neuron varies in a half; or as ``test``.

    References
    ----------
    Cureton (1950), Educational and Psychological Measurement 10:94-96 (why a choice is not tested where it was made).

    Examples
    --------
    Of 50 neurons that differ by chance only, the chosen one loses its AUC on the other half:

    >>> from core.stats.ttest import welch_ttest
    >>> rng = np.random.default_rng(0)
    >>> target, baseline = rng.normal(size=(2, 40, 50))
    >>> halves = lemma_halves([f"n{i}" for i in range(40)], [f"v{i}" for i in range(40)], 20, seed=0)
    >>> choose_and_test(target, baseline, halves, 0, welch_ttest).auc[:, 1].mean(axis=0).round(2)
    array([0.69, 0.49])
    """
    n, sign = len(halves[0]), -1.0 if lower else 1.0
    chosen = np.empty(n, np.int64)
    numbers = {name: np.empty((n, 2, 2)) for name in ("statistic", "p_value", "hedges_g", "auc")}
    for k, masks in enumerate(zip(*halves, strict=True)):
        progress(k / n, f"Choosing on half of the words: split {k + 1:,} of {n:,}")
        half = _rows(target, baseline, masks, paired)
        found = test(*half)
        if np.isnan(found.statistic).all():
            raise UserError("In one half of the words no neuron of this layer varies, so none can be chosen.")
        chosen[k] = int(np.nanargmax(sign * found.statistic))
        both = [neuron, int(chosen[k])]
        rest = _rows(target, baseline, (~masks[0], ~masks[1]), paired)
        for at, groups in enumerate((half, rest)):
            columns = groups[0][:, both], groups[1][:, both]
            tests = test(*columns)
            numbers["hedges_g"][k, :, at] = effect_sizes(*columns, paired=paired).hedges_g
            for name in ("statistic", "p_value", "auc"):
                numbers[name][k, :, at] = getattr(tests, name)
    return HeldOut(chosen, **numbers)


def _rows(target: np.ndarray, baseline: np.ndarray, masks: tuple[np.ndarray, np.ndarray], paired: bool) -> _Groups:
    """The units of one half, of both classes; for pairs, equally many."""
    rows = [np.flatnonzero(mask) for mask in masks]
    if paired:
        n = min(map(len, rows))
        rows = [which[:n] for which in rows]
    return target[rows[0]], baseline[rows[1]]
