"""The sentences of a tagged text as rows of tokens, and where a word of a class is predicted or has just been read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.activations.encode import encode_text, start_ids
from core.activations.gold import tokens_in_sentence
from core.activations.outputs import TokenRows
from core.activations.tokens import without_lone_surrogates
from core.errors import UserError
from core.evidence.subject import Subject
from core.records import ENOUGH_WORDS, GoldSentence

# Longer texts: sentences at equal distances. Each neuron costs a pass over all of them.
_MAX_SENTENCES = 400

OWN_TARGETS, OTHER_TARGETS, AFTER_OWN, AFTER_OTHER = KINDS = "own_targets", "other_targets", "after_own", "after_other"
_KINDS_OF = ("own", (OWN_TARGETS, AFTER_OWN)), ("other", (OTHER_TARGETS, AFTER_OTHER))


@dataclass(frozen=True, eq=False)
class NextTokens:
    """Where the next token's loss is asked for.

    ``text`` has the rows, and ``wanted`` the places of each. All arrays (n_wanted,) are in the order of the rows:
    ``sentence`` is the row of each place, and ``kinds`` has for each of ``KINDS`` which places are of it. A place may
    be of several kinds: a verb that follows a noun. ``n_sentences`` is how many sentences of the whole text have words.
    """

    text: TokenRows
    wanted: list[np.ndarray]
    sentence: np.ndarray
    kinds: dict[str, np.ndarray]
    n_sentences: int


def next_tokens(subject: Subject) -> NextTokens:
    """Find the places of a subject's tagged text.

    A word is predicted at the token before its first token: the later ones follow from it. A word has just been read at
    its last token. Sentences that are longer than the model's context are cut there.

    Raises
    ------
    UserError
        A class has no tag; the text has fewer than ten words of a class after others, or before others.
    """
    tags = {"own": subject.tags(subject.own), "other": subject.tags(subject.other)}
    start = start_ids(subject.lm, subject.spec.prefix)
    rows: list[list[int]] = []
    found: list[dict[str, set[int]]] = []
    for sentence in _some(subject.gold.sentences):
        ids, spans = encode_text(subject.lm, without_lone_surrogates(sentence.text)[0], None, may_be_empty=True)
        if not ids:  # the model reads none of its characters
            continue
        row, places = [*start, *ids][: subject.lm.info.context], {kind: set[int]() for kind in KINDS}
        for word, tokens in zip(sentence.words, tokens_in_sentence(sentence, spans), strict=True):
            if tokens is None or not len(tokens):
                continue
            first, last = tokens[0] + len(start), tokens[-1] + len(start)
            for of_class, (before, after) in _KINDS_OF:
                if word.upos in tags[of_class]:
                    places[before] |= {first - 1} if 0 < first < len(row) else set()
                    places[after] |= {last} if last + 1 < len(row) else set()
        rows.append(row)
        found.append(places)
    wanted = [np.array(sorted(set().union(*places.values())), dtype=np.int64) for places in found]
    of_kind = {
        kind: np.array([at in places[kind] for places, of_row in zip(found, wanted, strict=True) for at in of_row])
        for kind in KINDS
    }
    _check_enough(subject, of_kind)
    n_sentences = sum(bool(sentence.words) for sentence in subject.gold.sentences)
    sentence_of = np.repeat(np.arange(len(rows)), [len(of_row) for of_row in wanted])
    return NextTokens(TokenRows(rows, len(start)), wanted, sentence_of, of_kind, n_sentences)


def _some(sentences: tuple[GoldSentence, ...]) -> list[GoldSentence]:
    """At most ``_MAX_SENTENCES`` of the sentences that have words, at equal distances."""
    with_words = [sentence for sentence in sentences if sentence.words]
    n = min(len(with_words), _MAX_SENTENCES)
    return [with_words[k * len(with_words) // n] for k in range(n)]


def _check_enough(subject: Subject, kinds: dict[str, np.ndarray]) -> None:
    for name, (_, of_class) in zip((subject.own, subject.other), _KINDS_OF, strict=True):
        n = min(int(kinds[kind].sum()) for kind in of_class)
        if n < ENOUGH_WORDS:
            raise UserError(
                f"The tagged text has {n:,} {name} with a token before or after them; at least {ENOUGH_WORDS} are "
                "needed."
            )
