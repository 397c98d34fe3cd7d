"""``python -m core``: ten bad invocations, each with its status, its sentence and the nearest right word."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from core import models
from core.__main__ import main
from core.command_line.parser import Parser
from core.command_line.status import NETWORK, REFUSED, USAGE, UsageError, advised, status_of
from core.errors import UserError
from core.records import TESTS
from core.words.failures import DownloadError

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a text and a list of one word, in which no model is loaded."""
    (tmp_path / "text.txt").write_text("The dog barks.\n", encoding="utf-8")
    (tmp_path / "one.txt").write_text("tea\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "load_model", lambda *_, **__: pytest.fail("work has begun"))
    return tmp_path


# What was typed, the status, and the sentence.
TEN = [
    ("contrst --layer 3", USAGE, "There is no command “contrst”; there are contrast, {}. Did you mean contrast?"),
    ("evidence --neurno 3", USAGE, "There is no option --neurno. Did you mean --neuron?"),
    ("contrast --words 1", USAGE, "--words is “1”; a whole number from 2 to 10,000 is allowed."),
    ("contrast --side before", USAGE, "--side is “before”; allowed are pre-activation, activation."),
    ("contrast --target noun", USAGE, "--target is “noun”; allowed are nouns, {}. Did you mean nouns?"),
    ("contrast --word 50 --layer 3", USAGE, "There is no option --word. Did you mean --words?"),
    ("contrast --csv a.txt --manifest ./a.txt", USAGE, "--csv and --manifest are the same file, ./a.txt: {}"),
    ("contrast --report report.csv", USAGE, "--report writes HTML, but report.csv ends with .csv: {}"),
    ("contrast --csv - --json -", USAGE, "--csv and --json both write to standard output: only one can be “-”."),
    ("contrast --target-words one.txt", REFUSED, "The list 'one.txt' has 1 word; at least 2 are needed."),
]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("typed", "status", "sentence"), TEN, ids=[typed for typed, *_ in TEN])
def test_ten_bad_invocations(typed: str, status: int, sentence: str, capsys: Capture) -> None:
    assert main(shlex.split(typed)) == status
    shown = capsys.readouterr()
    said, *more = shown.err.splitlines()
    begins, _, ends = f"error: {sentence}".partition("{}")
    assert shown.out == "" and said.startswith(begins) and said.endswith(ends), said
    helps = (f"python -m core {typed.partition(' ')[0]} --help", "python -m core --help")
    assert more in ([], *([f"For help: {command}"] for command in helps))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("text --layer 0 --neurons a,b --file text.txt", "--neurons is “a,b”; whole numbers are expected"),
        ("text --layer 0 --neurons= --file text.txt", "--neurons is “”; whole numbers are expected"),
        ("text --layer 0 --neurons 1", "The following arguments are required: --file."),
        ("contrast --test student", f"--test is “student”; allowed are {', '.join(TESTS)}."),
        ("contrast --preset carefull", "Did you mean careful?"),
        ("contrast --layer one", "--layer is “one”; a whole number is expected."),
        ("contrast --layer", "--layer: expected one argument."),
        ("contrast --side", "--side: expected one argument."),
        ("contrast --alpha=.x", "--alpha is “.x”; a number is expected."),
        ("contrast --n-target 20,000", "--n-target is “20,000”; a whole number is expected."),
        ("contrast --word-source notebok", "Did you mean notebook?"),
        ("check --notebook --word-source notebok", "--word-source is “notebok”; notebook, bundled, or a folder of"),
        ("contrast verbs", "contrast takes no argument “verbs”"),
        ("contrast --baseline nouns", "Give --target or --baseline."),
        ("contrast --test welch --n-target 3 --unit Lemma", "--unit is “Lemma”; allowed are word, lemma. Did you mean"),
        ("contrast --preset careful --test paired", "Give --unit word, or --test welch."),
        ("contrast --test paired --n-target 5", "Give --words N, or --test welch."),
        ("contrast --out table.xls", "a name that ends with one of .csv, .json, .parquet, .txt is expected"),
        ("contrast --format cvs", "--format is “cvs”; allowed are csv, json, parquet, table. Did you mean csv?"),
        ("contrast --spec missing.json", "--spec missing.json cannot be read: No such file or directory."),
        ("contrast --target-words - --spec -", "both read standard input: only one can be “-”."),
        ("text --layer 0 --neurons 1 --file text.txt --csv ./text.txt", "--file and --csv are the same file"),
        ("evidence --neuron 1 --checks gold,held", "work has begun"),
        ("evidence --neuron 1 --checks golden_text", "There is no check “golden_text”"),
        ("evidence --neuron 1 --checks ''", "There is no check “”"),
        ("download", "One of the arguments MODEL --words --treebank is required."),
        ("download --words --dtype float32", "--dtype is for a model"),
        ("--quite contrast", "There is no option “--quite”; there are -h, --help, --version."),
        ("help contrst", "Did you mean contrast?"),
    ],
)  # fmt: skip
def test_other_mistakes_are_usage_too(typed: str, sentence: str, capsys: Capture) -> None:
    """Each is told before a model is loaded; one that is none gets as far as that."""
    if sentence == "work has begun":
        with pytest.raises(pytest.fail.Exception, match=sentence):
            main(shlex.split(typed))
        return
    assert main(shlex.split(typed)) == USAGE
    shown = capsys.readouterr()
    errors = [line for line in shown.err.splitlines() if line.startswith("error: ")]
    assert shown.out == "" and len(errors) == 1 and sentence in errors[0], shown.err


def test_no_option_may_be_abbreviated() -> None:
    """Of no command: what a later version adds must not change what a script of today means."""
    from core.__main__ import parser
    from core.command_line.help import parsers_of

    for command in parsers_of(parser()).values():
        assert not command.allow_abbrev and isinstance(command, Parser)


def test_the_status_follows_from_the_kind_of_error_and_not_from_its_words() -> None:
    assert status_of(UsageError("x")) == status_of(UserError("x", about="layer")) == USAGE
    assert status_of(UserError("x")) == status_of(UserError("no network", about="model")) == REFUSED
    assert status_of(DownloadError("The list", "no")) == status_of(UserError("x", about="network")) == NETWORK
    failed = UserError("The list cannot be had, and no other can stand in.")
    failed.__cause__ = DownloadError("The list", "no connection")
    assert status_of(failed) == NETWORK
    assert advised(UserError("It is too large.", about="number_format")) == "It is too large. Give --dtype bfloat16."


def test_a_failed_download_has_the_status_of_the_network(capsys: Capture) -> None:
    """Nothing listens where the tests' lists and models would be."""
    assert main(["download", "--words"]) == NETWORK
    assert main(["download", "some-org/some-model"]) == NETWORK
    assert capsys.readouterr().err.count("error: ") == 2
