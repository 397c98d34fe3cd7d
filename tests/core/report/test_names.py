"""What lists of one's own are called, wherever a class is named; and that a name is never more than text."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import numpy as np
import pytest

from core.evidence.claim import claim_of, wordings
from core.records import CUSTOM, HOOK_SIDES, ContrastResult, ContrastSpec
from core.report import figures, sentences
from core.report.figures.evidence import picture_of
from core.report.figures.style import in_lines, literal
from core.report.summary import summary_json
from core.report.terminal import terminal_summary
from tests.support.made_results import NOUNS, VERBS, made_result
from tests.support.names import HOSTILE_NAMES

_COLUMNS = ("own", "other", "before_own", "before_other")
LISTS = {"target": CUSTOM, "target_words": NOUNS, "n_target": 4, "baseline": CUSTOM, "baseline_words": VERBS}


def named(target: str, baseline: str = "Weather", **changes: Any) -> ContrastSpec:
    return ContrastSpec.careful(**LISTS, n_baseline=5, target_name=target, baseline_name=baseline, **changes)


def pictures(result: ContrastResult) -> list[dict[str, Any]]:
    """Every figure that names the classes."""
    rng = np.random.default_rng(2)
    values = {side: (rng.normal(size=3), rng.normal(size=3)) for side in HOOK_SIDES}
    counts = np.array([2, 0]), np.array([1, 3])
    return [
        figures.neuron_scatter(result),
        figures.neuron_volcano(result, None, -3.0),
        figures.neuron_spread(result, 0, values),
        figures.words_image(result, 4, [0, None, 7]),
        figures.mean_activations(result),
        figures.layer_profile(*counts, 1, *sentences.class_names(result.spec)),
    ]


def texts_in(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [text for value in part.values() for text in texts_in(value)]
    if isinstance(part, (list, tuple)):
        return [text for value in part for text in texts_in(value)]
    return [part] if isinstance(part, str) else []


def test_every_figure_has_the_names_and_none_says_custom() -> None:
    """In each figure both names stand; what Plotly shows is read as it reads it: tags away, entities replaced."""
    for picture in pictures(made_result(named("Food"))):
        shown = " ".join(texts_in(picture))
        assert "Food" in shown and "Weather" in shown
        assert "custom" not in shown.replace("customdata", "")
        assert "target words" not in shown and "baseline words" not in shown


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_in_a_figure_is_text(name: str) -> None:
    """No tag but our own, no value of Plotly's, no formula; and the characters of the name come out again."""
    ours, at_least_once = texts_in(pictures(made_result(named("QQQ")))), 0
    for text, with_name in zip(ours, texts_in(pictures(made_result(named(name)))), strict=True):
        if "QQQ" not in text:
            assert with_name == text
            continue
        at_least_once += 1
        assert "$" not in with_name
        assert re.findall(r"%\{[^}]*\}", with_name) == re.findall(r"%\{[^}]*\}", text)
        tags = {tag for tag in re.findall(r"<[^>]*>", with_name) if tag != "<br>"}
        assert tags == {tag for tag in re.findall(r"<[^>]*>", text) if tag != "<br>"}
        shown = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", with_name)).split())
        assert name in shown or "".join(name.split()) in "".join(shown.split())
    assert at_least_once >= 10


def test_a_literal_text_is_what_plotly_shows_of_it() -> None:
    for name in HOSTILE_NAMES:
        assert html.unescape(literal(name)) == name
        assert not set("<>{$") & set(literal(name))
        assert len(re.split("<br>", in_lines(name, 20))) >= len(name) // 20


def test_every_sentence_has_the_names() -> None:
    result = made_result(named("Food"))
    shown = [
        terminal_summary(result, "Holm"),
        sentences.compared(result),
        sentences.about_control(result.spec.changed(shuffle_labels=True)),
        claim_of(result, 0, {}),
        *sentences.class_titles(result.spec),
        sentences.higher_for(result, 0) + sentences.higher_for(result, 7),
    ]
    for sentence in shown:
        assert "custom" not in sentence
        assert "Food" in sentence or "Weather" in sentence
    assert sentences.compared(result).startswith("4 words of Food (3 lemmas) and 5 words of Weather (3 lemmas)")
    assert sentences.class_titles(named("iPhone words").changed(baseline_name="")) == (
        "iPhone words (target)",
        "Baseline words (baseline)",
    )
    assert list(wordings("Countries", "Rivers"))[:2] == ["tells Countries from Rivers", "Countries neuron"]
    assert json.loads(summary_json(result))["spec"]["target_name"] == "Food"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_in_an_evidence_figure_is_text(name: str) -> None:
    pair = {"own": name, "other": "verbs", "forms": [{"form": "walk", **dict.fromkeys(_COLUMNS, 0.5)}]}
    shown = texts_in(picture_of("ambiguous", pair))
    assert any(name in html.unescape(text) for text in shown)
    assert not any("$" in text or re.search(r"<(?!br|/?b>|extra|/extra)", text) for text in shown)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Food", "Food-verbs"),
        ("../../etc/passwd\\x:*?|", "etc-passwd-x-verbs"),
        (".hidden", "hidden-verbs"),
        ("café", "café-verbs"),
        ("日本 語", "日本-語-verbs"),
        ("???", "target-verbs"),
        ("हिन्दी", "हिन्दी-verbs"),
        ("\U00020000" * 40, "\U00020000" * 18 + "-verbs"),
    ],
)
def test_file_names(name: str, expected: str) -> None:
    spec = ContrastSpec.careful(target=CUSTOM, target_words=NOUNS, n_target=4, target_name=name)
    others = (spec, spec.changed(shuffle_labels=True), spec.changed(seed=1), spec.changed(model="/a/other model"))
    stems = [sentences.result_stem(each) for each in others]
    begins = ("bundled-layer3", "bundled-layer3-shuffled", "bundled-layer3", "other-model-layer3")
    assert [stem.rpartition("-")[0] for stem in stems] == [f"{expected}-{begin}" for begin in begins]
    assert [stem.rpartition("-")[2] for stem in stems] == [each.digest[:6] for each in others]
    assert len({stem.rpartition("-")[2] for stem in stems}) == len(stems)


def test_the_longest_name_of_a_file_is_one_that_file_systems_take() -> None:
    names = {"target_name": "\U00020000" * 40, "baseline_name": "語" * 40}
    lists = {"target": CUSTOM, "baseline": CUSTOM, "target_words": NOUNS, "baseline_words": VERBS}
    spec = ContrastSpec.careful(**lists, **names, n_target=4, n_baseline=4, shuffle_labels=True, layer=47)
    stem = sentences.result_stem(spec.changed(model=f"someone/{'m' * 90}"))
    assert len(f"two-texts-{stem}-neuron99999-words_image-manifest.json".encode()) < 255
