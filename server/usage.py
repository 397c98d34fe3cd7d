"""What ``serve.py --help`` and ``--version`` print. It is made from the list of variables (``engine.variables``)."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator

from engine.limits import OPEN, variable
from engine.variables import VARIABLES

PORT, ADDRESS = "--port", "--address"
DEFAULT_PORT = 8501
DEFAULT_ADDRESS = "0.0.0.0"  # nosec B104 # a class server is for the class
_WIDEST, _INDENT = 100, 28


def program() -> str:
    """What the user has typed to run this: ``serve.py``, or the command that calls it."""
    return os.path.basename(sys.argv[0]) or "serve.py"


def version(*, libraries: bool = False) -> str:
    """What ``--version`` prints; with ``-v`` also the versions of the libraries that numbers come from."""
    from core.command_line.help import version_text  # late: the server needs no command line

    return version_text("Grammar Neurons", libraries=libraries)


def usage() -> str:
    """The text that ``--help`` prints, as wide as the terminal."""
    width = min(_WIDEST, max(60, shutil.get_terminal_size().columns))
    return "\n".join([*_head(width), *_options(width), *_foot(width)])


def _head(width: int) -> Iterator[str]:
    name = f"python {program()}" if program().endswith(".py") else program()
    yield f"Usage: {name} [OPTION]..."
    yield ""
    yield from textwrap.wrap(
        "Serve Grammar Neurons to a class. Students install nothing: they open the address that this prints.", width
    )
    yield ""
    yield from textwrap.wrap("After each option: what it means (what is allowed) [the default].", width)
    examples = (
        ("", f"the bundled model, on port {DEFAULT_PORT}"),
        ("--port 8600 --models bundled,EleutherAI/gpt-neo-125m", "two models, on another port"),
        ("--max-words 1000 --max-characters 5000", "for a small computer"),
    )
    yield ""
    yield "Examples:"
    for arguments, meaning in examples:
        yield f"  {name} {arguments}".rstrip()
        yield f"      {meaning}"


def _options(width: int) -> Iterator[str]:
    """The options by group, those that say who may open it first."""
    for group in dict.fromkeys((OPEN, *(each.group for each in VARIABLES))):
        yield ""
        yield f"{group}:"
        rows = [(f"{each.option} {each.value}", each) for each in VARIABLES if each.group == group]
        if group == OPEN:
            yield from _row(f"{PORT} N", f"the port (0 to 65,535; 0 is any free one) [{DEFAULT_PORT}]", width)
            where = f"where to listen (0.0.0.0 is all networks, localhost is this computer only) [{DEFAULT_ADDRESS}]"
            yield from _row(f"{ADDRESS} ADDRESS", where, width)
        for option, each in rows:
            yield from _row(option, f"{each.meaning} ({each.allowed}) [{each.default}]", width)


def _row(option: str, text: str, width: int) -> Iterator[str]:
    """One option: what it means, what is allowed, and the default."""
    if len(option) > _INDENT - 4:
        yield f"  {option}"
        option = ""
    lines = textwrap.wrap(text, width - _INDENT, break_on_hyphens=False, break_long_words=False)
    yield f"  {option:<{_INDENT - 2}}{lines[0]}"
    yield from (" " * _INDENT + line for line in lines[1:])


def _foot(width: int) -> Iterator[str]:
    example = next(each for each in VARIABLES if each.name == variable("max_words"))
    paragraphs = (
        f"Each option is also an environment variable: {example.option} is {example.name}, and so on. {PORT} and "
        f"{ADDRESS} are STREAMLIT_SERVER_PORT and STREAMLIT_SERVER_ADDRESS. An option is stronger than a variable.",
        "Every option of “streamlit run” works too, such as --server.baseUrlPath=/neurons: --help-streamlit lists "
        "them. -h, --help shows this text, --version the version.",
        "On a terminal, the server prints its address, then only warnings. Elsewhere it prints its log, one JSON "
        "object in each line.",
        "Exit codes: 0 it was stopped; 2 an option, a variable or the port cannot be used; 3 it ended before it could "
        "serve; 130 it was interrupted while it started. More: docs/reference/server.md.",
    )
    for paragraph in paragraphs:
        yield ""
        yield from textwrap.wrap(paragraph, width, break_on_hyphens=False)
