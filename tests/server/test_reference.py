"""docs/reference/server.md against the code: exit codes, headers, metrics, log events and bounds."""

from __future__ import annotations

import ast
import re

from prometheus_client import REGISTRY

import engine.metrics  # noqa: F401 - registers them
from core.command_line.status import INTERRUPTED
from server import listening, options
from server.connections import pace
from server.connections.service import Patience
from server.headers import content_security_policy, streamlit_page
from server.notes import EVENTS
from server.sessions import rates, runs
from tests.support.browser import ROOT
from tests.support.sources import sources

PAGE = (ROOT / "docs" / "reference" / "server.md").read_text(encoding="utf-8")


def rows(heading):
    """The cells of the rows of the tables below a heading."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    table = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [cells for cells in table if not cells[0].startswith("---")]


def test_the_exit_codes():
    written = {cells[0] for cells in rows("Start and exit codes")[1:]}
    assert written == {"0", str(options.MISUSED), str(listening._FAILED), str(INTERRUPTED)}


def test_what_the_policy_allows_beyond_this_server():
    """Each source of each directive, and no other: what is written is what a browser is told."""
    written = {(cells[0].strip("`"), source) for cells in rows("Security headers")[1:] for source in cells[1].split()}
    written = {(name, source.strip("`").replace("'sha256-…'", "hash")) for name, source in written}
    policy = dict(rule.split(" ", 1) for rule in content_security_policy(streamlit_page()).split("; "))
    allowed = {
        (name, re.sub(r"'sha256-.*'", "hash", source))
        for name, sources in policy.items()
        for source in sources.split()
        if source not in ("'self'", "'none'")
    }
    assert written == allowed and len(allowed) == 7


def test_the_metrics():
    written = {re.sub(r"\{.*", "", cells[0].strip("`")) for cells in rows("Metrics")[1:]}
    ours = [metric for metric in REGISTRY.collect() if metric.name.startswith("grammar_neurons_")]
    assert written == {metric.name + ("_total" if metric.type == "counter" else "") for metric in ours}


def test_the_events_of_the_log():
    """Every literal that the server logs, and no other. Those of one kind stand there as "websocket closed: …"."""
    logged = {"Uncaught app execution"}  # Streamlit's
    for file in sources("server"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            is_logged = isinstance(node, ast.Call) and re.match(r"_log(\.\w+|_uncaught)$", ast.unparse(node.func))
            if is_logged and isinstance(first := node.args[0], ast.Constant):
                logged.add(first.value)
    logged |= {re.sub(r": .*", ": …", event) for event in EVENTS.values()}
    written = {event for cells in rows("Logs")[1:] for event in re.findall(r"`([^`]+)`", cells[0])}
    assert written == logged and len(written) > 20


def test_the_bounds_of_a_connection_and_of_a_session():
    def rate(each):
        return f"{each[0]:g} a second, {each[1]:g} at once"

    patience = Patience()
    frames = (pace.FRAMES_A_SECOND, pace.FRAMES_AT_ONCE)
    mega = (pace.BYTES_A_SECOND / 2**20, pace.BYTES_AT_ONCE / 2**20)
    for said in (
        rate(frames),
        f"{mega[0]:g} MB a second, {mega[1]:g} MB at once",
        f"{patience.message:g} s from the first one",
        f"{patience.first_byte:g} s each",
        f"{patience.body:g} s, and one more for each {patience.body_rate / 1000:g} kB",
        f"{patience.reader_least // 1024} kB in {patience.reader:g} s",
        f"| runs of the page | {rate(rates.RUNS)}",
        f"| files made at the press of a button | {rate(rates.DOWNLOADS)}",
        f"places for files | {rate(rates.OTHERS)}",
        f"one every {'two' if rates.UPLOADS[0] == 0.5 else '?'} seconds, {rates.UPLOADS[1]:g} at once, one after",
        f"{rate(rates.ARRIVALS)}; one every {'two' if rates.RETURNS[0] == 0.5 else '?'} seconds",
        f"{'four' if runs.RUNS_AT_ONCE == 4 else '?'} runs of pages",
        f"{rates.LARGE[0] / 1e6:g} MB a second and {rates.LARGE[1] / 1e6:g} MB at once",
    ):
        assert said in PAGE, said
