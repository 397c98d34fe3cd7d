"""A first visit to the class server: bytes, requests and seconds to the first chart, on three networks.

A server is started for it; with ``GRAMMAR_NEURONS_SEED`` it has the image's light copies of static files
(``deploy/image/lighten.py``). To measure a server that runs already, such as a container of the image, set the
environment variable ``FIRST_VISIT_URL`` to its address, such as http://127.0.0.1:8501.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.browser import CHART, NOT_MEASURED, SECONDS, Received, context_maker, find_browser, offline
from benchmarks.options import Options
from benchmarks.table import Mark, Section, markdown
from benchmarks.timing import Times, number, say
from benchmarks.watch import serve
from engine.folders import seed_folder

MOST_MB, MOST_AGAIN_MB, LEAD_S = 3.2, 0.2, 1.0


@dataclass(frozen=True)
class Network:
    """``megabits`` per second in each direction, None for no limit; round trips take ``milliseconds`` longer.

    ``bound`` is the mark for the seconds to the first chart.
    """

    name: str
    megabits: float | None
    milliseconds: int
    bound: float


NETWORKS = (
    Network("loopback", None, 0, 2.8),
    Network("10 Mbit/s, 40 ms", 10, 40, 4.2),
    Network("3 Mbit/s, 80 ms", 3, 80, 9.5),
)
_SLOWEST = NETWORKS[-1].name


@dataclass(frozen=True)
class Visit:
    """What one visit took: megabytes and requests until the chart was there, and seconds from the navigation on."""

    http_mb: float
    socket_mb: float
    requests: int
    headline: float
    preview: float
    chart: float

    @property
    def megabytes(self) -> float:
        """All that was received."""
        return self.http_mb + self.socket_mb


_BYTES, _SECONDS = ("megabytes", "socket_mb"), ("headline", "preview", "chart")
Pair = tuple[Visit, Visit]  # a first visit, and the second one in the same browser


def section(options: Options) -> Section:
    """Both tables. Without a usable browser, a sentence says so."""
    browser = find_browser()
    if browser is None:
        return Section("first_visit", "First visit", (_INTRODUCTION, f"First visit: {NOT_MEASURED}."))
    pairs: dict[str, list[Pair]] = {network.name: [] for network in NETWORKS}
    with _address() as url, context_maker(browser) as new_context:
        for turn in range(options.pick(3, 1)):
            for network in NETWORKS if turn % 2 == 0 else reversed(NETWORKS):
                say(f"First visit: round {turn + 1}, {network.name}")
                context = new_context()
                pairs[network.name].append((_visit(context, url, network), _visit(context, url, network)))
                context.close()
    marks = found_marks(pairs)
    return Section("first_visit", "First visit", (_INTRODUCTION, _which(), *tables(pairs, marks)), tuple(marks))


def _which() -> str:
    """A sentence on the server that is measured."""
    if os.environ.get("FIRST_VISIT_URL"):
        return "The server was there already."
    light = (seed := seed_folder()) is not None and (seed / "static").is_dir()
    return f"The server {'has' if light else 'does not have'} the image's light copies of static files."


@contextmanager
def _address() -> Iterator[str]:
    """The address of the server that is named, or of one that is started for this."""
    if named := os.environ.get("FIRST_VISIT_URL"):
        yield named.rstrip("/")
        return
    say("First visit: starting the class server")
    with tempfile.TemporaryDirectory() as cache, serve(SECONDS, **offline(Path(cache))) as server:
        yield server.url


def _visit(context: Any, url: str, network: Network) -> Visit:
    """Open the Neurons page in a new tab, and close it when its chart is there and everything has come."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    received = Received(session)
    if network.megabits is not None:
        speed = network.megabits * 1e6 / 8
        speeds = {"downloadThroughput": speed, "uploadThroughput": speed}
        session.send("Network.emulateNetworkConditions", {"offline": False, "latency": network.milliseconds, **speeds})
    page.add_init_script(_WATCH)
    page.goto(f"{url}/Neurons", wait_until="commit")
    seen = page.evaluate("window.firstVisit")
    http, socket, requests = received.http_bytes, received.frame_bytes, received.requests
    page.wait_for_load_state("networkidle")  # else the second visit would find less in the browser's cache
    page.close()
    return Visit(http / 1e6, socket / 1e6, requests, *(seen[name] / 1e3 for name in _SECONDS))


