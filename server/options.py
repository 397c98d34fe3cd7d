"""The options of a class server, from arguments and environment: our own, and Streamlit's."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import UserError, did_you_mean
from core.nearest import CLOSER
from engine.limits import limits, variable
from engine.variables import SYNONYMS, VARIABLES, check
from server.usage import ADDRESS, DEFAULT_ADDRESS, PORT, program, usage, version

MISUSED = 2  # the exit code for a wrong option or limit
MOST_PORTS = 65_535

# The defaults of a class server. Its environment may override them.
_ENVIRONMENT = {
    "GRAMMAR_NEURONS_MODELS": "bundled",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # a progress bar is not a log line
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # PyTorch's threads: one CPU core stays free for pages while a text is read.
    "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 2) - 1)),
}
_MESSAGE_MB = 4  # the largest of a page is a list of a megabyte for each class, and a text
# Streamlit's options that a class server sets itself, and what to use instead.
_OURS_TO_SET = {
    "server_maxUploadSize": ("server.maxUploadSize", "--max-upload-mb sets it"),
    "runner_postScriptGC": ("runner.postScriptGC", "a class server collects garbage in its own way"),
    "logger_enableRich": ("logger.enableRich", "a class server has its own log"),
}


def read(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Set the variables of our options, check them, and return Streamlit's options by flag name.

    A wrong value ends the process, with one sentence on standard error and exit code 2; ``--help``, ``--version`` and
    ``--help-streamlit`` print, and end it with exit code 0.
    """
    if {"-h", "--help"} & set(arguments):
        print(usage())
        raise SystemExit(0)
    if "--version" in arguments:
        print(version(libraries=bool({"-v", "--verbose"} & set(arguments))))
        raise SystemExit(0)
    try:
        options = _options(arguments)
        allowed = limits()
        _check_class_file()
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(MISUSED) from None
    if options["server_address"] is None:
        options["server_address"] = DEFAULT_ADDRESS
    options["server_maxUploadSize"] = allowed.max_upload_mb
    if options["server_maxWidgetStateSize"] is None:
        options["server_maxWidgetStateSize"] = _MESSAGE_MB
    options["runner_postScriptGC"] = False  # server/streamlit_patches.py collects garbage periodically
    if options["server_enableWebsocketCompression"] is None:
        options["server_enableWebsocketCompression"] = True  # a first page's messages: a quarter of the bytes
    options["logger_enableRich"] = False  # it would print errors with their messages
    return options


def _options(arguments: Sequence[str]) -> dict[str, Any]:
    """Streamlit's options; what the arguments say of ours goes into the environment, before its variables."""
    given, options = _parse(arguments)
    for each in VARIABLES:
        if each.option in given:
            if not given[each.option].strip():
                raise UserError(f"{each.option} is empty; allowed: {each.allowed}.")
            each.check(each.option, given[each.option].strip())
            os.environ[each.name] = given[each.option]
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    check(os.environ)
    for name, (flag, reason) in _OURS_TO_SET.items():
        if options[name] is not None:
            raise UserError(f"Streamlit's option {flag} cannot be set here: {reason}.")
    if ADDRESS in given:
        options["server_address"] = given[ADDRESS]
    if PORT in given:
        options["server_port"] = _port(PORT, given[PORT])
    elif options["server_port"] is not None:
        _port("server.port", str(options["server_port"]))
    return options


def _check_class_file() -> None:
    """Read the class file, if there is one: a mistake in it is found here, before the server listens."""
    if os.environ.get(variable("class_file"), "").strip():
        from ui import class_settings  # late: without such a file, --help and a wrong option need no Streamlit

        class_settings.check()


def _port(said: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= MOST_PORTS):
        raise UserError(f"{said} is “{text[:80]}”; a whole number from 0 to {MOST_PORTS:,} is allowed.")
    return int(text)


def _parse(arguments: Sequence[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Our options that the arguments name, by option; and Streamlit's, by flag name, as ``streamlit run`` reads them.

    Streamlit's come from the arguments, then from ``STREAMLIT_…`` variables. One that is not set is None. Without this,
    only ``streamlit run`` reads the variables.
    """
    import click
    from click.core import ParameterSource
    from streamlit.web.cli import configurator_options

    names = {each: each.strip("-").replace("-", "_") for each in (PORT, ADDRESS, *(one.option for one in VARIABLES))}
    ours = [click.Option([option, name], multiple=True, hidden=True) for option, name in names.items()]

    @click.command(context_settings={"max_content_width": 120, "help_option_names": ["--help-streamlit"]})
    @configurator_options
    @click.pass_context
    def command(context: click.Context, **options: Any) -> dict[str, Any]:
        typed = [name for name in options if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
        return {"values": options, "typed": typed}

    streamlits = {parameter.name: parameter for parameter in command.params}
    command.params += [*ours, click.Argument(["rest"], nargs=-1)]
    try:
        parsed = command.main(list(arguments), prog_name=program(), standalone_mode=False)
    except click.NoSuchOption as error:
        flags = [flag for parameter in streamlits.values() for flag in parameter.opts]
        raise UserError(_no_such_option(error.option_name, list(names), flags)) from None
    except click.ClickException as error:
        raise UserError(error.format_message()) from error
    if not isinstance(parsed, dict):  # --help-streamlit has been printed
        raise SystemExit(0)
    values, typed = parsed["values"], parsed["typed"]
    given = {option: _once(option, values.pop(name)) for option, name in names.items() if values[name]}
    for option, name in ((PORT, "server_port"), (ADDRESS, "server_address")):
        if option in given and name in typed:
            raise UserError(f"{option} and {streamlits[name].opts[0]} say the same thing; use one of them.")
    if rest := values.pop("rest"):
        raise UserError(f"{program()} takes only options, such as {PORT} 8600; got “{rest[0][:80]}”.")
    _check_streamlits(os.environ, [str(parameter.envvar) for parameter in streamlits.values()])
    return given, {name: values.get(name) for name in streamlits if name in values}


def _once(option: str, values: Sequence[str]) -> str:
    if len(values) > 1:
        raise UserError(f"{option} was given {len(values)} times; give it once.")
    return values[0]


def _no_such_option(name: str, ours: Sequence[str], streamlits: Sequence[str]) -> str:
    """A sentence with the option that was probably meant: one of ours, else one of Streamlit's."""
    synonyms = {f"{'-' if len(said) == 1 else '--'}{said}": f"--{meant}" for said, meant in SYNONYMS.items()}
    near = did_you_mean(name, (*ours, "--help", "--version"), CLOSER, synonyms=synonyms)
    near = near or did_you_mean(name, streamlits, CLOSER)
    beginning = [option for option in ours if option.startswith(name)]
    if not near and len(name) > 2 and len(beginning) == 1:
        near = did_you_mean(name, beginning, close=0)
    return f"{name[:80]} is no option of {program()}.{near or f' {program()} --help lists the options.'}"


def _check_streamlits(environment: Mapping[str, str], known: Sequence[str]) -> None:
    """Refuse a variable that is nearly one of Streamlit's. Others belong to whoever hosts this."""
    for name in environment:
        if name.startswith("STREAMLIT_") and name not in known and (near := did_you_mean(name, known, close=0.9)):
            raise UserError(f"{name[:80]} is no variable of Streamlit.{near}")
