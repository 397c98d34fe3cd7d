"""A server whose app and warm start go wrong in every way that might tell what a user wrote."""

from __future__ import annotations

import time
from urllib.parse import quote

from tests.support.class_server import SECONDS

SECRET = "Zanzibar-Quokka-Ünïcode"
SECRETS = (SECRET, quote(SECRET), SECRET.lower())


# A server whose app and warm start go wrong in every way that might tell what a user wrote.
TROUBLED_APP = """
import logging, threading, time, warnings
import streamlit as st

written = st.query_params.get("written", "")
if st.query_params.get("busy"):
    import numpy as np
    def work():
        rows = np.random.default_rng(0).random((1500, 1500))
        while True:
            rows = rows @ rows / 1500
    threading.Thread(target=work, daemon=True, name="job").start()
    st.stop()

logging.getLogger("some.library").warning(f"Could not read {written}")
logging.getLogger("some.library").warning("Could not read %s", written)
logging.getLogger("some.library").warning("Read %d of %d", 3, 7)
logging.getLogger("some.library").info("of no interest")
warnings.warn(written)

def fail():
    raise OSError(written)

thread = threading.Thread(target=fail)
thread.start()
thread.join()
try:
    raise KeyError(written)
except KeyError as error:
    raise ValueError(f"cannot take {written}") from error
"""
TROUBLED_SERVER = """
import sys
from pathlib import Path
from server import logs

logs.configure()

from core.errors import UserError
from server import options
from server.application import Application
from server.listening import serve_and_exit
from server.warm_start import WarmStart

def refuse():
    raise UserError("The folder “/srv/models/bird” holds no model.")

serve_and_exit(Application(Path(sys.argv[1]), options.read(), WarmStart(refuse)))
"""


def until(true, evidence):
    """Wait until something is true; ``evidence`` gives what the message shows if it never is."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, evidence()
        time.sleep(0.02)
