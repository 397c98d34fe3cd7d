"""Running texts whose words are known: passages of a tagged text, and the words of two lists in any text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from core.records import GoldSentence, GoldText, GoldWord, Passage

# A word in a text: letters with their accents and digits, and an apostrophe or a hyphen inside.
_WORD = re.compile(r"[\w\u0300-\u036f]+(?:['’-][\w\u0300-\u036f]+)*")
_POSSESSIVES = ("'s", "’s")
_SPACE, _NEW_DOCUMENT = " ", "\n\n"


def passages(gold: GoldText, max_characters: int) -> tuple[Passage, ...]:
    """Cut a tagged text into passages that can be read as running texts.

    A passage has the sentences of one genre in their order, with a space between them, and a blank line between
    documents. It is cut before a sentence that would make it longer than ``max_characters``; where it can be, before a
    document. Words that share their characters with another one, as the two of "don't", cannot be told apart: they are
    left out. So are sentences without a tagged word.

    Parameters
    ----------
    gold : GoldText
    max_characters : int
        One sentence may be longer.

    Returns
    -------
    tuple of Passage
        In the order in which the genres begin.

    Examples
    --------
    >>> from core.words import bundled_gold
    >>> fiction, *others = passages(bundled_gold(), 4000)
    >>> fiction.title, fiction.n_sentences, [each.title for each in others]
    ('Fiction', 36, ['News', 'Instructions', 'Letters', 'Encyclopaedia'])
    >>> word = fiction.words[1]
    >>> word.form, word.upos, fiction.text[word.start : word.end]
    ('ferryman', 'NOUN', 'ferryman')
    """
    by_genre: dict[str, list[GoldSentence]] = {}
    for sentence in gold.sentences:
        if sentence.words:
            by_genre.setdefault(sentence.genre, []).append(sentence)
    found: list[Passage] = []
    for genre, sentences in by_genre.items():
        parts = list(_parts(sentences, max_characters))
        name = f"{genre[0].upper()}{genre[1:]}" if genre else "Sentences"
        for number, part in enumerate(parts, start=1):
            of = f", part {number:,} of {len(parts):,}" if len(parts) > 1 else ""
            found.append(_passage(f"{name}{of}", part))
    return tuple(found)


def _parts(sentences: Sequence[GoldSentence], max_characters: int) -> Iterator[list[GoldSentence]]:
    """Runs of sentences that are short enough, and as long as they can be without cutting a document in two."""
    part: list[GoldSentence] = []
    for document in _documents(sentences):
        if part and _length([*part, *document]) > max_characters:
            yield part
            part = []
        for sentence in document:
            if part and _length([*part, sentence]) > max_characters:
                yield part
                part = []
            part.append(sentence)
    if part:
        yield part


def _documents(sentences: Sequence[GoldSentence]) -> list[list[GoldSentence]]:
    documents: list[list[GoldSentence]] = []
    for sentence in sentences:
        if not documents or documents[-1][-1].document != sentence.document:
            documents.append([])
        documents[-1].append(sentence)
    return documents


def _length(sentences: Sequence[GoldSentence]) -> int:
    """About how many characters sentences have as a passage."""
    return sum(len(sentence.text) + len(_NEW_DOCUMENT) for sentence in sentences)


def _passage(title: str, sentences: Sequence[GoldSentence]) -> Passage:
    text, words, n_shared, before = "", [], 0, sentences[0]
    for sentence in sentences:
        if text:
            text += _SPACE if sentence.document == before.document else _NEW_DOCUMENT
        before = sentence
        places = Counter((word.start, word.end) for word in sentence.words)
        for word in sentence.words:
            if places[word.start, word.end] == 1:
                words.append(replace(word, start=len(text) + word.start, end=len(text) + word.end))
            else:
                n_shared += 1
        text += sentence.text
    return Passage(title, text, tuple(words), len(sentences), n_shared)


def listed_words(text: str, target: Iterable[str], baseline: Iterable[str]) -> tuple[list[GoldWord], list[bool]]:
    """The words of a text whose form is in exactly one of two lists. Upper case does not count.

    What a word is in the text is not asked: "work" counts as it is in the list, whether it is a noun or a verb here.
    The "'s" of a word that is not listed with it is cut off.

    Parameters
    ----------
    text : str
    target, baseline : iterable of str
        Listed words with a space inside are not found.

    Returns
    -------
    words : list of GoldWord
        Their forms and their characters; lemma and part of speech are empty.
    in_target : list of bool
        Which of the lists each is in.

    Examples
    --------
    >>> words, in_target = listed_words("Time flies: work, work!", ["time", "work"], ["flies", "work"])
    >>> [(word.form, word.start, word.end) for word in words], in_target
    ([('Time', 0, 4), ('flies', 5, 10)], [True, False])
    """
    listed = [{word.casefold() for word in words} for words in (target, baseline)]
    words, in_target = [], []
    for match in _WORD.finditer(text):
        form = match.group()
        if form.casefold().endswith(_POSSESSIVES) and not any(form.casefold() in one for one in listed):
            form = form[:-2]
        here = [form.casefold() in one for one in listed]
        if here[0] != here[1]:
            words.append(GoldWord(form, "", "", match.start(), match.start() + len(form)))
            in_target.append(here[0])
    return words, in_target
