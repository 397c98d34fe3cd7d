"""What a word's last letters and the word before it say about its class: baselines for a neuron in tagged text."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.evidence.gold_words import GoldWords
from core.evidence.subject import Subject
from core.records import GoldActivations
from core.stats.cluster_bootstrap import auc_draws, percentile_interval
from core.stats.naive_bayes import cross_validated_log_odds, log_odds

_START = "<start>"  # in place of the word before the first word of a sentence


def baselines(subject: Subject, gold: GoldActivations, words: GoldWords) -> list[dict[str, Any]]:
    """The AUC of each baseline on the same words as the neuron's, all counted elsewhere.

    A baseline is the log-odds of naive Bayes (``core.stats.naive_bayes``), counted in the word lists, or in the text's
    other documents by ten-fold cross-validation (in its other sentences, if it names fewer than two documents).

    Returns
    -------
    list of dict
        ``name``, ``counted_in``, ``auc``, ``low`` and ``high`` (bootstrap over sentences); and ``difference``, the
        neuron's AUC minus this one, with ``difference_low`` and ``difference_high`` from the same draws of sentences.
    """
    forms = [gold.words[k].form for k in words.place]
    features = np.array([[_last_letters(form), _before(gold, k)] for form, k in zip(forms, words.place, strict=True)])
    documents = np.array([gold.text.sentences[sentence].document for sentence in words.sentence])
    elsewhere, group = "other documents", documents
    if len(np.unique(documents)) < 2:
        elsewhere, group = "other sentences", words.sentence

    def cross_validated(columns: list[int]) -> np.ndarray:
        return cross_validated_log_odds(features[:, columns], words.is_own, group)

    listed, is_own = _listed(subject)
    scores = (
        ("the last three letters", "the word lists", log_odds(listed, is_own, features[:, :1])),
        ("the last three letters", elsewhere, cross_validated([0])),
        ("the word before", elsewhere, cross_validated([1])),
        ("the last three letters and the word before", elsewhere, cross_validated([0, 1])),
    )
    seed = subject.spec.seed
    auc, draws = auc_draws(words.values, words.is_own, words.sentence, seed=seed)
    rows = []
    for name, counted_in, values in scores:
        its_auc, its_draws = auc_draws(values, words.is_own, words.sentence, seed=seed)
        low, high = percentile_interval(its_draws)
        less, more = percentile_interval(draws - its_draws)
        row = {"name": name, "counted_in": counted_in, "auc": its_auc, "low": low, "high": high}
        rows.append({**row, "difference": auc - its_auc, "difference_low": less, "difference_high": more})
    return rows


def _listed(subject: Subject) -> tuple[np.ndarray, np.ndarray]:
    """The last letters (n, 1) of the words of both lists, and which are of the neuron's own class (n,)."""
    target, baseline = subject.result.words.target, subject.result.words.baseline
    letters = np.array([[_last_letters(word)] for word in (*target, *baseline)])
    is_target = np.arange(len(letters)) < len(target)
    return letters, is_target == subject.favours_target


def _last_letters(form: str) -> str:
    """The last three letters in lower case; a shorter word is itself, marked as whole."""
    lower = form.lower()
    return lower[-3:] if len(lower) > 3 else f"^{lower}"


def _before(gold: GoldActivations, place: int) -> str:
    """The word before a word in its sentence, in lower case."""
    words, k = gold.text.sentences[gold.sentence[place]].words, int(gold.word[place])
    return words[k - 1].form.lower() if k else _START
