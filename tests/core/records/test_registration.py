"""A lock: its digest, what was changed after it, the verdict by its rule, and what comes back forged."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.errors import UserError
from core.records import FAILS, HOLDS, UNCLEAR, ContrastSpec
from core.records.registration import Registered, changes
from core.records.registration_read import registered
from tests.support.made_registrations import SPEC, made_opened, made_registration, made_separation, made_test


@pytest.mark.parametrize(
    "change",
    [
        {"hypothesis": "Higher for verbs."},
        {"neuron": 18},
        {"higher_for": "baseline"},
        {"smallest_auc": 0.76},
        {"planned_test": "mannwhitney"},
        {"planned_alpha": 0.06},
        {"spec": SPEC.changed(alpha=0.06)},
        {"locked_at": "2026-01-05T10:00:01+00:00"},
        {"seen": ("held_out",)},
    ],
)
def test_whatever_is_changed_changes_the_digest(change):
    one = made_registration()
    assert made_registration().digest == one.digest != made_registration(**change).digest
    assert Registered.locked(one).intact and not Registered(made_registration(**change), one.digest).intact


def test_what_is_reported_otherwise_is_listed_and_nothing_else():
    one = made_registration()
    assert changes(one, SPEC, 17, "sha256:0123", "0.1.0") == ()
    planned = made_registration(planned_test="mannwhitney", planned_alpha=0.01)
    assert changes(planned, SPEC, 17, "sha256:0123", "0.1.0") == ()  # of the one test, not of the experiment
    now = SPEC.changed(layer=3, test="mannwhitney", alpha=0.01, hook_side="activation", n_target=60, correction="none")
    found = changes(one, now, 18, "other", "0.2.0")
    assert {each.setting: (each.registered, each.reported) for each in found} == {
        "neuron": ("17", "18"),
        "layer": ("2", "3"),
        "n_target": ("40", "60"),
        "hook_side": ("pre-activation", "activation"),
        "test": ("welch", "mannwhitney"),
        "correction": ("holm", "none"),
        "alpha": ("0.05", "0.01"),
        "model revision": ("sha256:0123", "other"),
        "app version": ("0.1.0", "0.2.0"),
    }
    own = SPEC.changed(target="custom", target_words=("tea", "milk"), n_target=2)
    words = {each.setting: each.reported for each in changes(one, own, 17, "sha256:0123", "0.1.0")}
    assert words == {"target": "custom", "n_target": "2", "target_words": "2 words"}


@pytest.mark.parametrize(
    "numbers, verdict",
    [
        ({}, HOLDS),
        ({"auc_low": 0.75}, HOLDS),
        ({"auc_low": 0.74}, UNCLEAR),
        ({"log10_p": -1.30}, UNCLEAR),  # 0.0501
        ({"log10_p": -1.302}, HOLDS),  # 0.0499
        ({"statistic": -5.0}, UNCLEAR),
        ({"auc": 0.2, "auc_low": 0.1, "auc_high": 0.3, "statistic": -9.0}, FAILS),  # the other way round
        ({"auc": 0.7, "auc_low": 0.66, "auc_high": 0.74}, FAILS),  # significant, and smaller than what counts
    ],
)
def test_the_verdict_follows_the_rule(numbers, verdict):
    assert made_test(**numbers).verdict(made_registration()) == verdict


def test_the_verdict_has_the_planned_alpha():
    assert made_test(log10_p=-1.5).verdict(made_registration(planned_alpha=0.05)) == HOLDS  # p = 0.0316
    assert made_test(log10_p=-1.5).verdict(made_registration(planned_alpha=0.01)) == UNCLEAR
    assert made_test(log10_p=-1.5).verdict(made_registration(spec=SPEC.changed(alpha=0.01))) == HOLDS


@pytest.mark.parametrize("low, high, verdict", [(0.75, 0.8, HOLDS), (0.7, 0.8, UNCLEAR), (0.5, 0.749, FAILS)])
def test_text_is_judged_by_its_interval(low, high, verdict):
    assert made_separation(auc_low=low, auc_high=high).verdict(made_registration()) == verdict


def test_it_comes_back_through_json_as_it_was():
    one = made_opened(hypothesis="Höher für „Nomen“ \ud800", seen=("gold_text",))
    back = registered(json.loads(json.dumps(one.to_plain())))
    assert back == one and back.intact
    whole = replace(one, opening=replace(one.opening, held_out=made_test(statistic=5, hedges_g=None, auc_high=1)))
    assert registered(json.loads(json.dumps(whole.to_plain()))) == whole, "a browser writes 5.0 as 5"


def _forged(**changes):
    plain = json.loads(json.dumps(made_opened().to_plain()))
    for path, value in changes.items():
        *way, last = path.split("__")
        part = plain
        for step in way:
            part = part[step]
        part[last] = value
    return plain


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        "text",
        _forged(extra=1),
        _forged(digest=5),
        _forged(registered=None),
        _forged(registered__hypothesis="x" * 601),
        _forged(registered__hypothesis=" "),
        _forged(registered__neuron=-1),
        _forged(registered__neuron=True),
        _forged(registered__neuron=10**12),
        _forged(registered__higher_for="nouns"),
        _forged(registered__smallest_auc=float("nan")),
        _forged(registered__smallest_auc="0.8"),
        _forged(registered__planned_test="best"),
        _forged(registered__planned_alpha=2),
        _forged(registered__locked_at="yesterday"),
        _forged(registered__seen=["everything"]),
        _forged(registered__seen="held_out"),
        _forged(registered__settings__word_source="/etc"),
        _forged(registered__settings__target="custom"),
        _forged(registered__settings__n_target=10**9),
        _forged(registered__settings__test=["welch"]),
        _forged(registered__settings__alpha=7),
        _forged(registered__settings__model="m" * 500),
        _forged(registered__settings__surprise=1),
        _forged(opened__missing=["held_out"]),
        _forged(opened__missing={"held_out": 5}),
        _forged(opened__held_out__auc=1.5),
        _forged(opened__held_out__n_higher=3.5),
        _forged(opened__held_out__p_value="small"),
        _forged(opened__gold_text={"auc": 1}),
    ],
    ids=str,
)
def test_what_is_forged_is_refused(value):
    with pytest.raises(ValueError):
        registered(value)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"hypothesis": " \n"}, "The hypothesis is empty"),
        ({"hypothesis": "x" * 601}, "601 characters; at most 600"),
        ({"higher_for": ""}, "No direction is chosen"),
        ({"smallest_auc": 0.4}, "an AUC from 0.5 to 0.99"),
    ],
)
def test_a_mistake_is_one_sentence(change, said):
    with pytest.raises(UserError, match=said):
        made_registration(**change)


def test_the_settings_have_every_field_but_lists_of_ones_own():
    settings = set(made_registration().to_plain()["settings"])
    left_out = {"target_words", "baseline_words", "target_name", "baseline_name"}
    assert settings == set(ContrastSpec.__dataclass_fields__) - left_out
