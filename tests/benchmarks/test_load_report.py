"""The load generator: its arithmetic, and what it reads from a page."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np
import pytest
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Heading_pb2 import Heading
from streamlit.proto.Markdown_pb2 import Markdown
from streamlit.proto.Metric_pb2 import Metric
from streamlit.proto.NumberInput_pb2 import NumberInput
from streamlit.proto.Progress_pb2 import Progress
from streamlit.proto.Selectbox_pb2 import Selectbox
from streamlit.runtime.state.common import user_key_from_element_id

from benchmarks import report
from benchmarks.page import Page, first_state, state_of, user_key, value_of
from benchmarks.record import WEIGHTS, Action, Record, SeenContrast, Trouble
from benchmarks.student import NEURONS, TEXT
from benchmarks.texts import some_text
from benchmarks.watch import Server, process_seconds, status_bytes
from core.models import load_model

KINDS = {*WEIGHTS, "arrive", f"open {NEURONS}", f"open {TEXT}"}


# --- arithmetic


def test_a_line_of_nothing_has_no_percentiles():
    line = report.line("layer", [])
    assert line.count == 0 and np.isnan([line.p50, line.p95, line.p99, line.longest]).all()


def test_errors_are_counted_and_not_timed():
    actions = [Action("layer", 0, 0.0, seconds) for seconds in (1.0, 2.0, 3.0)]
    actions += [Action("layer", 1, 0.0, 60.0, "time-out"), Action("text", 1, 0.0, 4.0)]
    by_name = {line.name: line for line in report.lines(actions)}
    assert by_name["layer"] == by_name["without the model"].__class__("layer", 3, 1, 2.0, 2.9, 2.98, 3.0)
    assert by_name["without the model"].count == 3
    assert by_name["with the model: text"].longest == 4.0


def test_the_servers_time_is_summarised_where_it_is_known():
    actions = [Action("layer", 0, 0.0, 9.0, cpu_seconds=seconds) for seconds in (0.01, 0.02, 0.03)]
    actions += [Action("layer", 0, 0.0, 9.0), Action("layer", 1, 0.0, 60.0, "time-out", 5.0)]
    layer = next(line for line in report.processor_lines(actions) if line.name == "layer")
    assert (layer.count, layer.errors, layer.p50, layer.longest) == (3, 1, 0.02, 0.03)


def test_the_processor_time_of_another_process_is_its_own():
    """Against what Python itself measures there."""
    code = "import time; sum(range(3_000_000)); print(time.process_time(), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        said = float(process.stdout.readline())
        assert said <= process_seconds(process.pid) < said + 0.1
        process.stdin.close()


def test_what_the_server_did_twice():
    record = Record(readings={"one", "two"}, passes_of_texts={"text"})
    misses, passes = report.cache_counter("activations", "miss"), "grammar_neurons_forward_passes_total{kind=text}"
    loads, made = "grammar_neurons_model_loads_total", "grammar_neurons_forward_passes_created{kind=text}"
    before = {loads: 1.0, misses: 3.0, "python_info": 1.0}
    done = report.work(record, before, {loads: 1.0, misses: 6.0, passes: 1.0, made: 1.7e9, "python_info": 1.0})
    assert done == {
        "asked": {"contrasts": 2, "texts": 1},
        "counters": {misses: 3.0, passes: 1.0},
        "model_loads": 1.0,
        "readings_again": 1.0,
        "texts_again": 0.0,
    }
    assert report.work(record, None, None)["counters"] is None
    assert report.work(record, {}, {"python_info": 1.0})["readings_again"] is None


def test_the_report_says_what_matters():
    trouble = Trouble("error box", "text", 7, 12.3, "The queue is full.")
    record = Record([Action("layer", 0, 0.0, 0.25)], [trouble], [replace(trouble, kind="lost state")], sessions={"a"})
    resources = report.Resources({"VmRSS": (1e8, 3e8, 4e8)}, 10.0, 5.0, [1.0], 0.02)
    done = report.work(record, None, None)
    said = report.text(
        record,
        2,
        resources,
        done,
        {
            "contrasts": {"equal": 3, "different": []},
            "texts": {"equal": 0, "different": ["layer 1: other tokens."]},
        },
    )
    for part in (
        "2 students, 1 sessions, 1 actions in 10 s.",
        "Errors: 1 (1 error box)",
        "12.3 s, student 7, text: The queue is full.",
        "Lost states: 1",
        "100.0 MB before the students, 300.0 MB at the end, 400.0 MB at most; 100.0 MB more per student, 200.0 MB per",
        "Server: 0.50 cores.",
        "Client: 10% of one core",
        "Contrasts compared with a quiet computation: 3 equal, 0 different.",
        "  layer 1: other tokens.",
    ):
        assert part in said


def test_records_of_processes_add_up():
    contrast = SeenContrast(tables=Counter({"digest": 2}), examples={"digest": b"table"})
    one = Record([Action("layer", 0, 0.0, 1.0)], sessions={"a"}, readings={"r"}, contrasts={"spec": contrast})
    one.add(Record([Action("text", 1, 0.0, 2.0)], sessions={"b"}, readings={"r"}, contrasts={"spec": contrast}))
    assert [action.kind for action in one.actions] == ["layer", "text"]
    assert one.sessions == {"a", "b"} and one.readings == {"r"}
    assert one.contrasts["spec"].tables == {"digest": 4}


def test_resident_memory_of_a_process():
    status = "Name:\tpython\nVmRSS:\t  2048 kB\nRssAnon:\t    1024 kB\nThreads:\t4\n"
    assert status_bytes(status) == {"VmRSS": 2048 * 1024, "RssAnon": 1024 * 1024}


@contextmanager
def answering(status: int, content_type: str, body: str):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_counters_by_name_and_labels():
    body = (
        "# TYPE grammar_neurons_cache_requests_total counter\n"
        'grammar_neurons_cache_requests_total{outcome="miss",cache="activations"} 4.0\n'
        "# TYPE process_resident_memory_bytes gauge\n"
        "process_resident_memory_bytes 1.5e+08\n"
    )
    with answering(200, "text/plain; version=0.0.4", body) as url:
        server = Server(url)
        assert (server.counters() or {})[report.cache_counter("activations", "miss")] == 4.0
        assert server.memory() == {"resident": 1.5e8}


@pytest.mark.parametrize(("status", "content_type"), [(404, "text/plain"), (200, "text/html; charset=utf-8")])
def test_a_server_without_counters(status, content_type):
    with answering(status, content_type, "<html></html>") as url:
        assert Server(url).counters() is None
        assert Server(url).memory() == {}


def test_texts_are_of_the_promised_length_and_all_different():
    rng = random.Random(0)
    texts = [some_text(rng) for _ in range(500)]
    assert len(set(texts)) == 500
    lengths = [len(encoding.ids) for encoding in load_model("bundled").tokenizer.encode_batch(texts)]
    assert 140 < np.mean(lengths) < 170 and min(lengths) > 100 and max(lengths) < 220


@pytest.mark.parametrize("element_id", ["$$ID-0a1b-layer", "$$ID-0a1b-two-words", "$$ID-0a1b-None"])
def test_keys_are_found_as_streamlit_finds_them(element_id):
    assert user_key(element_id) == user_key_from_element_id(element_id)


def test_a_container_that_is_emptied_takes_its_progress_bar_with_it():
    page = Page()
    page.begin_run()
    page.put((0, 0), "heading", Heading(tag="h1", body=NEURONS), "script")
    page.add_block((0, 1), Block(), "script")
    page.put((0, 1, 0), "progress", Progress(value=30), "script")
    assert len(page.of("progress")) == 1
    page.put((0, 1), "empty", None, "script")
    assert page.of("progress") == [] and page.title() == NEURONS


def test_a_popover_that_the_app_hears_of_is_a_widget_until_a_run_leaves_it_out():
    page, heard, other = Page(), Block(), Block()
    heard.popover.id, other.popover.label = "$$ID-0a1b-export", "Help"
    page.begin_run()
    page.add_block((0, 0), heard, "script")
    page.add_block((0, 1), other, "script")
    page.end_run()
    shown = page.keyed("export")
    assert page.ids() == page.ids("script") == {heard.popover.id} and not page.ids("another script")
    opened = state_of(shown.kind, shown.message, True)
    assert opened.id == heard.popover.id and opened.bool_value
    page.begin_run()
    page.end_run()
    assert page.keyed("export") is None


def test_what_a_run_does_not_draw_again_goes_at_its_end():
    page = Page()
    page.begin_run()
    page.put((0, 0), "alert", Alert(body="No.", format=Alert.ERROR), "script")
    page.put((0, 1), "alert", Alert(body="Hm.", format=Alert.WARNING), "script")
    page.end_run()
    assert page.mistakes() == ["No."] and page.warnings() == ["Hm."]
    page.begin_run()
    page.put((0, 1), "heading", Heading(tag="h3", body="Neuron 12"), "script")
    assert page.mistakes() == ["No."], "a browser leaves it until the run ends"
    page.end_run()
    assert page.mistakes() == [] and page.neuron() == 12


def test_the_headline_is_read():
    page = Page()
    body = "**1,347 of 3,072** neurons in layer **11** differ in mean; none strongly (AUC at least 0.90)."
    caption = (
        "100 nouns (90 lemmas) and 150 verbs (99 lemmas), compared by word, before the nonlinearity · "
        "Welch's t-test, Benjamini–Hochberg (FDR) over 36,864 tests, α = 0.05"
    )
    for place, text in enumerate((body, caption)):
        page.put((0, place), "markdown", Markdown(body=text), "script")
    page.put((0, 2), "metric", Metric(label="Largest t", body="+9.00", help="Neuron 5 of layer 11.\n\nMore."), "script")
    headline = page.headline()
    assert headline is not None
    assert (headline.layer, headline.correction) == (11, "Benjamini–Hochberg (FDR)")
    assert headline.sentence == f"{body}\n{caption}"
    assert headline.figures == (("Largest t", "+9.00", "Neuron 5 of layer 11."),)


def test_widgets_begin_as_in_a_browser():
    box = NumberInput(id="$$ID-1-n", default=100, value=50, data_type=NumberInput.INT)
    assert first_state("number_input", box).int_value == 100
    box.set_value = True
    assert first_state("number_input", box).int_value == 50
    choice = Selectbox(id="$$ID-2-test", options=["Paired", "Welch"], default=1)
    assert first_state("selectbox", choice).string_value == "Welch"
    assert value_of(state_of("selectbox", choice, "Paired")) == "Paired"
    assert value_of(state_of("number_input", box, None)) is None
    assert first_state("markdown", Markdown()) is None
