"""The commands and their options as Markdown, for docs/reference/command-line.md.

    command_line(core.__main__.parser())

Written from the parsers alone. argparse's own help depends on the width and the colours of the terminal, and on the
version of Python, so it is not used.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence

from core.report.markdown import table

_HEADER = ("option", "default", "allowed", "meaning")
# The titles that argparse gives to the arguments that are in no group, by versions of Python.
_USUAL_TITLES = {"positional arguments", "options", "optional arguments"}
# A default may be in the help, and the choices in the name of the value: {mean,last}.
_DEFAULT_AT_END = re.compile(r"\s*\(default:? (.*)\)$")
_CHOICES = re.compile(r"\{(.+)\}$")


def command_line(parser: argparse.ArgumentParser, level: int = 2) -> str:
    """A section for each command of a parser, in their order.

    Parameters
    ----------
    parser : ArgumentParser
        One with commands, or with options alone: then it is one section.
    level : int
        Of the headings.

    Examples
    --------
    >>> parser = argparse.ArgumentParser(prog="count", description="Count words.")
    >>> _ = parser.add_argument("file", help="a text")
    >>> _ = parser.add_argument("--most", type=int, default=5, metavar="N", help="how many words")
    >>> print(command_line(parser))
    ## `count`
    <BLANKLINE>
    Count words.
    <BLANKLINE>
    ```bash
    count [OPTIONS] FILE
    ```
    <BLANKLINE>
    | option | default | allowed | meaning |
    |---|---|---|---|
    | `FILE` | needed |  | a text |
    | `--most N` | 5 | whole numbers | how many words |
    """
    return "\n\n".join(_sections(parser, "", level))


def _sections(parser: argparse.ArgumentParser, about: str, level: int) -> Iterator[str]:
    """The parts of a command, then those of its own commands."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    options = [action for action in parser._actions if action not in inner and _is_shown(action)]
    if options or not inner:
        yield f"{'#' * level} `{parser.prog}`"
        yield from _text(parser, parser.description or about)
        command = ["COMMAND"] if inner else []
        yield f"```bash\n{' '.join([parser.prog, *_usage(options), *command])}\n```"
        yield from _tables(parser, options)
        yield from _text(parser, parser.epilog)
    for action in inner:
        helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
        seen: set[int] = set()
        for name, command in action.choices.items():
            if id(command) not in seen and helps.get(name) != argparse.SUPPRESS:  # an alias is another name of a parser
                yield from _sections(command, _sentence(helps.get(name, "")), level)
            seen.add(id(command))


def _text(parser: argparse.ArgumentParser, text: str | None) -> Iterator[str]:
    """A description or an epilog; one whose lines are to stay as they are, such as examples, as a block of code."""
    if not text or text == argparse.SUPPRESS:
        return
    text = text.strip("\n").replace("%(prog)s", parser.prog).replace("%%", "%")
    keeps_lines = issubclass(parser.formatter_class, argparse.RawDescriptionHelpFormatter)  # type: ignore[arg-type]
    if keeps_lines and "\n" in text.strip():
        yield f"```text\n{text}\n```"
    else:
        yield " ".join(text.split()).replace("<", "\\<")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text and text[-1] not in ".!?" else text


def _is_shown(action: argparse.Action) -> bool:
    return action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction)


def _usage(options: list[argparse.Action]) -> Iterator[str]:
    """What a command needs after its name: the needed options, then the arguments without a dash."""
    named = [action for action in options if action.option_strings]
    if len(named) > len(needed := [action for action in named if action.required]):
        yield "[OPTIONS]"
    yield from (_spelled(action, action.option_strings[-1:]) for action in needed)
    for action in options:
        if not action.option_strings:
            yield f"[{_value(action)}]" if action.nargs in ("?", "*") else _value(action)


def _tables(parser: argparse.ArgumentParser, options: list[argparse.Action]) -> Iterator[str]:
    """A table for each group of options, with the group's title if it has one of its own."""
    usual: list[argparse.Action] = []
    groups: list[tuple[str, list[argparse.Action]]] = []
    for group in parser._action_groups:
        members = [action for action in group._group_actions if action in options]
        if group.title is None or group.title in _USUAL_TITLES:
            usual += members
        elif members:
            groups.append((group.title, members))
    for title, members in [("", usual), *groups]:
        if members:
            yield from [f"**{title[0].upper()}{title[1:]}**"] if title else []
            yield table(_HEADER, (_row(parser, action) for action in members))


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> tuple[str, str, str, str]:
    names, meaning = f"`{_spelled(action, action.option_strings)}`", _meaning(parser, action)
    said = _DEFAULT_AT_END.search(meaning)
    default = _default(action) or (said[1] if said else "")
    return names, default, _allowed(action), _DEFAULT_AT_END.sub("", meaning).replace("<", "\\<")


def _spelled(action: argparse.Action, names: Sequence[str]) -> str:
    """The names of an option, and its value; the value alone of an argument without a dash."""
    value = "" if action.nargs == 0 else _value(action)
    return " ".join(part for part in (", ".join(names), value) if part)


def _value(action: argparse.Action) -> str:
    """The value of an option as help writes it, such as N, or FILE for one and more."""
    name = action.metavar or action.dest.upper()
    one = " ".join(name) if isinstance(name, tuple) else _CHOICES.sub(action.dest.upper(), name)
    return f"{one} …" if action.nargs in ("+", "*", argparse.REMAINDER) else one


def _default(action: argparse.Action) -> str:
    is_needed = action.required if action.option_strings else action.nargs not in ("?", "*")
    if is_needed:
        return "needed"
    # A preset or the command itself decides where there is none; a flag that is not given is off.
    if action.default in (None, argparse.SUPPRESS, "", []) or (action.nargs == 0 and action.default is False):
        return ""
    values = action.default if isinstance(action.default, (list, tuple)) else [action.default]
    return ", ".join(map(str, values))


def _allowed(action: argparse.Action) -> str:
    if action.choices is not None:
        return ", ".join(map(str, action.choices))
    if isinstance(action.metavar, str) and (listed := _CHOICES.match(action.metavar)):
        return listed[1].replace(",", ", ")
    return {int: "whole numbers", float: "numbers"}.get(action.type, "")  # type: ignore[call-overload]


def _meaning(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """The help of an option, with its placeholders filled in as argparse does."""
    values = {name: value for name, value in vars(action).items() if value != argparse.SUPPRESS}
    values = {name: getattr(value, "__name__", value) for name, value in values.items()}
    values |= {"prog": parser.prog, "choices": ", ".join(map(str, action.choices or ()))}
    return (action.help or "") % values
