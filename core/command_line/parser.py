"""A parser whose mistakes name what was typed, whose help ends with examples, and which guesses no abbreviation."""

from __future__ import annotations

import argparse
import re
import shutil
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from core.command_line.status import MEANINGS, UsageError
from core.errors import UserError, did_you_mean
from core.records.spec import check_choice, quoted

_WIDTH = 100  # characters of a line of help, on a terminal that has them
_NUMBER = re.compile(r"-[\d.,]+")
_OF_ARGUMENT = re.compile(r"argument ([^:]+): (.*)", re.DOTALL)


class Parser(argparse.ArgumentParser):
    """The parser of a command.

    Parameters
    ----------
    does : str
        What the command does, in a line: its help begins with it.
    examples : sequence of (str, str)
        What each is for, and the command, with ``{prog}`` for the program's name: the help ends with them.
    program : str
        The program's name, without the command's; by default, ``prog``.
    further : sequence of str
        Commands of the program that it has no parser for.
    """

    def __init__(
        self,
        *,
        does: str = "",
        examples: Sequence[tuple[str, str]] = (),
        program: str = "",
        further: Sequence[str] = (),
        **more: Any,
    ) -> None:
        super().__init__(
            allow_abbrev=False,
            add_help=False,
            formatter_class=Formatter,
            description=does,
            usage=more.pop("usage", "%(prog)s [OPTIONS]"),
            **more,
        )
        self.program, self.further = program or self.prog, tuple(further)
        self.examples = [(about, example.replace("{prog}", self.program)) for about, example in examples]
        self._positionals.title = "Arguments"
        self._optionals.title = "Other options"
        self._typed: list[str] = []

    def add_other_options(self) -> None:
        """Add the options that every command has."""
        about = "no notes, no progress, no names of written files; no summary where files are written (default: no)"
        self.add_argument("-q", "--quiet", action="store_true", help=about)
        self.add_program_options()

    def add_program_options(self) -> None:
        """Add the options that the program has without a command, too."""
        self.add_argument("-h", "--help", action="help", help="show this help")
        self.add_argument("--version", action="store_true", help="show the version, with -v also of libraries")

    def option_names(self) -> list[str]:
        """Every option, such as ``--layer``."""
        return [name for action in self._actions for name in action.option_strings]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, but refuse an unknown option first: else a required one would be missed, though it was misspelt."""
        self._typed = list(args or [])
        if self._subparsers is None:
            self._check_names()
        return super().parse_known_args(args, namespace)

    def _check_names(self) -> None:
        names = self.option_names()
        for text in self._typed:
            if text == "--":
                return
            name = text.partition("=")[0]
            is_option = name.startswith("-") and name != "-" and " " not in text and not _NUMBER.fullmatch(text)
            joined = name[:2] in names and not name.startswith("--")  # such as -oFILE
            if is_option and not joined and name not in names:
                self.error(f"There is no option {name}.{did_you_mean(name, names)}")

    def error(self, message: str) -> NoReturn:
        """Raise UsageError. The sentence names the option as it was typed; ``see`` is a command for help."""
        if found := _OF_ARGUMENT.fullmatch(message):
            names = found[1].split("/")
            given = {text.partition("=")[0] for text in self._typed}
            name = next((name for name in names if name in given), names[0])
            message = f"{name}: {found[2]}"
        message = message[:1].upper() + message[1:]
        mistake = UsageError(message if message.endswith((".", "?")) else f"{message}.")
        mistake.see = f"{self.prog} --help"
        raise mistake

    def format_help(self) -> str:
        """What the command does, its options, the exit statuses, and examples, in this order."""
        self._action_groups.sort(key=lambda group: group is self._optionals)  # what each command has comes last
        width = _width()
        statuses = "\n".join(
            textwrap.fill(meaning, width, initial_indent=f"  {status:<5}", subsequent_indent=" " * 7)
            for status, meaning in MEANINGS.items()
        )
        # argparse writes the usage first; what a command does is for people, and comes before it
        usage, does, rest = f"{super().format_help().rstrip()}\n\nExit status:\n{statuses}".split("\n\n", 2)
        examples = "\n\n".join(f"  {about}:\n    {example}" for about, example in self.examples)
        return f"{does}\n\n{usage}\n\n{rest}\n\nExamples:\n{examples}\n"


class Formatter(argparse.HelpFormatter):
    """Help of at most 100 columns, with options and their meaning side by side."""

    def __init__(self, prog: str, **more: Any) -> None:
        super().__init__(prog, max_help_position=30, width=_width(), **more)

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Write the usage, begun with a capital like the other headings."""
        super().add_usage(usage, actions, groups, "Usage: " if prefix is None else prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        """Break lines at spaces alone: a name with hyphens stays whole, so that it can be copied."""
        return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """Both names of an option, and its value once, as Python 3.13 writes them."""
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        return f"{', '.join(action.option_strings)} {self._format_args(action, action.dest.upper())}"

    def _format_action(self, action: argparse.Action) -> str:
        """The commands, without a line for what they are together."""
        if action.nargs != argparse.PARSER:
            return super()._format_action(action)
        return self._join_parts([self._format_action(each) for each in self._iter_indented_subactions(action)])


def _width() -> int:
    return min(_WIDTH, max(60, shutil.get_terminal_size((80, 24)).columns)) - 1


class Value(argparse.Action):
    """An option with a value. It converts and checks what was typed, and notes under which name it was.

    ``typed`` of the namespace has, for each destination, the flag as it was typed; ``notes`` has a sentence for each
    option that was given twice.
    """

    def __init__(
        self, option_strings: Any, dest: str, convert: Callable[[str, str], Any] | None = None, **more: Any
    ) -> None:
        super().__init__(option_strings, dest, **more)
        self.convert = convert

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: Any = None) -> None:
        """Store the value."""
        flag = option_string or str(self.metavar)
        typed, notes = vars(namespace).setdefault("typed", {}), vars(namespace).setdefault("notes", [])
        if self.dest in typed:
            notes.append(f"{flag} was given twice; the last one counts.")
        typed[self.dest] = flag
        try:
            setattr(namespace, self.dest, self.convert(flag, values) if self.convert else values)
        except UserError as error:
            parser.error(str(error))


