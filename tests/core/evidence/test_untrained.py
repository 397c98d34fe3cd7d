"""The check with fresh weights, against SciPy on readings of its own; untrained neurons do not pass it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import mannwhitneyu, ttest_ind

from core.activations import gold_activations, word_activations
from core.errors import Cancelled
from core.evidence import Subject, read_subject, run_check
from core.evidence.untrained import check
from core.models import load_model, memory
from core.models.fresh import with_fresh_weights
from core.records import IMPOSSIBLE, ContrastSpec, GoldText
from core.report.figures.evidence import picture_of
from core.words import bundled_gold

FEWER = {"n_target": 80, "n_baseline": 80}
SOME = GoldText(bundled_gold().sentences[::5])


def of_few(neuron: int = 120, **changes: object) -> Subject:
    """A subject with a short tagged text."""
    return read_subject(ContrastSpec.careful(**FEWER, **changes), neuron, load_model("bundled"), gold=SOME)


def scipys_auc(own: np.ndarray, other: np.ndarray) -> float:
    return mannwhitneyu(own, other).statistic / (len(own) * len(other))


@pytest.mark.parametrize(("neuron", "side"), [(120, "pre-activation"), (375, "activation")])
def test_each_network_agrees_with_scipy(subject_of: Callable[..., Subject], neuron: int, side: str) -> None:
    subject = subject_of(neuron, unit="word", hook_side=side, **FEWER)
    finding = check(subject)
    names = ("target", "baseline") if subject.favours_target else ("baseline", "target")
    tags = ("NOUN", "VERB") if subject.own == "nouns" else ("VERB", "NOUN")
    for found in (finding.numbers["trained"], *finding.numbers["untrained"]):
        lm = load_model("bundled") if "seed" not in found else with_fresh_weights(load_model("bundled"), found["seed"])
        how = {"side": side, "prefix": True}
        own, other = (
            word_activations(lm, getattr(subject.result.words, name), [3], leading_space=True, **how)[0]
            for name in names
        )
        tests = ttest_ind(own.astype(np.float64), other.astype(np.float64), equal_var=False)
        chosen = neuron if "seed" not in found else int(np.nanargmax(tests.statistic))
        assert found["neuron"] == chosen
        assert found["word_auc"] == pytest.approx(scipys_auc(own[:, chosen], other[:, chosen]), abs=1e-9)
        # Holm's step-down, by hand
        p = np.sort(tests.pvalue)
        fails = np.flatnonzero(p * np.arange(len(p), 0, -1) > 0.05)
        assert found["n_significant"] == (fails[0] if len(fails) else len(p))
        gold = gold_activations(lm, bundled_gold(), 3, prefix=True)
        words = [gold.at(side)[gold.tags == tag] for tag in tags]
        assert found["auc"] == pytest.approx(scipys_auc(words[0][:, chosen], words[1][:, chosen]), abs=1e-9)
        assert found["low"] < found["auc"] < found["high"]
        every = [scipys_auc(words[0][:, k], words[1][:, k]) for k in range(0, 512, 64)]
        assert found["highest_auc"] >= max(*every, found["auc"])
    assert (finding.value, *finding.interval) == tuple(
        finding.numbers["trained"][key] for key in ("auc", "low", "high")
    )
    assert (finding.numbers["n_own"], finding.numbers["n_other"]) == tuple(map(len, words))


def test_the_verb_neuron_holds_and_its_picture_is_valid() -> None:
    finding = check(of_few(375))
    assert finding.verdict == "holds"
    assert all(each["n_significant"] == 0 for each in finding.numbers["untrained"])
    go.Figure(picture_of("untrained", finding.numbers))


def test_the_best_neuron_of_an_untrained_network_does_not_hold() -> None:
    """Also where a little noise, and no more, sets it above those of two other draws."""
    fresh = with_fresh_weights(load_model("bundled"), 17)
    first = read_subject(ContrastSpec.careful(**FEWER), 0, fresh, gold=SOME)
    verdicts = [check(replace(first, neuron=each)).verdict for each in (first.result.largest, first.result.smallest)]
    assert "holds" not in verdicts and "does not hold" in verdicts


def test_a_neuron_that_misses_in_text_does_not_hold(subject_of: Callable[..., Subject]) -> None:
    subject = subject_of(120)
    gold = subject.read_gold(lambda share, message: None)
    nouns, verbs = (gold.at(subject.side)[gold.tags == tag] for tag in ("NOUN", "VERB"))
    aucs = subject.result.tests.auc
    misses = next(k for k in np.argsort(-aucs) if mannwhitneyu(nouns[:, k], verbs[:, k]).statistic < len(nouns) * 100)
    assert check(of_few(int(misses))).verdict == "does not hold"


@pytest.mark.parametrize(
    "changes",
    [
        {"test": "paired", "unit": "word", "correction": "bonferroni", "prefix": False, "leading_space": False},
        {"correction": "max_t", "family": "layer", "pooling": "last"},
    ],
)
def test_other_settings(changes: dict[str, object]) -> None:
    assert check(of_few(**changes)).verdict == "holds"


def test_it_is_the_same_again_and_can_be_cancelled() -> None:
    subject, seen = of_few(), []
    finding = check(subject, lambda share, message: seen.append(share))
    assert finding == check(subject)
    assert seen == sorted(seen) and seen[-1] <= 1 and len(seen) > 5
    assert [each["seed"] for each in finding.numbers["untrained"]] == [0, 1]

    def stop(share: float, message: str) -> None:
        if "Drawing" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_check("untrained", subject, stop)


def test_what_cannot_be_checked_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = of_few()
    verbless = replace(subject.gold, sentences=tuple(replace(s, words=s.words[:1]) for s in subject.gold.sentences[:2]))
    read = lambda watch: gold_activations(subject.lm, verbless, 3)  # noqa: E731
    finding = run_check("untrained", replace(subject, gold=verbless, read_gold=read))
    assert finding.verdict == IMPOSSIBLE and "at least 10" in finding.sentence
    monkeypatch.setattr(memory, "available_memory", lambda: 1_000_000)
    finding = run_check("untrained", subject)
    assert finding.verdict == IMPOSSIBLE and "1.0 MB are free" in finding.sentence
