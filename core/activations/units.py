"""What is compared: words, or lemmas. The value of a lemma is the mean over its forms.

units = units_of(words, lemmas, "lemma")
units.mean(values)   # (..., n_words, d) -> (..., n_units, d)

Where a test compares absolute values, they are taken of each word, before the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Units:
    """The units of one class.

    ``names`` are the words or the lemmas, in the order of their first word. ``unit_of_word`` (n_words,) has the
    position of each word's unit; it is None if each word is a unit. ``absolute`` is whether values lose their signs.
    """

    names: tuple[str, ...]
    unit_of_word: np.ndarray | None = None
    absolute: bool = False

    def mean(self, values: np.ndarray) -> np.ndarray:
        """The mean over the words of each unit: (..., n_words, d) -> (..., n_units, d).

        Sums are float64, and the result has the dtype of ``values``. If each word is a unit, ``values`` itself is
        returned, not a copy, unless these are to be ``absolute``.

        Examples
        --------
        >>> Units(("go",), np.array([0, 0]), absolute=True).mean(np.array([[-3.0], [1.0]]))
        array([[2.]])
        """
        if self.absolute:
            values = np.abs(values)
        if self.unit_of_word is None:
            return values
        order = np.argsort(self.unit_of_word, kind="stable")
        starts = np.searchsorted(self.unit_of_word[order], np.arange(len(self.names)))  # [n_units], positions in order
        sizes = np.diff(starts, append=len(order))
        out = np.empty((*values.shape[:-2], len(self.names), values.shape[-1]), values.dtype)
        # All units with equally many words at once. Most have one word: these values are copied as they are.
        for size in np.unique(sizes):
            units = np.flatnonzero(sizes == size)
            total = values[..., order[starts[units]], :].astype(np.float64)  # [..., n_units of this size, d]
            for form in range(1, size):
                total += values[..., order[starts[units] + form], :]
            out[..., units, :] = total / size
        return out


def units_of(words: Sequence[str], lemmas: Sequence[str], unit: str, *, absolute: bool = False) -> Units:
    """The units of the words of one class.

    Parameters
    ----------
    words : sequence of str
    lemmas : sequence of str
        The lemma of each word; or none, and each word is its own lemma.
    unit : {"word", "lemma"}
    absolute : bool
        Whether the signs of the values do not count.

    Returns
    -------
    Units

    Raises
    ------
    ValueError
        There are lemmas, but not one for each word.

    Examples
    --------
    >>> units = units_of(["go", "take", "went"], ["go", "take", "go"], "lemma")
    >>> units.names, units.mean(np.array([[1.0], [5.0], [3.0]])).ravel()
    (('go', 'take'), array([2., 5.]))
    """
    if lemmas and len(lemmas) != len(words):
        raise ValueError(f"Each word needs one lemma; got {len(words):,} words and {len(lemmas):,} lemmas.")
    lemmas = lemmas or words
    names = {lemma: position for position, lemma in enumerate(dict.fromkeys(lemmas))}
    if unit == "word":
        return Units(tuple(words), absolute=absolute)
    if len(names) == len(words):
        return Units(tuple(names), absolute=absolute)
    return Units(tuple(names), np.array([names[lemma] for lemma in lemmas]), absolute)
