"""A server's limits: read from the environment, refused in one sentence where they cannot be, and held to."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from core.limits import ANY, BUNDLED, Limits, check_tokens, limits, variable
from core.records import MAX_WORDS, UserError
from tests.tiny_models import assert_one_sentence
from ui import settings

NUMBERS = [item for item in fields(Limits) if "least" in item.metadata]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for item in fields(Limits):
        monkeypatch.delenv(variable(item.name), raising=False)


def read(**environment: str) -> Limits:
    return Limits.from_environment({variable(name): value for name, value in environment.items()})


def refusal(**environment: str) -> str:
    with pytest.raises(UserError) as caught:
        read(**environment)
    assert_one_sentence(caught.value, *map(variable, environment))
    return str(caught.value)


def test_an_empty_environment_is_ones_own_computer() -> None:
    allowed = Limits.from_environment({})
    assert allowed == Limits() == limits()
    assert allowed.any_model and allowed.model_root is None and allowed.default_model == BUNDLED


def test_every_limit_has_a_variable_and_a_meaning() -> None:
    names = [variable(item.name) for item in fields(Limits)]
    assert "GRAMMAR_NEURONS_MAX_WORDS" in names and len(set(names)) == len(names)
    assert all(item.metadata["meaning"] for item in fields(Limits))


@pytest.mark.parametrize("item", NUMBERS, ids=lambda item: item.name)
def test_a_number_at_its_ends(item) -> None:
    least, most = item.metadata["least"], item.metadata["most"]
    assert least <= item.default <= most
    for value in (least, most):
        assert getattr(read(**{item.name: f" {value} "}), item.name) == value
    for value in (least - 1, most + 1):
        assert f"{least:,} to {most:,}" in refusal(**{item.name: str(value)})


@pytest.mark.parametrize("text", ["many", "1e3", "1.0", "0x10", "10 000", "1,000", "∞", "9" * 5_000])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(UserError, match="GRAMMAR_NEURONS_PASSES"):
        read(passes=text)


def test_a_blank_number_is_the_default() -> None:
    assert read(max_words="", passes=" \t") == Limits()


def test_the_words_of_a_class_never_exceed_what_a_spec_may_hold() -> None:
    refusal(max_words=str(MAX_WORDS + 1))


@pytest.mark.parametrize(
    ("text", "models", "default"),
    [
        ("bundled", (BUNDLED,), BUNDLED),
        (" bundled , EleutherAI/gpt-neo-125m,,", (BUNDLED, "EleutherAI/gpt-neo-125m"), BUNDLED),
        ("EleutherAI/gpt-neo-125m,bundled", ("EleutherAI/gpt-neo-125m", BUNDLED), "EleutherAI/gpt-neo-125m"),
        ("*", (ANY,), BUNDLED),
        ("*, EleutherAI/gpt-neo-125m", (ANY, "EleutherAI/gpt-neo-125m"), "EleutherAI/gpt-neo-125m"),
    ],
)
def test_a_list_of_models(text: str, models: tuple[str, ...], default: str) -> None:
    allowed = read(models=text)
    assert (allowed.models, allowed.default_model, allowed.any_model) == (models, default, ANY in models)


@pytest.mark.parametrize("text", ["", "  ", ",", " , ,"])
def test_a_list_without_a_model_allows_none_rather_than_all(text: str) -> None:
    """An empty variable in a compose file must not open a class server to every model."""
    assert "names no model" in refusal(models=text)


def test_the_root_is_a_folder_with_its_links_followed(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "link").symlink_to("models")
    assert read(model_root=str(tmp_path / "link")).model_root == (tmp_path / "models").resolve()


@pytest.mark.parametrize("text", ["nowhere", "~", "a\0b", "x" * 5_000])
def test_a_root_that_is_no_folder(text: str) -> None:
    with pytest.raises(UserError, match="which is not a folder"):
        read(model_root=text)


def test_a_change_of_the_environment_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits().max_words == MAX_WORDS
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "120")
    assert limits().max_words == 120 and limits() is limits()
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "a dozen")
    for _ in range(2):  # a mistake is not remembered as anything else
        with pytest.raises(UserError, match="a dozen"):
            limits()


# --- what pages make of them


def test_a_page_opens_within_the_limits_and_says_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "60")
    opened = settings.Settings.from_params({})
    assert (opened.spec.n_target, opened.spec.n_baseline, opened.problems) == (60, 60, [])
    assert opened.spec == settings.default_spec()


@pytest.mark.parametrize("name", settings.PRESETS)
def test_a_preset_keeps_within_the_limits_and_is_known_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.preset(name) == settings.PRESETS[name]
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "60")
    spec = settings.DEFAULT.changed(**settings.preset(name))
    assert (spec.n_target, spec.n_baseline) == (60, 60)
    assert settings.matching_preset(spec) == name


def test_a_link_beyond_the_limits_is_taken_back_with_a_sentence_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "60")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")
    opened = settings.Settings.from_params({"n_target": "80", "n_baseline": "9000", "model": "EleutherAI/pythia-70m"})
    assert (opened.spec.n_target, opened.spec.n_baseline, opened.spec.model) == (60, 60, BUNDLED)
    assert len(opened.problems) == 3
    assert all(any(name in said for said in opened.problems) for name in ("n_target", "n_baseline", "pythia-70m"))


def test_the_first_model_of_the_list_is_the_one_that_pages_open_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "EleutherAI/gpt-neo-125m,bundled")
    assert settings.default_spec() == settings.DEFAULT.changed(model="EleutherAI/gpt-neo-125m")  # no copy: its layer
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled,EleutherAI/gpt-neo-125m")
    assert settings.default_spec() == settings.DEFAULT


def test_a_text_of_too_many_tokens_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_TOKENS", "100")
    check_tokens(100)
    with pytest.raises(UserError, match="The text is 1,234 tokens long; at most 100 are allowed"):
        check_tokens(1_234)
