"""The warm start: the work that the first page would otherwise wait for. It is done before the server is ready."""

from __future__ import annotations

import gc
import importlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from core.errors import UserError
from engine import metrics
from server.logs import fields

_log = logging.getLogger(__name__)

WARMING_UP = "warming up"
READY = "ready"
STOPPING = "stopping"
REFUSED = "not ready: the model or the contrast that pages open with cannot be had; the log says why"
FAILED = "not ready: an error in the warm start; the log says where"
_RETRY_SECONDS = 60.0


# Modules that Streamlit and plotly import for the first table or figure. This takes a second.
_DRAWING_MODULES = ("pandas", "pyarrow", "core.report.figures")


def prepare() -> None:
    """Load the default model, and compute the results that pages open with, so that they find them in the cache."""
    from engine import steps
    from ui import class_settings

    with ThreadPoolExecutor(1) as pool:  # while the model reads words, which leaves this thread's processor idle
        drawing = pool.map(importlib.import_module, _DRAWING_MODULES)
        steps.prepare(class_settings.spec())
        list(drawing)


def prepare_more() -> None:
    """Compute the results of the notebook preset, for which a word list may have to be downloaded."""
    from engine import steps
    from ui import class_settings
    from ui.defaults import preset

    steps.prepare(class_settings.spec().changed(**preset("Notebook")))


class WarmStart:
    """The state of a server, from warming up to stopping. ``/readyz`` returns ``state``.

    A failed warm start is repeated every minute: a network or a mounted folder may become available later. Meanwhile,
    pages are served, and show what is wrong.
    """

    def __init__(self, work: Callable[[], object] = prepare, retry_seconds: float = _RETRY_SECONDS) -> None:
        self.state = WARMING_UP
        self._work = work
        self._retry_seconds = retry_seconds
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether the server should get requests."""
        return self.state == READY

    def begin(self, *more: Callable[[], object]) -> None:
        """Start in the background. ``more`` is done when the server is ready, once, whatever comes of it."""
        threading.Thread(target=self._run, args=more, daemon=True, name="warm-start").start()

    def stop(self) -> None:
        """Become not ready, because the server is shutting down."""
        self._stop.set()
        self._become(STOPPING)

    def _run(self, *more: Callable[[], object]) -> None:
        while not self._attempt():
            if self._stop.wait(self._retry_seconds):
                return
        for work in more:
            if self._stop.is_set():
                return
            try:
                work()
            except UserError as error:
                _log.warning("work after ready refused", extra=fields(reason=str(error)))
            except Exception:
                _log.exception("work after ready failed")
        _log.info("work after ready ended")

    def _attempt(self) -> bool:
        started = time.monotonic()
        try:
            self._work()
        except UserError as error:
            # The sentence may be logged: it is about the server's settings, and no user has connected yet.
            _log.error("warm start refused", extra=fields(reason=str(error), again_in=self._retry_seconds))
            self._become(REFUSED)
            return False
        except Exception:
            _log.exception("warm start failed", extra=fields(again_in=self._retry_seconds))
            self._become(FAILED)
            return False
        _freeze_loaded_objects()
        self._become(READY)
        _log.info("ready", extra=fields(seconds=round(time.monotonic() - started, 2)))
        return True

    def _become(self, state: str) -> None:
        with self._lock:
            if self.state != STOPPING:
                self.state = state
            metrics.READY.set(self.ready)


def _freeze_loaded_objects() -> None:
    """Exclude all current objects from garbage collection.

    A collection would visit all objects of the libraries, which takes 0.3 s each time.
    """
    gc.collect()
    gc.freeze()
