"""A real class with a bad neighbour, and a bad day: short, to see that all of it works."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial

import pytest

from benchmarks import chaos, neighbour
from benchmarks.attackers import ATTACKS
from benchmarks.neighbours import outcome
from benchmarks.neighbours.lesson import Setting
from benchmarks.student import attend_all
from benchmarks.watch import ROOT


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """All students come within a second, are soon back when they were away, and their tabs are closed at once."""
    for command in (neighbour, chaos):
        monkeypatch.setattr(command, "Setting", lambda **wanted: replace(Setting(**wanted), ramp=1.0, after=3.0))
    monkeypatch.setattr("benchmarks.neighbours.lesson._CALM_SECONDS", 1.0)
    monkeypatch.setattr("benchmarks.class_load.attend_all", partial(attend_all, hold=0.1))
    for student in ("benchmarks.student", "benchmarks.chaos_day.steady"):
        monkeypatch.setattr(f"{student}._AWAY_SECONDS", 0.6)


@pytest.fixture
def own_main(monkeypatch):
    """Another test's AppTest leaves its script behind as the main module, which new processes would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["benchmarks.neighbour"])


@pytest.mark.usefixtures("own_main")
def test_a_class_beside_a_flood(tmp_path, capsys):
    file = tmp_path / "report.json"
    options = ["--attacks", "heartbeats", "--seconds", "4", "--mix-minutes", "0", "--students", "5", "--think", "1"]
    code = neighbour.main([*options, "--json", str(file)])
    said = capsys.readouterr()
    assert code in (0, 1), said.err
    assert "| heartbeats |" in said.out
    found = outcome.read(file)["heartbeats"]
    assert code == (1 if found.missed else 0)
    assert "heartbeats a second" in found.treated and found.steps > 0
    assert 10**8 < found.resident <= found.total <= 3 * 10**9
    assert found.ended == () and found.kills == 0


@pytest.mark.usefixtures("own_main")
def test_students_alone(tmp_path, capsys):
    file = tmp_path / "report.json"
    # With this seed, each student's first wish is another layer.
    options = ["--alone", "--seconds", "1.5", "--students", "3", "--think", "0.2", "--seed", "4", "--json", str(file)]
    assert neighbour.main([*options, "--beside", str(ROOT)]) in (0, 1)  # so few steps say little of the times
    report = json.loads(file.read_text())
    for found in (report["alone"], report["alone_beside"]):
        assert found["steps"]["arrive"]["count"] == 3 and found["processor"]["arrive"]["p50"] > 0.001
        assert found["errors"] == []
    assert "| layer |" in capsys.readouterr().out


def test_an_unknown_attack_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        neighbour.main(["--attacks", "politeness"])
    assert "politeness" in capsys.readouterr().err and "politeness" not in ATTACKS


def test_a_killed_server_loses_nothing(tmp_path, capsys):
    file = tmp_path / "chaos.json"
    options = ["--minutes", "0.3", "--students", "4", "--think", "1", "--events", "kill -9", "dropped connections"]
    code = chaos.main([*options, "--json", str(file)])
    said = capsys.readouterr().out
    found = json.loads(file.read_text())
    assert code == 0, said
    assert [event["event"] for event in found["events"]] == ["kill -9", "dropped connections"]
    assert found["returns"] and found["errors"] == [] and found["lost"] == []
    assert found["identical"]["contrasts"]["equal"] > 3
