"""How much the values of one group (the forms of a lemma) have in common."""

from __future__ import annotations

import numpy as np


def intraclass_correlation(values: np.ndarray, groups: np.ndarray, classes: np.ndarray) -> float:
    """The intraclass correlation ICC(1) of groups within classes, from a one-way analysis of variance.

    (B - W) / (B + (n0 - 1) W), where B and W are the mean squares between groups of one class and within groups, and
    n0 is the mean size of a group, corrected for unequal sizes. It is the correlation of two values of one group: 1
    if groups do not vary within, about 0 if groups say nothing, and below 0 if values of a group differ more than
    others.

    Parameters
    ----------
    values : ndarray of shape (n,)
    groups, classes : ndarray of shape (n,)
        The group and the class of each value, of any type. The same group in two classes counts as two groups.

    Returns
    -------
    float
        NaN if no group has two values, no class has two groups, or the values do not vary.

    References
    ----------
    Fisher (1925), Statistical Methods for Research Workers, chapter 7. Shrout & Fleiss (1979), Psychological Bulletin
    86:420-428. Donner (1986), International Statistical Review 54:67-82 (unequal sizes).

    Examples
    --------
    Two groups of two values; B = 16, W = 1:

    >>> values, groups = np.array([1.0, 2.0, 5.0, 6.0]), np.array(["go", "go", "take", "take"])
    >>> round(intraclass_correlation(values, groups, np.zeros(4)), 4)
    0.9394
    """
    values = np.asarray(values, np.float64)
    _, class_of = np.unique(classes, return_inverse=True)
    names, group_of = np.unique(groups, return_inverse=True)
    # A number for each group within its class, then 0, 1, ... : [n] -> [n_groups] and [n]
    numbers, group_of = np.unique(class_of * len(names) + group_of, return_inverse=True)
    class_of_group, sizes = numbers // len(names), np.bincount(group_of)
    of_class = np.bincount(class_of)
    means = np.bincount(group_of, values) / sizes
    class_means = np.bincount(class_of, values) / of_class
    between_df, within_df = len(sizes) - len(of_class), len(values) - len(sizes)
    if between_df < 1 or within_df < 1:
        return float("nan")
    between = float(sizes @ (means - class_means[class_of_group]) ** 2) / between_df
    within = float(np.sum((values - means[group_of]) ** 2)) / within_df
    squares = np.bincount(class_of_group, sizes.astype(np.float64) ** 2)
    size = float(len(values) - np.sum(squares / of_class)) / between_df
    total = between + (size - 1) * within
    return (between - within) / total if total > 0 else float("nan")
