"""The check of tagged text, judged by transformers' own passes, SciPy, scikit-learn and the raw lines of the file."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import log
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from core.errors import Cancelled
from core.evidence import run_check
from core.evidence.gold_text import check
from core.models.locate import BUNDLED_FOLDER
from core.records import UPOS, GoldText
from core.report.figures.evidence import picture_before, picture_of
from core.words import bundled_gold
from tests.support.gold_texts import auc_of, made_text, raw_rows, with_values
from tests.support.tiny_models import Reference

NOUN, VERB = 120, 375
ROWS = raw_rows()
TAGS = np.array([row.tag for row in ROWS])


@pytest.fixture(scope="module")
def of_noun_and_verb(subject_of):
    """The subject, its finding, and its values at the words with the two tags, for each neuron."""
    out = {}
    for neuron, own in ((NOUN, "NOUN"), (VERB, "VERB")):
        subject = subject_of(neuron)
        gold = subject.read_gold(lambda *_: None)
        rows = [row for row in ROWS if row.tag in ("NOUN", "VERB")]
        values = gold.pre_activation[np.isin(TAGS, ["NOUN", "VERB"]), neuron]
        out[neuron] = subject, check(subject), rows, values, np.array([row.tag == own for row in rows])
    return out


@pytest.mark.parametrize("neuron", [NOUN, VERB])
def test_auc_equals_an_alignment_of_its_own(subject_of, neuron):
    """Plain passes of transformers over some sentences, each word's tokens found by the tokenizer's own offsets."""
    text = GoldText(bundled_gold().sentences[:40])
    subject = subject_of(neuron)
    reference = Reference(Path(BUNDLED_FOLDER))
    values, is_own = [], []
    for sentence in text.sentences:
        encoding = reference._tokenizer.encode(sentence.text, add_special_tokens=False)
        start = reference.ids("<|endoftext|>")
        of_tokens = reference.read([*start, *encoding.ids], 3, "pre-activation")[len(start) :, neuron]
        spans = Counter((word.start, word.end) for word in sentence.words)
        for word in sentence.words:
            if word.upos in ("NOUN", "VERB") and spans[word.start, word.end] == 1:
                tokens = [i for i, (a, b) in enumerate(encoding.offsets) if max(a, word.start) < min(b, word.end)]
                values.append(of_tokens[tokens].mean())
                is_own.append(word.upos == ("NOUN" if neuron == NOUN else "VERB"))
    from core.activations import gold_activations

    read = gold_activations(subject.lm, text, 3, prefix=True)
    found = check(replace(subject, gold=text, read_gold=lambda _: read))
    assert found.value == pytest.approx(auc_of(np.array(values), np.array(is_own)), abs=0.002)
    assert (found.numbers["n_own"], found.numbers["n_other"]) == (sum(is_own), len(is_own) - sum(is_own))


@pytest.mark.parametrize("neuron", [NOUN, VERB])
def test_both_neurons_hold_and_their_parts_agree_with_the_raw_lines(of_noun_and_verb, neuron):
    subject, finding, rows, values, is_own = of_noun_and_verb[neuron]
    assert finding.verdict == "holds" and finding.value == pytest.approx(auc_of(values, is_own), abs=1e-12)
    assert finding.interval[0] < finding.value < finding.interval[1]
    listed = {word.lower() for word in (*subject.result.words.target, *subject.result.words.baseline)}
    masks = {
        "not the first word of a sentence": [not row.first for row in rows],
        "the first word of a sentence": [row.first for row in rows],
        "form in the word lists": [row.form.lower() in listed for row in rows],
        "form not in the word lists": [row.form.lower() not in listed for row in rows],
        "ends in -ing": [row.form.lower().endswith("ing") and len(row.form) > 4 for row in rows],
        "directly after a determiner": [row.tag_before == "DET" for row in rows],
    }
    groups = {group["name"]: group for group in finding.numbers["groups"]}
    assert list(groups) == list(masks)
    genres = {genre["name"]: genre for genre in finding.numbers["genres"]}
    assert set(genres) == {row.genre for row in rows}
    masks |= {name: [row.genre == name for row in rows] for name in genres}
    threshold = finding.numbers["threshold"]["value"]
    for name, part in {**groups, **genres}.items():
        mask = np.array(masks[name])
        own, other = values[mask & is_own], values[mask & ~is_own]
        assert (part["n_own"], part["n_other"]) == (len(own), len(other))
        assert part["auc"] == pytest.approx(auc_of(values[mask], is_own[mask]), abs=1e-12)
        assert part["low"] < part["auc"] <= part["high"]
        assert (part["recall"], part["false_alarms"]) == ((own > threshold).mean(), (other > threshold).mean())


@pytest.mark.parametrize("neuron", [NOUN, VERB])
def test_precision_and_recall_vs_sklearn(of_noun_and_verb, neuron):
    """At the threshold that separates the words of the lists best."""
    subject, finding, _, values, is_own = of_noun_and_verb[neuron]
    threshold = finding.numbers["threshold"]
    assert threshold["precision"] == pytest.approx(precision_score(is_own, values > threshold["value"]))
    assert threshold["recall"] == pytest.approx(recall_score(is_own, values > threshold["value"]))
    target, baseline = subject.values(unit="word")
    own, other = (target, baseline) if neuron == NOUN else (baseline, target)
    balanced = [((own > cut).mean() + (other <= cut).mean()) / 2 for cut in np.concatenate([own, other])]
    assert threshold["balanced_accuracy"] >= max(balanced) - 1e-12


def test_every_word_is_in_the_histogram(of_noun_and_verb):
    subject, finding, *_ = of_noun_and_verb[NOUN]
    histogram = finding.numbers["histogram"]
    edges, counts = np.array(histogram["edges"]), histogram["counts"]
    assert list(counts) == list(UPOS) and len(edges) == 41
    assert {tag: sum(each) for tag, each in counts.items()} == {tag: int((tag == TAGS).sum()) for tag in UPOS}
    values = subject.read_gold(lambda *_: None).pre_activation[:, NOUN].astype(float)
    assert finding.numbers["n_read"] == len(ROWS) == len(values)
    inside = values[(TAGS == "DET") & (values > edges[1]) & (values < edges[-2])]
    assert counts["DET"][1:-1] == [int(((inside >= a) & (inside < b)).sum()) for a, b in pairwise(edges[1:-1])]


def test_the_baselines_by_counting_in_dictionaries(of_noun_and_verb):
    """Letters counted in the lists; the word before counted in nine tenths of the documents."""
    subject, finding, rows, values, is_own = of_noun_and_verb[NOUN]
    letters, own_letters, before, both = finding.numbers["baselines"]

    def end(form: str) -> str:
        return form.lower()[-3:] if len(form) > 3 else f"whole {form.lower()}"

    def score(own: list[str], other: list[str], feature: str) -> float:
        k = len({*own, *other}) + 1
        return log((own.count(feature) + 1) / (len(own) + k)) - log((other.count(feature) + 1) / (len(other) + k))

    lists = [[end(word) for word in words] for words in (subject.result.words.target, subject.result.words.baseline)]
    scores = [score(*lists, end(row.form)) for row in rows]
    assert letters["auc"] == pytest.approx(roc_auc_score(is_own, np.round(scores, 9)))

    fold = {name: k % 10 for k, name in enumerate(dict.fromkeys(row.document for row in rows))}
    for baseline, features in (
        (own_letters, [lambda row: end(row.form)]),
        (before, [lambda row: row.before.lower()]),
        (both, [lambda row: end(row.form), lambda row: row.before.lower()]),
    ):
        scores = np.zeros(len(rows))
        for feature in features:
            found = [feature(row) for row in rows]
            for k in range(10):
                elsewhere = [
                    [
                        value
                        for value, row in zip(found, rows, strict=True)
                        if row.tag == tag and fold[row.document] != k
                    ]
                    for tag in ("NOUN", "VERB")
                ]
                here = [i for i, row in enumerate(rows) if fold[row.document] == k]
                scores[here] += [score(*elsewhere, found[i]) for i in here]
        assert baseline["auc"] == pytest.approx(roc_auc_score(is_own, np.round(scores, 9)))
        assert baseline["difference"] == pytest.approx(auc_of(values, is_own) - baseline["auc"])
        assert baseline["difference_low"] < baseline["difference"] < baseline["difference_high"]


def test_the_sentence_has_the_numbers_and_compares(of_noun_and_verb):
    finding = of_noun_and_verb[NOUN][1]
    low, high = finding.interval
    assert f"725 words tagged NOUN and 496 tagged VERB, the AUC for NOUN is {finding.value:.3f}" in finding.sentence
    assert f"{low:.3f} to {high:.3f}" in finding.sentence
    assert "above the best simple baseline, the last three letters and the word before" in finding.sentence


def test_the_same_subject_gives_the_same_finding(of_noun_and_verb):
    subject, finding, *_ = of_noun_and_verb[VERB]
    assert check(subject) == finding


def planted(rng, strength):
    return lambda words: rng.normal(size=len(words)) + strength * np.array([word.upos == "NOUN" for word in words])


def test_a_planted_neuron_holds_and_a_shuffled_one_does_not(subject_of):
    rng, subject = np.random.default_rng(1), subject_of(NOUN)
    for strength, verdict in ((2.0, "holds"), (0.0, "does not hold"), (-2.0, "does not hold")):
        assert check(with_values(subject, planted(rng, strength), bundled_gold())).verdict == verdict
    few = with_values(subject, planted(rng, 1.2), made_text(15, ("NOUN", "VERB")))
    assert check(few).verdict == "unclear"


def test_a_neuron_like_a_simple_baseline_is_not_above_it(subject_of):
    """Its value is 1 after "the" and "a", else 0."""

    def after_article(words):
        return np.array([before.lower() in ("the", "a") for before in ("", *(word.form for word in words[:-1]))])

    finding = check(with_values(subject_of(NOUN), after_article, bundled_gold()))
    assert "It is below the best simple baseline" in finding.sentence
    assert finding.numbers["baselines"][2]["difference_high"] < 0


def test_a_text_without_documents_and_genres(subject_of):
    """Other sentences stand for other documents; parts with few words have no AUC."""
    text = made_text(30, ("NOUN", "VERB", "PUNCT"))
    finding = check(with_values(subject_of(NOUN), planted(np.random.default_rng(2), 3.0), text))
    assert finding.numbers["genres"] == []
    assert {row["counted_in"] for row in finding.numbers["baselines"]} == {"the word lists", "other sentences"}
    first = finding.numbers["groups"][1]
    assert (first["n_own"], first["n_other"], first["auc"], first["low"]) == (30, 0, None, None)
    assert first["recall"] > 0 and first["false_alarms"] is None
    go.Figure(picture_of("gold_text", finding.numbers))


def test_a_silent_neuron_does_not_hold(subject_of):
    finding = check(with_values(subject_of(NOUN), lambda words: np.zeros(len(words)), bundled_gold()))
    assert (finding.verdict, finding.value, finding.interval) == ("does not hold", 0.5, (0.5, 0.5))
    go.Figure(picture_of("gold_text", finding.numbers))


def test_what_cannot_be_run(subject_of):
    """Custom lists, few words, one sentence, values that are not finite: each in a sentence."""
    words = {"target": "custom", "target_words": ("dog", "cat", "house", "tree"), "n_target": 4, "unit": "word"}
    for subject, named in (
        (subject_of(0, **words), "list of one's own"),
        (with_values(subject_of(NOUN), lambda words: np.arange(len(words)), made_text(9, ("NOUN", "VERB"))), "9 words"),
        (
            with_values(subject_of(NOUN), lambda words: np.arange(len(words)), made_text(1, ("NOUN", "VERB") * 12)),
            "two",
        ),
        (with_values(subject_of(NOUN), lambda words: np.full(len(words), np.nan), bundled_gold()), "not finite"),
    ):
        finding = run_check("gold_text", subject)
        assert finding.verdict == "cannot be run here" and named in finding.sentence


def test_it_can_be_cancelled(subject_of):
    def stop(share, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_check("gold_text", subject_of(NOUN), stop)


def test_the_picture_is_valid_and_names_from_a_file_are_text(subject_of, of_noun_and_verb):
    finding = of_noun_and_verb[NOUN][1]
    shown = go.Figure(picture_of("gold_text", finding.numbers))
    assert set(shown.data[0].y) >= {"all words", "genre: news"} and len(shown.data[1].y) == 4
    before = go.Figure(picture_before("gold_text", finding.numbers))
    assert len(before.data) == 1 and before.data[0].y[0].startswith("NOUN (") and "AUC" not in str(before.layout)
    text = made_text(20, ("NOUN", "VERB"), genre="<b>bold</b>")
    marked = check(with_values(subject_of(NOUN), planted(np.random.default_rng(3), 3.0), text))
    assert "<b>bold" not in str(picture_of("gold_text", marked.numbers)["data"])
