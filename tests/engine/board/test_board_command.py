"""``python -m core board``: lists, saves and clears, in both databases."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from core.__main__ import main
from core.records.replication import SeatEffect
from core.report.board import BOARD_COLUMNS
from core.report.columns import definition_of
from engine import board

STUDY = "0123abcd-3-40"


@pytest.fixture
def posted(place: dict[str, str]) -> None:
    board.put("meadow", STUDY, SeatEffect(1, -1 / 3, 0.04, 0.7, 50, 60))
    board.put("meadow", STUDY, SeatEffect(2, 0.5, 0.05, 0.6, 50, 60))
    board.put("hill-7b", STUDY, SeatEffect(1, 0.25, 0.04, 0.55, 40, 40))


@pytest.mark.usefixtures("posted")
def test_it_lists_classes_and_the_studies_of_one_without_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["board"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["class", "seats", "studies", "effects", "newest"]
    assert sorted(line.split()[1:4] for line in lines) == [["1", "1", "1"], ["2", "1", "2"]]
    assert main(["board", "--class", "Meadow"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[1].split()[:2] == [STUDY, "2"] and "meadow" not in said.lower()
    assert main(["board", "--class", "nowhere"]) == 0
    assert capsys.readouterr().out == "The class has nothing on the board.\n"


@pytest.mark.usefixtures("posted")
def test_it_saves_and_clears_a_class_in_one_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "meadow.csv"
    assert main(["board", "--class", "meadow", "--out", str(file), "--clear"]) == 2  # nobody is there to ask
    assert "--clear removes 2 effects of class meadow: give --yes, too." in capsys.readouterr().err
    assert not file.exists() and len(board.effects("meadow", STUDY)) == 2
    assert main(["board", "--class", "meadow", "--out", str(file), "--clear", "--yes"]) == 0
    assert capsys.readouterr().out == "2 effects removed.\n"
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert list(rows[0]) == list(BOARD_COLUMNS)
    assert [(row["seat"], float(row["hedges_g"]), float(row["auc"])) for row in rows] == [
        ("1", -1 / 3, 0.7),
        ("2", 0.5, 0.6),
    ]
    assert board.effects("meadow", STUDY) == () and len(board.effects("hill-7b", STUDY)) == 1
    # The same once more, or with a mistyped code: the file is the sole copy now.
    sole = file.read_bytes()
    for code in ("meadow", "maedow"):
        assert main(["board", "--class", code, "--out", str(file), "--clear", "--yes"]) == 1
        said = capsys.readouterr()
        assert "The class has nothing on the board." in said.err and said.out == "" and file.read_bytes() == sole


@pytest.mark.usefixtures("posted")
def test_it_saves_and_clears_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["board", "--out", "-", "--format", "json"]) == 0
    assert [each["target_words"] for each in json.loads(capsys.readouterr().out)].count(50) == 2
    assert main(["board", "--clear", "--yes"]) == 0
    assert main(["board"]) == 0
    assert capsys.readouterr().out == "3 effects removed.\nThe board is empty.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--class", "my class"], "The class code is “my class”; 4 to 32 letters"),
        (["--yes"], "--yes is for --clear."),
        (["--out", "board.docx"], "a name that ends with one of .csv, .json"),
    ],
)
def test_a_wrong_command_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["board", *arguments]) == 2
    said = capsys.readouterr()
    assert sentence in said.err and said.out == ""


@pytest.mark.parametrize(("answer", "status", "left"), [("yes\n", 0, 0), ("y\n", 2, 2)])
@pytest.mark.usefixtures("posted")
def test_it_asks_before_it_clears(
    answer: str, status: int, left: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert main(["board", "--class", "meadow", "--clear"]) == status
    assert "Remove 2 effects of class meadow? Type yes: " in capsys.readouterr().err
    assert len(board.effects("meadow", STUDY)) == left


def test_every_column_has_a_meaning() -> None:
    assert all(definition_of(name) for name in BOARD_COLUMNS)
