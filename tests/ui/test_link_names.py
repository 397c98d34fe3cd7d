"""Names in a link: what people write by hand is understood, what they misspell is said, and a course's is silent."""

from __future__ import annotations

import pytest

from core.records import CAREFUL, NOTEBOOK
from tests.support.pages import HOME, link, open_page, said, settle
from ui import link as links
from ui.defaults import DEFAULT
from ui.link_names import WRITTEN_BY_HAND, misspelt
from ui.link_values import View

OWN = (*links._NAMES, *WRITTEN_BY_HAND, "show")
# Of Moodle, Canvas, LTI, newsletters, and what else an address may bring along.
FOREIGN = (
    "id cmid course courseid section sesskey forceview redirect lang theme token state code session_state iss "
    "login_hint target_link_uri lti_message_hint client_id deployment_id user userid user_id username email role roles "
    "context_id resource_link_id launch_presentation_locale oauth_consumer_key module_item_id wrap assignment_id group "
    "utm_source utm_medium utm_campaign utm_term utm_content fbclid gclid msclkid mc_cid mc_eid igshid page tag tags q "
    "query search sort order ref referrer source src from to date week lesson unit_id model_id label name title text "
    "student classroom_id embed embed_options key auth next returnurl cid sid uid aid hash sig version v debug mode "
    "view"
)


def spec_of(**params):
    view, problems = links.read(params)
    assert problems == []
    return view.spec


@pytest.mark.parametrize(
    ("written", "values"), [("careful", CAREFUL), ("Notebook", NOTEBOOK), (" NOTEBOOK ", NOTEBOOK)]
)
def test_a_preset_is_understood(written, values):
    assert spec_of(preset=written, layer="2") == DEFAULT.changed(layer=2, **values)


def test_what_stands_beside_a_preset_is_stronger():
    spec = spec_of(preset="notebook", words="60", correction="holm")
    assert spec == DEFAULT.changed(**{**NOTEBOOK, "n_target": 60, "n_baseline": 60, "correction": "holm"})
    assert spec_of(preset="careful", test="mannwhitney") == DEFAULT.changed(**{**CAREFUL, "test": "mannwhitney"})


def test_words_are_the_number_of_each_class():
    spec = spec_of(words="60")
    assert (spec.n_target, spec.n_baseline) == (60, 60)
    spec = spec_of(words=" 60 ", n_target="50")
    assert (spec.n_target, spec.n_baseline) == (50, 60)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"preset": "carefull"}, "preset is “carefull”; notebook, careful"),
        ({"preset": ""}, "preset is “”;"),
        ({"preset": "a\nb"}, "preset holds characters"),
        *(({"words": text}, f"words is “{text}”; a whole number from 2 to") for text in ("", "1", "10001", "dog", "٣")),
        ({"words": "9" * 10_001}, "words has 10,001 characters"),
    ],
)  # fmt: skip
def test_values_that_are_not_allowed_are_said(params, sentence):
    view, problems = links.read(params)
    assert len(problems) == 1 and problems[0].startswith(sentence)
    assert view == View(DEFAULT)


def test_more_words_than_the_server_allows_are_said(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "90")
    view, problems = links.read({"words": "100"})
    assert problems == ["words is “100”; at most 90 words of a class are allowed here, and used."]
    assert (view.spec.n_target, view.spec.n_baseline) == (90, 90)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *(("taget", "target"), ("Layer", "layer"), ("TAB", "tab"), ("base-line", "baseline"), ("nTarget", "n_target")),
        *(("correcton", "correction"), ("neuorn", "neuron"), ("colors", "colours"), ("Preset", "preset")),
        *(("presets", "preset"), ("layers", "layer"), ("hookside", "hook_side"), ("Show", "show"), ("alhpa", "alpha")),
    ],
)
def test_a_name_that_is_nearly_one_of_ours_is_said(name, meant):
    assert misspelt([name], OWN) == [f"“{name}” in the link is no setting. Did you mean {meant}?"]


def test_a_courses_own_names_are_silent():
    assert misspelt(FOREIGN.split(), OWN) == []
    assert misspelt(OWN, OWN) == []


def test_hostile_names_are_bounded():
    assert misspelt(["layer\n", "x" * 100_000, "", "_" * 50, "\u202elayer"], OWN) == []
    many = misspelt([f"layer{'_' * number}" for number in range(1, 40)], OWN)
    assert len(many) == 4 and many[-1] == "36 other names in the link are nearly those of settings, too."


def test_pages_tell_and_the_names_of_others_stay():
    at = open_page(HOME, None, preset="notebook", words="60", taget="verbs", utm_source="x", layer=["1", "2"])
    told = said(at.warning)
    assert told == [
        "layer is in the link 2 times; the last one, “2”, is used.",
        "“taget” in the link is no setting. Did you mean target?",
    ]
    address = link(at)
    assert address["layer"] in ("2", ["2"]) and address["n_target"] in ("60", ["60"])
    assert not {"preset", "words"} & address.keys(), "the address spells out what they mean"
    assert {"taget", "utm_source"} <= address.keys()
    assert at.segmented_control(key="preset").value is None  # 60 words are not the notebook's 100
    at.slider(key="layer").set_value(0)
    assert not settle(at).warning


def test_a_wrong_variable_is_said_on_the_page(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MAXWORDS", "60")
    at = open_page(HOME, None)
    (told,) = said(at.error)
    assert "Did you mean GRAMMAR_NEURONS_MAX_WORDS? Whoever runs this app can correct it" in told
    assert not at.exception and not at.sidebar.children and not at.metric
    monkeypatch.delenv("GRAMMAR_NEURONS_MAXWORDS")
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", __file__)
    (told,) = said(open_page(HOME, None).error)
    assert "a folder is allowed" in told
