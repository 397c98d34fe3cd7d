"""The same forms as nouns and verbs: transformers' passes over whole sentences, and SciPy, are the judges."""

from __future__ import annotations

from math import gamma, sqrt
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import ttest_rel

from core.errors import Cancelled
from core.evidence import run_check
from core.evidence.ambiguous import check
from core.models.locate import BUNDLED_FOLDER
from core.report.figures.evidence import picture_of
from core.stats.cluster_bootstrap import auc_interval
from core.words import ambiguous_forms
from tests.support.gold_texts import auc_of, made_text, raw_rows, with_values
from tests.support.tiny_models import Reference

NOUN, VERB = 120, 375
FORMS = ambiguous_forms()


@pytest.fixture(scope="module")
def whole_passes() -> np.ndarray:
    """Layer 3 in whole sentences, at the form and at the word before it: (n_forms, noun or verb, 2, d_mlp)."""
    reference = Reference(Path(BUNDLED_FOLDER))
    start = reference.ids("<|endoftext|>")
    out = np.zeros((len(FORMS), 2, 2, 512))
    for k, form in enumerate(FORMS):
        for word_class, contexts in enumerate((form.nouns, form.verbs)):
            for context in contexts:
                encoding = reference._tokenizer.encode(context.sentence, add_special_tokens=False)
                values = reference.read([*start, *encoding.ids], 3, "pre-activation")[len(start) :]
                word = context.sentence[: context.start].split()[-1]
                before = context.start - 1 - len(word)
                for place, (first, end) in enumerate(((context.start, context.end), (before, before + len(word)))):
                    tokens = [i for i, (a, b) in enumerate(encoding.offsets) if max(a, first) < min(b, end)]
                    out[k, word_class, place] += values[tokens].mean(axis=0) / len(contexts)
    return out


def compared(numbers: dict, own: np.ndarray, other: np.ndarray) -> None:
    """The numbers of a paired comparison, by SciPy and by the formulas."""
    expected = ttest_rel(own, other)
    n, difference = len(own), own - other
    assert (numbers["n_forms"], numbers["degrees_of_freedom"]) == (n, n - 1)
    assert numbers["t"] == pytest.approx(expected.statistic) and numbers["p"] == pytest.approx(expected.pvalue)
    assert numbers["difference"] == pytest.approx(difference.mean())
    j = gamma((n - 1) / 2) / (sqrt((n - 1) / 2) * gamma((n - 2) / 2))
    assert numbers["g_z"] == pytest.approx(j * difference.mean() / difference.std(ddof=1))
    assert numbers["g_z_low"] < numbers["g_z"] < numbers["g_z_high"]
    assert numbers["share"] == (own > other).mean()


@pytest.mark.parametrize(("neuron", "own_first"), [(NOUN, 1), (VERB, -1)])
def test_every_number_vs_whole_passes_and_scipy(subject_of, whole_passes, neuron, own_first):
    subject = subject_of(neuron)
    finding = check(subject)
    numbers = finding.numbers
    columns = {
        name: np.array([form[name] for form in numbers["forms"]]) for name in numbers["forms"][0] if name != "form"
    }
    assert [form["form"] for form in numbers["forms"]] == [form.form for form in FORMS]
    at_form, before = (whole_passes[:, ::own_first, place, neuron].T for place in (0, 1))
    found = (columns["own"], columns["other"]), (columns["before_own"], columns["before_other"])
    np.testing.assert_allclose(found, (at_form, before), rtol=0, atol=1e-4)

    own, other, before_own, before_other = columns.values()
    compared(numbers["at_form"], own, other)
    compared(numbers["before_form"], before_own, before_other)
    compared(numbers["added"], own - other, before_own - before_other)
    is_own = np.arange(2 * len(FORMS)) < len(FORMS)
    assert numbers["at_form"]["auc"] == finding.value == auc_of(np.concatenate([own, other]), is_own)
    assert numbers["before_form"]["auc"] == auc_of(np.concatenate([before_own, before_other]), is_own)
    assert finding.verdict == "holds"
    assert check(subject) == finding


