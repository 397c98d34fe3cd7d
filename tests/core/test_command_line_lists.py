"""``python -m core contrast`` and ``evidence`` with lists of one's own; wrong ones are told before any work."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core import experiment, models
from core.__main__ import main
from core.command_line.status import REFUSED, USAGE
from core.experiment import run_contrast
from core.records import CUSTOM, ContrastSpec
from core.report.tables import contrast_csv
from tests.support.own_lists import OWN_LISTS

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def model(tiny_folder: Callable[[str], Path]) -> str:
    """A tiny GPT-Neo's folder, as one types it."""
    return str(tiny_folder("gpt_neo"))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """The ten lists as files."""
    paths = {}
    for number, (kind, own) in enumerate(OWN_LISTS.items()):
        paths[kind] = str(tmp_path / f"list {number}.txt")
        Path(paths[kind]).write_bytes(own.content)
    return paths


def contrast(model: str, *more: str) -> list[str]:
    return ["contrast", "--model", model, "--layer", "1", "--n-baseline", "20", *more]


@pytest.mark.parametrize("kind", OWN_LISTS)
def test_every_list_is_read(kind: str, files: dict[str, str], model: str, tmp_path: Path, capsys: Capture) -> None:
    """The words written by hand give the same table; what was changed is said, and the list has its name."""
    out, summary = tmp_path / "out.csv", tmp_path / "out.json"
    written = ["--csv", str(out), "--json", str(summary)]
    status = main(contrast(model, "--target-words", files[kind], "--target-name", "Food & drink", *written))
    said = capsys.readouterr()
    assert status == 0, said.err
    own = OWN_LISTS[kind]
    lines = tuple("\t".join(dict.fromkeys(pair)) for pair in zip(own.words, own.lemmas or own.words, strict=True))
    spec = ContrastSpec.careful(
        model=model, layer=1, target=CUSTOM, target_words=lines, n_target=len(lines), n_baseline=20
    )
    assert out.read_text(encoding="utf-8-sig") == contrast_csv(run_contrast(spec))
    found = json.loads(summary.read_text(encoding="utf-8"))
    assert found["target_words"] == list(own.words) and found["spec"]["target_name"] == "Food & drink"
    for note in own.notes:
        assert f"note: {files[kind]}: {note}" in said.err
    assert "Target    Food & drink: own list" in said.out and "higher for Food & drink: " in said.out
    assert "custom" not in said.out


def test_two_lists_have_as_many_words_as_they_have(files: dict[str, str], model: str, capsys: Capture) -> None:
    lists = ["--target-words", files["a spreadsheet"], "--baseline-words", files["a web page"]]
    names = ["--target-name", "Fruit", "--baseline-name", "Cafés"]
    start = ["contrast", "--model", model, "--layer", "1", "--test", "paired"]  # as in the notebook
    assert main([*start, *lists, *names]) == 0
    assert "5 words of Fruit (5 lemmas) and 5 words of Cafés (5 lemmas)" in capsys.readouterr().out
    assert main([*start, *lists[:2], "--word-source", "bundled"]) == 0
    said = capsys.readouterr().out  # the paired test takes as many verbs
    assert "5 custom words (5 lemmas) and 5 verbs" in said
    assert main([*contrast(model, *lists), "--words", "4"]) == 0
    assert "4 target words" in capsys.readouterr().out


