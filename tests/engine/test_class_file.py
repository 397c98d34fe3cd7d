"""The class file: what it says, and one sentence for whatever is not allowed in it."""

from __future__ import annotations

import os
import re
import time
from dataclasses import fields
from pathlib import Path

import pytest

from core.errors import UserError
from core.records import ContrastSpec
from core.records.replication import MOST_SEATS, SEAT_WORDS
from core.replication import deal
from engine import class_file
from engine.class_file import CONTROLS, StudySettings, about, current, read
from engine.class_steps import DEFAULT_WORDS
from engine.limits import Limits
from tests.support.browser import ROOT
from tests.support.tiny_models import assert_one_sentence

EXAMPLE = ROOT / "deploy" / "class" / "class.toml"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "class.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(UserError) as caught:
        read(written(folder, text))
    assert_one_sentence(caught.value, "class.toml")
    assert len(str(caught.value)) < 700 and str(caught.value).isprintable()
    return str(caught.value)


def test_the_example_has_every_part() -> None:
    file = read(EXAMPLE)
    assert file.title.startswith("Week 5") and file.welcome and dict(file.settings)["n_target"] == "200"
    assert [each.title for each in file.texts] == ["At the harbour", "One sentence twice"]
    assert file.texts[0].text == (EXAMPLE.parent / "at-the-harbour.txt").read_text(encoding="utf-8").strip()
    assert file.pages and "Lesson" in file.pages and "dtype" in file.hidden and "layer" not in file.hidden
    assert file.study == StudySettings("", "", 3, None, 24, 30)
    assert about(file) == (
        "class.toml: “Week 5: do neurons differ between nouns and verbs?”, 4 settings, 2 texts, 8 pages shown, "
        "4 controls hidden, a study"
    )


def test_values_are_as_a_link_has_them(tmp_path: Path) -> None:
    file = read(
        written(
            tmp_path,
            '[settings]\nlayer = 2\nalpha = 0.01\nprefix = true\npinned = [3, 11]\ntarget_words = ["a b", "c"]\n'
            '[controls]\nshow = ["layer", "n_target"]\n[lesson]\nsteps = ["hook"]\n',
        )
    )
    assert dict(file.settings) == {
        "layer": "2",
        "alpha": "0.01",
        "prefix": "1",
        "pinned": "3,11",
        "target_words": "a b\nc",
    }
    assert file.hidden == frozenset(CONTROLS) - {"layer", "n_target"}
    assert file.steps == ("hook",) and file.pages is None and file.study is None
    assert read(written(tmp_path, "")) == class_file.ClassFile("class.toml")