@pytest.mark.parametrize("neuron", [NOUN, VERB])
def test_forms_of_the_text_vs_the_raw_lines(subject_of, neuron):
    """Forms that are a noun at one place and a verb at another: means by loops over the file's lines."""
    subject = subject_of(neuron)
    values = subject.read_gold(lambda *_: None).pre_activation[:, neuron].astype(float)
    tags = ("NOUN", "VERB") if neuron == NOUN else ("VERB", "NOUN")
    seen: dict[str, dict[str, list[float]]] = {}
    for row, value in zip(raw_rows(), values, strict=True):
        if row.tag in tags:
            seen.setdefault(row.form.lower(), {tag: [] for tag in tags})[row.tag].append(value)
    both = [found for found in seen.values() if all(found.values())]
    own, other = (np.array([np.mean(found[tag]) for found in both]) for tag in tags)
    text = check(subject).numbers["text"]
    compared(text, own, other)
    assert text["auc"] == pytest.approx(auc_of(np.concatenate([own, other]), np.arange(2 * len(own)) < len(own)))


def test_both_values_of_a_form_are_drawn_together(subject_of):
    numbers = check(subject_of(VERB)).numbers
    values = np.array([[form["own"], form["other"]] for form in numbers["forms"]])  # [n_forms, 2]
    is_own = np.tile([True, False], len(values))
    expected = auc_interval(values.reshape(-1), is_own, np.repeat(np.arange(len(values)), 2), seed=0)
    found = numbers["at_form"]
    assert (found["auc"], found["low"], found["high"]) == pytest.approx(expected, abs=1e-12)


def test_layer_0_separates_words_and_not_the_classes_of_a_form(subject_of):
    """Its most extreme neuron for nouns hardly differs at the form, and more at the word before."""
    subject = subject_of(311, layer=0)
    assert subject.result.largest == 311 and subject.result.tests.auc[311] > 0.95
    finding = check(subject)
    assert finding.verdict == "does not hold" and "the difference at the form is smaller" in finding.sentence


def test_either_order_and_no_other_classes(subject_of):
    """Verbs against nouns give the same; adjectives have no such forms."""
    one, other = (check(subject_of(NOUN, target=a, baseline=b)) for a, b in (("nouns", "verbs"), ("verbs", "nouns")))
    assert one == other
    finding = run_check("ambiguous", subject_of(0, target="adjectives"))
    assert finding.verdict == "cannot be run here" and "adjectives and verbs are compared here" in finding.sentence


def test_a_text_with_few_such_forms_and_one_with_many(subject_of):
    """Nine forms are too few; a planted difference between the tags of ten is found."""
    subject, rng = subject_of(NOUN), np.random.default_rng(1)

    def levels(words):
        return rng.normal(size=len(words)) + 9 * np.array([word.upos == "NOUN" for word in words])

    for n in (9, 10):
        text = made_text(n, ("NOUN",)), made_text(n, ("VERB",))
        renamed = [
            type(sentence)(f"form{k}", (type(word)(f"Form{k}", "", word.upos, 0, 5),), "", "", "")
            for each in text
            for k, sentence in enumerate(each.sentences)
            for word in sentence.words
        ]
        found = check(with_values(subject, levels, type(text[0])(tuple(renamed)))).numbers["text"]
        if n == 9:
            assert found is None
        else:
            assert (found["n_forms"], found["share"], found["auc"]) == (10, 1.0, 1.0) and found["p"] < 1e-6


def test_a_silent_neuron_has_no_t(subject_of):
    """All values are equal: an AUC of 0.5, and no number that is not one."""
    from core.evidence.ambiguous import _paired, _separated
    from core.records import Finding

    zeros = np.zeros(30)
    numbers = {**_paired(zeros, zeros), **_separated(zeros, zeros, 0)}
    assert numbers["auc"] == numbers["share"] == 0.5
    plain = Finding("unclear", "", "", figures=numbers).numbers
    assert plain["t"] is None and plain["g_z"] is None and plain["difference"] == 0


def test_it_can_be_cancelled(subject_of):
    def stop(share, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_check("ambiguous", subject_of(NOUN), stop)


def test_the_picture_has_a_point_for_each_form(subject_of):
    finding = check(subject_of(VERB))
    shown = go.Figure(picture_of("ambiguous", finding.numbers))
    assert [len(trace.x) for trace in shown.data] == [len(FORMS)] * 2
    assert shown.layout.yaxis.title.text == "Value where the form is a verb"
