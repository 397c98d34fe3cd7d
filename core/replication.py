"""A class as a replication study: one experiment, repeated by every seat on words of its own.

    deal(study.spec, "LING-101")                 # the words of every seat
    seat_spec(study, dealt, seat=7)              # an ordinary experiment
    measure(spec, activations, neuron)           # its effect

A seat's words follow from the class code and the two lists alone. So nothing is kept of them, and every computer deals
the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.comparison import units_of_pair, values_of_layer
from core.errors import UserError
from core.records import CUSTOM, SIDES, ContrastSpec, WordActivations, WordList
from core.records.names import MAX_NAME
from core.records.replication import MOST_SEATS, Deal, SeatEffect, Study, checked_seat, class_code, words_of_seat
from core.words import DEFAULT_DOWNLOADS, Downloads
from core.words.entries import written
from core.words.lemmas import lemmas_of
from core.words.pair import word_list_of


@dataclass(frozen=True)
class _Entry:
    """One lemma of a list, with its first form there: the most frequent one."""

    word: str
    lemma: str

    @property
    def line(self) -> str:
        return written([self.word], [self.lemma])[0]


def deal(spec: ContrastSpec, code: str, downloads: Downloads = DEFAULT_DOWNLOADS) -> Deal:
    """Deal the words of two lists to seats, so that no two seats share a word or a lemma.

    A lemma is dealt as one word, its most frequent form: forms of one lemma have similar values, so a second form would
    count as more evidence than it is. What both lists have, as a word or a lemma, is left out. Of lists that have the
    same lemmas in two forms (singular and plural nouns), a seat gets both forms of its lemmas instead.

    Each list is cut into as many parts, from frequent to rare, as a seat has words. Each seat gets one lemma of each
    part, in an order that SHA-256 makes of the code and the lemma. So the seats' words are equally frequent, and the
    same code deals the same words on every computer. How many seats a class has changes nothing.

    Parameters
    ----------
    spec : ContrastSpec
        It names the lists and how many words of each class a seat has.
    code : str
        The class code, as ``core.records.replication.class_code`` takes it. Capital letters do not count.
    downloads : Downloads
        The cache folder and the address of the notebook's word lists.

    Raises
    ------
    UserError
        The code is none, the number of words is not allowed, a list cannot be read, or the lists have too few words
        for one seat.

    Examples
    --------
    >>> dealt = deal(ContrastSpec.careful(n_target=12, n_baseline=12), "LING-101")
    >>> dealt.n_seats, dealt.target[6][:2]
    (64, ('example', 'pressure'))
    """
    code, n_words = class_code(code), words_of_seat(spec)
    target, baseline = (_entries(word_list_of(spec, side, downloads)) for side in SIDES)
    alone = (_without_shared(target, baseline), _without_shared(baseline, target))
    pairs = _pairs(target, baseline)
    by_pairs = len(pairs[0]) > min(map(len, alone))
    lists = pairs if by_pairs else alone
    n_seats = min(MOST_SEATS, *(len(entries) // n_words for entries in lists))
    if not n_seats:
        names = spec.class_names
        has = " and ".join(f"{len(entries):,} {name}" for entries, name in zip(lists, names, strict=True))
        raise UserError(
            f"A seat was to have {n_words} words of each class; the lists have {has} that are of one class alone."
        )
    salts = ("pair", "pair") if by_pairs else SIDES
    target_hands, baseline_hands = (
        _hands(entries, n_seats, n_words, f"{code}|{salt}") for entries, salt in zip(lists, salts, strict=True)
    )
    return Deal(
        code=code,
        target=target_hands,
        baseline=baseline_hands,
        by_pairs=by_pairs,
        pool=_digest(entry.line for entries in lists for entry in (*entries, _Entry("", ""))),
        n_lemmas=(len(lists[0]), len(lists[1])),
    )


def seat_spec(study: Study, dealt: Deal, seat: int) -> ContrastSpec:
    """The experiment of one seat: the study's, with the seat's words as lists of one's own.

    Raises
    ------
    UserError
        There are no words for this seat: the sentence says for how many there are.
    """
    at = checked_seat(seat, dealt.n_seats) - 1
    names = [f"{name[: MAX_NAME - 10].strip()}, seat {seat}" for name in study.spec.class_names]
    return study.spec.changed(
        target=CUSTOM,
        baseline=CUSTOM,
        target_words=dealt.target[at],
        baseline_words=dealt.baseline[at],
        target_name=names[0],
        baseline_name=names[1],
    )


def measure(spec: ContrastSpec, activations: WordActivations, neuron: int) -> SeatEffect:
    """The effect of a seat's experiment on one neuron. It does not say which seat.

    Raises
    ------
    UserError
        The model has no such neuron, or it has one value for all words of the seat, so that its effect has no size.
    """
    from core.stats.effect_moments import g_with_variance
    from core.stats.effect_size import auc

    at = activations.layers.index(spec.layer)
    values = values_of_layer(units_of_pair(spec, activations.words), activations, spec.hook_side, at)
    n_neurons = values[0].shape[1]
    if not 0 <= neuron < n_neurons:
        raise UserError(f"Neuron {neuron} was asked for; a layer of this model has 0 to {n_neurons - 1:,}.")
    target, baseline = (each[:, [neuron]] for each in values)  # [n_units, n_neurons] -> [n_units, 1]
    g, variance = g_with_variance(target, baseline, paired=spec.tested_by.paired)
    if not (np.isfinite(g[0]) and np.isfinite(variance[0]) and variance[0] > 0):
        raise UserError(f"Neuron {neuron} does not vary over the words of this seat, so its effect has no size.")
    size = float(auc(target, baseline)[0])
    return SeatEffect(0, float(g[0]), float(variance[0]), size, len(target), len(baseline))


def _entries(words: WordList) -> list[_Entry]:
    """The lemmas of a list, in its order, each with its first form."""
    first: dict[str, _Entry] = {}
    for word, lemma in zip(words.words, lemmas_of(words), strict=True):
        first.setdefault(lemma.casefold(), _Entry(word, lemma))
    return list(first.values())


def _without_shared(own: Sequence[_Entry], other: Sequence[_Entry]) -> list[_Entry]:
    """The entries whose word and lemma are neither a word nor a lemma of the other list."""
    taken = {text.casefold() for entry in other for text in (entry.word, entry.lemma)}
    return [each for each in own if not taken & {each.word.casefold(), each.lemma.casefold()}]


def _pairs(target: Sequence[_Entry], baseline: Sequence[_Entry]) -> tuple[list[_Entry], list[_Entry]]:
    """The lemmas that both lists have in two forms, in the target's order, but for forms that both lists have."""
    words = [{entry.word.casefold() for entry in entries} for entries in (target, baseline)]
    by_lemma = {entry.lemma.casefold(): entry for entry in baseline}
    both = [(each, by_lemma[each.lemma.casefold()]) for each in target if each.lemma.casefold() in by_lemma]
    kept = [(a, b) for a, b in both if a.word.casefold() not in words[1] and b.word.casefold() not in words[0]]
    return [a for a, _ in kept], [b for _, b in kept]


def _hands(entries: Sequence[_Entry], n_seats: int, n_words: int, salt: str) -> tuple[tuple[str, ...], ...]:
    """The lines of each seat: one entry of every part of the list, which has as many entries as there are seats."""

    def order(entry: _Entry) -> str:
        return _digest((salt, entry.lemma.casefold()))

    parts = [sorted(entries[part * n_seats : (part + 1) * n_seats], key=order) for part in range(n_words)]
    return tuple(tuple(part[seat].line for part in parts) for seat in range(n_seats))


def _digest(texts: Iterable[str]) -> str:
    """Of texts in their order, the same on every computer."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
