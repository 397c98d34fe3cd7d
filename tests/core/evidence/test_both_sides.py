"""Both sides of the nonlinearity: transformers' own passes and SciPy are the judges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from core.evidence import read_subject, run_check
from core.evidence.both_sides import check
from core.models import load_model
from core.records import ContrastSpec, GoldText
from core.report.figures.evidence import picture_of
from core.stats.cluster_bootstrap import auc_interval
from core.words import bundled_gold
from tests.support.gold_texts import auc_of, made_text, raw_rows, with_values
from tests.support.tiny_models import CONTEXT, Reference

TAGS = np.array([row.tag for row in raw_rows()])


def readings_of(finding):
    return {(each["source"], each["side"]): each for each in finding.numbers["readings"]}


def test_four_aucs_of_a_gated_model_vs_hooks_of_plain_pytorch(tiny_folder):
    """The gate before its nonlinearity, and its product with the other branch: words, and words in sentences."""
    folder = Path(tiny_folder("llama"))
    reference = Reference(folder)
    short = [each for each in bundled_gold().sentences if len(reference.ids(each.text)) <= CONTEXT]
    text = GoldText(tuple(short[:25]))
    spec = ContrastSpec.notebook(model=str(folder), layer=2, word_source="bundled", n_target=30, n_baseline=30)
    subject = read_subject(spec, 5, load_model(str(folder)), gold=text)
    finding = check(subject)
    assert finding.numbers["gated"] is True
    words = subject.result.words
    for side in ("pre-activation", "activation"):
        values = [reference.word(word, side)[2, :, 5].mean() for word in (*words.target, *words.baseline)]
        is_own = (np.arange(60) < 30) == subject.favours_target
        found = readings_of(finding)
        assert found["words", side]["auc"] == pytest.approx(auc_of(np.array(values), is_own), abs=1e-9)
        in_text, own = [], []
        for sentence in text.sentences:
            encoding = reference._tokenizer.encode(sentence.text, add_special_tokens=False)
            of_tokens = reference.read(encoding.ids, 2, side)[:, 5]
            spans = [(word.start, word.end) for word in sentence.words]
            for word, (start, end) in zip(sentence.words, spans, strict=True):
                if word.upos in ("NOUN", "VERB") and spans.count((start, end)) == 1:
                    before = start - sentence.text[start - 1 : start].isspace()
                    tokens = [i for i, (a, b) in enumerate(encoding.offsets) if max(a, before) < min(b, end)]
                    in_text.append(of_tokens[tokens].mean())
                    own.append((word.upos == "NOUN") == subject.favours_target)
        assert found["text", side]["auc"] == pytest.approx(auc_of(np.array(in_text), np.array(own)), abs=1e-4)
    go.Figure(picture_of("both_sides", finding.numbers))


@pytest.mark.parametrize(
    ("neuron", "layer", "verdict"), [(250, 5, "holds"), (104, 5, "holds"), (120, 3, "does not hold")]
)
def test_a_neuron_of_each_kind(subject_of, neuron, layer, verdict):
    """Layer 5 has neurons that hold on both sides; what layer 3's noun neuron passes on hardly separates the words."""
    subject = subject_of(neuron, layer=layer)
    finding = check(subject)
    found = readings_of(finding)
    assert finding.verdict == verdict and len(found) == 4
    gold = subject.read_gold(lambda *_: None)
    chosen = np.isin(TAGS, ["NOUN", "VERB"])
    is_own = TAGS[chosen] == ("NOUN" if subject.favours_target else "VERB")
    for side in ("pre-activation", "activation"):
        assert found["text", side]["auc"] == pytest.approx(auc_of(gold.at(side)[chosen, neuron], is_own), abs=1e-12)
        target, baseline = subject.values(side)
        values, own = np.concatenate([target, baseline]), np.arange(len(target) + len(baseline)) < len(target)
        expected = auc_of(values, own == subject.favours_target)
        assert found["words", side]["auc"] == pytest.approx(expected, abs=1e-12)
        assert found["words", side]["tested"] == found["text", side]["tested"] == (side == "pre-activation")
    lowest = min(found.values(), key=lambda each: each["auc"])
    assert (finding.value, finding.interval) == (lowest["auc"], (lowest["low"], lowest["high"]))
    assert check(subject) == finding


def test_the_own_class_is_that_of_the_tested_side(subject_of):
    """Tested after the nonlinearity, neuron 370 of layer 5 is higher for verbs; before it, for nouns."""
    before, after = (check(subject_of(370, layer=5, hook_side=side)) for side in ("pre-activation", "activation"))
    assert after.verdict == before.verdict == "does not hold"
    assert before.sentence.startswith("The AUC for nouns") and after.sentence.startswith("The AUC for verbs")
    one, other = readings_of(before), readings_of(after)
    for key in one:
        assert one[key]["auc"] == pytest.approx(1 - other[key]["auc"])
        assert one[key]["tested"] != other[key]["tested"]
    assert "The order is reversed after the nonlinearity on the words" in before.sentence


def test_forms_of_a_lemma_are_drawn_together(subject_of):
    subject = subject_of(unit="word", n_target=80, n_baseline=80)
    values = np.concatenate(subject.values())
    clusters = [f"{name}:{lemma}" for name, each in zip("ab", subject.lemmas, strict=True) for lemma in each]
    numbers = np.array([sorted(set(clusters)).index(cluster) for cluster in clusters])
    assert len(set(clusters)) < len(clusters)
    expected = auc_interval(values, np.arange(160) < 80, numbers, seed=0)
    found = readings_of(check(subject))["words", "pre-activation"]
    # Names in another order are other draws of the same distribution.
    assert (found["auc"], found["low"], found["high"]) == pytest.approx(expected, abs=0.01)


def test_planted_and_shuffled_in_the_text(subject_of):
    """On words, the neuron holds on both sides: in the text it is as planted."""
    rng, subject = np.random.default_rng(1), subject_of(250, layer=5)
    for strength, verdict in ((3.0, "holds"), (0.0, "does not hold"), (-3.0, "does not hold")):

        def values(words, strength=strength):
            return rng.normal(size=len(words)) + strength * np.array([word.upos == "NOUN" for word in words])

        finding = check(with_values(subject, values, bundled_gold()))
        assert finding.verdict == verdict
        assert ("reversed" in finding.sentence) == (strength < 0)


def test_custom_lists_have_words_only(subject_of):
    words = {"target": "custom", "target_words": ("dog", "cat", "house", "tree"), "n_target": 4, "unit": "word"}
    subject = subject_of(0, **words)

    def unread(progress):
        raise AssertionError("the text was read")

    finding = run_check("both_sides", replace(subject, read_gold=unread))
    assert [each["source"] for each in finding.numbers["readings"]] == ["words", "words"]
    assert "text" not in finding.sentence
    go.Figure(picture_of("both_sides", finding.numbers))


def test_a_text_with_few_words_has_no_auc(subject_of):
    few = with_values(subject_of(250, layer=5), lambda words: np.arange(len(words)), made_text(9, ("NOUN", "VERB")))
    finding = check(few)
    assert finding.verdict == "holds" and readings_of(finding)["text", "activation"]["auc"] is None
    assert "text" not in finding.sentence
    go.Figure(picture_of("both_sides", finding.numbers))