def test_the_documented_limits_of_the_study_are_the_ones_that_count() -> None:
    text = (ROOT / "docs" / "how-to" / "class-file.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(" `"): line for line in text.splitlines() if line.startswith("| `")}
    assert {each.name for each in fields(StudySettings)} <= {*rows}
    assert f"{SEAT_WORDS[0]} to {SEAT_WORDS[1]}" in rows["words"] and f"| {DEFAULT_WORDS}, or" in rows["words"]
    assert f"1 to {MOST_SEATS}" in rows["seats"] and f"`--board-seats` ({Limits().board_seats})" in rows["seats"]
    for n_seats, n_words in re.findall(r"for (\d+)(?: seats)? with (\d+)", text):
        assert deal(ContrastSpec.careful(n_target=int(n_words), n_baseline=int(n_words)), "any-code").n_seats == int(
            n_seats
        )


WRONG = {
    'titel = "x"': "class.toml: “titel” is no name here. Did you mean title?",
    "title = 3": "class.toml: title is “3”; a text in quotes is allowed.",
    'title = "a\\u0000b"': "title holds characters that cannot be shown",
    f'title = "{"x" * 81}"': "title has 81 characters; at most 80 are allowed.",
    'title = "a" b': "class.toml is not in the form of TOML: Expected newline",
    "settings = 3": "settings is “3”; a table is allowed, such as [settings].",
    "[settings]\nlayer = {a = 1}": "[settings]: “layer” is a table; a text, a number",
    "[pages]\nshow = 'Neurons'": "[pages]: show is “Neurons”; a list of names in quotes is allowed.",
    "[pages]\nshow = []": "[pages]: show has 0 names; 1 to 60 are allowed.",
    "[pages]\nshow = ['Words', 'Words']": "show has “Words” twice; name each once.",
    "[controls]\nhide = ['layr']": "[controls]: “layr” is no control. Did you mean layer?",
    "[controls]\nhide = ['layer']\nshow = ['test']": "[controls]: it has show and hide; one of them is allowed.",
    "[lesson]\nstep = ['hook']": "[lesson]: “step” is no name here. Did you mean steps?",
    "[study]\nseats = true": "[study]: seats is true; a whole number from 1 to 200 is allowed.",
    "[study]\ncode = 'a b'": "[study]: The class code is “a b”; 4 to 32 letters (a to z), digits and hyphens",
    "[study]\nseats = 201": "[study]: seats is “201”; a whole number from 1 to 200 is allowed.",
    "[study]\nwords = 3": "[study]: words is “3”; a whole number from 5 to 200 is allowed.",
    "[study]\nwords = 400": "[study]: words is “400”; a whole number from 5 to 200 is allowed.",
    "[[texts]]\ntext = 'a'": "text 1: it has no title",
    "[[texts]]\ntitle = 'a'": "text 1: it has no text; either text or file is allowed.",
    "[[texts]]\ntitle = 'a'\ntext = 'b'\nfile = 'c'": "text 1: it has text and file; either text or file is allowed.",
    "[[texts]]\ntitle = 'a'\ntext = ' '": "text 1: its text has 0 characters; 1 to 20,000 are allowed.",
    '[[texts]]\ntitle = "a"\ntext = "b\\u0007"': "its text holds control characters",
    "[[texts]]\ntitle = 'a'\ntext = 'b'\n[[texts]]\ntitle = 'a'\ntext = 'c'": "text 2: another text is called “a”, too",
    "texts = 'a'": "texts is “a”; each text begins with [[texts]].",
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_mistake_is_one_sentence_with_its_place(text: str, tmp_path: Path) -> None:
    assert WRONG[text] in refusal(tmp_path, text)


def test_hostile_files_are_refused_soon(tmp_path: Path) -> None:
    """Deep, huge and broken ones; and numbers that Python does not write."""
    before = time.process_time()
    assert "too deep" in refusal(tmp_path, "title = " + "[" * 100_000)
    assert "too many parts" in refusal(tmp_path, "a." * 50_000 + "a = 1")
    assert "too many parts" in refusal(tmp_path, "[" + "a . " * 50_000 + "a]")
    assert "more than 1,000,000 bytes" in refusal(tmp_path, "#" * 1_000_001)
    assert "not UTF-8" in refusal(tmp_path, b"title = '\xff\xfe'")
    assert "not in the form of TOML" in refusal(tmp_path, "title = " + "9" * 5_000)
    assert "too many digits" in refusal(tmp_path, "title = 0x" + "f" * 100_000)
    assert "there are 30,000 texts" in refusal(tmp_path, "[[texts]]\n" * 30_000)
    assert "not in the form of TOML" in refusal(tmp_path, "title = 'a'\0")
    assert time.process_time() - before < 20
    os.mkfifo(tmp_path / "pipe")  # to read it would never end
    with pytest.raises(UserError, match=r"pipe is no file that can be read\."):
        read(tmp_path / "pipe")
    with pytest.raises(UserError, match="is no file that can be read"):
        read(tmp_path)


def test_a_text_comes_only_from_the_folder_of_the_file(tmp_path: Path) -> None:
    """Not by a path that leads out, and not by a link; but by links within it, as a mounted ConfigMap has them."""
    folder = tmp_path / "class"
    (folder / "..data").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("A secret.")
    (folder / "..data" / "own.txt").write_text("Our text.\n")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "own.txt").symlink_to(Path("..data") / "own.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    entry = "[[texts]]\ntitle = 'a'\nfile = '{}'\n"
    for name in ("../secret.txt", str(tmp_path / "secret.txt"), "link.txt", "..", "a/../../secret.txt"):
        assert "is not in the folder of the class file" in refusal(folder, entry.format(name)), name
    for name in ("missing.txt", ".", "loop.txt"):
        assert "secret" not in refusal(folder, entry.format(name))
    (folder / "large.txt").write_text("x" * 100_000)
    assert "more than 80,003 bytes" in refusal(folder, entry.format("large.txt"))
    assert read(written(folder, entry.format("own.txt"))).texts[0].text == "Our text."


def test_it_is_read_once_and_follows_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRAMMAR_NEURONS_CLASS_FILE", raising=False)
    assert current() is None
    monkeypatch.setenv("GRAMMAR_NEURONS_CLASS_FILE", str(written(tmp_path, "[study]\nwords = 60")))
    first = current()
    written(tmp_path, "title = 3")
    assert first is current() is not None
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_WORDS", "50")
    written(tmp_path, "[study]\nwords = 60\nmodel = 'other'")
    with pytest.raises(UserError, match="a whole number from 5 to 50"):
        current()
