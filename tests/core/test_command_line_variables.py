"""The command line with a wrong variable: no command runs without the limit that somebody wanted."""

from __future__ import annotations

import pytest

from core.__main__ import main
from core.records import Comparison, ModelInfo
from tests.support.browser import ROOT

MODEL = ModelInfo("bundled", "sha256:0", "gpt_neo", 6, 512, 512, 9_300_000, "cpu", "float32")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("GRAMMAR_NEURONS_MAXWORDS", "60", "Did you mean GRAMMAR_NEURONS_MAX_WORDS?"),
        ("GRAMMAR_NEURONS_QUEUE_LENGTH", "many", "a whole number from 1 to 10,000 is allowed."),
        ("GRAMMAR_NEURONS_CACHE", __file__, "a folder is allowed."),
        ("GRAMMAR_NEURONS_TREEBANKS_URL", "nowhere", "an address that begins with https:// or http:// is allowed."),
    ],
)
def test_a_wrong_variable_ends_every_command_with_a_sentence(name, value, sentence, monkeypatch, capsys):
    monkeypatch.setenv(name, value)
    assert main(["contrast"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and name in said.err and sentence in said.err and said.err.count("\n") == 1


def test_the_check_says_what_it_read_of_the_shipped_class_file(monkeypatch, capsys):
    monkeypatch.setenv("GRAMMAR_NEURONS_CLASS_FILE", str(ROOT / "deploy" / "class" / "class.toml"))
    monkeypatch.setattr(
        "core.check.check_reading", lambda *_, **__: (MODEL, [Comparison("words", "activation", 10, 0.0)])
    )
    assert main(["check"]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last.startswith("Read class.toml: “Week 5") and last.endswith("4 controls hidden, a study.")


def test_a_mistake_in_the_class_file_ends_the_check_before_it_reads_a_model(monkeypatch, capsys, tmp_path):
    file = tmp_path / "class.toml"
    file.write_text("titel = 'x'", encoding="utf-8")
    monkeypatch.setenv("GRAMMAR_NEURONS_CLASS_FILE", str(file))
    assert main(["check"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "class.toml: “titel” is no name here. Did you mean title?" in said.err
