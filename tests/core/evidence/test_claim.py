"""The claim uses a word only if its check holds, and says which words it refuses and why."""

from __future__ import annotations

import itertools
import re

import pytest

from core.evidence import CHECKS
from core.evidence.claim import claim_of, wordings
from core.records import FAILS, HOLDS, IMPOSSIBLE, NOT_RUN, UNCLEAR, Finding
from core.report.readable import readable_p
from core.words import bundled_gold

FIGURES = {"text": bundled_gold().digest, "n_own": 725, "n_other": 496, "n_sentences": 183}


def found(verdict: str) -> Finding:
    return Finding(verdict, "A rule.", "A sentence about it.", 0.9, (0.85, 0.95), FIGURES)


def test_only_what_holds_is_said(subject_of) -> None:
    subject = subject_of(120)
    for gold, rest, causal in itertools.product((HOLDS, FAILS, UNCLEAR, IMPOSSIBLE, NOT_RUN), repeat=3):
        verdicts = {"gold_text": gold, "one_versus_rest": rest, "causal": causal}
        claim = claim_of(
            subject.result, subject.neuron, {name: found(v) for name, v in verdicts.items() if v != NOT_RUN}
        )
        supported, _, refused = claim.partition("The checks do not support: ")
        assert ("it tells nouns from verbs" in supported) == (gold == HOLDS)
        assert ("noun neuron" in supported) == (gold == rest == HOLDS)
        assert ("model uses it" in supported) == (causal == HOLDS)
        assert ("“tells nouns from verbs”" in refused) == (gold != HOLDS)
        assert ("“noun neuron”" in refused) == (not gold == rest == HOLDS)
        assert ("“the model uses it”" in refused) == (causal != HOLDS)
        assert not re.search("detect|represent|encodes", claim)


def test_all_numbers_of_the_word_lists_are_filled_in(subject_of) -> None:
    subject = subject_of(375)
    claim = claim_of(subject.result, subject.neuron, {})
    result = subject.result
    for written in (
        "neuron 375 of layer 3 of bundled",
        "significantly higher for verbs",
        f"AUC {1 - result.tests.auc[375]:.3f}"[:9],
        f"Hedges' g {-result.effect_sizes.hedges_g[375]:.2f}",
        f"adjusted p {readable_p(float(result.log10_p_adjusted[375]))} (Welch's t-test, Holm",
        f"over {result.family_size:,} tests, α = 0.05)",
        result.model.revision,
    ):
        assert written in claim
    assert "higher for nouns" not in claim
    assert result.effect_sizes.hedges_g[375] < 0 and "−" not in claim.partition("adjusted p")[0]


def test_a_caution_about_the_test_is_part_of_the_claim(subject_of) -> None:
    result = subject_of(120, n_target=5, n_baseline=100, unit="word").result
    assert result.cautions
    assert all(caution.sentence in claim_of(result, 120, {}) for caution in result.cautions)


def test_a_neuron_that_is_not_significant_is_said_to_be_so(subject_of) -> None:
    result = subject_of().result
    weak = int((result.p_adjusted == 1).argmax())
    assert "is not significantly higher for" in claim_of(subject_of(weak).result, weak, {})


def test_no_correction_is_not_called_one(subject_of) -> None:
    result = subject_of(120, correction="none", alpha=0.9).result
    weak = int(abs(result.tests.auc - 0.5).argmin())
    claim = claim_of(result, weak, {})
    assert "adjusted" not in claim and "no correction over 3,072 tests, α = 0.9)" in claim


def test_the_claim_says_which_text_bore_it(subject_of) -> None:
    result = subject_of(120).result
    own = claim_of(result, 120, {"gold_text": found(HOLDS)})
    assert "0.900 (95% interval 0.850 to 0.950), 725 against 496 words in 183 sentences of this project" in own
    another = Finding(HOLDS, "A rule.", "So.", 0.9, (0.85, 0.95), FIGURES | {"text": "ab" * 32})
    assert "183 sentences of a tagged text with SHA-256 abababababab…" in claim_of(result, 120, {"gold_text": another})


def test_a_size_that_is_not_known_is_said_to_be_so(subject_of) -> None:
    result = subject_of(120, n_target=2, n_baseline=2).result
    assert "Hedges' g not known" in claim_of(result, 120, {})


@pytest.mark.parametrize("verdict", [FAILS, UNCLEAR, IMPOSSIBLE])
def test_the_reason_of_a_refusal_is_the_verdict(subject_of, verdict) -> None:
    claim = claim_of(subject_of(120).result, 120, {"gold_text": found(verdict)})
    said = "is unclear" if verdict == UNCLEAR else verdict
    assert f"“tells nouns from verbs” (gold_text {said})" in claim


def test_every_check_is_listed_by_its_verdict(subject_of) -> None:
    from core.evidence import about

    claim = claim_of(subject_of(120).result, 120, dict.fromkeys(CHECKS, found(FAILS)))
    assert all(about(name).TITLE.lower() in claim for name in CHECKS)
    assert set(itertools.chain(*wordings("nouns", "verbs").values())) <= set(CHECKS)
