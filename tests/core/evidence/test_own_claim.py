"""Words of a claim, and the checks that each needs."""

from __future__ import annotations

import pytest

from core.evidence.own_claim import words_not_borne
from core.records import FAILS, HOLDS, Finding


def found(**verdicts):
    return {name: Finding(verdict, "", "") for name, verdict in verdicts.items()}


@pytest.mark.parametrize(
    "claim, findings, refused",
    [
        ("Its AUC is higher for nouns than for verbs on these lists.", {}, []),
        ("It tells nouns from verbs.", {}, [("tells", "gold_text was not run")]),
        ("It tells nouns from verbs.", found(gold_text=HOLDS), []),
        ("It DETECTS nouns.", found(gold_text=HOLDS), [("DETECTS", "one_versus_rest was not run")]),
        ("Noun neuron.", found(gold_text=HOLDS, one_versus_rest=FAILS), [("Noun neuron", f"one_versus_rest {FAILS}")]),
        ("The model uses it because it knows verbs.", found(causal=HOLDS), [("knows", "no check here bears it")]),
        ("The model used it.", {}, [("used", "causal was not run")]),
        ("This proves it.", found(causal=HOLDS, gold_text=HOLDS), [("proves", "no check here bears it")]),
        ("A detail of the house, meanwhile.", {}, []),
    ],
)  # fmt: skip
def test_words_that_the_checks_do_not_bear(claim, findings, refused):
    assert list(words_not_borne(claim, "nouns", "verbs", findings)) == refused
