"""The time from the start of a process to the first chart in a browser, and the share of imports in it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.inputs import ROOT
from benchmarks.machine import installed
from benchmarks.options import Options
from benchmarks.table import Section, markdown
from benchmarks.timing import Times, number, say, take_turns

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_CHART = ".st-key-neurons_plot .js-plotly-plot .scatterlayer .point"
_SECONDS = 120
_IMPORTS = {
    "nothing": "pass",
    "`streamlit`": "import streamlit",
    "`plotly.graph_objects`": "import plotly.graph_objects",
    "`scipy.stats`": "import scipy.stats",
    "`torch`": "import torch",
    "the bundled model's loader, with `torch`": "import core.models.load_bundled",
    "the loader of all other models, with `transformers`": "import core.models.load_transformers",
    "what a page imports": "import ui.shell; from ui.panels import home, one_neuron, scatter, text_heatmap, words",
}


def section(options: Options) -> Section:
    """Both tables. Without a usable browser, one row says so."""
    rounds = options.pick(3, 1)
    say("Start: imports")
    imports = take_turns({name: partial(_python, code) for name, code in _IMPORTS.items()}, rounds)
    bare = imports["nothing"].median
    rows = [
        (name, number(t.median), t.spread, number(t.median - bare) if name != "nothing" else "")
        for name, t in imports.items()
    ]
    header = ("an interpreter that imports", "median, s", "min–max, s", "beyond nothing, s")
    parts = (_INTRODUCTION, _charts(rounds), _IMPORTED, markdown(header, rows))
    return Section("start", "Start", parts)


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def _charts(rounds: int) -> str:
    header = ("what", "median, s", "min–max, s", "cold takes")
    browser = next((path for name in _CHROMIUM if (path := shutil.which(name))), None)
    if browser is None or installed("playwright") is None:
        return markdown(header, [("not measured: it needs Chromium and Playwright (requirements-dev.txt)", "", "", "")])
    taken: dict[str, list[float]] = {"cold": [], "warm": [], "tab": []}
    for turn in range(rounds):
        say(f"Start: round {turn + 1}, cold and warm")
        with tempfile.TemporaryDirectory() as cache, _page_maker(browser) as new_page:
            with _app(Path(cache)) as url:
                taken["cold"].append(_first_chart(new_page(), url, time.perf_counter() - _app_started[0]))
            with _app(Path(cache)) as url:
                taken["warm"].append(_first_chart(new_page(), url, time.perf_counter() - _app_started[0]))
                taken["tab"].append(_first_chart(new_page(), url, 0.0))
    times = {name: Times(tuple(seconds)) for name, seconds in taken.items()}
    cold = times["cold"].median
    names = {
        "cold": "cold: a new process, nothing on disk",
        "warm": "warm: a new process, activations on disk",
        "tab": "a new browser at the running server",
    }
    rows = [
        (names[key], number(t.median), t.spread, "" if key == "cold" else f"{number(cold / t.median)}×")
        for key, t in times.items()
    ]
    return markdown(header, rows)


_app_started = [0.0]  # when the last server was started, by time.perf_counter


@contextmanager
def _page_maker(browser: str) -> Iterator[Callable[[], Any]]:
    """A running browser: a function that opens a new page without any stored state."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield lambda: running.new_context(viewport={"width": 1440, "height": 900}).new_page()
        finally:
            running.close()


def _first_chart(page: Any, url: str, so_far: float) -> float:
    """Seconds until the Neurons page shows the points of its plot, those before this call included."""
    start = time.perf_counter()
    page.goto(f"{url}/Neurons")
    page.locator(_CHART).first.wait_for(timeout=_SECONDS * 1000)
    return so_far + time.perf_counter() - start


@contextmanager
def _app(cache: Path) -> Iterator[str]:
    """The app on a free port, with its cache in a folder and no network; its address, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    offline = {"GRAMMAR_NEURONS_CACHE": str(cache), "GRAMMAR_NEURONS_WORDLISTS_URL": "http://127.0.0.1:9/"}
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *options, "--browser.gatherUsageStats=false"]
    _app_started[0] = time.perf_counter()
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **offline, "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(health: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=2):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("The app's server ended, or did not answer in time.")


_INTRODUCTION = (
    "From the start of the app's process to the points of the first plot on the Neurons page, in a Chromium that is "
    "running already, on the bundled model and its bundled words. The system's own cache of files is warm throughout."
)
_IMPORTED = (
    "What of that is imports, each in a fresh interpreter. Pages import neither torch nor transformers: the model's "
    "loader does, in a thread, while the page already stands; and the bundled model's needs no transformers."
)
