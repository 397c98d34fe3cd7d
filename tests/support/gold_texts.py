"""Tagged texts and neurons for tests: the bundled sentences read from the raw lines, and neurons with chosen values.

Nothing here is shared with ``core`` but its records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.stats import mannwhitneyu

from core.evidence import Subject
from core.records import GoldActivations, GoldSentence, GoldText, GoldWord
from core.words.conllu import GOLD_FILE


class Row(NamedTuple):
    """A word of the bundled sentences, as its line has it, and what stands around it."""

    form: str
    tag: str
    sentence: int
    document: str
    genre: str
    first: bool  # no word before it but punctuation
    before: str  # the form and the tag of the word before it
    tag_before: str


def raw_rows() -> list[Row]:
    """The words that are no part of a multiword token, in the order of the file."""
    rows: list[Row] = []
    document = genre = ""
    for number, block in enumerate(GOLD_FILE.read_text(encoding="utf-8").strip().split("\n\n")):
        last_inside, before, only_marks = 0, ("", ""), True
        for line in block.split("\n"):
            if line.startswith("# newdoc id = "):
                document = line.partition(" = ")[2]
                genre = document.partition("-")[0]
            if line.startswith("#"):
                continue
            name, form, _, tag, *_ = line.split("\t")
            if "-" in name:
                last_inside = int(name.partition("-")[2])
                continue
            if int(name) > last_inside:
                rows.append(Row(form, tag, number, document, genre, only_marks, *before))
            before, only_marks = (form, tag), only_marks and tag == "PUNCT"
    return rows


def auc_of(values: np.ndarray, is_own: np.ndarray) -> float:
    """By SciPy's U."""
    own, other = (values[chosen].astype(np.float64) for chosen in (is_own, ~is_own))
    return float(mannwhitneyu(own, other).statistic / (len(own) * len(other)))


def with_values(subject: Subject, values_of: Callable[[Sequence[GoldWord]], np.ndarray], text: GoldText) -> Subject:
    """A subject whose neuron has chosen values (n_words,), on both sides, at the words of a text."""
    words = [word for sentence in text.sentences for word in sentence.words]
    values = np.zeros((len(words), subject.result.n_neurons), dtype=np.float32)
    values[:, subject.neuron] = values_of(words)
    sizes = [len(sentence.words) for sentence in text.sentences]
    gold = GoldActivations(
        text=text,
        layer=subject.layer,
        sentence=np.repeat(np.arange(len(sizes)), sizes),
        word=np.concatenate([np.arange(size) for size in sizes]),
        n_tokens=np.ones(len(words), dtype=np.int64),
        pre_activation=values,
        activation=values,
    )
    return replace(subject, gold=text, read_gold=lambda progress: gold)


def made_text(n_sentences: int, tags: Sequence[str], document: str = "", genre: str = "") -> GoldText:
    """Sentences that each have a word of every tag, with forms that are all different."""
    sentences = []
    for number in range(n_sentences):
        forms = [f"{tag.lower()}{number}" for tag in tags]
        starts = np.cumsum([0, *(len(form) + 1 for form in forms)]).tolist()
        words = tuple(
            GoldWord(form, form, tag, start, start + len(form))
            for form, tag, start in zip(forms, tags, starts[:-1], strict=True)
        )
        sentences.append(GoldSentence(" ".join(forms), words, "", genre, document))
    return GoldText(tuple(sentences))
