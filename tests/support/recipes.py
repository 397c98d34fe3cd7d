"""The recipes of CONTRIBUTING.md: read their blocks, and apply them to a copy of the repository.

    copy = copy_of_repository(tmp_path / "copy")
    recipe = read_recipe("Add a word class")      # a heading of CONTRIBUTING.md
    recipe.apply(copy)
    run(copy, "python -m pytest -q tests/core/words").check_returncode()
    for command in recipe.commands:               # what the recipe itself runs
        run(copy, command).check_returncode()

The form of a recipe. It is what stands below its heading, until the next heading of the same or a higher level. Each
block of code has a paragraph before it, whose first code span with a slash is the path of the file that the block is
about. A block may be indented, as in a numbered list. Other code spans may be anywhere.

- A new file: the block is the whole file, in any language but ``diff`` and ``sh``.

      Write `assets/words/colours.txt`:

      ```text
      red
      ```

- A change to a file: the block is a ``diff``. Lines that begin with a space, and those that begin with a minus, stand
  in the file one after another, together exactly once. Lines that begin with a plus are added, those that begin with
  a minus go. There are no line numbers. An empty line of the file is a line of one space.

      Add a line to `core/models/hook_points.py`:

      ```diff
           "gpt2": _GPT2,
      +    "gpt99": _GPT2,
      ```

- Commands: a block of ``sh``, one command a line, with ``python`` for this Python. ``apply`` does not run them. A
  block of any other language that is only shown, such as ``bash``, would be a file: write such commands in a code span.

A recipe that does not fit the code any more is a ``ValueError``, which names the block.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
# What the app, its command line and the tests need. Models are large, and only read: they are linked.
COPIED = (
    ".dockerignore",
    ".streamlit",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "app.py",
    "assets",
    "benchmarks",
    "conftest.py",
    "core",
    "deploy",
    "docs",
    "engine",
    "grammar_neurons",
    "pages",
    "pyproject.toml",
    "requirements.txt",
    "serve.py",
    "server",
    "tests",
    "training",
    "ui",
)
LINKED = "assets/models"


@dataclass(frozen=True)
class Block:
    """One block of a recipe: the path that it is about (empty for commands), its language, its lines."""

    path: str
    language: str
    lines: tuple[str, ...]

    def apply(self, copy: Path) -> None:
        """Write the new file into a copy of the repository, or change the file as the diff says."""
        file = copy / self.path
        if self.language == "diff":
            file.write_text(self._changed(file.read_text("utf-8")), "utf-8")
            return
        if file.exists():
            raise ValueError(f"The recipe writes {self.path} anew, and there is such a file.")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(self.lines) + "\n", "utf-8")

    def _changed(self, text: str) -> str:
        strange = [line for line in self.lines if line and line[0] not in " +-"]
        if strange:
            raise ValueError(f"A line of the diff of {self.path} begins with neither a space, + nor -: {strange[0]}")
        old, new = ([line[1:] for line in self.lines if line[:1] != dropped] for dropped in ("+", "-"))
        lines = text.splitlines()
        places = [i for i in range(len(lines)) if lines[i : i + len(old)] == old]
        if old == new or len(places) != 1:
            raise ValueError(f"These lines do not stand in {self.path} exactly once:\n" + "\n".join(old))
        lines[places[0] : places[0] + len(old)] = new
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Recipe:
    """A section of CONTRIBUTING.md: its files and changes in order, and the commands that it runs."""

    title: str
    blocks: tuple[Block, ...]
    commands: tuple[str, ...]

    def apply(self, copy: Path) -> None:
        """Apply all blocks to a copy of the repository."""
        for block in self.blocks:
            block.apply(copy)


def read_recipe(title: str, text: str | None = None) -> Recipe:
    """The recipe below a heading of CONTRIBUTING.md, or of another text.

    Examples
    --------
    >>> recipe = read_recipe("Add a tea", "## Add a tea\\n\\nWrite `teas/green.txt`:\\n\\n```text\\ngreen\\n```\\n")
    >>> recipe.blocks[0].path, recipe.blocks[0].lines
    ('teas/green.txt', ('green',))
    """
    blocks: list[Block] = []
    commands: list[str] = []
    for before, language, lines in _fenced(_section(title, CONTRIBUTING.read_text("utf-8") if text is None else text)):
        if language == "sh":
            commands += [line for line in lines if line.strip()]
            continue
        named = re.search(r"`([^` ]+/[^` ]+)`", before)
        if named is None:
            raise ValueError(f"The paragraph before a block of “{title}” names no file: {before}")
        blocks.append(Block(named[1], language, lines))
    return Recipe(title, tuple(blocks), tuple(commands))


def copy_of_repository(copy: Path) -> Path:
    """Copy what is needed to run and test the project into a new folder, and return the folder."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name == "__pycache__" or Path(folder, name) == ROOT / LINKED}

    copy.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=left_out)
        else:
            shutil.copy2(ROOT / name, copy / name)
    (copy / LINKED).symlink_to(ROOT / LINKED, target_is_directory=True)
    return copy


def run(copy: Path, command: str, timeout: float = 300.0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command in a copy, with this Python as ``python``; its output is text. It need not succeed."""
    words = shlex.split(command)
    if words[0] in ("python", ".venv/bin/python"):
        words[0] = sys.executable
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
    return subprocess.run(
        words,
        cwd=copy,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def _section(title: str, text: str) -> list[str]:
    """The lines below a heading, until the next one of the same or a higher level."""
    lines, level, inside, fenced = [], 0, False, False
    for line in text.splitlines():
        fenced ^= line.strip().startswith("```")
        heading = None if fenced else re.match(r"(#+) +(.*?) *$", line)
        if heading and inside and len(heading[1]) <= level:
            break
        if heading and heading[2] == title:
            inside, level = True, len(heading[1])
        elif inside:
            lines.append(line)
    if not inside:
        raise ValueError(f"There is no heading “{title}”.")
    return lines


def _fenced(lines: list[str]) -> list[tuple[str, str, tuple[str, ...]]]:
    """The fenced blocks: the paragraph before each, its language, its lines without the indentation of the fence."""
    blocks: list[tuple[str, str, tuple[str, ...]]] = []
    paragraph, language, indent = "", "", 0
    content: list[str] | None = None
    was_blank = False
    for line in lines:
        text = line.strip()
        if content is not None and text == "```":
            blocks.append((paragraph, language, tuple(content)))
            content = None
        elif content is not None:
            content.append(line[indent:])
        elif text.startswith("```"):
            language, content, indent = text.strip("` "), [], len(line) - len(line.lstrip())
        elif text:
            paragraph = text if was_blank else f"{paragraph} {text}"
        was_blank = not text
    return blocks
