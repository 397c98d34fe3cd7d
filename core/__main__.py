"""The experiment without a browser, as commands: contrast, text, evidence, verify, check, download, repair,
board.

``main`` runs a command; ``parser`` has all commands and options, for documents that are generated from them.
"""

# Only this module of core imports the engine. It hands this computer's folders and limits to the commands.

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import NoReturn

from core.command_line import board, check, contrast, download, evidence, text
from core.command_line import help as help_command
from core.command_line.files import files_written
from core.command_line.inputs import check_stdin, files_read
from core.command_line.output import STDOUT, Output, show_error
from core.command_line.parser import Parser
from core.command_line.status import (
    DONE,
    INTERRUPTED,
    PIPE_CLOSED,
    REFUSED,
    USAGE,
    UsageError,
    advised,
    status_of,
    typed,
)
from core.console import print_anything
from core.errors import UserError
from core.models.hub import canonical
from core.program import COMMAND

_QUIET = ("-q", "--quiet")


def main(arguments: Sequence[str] | None = None, prog: str = COMMAND, further: Sequence[str] = ()) -> int:
    """Run one command. Return the exit status.

    After a mistake, there is one sentence on stderr, and perhaps the command that tells more. The statuses are those of
    ``core.command_line.status.MEANINGS``: 0 done, 1 refused by data, 2 a wrong command, 3 no network, 130 after Ctrl+C.

    Parameters
    ----------
    arguments : sequence of str, optional
        What was typed after the program's name; by default, that of this process.
    prog : str
        The program's name in help and advice.
    further : sequence of str
        Commands that the program has beside these: a sentence about a command that does not exist names them, too.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(arguments, parser(prog, further))
    except UserError as error:
        show_error(advised(error), getattr(error, "see", ""))
        return status_of(error)
    except BrokenPipeError:  # its reader has seen enough, as in: contrast --csv - | head
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - Python flushes it at its end
        return PIPE_CLOSED
    except OSError as error:
        show_error(f"{error.filename or 'a file'}: {error.strerror}.")
        return REFUSED
    except KeyboardInterrupt:
        fetching = {"download", "repair"} & set(arguments)
        kept = ": files that have arrived whole are kept, and the same command fetches the rest" if fetching else ""
        print(f"\nStopped{kept}.", file=sys.stderr)
        return INTERRUPTED


def parser(prog: str = COMMAND, further: Sequence[str] = ()) -> Parser:
    """The parser of all commands, for documents that are generated from it.

    ``core.command_line.help.parsers_of`` has the ``Parser`` of each command. ``prog`` and ``further`` are as in
    ``main``.

    Examples
    --------
    >>> print(parser("grammar-neurons").format_help().splitlines()[2])
    Usage: grammar-neurons COMMAND [OPTIONS]
    """
    everything = Parser(
        prog=prog,
        does=help_command.DOES,
        usage="%(prog)s COMMAND [OPTIONS]",
        examples=help_command.EXAMPLES,
        further=further,
    )
    everything.add_program_options()
    commands = everything.add_subparsers(
        required=True,
        metavar="COMMAND",
        title="Commands",
        prog=prog,
        parser_class=partial(Parser, program=prog),  # type: ignore[call-overload] # argparse only calls it
    )
    for module in (contrast, text, evidence, check, download, board, help_command):
        module.add(commands)
    return everything


def _run(arguments: list[str], commands: Parser) -> int:
    if help_command.answers(arguments, commands):
        return DONE
    if set(arguments) <= {*_QUIET}:
        print(help_command.brief(commands), file=sys.stderr)
        return USAGE
    options = _parsed(arguments, commands)
    from engine import board as class_board  # late: --help and a wrong option need none of them
    from engine import folders, limits, variables

    with typed():
        variables.check(os.environ)
    options.folders, options.limits, options.board = folders, limits, class_board  # of this computer
    try:
        status: int = options.command(options) or DONE
        sys.stdout.flush()  # here, where a closed pipe is understood
    finally:
        options.output.clear_line()
    return status


def _parsed(arguments: list[str], commands: Parser) -> argparse.Namespace:
    """The options of a command; UsageError if there is no such command, or they are not its options."""
    n_quiet = next(i for i, text in enumerate(arguments) if text not in _QUIET)
    arguments = [*arguments[n_quiet:], *arguments[:n_quiet]]  # --quiet may stand before the command, too
    help_command.check_command(arguments[0], commands)
    options, unknown = commands.parse_known_args(arguments)
    if unknown:  # options are known by now
        mistake = UsageError(f"{arguments[0]} takes no argument “{unknown[0]}”: is an option before it missing?")
        mistake.see = f"{commands.prog} {arguments[0]} --help"
        raise mistake
    options.output = Output(quiet=options.quiet, result_on_stdout=STDOUT in files_written(options))
    check_stdin(files_read(options))
    if vars(options).get("model"):
        options.model = canonical(options.model)
    for note in vars(options).get("notes", []):
        options.output.note(note)
    return options


def run(arguments: Sequence[str] | None = None, prog: str = COMMAND, further: Sequence[str] = ()) -> NoReturn:
    """Run one command as ``main`` does, and end the process with its exit status: for entry points."""
    print_anything()
    status = main(arguments, prog, further)
    if status == INTERRUPTED:
        sys.stderr.flush()
        os._exit(status)  # without a wait for the threads of the hub's library, which may hang with the network
    sys.exit(status)


if __name__ == "__main__":
    run()
