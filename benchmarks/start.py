"""The time from the start of a process to the first chart in a browser, and the share of imports in it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.browser import CHART, NOT_MEASURED, SECONDS, app, context_maker, find_browser
from benchmarks.inputs import ROOT
from benchmarks.options import Options
from benchmarks.table import Section, markdown
from benchmarks.timing import Times, number, say, take_turns

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
    browser = find_browser()
    if browser is None:
        return markdown(header, [(NOT_MEASURED, "", "", "")])
    taken: dict[str, list[float]] = {"cold": [], "warm": [], "tab": []}
    for turn in range(rounds):
        say(f"Start: round {turn + 1}, cold and warm")
        with tempfile.TemporaryDirectory() as cache, context_maker(browser) as new_context:
            with app(Path(cache)) as (url, started):
                taken["cold"].append(_first_chart(new_context().new_page(), url, started))
            with app(Path(cache)) as (url, started):
                taken["warm"].append(_first_chart(new_context().new_page(), url, started))
                taken["tab"].append(_first_chart(new_context().new_page(), url, time.perf_counter()))
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


def _first_chart(page: Any, url: str, started: float) -> float:
    """Seconds from a moment by ``time.perf_counter`` until the Neurons page shows the points of its plot."""
    page.goto(f"{url}/Neurons")
    page.locator(CHART).first.wait_for(timeout=SECONDS * 1000)
    return time.perf_counter() - started


_INTRODUCTION = (
    "From the start of the app's process to the points of the first plot on the Neurons page, in a Chromium that is "
    "running already, on the bundled model and its bundled words. The system's own cache of files is warm throughout."
)
_IMPORTED = (
    "What of that is imports, each in a fresh interpreter. Pages import neither torch nor transformers: the model's "
    "loader does, in a thread, while the page already stands; and the bundled model's needs no transformers."
)
