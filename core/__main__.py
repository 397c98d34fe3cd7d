"""The experiment without a browser, as commands: contrast, text, evidence, verify, check, download, repair."""

# Only this module of core imports the engine. It hands this computer's folders and limits to the commands.

from __future__ import annotations

import argparse
import os
import sys

from core.command_line import check, contrast, download, evidence, text
from core.console import print_anything
from core.errors import UserError
from core.models.hub import canonical

_INTERRUPTED = 130  # the exit status of shells for Ctrl-C


def main(arguments: list[str] | None = None, prog: str = "python -m core") -> int:
    """Run one command. Return the exit status. ``prog`` is the name that the help has for the program.

    2, after one sentence on stderr, for a user's mistake; 130 after Ctrl-C; 1 if ``check`` or ``verify`` finds other
    values.
    """
    options = _parser(prog).parse_args(arguments)
    from engine import folders, limits  # late: --help and a wrong option need neither

    options.folders, options.limits = folders, limits  # of this computer
    if vars(options).get("model"):
        options.model = canonical(options.model)
    try:
        return options.command(options) or 0
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        fetching = options.command in (download.download, download.repair)
        kept = ": files that have arrived whole are kept, and the same command fetches the rest" if fetching else ""
        print(f"\nStopped{kept}.", file=sys.stderr)
        return _INTERRUPTED


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in (contrast, text, evidence, check, download):
        module.add(commands)
    return parser


if __name__ == "__main__":
    print_anything()
    status = main()
    if status == _INTERRUPTED:
        sys.stderr.flush()
        os._exit(status)  # without a wait for the threads of the hub's library, which may hang with the network
    sys.exit(status)
