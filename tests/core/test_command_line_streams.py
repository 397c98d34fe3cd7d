"""``python -m core``: standard input and output, formats of tables, notes on standard error, colours on a terminal."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from core.__main__ import main, parser
from core.command_line.files import Written, check_files, files_written, write_text
from core.command_line.output import Output, styled
from core.command_line.spec import spec_of
from core.command_line.status import PIPE_CLOSED, REFUSED, USAGE, UsageError
from core.command_line.tables import aligned, parquet
from core.experiment import run_contrast
from core.models import load_model
from core.records import CUSTOM, ContrastSpec
from core.report.tables import Table, contrast_csv

Capture = pytest.CaptureFixture[str]
TEXT = "The dog 漢 barks."


@pytest.fixture(scope="module")
def model(tiny_folder: Callable[[str], Path]) -> str:
    return str(tiny_folder("gpt_neo"))


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """A function that puts bytes on standard input."""
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))


def contrast(model: str, *more: str) -> list[str]:
    return ["contrast", "--model", model, "--layer", "1", "--words", "30", *more]


# --- Standard input and output ---


def test_the_result_alone_is_on_stdout(model: str, tmp_path: Path, capsys: Capture) -> None:
    """The summary moves to stderr, and --quiet leaves it out; names of written files are never on stdout."""
    expected = contrast_csv(run_contrast(ContrastSpec.careful(model=model, layer=1, n_target=30, n_baseline=30)))
    beside = str(tmp_path / "manifest.json")
    assert main(contrast(model, "--csv", "-", "--manifest", beside)) == 0
    shown = capsys.readouterr()
    assert shown.out == expected
    assert "\nResult    " in shown.err and f"Wrote the manifest to {beside}" in shown.err
    assert main(["--quiet", *contrast(model, "--csv", "-", "--manifest", beside)]) == 0  # before the command, too
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == (expected, "")
    assert main([*contrast(model, "--manifest", beside), "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main([*contrast(model), "-q"]) == 0
    shown = capsys.readouterr()
    assert "\nResult    " in shown.out and shown.err == ""  # the summary is all that was asked for


def test_a_list_and_a_text_come_from_stdin(model: str, typed: Callable[[bytes], None], capsys: Capture) -> None:
    words = b"tea\nale\nsoup\nrice\n"
    typed(words)
    assert main(["contrast", "--model", model, "--layer", "1", "--target-words", "-", "--n-baseline", "20"]) == 0
    assert "4 custom words (4 lemmas) and 20 verbs" in capsys.readouterr().out
    typed(f"\ufeff{TEXT}\r\n".encode())
    arguments = ["text", "--model", model, "--layer", "1", "--neurons", "12,40,12", "--file", "-"]
    assert main(arguments) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("position,token_id,token,neuron_12,neuron_40\n0,")
    assert shown.err == "note: --neurons has 12 more than once; it is used once.\n"
    typed(b"caf\xe9")
    assert main(arguments) == REFUSED
    assert "error: standard input is not UTF-8 text." in capsys.readouterr().err


def test_evidence_goes_through_a_pipe(model: str, typed: Callable[[bytes], None], capsys: Capture) -> None:
    arguments = ["evidence", *contrast(model)[1:], "--neuron", "3", "--checks", "both_sides,both,both_sides"]
    assert main([*arguments, "--json", "-"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["neuron"] == 3
    assert "note: --checks has both_sides more than once" in shown.err and "both_sides       " in shown.err
    typed(shown.out.encode())
    assert main(["verify", "-"]) == 0
    assert capsys.readouterr().out == "Every number of standard input is the same.\n"


def test_a_reader_that_leaves_is_no_mistake(model: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    assert main(contrast(model, "--csv", "-")) == PIPE_CLOSED
    assert "error" not in capsys.readouterr().err


# --- Formats ---


def test_every_format_has_the_same_numbers(model: str, tmp_path: Path, capsys: Capture) -> None:
    """The ending of the name says which; pandas reads them all."""
    tables = []
    for name in ("a.csv", "a.json", "a.parquet"):
        assert main(contrast(model, "--out", str(tmp_path / name))) == 0
    assert main(contrast(model, "--out", str(tmp_path / "a.txt"), "--format", "csv")) == 0
    tables = [pd.read_csv(tmp_path / "a.csv"), pd.read_csv(tmp_path / "a.txt")]
    tables += [pd.read_json(tmp_path / "a.json"), pd.read_parquet(tmp_path / "a.parquet")]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_dtype=False, rtol=1e-9)
    capsys.readouterr()
    assert main(contrast(model, "--format", "table")) == 0
    lines = capsys.readouterr().out.splitlines()
    best = tables[0].sort_values("statistic", ascending=False)["neuron"].tolist()
    assert lines[0].split() == ["neuron", "t", "adjusted", "p", "significant", "Hedges'", "g", "95%", "AUC"]
    assert [int(line.split()[0]) for line in lines[1:21]] == best[:10] + best[-10:]
    assert lines[21] == "20 of 128 neurons: the highest and the lowest; --format csv has all."


def test_a_text_as_a_table_to_look_at(model: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    arguments = ["text", "--model", model, "--layer", "1", "--neurons", "12", "--file", str(tmp_path / "text.txt")]
    assert main([*arguments, "--format", "table"]) == 0
    looked_at = capsys.readouterr().out.splitlines()
    assert main([*arguments, "-o", "-"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert looked_at[0].split() == rows[0].split(",") and len(looked_at) == len(rows)
    assert looked_at[1].split()[:2] == rows[1].split(",")[:2]


def test_parquet_has_null_for_no_number_and_for_one_that_no_float_holds() -> None:
    table = Table(("p", "name", "yes"), [(0.5, "=a", True), ("3.1e-412", "b", False), (float("nan"), "c", True)])
    read = pd.read_parquet(io.BytesIO(parquet(table)))
    assert read["p"].isna().tolist() == [False, True, True] and read["name"].tolist() == ["=a", "b", "c"]
    assert read["yes"].tolist() == [True, False, True]


def test_wide_letters_keep_their_columns() -> None:
    lines = aligned(("token", "n"), [("漢字", "1"), ("abcde", "22"), ("e\u0301", "3")], left=["token"]).splitlines()
    assert lines == ["token   n", "漢字    1", "abcde  22", "e\u0301       3"]


# --- Files that are written ---


def test_files_are_checked_before_the_work(tmp_path: Path) -> None:
    """One file for two results, by any path; not a screen or a pipe, which takes both."""

    def check(*files: str) -> None:
        check_files(Output(), [Written(f"--{i}", file, "csv") for i, file in enumerate(files)])  # type: ignore[arg-type]

    (tmp_path / "a.csv").touch()
    os.symlink(tmp_path / "a.csv", tmp_path / "b.csv")
    with pytest.raises(UsageError, match="--0 and --1 are the same file"):
        check(str(tmp_path / "a.csv"), str(tmp_path / "b.csv"))
    with pytest.raises(UsageError, match=r"writes CSV, but x\.html ends with \.html"):
        check("x.html")
    with pytest.raises(UsageError, match="no name of a file"):
        check("a\0b")
    check(os.devnull, os.devnull, str(tmp_path / "a.csv"), "-")


def test_every_file_that_is_written_is_known_before_the_work() -> None:
    """Else a summary would be mixed into the result on standard output. The notebook of check is a flag."""
    typed = {
        "contrast": ["--out", "--csv", "--table-json", "--json", "--manifest", "--report", "--notebook"],
        "text --layer 1 --neurons 1 --file a.txt": ["--out", "--csv", "--json", "--html"],
        "evidence --neuron 1": ["--json"],
    }
    for command, flags in typed.items():
        [name, *needed] = command.split()
        options = parser().parse_args([name, *needed, *(part for flag in flags for part in (flag, flag[2:]))])
        assert files_written(options) == [flag[2:] for flag in flags]
        assert files_written(parser().parse_args([name, *needed])) == []
    assert files_written(parser().parse_args(["contrast", "--format", "csv"])) == ["-"]
    assert files_written(parser().parse_args(["check", "--notebook"])) == []


# --- Where settings come from ---


def spec_typed(*more: str) -> ContrastSpec:
    """The spec of a contrast that was typed."""
    return spec_of(parser().parse_args(["contrast", *more]), Output())


def test_the_app_and_the_shell_begin_with_the_same_preset() -> None:
    from ui.defaults import DEFAULT

    assert spec_typed() == DEFAULT


def test_the_paired_test_alone_means_the_notebook(capsys: Capture) -> None:
    """Without it, the command of the README would need a preset for the numbers of the course notebook."""
    given = ["--layer", "1", "--target", "nouns", "--baseline", "verbs", "--words", "30", "--word-source", "bundled"]
    given += ["--correction", "bonferroni", "--alpha", "0.05"]
    expected = ContrastSpec.notebook(layer=1, n_target=30, n_baseline=30, word_source="bundled")
    assert spec_typed(*given, "--test", "paired") == expected
    assert "so all that you did not set is as in --preset notebook." in capsys.readouterr().err
    assert spec_typed(*given, "--preset", "notebook") == expected
    assert capsys.readouterr().err == ""


def test_a_spec_is_read_from_whatever_has_one(model: str, tmp_path: Path, capsys: Capture) -> None:
    """A bare spec, what contrast wrote with it, and the app's settings file are the same; options override them."""
    from ui.link_values import View
    from ui.settings_file import content

    words = ("tea", "ale", "soup\tsoup", "rice")
    spec = ContrastSpec.careful(model=model, layer=2, n_baseline=20, target=CUSTOM, target_words=words, n_target=4)
    spec = spec.changed(target_name="Food")
    typed = {"target_text": "tea\nale\nsoup\nrice", "target_name": "Food", "baseline_text": "", "baseline_name": ""}
    first, bare, app = tmp_path / "first.json", tmp_path / "bare.json", tmp_path / "app.json"
    bare.write_text(spec.to_json(), encoding="utf-8")
    app.write_bytes(content(View(spec), typed))
    assert main(["contrast", "--spec", str(bare), "--json", str(first), "--csv", "-"]) == 0
    shown = capsys.readouterr()
    assert shown.out == contrast_csv(run_contrast(spec, load_model(model)))
    assert "Target    Food: own list" in shown.err
    assert spec_typed("--spec", str(first)) == spec
    plain = ("tea", "ale", "soup", "rice")  # a word without a lemma is its own
    assert spec_typed("--spec", str(app)) == spec.changed(target_words=plain)
    more = ["--layer", "1", "--target", "nouns", "--words", "25", "--preset", "careful"]
    other = ContrastSpec.careful(model=model, layer=1, n_target=25, n_baseline=25)
    assert spec_typed("--spec", str(first), *more) == other


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "--spec standard input is not JSON"),
        (b"[1]", "--spec standard input holds no settings"),
        (b"\xff", "--spec standard input is not UTF-8 text."),
        (b'{"tset": "welch"}', "has the field “tset”, which is no setting. Did you mean test?"),
        (b'{"spec": {"layer": "3"}}', "--spec standard input: layer is “3”; a whole number"),
        (b'{"settings": {"target": "custom"}, "lists": {"target": [1]}}', "lists.target is no list of words."),
        (b'{"target_words": [["a"]]}', "target_words must be a tuple of words."),
        (b'{"n_target": 1e999}', "n_target is “inf”"),
        (b"[" * 100_000, "--spec standard input is not JSON"),
    ],
)
def test_a_spec_that_is_none_is_refused(content: bytes, sentence: str, typed, capsys: Capture) -> None:
    typed(content)
    assert main(["contrast", "--spec", "-"]) == REFUSED
    assert sentence in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_named(capsys: Capture) -> None:
    """The system's own error has no name of a file where the disk fills while it is written."""
    with pytest.raises(UsageError, match=r"^/dev/full cannot be written: No space left on device"):
        write_text(Output(), "/dev/full", lambda: "neuron\n", "a table")


