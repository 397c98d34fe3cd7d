"""Every command that the README, a tutorial, a how-to or a reference page shows is run, but for those listed here.

The blocks of a document run one after the other in one folder, which looks like the repository: what a command writes
goes there. Commands of ``python -m core`` run in this process, because each process would load PyTorch anew.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from core.__main__ import main
from core.records.replication import SeatEffect
from engine import board
from tests.support import documents
from tests.support.browser import ROOT

FOLDERS = ("tutorials", "how-to", "reference")
GENERATED = "command-line.md"  # it shows forms of commands, written from their parsers
# Documents whose commands newcomers type.
SHOWN = [
    path
    for path in documents.documents()
    if path.as_posix() == "README.md"
    or (path.parts[:2] in {("docs", folder) for folder in FOLDERS} and path.name != GENERATED)
]
_NEEDS_HUB = "it needs a network; tests/core/models/test_hub.py has a stand-in for it"
# The one place that knows which commands are not run, and why: a pattern that is found in them, and the reason.
NOT_RUN = {
    r"-m venv ": "it installs packages; .ci/run runs the README's line in a clean clone",
    r"pip install": "it installs packages; .ci/run runs the README's line in a clean clone",
    r"\bdocker\b": "it needs Docker; tests/server/test_deployment.py and test_image.py check the files",
    r"\b(?:kubectl|kustomize)\b|^cd deploy/k": "it needs a cluster; tests/server/test_deployment.py reads its files",
    r"^(?:sudo|journalctl)\b": "it changes the computer",
    r"\bpip (?:download|wheel)\b|^cp .* wheels$": "it asks a package index; tests/test_package.py builds the wheel",
    r"^grammar-neurons\b": "its environment is made by the lines above it; tests/test_package.py runs it",
    r"\bserve\.py\b": "it runs until it is stopped; tests/server/test_serve.py starts it",
    r"-m core (?:download|check|repair) (?!bundled)": _NEEDS_HUB,
    r"--model EleutherAI/": _NEEDS_HUB,
    r"-m benchmarks\.class_load": "it needs a server, and minutes; tests/server/test_class_load.py runs it",
    r"\.ci/lock\.py": "it asks a package index; tests/server/test_locks.py reads what it writes",
    r"inventory\.py FOLDER": "FOLDER is the reader's; tests/server/test_inventory.py runs it",
    r"lighten\.py /": "the folder is the reader's; tests/server/test_image.py runs it",
    r">> \.env$": "the addresses in it are the reader's",
}
_SHELL = re.compile(r"[|<>&;$*~]|^\w+=")
_CORE = [".venv/bin/python", "-m", "core"]


def shown_in(document: Path) -> list[str]:
    """The commands of a document's blocks for a shell, in their order."""
    of_shell = (block.text for block in documents.blocks(documents.read(document)) if block.language in ("bash", "sh"))
    return [command for text in of_shell for command in documents.commands(text)]


def why_not_run(command: str) -> str | None:
    """The reason why a command is not run; None if it is."""
    return next((reason for pattern, reason in NOT_RUN.items() if re.search(pattern, command)), None)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder that looks like the repository, with this Python as its environment's."""
    for path in ROOT.iterdir():
        if path.name not in (".git", ".venv") and not path.name.endswith("_cache"):
            (tmp_path / path.name).symlink_to(path)
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    (binaries / "python").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Run one command; whatever is not exit status 0 fails the test, with what was said."""
    words = [] if _SHELL.search(command) else shlex.split(command)
    if words[:3] == _CORE:
        try:
            status = main(words[3:])
        except SystemExit as end:
            status = end.code
        said = "".join(capsys.readouterr())
    else:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            env=os.environ,
        )
        status, said = done.returncode, done.stdout + done.stderr
    assert status in (0, None), f"{command}\n{said}"


def post_for(command: str) -> None:
    """Let a class have something on the board before a command that shows, saves or clears it."""
    if named := re.search(r"core board .*--class (\S+)", command):
        board.put(named[1], "0123abcd-3-40", SeatEffect(1, 1.5, 0.2, 0.9, 12, 12))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "document", [path for path in SHOWN if any(not why_not_run(each) for each in shown_in(path))], ids=str
)
def test_the_commands_of_a_document_run_as_written(document, folder, capsys):
    for command in shown_in(document):
        if not why_not_run(command):
            post_for(command)
            run(command, capsys)


@pytest.mark.parametrize("document", SHOWN, ids=str)
def test_the_python_of_a_document_runs_as_written(document, folder):
    for block in documents.blocks(documents.read(document)):
        if block.language == "python":
            exec(compile(block.text, str(document), "exec"), {})


def test_what_a_command_starts_is_there_also_where_it_is_not_run():
    started = [re.findall(r"\.venv/bin/python (-m )?(\S+)", command) for path in SHOWN for command in shown_in(path)]
    named = {(bool(module), name) for each in started for module, name in each if name[0] != "-"}
    assert named >= {(True, "core"), (False, "serve.py")}
    for is_module, name in named:
        assert importlib.util.find_spec(name) if is_module else (ROOT / name).is_file(), name


@pytest.mark.parametrize("pattern", NOT_RUN)
def test_what_is_not_run_is_shown_somewhere(pattern):
    assert any(re.search(pattern, command) for path in SHOWN for command in shown_in(path))


def test_most_of_what_the_readme_shows_of_core_is_run():
    of_core = [command for command in shown_in(Path("README.md")) if "-m core" in command]
    assert len(of_core) >= 2 and not [command for command in of_core if why_not_run(command)]
