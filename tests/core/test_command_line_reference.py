"""The reference of commands: everything that a parser has, whatever the terminal and the version of Python are."""

from __future__ import annotations

import argparse
import re

import pytest

from core.__main__ import parser
from core.command_line.reference import command_line


def commands() -> dict[str, argparse.ArgumentParser]:
    [action] = [action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(action.choices)


@pytest.fixture
def made() -> argparse.ArgumentParser:
    """A parser with each kind of option that argparse has."""
    whole = argparse.ArgumentParser(prog="tool")
    whole.add_argument("--version", action="version", version="1", help="show the version")
    inner = whole.add_subparsers(metavar="COMMAND")
    one = inner.add_parser(
        "count",
        aliases=["c"],
        help="count words",
        epilog="examples:\n  %(prog)s a.txt",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("files", nargs="+", metavar="FILE")
    one.add_argument("--by", choices=["word", "line"], default="word", help="100%% by %(choices)s (default: word)")
    one.add_argument("--over", metavar="{tokens,words}", help="over what (default: words; tokens (all) in a text)")
    one.add_argument("--hidden", help=argparse.SUPPRESS)
    one.add_argument("--loud", action=argparse.BooleanOptionalAction, help="say a <lot>")
    one.add_argument_group("output").add_argument("-o", "--out", required=True, metavar="FILE", help="a | b")
    inner.add_parser("empty", help="do nothing")
    return whole


def test_every_option_of_every_command_has_a_row() -> None:
    page = command_line(parser())
    assert set(re.findall(r"^## `python -m core (\S+)`$", page, re.M)) == set(commands())
    for name, one in commands().items():
        section = re.split(r"^## ", page.split(f"## `python -m core {name}`\n")[1], flags=re.M)[0]
        for action in one._actions:
            for option in set(action.option_strings) - {"-h", "--help"}:
                assert re.search(rf"^\| `[^`]*{re.escape(option)}[,` ]", section, re.M), f"{name} {option}"


def test_the_page_of_a_parser_with_everything(made: argparse.ArgumentParser) -> None:
    assert command_line(made).split("\n\n") == [
        "## `tool`",
        "```bash\ntool [OPTIONS] COMMAND\n```",
        "| option | default | allowed | meaning |\n|---|---|---|---|\n| `--version` |  |  | show the version |",
        "## `tool count`",
        "Count words.",
        "```bash\ntool count [OPTIONS] --out FILE FILE …\n```",
        "| option | default | allowed | meaning |\n|---|---|---|---|\n| `FILE …` | needed |  |  |\n"
        "| `--by BY` | word | word, line | 100% by word, line |\n"
        "| `--over OVER` | words; tokens (all) in a text | tokens, words | over what |\n"
        "| `--loud, --no-loud` |  |  | say a \\<lot> |",
        "**Output**",
        "| option | default | allowed | meaning |\n|---|---|---|---|\n| `-o, --out FILE` | needed |  | a \\| b |",
        "```text\nexamples:\n  tool count a.txt\n```",
        "## `tool empty`",
        "Do nothing.",
        "```bash\ntool empty\n```",
    ]


def test_the_terminal_does_not_matter(made, monkeypatch) -> None:
    wide = command_line(made)
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert command_line(made) == wide
