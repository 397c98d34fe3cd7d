"""A Chromium for the sections that need one, the app on a free port, and what a page received over the network."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.inputs import ROOT
from benchmarks.machine import installed
from benchmarks.watch import free_port

CHART = ".st-key-neurons_plot .js-plotly-plot .scatterlayer .point"
SECONDS = 120  # how long a server or a page may take
NOT_MEASURED = "not measured: it needs Chromium and Playwright (requirements-dev.txt)"
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")


def offline(cache: Path) -> dict[str, str]:
    """The environment of a server without a network, and with its cache in a folder."""
    return {
        "GRAMMAR_NEURONS_CACHE": str(cache),
        "GRAMMAR_NEURONS_WORDLISTS_URL": "http://127.0.0.1:9/",
        "HF_HUB_OFFLINE": "1",
    }


def find_browser() -> str | None:
    """The path of an installed Chromium; None where it or Playwright is missing."""
    if installed("playwright") is None:
        return None
    return next((path for name in _CHROMIUM if (path := shutil.which(name))), None)


@contextmanager
def context_maker(browser: str) -> Iterator[Callable[[], Any]]:
    """A running browser: a function that makes a new context, which shares no cache and no state with another."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield lambda: running.new_context(viewport={"width": 1440, "height": 900})
        finally:
            running.close()


class Received:
    """What one page receives from now on: requests that were not answered from its cache, and bytes.

    Bytes of a websocket are those of its messages as the page gets them, before any compression on the way.
    """

    def __init__(self, session: Any) -> None:
        self.requests = self.http_bytes = self.frames = self.frame_bytes = 0
        self._from_cache: set[str] = set()
        session.send("Network.enable")
        session.on("Network.responseReceived", self._answer)
        session.on("Network.requestServedFromCache", lambda event: self._from_cache.add(event["requestId"]))
        session.on("Network.loadingFinished", self._finished)
        session.on("Network.webSocketFrameReceived", self._frame)

    def _answer(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        cached = answer.get("fromDiskCache") or event["requestId"] in self._from_cache
        self.requests += answer["url"].startswith("http") and not cached

    def _finished(self, event: dict[str, Any]) -> None:
        self.http_bytes += int(event["encodedDataLength"])

    def _frame(self, event: dict[str, Any]) -> None:
        payload, binary = event["response"]["payloadData"], event["response"]["opcode"] == 2
        self.frames += 1
        self.frame_bytes += len(base64.b64decode(payload) if binary else payload.encode())


@contextmanager
def app(cache: Path, script: str = "app.py") -> Iterator[tuple[str, float]]:
    """``streamlit run`` of a script on a free port, with its cache in a folder and no network.

    Yields its address, once it answers, and when it was started, by ``time.perf_counter``.
    """
    port = free_port()
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    command = [sys.executable, "-m", "streamlit", "run", script, *options, "--browser.gatherUsageStats=false"]
    started = time.perf_counter()
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **offline(cache), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}", started
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(health: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=2):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("The app's server ended, or did not answer in time.")