def test_evidence_takes_lists_too(files: dict[str, str], model: str, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "evidence.json"
    more = ["--neuron", "3", "--checks", "control_task", "--json", str(out)]
    own = ["--target-words", files["a worksheet"], "--target-name", "Fruit"]
    assert main(["evidence", *contrast(model, *own)[1:], *more]) == 0
    assert "Fruit" in capsys.readouterr().out
    kept = json.loads(out.read_text(encoding="utf-8"))
    assert kept["spec"]["target_name"] == "Fruit" and "Fruit" in kept["claim"]
    assert main(["verify", str(out)]) == 0
    # A file of before lists had names, and had another name for their source.
    del kept["spec"]["target_name"], kept["spec"]["baseline_name"]
    kept["words"]["target"]["source"] = "custom list"
    for found in kept["checks"].values():
        found["sentence"] = found["sentence"].replace("Fruit", "custom words")
    before = {"words of Fruit": "custom words", "“Fruit neuron": "“custom word neuron", "Fruit": "custom words"}
    for now, then in before.items():
        kept["claim"] = kept["claim"].replace(now, then)
    out.write_text(json.dumps(kept), encoding="utf-8")
    assert main(["verify", str(out)]) == 0, capsys.readouterr().out


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model is loaded, and no words are chosen."""

    def never(*_: object, **__: object) -> None:
        pytest.fail("work has begun")

    monkeypatch.setattr(models, "load_model", never)
    monkeypatch.setattr(experiment, "choose_words", never)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("command", [["contrast"], ["evidence", "--neuron", "1"]])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--target-words", "{missing}"], "cannot be read: No such file or directory."),
        (["--target-words", "{folder}"], "cannot be read: Is a directory."),
        (["--target-words", "{empty}"], "is empty; one word a line is expected."),
        (["--target-words", "{blank}"], "is empty; one word a line is expected."),
        (["--target-words", "{binary}"], "is not UTF-8 text; plain text is expected, one word a line."),
        (["--target-words", "{nul}"], "holds the unprintable character U+0000"),
        (["--baseline-words", "{json}"], "is JSON, but no array of words"),
        (["--target-words", "{large}"], "is too large for a word list"),
        (["--target-name", "Food"], "--target-name is “Food”, but no list is given: --target-words FILE"),
        (["--baseline", "custom"], "--baseline is custom, but no list is given: --baseline-words FILE"),
        (["--target", "nouns", "--target-words", "{good}"], "--target is “nouns”, and --target-words gives a list"),
        (["--target-words", "{good}", "--target-name", "x" * 41], "--target-name has 41 characters; at most 40"),
        (["--target-words", "{good}", "--target-name", "a\tb\x1b"], "--target-name holds U+001B"),
        (["--target-words", "{good}", "--target-name", "verbs"], "Target and baseline are both called “verbs”"),
        (["--target-words", "{good}", "--json", "{missing}/out.json"], "There is no folder"),
        (["--target-words", "{good}", "--json", "{folder}"], "is a folder; the name of a file is expected."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_sentence(
    command: list[str], options: list[str], expected: str, tmp_path: Path, capsys: Capture
) -> None:
    paths = {name: tmp_path / name for name in ("missing", "folder", *_CONTENTS)}
    paths["folder"].mkdir()
    for name, content in _CONTENTS.items():
        paths[name].write_bytes(content)
    given = [option.format(**paths) for option in options]
    of_the_data = expected.startswith(("is empty", "is not UTF-8", "holds the unprintable", "is JSON", "is too large"))
    assert main([*command, "--layer", "1", *given]) == (REFUSED if of_the_data else USAGE)
    error = capsys.readouterr().err
    assert error.startswith("error: ") and expected in error and error.count("\n") == 1


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("command", [["contrast"], ["evidence", "--neuron", "1"]])
@pytest.mark.parametrize("there", [False, True])
def test_a_file_that_may_not_be_written_is_told_before_the_work(
    command: list[str], there: bool, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, the file is read-only in a folder that is not; else its folder is."""
    file = tmp_path / "out.json"
    if there:
        file.touch(0o400)
    else:
        tmp_path.chmod(0o500)
    if os.access(file if there else tmp_path, os.W_OK):  # root may write anywhere: answer as for the owner
        monkeypatch.setattr(os, "access", lambda path, mode: bool(Path(path).stat().st_mode >> 6 & mode))
    assert main([*command, "--layer", "1", "--json", str(file)]) == 2
    assert capsys.readouterr().err == f"error: {file} cannot be written: no permission, or a read-only disk.\n"
    assert file.exists() == there


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("folder", "with tagged sentences cannot be read: Is a directory."),
        ("a\0b", "with tagged sentences cannot be read: embedded null byte."),
        ("missing", "with tagged sentences; --gold takes files, or ewt or gum."),
    ],
)
def test_tagged_sentences_that_cannot_be_read_are_told_before_the_work(
    name: str, expected: str, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "folder").mkdir()
    assert main(["evidence", "--neuron", "1", "--layer", "1", "--gold", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.endswith(f"{expected}\n") and error.count("\n") == 1


_CONTENTS = {
    "empty": b"",
    "blank": b" \n\t\r\n",
    "binary": b"\x89PNG\r\n\x1a\n\0\0\xff",
    "nul": b"time\0way\n",
    "json": b'{"time": 12}',
    "large": b"a\n" * 2_600_000,
    "good": b"time\nway\n",
}


def test_a_name_changes_no_number(model: str) -> None:
    own = {"target": CUSTOM, "target_words": OWN_LISTS["a line"].words, "n_target": 5}
    spec = ContrastSpec.careful(model=model, layer=1, n_baseline=20, **own)
    one, other = (run_contrast(spec.changed(target_name=name)) for name in ("", "Food"))
    np.testing.assert_array_equal(one.tests.statistic, other.tests.statistic)