def test_what_a_spec_leaves_out_is_said(typed, capsys: Capture) -> None:
    typed(b'{"settings": {"layer": 2, "target": "adjectives"}}')
    assert spec_typed("--spec", "-") == ContrastSpec(layer=2, target="adjectives")
    said = capsys.readouterr().err
    assert "leaves out model, baseline, n_target," in said and said.endswith(": as in the notebook preset.\n")


# --- Colours and progress ---


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_colours_are_for_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert styled("error:", "error", Terminal()) == "\033[1;31merror:\033[0m"
    assert styled("error:", "error", io.StringIO()) == "error:"
    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("error:", "error", Terminal()) == "error:"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert styled("error:", "error", Terminal()) == "error:"


def test_progress_is_for_a_terminal_and_leaves_it(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    Output().progress(0.5, "Reading")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    Output(quiet=True).progress(0.5, "Reading")
    assert screen.getvalue() == ""
    output = Output()
    output.progress(0.5, "Reading")
    output.note("Done.")
    assert screen.getvalue().startswith("\r 50% Reading") and "\r\033[K" in screen.getvalue()


def test_nothing_on_the_command_line_shows_the_help_briefly(capsys: Capture) -> None:
    assert main([]) == USAGE
    shown = capsys.readouterr()
    assert shown.out == "" and "Usage: python -m core COMMAND [OPTIONS]" in shown.err and len(shown.err) < 1_500
