"""What a class does to a cache folder, seen from its pages: a server killed, full and read-only disks, clocks.

Every fault is a real one. The store of arrays alone is in test_store_*.py, the hub's cache in
tests/core/models/test_hub_faults.py, the word lists' in tests/core/words/test_download_cache.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import REGISTRY

from benchmarks.page import Headline
from benchmarks.tab import Tab, TabError
from benchmarks.watch import Server, serve
from core.experiment import run_contrast
from core.models import load_model
from core.records import ContrastResult, ContrastSpec
from core.records.link import to_params
from engine import folders, steps
from engine.jobs import bytes_in_memory, evict_mapped
from engine.pipeline import forget_everything
from tests.support.faults import JUMPING_CLOCK, PATIENCE, remount, run, small_disk

# --- Killed


MANY = ContrastSpec.careful(word_source="bundled", n_target=1_200, n_baseline=1_200, layer=3, family="layer")


@contextlib.contextmanager
def class_server(cache: Path) -> Iterator[Server]:
    # One thread, as in the test: how a product is divided among threads changes its last bits.
    with serve(PATIENCE, GRAMMAR_NEURONS_CACHE=str(cache), OMP_NUM_THREADS="1") as server:
        yield server


@pytest.fixture
def one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


async def open_contrast(server: Server, spec: ContrastSpec) -> Headline | None:
    """Open the Neurons page of a spec as a browser does, and wait for what it shows."""
    tab = Tab(server.url, timeout=PATIENCE)
    try:
        await tab.open("Neurons", "&".join(f"{name}={value}" for name, value in to_params(spec).items()))
        await tab.settle(lambda: None if tab.page.headline() else "no headline", time.perf_counter())
        return tab.page.headline()
    finally:
        await tab.close()


def is_reading(pid: int, activations: Path) -> bool:
    """Whether a process has a file of the folder mapped to write to it."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return any(str(activations) in line and " rw-s " in line for line in maps)


async def open_and_kill(server: Server, activations: Path) -> None:
    """Open a page, and kill the server while it computes its activations."""
    page = asyncio.create_task(open_contrast(server, MANY))
    until = time.monotonic() + PATIENCE
    assert server.pid
    while not is_reading(server.pid, activations):
        assert time.monotonic() < until and not page.done(), "the server never began to read"
        await asyncio.sleep(0.02)
    os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(TabError):
        await page


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux says what is mapped")
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("one_thread")
def test_a_server_killed_in_the_middle_of_a_reading(tmp_path: Path) -> None:
    """It leaves nothing behind; the next one on the same folder reads the same words, and shows what is true."""
    activations = tmp_path / "cache" / "activations"
    with class_server(tmp_path / "cache") as server:
        whole = set(activations.glob("*.npy"))  # the contrasts of the warm start
        asyncio.run(open_and_kill(server, activations))
    assert whole and set(activations.glob("*.npy")) == whole
    assert not list(activations.glob("*.part")), "what it computed had no name"
    with class_server(tmp_path / "cache") as server:
        counters = server.counters()
        assert counters and "grammar_neurons_forward_passes_total{kind=words}" not in counters, "all was kept"
        headline = asyncio.run(open_contrast(server, MANY))
    fresh = run_contrast(MANY)
    assert headline is not None
    assert f"**{fresh.n_higher + fresh.n_lower:,} of {fresh.n_neurons:,}**" in headline.sentence
    (new,) = set(activations.glob("*.npy")) - whole
    kept = np.load(new)[MANY.layer]
    n_target = len(fresh.words.target)
    np.testing.assert_array_equal(kept[:n_target], fresh.target_activations)
    n_words = n_target + len(fresh.words.baseline)
    np.testing.assert_array_equal(kept[n_target:n_words], fresh.baseline_activations)
    stored = np.concatenate([fresh.target_sides.stored, fresh.baseline_sides.stored])
    np.testing.assert_array_equal(kept[n_words:], stored)


# --- A full disk

