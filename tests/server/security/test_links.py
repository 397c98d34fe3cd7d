"""Hostile links, words and texts: told of, shown as they are, and followed nowhere."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.models import count_layers
from core.records import CUSTOM, ContrastSpec
from core.records.link import to_params
from core.report.readable import readable
from core.report.tables import safe_cell
from engine import limits as engine_limits
from engine.evidence_steps import found
from engine.pipeline import Request
from tests.support.browser import ROOT
from tests.support.hostile import (
    MARKUP,
    TRICKS,
    assert_no_markup,
)
from tests.support.pages import EVIDENCE, NEURONS, PAGES, SMALL, TEXT, WORDS, open_export, open_page, said, settle
from tests.support.saved_names import names_of, note_names
from ui import link
from ui.defaults import ALPHAS, DISPLAY, MAX_NEURONS, default_spec
from ui.link_values import MAX_VALUE, View

_VALID = [to_params(spec) for spec in (ContrastSpec(), SMALL)]
_STRANGE = "\0 \ud800 ٣ 1_0 +5 1e9 -0 inf nan 0x10 true TRUE custom notebook /etc ~ ../.. C:\\ bundled\0 a/b/c .. [] {}"
_VALUES = st.one_of(
    st.text(max_size=80),
    st.sampled_from(sorted({value for params in _VALID for value in params.values()})),
    st.integers(-(10**6), 10**6).map(str),
    st.floats().map(str),
    st.sampled_from(
        [
            *_STRANGE.split(),
            *("", " ", "\n", "\n\n# x", "EleutherAI/gpt-neo-125m", "9" * 5_000, "x" * (MAX_VALUE + 1)),
            *("0," * 4_000, "x," * 4_000, "a\n" * 4_000, MARKUP, *TRICKS),
        ]
    ),
)
_NAMES = (*ContrastSpec.__dataclass_fields__, "neuron", "neurons", *DISPLAY, "pinned", "embed", "unknown")
_NAMES += tuple(f"b_{name}" for name in (*ContrastSpec.__dataclass_fields__, "target_digest", "neuron"))
_LINKS = st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=len(_NAMES))
_SURROUNDINGS = {
    "any model": {},
    "a class": {"GRAMMAR_NEURONS_MODELS": "bundled", "GRAMMAR_NEURONS_MAX_WORDS": "90"},
    "a root": {"GRAMMAR_NEURONS_MODELS": "*", "GRAMMAR_NEURONS_MODEL_ROOT": str(ROOT / "assets")},
}


@pytest.mark.parametrize("surroundings", _SURROUNDINGS)
@given(params=_LINKS)
@hypothesis_settings(max_examples=250, deadline=None)
def test_no_link_breaks_the_settings(surroundings: str, params: dict[str, str]) -> None:
    """Whatever a link holds: settings that this server allows, and a sentence for what it does not."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _SURROUNDINGS[surroundings].items():
            patch.setenv(name, value)
        opened, problems = link.read(params)
        spec, allowed = opened.spec, engine_limits.limits()
        n_layers = count_layers(spec.model)
    assert allowed.any_model or spec.model in allowed.models
    assert spec.word_source in ("notebook", "bundled")
    assert 2 <= min(spec.n_target, spec.n_baseline) <= max(spec.n_target, spec.n_baseline) <= allowed.max_words
    assert 0 <= spec.layer < (n_layers or 1_000) and ALPHAS[0] <= spec.alpha <= ALPHAS[1]
    assert opened.neuron is None or 0 <= opened.neuron < 10**6
    assert len(opened.pinned) <= MAX_NEURONS and all(0 <= neuron < 10**6 for neuron in opened.pinned)
    assert all(getattr(opened, name) in options for name, options in DISPLAY.items())
    # A value can be told of on its own and for what it does not fit with, never once for each of its parts.
    assert len(problems) <= 2 * len(params)
    assert all(10 < len(sentence) < 500 and sentence[-1] == "." for sentence in problems)
    assert all("\n" not in sentence for sentence in problems), "a quoted value must not begin a paragraph"


