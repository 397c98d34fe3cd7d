"""The options of a class server, from environment and arguments: our limits, and Streamlit's options."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from core.errors import UserError
from engine.limits import limits

MISUSED = 2  # the exit code for a wrong option or limit

# The defaults of a class server. Its environment may override them.
_ENVIRONMENT = {
    "GRAMMAR_NEURONS_MODELS": "bundled",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # a progress bar is not a log line
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # PyTorch's threads: one CPU core stays free for pages while a text is read.
    "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 2) - 1)),
}
_MESSAGE_MB = 4  # the largest of a page is a list of a megabyte for each class, and a text
_ADDRESS = "0.0.0.0"  # nosec B104 # a class server is for the class


def read(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Set the defaults in the environment, check the limits, and return Streamlit's options by flag name.

    A wrong value ends the process, with one sentence on standard error and exit code 2.
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
    if options["server_maxWidgetStateSize"] is None:
        options["server_maxWidgetStateSize"] = _MESSAGE_MB
    options["runner_postScriptGC"] = False  # server/streamlit_patches.py collects garbage periodically
    if options["server_enableWebsocketCompression"] is None:
        options["server_enableWebsocketCompression"] = True  # a first page's messages: a quarter of the bytes
    options["logger_enableRich"] = False  # it would print errors with their messages
    return options


def streamlit_options(arguments: Sequence[str]) -> dict[str, Any]:
    """Streamlit's options from flags, then from ``STREAMLIT_…`` variables, as ``streamlit run`` reads them.

    An option that is not set is None. Without this, only ``streamlit run`` reads the variables.
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
    if not isinstance(options, dict):  # --help has been printed
        raise SystemExit(0)
    return options
