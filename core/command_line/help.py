"""help: what the program and its commands do; and the version."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from core.command_line.parser import Parser
from core.command_line.status import UsageError
from core.errors import did_you_mean

DOES = "Find the MLP neurons of a language model that differ between two word classes, and check them."
SHOWS = "Show the help of the program, or of a command."
EXAMPLES = (
    ("Nouns and verbs in layer 3 of the bundled model", "{prog} contrast --layer 3"),
    ("All about a command", "{prog} help contrast"),
)
HELP_EXAMPLES = (("The program", "{prog} help"), ("A command", "{prog} help contrast"))
_HELP, _VERSION, _VERBOSE = ("-h", "--help"), "--version", ("-v", "--verbose")


def add(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the parser of the command. ``answers`` does its work, before anything is parsed."""
    usage = "%(prog)s [COMMAND]"
    parser = commands.add_parser("help", help=SHOWS, does=SHOWS, examples=HELP_EXAMPLES, usage=usage)
    parser.add_argument("topic", metavar="COMMAND", nargs="?", help="the command (default: the whole program)")
    parser.add_other_options()


def answers(arguments: Sequence[str], program: Parser) -> bool:
    """Print the version or the help, if they are asked for anywhere on the command line; whether they were.

    Raises
    ------
    UsageError
        Help is asked for a command that does not exist.
    """
    asked = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    if _VERSION in asked:
        print(version_text(program.prog, libraries=bool(set(_VERBOSE) & set(asked))))
        return True
    wants_help = bool(set(_HELP) & set(asked))
    words = [text for text in asked if not text.startswith("-")]
    if words[:1] == ["help"]:
        words, wants_help = words[1:] or (["help"] if wants_help else []), True
    elif wants_help:
        words = words[:1]
    if not wants_help:
        return False
    parsers = parsers_of(program)
    if words:
        check_command(words[0], program)
    print((parsers[words[0]] if words else program).format_help(), end="")
    return True


def brief(program: Parser) -> str:
    """The help where nothing was typed: what the program does, its commands, an example, and where there is more."""
    parsers = parsers_of(program)
    width = max(map(len, parsers))
    commands = "\n".join(f"  {name:<{width}}  {parser.description}" for name, parser in parsers.items())
    about, example = program.examples[0]
    return (
        f"{program.description}\n\nUsage: {program.prog} COMMAND [OPTIONS]\n\n{commands}\n\n"
        f"Example: {about}:\n  {example}\n\nAll about a command: {program.prog} help COMMAND"
    )


def check_command(name: str, program: Parser) -> None:
    """Raise UsageError if a program has no such command, or option."""
    names = tuple(parsers_of(program))
    if name not in names:
        kind, allowed = (
            ("option", program.option_names()) if name.startswith("-") else ("command", (*names, *program.further))
        )
        there_are = f"There is no {kind} “{name}”; there are {', '.join(allowed)}."
        mistake = UsageError(f"{there_are}{did_you_mean(name, allowed)}")
        mistake.see = f"{program.prog} --help"
        raise mistake


def version_text(program: str, *, libraries: bool = False) -> str:
    """The version, and the commit where it is known; with those of the libraries that numbers come from, if wanted."""
    from core.version import version_line

    lines = [version_line(program)]
    if libraries:
        from core.report.summary import library_versions

        lines += [f"{name} {version}" for name, version in library_versions().items() if name != "grammar_neurons"]
    return "\n".join(lines)


def parsers_of(program: Parser) -> dict[str, Parser]:
    """The parser of each command."""
    actions = (action for action in program._actions if isinstance(action, argparse._SubParsersAction))
    return dict(next(actions).choices)