@pytest.mark.parametrize("name", ["model", "target_words", "neurons", "layer", "alpha", "scale", "correction"])
def test_a_value_of_a_link_that_is_too_long_is_not_looked_at(name: str) -> None:
    started = time.process_time()
    view, problems = link.read({name: "0,\n" * 5_000_000, "unknown": "x" * 5_000_000})
    assert time.process_time() - started < 2.0
    assert view == View(default_spec())
    assert len(problems) == 1 and "15,000,000 characters" in problems[0]


@pytest.mark.parametrize("page", PAGES)
def test_a_hostile_link_is_told_of_and_fetches_nothing(page: str, class_limits: None, no_connection: list[Any]) -> None:
    spec = SMALL.changed(layer=1, n_target=20, n_baseline=20)
    hostile = dict.fromkeys([*to_params(spec), "neuron", "neurons", "pinned", "scale"], MARKUP)
    at = open_page(page, spec=spec, **{**hostile, "n_target": "20", "n_baseline": "20"})
    sentences = said(at.warning)
    assert len(sentences) >= len(hostile) - 4 and not at.error
    assert any("does not offer the model" in sentence for sentence in sentences)
    assert_no_markup(at)
    assert "evil.example" not in json.dumps(dict(at.query_params)), "the address is written anew"
    assert no_connection == []


@pytest.mark.parametrize("page", [NEURONS, WORDS, TEXT, EVIDENCE])
def test_hostile_words_stay_words(page: str, class_limits: None, no_connection: list[Any], monkeypatch: Any) -> None:
    names = note_names(monkeypatch)
    spec = ContrastSpec.careful(
        layer=1, target=CUSTOM, baseline=CUSTOM, n_target=len(TRICKS), n_baseline=len(TRICKS), drop_shared=False,
        target_words=TRICKS, baseline_words=TRICKS[::-1], target_name="../../<img src=x>",
    )  # fmt: skip
    at = open_export(open_page(page, spec=spec))
    assert not at.error and not at.warning
    assert_no_markup(at)
    for chart in at.get("plotly_chart"):
        assert "<script" not in chart.proto.spec and "<img" not in chart.proto.spec
    stem = f"img-src-x-baseline-words-bundled-layer1-{spec.digest[:6]}"
    of_text = {f"text-{stem}.{form}" for form in ("html", "csv", "json")} if page == TEXT else set()
    assert set(names) == names_of(stem) | of_text
    assert no_connection == []


def test_hostile_words_stay_words_in_what_checks_find(class_limits: None, no_connection: list[Any]) -> None:
    spec = ContrastSpec.careful(
        layer=1, target=CUSTOM, baseline=CUSTOM, n_target=len(TRICKS), n_baseline=len(TRICKS), drop_shared=False,
        target_words=TRICKS, baseline_words=tuple(f"{word} too" for word in TRICKS),
    )  # fmt: skip
    at = open_page(EVIDENCE, spec=spec)
    neuron = at.number_input(key="neuron").value
    for name in ("test_choice", "held_out", "confounds", "gold_text"):
        at.button(key=f"run_{name}").click()
        settle(at)
        at.session_state[f"numbers_{name}"] = True
    settle(at)
    assert set(found(Request(spec, marked=neuron))) == {"test_choice", "held_out", "confounds", "gold_text"}
    assert not at.error and at.dataframe
    assert_no_markup(at)
    for chart in at.get("plotly_chart"):
        assert "<script" not in chart.proto.spec and "<img" not in chart.proto.spec
    for element in at.get("html"):
        assert not any(word in element.proto.body for word in TRICKS if "<" in word)
    assert no_connection == []


def test_a_hostile_text_is_shown_as_it_is_and_its_table_computes_nothing(class_limits: None) -> None:
    at = open_page(TEXT, spec=SMALL.changed(n_target=20, n_baseline=20))
    text = f"{MARKUP}\n=1+1 </script><b> {' '.join(TRICKS)}"
    at.text_area(key="text").set_value(text)
    settle(at)
    assert "".join(json.loads(at.get_by_key("text_heatmap").proto.json)["pieces"]) == text
    assert_no_markup(at)
    assert not at.error
    assert [safe_cell(readable(piece))[0] for piece in ("=1", "+1", "-1", "@x")] == ["'"] * 4
