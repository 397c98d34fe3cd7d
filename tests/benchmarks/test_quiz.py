"""benchmarks.quiz: its cues are counted right."""

from __future__ import annotations

from benchmarks import quiz
from core.experiment import run_contrast
from core.models import load_model
from core.records import ContrastSpec


def test_each_row_counts_its_rounds_and_ties_are_halves(monkeypatch):
    monkeypatch.setattr(quiz, "usable_passages", lambda result: (0,))  # one text to read
    lm = load_model("bundled")
    result = run_contrast(ContrastSpec.careful(layer=3, n_target=100, n_baseline=100), lm)
    drawn = list(quiz.rounds(lm, result, 4))
    row = dict(zip(quiz._HEADER, quiz.row(result, drawn), strict=True))
    assert len(drawn) == 4 and all(each.coloured == 0 for each in drawn)
    assert row["more coloured words"].startswith("50% ")
    assert row["larger mean"].startswith(f"{25 * sum(each.mean > 0 for each in drawn)}%")