def add_value(
    to: Any, *flags: str, convert: Callable[[str, str], Any] | None = None, default: str = "", **more: Any
) -> argparse.Action:
    """Add an option with a value to a parser or a group of options.

    ``convert(flag, text)`` returns the value, or raises UserError with the flag in its sentence. ``default`` is for the
    help: the value of an option that is not given is None.
    """
    if default:
        more["help"] = f"{more.get('help', '')} (default: {default})".strip()
    action: argparse.Action = to.add_argument(*flags, action=Value, convert=convert, **more)
    return action


def one_of(allowed: Sequence[str]) -> Callable[[str, str], str]:
    """A conversion that takes only some texts.

    Examples
    --------
    >>> one_of(["ewt", "gum"])("--treebank", "gun")
    Traceback (most recent call last):
    core.errors.UserError: --treebank is “gun”; allowed are ewt, gum. Did you mean gum?
    """

    def convert(flag: str, text: str) -> str:
        check_choice(flag, text, allowed)
        return text

    return convert


def whole_number(flag: str, text: str) -> int:
    """A conversion to a whole number.

    Examples
    --------
    >>> whole_number("--layer", "one")
    Traceback (most recent call last):
    core.errors.UserError: --layer is “one”; a whole number is expected.
    """
    try:
        return int(text)
    except ValueError:
        raise UserError(f"{flag} is {quoted(text)}; a whole number is expected.") from None


def number(flag: str, text: str) -> float:
    """A conversion to a number.

    Examples
    --------
    >>> number("--alpha", "0.05")
    0.05
    """
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{flag} is {quoted(text)}; a number is expected.") from None


def braces(allowed: Sequence[str]) -> str:
    """How the help shows the allowed values.

    Examples
    --------
    >>> braces(["ewt", "gum"])
    '{ewt,gum}'
    """
    return f"{{{','.join(allowed)}}}"
