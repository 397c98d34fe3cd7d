"""The words of both classes of a contrast, taken from their lists, with their lemmas."""

from __future__ import annotations

from dataclasses import replace

from core.errors import UserError
from core.records import CUSTOM, SIDES, ContrastSpec, WordList, WordPair
from core.records.names import spoken
from core.words.entries import count_of
from core.words.lemmas import lemmas_of
from core.words.lists import OWN_LIST, get_word_list, shared_words, words_as_given
from core.words.source import DEFAULT_DOWNLOADS, Downloads


def choose_words(spec: ContrastSpec, downloads: Downloads = DEFAULT_DOWNLOADS) -> WordPair:
    """Take the words of both classes from their lists, and drop shared words if the spec has ``drop_shared``.

    If a list has fewer words than the spec asks for, all of them are used, with a note. The paired test then takes as
    few of the other list. With ``shuffle_labels``, the words are then dealt to target and baseline at random.

    Raises
    ------
    UserError
        A list cannot be read; fewer than two words are left in a class.

    Examples
    --------
    >>> words = choose_words(ContrastSpec(word_source="bundled", n_target=3, n_baseline=3))
    >>> words.target, words.target_lemmas
    (('time', 'people', 'man'), ('time', 'people', 'man'))
    """
    lists = [word_list_of(spec, side, downloads) for side in SIDES]
    counts, notes = _counts(spec, lists)
    firsts = [_first(one, n) for one, n in zip(lists, counts, strict=True)]
    shared = shared_words(*firsts)
    dropped = shared if spec.drop_shared else ()
    kept = [_without(one, dropped) for one in firsts]
    target, baseline = (one.words for one in kept)
    # Both classes often have the same note: keep one.
    notes = list(dict.fromkeys([*(note for one in lists for note in one.notes), *notes]))
    if dropped:
        stand = "1 word stands" if len(dropped) == 1 else f"{len(dropped):,} words stand"
        # The words are kept for all who give lists other names, so no name stands here.
        of_target, of_baseline = (
            f"{side} words" if getattr(spec, side) == CUSTOM else getattr(spec, side) for side in SIDES
        )
        left = f"{len(target):,} {of_target} and {len(baseline):,} {of_baseline}"
        notes.append(f"{stand} in both lists: dropped, with {left} left.")
    target_lemmas, baseline_lemmas = (lemmas_of(one) for one in kept)
    words = WordPair(target, baseline, lists[0], lists[1], shared, tuple(notes), target_lemmas, baseline_lemmas)
    _check_enough(words, f", after {count_of(len(dropped), 'word')} of both lists were dropped" if dropped else "")
    if spec.shuffle_labels:
        from core.words.shuffle import shuffled  # late: only a control deals words

        words = shuffled(words, spec.seed, equal=spec.tested_by.paired)
        _check_enough(words, ", after the labels were shuffled with all forms of a lemma together")
    return words


def _check_enough(words: WordPair, after: str) -> None:
    """UserError if a class has fewer than two words; ``after`` says what they are left after."""
    n_target, n_baseline = len(words.target), len(words.baseline)
    if min(n_target, n_baseline) < 2:
        got = f"{count_of(n_target, 'target word')} and {count_of(n_baseline, 'baseline word')}"
        raise UserError(f"A comparison needs at least two words in each class; got {got}{after}.")


def _counts(spec: ContrastSpec, lists: list[WordList]) -> tuple[list[int], list[str]]:
    """How many words of each list are used, and a note for each list that has fewer than the spec asks for."""
    counts, notes = [], []
    for one, asked in zip(lists, (spec.n_target, spec.n_baseline), strict=True):
        counts.append(min(asked, len(one.words)))
        if asked > len(one.words):
            name = f"of {spoken(one.name)}" if one.source != OWN_LIST else f"“{one.name}”"
            has = count_of(len(one.words), "word")
            notes.append(f"The list {name} has {has}: all of them are used; {asked:,} were asked for.")
    if spec.tested_by.paired and counts[0] != counts[1]:
        counts = [min(counts)] * 2
        notes.append(f"The paired test needs as many target as baseline words: {counts[0]:,} of each are used.")
    return counts, notes


def _first(word_list: WordList, n: int) -> WordList:
    """The first ``n`` words of a list, with their lemmas if it has some."""
    return replace(word_list, words=word_list.words[:n], lemmas=word_list.lemmas[:n])


def _without(word_list: WordList, dropped: tuple[str, ...]) -> WordList:
    """A list without some words and their lemmas."""
    unwanted = frozenset(dropped)
    stay = [i for i, word in enumerate(word_list.words) if word not in unwanted]
    words, lemmas = (tuple(column[i] for i in stay) if column else () for column in (word_list.words, word_list.lemmas))
    return replace(word_list, words=words, lemmas=lemmas)


def word_list_of(spec: ContrastSpec, side: str, downloads: Downloads) -> WordList:
    """The whole list of one side, ``"target"`` or ``"baseline"``, of a spec; UserError if it cannot be read."""
    word_class = getattr(spec, side)
    if word_class == CUSTOM:
        return words_as_given(getattr(spec, f"{side}_words"), f"own {side} list")
    return get_word_list(word_class, spec.word_source, downloads)
