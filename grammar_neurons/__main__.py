"""The command ``grammar-neurons``: the commands of ``core``, and two that start the app and the class server.

    grammar-neurons app                          # the app, on this computer
    grammar-neurons serve                        # the class server
    grammar-neurons contrast --preset careful    # and all other commands of `python -m core`

It runs from any folder. In a checkout, ``python -m grammar_neurons`` is the same command.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from typing import NoReturn

from grammar_neurons import HOME

NAME = "grammar-neurons"
_HELP = f"""\
Start the app:
  {NAME} app            on this computer, at http://localhost:8501
  {NAME} serve          the class server, for other computers in the network

Without a browser:
"""


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command, by default that of the command line, and end the process with its exit status."""
    given = (sys.argv[1:] if arguments is None else list(arguments)) or ["help"]
    words = [text for text in given if not text.startswith("-")]
    if words[:1] == ["help"] and words[1:] and words[1] in _STARTS:
        sys.exit(_STARTS[words[1]](["--help"]))
    if words and words[0] in _STARTS:
        given.remove(words[0])
        sys.exit(_STARTS[words[0]](given))
    if given in (["help"], ["--help"], ["-h"]):
        print(_HELP)
    from core.__main__ import run as run_of_core

    run_of_core(given, NAME, further=tuple(_STARTS))


def _app(arguments: Sequence[str]) -> int:
    """Run the app as ``streamlit run`` does. Streamlit reads the settings in ``HOME``/.streamlit, from any folder."""
    name = f"{NAME} app"
    if "--version" in arguments:
        from core.version import version_line

        print(version_line(NAME))
        return 0
    parser = argparse.ArgumentParser(
        prog=name,
        usage="%(prog)s [-h] [--version] [--port PORT] [STREAMLIT OPTIONS]",
        description="Start the app on this computer. Ctrl+C stops it.",
        epilog=f"Other options go to Streamlit: `streamlit run --help` lists them. For a class: {NAME} serve.",
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=int, help="the port on this computer (default: 8501, or the next that is free)")
    parser.add_argument("--version", action="store_true", help="show the version")
    own, others = parser.parse_known_args(arguments)
    if own.port is not None:
        if not 0 < own.port < 2**16:
            parser.error(f"argument --port: got {own.port}; 1 to 65535 are allowed")
        others = [f"--server.port={own.port}", *others]
    from streamlit.web.cli import main_run as streamlit

    from core.command_line.output import show_error
    from core.command_line.status import USAGE
    from core.errors import did_you_mean

    known = ["--port", "--version", "--help", *(flag for each in streamlit.params for flag in each.opts)]
    for text in itertools.takewhile(lambda text: text != "--", others):
        if (flag := text.partition("=")[0]).startswith("-") and flag not in known:
            show_error(f"There is no option {flag}.{did_you_mean(flag, known)}", see=f"{name} --help")
            return USAGE
    return int(streamlit([str(HOME / "app.py"), *others], prog_name=name) or 0)


def _serve(arguments: Sequence[str]) -> int:
    """Run serve.py with these arguments, as ``python serve.py`` does. It ends the process by itself."""
    sys.argv[:] = [f"{NAME} serve", *arguments]  # its help begins with the first
    loader = SourceFileLoader("__main__", str(HOME / "serve.py"))
    spec = ModuleSpec("__main__", loader, origin=loader.path)
    spec.has_location = True  # so that it has a __file__
    loader.exec_module(module_from_spec(spec))
    return 0


_STARTS = {"app": _app, "serve": _serve}


if __name__ == "__main__":
    run()
