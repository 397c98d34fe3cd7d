"""The map of 100,000 neurons in a browser: from a press to the picture, under the pointer, and after a zoom."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.browser import NOT_MEASURED, SECONDS, app, context_maker, find_browser
from benchmarks.neuron_map_page import N_LAYERS, N_NEURONS, made_layers
from benchmarks.options import Options
from benchmarks.table import Mark, Section, markdown
from benchmarks.timing import Times, say
from core.report.figures.neuron_map import VIEWS, neuron_map

_TITLE = "Every neuron of a large model in one picture"
_PLOT = ".js-plotly-plot"
_FIRST = "the first picture"


def section(options: Options) -> Section:
    """The table. Without a usable browser, a sentence says so."""
    browser = find_browser()
    if browser is None:
        return Section("neuron_map", _TITLE, (_INTRODUCTION, f"The map: {NOT_MEASURED}."))
    load = f"Before it began, {os.getloadavg()[0]:.1f} processes were busy on {os.cpu_count()} processors."
    say("Map: starting the page")
    script = str(Path(__file__).with_name("neuron_map_page.py"))
    with (
        tempfile.TemporaryDirectory() as cache,
        app(Path(cache), script) as (url, _),
        context_maker(browser) as new_context,
    ):
        page = new_context().new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.add_init_script(_WATCH)
        times = {_FIRST: _first_times(page, url, options.pick(10, 2))}
        page.wait_for_timeout(1500)  # the first drawing is over
        times |= {name: _times(page, name, options.pick(10, 2)) for name in _ACTIONS}
    bounds = {_FIRST: 2000.0, **{name: bound for name, (bound, _, _) in _ACTIONS.items()}}
    marks = {
        name: Mark(name, Times(tuple(times[name])).median, bound, " ms", least=False) for name, bound in bounds.items()
    }
    return Section(
        "neuron_map", _TITLE, (_INTRODUCTION, _table(times, marks), _about_bytes(), load), tuple(marks.values())
    )


def _first_times(page: Any, url: str, rounds: int) -> list[float]:
    """Milliseconds from a press that asks for the map to its first picture, each in a page that was opened anew.

    Of two more that come first, nothing is timed: the browser has the scripts then, and the server the picture.
    """
    found = []
    for _ in range(rounds + 2):
        page.goto(url)
        press = page.get_by_test_id("stCheckbox").get_by_text("Draw")
        press.wait_for()
        page.wait_for_timeout(1000)  # the page is at rest
        page.evaluate("map.begin('pointerup')")
        press.click()
        found.append(page.evaluate("map.time"))
    return found[2:]


def _times(page: Any, name: str, rounds: int) -> list[float]:
    """Milliseconds of each round, after two that are not timed."""
    _, event, act = _ACTIONS[name]
    found = []
    for turn in range(rounds + 2):
        page.evaluate("event => { map.begin(event) }", event)
        act(page, turn)
        found.append(page.evaluate("map.time"))
        page.wait_for_timeout(400)  # plotly takes two presses within 300 ms for a double click
    return found[2:]


def _switch(page: Any, turn: int) -> None:
    """Show the other view, which the server has: its points are sent, read and drawn."""
    page.get_by_test_id("stButtonGroup").get_by_text(VIEWS[(turn + 1) % 2], exact=True).click()


def _point(page: Any, turn: int) -> None:
    """Move the pointer to another point, from one that is pointed at."""
    x, y = page.evaluate("turn => map.somePoint(turn)", turn)
    page.mouse.move(x, y)


def _zoom(page: Any, turn: int) -> None:
    """Draw a rectangle, or zoom out again with a double click."""
    box = page.locator(f"{_PLOT} .nsewdrag").bounding_box()
    left, top = box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"]
    if turn % 2:
        page.mouse.dblclick(left, top)
        return
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + 0.5 * box["width"], top + 0.5 * box["height"], steps=3)
    page.mouse.up()


# By name: the most milliseconds, the event from which they count, and what the hand does in a round.
_ACTIONS: dict[str, tuple[float, str, Callable[[Any, int], None]]] = {
    "the other view": (2000, "pointerup", _switch),
    "pointing at a neuron": (100, "pointermove", _point),
    "zooming in and out": (2000, "pointerup", _zoom),
}


def _table(times: dict[str, list[float]], marks: dict[str, Mark]) -> str:
    rows = [
        (name, f"{Times(tuple(each)).median:.0f}", f"{min(each):.0f}–{max(each):.0f}", str(marks[name]))
        for name, each in times.items()
    ]
    return markdown(("hand", "median, ms", "min–max, ms", "mark"), rows)


def _about_bytes() -> str:
    sizes = {view: len(neuron_map(made_layers(), view).points) for view in VIEWS}
    said = " and ".join(f"{size / 1e6:.1f} MB ({view})" for view, size in sizes.items())
    return f"A view's points are {said}; a browser gets them once for each experiment."


# In the page: the clock stops after the frame in which the points have been drawn anew, or another tip is there.
_WATCH = """window.map = {
    canvas: null,
    tip: "",
    somePoint: turn => {
        const area = document.querySelector(".js-plotly-plot .nsewdrag").getBoundingClientRect();
        return [area.x + area.width * (0.2 + 0.061 * turn % 0.6), area.y + area.height * (0.5 + 0.002 * turn)];
    },
    begin: event => {
        const canvasNow = () => document.querySelector("canvas.point-cloud");
        const tipNow = () => document.querySelector(".point-tip")?.textContent ?? "";
        const [canvas, tip] = [canvasNow(), tipNow()];
        const isAnother = (now, before) => now && now !== before;
        const done = () => event === "pointermove" ? isAnother(tipNow(), tip) : isAnother(canvasNow(), canvas);
        map.time = new Promise((resolve, reject) => {
            setTimeout(() => reject(new Error("The picture did not come.")), 20000);
            let began = null;
            addEventListener(event, ({ timeStamp }) => { began = timeStamp; }, { capture: true });
            const look = () => {
                if (began === null || !done()) return requestAnimationFrame(look);
                const drawn = new MessageChannel();
                drawn.port1.onmessage = () => resolve(performance.now() - began);
                drawn.port2.postMessage(null);
            };
            requestAnimationFrame(look);
        });
    },
}"""
_INTRODUCTION = (
    f"The map of the Layers page with a made-up model of {N_LAYERS} layers × {N_NEURONS:,} neurons, alone on a page of "
    "`streamlit run`, in a Chromium of 1440 × 900 without a graphics card, on the same machine. The page takes the "
    "time, from the button of the mouse (or its last move) to the end of the frame that has the new picture. The "
    "picture is made on the server already, and the browser has the scripts. The times of the first picture, in a page "
    "that was opened anew, and of the other view have the run of the script, the points on their way, and the drawing."
)