SMALL = ContrastSpec.careful(word_source="bundled", n_target=60, n_baseline=60, layer=2)
OTHER = SMALL.changed(n_target=50, n_baseline=50)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing that pages ask for is there yet, neither before nor after."""
    forget_everything()
    yield
    forget_everything()


def passes() -> float:
    """Forward passes over words so far."""
    return REGISTRY.get_sample_value("grammar_neurons_forward_passes_total", {"kind": "words"}) or 0.0


def assert_same(result: ContrastResult, spec: ContrastSpec) -> None:
    """The contrast is what the experiment computes without a cache."""
    fresh = run_contrast(spec, load_model("bundled"))
    np.testing.assert_array_equal(result.tests.statistic, fresh.tests.statistic)
    np.testing.assert_array_equal(result.p_adjusted, fresh.p_adjusted)
    assert (result.words.target, result.words.baseline) == (fresh.words.target, fresh.words.baseline)
    assert result.notes == fresh.notes


@pytest.mark.usefixtures("pages")
def test_contrasts_go_on_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Through all that a page asks for: computed in memory, the same numbers, and a line in the log."""
    with small_disk(tmp_path / "disk", "1m") as disk:
        monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(disk))
        result = steps.prepare(SMALL)
        assert "does not take an array, which is kept in memory" in caplog.text
        assert_same(result, SMALL)
        assert bytes_in_memory(result.target_activations) > 0
        caplog.clear()
        remount(disk, "size=16m")  # somebody has made room
        result = steps.prepare(OTHER)
        assert caplog.text == "" and bytes_in_memory(result.target_activations) == 0
        assert_same(result, OTHER)
        del result
        forget_everything()


@pytest.mark.usefixtures("pages")
def test_a_disk_that_holds_two_contrasts_serves_five(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results that hold activations go, of every step, so that the next are on disk too; all numbers are right."""
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path))
    monkeypatch.setenv("GRAMMAR_NEURONS_DISK_CACHE_MB", "3")
    specs = [SMALL.changed(n_target=n, n_baseline=n) for n in (46, 47, 48, 49, 50)]
    for spec in [*specs, specs[0]]:
        result = steps.prepare(spec)
        assert bytes_in_memory(result.target_activations) == 0
        assert_same(result, spec)
        assert 1e6 < folders.disk_store(make_room=evict_mapped).in_use() <= 3e6


# --- A read-only folder


@pytest.mark.usefixtures("pages")
def test_contrasts_go_on_where_the_disk_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is there is read, without a single forward pass; what is not is computed in memory."""
    with small_disk(tmp_path / "disk", "16m") as disk:
        monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(disk))
        steps.prepare(SMALL)
        forget_everything()
        leftover = disk / "activations" / f"{'0' * 64}.1-aa.part"
        leftover.write_bytes(b"left by a killed process")
        remount(disk, "ro")
        folders._store_at.cache_clear()  # as at a start
        before = passes()
        result = steps.prepare(SMALL)
        assert passes() == before and bytes_in_memory(result.target_activations) > 0
        assert_same(result, SMALL)
        caplog.clear()
        assert_same(steps.prepare(OTHER), OTHER)
        assert "Read-only file system" in caplog.text
        assert leftover.exists()
        del result
        forget_everything()


# --- Clocks


@pytest.mark.parametrize("years", [-10, 10])
def test_waiting_does_not_mind_a_clock_that_jumps(years: int) -> None:
    """For a turn: it ends after the seconds given, no sooner and no later. And no result grows old."""
    code = f"""{JUMPING_CLOCK}
import sys, threading
from core.errors import UserError
from engine.jobs import Results
from engine.admission import Line

results, ran = Results("of a test", 3), []
def result():
    results.obtain("key", lambda progress: ran.append("once"), max_age=1000)

line, took = Line(1, 10, timeout=1.0), []
def wait_for_a_turn():
    began = time.monotonic()
    threading.Timer(0.3, jump, [int(sys.argv[1])]).start()
    try:
        with line.place(1):
            raise SystemExit("two at a time")
    except UserError as error:
        assert "waited 1 seconds" in str(error), error
    took.append(time.monotonic() - began)

result()
with line.place(1):
    thread = threading.Thread(target=wait_for_a_turn)
    thread.start()
    thread.join()
result()
assert len(took) == 1 and 0.9 < took[0] < 30, took
assert ran == ["once"], ran
"""
    _, log = run(code, years)
    assert "Error" not in log, log
