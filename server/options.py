"""What a class server's surroundings say: our limits, and Streamlit's options, with the defaults of a class server."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from core.limits import limits
from core.records import UserError

MISUSED = 2  # the exit code where the surroundings ask for what is not allowed

# What holds on a class server unless its environment says otherwise.
_ENVIRONMENT = {
    "GRAMMAR_NEURONS_MODELS": "bundled",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # a bar is no log line
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # PyTorch's threads: one processor stays for the pages while a text is read.
    "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 2) - 1)),
}
_ADDRESS = "0.0.0.0"  # nosec B104 # a class server is for the class


def read(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Set the environment's class defaults, check the limits, and return Streamlit's options by flag name.

    What asks for what is not allowed ends the process: one sentence on standard error, exit code 2.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        allowed = limits()
        options = streamlit_options(arguments)
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(MISUSED) from None
    if options["server_address"] is None:
        options["server_address"] = _ADDRESS
    options["server_maxUploadSize"] = allowed.max_upload_mb
    options["runner_postScriptGC"] = False  # server/amendments.py collects now and then
    options["logger_enableRich"] = False  # it prints errors by itself, with what they quote
    return options


def streamlit_options(arguments: Sequence[str]) -> dict[str, Any]:
    """Streamlit's options as ``streamlit run`` reads them: flags, then ``STREAMLIT_…`` variables; None where unset.

    Without this, an app that is not started by ``streamlit run`` gets what config.toml says, and no variables.
    """
    import click
    from streamlit.web.cli import configurator_options

    @click.command(context_settings={"max_content_width": 120})
    @configurator_options
    def command(**options: Any) -> dict[str, Any]:
        return options

    try:
        options = command.main(list(arguments), prog_name="serve.py", standalone_mode=False)
    except click.ClickException as error:
        raise UserError(error.format_message()) from error
    if not isinstance(options, dict):  # --help was asked for, and given
        raise SystemExit(0)
    return options
