"""One class against all others: SciPy on the raw lines of the bundled sentences, and neurons with chosen values."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from core.evidence import run_check
from core.evidence.one_versus_rest import check
from core.report.figures.evidence import picture_of
from core.stats.cluster_bootstrap import auc_draws
from core.words import bundled_gold
from tests.support.gold_texts import auc_of, made_text, raw_rows, with_values

NOUN, VERB = 120, 375
ROWS = raw_rows()
TAGS, SENTENCES = np.array([row.tag for row in ROWS]), np.array([row.sentence for row in ROWS])
SINGLE = ["NOUN", "VERB", "PROPN", "ADJ", "DET", "AUX", "PRON", "ADV", "ADP"]


@pytest.mark.parametrize(("neuron", "own", "other"), [(NOUN, "NOUN", "VERB"), (VERB, "VERB", "NOUN")])
def test_every_auc_vs_scipy(subject_of, neuron, own, other):
    subject = subject_of(neuron)
    values = subject.read_gold(lambda *_: None).pre_activation[:, neuron]
    finding = check(subject)
    numbers = finding.numbers
    assert finding.value == pytest.approx(auc_of(values, own == TAGS), abs=1e-12)
    assert numbers["rest"]["n_own"] + numbers["rest"]["n_other"] == len(ROWS)
    words = ~np.isin(TAGS, ["PUNCT", "SYM"])
    assert numbers["rest_without_marks"]["auc"] == pytest.approx(auc_of(values[words], (own == TAGS)[words]), abs=1e-12)
    assert [single["tag"] for single in numbers["singles"]] == [tag for tag in SINGLE if tag != own]
    for single in numbers["singles"]:
        chosen = np.isin(TAGS, [own, single["tag"]])
        assert single["auc"] == pytest.approx(auc_of(values[chosen], (own == TAGS)[chosen]), abs=1e-12)
        assert single["n_other"] == (single["tag"] == TAGS).sum() and single["low"] < single["auc"] < single["high"]
    assert numbers["mirrored"]["auc"] == pytest.approx(auc_of(values, other != TAGS), abs=1e-12)
    assert check(subject) == finding


def test_the_noun_neuron_of_layer_3_is_rather_not_a_verb_neuron(subject_of):
    """And the verb neuron is one for verbs, as for auxiliaries."""
    noun, verb = check(subject_of(NOUN)), check(subject_of(VERB))
    assert noun.numbers["mirrored"]["difference_low"] > 0 > verb.numbers["mirrored"]["difference_high"]
    assert "the neuron is rather “not VERB” than “NOUN”" in noun.sentence and "rather" not in verb.sentence
    assert "lowest against DET" in noun.sentence and "lowest against AUX" in verb.sentence
    assert noun.verdict == verb.verdict == "does not hold"


def test_the_difference_is_of_the_same_draws_of_sentences(subject_of):
    subject = subject_of(NOUN)
    values = subject.read_gold(lambda *_: None).pre_activation[:, NOUN]
    draws = [auc_draws(values, is_high, SENTENCES, seed=0)[1] for is_high in (TAGS != "VERB", TAGS == "NOUN")]
    low, high = np.percentile(draws[0] - draws[1], [2.5, 97.5])
    mirrored = check(subject).numbers["mirrored"]
    assert (mirrored["difference_low"], mirrored["difference_high"]) == pytest.approx((low, high), abs=1e-12)


def levels(rng, **by_tag):
    """Values around a level for each tag, 0 unless named."""
    return lambda words: rng.normal(size=len(words)) + np.array([by_tag.get(word.upos, 0.0) for word in words])


def test_planted_and_shuffled_neurons(subject_of):
    """High for nouns alone: holds. Low for verbs alone, high for names too, or nothing: does not hold."""
    rng, subject = np.random.default_rng(1), subject_of(NOUN)
    planted = check(with_values(subject, levels(rng, NOUN=3.0), bundled_gold()))
    assert planted.verdict == "holds" and "rather" not in planted.sentence
    for by_tag in ({"VERB": -3.0}, {"NOUN": 3.0, "PROPN": 3.0}, {}):
        assert check(with_values(subject, levels(rng, **by_tag), bundled_gold())).verdict == "does not hold"
    low_for_verbs = check(with_values(subject, levels(rng, VERB=-3.0), bundled_gold()))
    assert "rather “not VERB” than “NOUN”" in low_for_verbs.sentence


def test_rare_classes_do_not_count(subject_of):
    """19 words of a class that is as high as nouns change nothing; 20 do."""
    for n, verdict in ((19, "holds"), (20, "does not hold")):
        nouns, others = made_text(100, ("NOUN", "VERB")), made_text(n, ("PROPN", "DET"))
        text = type(nouns)((*nouns.sentences, *others.sentences))
        values = levels(np.random.default_rng(2), NOUN=4.0, PROPN=4.0)
        finding = check(with_values(subject_of(NOUN), values, text))
        assert finding.verdict == verdict
        assert [single["auc"] for single in finding.numbers["singles"] if single["tag"] == "ADJ"] == [None]
        go.Figure(picture_of("one_versus_rest", finding.numbers))


def test_an_interval_across_the_threshold_is_unclear(subject_of):
    values = levels(np.random.default_rng(3), NOUN=1.1)
    finding = check(with_values(subject_of(NOUN), values, made_text(15, ("NOUN", "VERB"))))
    assert finding.interval[0] < 0.75 < finding.interval[1] and finding.verdict == "unclear"


def test_a_text_without_the_other_class(subject_of):
    """There is nothing to mirror."""
    finding = check(
        with_values(subject_of(NOUN), levels(np.random.default_rng(4), NOUN=3.0), made_text(20, ("NOUN", "ADJ")))
    )
    assert finding.verdict == "holds" and finding.numbers["mirrored"]["auc"] is None
    assert finding.numbers["mirrored"]["difference_low"] is None
    go.Figure(picture_of("one_versus_rest", finding.numbers))


def test_what_cannot_be_run(subject_of):
    words = {"target": "custom", "target_words": ("dog", "cat", "house", "tree"), "n_target": 4, "unit": "word"}
    few = with_values(subject_of(NOUN), levels(np.random.default_rng(5)), made_text(9, ("NOUN", "ADJ")))
    for subject, named in ((subject_of(0, **words), "list of one's own"), (few, "9 words tagged NOUN")):
        finding = run_check("one_versus_rest", subject)
        assert finding.verdict == "cannot be run here" and named in finding.sentence
        assert len(finding.sentence) < 300


def test_the_picture_has_all_classes(subject_of):
    shown = go.Figure(picture_of("one_versus_rest", check(subject_of(NOUN)).numbers))
    assert len(shown.data[0].y) == 10 and shown.data[1].y == ("not VERB, VERB",)
