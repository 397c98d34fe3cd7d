"""The reference of commands: everything that the parsers have, whatever the terminal is."""

from __future__ import annotations

import re

import pytest

from core.__main__ import parser
from core.command_line.help import parsers_of
from core.command_line.reference import command_line


def test_every_option_of_every_command_has_a_row() -> None:
    page, commands = command_line(parser()), parsers_of(parser())
    assert re.findall(r"^## `python -m core (\S+)`$", page, re.M) == list(commands)
    for name, one in commands.items():
        section = re.split(r"^## ", page.split(f"## `python -m core {name}`\n")[1], flags=re.M)[0]
        for action in one._actions:
            for option in set(action.option_strings) - {"-h", "--help"}:
                assert re.search(rf"^\| `[^`]*{re.escape(option)}[,` ]", section, re.M), f"{name} {option}"


def test_a_row_has_the_names_the_default_and_what_is_allowed() -> None:
    """One of each kind: with choices, needed, a flag with its opposite, an argument without a dash, several files."""
    lines = command_line(parser()).splitlines()
    for row in (
        "| `--correction CORRECTION` | holm; bonferroni in the notebook preset; fdr_bh in the localiser preset | none, "
        "bonferroni, sidak, holm,",
        "| `--neuron N` | needed |  | the neuron's index in the layer, 0-based: 0 is the first |",
        "| `--leading-space, --no-leading-space` | yes; no in the notebook preset |  | read each word after a space |",
        "| `MODEL` |  |  |",
        "| `--gold FILE …` | the project's sentences |  |",
    ):
        assert any(line.startswith(row) for line in lines), row
    assert "python -m core evidence [OPTIONS] --neuron N" in lines
    assert "python -m core verify [OPTIONS] FILE" in lines


def test_the_terminal_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = command_line(parser())
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert command_line(parser()) == wide
