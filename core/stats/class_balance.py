"""Values of neurons on the scale of two classes, on which different neurons can be compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClassScale:
    """Where the two classes are among a neuron's values, in the units of the hook point.

    ``middle`` is midway between the means of the classes, and ``half`` half of target minus baseline, so it is negative
    in a neuron that is higher for the baseline.
    """

    middle: float
    half: float

    @property
    def usable(self) -> bool:
        """Whether the means differ, so that values can be put on this scale."""
        return bool(np.isfinite(self.middle) and np.isfinite(self.half) and self.half != 0)


def class_scale(target: np.ndarray, baseline: np.ndarray) -> ClassScale:
    """Where the classes are among the values of one neuron.

    Parameters
    ----------
    target, baseline : ndarray of shape (n_target,) and (n_baseline,)
        The values of the words (or lemmas) of each class.

    Examples
    --------
    >>> class_scale(np.array([2.0, 4.0]), np.array([0.0, 2.0]))
    ClassScale(middle=2.0, half=1.0)
    """
    one, other = (float(np.mean(each, dtype=np.float64)) for each in (target, baseline))
    return ClassScale((one + other) / 2, (one - other) / 2)


def on_class_scale(values: np.ndarray, scale: ClassScale) -> np.ndarray:
    """Values with the target's mean at 1, the baseline's at -1, and the midpoint of the two at 0.

    Parameters
    ----------
    values : ndarray
        Of any shape, in the units of the hook point.
    scale : ClassScale

    Returns
    -------
    ndarray
        float64, of the same shape.

    Raises
    ------
    ValueError
        The scale is not usable: the classes have the same mean.

    Examples
    --------
    >>> on_class_scale(np.array([1.0, 2.0, 5.0]), ClassScale(2.0, 1.0))
    array([-1.,  0.,  3.])
    """
    if not scale.usable:
        raise ValueError(f"the means of the two classes must differ, but there is {scale}")
    return (np.asarray(values, dtype=np.float64) - scale.middle) / scale.half


def class_balance(for_target: tuple[np.ndarray, ClassScale], for_baseline: tuple[np.ndarray, ClassScale]) -> np.ndarray:
    """Which class two neurons speak for together: half the difference of one for the target and one for the baseline.

    Each neuron's values are put on the scale on which 1 is the mean of its own class and -1 that of the other one.
    Half of the first minus the second is 1 where both are as at the mean of the target's words, -1 where both are as at
    that of the baseline's, and 0 where they say nothing, or contradict each other.

    Parameters
    ----------
    for_target, for_baseline : (ndarray, ClassScale)
        The values of each neuron, of the same shape, and its scale.

    Returns
    -------
    ndarray
        float64, of the shape of the values.

    Examples
    --------
    >>> noun_neuron = (np.array([3.0, 1.0, 3.0]), ClassScale(2.0, 1.0))
    >>> verb_neuron = (np.array([0.0, 4.0, 4.0]), ClassScale(2.0, -2.0))
    >>> class_balance(noun_neuron, verb_neuron)
    array([ 1., -1.,  0.])
    """
    # The other neuron's own class is the baseline, at -1 of its scale: so its own scale has the other sign.
    return (on_class_scale(*for_target) + on_class_scale(*for_baseline)) / 2