def _median(visits: Sequence[Visit], field: str) -> float:
    return Times(tuple(getattr(visit, field) for visit in visits)).median


def found_marks(pairs: Mapping[str, Sequence[Pair]]) -> list[Mark]:
    """The marks: for bytes the largest of all visits counts, for seconds the median on a network."""
    firsts = {name: [first for first, _ in both] for name, both in pairs.items()}
    most = max(first.megabytes for both in firsts.values() for first in both)
    again = max(second.megabytes for both in pairs.values() for _, second in both)
    lead = Times(tuple(first.chart - first.headline for first in firsts[_SLOWEST])).median
    seconds = (
        Mark(f"first chart, {n.name}", _median(firsts[n.name], "chart"), n.bound, " s", least=False) for n in NETWORKS
    )
    return [
        Mark("bytes to the first chart, the most of all visits", most, MOST_MB, " MB", least=False),
        *seconds,
        Mark(f"from the headline to the chart, {_SLOWEST}", lead, LEAD_S, " s"),
        Mark("bytes of a second visit, the most of all visits", again, MOST_AGAIN_MB, " MB", least=False),
    ]


def tables(pairs: Mapping[str, Sequence[Pair]], marks: Sequence[Mark]) -> tuple[str, str]:
    """The table of the visits, and that of the marks."""
    header = (
        "network",
        "visit",
        "MB",
        "by websocket, MB",
        "requests",
        "headline, s",
        "preview, s",
        "chart, s",
        "min–max, s",
    )
    rows = []
    for name, both in pairs.items():
        for which, visits in zip(("first", "second"), zip(*both, strict=True), strict=True):
            bytes_, times = ([number(_median(visits, f)) for f in fs] for fs in (_BYTES, _SECONDS))
            spread = Times(tuple(visit.chart for visit in visits)).spread
            rows.append((name, which, *bytes_, f"{_median(visits, 'requests'):.0f}", *times, spread))
    marked = [(mark.what, f"{number(mark.value)}{mark.unit}", str(mark)) for mark in marks]
    return markdown(header, rows), markdown(("what", "value", "mark"), marked)


# In the page: when the headline's sentence and the points of the plot are there, in milliseconds since the navigation.
_WATCH = """window.firstVisit = new Promise((resolve, reject) => {
    const seen = {};
    const look = () => {
        const texts = [...document.querySelectorAll("[data-testid='stMain'] p")];
        const said = texts.some(p => /neurons? in layer \\d+ differ/.test(p.textContent) && p.checkVisibility());
        if (said) seen.headline ??= performance.now();
        if (document.querySelector("CHART")?.checkVisibility()) seen.chart ??= performance.now();
        const place = document.querySelector(".st-key-neurons_plot");
        const image = place && getComputedStyle(place).backgroundImage;
        if (image?.startsWith('url("data:')) seen.preview ??= performance.now();
        if (seen.headline && seen.chart) resolve({ preview: seen.chart, ...seen });
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    setTimeout(() => reject(new Error("The page did not show its headline and its chart in time.")), MILLISECONDS);
})""".replace("CHART", CHART).replace("MILLISECONDS", str(SECONDS * 1000))
_INTRODUCTION = (
    "A browser that has never been there opens the Neurons page of the class server (`serve.py`, warm), then once more "
    "in a new tab. Seconds are the page's own, from the navigation to the headline's sentence, to the still picture in "
    "the plot's place, and to the points of the plot; bytes are the answers that are complete by then, with headers "
    "and as compressed on the way, and the websocket's messages as the page gets them, before compression. Medians of "
    "three visits. The networks are Chromium's emulation: it limits the speed of answers and of the websocket's "
    "messages, and delays each answer and the websocket's opening once, but not the messages."
)
