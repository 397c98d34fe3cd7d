"""The warm start: before a server says that it is ready, it has done what the first page would have to wait for."""

from __future__ import annotations

import gc
import importlib
import logging
import threading
import time
from collections.abc import Callable

from core import metrics
from core.records import UserError
from server.logs import fields

_log = logging.getLogger(__name__)

WARMING_UP = "warming up"
READY = "ready"
STOPPING = "stopping"
REFUSED = "not ready: the model or the contrast that pages open with cannot be had; the log says why"
FAILED = "not ready: an error in the warm start; the log says where"
_RETRY_SECONDS = 60.0


# What Streamlit and plotly import when the first table or figure is drawn, which takes a second.
_DRAWN_WITH = ("pandas", "pyarrow", "core.figures")


def prepare() -> None:
    """Load the default model, and compute what both presets show of it, where pages will look for it."""
    from ui import cached
    from ui.settings import default_spec, preset

    spec = default_spec()
    for each in (spec, spec.changed(**preset("Notebook"))):
        cached.prepare(each)
    for name in _DRAWN_WITH:
        importlib.import_module(name)


class WarmStart:
    """The state of a server, from warming up to stopping; ``state`` is what ``/readyz`` answers.

    A warm start that fails is tried again every minute: a network or a mounted folder may come late. Meanwhile
    pages are served, and say themselves what is wrong.
    """

    def __init__(self, work: Callable[[], object] = prepare, retry_seconds: float = _RETRY_SECONDS) -> None:
        self.state = WARMING_UP
        self._work = work
        self._retry_seconds = retry_seconds
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether traffic should come here."""
        return self.state == READY

    def begin(self) -> None:
        """Start in the background."""
        threading.Thread(target=self._run, daemon=True, name="warm-start").start()

    def stop(self) -> None:
        """From now on, not ready: the server is about to end."""
        self._stop.set()
        self._become(STOPPING)

    def _run(self) -> None:
        while not self._attempt():
            if self._stop.wait(self._retry_seconds):
                return

    def _attempt(self) -> bool:
        started = time.monotonic()
        try:
            self._work()
        except UserError as error:
            # Its sentence is about the server's own settings: no user has been here.
            _log.error("warm start refused", extra=fields(reason=str(error), again_in=self._retry_seconds))
            self._become(REFUSED)
            return False
        except Exception:
            _log.exception("warm start failed", extra=fields(again_in=self._retry_seconds))
            self._become(FAILED)
            return False
        _spare_the_collector()
        self._become(READY)
        _log.info("ready", extra=fields(seconds=round(time.monotonic() - started, 2)))
        return True

    def _become(self, state: str) -> None:
        with self._lock:
            if self.state != STOPPING:
                self.state = state
            metrics.READY.set(self.ready)


def _spare_the_collector() -> None:
    """Take what is loaded now out of garbage collection.

    Streamlit collects after every run of a page; going through the libraries' objects takes it 0.3 s each time.
    """
    gc.collect()
    gc.freeze()
