"""The two word lists side by side, in numbers: what of them is in use, what they share, and their tokens."""

from __future__ import annotations

import numpy as np

from core.records import ContrastResult, WordList
from core.report.readable import readable_number, readable_share


def compared_lists(result: ContrastResult, n_repeated: tuple[int, int] = (0, 0)) -> list[tuple[str, str, str]]:
    """Rows for a table: what is counted, then the target's and the baseline's number as text.

    Parameters
    ----------
    result : ContrastResult
    n_repeated : (int, int)
        Repeated lines that were dropped before the lists of the spec were made, such as while they were typed.

    Notes
    -----
    With shuffled labels, the groups have no lists of their own, so how long those are is left out.
    """
    words = result.words
    lists = (words.target_list, words.baseline_list)
    used, lemmas = (words.target, words.baseline), (words.target_lemmas, words.baseline_lemmas)
    tokens = (result.target_tokens, result.baseline_tokens)
    rows = [("Words in use", *(f"{len(each):,}" for each in used))]
    if not result.spec.shuffle_labels:
        rows.append(("In the whole list", *(f"{len(each.words):,}" for each in lists)))
        repeated = [f"{_n_repeated(each) + more:,}" for each, more in zip(lists, n_repeated, strict=True)]
        rows.append(("Repeated, as written", *repeated))
    if all(lemmas):
        rows.append(("Lemmas in use", *(f"{len(set(each)):,}" for each in lemmas)))
    dropped = " (dropped)" if words.shared and result.spec.drop_shared else ""
    rows.append(("In both lists", *[f"{len(words.shared):,}{dropped}"] * 2))
    if all(lemmas):
        rows.append(("Lemmas in both", *[f"{len(set(lemmas[0]) & set(lemmas[1])):,}"] * 2))
    rows.append(("Of a single token", *(readable_share(float(np.mean(each == 1))) for each in tokens)))
    rows.append(("Tokens a word", *(readable_number(float(each.mean())) for each in tokens)))
    return [(label, target, baseline) for label, target, baseline in rows]


def _n_repeated(word_list: WordList) -> int:
    """How many entries of a list repeat an earlier one, whether they were dropped or are still there."""
    return word_list.n_repeated + len(word_list.words) - len(set(word_list.words))
