"""The time from the start of a process to the first chart in a browser, and the share of imports in it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.browser import CHART, NOT_MEASURED, SECONDS, app, context_maker, find_browser, offline
from benchmarks.inputs import ROOT
from benchmarks.options import Options
from benchmarks.table import Mark, Section, markdown
from benchmarks.timing import Times, number, say, take_turns
from benchmarks.watch import serve

_IMPORTS = {
    "nothing": "pass",
    "`streamlit`": "import streamlit",
    "`plotly.graph_objects`": "import plotly.graph_objects",
    "`scipy.stats`": "import scipy.stats",
    "`torch`": "import torch",
    "the bundled model's loader, with `torch`": "import core.models.load_bundled",
    "the loader of all other models, with `transformers`": "import core.models.load_transformers",
    "what a page imports": "import ui.shell, ui.panels.text_heatmap, ui.panels.words_image; "
    "from ui.panels import home, one_neuron, scatter",
}

# The rows of the first table, and their marks in seconds.
_BOUNDS = {
    "cold: a new process, nothing on disk": 4.5,
    "warm: a new process, activations on disk": None,
    "a new browser at the running server": None,
    "the class server (`serve.py`), until it is ready; nothing on disk": 2.5,
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
    starts, marks = _starts(rounds)
    parts = (_INTRODUCTION, starts, _IMPORTED, markdown(header, rows))
    return Section("start", "Start", parts, marks)


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def _starts(rounds: int) -> tuple[str, tuple[Mark, ...]]:
    """The table of the starts, and the marks."""
    header = ("what", "median, s", "min–max, s", "mark")
    browser = find_browser()
    if browser is None:
        return markdown(header, [(NOT_MEASURED, "", "", "")]), ()
    taken: dict[str, list[float]] = {name: [] for name in _BOUNDS}
    for turn in range(rounds):
        say(f"Start: round {turn + 1}")
        for name, seconds in _round(browser).items():
            taken[name].append(seconds)
    times = {name: Times(tuple(seconds)) for name, seconds in taken.items()}
    marks = {name: Mark(name, times[name].median, bound, " s", least=False) for name, bound in _BOUNDS.items() if bound}
    rows = [(name, number(t.median), t.spread, str(marks.get(name, ""))) for name, t in times.items()]
    return markdown(header, rows), tuple(marks.values())


def _round(browser: str) -> dict[str, float]:
    """Seconds of each kind of start, once."""
    with tempfile.TemporaryDirectory() as cache, context_maker(browser) as new_context:
        with app(Path(cache)) as (url, started):
            cold = _first_chart(new_context().new_page(), url, started)
        with app(Path(cache)) as (url, started):
            warm = _first_chart(new_context().new_page(), url, started)
            tab = _first_chart(new_context().new_page(), url, time.perf_counter())
    with tempfile.TemporaryDirectory() as cache:
        began = time.perf_counter()
        with serve(SECONDS, False, **offline(Path(cache))):
            ready = time.perf_counter() - began
    return dict(zip(_BOUNDS, (cold, warm, tab, ready), strict=True))


def _first_chart(page: Any, url: str, started: float) -> float:
    """Seconds from a moment by ``time.perf_counter`` until the Neurons page shows the points of its plot."""
    page.goto(f"{url}/Neurons")
    page.locator(CHART).first.wait_for(timeout=SECONDS * 1000)
    return time.perf_counter() - started


_INTRODUCTION = (
    "From the start of the app's process to the points of the first plot on the Neurons page, in a Chromium that is "
    "running already, on the bundled model and its bundled words; for the class server until `/readyz` says so. The "
    "system's own cache of files is warm throughout."
)
_IMPORTED = (
    "What of that is imports, each in a fresh interpreter. Pages import neither torch nor transformers: the model's "
    "loader does, in a thread, while the page already stands; and the bundled model's needs no transformers."
)
