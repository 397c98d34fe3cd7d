"""A control: the words of two classes, dealt to two groups at random.

The groups have no meaning, so whatever a test finds between them is chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.records import WordList, WordPair
from core.words.lists import shared_words

# So many random orders of the lemmas are tried for groups of exactly the classes' sizes. Most need fewer than five.
_TRIES = 200


def deal(
    target_lemmas: Sequence[str], baseline_lemmas: Sequence[str], seed: int, *, equal: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Deal words to two groups at random; all words of a lemma go to the same one, whichever class they are of.

    The groups are as large as the classes, or as near as the lemmas allow. Within a group, words have the order of
    their places in their own classes.

    Parameters
    ----------
    target_lemmas, baseline_lemmas : sequence of str
        The lemma of each word. Upper case does not count.
    seed : int
        The same seed and lemmas give the same groups.
    equal : bool
        Leave out the last words of the larger group, so that both are equally large.

    Returns
    -------
    (ndarray, ndarray)
        The words of each group: int64 places in ``[*target_lemmas, *baseline_lemmas]``.

    Examples
    --------
    >>> deal(["time", "way", "way"], ["go", "go", "see"], seed=0)
    (array([0, 3, 4]), array([1, 2, 5]))
    """
    n_target, n_baseline = len(target_lemmas), len(baseline_lemmas)
    lemmas = [lemma.casefold() for lemma in (*target_lemmas, *baseline_lemmas)]
    _, lemma_of_word = np.unique(lemmas, return_inverse=True)
    in_target = _choose_lemmas(np.bincount(lemma_of_word), n_target, np.random.default_rng(seed))[lemma_of_word]
    place_in_class = np.concatenate([np.arange(n_target), np.arange(n_baseline)])
    order = np.argsort(place_in_class, kind="stable")
    groups = order[in_target[order]], order[~in_target[order]]
    smaller = min(map(len, groups)) if equal else None
    return groups[0][:smaller], groups[1][:smaller]


def _choose_lemmas(sizes: np.ndarray, wanted: int, rng: np.random.Generator) -> np.ndarray:
    """Random lemmas that have ``wanted`` words together, or nearly: bool (n_lemmas,), neither none nor all of them.

    ``sizes`` (n_lemmas,) are their numbers of words. Orders that do not give the wanted number are thrown away, instead
    of filled up with lemmas that fit: so lemmas of many words have the same chance for both groups.
    """
    best, smallest_error = np.ones(len(sizes), dtype=bool), np.inf
    for _ in range(_TRIES):
        order = rng.permutation(len(sizes))
        errors = np.abs(sizes[order].cumsum()[:-1] - wanted)
        if errors.size and errors.min() < smallest_error:
            smallest_error = errors.min()
            best = np.isin(np.arange(len(sizes)), order[: errors.argmin() + 1])
        if not smallest_error:
            break
    return best


def shuffled(words: WordPair, seed: int, *, equal: bool = False) -> WordPair:
    """The same words, dealt to target and baseline at random (``deal``).

    The lists are then these two groups, and their source names the lists that the words come from. If ``equal`` leaves
    words out, a note says how many are used.

    Examples
    --------
    >>> lists = WordList("nouns", ("time", "way"), "a list"), WordList("verbs", ("go", "see"), "a list")
    >>> dealt = shuffled(WordPair(("time", "way"), ("go", "see"), *lists, ()), seed=0)
    >>> dealt.target, dealt.baseline, dealt.target_list.source
    (('time', 'go'), ('way', 'see'), 'nouns (a list) and verbs (a list), shuffled')
    """
    both = (*words.target, *words.baseline)
    lemmas = (*(words.target_lemmas or words.target), *(words.baseline_lemmas or words.baseline))
    groups = deal(lemmas[: len(words.target)], lemmas[len(words.target) :], seed, equal=equal)
    (target, target_lemmas), (baseline, baseline_lemmas) = (
        (tuple(both[i] for i in group), tuple(lemmas[i] for i in group)) for group in groups
    )
    notes = words.notes
    if len(target) + len(baseline) < len(both):
        notes += (f"The paired test needs groups of the same size: {len(target):,} words of each are used.",)
    dropped = not set(words.shared) & set(both)
    named = " and ".join(f"{one.name} ({one.source})" for one in (words.target_list, words.baseline_list))
    source = f"{named}, shuffled"
    return replace(
        words,
        target=target,
        baseline=baseline,
        target_list=WordList("shuffled words", target, source, lemmas=target_lemmas),
        baseline_list=WordList("shuffled words", baseline, source, lemmas=baseline_lemmas),
        shared=words.shared if dropped else shared_words(target, baseline),
        notes=notes,
        target_lemmas=target_lemmas,
        baseline_lemmas=baseline_lemmas,
    )
