"""``python -m core``: the help of every command, whose examples run, and the version."""

from __future__ import annotations

import io
import re
import shlex
import sys
from pathlib import Path

import pytest

from core import version
from core.__main__ import main, parser
from core.command_line.help import parsers_of
from core.command_line.status import MEANINGS
from core.records.replication import SeatEffect
from engine import board

Capture = pytest.CaptureFixture[str]
COMMANDS = parsers_of(parser("grammar-neurons"))
_SLOW = ("check", "evidence", "EleutherAI/", "download --words", "--treebank ewt")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_what_it_does_and_ends_with_examples(name: str, capsys: Capture) -> None:
    asked = [[name, "--help"], ["help", name], ["-h", name]]
    asked += [[name, "--layer", "nonsense", "-h"]] if name != "help" else []
    texts = []
    for arguments in asked:
        assert main(arguments, prog="grammar-neurons") == 0
        texts.append(capsys.readouterr().out)
    assert set(texts) == {COMMANDS[name].format_help()}
    text = texts[0]
    does, _, rest = text.partition("\n\n")
    assert " ".join(does.split()) == COMMANDS[name].description and does.endswith(".")
    assert rest.startswith(f"Usage: grammar-neurons {name} [OPTIONS]") or name in rest.splitlines()[0]
    assert all(f"\n  {status:<5}" in text for status in MEANINGS)
    examples = text.rpartition("\n\nExamples:\n")[2]
    assert examples.count(f"grammar-neurons {name}") >= 1 and len(COMMANDS[name].examples) <= 4
    assert "python -m core" not in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_its_default_or_needs_none(name: str) -> None:
    """Files that are only written if they are named have none; layers and neurons are counted from 0."""
    optional = {
        "json",
        "csv",
        "table_json",
        "all_layers",
        "all_layers_json",
        "manifest",
        "report",
        "notebook",
        "html",
        "help",
        "version",
        "words",
    }
    optional |= {"spec", "treebank", "target_words", "baseline_words", "target_name", "baseline_name"}
    for action in COMMANDS[name]._actions:
        flags = action.option_strings
        if flags and not action.required and action.dest not in optional:
            assert "(default: " in str(action.help), flags
        if flags and action.dest in ("layer", "neuron", "neurons"):
            assert "0-based" in str(action.help)
    if name == "contrast":
        [words] = [action for action in COMMANDS[name]._actions if action.dest == "words"]
        assert str(words.help).endswith("(default: 500; 100 in the notebook preset; 240 in the localiser preset)")


def _commands(example: str) -> list[tuple[str, list[str]]]:
    """The commands of an example: what comes from a pipe, and the arguments."""
    found = []
    for part in example.split(" && "):
        before, _, command = part.rpartition(" | ")
        program, *arguments = shlex.split(command)
        assert program == "grammar-neurons"
        piped = shlex.split(before)[1].replace("\\n", "\n") if before else ""
        found.append((piped, arguments))
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Those that need a network, or that other tests run, are only parsed."""
    monkeypatch.chdir(tmp_path)
    if name == "board":  # a command that saves or clears a class's effects needs a class that has some
        board.put("meadow-7b", "0123abcd-3-40", SeatEffect(1, 1.5, 0.2, 0.9, 12, 12))
    for _, example in COMMANDS[name].examples:
        for piped, arguments in _commands(example):
            if any(slow in " ".join(arguments) for slow in _SLOW):
                assert parser().parse_args(arguments).command
                continue
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped.encode())))
            assert main(arguments, prog="grammar-neurons") == 0, capsys.readouterr().err
            shown = capsys.readouterr()
            assert shown.out or shown.err.startswith("Wrote ")


def test_the_version_is_shown_wherever_it_is_asked_for(capsys: Capture) -> None:
    for arguments in (
        ["--version"],
        *([name, "--version"] for name in COMMANDS),
        ["evidence", "--neurno", "--version"],
    ):
        assert main(arguments, prog="grammar-neurons") == 0
        assert capsys.readouterr().out == f"{version.version_line('grammar-neurons')}\n"
    assert main(["--version", "-v"]) == main(["contrast", "-v", "--version"]) == 0
    assert len(re.findall(r"^(python|numpy|scipy|torch|transformers) \d", capsys.readouterr().out, re.MULTILINE)) == 10


def test_the_commit_is_that_of_a_checkout_a_file_or_none(tmp_path: Path) -> None:
    """In each of git's forms; a damaged one is passed over."""
    one, other = "1" * 40, "abcdef0123" * 4
    git, file = tmp_path / "here" / ".git", tmp_path / "commit.txt"
    git.mkdir(parents=True)
    assert version.commit(git.parent, file) is None
    file.write_text(f"{other}\n", encoding="utf-8")
    assert version.commit(git.parent, file) == other
    (git / "HEAD").write_text(f"{one}\n", encoding="utf-8")
    assert version.commit(git.parent, file) == one  # a detached head
    (git / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (git / "packed-refs").write_text(f"# pack-refs\n{other} refs/heads/main\n{one} refs/heads/x\n", encoding="utf-8")
    assert version.commit(git.parent, Path("none")) == other
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "refs" / "heads" / "main").write_text(f"{one}\n", encoding="utf-8")
    assert version.commit(git.parent, Path("none")) == one
    tree, kept = tmp_path / "tree", git / "worktrees" / "tree"  # as git worktree makes them
    kept.mkdir(parents=True)
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {kept}\n", encoding="utf-8")
    (kept / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (kept / "commondir").write_text("../..\n", encoding="utf-8")
    assert version.commit(tree, Path("none")) == one
    (kept / "HEAD").write_bytes(b"\xff\xfe")
    file.write_text("no commit", encoding="utf-8")
    assert version.commit(tree, file) is None
