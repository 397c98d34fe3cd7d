"""From a key press or a click in the browser to the new picture, on the class server, with everything computed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import interaction_text
from benchmarks.browser import NOT_MEASURED, SECONDS, context_maker, find_browser, offline
from benchmarks.options import Options
from benchmarks.table import Mark, Section, markdown
from benchmarks.timing import Times, say
from benchmarks.watch import Server, serve

_QUIET_SECONDS = 0.7


@dataclass(frozen=True)
class Action:
    """What a hand does in turns, one value after the other.

    ``name`` may have a place for the value: then every value has a row of its own. ``prepare`` gets the page ready for
    a value, such as by opening a list; ``do`` is the press itself, and ``event`` what the browser says of it.
    ``picture`` is a key of the page's script: the text of what must be drawn.
    """

    name: str
    bound: float
    values: tuple[str, str]
    event: str
    picture: str
    prepare: Callable[[Any, str], None]
    do: Callable[[Any, str], None]


@dataclass(frozen=True)
class Try:
    """What one press took: milliseconds until the picture, and until quiet, frames, bytes and processor seconds."""

    milliseconds: float
    frames: int
    frame_bytes: int
    cpu_seconds: float


def section(options: Options) -> Section:
    """The table. Without a usable browser, a sentence says so."""
    browser = find_browser()
    if browser is None:
        return Section("interaction", "Under the hand", (_INTRODUCTION, f"Interaction: {NOT_MEASURED}."))
    say("Interaction: starting the class server")
    tries: dict[str, list[Try]] = {}
    with (
        tempfile.TemporaryDirectory() as cache,
        serve(SECONDS, **offline(Path(cache))) as server,
        context_maker(browser) as new_context,
    ):
        page = new_context().new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.add_init_script(_WATCH)
        hand = Hand(page, server)
        for action in ACTIONS:
            say(f"Interaction: {action.name.format('another')}")
            tries |= hand.measure(action, options.pick(10, 2))
        of_texts, frames = interaction_text.measure(hand, options.pick(10, 2))
        tries |= of_texts
    marks = found_marks(tries)
    tables = (table(tries, marks), _ABOUT_FRAMES, interaction_text.frame_table(frames))
    all_marks = (*marks.values(), *interaction_text.frame_marks(frames))
    return Section("interaction", "Under the hand", (_INTRODUCTION, *tables), all_marks)


class Hand:
    """A page of a server that is used. The page counts its messages: to follow them from outside would slow it down."""

    def __init__(self, page: Any, server: Server) -> None:
        self.page, self._server = page, server

    def open(self, name: str, ready: str) -> None:
        """Open a page of the app, and wait for an element of it."""
        self.page.goto(f"{self._server.url}/{name}")
        self.page.locator(ready).first.wait_for()
        self.wait_until_quiet()

    def measure(self, action: Action, rounds: int) -> dict[str, list[Try]]:
        """By row of the table: ``rounds`` presses, after one of each value that is not timed.

        Raises RuntimeError if both values have the same picture.
        """
        self.open("Neurons", ".st-key-neurons_plot .point")
        pictures: dict[str, str] = {}
        for value in action.values * 2:  # the second time, each follows the other one, as it will when it is timed
            self.wait_until_quiet()
            action.prepare(self.page, value)
            self.wait_until_quiet()  # also the plot takes a moment to see the mouse
            action.do(self.page, value)
            self.wait_until_quiet()
            pictures[value] = self.page.evaluate(f"interaction.pictures.{action.picture}()")
            if action.picture != "page" and not self.page.evaluate(f"interaction.drawn.{action.picture}().length"):
                raise RuntimeError(f"{action.name}: there is no plot to wait for.")
        if len(set(pictures.values())) < len(action.values):
            raise RuntimeError(f"{action.name}: the page shows the same for {' and '.join(action.values)}.")
        rows = [action.name.format(value) for value in action.values]
        tries: dict[str, list[Try]] = {row: [] for row in rows}
        for turn in range(rounds * len(tries)):
            i = turn % len(action.values)
            tries[rows[i]].append(self._time(action, action.values[i], pictures[action.values[i]]))
        return tries

    def _time(self, action: Action, value: str, picture: str) -> Try:
        return self.press(
            action.event,
            action.picture,
            picture,
            lambda page: action.prepare(page, value),
            lambda page: action.do(page, value),
        )

    def press(
        self, event: str, name: str, picture: str, prepare: Callable[[Any], None], do: Callable[[Any], None]
    ) -> Try:
        """Press once, and wait until the picture of this name is the awaited one, and the page is quiet again."""
        from playwright.sync_api import Error

        prepare(self.page)
        self.wait_until_quiet()
        before, (frames, size) = self._cpu_seconds(), self._received()
        self.page.evaluate("given => { interaction.begin(...given) }", [event, name, picture])
        do(self.page)
        try:
            milliseconds = self.page.evaluate("interaction.time")
        except Error as error:
            shown = self.page.evaluate(f"interaction.pictures.{name}()")
            raise RuntimeError(f"{name}: {error}\n{shown[:300]}\nis not\n{picture[:300]}") from error
        self.wait_until_quiet()
        frames_after, size_after = self._received()
        return Try(milliseconds, frames_after - frames, size_after - size, self._cpu_seconds() - before)

    def _received(self) -> tuple[int, int]:
        """Messages and their bytes, since the page was loaded."""
        frames, size = self.page.evaluate("[interaction.frames, interaction.bytes]")
        return frames, size

    def _cpu_seconds(self) -> float:
        seconds = self._server.cpu_seconds()
        if seconds is None:
            raise RuntimeError("The server's processor time cannot be read.")
        return seconds

    def wait_until_quiet(self) -> None:
        """No run of the script and no message for a while."""
        until, since, received = time.monotonic() + SECONDS, time.monotonic(), (-1, -1)
        while time.monotonic() - since < _QUIET_SECONDS:
            if time.monotonic() > until:
                raise RuntimeError("The page did not come to rest.")
            now = self._received()
            if received != now or not self.page.locator(_IDLE).count():
                since, received = time.monotonic(), now
            self.page.wait_for_timeout(50)


_IDLE = "[data-testid='stApp'][data-test-script-state='notRunning']"


def _nothing(page: Any, value: str) -> None:
    """No preparation is needed."""


def _focus_layer(page: Any, value: str) -> None:
    page.get_by_role("slider", name="Layer").focus()


def _press(page: Any, value: str) -> None:
    page.keyboard.press(value)


def _type(box: str) -> Callable[[Any, str], None]:
    return lambda page, value: page.get_by_role("spinbutton", name=box, exact=True).fill(value)


def _press_enter(page: Any, value: str) -> None:
    page.keyboard.press("Enter")


def _point_at(page: Any, value: str) -> None:
    """Move the mouse to the point that is farthest up or down: no other one is on top of it."""
    x, y = page.evaluate("value => interaction.extreme(value)", value)
    page.mouse.move(x, y, steps=3)


def _press_button(page: Any, value: str) -> None:
    page.mouse.down()
    page.mouse.up()


def _open_corrections(page: Any, value: str) -> None:
    box = page.get_by_role("combobox", name="Correction")
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # an open list closes when its place is scrolled
    box.click()
    page.get_by_role("option", name=value, exact=True).wait_for()


def _choose_option(page: Any, value: str) -> None:
    page.get_by_role("option", name=value, exact=True).click()


def _follow(page: Any, value: str) -> None:
    page.locator("[data-testid='stSidebar']").get_by_role("link", name=value, exact=True).click()


ACTIONS = (
    Action("layer", 300, ("ArrowRight", "ArrowLeft"), "keydown", "result", _focus_layer, _press),
    Action("neuron typed", 250, ("17", "23"), "keydown", "neuron", _type("Neuron"), _press_enter),
    Action("neuron clicked", 250, ("highest", "lowest"), "pointerup", "neuron", _point_at, _press_button),
    Action("correction", 250, ("Bonferroni", "None"), "pointerup", "result", _open_corrections, _choose_option),
    Action("alpha", 250, ("0.01", "0.2"), "keydown", "result", _type("Alpha"), _press_enter),
    Action("page switch to {}", 300, ("Text heatmap", "Neurons"), "pointerup", "page", _nothing, _follow),
)


def found_marks(tries: Mapping[str, Sequence[Try]]) -> dict[str, Mark]:
    """The mark of each row: the median time."""
    bounds = {action.name.format(value): action.bound for action in ACTIONS for value in action.values}
    bounds |= interaction_text.bounds()
    return {
        row: Mark(row, Times(tuple(one.milliseconds for one in tries[row])).median, bounds[row], " ms", least=False)
        for row in tries
    }


def table(tries: Mapping[str, Sequence[Try]], marks: Mapping[str, Mark]) -> str:
    """A row for each action."""
    rows = []
    for row, presses in tries.items():
        times = [one.milliseconds for one in presses]
        frames, sizes = ([getattr(one, field) for one in presses] for field in ("frames", "frame_bytes"))
        cpu = 1000 * sum(one.cpu_seconds for one in presses) / len(presses)
        spread = f"{min(times):.0f}–{max(times):.0f}"
        counts = (f"{Times(tuple(frames)).median:.0f}", f"{Times(tuple(sizes)).median / 1e3:.1f}", f"{cpu:.0f}")
        rows.append((row, f"{marks[row].value:.0f}", spread, str(marks[row]), *counts))
    header = ("action", "median, ms", "min–max, ms", "mark", "frames", "kB", "server's processor, ms")
    return markdown(header, rows)


# In the page. A picture is a text of what is drawn; the clock stops after the frame in which the awaited one is there
# has been drawn, since a message is handled after it. Of a point, what it stands for and its symbol count (plotly keeps
# that at its element), not its place: a new plot may be drawn again, a fraction of a pixel off. An old plot may stay
# for a while, hidden.
_WATCH = """window.WebSocket = class extends WebSocket {
    constructor(...given) {
        super(...given);
        this.addEventListener("message", ({ data }) => {
            interaction.frames += 1;
            interaction.bytes += data.byteLength ?? data.size ?? data.length;
        });
    }
};
window.interaction = {
    frames: 0,
    bytes: 0,
    points: key => [...document.querySelectorAll(`.st-key-${key} .js-plotly-plot`)]
        .filter(plot => plot.checkVisibility()).flatMap(plot => [...plot.querySelectorAll(".scatterlayer .point")])
        .map(({ __data__: { x, y }, attributes }) => `${x} ${y} ${attributes.d.value}`).join(),
    strokes: key => [...document.querySelectorAll(`.st-key-${key} .js-plotly-plot`)]
        .filter(plot => plot.checkVisibility()).flatMap(plot => [...plot.querySelectorAll(".shapelayer path")])
        .map(path => path.getAttribute("d").slice(0, 2000)).join(),
    text: selector => [...document.querySelectorAll(selector)].map(node => node.textContent),
    drawn: { result: () => interaction.points("neurons_plot"), neuron: () => interaction.strokes("neuron_spread") },
    pictures: {
        result: () => {
            const said = interaction.text("[data-testid='stMain'] p").slice(0, 2).join(" ");
            return said && said + interaction.drawn.result();
        },
        neuron: () => {
            const said = interaction.text("h2").find(text => /^Neuron \\d+/.test(text));
            return said && said + interaction.drawn.neuron();
        },
        text: () => interaction.panel()?.textContent ?? "",
        colours: () => {
            const bodies = [...interaction.panel().querySelectorAll(".body")];
            return bodies.map(body => body.style.backgroundColor).join();
        },
        page: () => {
            const heatmap = document.querySelector(".st-key-text_heatmap [data-testid='stBidiComponentIsolated']");
            const tokens = heatmap?.shadowRoot.querySelectorAll(".panel .token").length;
            return interaction.text("h1").join() + (tokens ?? "") + interaction.points("neurons_plot");
        },
    },
    panel: () => document.querySelector(".st-key-text_heatmap [data-testid='stBidiComponentIsolated']")
        ?.shadowRoot.querySelector(".panel"),
    watchFrames: () => {
        const times = interaction.frameTimes = [];
        const next = now => {
            times.push(now);
            if (interaction.frameTimes === times) requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
    },
    stopFrames: () => {
        const times = interaction.frameTimes;
        interaction.frameTimes = null;
        return times.slice(1).map((time, i) => time - times[i]);
    },
    extreme: which => {
        document.querySelector(".st-key-neurons_plot").scrollIntoView({ block: "center" });
        const boxes = [...document.querySelectorAll(".st-key-neurons_plot .scatterlayer .point")].map(
            point => point.getBoundingClientRect()).sort((a, b) => a.y - b.y);
        const box = boxes.at(which === "highest" ? 0 : -1);
        return [box.x + box.width / 2, box.y + box.height / 2];
    },
    begin: (event, picture, awaited) => {
        const shown = interaction.pictures[picture];
        interaction.time = new Promise((resolve, reject) => {
            if (shown() === awaited) reject(new Error("The picture is there already."));
            setTimeout(() => reject(new Error("The picture did not come.")), 20000);
            addEventListener(event, ({ timeStamp }) => {
                const look = () => {
                    if (shown() !== awaited) return requestAnimationFrame(look);
                    const drawn = new MessageChannel();
                    drawn.port1.onmessage = () => resolve(performance.now() - timeStamp);
                    drawn.port2.postMessage(null);
                };
                requestAnimationFrame(look);
            }, { capture: true, once: true });
        });
    },
}"""
_INTRODUCTION = (
    "The Neurons page of the class server (`serve.py`, warm) with its first settings and the bundled model, in a "
    "Chromium of 1440 × 900 on the same machine. Two values of a setting take turns, and both have been shown before: "
    "no press needs a forward pass or a test. The page itself takes the time, from the key or the button of the mouse "
    "to the end of the frame that draws the new headline and points; for a neuron its heading and spread; for a page "
    "its main content. Frames and bytes are the websocket's messages until the page is quiet, medians; the server's "
    "processor time until then is a mean. On the Text page, each text is new: its forward pass is in its time. It is "
    "sent with Ctrl+Enter, and the clock stops when the first block of it is coloured."
)
_ABOUT_FRAMES = (
    f"How long the frames take while a hand points at one token after the other, and while it scrolls, in a text of "
    f"{interaction_text.SMOOTH_TOKENS:,} tokens:"
)
