"""Two texts token by token: which tokens of the one stand where those of the other do, and how a value changes.

The texts of a minimal pair differ in a word or two. Tokens are equal if the tokenizer gives them the same id.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from core.errors import UserError
from core.records import TokenActivations
from core.report.readable import readable, to_decimals
from core.report.tables import Table

EQUAL, CHANGED, DELETED, INSERTED = KINDS = ("equal", "changed", "deleted", "inserted")
# Steps that a comparison may take at most: half a second. It passes over the texts once for each equal stretch. What is
# equal at the beginning and at the end is found at once, so a minimal pair needs few, however long it is.
_MOST_STEPS = 10_000_000


@dataclass(frozen=True, eq=False)
class TwoTexts:
    """The tokens of two texts in pairs.

    ``first`` and ``second`` are int64 (n_pairs,): the positions of the paired tokens, -1 where a text has none.
    ``kinds`` has one of ``KINDS`` for each pair: "deleted" is a token that the first text alone has.
    """

    first: np.ndarray
    second: np.ndarray
    kinds: tuple[str, ...]

    def values(self, readings: Sequence[TokenActivations], neuron: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The values of a neuron in both texts, and the change: the second minus the first.

        Returns
        -------
        first, second, change : ndarray of shape (n_pairs,), float64
            NaN where a text has no token.
        """
        columns = []
        for places, reading in zip((self.first, self.second), readings, strict=True):
            column = reading.values[:, neuron].astype(np.float64)  # [n_tokens, d_mlp] -> [n_tokens]
            columns.append(np.where(places >= 0, column[places], np.nan))
        return columns[0], columns[1], columns[1] - columns[0]


def pair_tokens(first: Sequence[int], second: Sequence[int]) -> TwoTexts:
    """Pair the tokens of two texts, by their ids.

    Equal tokens are found with ``difflib.SequenceMatcher``. Of what stands between them, the last tokens are paired:
    there the model has read most of what differs. The first tokens of the longer side are then deleted or inserted.

    Parameters
    ----------
    first, second : sequence of int
        The ids of the tokens of each text.

    Returns
    -------
    TwoTexts

    Raises
    ------
    UserError
        The texts differ in so much that to compare them would take long.

    Examples
    --------
    >>> pairs = pair_tokens([1, 7, 9], [1, 8, 5, 9])
    >>> pairs.first.tolist(), pairs.second.tolist(), pairs.kinds
    ([0, -1, 1, 2], [0, 1, 2, 3], ('equal', 'inserted', 'changed', 'equal'))
    """
    rows = [*_rows(list(first), list(second))]
    a, b, kinds = zip(*rows, strict=True) if rows else ((), (), ())
    return TwoTexts(np.array(a, dtype=np.int64), np.array(b, dtype=np.int64), tuple(kinds))


def colour_bound(first: np.ndarray, second: np.ndarray, change: np.ndarray) -> float:
    """The change that has the strongest colour: the largest one, but at least a tenth of the range of all values.

    So texts that hardly differ have hardly any colour, and rounding, by which equal tokens may differ, has none.

    Parameters
    ----------
    first, second, change : ndarray of shape (n_pairs,)
        As from ``TwoTexts.values``.

    Examples
    --------
    >>> colour_bound(np.array([0.0, 5.0]), np.array([0.0, 5.1]), np.array([0.0, 0.1])).__round__(2)
    0.51
    """
    values = np.concatenate([first, second])
    values, changes = values[np.isfinite(values)], np.abs(change[np.isfinite(change)])
    spread = float(np.ptp(values)) if values.size else 0.0
    return max(float(changes.max(initial=0.0)), spread / 10)


