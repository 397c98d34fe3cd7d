"""The commands and their options as Markdown, for docs/reference/command-line.md.

    command_line(core.__main__.parser())

Written from the parsers alone. argparse's own help depends on the width and the colours of the terminal, and on the
version of Python, so it is not used.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence

from core.command_line.help import parsers_of
from core.command_line.parser import Parser
from core.command_line.status import MEANINGS
from core.report.markdown import table

_HEADER = ("option", "default", "allowed", "meaning")
# A default is in the help, and the choices are in the name of the value: {mean,last}.
_DEFAULT_AT_END = re.compile(r"\s*\(default: (.*)\)$")
_CHOICES = re.compile(r"\{(.+)\}$")
_FOR_ALL = "Other options"  # the title of what all commands have


def command_line(program: Parser) -> str:
    """A section for the program, and one for each of its commands, in their order.

    Examples
    --------
    >>> program = Parser(prog="count", does="Count words.")
    >>> command = program.add_subparsers(prog="count").add_parser("all", does="Count all words.")
    >>> _ = command.add_argument("--most", metavar="N", help="how many words (default: 5)")
    >>> print(command_line(program))  # doctest: +ELLIPSIS
    ## `count`
    ...
    ## `count all`
    <BLANKLINE>
    Count all words.
    <BLANKLINE>
    ```text
    count all [OPTIONS]
    ```
    <BLANKLINE>
    **Other options**
    <BLANKLINE>
    | option | default | allowed | meaning |
    |---|---|---|---|
    | `--most N` | 5 |  | how many words |
    """
    commands = parsers_of(program).values()
    return "\n\n".join(part for parser in (program, *commands) for part in _section(parser, parser is program))


def _section(parser: Parser, is_program: bool) -> Iterator[str]:
    """The parts of a command's section."""
    yield f"## `{parser.prog}`"
    yield " ".join((parser.description or "").split()).replace("<", "\\<")
    yield f"```text\n{' '.join([parser.prog, *_usage(parser), *(['COMMAND'] if is_program else [])])}\n```"
    yield from _tables(parser)
    if parser.examples:
        yield "```text\n" + "\n\n".join(f"# {what}\n{command}" for what, command in parser.examples) + "\n```"


def _is_shown(action: argparse.Action) -> bool:
    return not isinstance(action, (argparse._HelpAction, argparse._SubParsersAction))


def _usage(parser: Parser) -> Iterator[str]:
    """What a command needs after its name: the needed options, then the arguments without a dash."""
    shown = [action for action in parser._actions if _is_shown(action)]
    named = [action for action in shown if action.option_strings]
    if len(named) > len(needed := [action for action in named if action.required]):
        yield "[OPTIONS]"
    yield from (_spelled(action, action.option_strings[-1:]) for action in needed)
    for action in shown:
        if not action.option_strings:
            yield f"[{_value(action)}]" if action.nargs == "?" else _value(action)


def _tables(parser: Parser) -> Iterator[str]:
    """A table for each group of options, with its title; what all commands have comes last."""
    for group in sorted(parser._action_groups, key=lambda group: group.title == _FOR_ALL):
        if members := [action for action in group._group_actions if _is_shown(action)]:
            yield f"**{group.title}**"
            yield table(_HEADER, map(_row, members))


def _row(action: argparse.Action) -> tuple[str, str, str, str]:
    meaning = (action.help or "").replace("%%", "%")
    said = _DEFAULT_AT_END.search(meaning)
    is_needed = action.required if action.option_strings else action.nargs != "?"
    default = "needed" if is_needed else said[1] if said else ""
    listed = _CHOICES.match(str(action.metavar))
    allowed = listed[1].replace(",", ", ") if listed else ""
    meaning = _DEFAULT_AT_END.sub("", meaning).replace("<", "\\<")
    return f"`{_spelled(action, action.option_strings)}`", default, allowed, meaning


def _spelled(action: argparse.Action, names: Sequence[str]) -> str:
    """The names of an option, and its value; the value alone of an argument without a dash."""
    value = "" if action.nargs == 0 else _value(action)
    return " ".join(part for part in (", ".join(names), value) if part)


def _value(action: argparse.Action) -> str:
    """The value of an option as help writes it, such as N, or FILE for one and more."""
    one = _CHOICES.sub(action.dest.upper(), str(action.metavar or action.dest.upper()))
    return f"{one} …" if action.nargs == "+" else one


def exit_statuses() -> str:
    """What each exit status says."""
    return table(("status", "meaning"), ((str(status), meaning) for status, meaning in MEANINGS.items()))
