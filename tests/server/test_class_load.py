"""The load generator: a short lesson on a real class server."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from benchmarks import report
from benchmarks.asked import LAYERS, NEURONS, TEXT
from benchmarks.class_load import LINK, main, measure
from benchmarks.compare import Reference, compare, different_columns, read_table
from benchmarks.record import WEIGHTS, Plan, Record, SeenContrast
from benchmarks.student import DROPS, Student, attend_all, look_around
from benchmarks.tab import Closed, Mistake, Tab, TooSlow, WrongState
from benchmarks.tab_storage import TabStorage
from benchmarks.watch import serve
from core.records import ContrastSpec

KINDS = {*WEIGHTS, "arrive", f"open {NEURONS}", f"open {LAYERS}", f"open {TEXT}"}


@pytest.fixture(scope="module", autouse=True)
def hurry():
    """Whoever loses the connection is soon back, and tabs are closed at once: what is done stays the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.student._AWAY_SECONDS", 0.6)
        patch.setattr("benchmarks.class_load.attend_all", partial(attend_all, hold=0.1))
        yield


@pytest.fixture
def wait_little(monkeypatch):
    """A function, to be called before the step that must go wrong: nothing else comes to the page then."""
    return lambda: monkeypatch.setattr("benchmarks.tab._GRACE_SECONDS", 0.5)


@pytest.fixture(scope="module")
def server():
    with serve() as running:
        yield running


async def all_come(url: str) -> list[BaseException | None]:
    """What came of it that twelve opened a page at the same time."""

    async def come() -> None:
        tab = Tab(url)
        try:
            await tab.open("Neurons", LINK)
            await tab.settle(lambda: None if tab.page.headline() else "no headline", time.perf_counter())
        finally:
            await tab.close()

    return await asyncio.gather(*(come() for _ in range(12)), return_exceptions=True)


@pytest.fixture(scope="module")
def another():
    """A second server, and what the first twelve found who came to it, all at once."""
    with serve(600.0, False) as fresh:
        yield fresh, asyncio.run(all_come(fresh.url))


def lesson(url: str, **changes: Any) -> Plan:
    return Plan(**{"url": url, "link": LINK, "begins": 0.0, "ends": 7.0, "students": 4, "ramp": 1.0, **changes})


@pytest.fixture(scope="module")
def result(server):
    """Four hasty students, until each kind of action has been taken: a busy machine needs more than one lesson."""
    plan = lesson(server.url, think=0.2, weights=dict.fromkeys(WEIGHTS, 1))
    result = measure(server, plan)
    for seed in range(1, 11):
        if {action.kind for action in result.record.actions} >= KINDS and len(result.record.contrasts) > 5:
            break
        result.record.add(measure(server, replace(plan, seed=seed)).record)
    return result


def test_a_lesson_without_errors(result):
    record = result.record
    assert {action.kind for action in record.actions} == KINDS
    assert record.troubles == []
    assert [action for action in record.actions if action.error] == []
    assert record.lost == []
    assert len(record.sessions) >= 4 + sum(action.kind == "reload" for action in record.actions)


def test_the_server_was_watched(result):
    start, end, highest = result.resources.memory["VmRSS"]
    assert 1e8 < start <= highest and end <= highest < 4e9
    assert result.resources.server_cpu > 0.1
    assert len(result.resources.client_cpu) == 1
    assert result.work["counters"][report.cache_counter("activations", "miss")] >= 1


def test_students_in_turn_have_the_server_to_themselves(server):
    before = server.cpu_seconds()
    found = measure(server, lesson(server.url, ends=4.0, think=0.1, in_turn=True, pid=server.pid))
    used, actions = server.cpu_seconds() - before, sorted(found.record.actions, key=lambda action: action.at)
    assert len(actions) > 8 and not found.record.troubles
    assert all(one.at + one.seconds <= other.at for one, other in pairwise(actions))
    assert all(action.cpu_seconds > 0.001 for action in actions)
    assert sum(action.cpu_seconds for action in actions) <= used
    assert "server, ms" in report.text(found.record, 4, found.resources, found.work, None)


def test_what_was_shown_is_what_a_quiet_computation_gives(result):
    identical = compare(result.record)
    assert identical["contrasts"] == {"equal": len(result.record.contrasts), "different": []}
    assert identical["texts"] == {"equal": len(result.record.texts), "different": []}
    assert len(result.record.contrasts) > 5 and result.record.texts