def readable_changes(change: np.ndarray, bound: float) -> list[str]:
    """Changes with their signs, and as many decimals as the largest one needs for three digits; empty for NaN.

    Examples
    --------
    >>> readable_changes(np.array([-0.25, 0.5, 1e-8, np.nan]), bound=0.5)
    ['−0.250', '+0.500', '0', '']
    """
    digits = min(max(2 - math.floor(math.log10(bound)), 0), 12) if bound > 0 else 0
    texts = ("" if math.isnan(value) else to_decimals(value, digits, plus=True) for value in change.tolist())
    return ["0" if text and not text.strip("+−0.") else text for text in texts]


def pair_csv(readings: Sequence[TokenActivations], pairs: TwoTexts, neurons: Sequence[int]) -> str:
    """``pair_table`` as CSV."""
    return pair_table(readings, pairs, neurons).csv()


def pair_table(readings: Sequence[TokenActivations], pairs: TwoTexts, neurons: Sequence[int]) -> Table:
    """Two texts as a table: one row per pair, with the tokens' positions and readable forms, and values of neurons.

    There is no value where a text has no token. The columns of a neuron are its values in both texts, and the change.
    """
    header = ["kind", "position_1", "token_1", "position_2", "token_2"]
    columns: list[list[float]] = []
    for neuron in neurons:
        header += [f"neuron_{neuron}_text_1", f"neuron_{neuron}_text_2", f"neuron_{neuron}_change"]
        columns += [column.tolist() for column in pairs.values(readings, neuron)]
    rows = []
    for i, kind in enumerate(pairs.kinds):
        places = (int(pairs.first[i]), int(pairs.second[i]))
        tokens = [cell for place, reading in zip(places, readings, strict=True) for cell in _cells(reading, place)]
        rows.append((kind, *tokens, *(column[i] for column in columns)))
    return Table(tuple(header), rows)


def _cells(reading: TokenActivations, place: int) -> tuple[int | None, str | None]:
    """The position and the readable form of a token; None for none."""
    if place < 0:
        return None, None
    return place, readable(reading.pieces[place], reading.parts[place])


def _rows(first: list[int], second: list[int]) -> Iterator[tuple[int, int, str]]:
    """The pairs of two texts, one after the other."""
    head = _n_equal(first, second)
    tail = _n_equal(first[head:][::-1], second[head:][::-1])
    for i in range(head):
        yield i, i, EQUAL
    a, b = first[head : len(first) - tail], second[head : len(second) - tail]
    for tag, a_from, a_to, b_from, b_to in _opcodes(a, b):
        if tag == "equal":
            for k in range(a_to - a_from):
                yield head + a_from + k, head + b_from + k, EQUAL
        else:
            yield from _unequal(range(head + a_from, head + a_to), range(head + b_from, head + b_to))
    for k in range(tail, 0, -1):
        yield len(first) - k, len(second) - k, EQUAL


def _n_equal(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens are equal from the beginning."""
    return next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )


def _opcodes(a: list[int], b: list[int]) -> Sequence[tuple[str, int, int, int, int]]:
    """Which tokens were replaced, deleted, inserted, or stay equal, as ``SequenceMatcher`` says."""
    counts = Counter(b)
    of_one_pass = len(a) + sum(counts[token] for token in a)
    if of_one_pass * min(len(a), len(b)) > 2 * _MOST_STEPS:  # on average, a pass is over half of what is left
        raise UserError(
            f"The texts cannot be compared token by token: {len(a):,} and {len(b):,} tokens lie between their equal "
            "beginning and their equal end. Take shorter texts, or texts that differ in less.",
            about="pair",
        )
    # Without its guess about frequent tokens, which would leave "the" and "," out of long texts.
    return SequenceMatcher(None, a, b, autojunk=False).get_opcodes()


def _unequal(a: range, b: range) -> Iterator[tuple[int, int, str]]:
    """Tokens that stand in the same place: the last ones in pairs, the others of the longer side alone."""
    n = min(len(a), len(b))
    for i in a[: len(a) - n]:
        yield i, -1, DELETED
    for j in b[: len(b) - n]:
        yield -1, j, INSERTED
    for i, j in zip(a[len(a) - n :], b[len(b) - n :], strict=True):
        yield i, j, CHANGED
