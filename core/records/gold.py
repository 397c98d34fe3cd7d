"""Running text whose words have their parts of speech, tagged by people: what a claim about text is checked against."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.errors import UserError
from core.records.names import CUSTOM
from core.records.spec import ContrastSpec

# The 17 parts of speech of Universal Dependencies, version 2.
UPOS = (
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM"),
    *("PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"),
)

# The part of speech in Universal Dependencies of each word class. The class "verbs" has auxiliaries too, VERB does not.
UPOS_OF = {
    "nouns": ("NOUN",),
    "verbs": ("VERB",),
    "adjectives": ("ADJ",),
    "adverbs": ("ADV",),
    "pronouns": ("PRON",),
    "adpositions": ("ADP",),
    "conjunctions": ("CCONJ", "SCONJ"),
    "determiners": ("DET",),
    "numbers": ("NUM",),
    "particles": ("PART",),
}


def tags_of(spec: ContrastSpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parts of speech that stand for target and baseline in a tagged text.

    Singular and plural nouns, for example, could be told apart by the features of a tagged text. Only parts of speech
    are read, so that a text without features can be used, as this project's own.

    Raises
    ------
    UserError
        A class has none, such as a list of one's own or plural nouns; or the labels are shuffled.

    Examples
    --------
    >>> tags_of(ContrastSpec())
    (('NOUN',), ('VERB',))
    """
    if spec.shuffle_labels:
        raise UserError("The labels are shuffled, so no part of speech of a tagged text stands for a group.")
    for word_class, name in zip((spec.target, spec.baseline), spec.class_names, strict=True):
        if word_class == CUSTOM:  # what it is called says nothing, even if it is "nouns"
            raise UserError("The words are a list of one's own: no part of speech of a tagged text stands for them.")
        if word_class not in UPOS_OF:
            raise UserError(
                f"No part of speech of a tagged text stands for {name}: its tags, such as NOUN and VERB, say nothing "
                "of number, tense, person or meaning."
            )
    return UPOS_OF[spec.target], UPOS_OF[spec.baseline]


def why_no_tags(spec: ContrastSpec) -> str:
    """The sentence of ``tags_of`` where a class has no part of speech; empty if both have one.

    Examples
    --------
    >>> why_no_tags(ContrastSpec()), why_no_tags(ContrastSpec(baseline="plural-nouns")).partition(":")[0]
    ('', 'No part of speech of a tagged text stands for plural nouns')
    """
    try:
        tags_of(spec)
    except UserError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class GoldWord:
    """A word of a sentence, its lemma and its part of speech (one of ``UPOS``).

    It has the characters from ``start`` to before ``end`` of the sentence's text. The words of a multiword token all
    have the characters of the token: in "don't", ``do`` and ``n't`` both have five. ``lemma`` is empty if none is
    given.
    """

    form: str
    lemma: str
    upos: str
    start: int
    end: int


@dataclass(frozen=True)
class GoldSentence:
    """A sentence, and its words in order. ``sent_id``, ``genre`` and ``document`` are empty if the file has none."""

    text: str
    words: tuple[GoldWord, ...]
    sent_id: str
    genre: str
    document: str


@dataclass(frozen=True)
class LeftOutWord:
    """A word of the file that is in no sentence's ``words``: the number of its sentence (from 1), and the reason."""

    form: str
    sentence: int
    reason: str


@dataclass(frozen=True)
class GoldText:
    """The sentences of a file, the words that were left out, and the number of empty nodes, which are no words.

    ``notes`` say in one sentence each what was left out.
    """

    sentences: tuple[GoldSentence, ...]
    left_out: tuple[LeftOutWord, ...] = ()
    n_empty_nodes: int = 0
    notes: tuple[str, ...] = ()

    @property
    def n_words(self) -> int:
        """All words of the file: those of the sentences, and those that were left out."""
        return sum(len(sentence.words) for sentence in self.sentences) + len(self.left_out)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the texts of all sentences, and of the places and tags of their words."""
        lines = (
            f"{sentence.text}\t{' '.join(f'{word.upos}:{word.start}:{word.end}' for word in sentence.words)}"
            for sentence in self.sentences
        )
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Passage:
    """Sentences of a tagged text as one running text.

    The characters of ``words`` are those of ``text``. ``n_shared`` words of the sentences are left out, since they
    share their characters with another one.
    """

    title: str
    text: str
    words: tuple[GoldWord, ...]
    n_sentences: int
    n_shared: int = 0


@dataclass(frozen=True, eq=False)
class TextScore:
    """How well a neuron tells its own kind of words from another one in a text, and its worst errors.

    ``auc`` is the probability that a random own word is above a random other one. ``high_others`` (n,) are the places
    of the other words that are highest, and ``high_shares`` (n,) the shares of own words below each. ``low_own`` (m,)
    are the places of the own words that are lowest, and ``low_shares`` (m,) the shares of other words above each. The
    worst one is first.
    """

    auc: float
    high_others: np.ndarray
    high_shares: np.ndarray
    low_own: np.ndarray
    low_shares: np.ndarray


@dataclass(frozen=True, eq=False)
class GoldActivations:
    """Every neuron of one layer at the words of a gold-tagged text, on both sides of the nonlinearity.

    ``sentence`` and ``word`` (n_words,) are int64: where each word is in ``text.sentences``, and in its sentence's
    ``words``. ``n_tokens`` (n_words,) is of how many tokens it is. ``pre_activation`` and ``activation`` are float32
    (n_words, d_mlp). ``notes`` say what was left out.
    """

    text: GoldText
    layer: int
    sentence: np.ndarray
    word: np.ndarray
    n_tokens: np.ndarray
    pre_activation: np.ndarray
    activation: np.ndarray
    notes: tuple[str, ...] = ()

    def at(self, side: str) -> np.ndarray:
        """The values at one side: (n_words, d_mlp)."""
        return self.pre_activation if side == "pre-activation" else self.activation

    @cached_property
    def words(self) -> tuple[GoldWord, ...]:
        """The words (n_words,), in the order of the text."""
        places = zip(self.sentence.tolist(), self.word.tolist(), strict=True)
        return tuple(self.text.sentences[sentence].words[word] for sentence, word in places)

    @cached_property
    def tags(self) -> np.ndarray:
        """The part of speech of each word: str (n_words,)."""
        return np.array([word.upos for word in self.words])
