"""Texts to paste: simple English sentences combined at random, practically unique, about 150 tokens long."""

from __future__ import annotations

import random

_LISTS = {
    "person": "teacher baker sailor farmer doctor neighbour painter driver singer gardener student writer captain "
    "cousin daughter brother grandmother clerk hunter miller",
    "thing": "letter basket window bridge lantern ladder kettle blanket wagon garden mirror hammer candle drawer "
    "ticket engine curtain barrel pencil button carpet fountain saddle pillow bottle",
    "place": "river village station market forest harbour kitchen valley school island tower meadow cellar street",
    "quality": "old quiet heavy green narrow broken bright gentle hungry clever wooden cold early distant honest "
    "tired little careful empty golden",
    "past": "carried painted opened repaired noticed borrowed followed cleaned watched lifted described measured "
    "dropped remembered sold covered hid counted returned polished",
    "present": "sings waits works sleeps walks laughs reads listens argues travels cooks rests",
}
_WORDS = {kind: words.split() for kind, words in _LISTS.items()}
_TIMES = ("at noon", "before dawn", "last winter", "on Monday", "after supper", "every spring", "in the rain")
_PATTERNS = (
    "The {quality} {person} {past} the {thing} near the {place}.",
    "A {person} {past} every {thing} {time}, and the {person2} {present} beside the {place}.",
    "Then, {time}, the {quality} {thing} was in the {place}, where one {quality2} {person} {present}.",
    "Nobody {past} the {thing}, but one {person} {present} with the {quality} {thing2}.",
)
_SENTENCES = 8


def some_text(rng: random.Random) -> str:
    """A text of eight sentences."""
    return " ".join(_sentence(rng) for _ in range(_SENTENCES))


def _sentence(rng: random.Random) -> str:
    words = {kind: rng.choice(choices) for kind, choices in _WORDS.items()}
    more = {f"{kind}2": rng.choice(_WORDS[kind]) for kind in ("person", "thing", "quality")}
    return rng.choice(_PATTERNS).format(**words, **more, time=rng.choice(_TIMES))
