"""A server's limits: read from the environment, refused in one sentence where they cannot be, and held to."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from core.errors import UserError
from core.models import BUNDLED
from core.records import MAX_WORDS, ContrastSpec
from engine.limits import ANY, Limits, check_allowed, check_characters, check_counts, limits, variable
from tests.support.tiny_models import assert_one_sentence

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
    with pytest.raises(UserError, match="GRAMMAR_NEURONS_QUEUE_LENGTH"):
        read(queue_length=text)


def test_a_blank_number_is_the_default() -> None:
    assert read(max_words="", queue_length=" \t") == Limits()


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


def test_sites_that_may_show_it_in_a_frame() -> None:
    assert Limits().framed_by == read(framed_by=" ").framed_by == ()
    named = read(framed_by="https://moodle.example.edu/, http://127.0.0.1:8000")
    assert named.framed_by == ("https://moodle.example.edu", "http://127.0.0.1:8000")


@pytest.mark.parametrize(
    "text",
    ["*", "moodle.example.edu", "https://a.edu; script-src *", "https://a.edu/course", "'self'", "https://", "data:"],
)
def test_what_is_no_site_may_not_show_it(text: str) -> None:
    assert "sites such as https://moodle.example.edu are allowed" in refusal(framed_by=text)


def test_a_change_of_the_environment_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits().max_words == MAX_WORDS
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "120")
    assert limits().max_words == 120 and limits() is limits()
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "a dozen")
    for _ in range(2):  # a mistake is not remembered as anything else
        with pytest.raises(UserError, match="a dozen"):
            limits()


# --- Held to


def test_a_model_that_is_not_offered_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_allowed("any/model")
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled, EleutherAI/gpt-neo-125m")
    for model in ("bundled", "EleutherAI/gpt-neo-125m"):
        check_allowed(model)
    for model in ("any/model", "*", "Bundled", ""):
        with pytest.raises(UserError) as caught:
            check_allowed(model)
        assert_one_sentence(caught.value, f"“{model}”", "it offers bundled, EleutherAI/gpt-neo-125m")
        assert caught.value.about == ""


def test_the_name_of_a_model_that_is_refused_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")
    with pytest.raises(UserError) as caught:
        check_allowed("x" * 10_000)
    assert_one_sentence(caught.value, f"“{'x' * 80}…”")


@pytest.mark.parametrize("side", ["n_target", "n_baseline"])
def test_more_words_than_allowed_are_refused(side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ContrastSpec.careful(**{"n_target": 60, "n_baseline": 60, side: 1_200})
    check_counts(spec)
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "1200")
    check_counts(spec)
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "1199")
    with pytest.raises(UserError) as caught:
        check_counts(spec)
    assert_one_sentence(caught.value, "1,200 words of one class", "allows 1,199")


def test_a_text_of_too_many_characters_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_CHARACTERS", "1000")
    check_characters("ä" * 1_000)
    with pytest.raises(UserError) as caught:
        check_characters("ä" * 1_001)
    assert_one_sentence(caught.value, "The text has 1,001 characters; at most 1,000 are allowed.")
    assert caught.value.about == "text_length"


def test_models_are_named_as_people_paste_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without a revision allows no other revision, and one with a revision only that."""
    listed = "bundled, https://huggingface.co/EleutherAI/pythia-70m/ ,EleutherAI/pythia-160m@step1000"
    names = ("bundled", "EleutherAI/pythia-70m", "EleutherAI/pythia-160m@step1000")
    assert read(models=listed).models == names
    monkeypatch.setenv(variable("models"), listed)
    for name in names:
        check_allowed(name)
    for name in ("EleutherAI/pythia-70m@step1000", "EleutherAI/pythia-160m", "EleutherAI/pythia-160m@step2"):
        with pytest.raises(UserError, match="does not offer"):
            check_allowed(name)


def test_a_treebanks_development_part_can_be_uploaded_to_either_server():
    """UD English EWT's has 1.8 MB; `streamlit run` and serve.py have the same limit."""
    config = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert 2 <= config["server"]["maxUploadSize"] == Limits().max_upload_mb