@pytest.mark.parametrize("further", [1, 2])
def test_a_text_is_compared_for_the_neurons_that_it_shows(server, further):
    """The chosen neuron is coloured beside the extreme of the other direction; another one would be noticed."""
    student = visit(server.url, "arrive", f"open {NEURONS}", *["neuron"] * further, f"open {TEXT}", "text")
    assert compare(student.record)["texts"] == {"equal": 1, "different": []}
    seen = student.record.texts[0]
    assert seen.neuron is not None
    other = compare(Record(texts=[replace(seen, neuron=None)]))["texts"]["different"]
    assert f"Neuron {seen.neuron} " in other[0] and "in place of neuron" in other[0]


def test_other_bits_are_found(result):
    spec, seen = next(iter(result.record.contrasts.items()))
    digest, table = next(iter(seen.examples.items()))
    columns = read_table(table)
    changed = columns["t"].copy()
    changed.view(np.uint64)[17] ^= 1
    assert different_columns({**columns, "t": changed}, columns) == ["t"]
    assert different_columns({}, columns) == list(columns)

    quiet = Reference().contrast(ContrastSpec.from_json(spec).changed(n_target=77))
    assert different_columns(columns, {"mean difference": quiet.tests.mean_difference}) == ["mean difference"]

    headline = next(iter(seen.headlines))
    wrong = SeenContrast(Counter([replace(headline, sentence="**0** of")]), Counter([digest]), {digest: table})
    text = result.record.texts[0]
    values = np.frombuffer(base64.b64decode(text.heatmap["blocks"][0]["values"]), dtype="<f4").copy()
    values[3] = np.nextafter(values[3], np.float32(np.inf))
    first = {**text.heatmap["blocks"][0], "values": base64.b64encode(values.tobytes()).decode()}
    shown = replace(text, heatmap={**text.heatmap, "blocks": [first, text.heatmap["blocks"][1]]}, csv="position\n")
    found = compare(Record(contrasts={spec: wrong}, texts=[shown]))
    assert "1 times the headline was" in found["contrasts"]["different"][0]
    assert "other values of neuron" in found["texts"]["different"][0]
    assert "another file of values" in found["texts"]["different"][0]


def student_of(url: str) -> Student:
    return Student(0, lesson(url, begins=time.time()), Record())


def visit(url: str, *kinds: str, then: Any = None) -> Student:
    """A student who does some things, then ``then``, an async function of the student."""

    async def go() -> Student:
        student = student_of(url)
        try:
            for kind in kinds:
                await student.visit(kind)
            if then is not None:
                await then(student)
        finally:
            await student.tab.close()
        return student

    return asyncio.run(go())


@pytest.mark.parametrize("manner", DROPS)
def test_everything_is_there_again_after_a_lost_connection(server, manner):
    asked = {}

    async def lose_and_look(student: Student) -> None:
        asked["before"], session = student.asked, student.tab.session
        await student.visit(f"open {NEURONS}")
        student._started = time.perf_counter()
        await student._drop(manner)
        assert student.tab.session == session and student._look_for_text
        await student.visit(f"open {TEXT}")

    kinds = ("arrive", f"open {NEURONS}", "layer", "correction", "contrast", "neuron", f"open {TEXT}", "text")
    student = visit(server.url, *kinds, then=lose_and_look)
    assert student.asked == asked["before"] and student.asked.neuron is not None and student.asked.text is not None
    assert "".join(student.tab.page.heatmap()["pieces"]) == student.asked.text


@pytest.mark.parametrize("page", [TEXT, NEURONS])
def test_a_reload_gives_the_text_back(server, page):
    async def reload(student: Student) -> None:
        await student.visit(f"open {page}")
        session = student.tab.session
        await student.visit("reload")
        assert student.tab.session != session and student.asked.text is not None
        await student.visit(f"open {TEXT}")

    student = visit(server.url, "arrive", f"open {TEXT}", "text", then=reload)
    assert "".join(student.tab.page.heatmap()["pieces"]) == student.asked.text


def test_a_text_that_does_not_come_back_after_a_reload_is_noticed(server, wait_little):
    async def reload(student: Student) -> None:
        wait_little()
        student.tab._storage = TabStorage()
        await student.visit("reload")

    with pytest.raises(WrongState, match="text in the box should be"):
        visit(server.url, "arrive", f"open {TEXT}", "text", then=reload)


def test_a_text_outlives_its_server_while_another_page_is_shown(server, another):
    """Killed and started again: the same tab comes to a server that knows none of its sessions."""

    async def move(student: Student) -> None:
        await student.visit(f"open {NEURONS}")
        old = student.tab.session
        student.tab.drop()
        student.tab.url, student.tab.cookie = another[0].url, None
        await student.tab.reconnect()
        await student.tab.rerun()
        await student._settle(NEURONS)
        assert student.tab.session != old
        await student.visit(f"open {TEXT}")

    student = visit(server.url, "arrive", f"open {TEXT}", "text", then=move)
    assert "".join(student.tab.page.heatmap()["pieces"]) == student.asked.text


