"""More than is allowed, and files that are no texts: one sentence each, soon."""

from __future__ import annotations

import time

import pytest

from core.errors import UserError
from core.models import load_model
from core.records import CUSTOM, ContrastSpec
from core.report.readable import readable
from core.report.tables import safe_cell
from core.words import custom_list
from core.words.checks import split_lines
from core.words.entries import MAX_LINE
from core.words.lists import MAX_CUSTOM_WORDS
from engine import limits as engine_limits
from tests.support.hostile import (
    MARKUP,
    assert_no_markup,
)
from tests.support.pages import HOME, SMALL, TEXT, open_page, said, settle
from ui import link
from ui.link_values import MAX_VALUE
from ui.page import plain

_NAMES = (*ContrastSpec.__dataclass_fields__, "neuron", "neurons", "scale", "embed", "unknown")


def test_more_custom_words_than_allowed_are_one_sentence(class_limits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "30")
    words = tuple(f"word{number}" for number in range(40))
    spec = ContrastSpec.careful(layer=1, target=CUSTOM, n_target=40, target_words=words, n_baseline=20)
    at = open_page(HOME, spec=spec)
    assert any("“40”; at most 30 words of a class" in sentence for sentence in said(at.warning))
    assert said(at.error) == ["The custom target list has 40 words; this server allows 30."]
    at.text_area(key="target_text").set_value("\n".join(words[:30]))
    settle(at)
    assert not at.error and at.metric


def test_a_preset_keeps_within_the_limits_on_a_page(class_limits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A box that is given more than its maximum would end the page."""
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "30")
    at = open_page(HOME, spec=SMALL.changed(n_target=20, n_baseline=20))
    at.segmented_control(key="preset").set_value("Careful")
    settle(at)
    assert (at.number_input(key="n_target").value, at.number_input(key="n_baseline").value) == (30, 30)
    assert at.segmented_control(key="preset").value == "Careful" and not at.error


def test_the_largest_custom_list_is_read_in_time_and_a_larger_one_refused() -> None:
    """Ten thousand lines of a hundred characters, each of four bytes; beyond that, not even split."""
    line = "".join(chr(0x12000 + number) for number in range(MAX_LINE - 5))
    text = "\n".join(f"{line}{number:05d}" for number in range(MAX_CUSTOM_WORDS))
    started = time.process_time()
    assert len(custom_list(text.encode(), "x").words) == MAX_CUSTOM_WORDS
    for beyond in (text + "\none", "a\n" * 20_000_000, ("ab" * 20_000_000).encode(), "\n" * 5_000_001):
        with pytest.raises(UserError):
            custom_list(beyond, "x")
    assert time.process_time() - started < 10.0


@pytest.mark.parametrize(
    "pattern", ["a", " ", "\n", "\\", "*", "`", "[", "<", "'", "=", "\0", "\u202e", "a ", "\\*", "](", "%2"]
)
def test_no_text_takes_more_than_linear_time(pattern: str) -> None:
    """A great many characters in the worst arrangement for a regular expression that backtracks."""
    text = (pattern * 200_000)[:200_000] + "!"
    started = time.process_time()
    for work in (plain, readable, safe_cell, split_lines):
        work(text)
    link.read(dict.fromkeys(_NAMES, text[:MAX_VALUE]))
    assert time.process_time() - started < 5.0, "a backtracking one would take hours"


@pytest.mark.parametrize("pattern", ["a", " ", "\n", "'s", "1", "aB", " a1!", "\u0301", "🧠", "\U00012000"])
def test_the_longest_text_is_cut_into_tokens_in_time(pattern: str) -> None:
    text = (pattern * engine_limits.limits().max_characters)[: engine_limits.limits().max_characters]
    tokenizer = load_model("bundled").tokenizer
    started = time.process_time()
    assert tokenizer.encode(text, add_special_tokens=False).ids
    assert time.process_time() - started < 5.0


@pytest.mark.parametrize(
    "content", [b"\xff\xfea\0b\0", b"\x89PNG\r\n\x1a\n\0\0", b"\x80abc", b"a\0b", b"PK\x03\x04" * 9]
)
def test_a_word_file_that_is_no_text_is_refused(content: bytes, class_limits: None) -> None:
    at = open_page(
        HOME, spec=ContrastSpec.careful(layer=1, target=CUSTOM, n_target=2, target_words=("dog", "cat"), n_baseline=20)
    )
    at.file_uploader(key="target_file").set_value((f"{MARKUP.replace('/', '')}.txt", content, "text/plain"))
    settle(at)
    assert at.text_area(key="target_text").value == "dog\ncat"
    assert len(at.error) == 1
    assert_no_markup(at)


def test_a_text_file_that_is_too_large_is_not_even_decoded(class_limits: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_CHARACTERS", "100")
    at = open_page(TEXT, spec=SMALL.changed(n_target=20, n_baseline=20))
    at.text_area(key="text").set_value("A text that stays.")
    at.file_uploader(key="text_file").set_value((f"{'long name ' * 30}.txt", b"x" * 1_001, "text/plain"))
    settle(at)
    (told,) = said(at.error)
    assert "has 1,001 bytes" in told and "at most 100 characters" in told and len(told) < 250
    assert at.text_area(key="text").value == "A text that stays."
    at.file_uploader(key="text_file").set_value(("short.txt", b"x " * 300, "text/plain"))
    settle(at)
    assert "600 characters: shorten it" in said(at.toast)[0]
    assert said(at.error) == ["The text has 600 characters; at most 100 are allowed. Shorten it."]
