"""How well the classes of words can be told by what is counted elsewhere: a small naive Bayes classifier.

It is a baseline for a neuron: what do a word's last letters, or the word before it, say about its class?
"""

from __future__ import annotations

import numpy as np

from core.errors import UserError

# Of a score, so that odds which are equal but for the last bit are a tie.
_DIGITS = 9


def log_odds(trained_on: np.ndarray, is_target: np.ndarray, features: np.ndarray) -> np.ndarray:
    """How much more likely some words' features are for the target than for the baseline: scores of naive Bayes.

    For each feature, the log of (n_target(x) + 1) / (n_target + k) over (n_baseline(x) + 1) / (n_baseline + k). n(x) is
    how many of the n training words of a class have the value x, and k the number of different values, with one more
    for all that were never seen. The scores of several features are added. How frequent the classes are in the training
    words does not count.

    Parameters
    ----------
    trained_on : ndarray of shape (n_training_words, n_features), str
        The features of the words whose classes are known.
    is_target : ndarray of shape (n_training_words,), bool
        Their classes.
    features : ndarray of shape (n_words, n_features), str
        The features of the words to score.

    Returns
    -------
    ndarray of shape (n_words,), float64
        In natural logarithms, with nine decimals; positive where the target is more likely.

    Raises
    ------
    UserError (a ValueError)
        The shapes do not fit.

    References
    ----------
    Manning, Raghavan & Schütze (2008), Introduction to Information Retrieval, section 13.2 (with add-one smoothing).

    Examples
    --------
    Of two nouns and two verbs, one each ends in "ing"; a fifth ending was never seen:

    >>> seen = np.array([["ing"], ["ion"], ["ing"], ["ise"]])
    >>> log_odds(seen, np.array([True, True, False, False]), np.array([["ing"], ["ion"], ["ous"]])).round(3)
    array([0.   , 0.693, 0.   ])
    """
    trained_on, is_target, features = np.asarray(trained_on), np.asarray(is_target, dtype=bool), np.asarray(features)
    if not (trained_on.ndim == features.ndim == 2 and trained_on.shape[1] == features.shape[1]):
        raise UserError(f"Features need one column each: got shapes {trained_on.shape} and {features.shape}.")
    if is_target.shape != trained_on.shape[:1]:
        raise UserError(f"Each training word needs a class: got {is_target.shape} for {trained_on.shape[:1]} words.")
    scores = np.zeros(len(features))
    for seen, wanted in zip(trained_on.T, features.T, strict=True):
        values, number = np.unique(seen, return_inverse=True)
        k = len(values) + 1
        of_value = np.zeros(k)  # the last one stands for all values that were not seen
        for sign, chosen in ((1, is_target), (-1, ~is_target)):
            counts = np.bincount(number[chosen], minlength=k)
            of_value += sign * np.log((counts + 1) / (chosen.sum() + k))
        place = np.searchsorted(values, wanted)
        known = (values[np.minimum(place, len(values) - 1)] == wanted) if len(values) else np.zeros(len(wanted), bool)
        scores += of_value[np.where(known, place, k - 1)]
    return scores.round(_DIGITS)


def cross_validated_log_odds(
    features: np.ndarray, is_target: np.ndarray, group: np.ndarray, n_folds: int = 10
) -> np.ndarray:
    """The ``log_odds`` of each word, counted in all words but those of its fold.

    Groups are whole documents (or sentences), so that no word is scored by its own document. In the order in which they
    first come, they are dealt out to the folds in turn.

    Parameters
    ----------
    features : ndarray of shape (n_words, n_features), str
    is_target : ndarray of shape (n_words,), bool
    group : ndarray of shape (n_words,)
        The document of each word: numbers or names.
    n_folds : int
        At most; no more than there are groups.

    Returns
    -------
    ndarray of shape (n_words,), float64
        As ``log_odds``.

    Raises
    ------
    UserError (a ValueError)
        There are fewer than two groups; the shapes do not fit.

    References
    ----------
    Stone (1974), Journal of the Royal Statistical Society B 36:111-147.

    Examples
    --------
    >>> endings = np.array([["ing"], ["ion"], ["ion"], ["ing"]])
    >>> document = np.array(["a", "a", "b", "b"])
    >>> cross_validated_log_odds(endings, np.array([False, True, True, False]), document).round(2)
    array([-0.69,  0.69,  0.69, -0.69])
    """
    features, is_target = np.asarray(features), np.asarray(is_target, dtype=bool)
    names, first, number = np.unique(group, return_index=True, return_inverse=True)
    if len(names) < 2:
        raise UserError(f"Counting elsewhere needs at least 2 documents; got {len(names)}.")
    turn = np.empty(len(names), dtype=np.int64)
    turn[np.argsort(first)] = np.arange(len(names))
    fold = turn[number.reshape(-1)] % min(n_folds, len(names))  # [n_words]
    scores = np.empty(len(features))
    for k in range(fold.max() + 1):
        scores[fold == k] = log_odds(features[fold != k], is_target[fold != k], features[fold == k])
    return scores
