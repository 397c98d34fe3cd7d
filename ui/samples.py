"""The app's own texts for the Text heatmap, by the names that links have for them.

A text of one's own has no name, so a link can only hold that one of these is shown.
"""

from __future__ import annotations

import os
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.records import Passage
from core.words import bundled_gold, passages
from engine.limits import limits, variable

if TYPE_CHECKING:
    from engine.class_file import ClassText

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "texts"
OWN, TAGGED, TWO = SOURCES = ("own", "tagged", "two")
# Pairs that differ in one word, by what they show. All are of our own making.
PAIRS = {
    "The record or to record": ("They need the record by noon.", "They need to record by noon."),
    "A walk or to walk": ("After lunch we want a walk.", "After lunch we want to walk."),
    "One dog or two": ("The dog runs.", "The dogs run."),
    "Their work or they work": ("Every morning their work starts late.", "Every morning they work until late."),
    "What comes later": ("I saw her duck under the rope.", "I saw her duck on the pond."),
    "One word more": ("The cold water burns.", "The cold salt water burns."),
}
# So long is a passage: enough words for a score, and not too many to look at.
_PASSAGE_CHARACTERS = 4_000


class Sample(NamedTuple):
    """One text of the app's own, or two: from which source of the page, under which title there."""

    source: str
    title: str
    texts: tuple[str, ...]


def names() -> tuple[str, ...]:
    """The names that a link may have, in the order of the page.

    Examples
    --------
    >>> "the-market" in names(), "tagged-fiction" in names(), "two-one-dog-or-two" in names()
    (True, True, True)
    """
    return tuple(name for source in SOURCES for name in _of(source))


def find(name: str) -> Sample:
    """The sample of this name; KeyError if there is none."""
    every: dict[str, Sample] = {}
    for source in SOURCES:
        every |= _of(source)
    return every[name]


def name_of(source: str, texts: tuple[str, ...]) -> str:
    """The name of what is shown; "" if it is not a sample, unchanged.

    Examples
    --------
    >>> name_of("two", ("The dog runs.", "The dogs run.")), name_of("own", ("The dog runs.",))
    ('two-one-dog-or-two', '')
    """
    return next((name for name, sample in _of(source).items() if sample.texts == texts), "")


def own_texts() -> dict[str, str]:
    """The samples of one text by their titles: those of the class file, then the app's. The page opens with the first.

    Examples
    --------
    >>> own_texts()["The market"].split()[0]
    'Early'
    """
    return {each.title: each.text for each in _class_texts()} | _app_texts()


@cache  # each run of each page asks, and these are files
def _app_texts() -> dict[str, str]:
    return {title_of(file): text_of(file) for file in files()}


def _class_texts() -> tuple[ClassText, ...]:
    if not os.environ.get(variable("class_file"), "").strip():
        return ()
    from engine import class_file  # few servers have one

    file = class_file.current()
    return file.texts if file else ()


def files() -> list[str]:
    """The names of the app's files with one text each, in their order."""
    return sorted(path.name for path in FOLDER.glob("*.txt"))


def text_of(file: str) -> str:
    """The text of a sample's file."""
    return (FOLDER / file).read_text(encoding="utf-8")


def title_of(file: str) -> str:
    """The title of a sample's file.

    Examples
    --------
    >>> title_of("02-the-same-word-twice.txt")
    'The same word twice'
    """
    return file.removesuffix(".txt").partition("-")[2].replace("-", " ").capitalize()


def bundled_passages() -> dict[str, Passage]:
    """The project's tagged passages by their titles, as long as this server allows."""
    return _passages(longest_passage())


def longest_passage() -> int:
    """The most characters of a passage."""
    return min(_PASSAGE_CHARACTERS, limits().max_characters)


@cache
def _passages(most: int) -> dict[str, Passage]:
    return {each.title: each for each in passages(bundled_gold(), most)}


def _of(source: str) -> dict[str, Sample]:
    """The samples of a source by their names."""
    return _samples(source, longest_passage(), _class_texts())


@lru_cache(maxsize=16)
def _samples(source: str, most: int, of_class: tuple[ClassText, ...]) -> dict[str, Sample]:
    if source == OWN:
        return {slug(title): Sample(OWN, title, (text,)) for title, text in own_texts().items()}
    texts = PAIRS if source == TWO else {title: (passage.text,) for title, passage in _passages(most).items()}
    return {f"{source}-{slug(title)}": Sample(source, title, of) for title, of in texts.items()}


def slug(title: str) -> str:
    """A title as a part of an address.

    Examples
    --------
    >>> slug("One dog or two")
    'one-dog-or-two'
    """
    return "-".join(title.lower().split())