def test_a_text_that_was_not_sent_yet_comes_back(server):
    async def type_and_reload(student: Student) -> None:
        student.tab._storage.type({"text": "Birds sing."})
        student._asked = replace(student.asked, text="Birds sing.")
        await student.visit("reload")

    visit(server.url, "arrive", f"open {TEXT}", "text", then=type_and_reload)


def test_another_session_after_a_lost_connection_is_noticed(server):
    async def come_back_as_somebody_else(student: Student) -> None:
        student.tab.reconnect = lambda: student.tab._connect("no-such-session")
        await student.visit("drop")

    with pytest.raises(WrongState, match="gave another session"):
        visit(server.url, "arrive", f"open {NEURONS}", then=come_back_as_somebody_else)


def test_a_lost_text_is_noticed(server, wait_little):
    async def lose_it(student: Student) -> None:
        await student.visit(f"open {TEXT}")
        student._asked = replace(student.asked, text="This was pasted before.")
        student._look_for_text = True
        await student._do(f"open {NEURONS}")
        wait_little()
        await student._do(f"open {TEXT}")

    student = visit(server.url, "arrive", then=lose_it)
    assert [trouble.action for trouble in student.record.lost] == [f"open {TEXT}"]
    assert "text in the box should be 'This was pasted before.'" in student.record.lost[0].sentence


def test_another_layer_than_asked_is_noticed(server, wait_little):
    async def ask_for_another(student: Student) -> None:
        wait_little()
        student._asked = replace(student.asked, layer=student.asked.layer + 1)
        await student.visit(f"open {NEURONS}")

    with pytest.raises(WrongState, match="layer should be 4 and is 3; "):
        visit(server.url, "arrive", then=ask_for_another)


def test_an_error_box_is_noticed(server):
    async def pair_unequal_counts(student: Student) -> None:
        await student.tab.change({"n_target": 50, "test": "Paired t-test (the notebook's)"})
        await student._settle(NEURONS)

    with pytest.raises(Mistake, match="both counts must be equal"):
        visit(server.url, "arrive", f"open {NEURONS}", then=pair_unequal_counts)


def test_a_slow_page_is_noticed(server):
    async def wait_too_little(student: Student) -> None:
        student.tab.timeout = 0.001
        await student.visit(f"open {NEURONS}")

    with pytest.raises(TooSlow, match=r"After 0.001 s"):
        visit(server.url, "arrive", then=wait_too_little)


def test_no_server_is_noticed():
    with pytest.raises(Closed, match="No connection"):
        asyncio.run(Tab("http://127.0.0.1:9").open("", ""))


def test_all_who_come_to_a_fresh_server_at_once_find_their_page(another):
    """As after a server's end: nobody has opened a page before, and all open one at the same time."""
    assert another[1] == [None] * 12


@pytest.mark.parametrize("in_turn", [False, True])
def test_a_server_that_dies_is_an_error_in_the_report(monkeypatch, capsys, in_turn):
    """Killed in the midst of the lesson, between two steps or in one: the report is there all the same."""
    started, killers = [], []

    @contextmanager
    def mortal():
        with serve(600.0, False) as running:
            started.append(running.pid)
            yield running

    async def look_and_begin(plan):
        found = await look_around(plan)
        killers.append(threading.Timer(2.0, os.kill, (started[0], signal.SIGKILL)))
        killers[0].start()
        return found

    monkeypatch.setattr("benchmarks.class_load.serve", mortal)
    monkeypatch.setattr("benchmarks.class_load.look_around", look_and_begin)
    options = ["--serve", "--students", "3", "--minutes", "0.07", "--think", "0.2", "--ramp", "1"]
    code = main([*options, "--in-turn"] if in_turn else options)
    killers[0].join()
    said = capsys.readouterr().out
    assert code == 1 and "3 students, " in said
    assert re.search(r"Errors: \d+ \(.*\d+ closed", said) and "1 server ended" in said


def test_the_command(server, tmp_path, capsys, monkeypatch):
    # Another test's AppTest leaves its script behind as the main module, which new processes would run.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["benchmarks.class_load"])
    monkeypatch.setattr("benchmarks.class_load._SPAWN_SECONDS", 3.0)  # who starts later arrives later
    file = tmp_path / "report.json"
    options = ["--url", server.url, "--students", "2", "--minutes", "0.05", "--think", "1", "--ramp", "0"]
    assert main([*options, "--processes", "2", "--pid", str(server.pid), "--json", str(file)]) in (0, 1)
    assert "2 students, " in capsys.readouterr().out
    written = json.loads(file.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert written["students"] == 2 and written["sessions"] >= 2
    assert main(["--url", "http://127.0.0.1:9", "--students", "1"]) == 2
    assert "No connection" in capsys.readouterr().err
