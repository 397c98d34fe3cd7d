"""The names of lists of one's own: what is allowed, what they change, and how a link holds them."""

from __future__ import annotations

import json
from dataclasses import asdict
from urllib.parse import parse_qsl, urlencode

import pytest

from core.errors import UserError
from core.records import CUSTOM, ContrastSpec
from core.records.link import from_params, to_params
from core.words import custom_list
from tests.support.names import HOSTILE_NAMES

FOOD = ("bread", "milk", "rice")
OWN = ContrastSpec.careful(target=CUSTOM, target_words=FOOD, n_target=3)
BOTH = OWN.changed(baseline=CUSTOM, baseline_words=("rain", "snow"), n_baseline=2)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_printable_name_is_kept_as_it_is(name: str) -> None:
    spec = OWN.changed(target_name=name)
    assert spec.target_name == name and spec.class_names == (name, "verbs")
    assert ContrastSpec.from_json(spec.to_json()) == spec
    address = urlencode(to_params(spec))
    found, problems = from_params(dict(parse_qsl(address)), ContrastSpec.careful())
    assert found == spec and problems == []


def test_names_are_made_plain() -> None:
    spec = OWN.changed(target_name="  Food \t and\u00a0drink ")
    assert spec.target_name == "Food and drink"
    assert OWN.changed(target_name="cafe\u0301").target_name == "café"
    for hidden in "\u00ad\u200b\u200e\u202e\u2066\ufe0f\ufeff":  # as in a list's words
        assert OWN.changed(target_name=f"Fo{hidden}od{hidden}").target_name == "Food"
        assert custom_list(f"Fo{hidden}od{hidden}", "mine").words == ("Food",)
    assert OWN.changed(target_name="Food").class_names == ("Food", "verbs")
    assert BOTH.changed(baseline_name="Weather").class_names == ("target words", "Weather")
    assert OWN.class_names == ("custom words", "verbs") and BOTH.class_names == ("target words", "baseline words")


def test_a_word_class_keeps_its_own_name() -> None:
    spec = OWN.changed(target_name="Food", baseline_name="Weather")
    assert spec.baseline_name == "" and "baseline_name" not in to_params(spec)
    assert spec.changed(target="nouns").target_name == ""
    assert spec.changed(target="nouns") == OWN.changed(target="nouns")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x" * 41, "target_name has 41 characters; at most 40 are allowed."),
        ("a\x1bb", "target_name holds U+001B, which cannot be seen"),
        ("a\x00b", "target_name holds U+0000"),
        ("a\ud800b", "target_name holds U+D800"),
        ("a\ue000b", "target_name holds U+E000"),
        (None, "target_name is NoneType; a name is a text"),
        (["Food"], "target_name is list; a name is a text"),
        ("Verbs", "Target and baseline are both called “Verbs”"),
    ],
)
def test_other_names_are_refused(name: object, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        OWN.changed(target_name=name)
    assert str(caught.value).startswith(expected) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("one", "other"), [("Food", "food"), ("", "Target words"), ("Straße", "STRASSE")])
def test_two_lists_have_different_names(one: str, other: str) -> None:
    with pytest.raises(UserError, match="both called"):
        BOTH.changed(target_name=one, baseline_name=other)
    params = to_params(BOTH) | {"target_name": one, "baseline_name": other}
    spec, problems = from_params(params, ContrastSpec.careful())
    assert spec == BOTH and problems == [f"Target and baseline are both called “{one or 'target words'}”; the lists' "
                                         "names were set aside."]  # fmt: skip


def test_a_link_with_a_name_that_is_not_allowed_says_so_and_keeps_the_list() -> None:
    spec, problems = from_params(to_params(OWN) | {"target_name": "y" * 50}, ContrastSpec.careful())
    assert spec == OWN and len(problems) == 1 and "target_name has 50 characters" in problems[0]


def test_a_name_is_no_part_of_what_is_read() -> None:
    named = BOTH.changed(target_name="Food", baseline_name="Weather")
    assert named.reading() == BOTH.reading() and named.unnamed() == BOTH and named != BOTH
    given = {name: value for name, value in asdict(named).items() if "name" in name}
    assert given == {"target_name": "Food", "baseline_name": "Weather"}
    assert json.loads(named.to_json())["target_name"] == "Food"
