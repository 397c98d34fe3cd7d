"""What a class does to a cache folder: kills, full and read-only disks, processes that share it, clocks that jump.

Every fault is a real one, most of them in processes of their own. Damaged entries are in test_array_store.py,
the hub's cache and the word lists' in test_faults_network.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import REGISTRY

from benchmarks.page import Headline
from benchmarks.tab import Tab, TabError
from benchmarks.watch import Server, serve
from core import experiment
from core.array_store import ArrayStore
from core.experiment import run_contrast
from core.models import load_model
from core.records import ContrastResult, ContrastSpec
from tests.arrays import SHAPE, fill_of, never, values
from tests.faults import JUMPING_CLOCK, PATIENCE, Child, remount, run, small_disk
from ui import cached, jobs

# In a child: a store in the folder of the first argument; whatever is made is noted in the file ``made`` beside it.
STORE = """
import os, sys, time
from pathlib import Path
from core import array_store
from tests import arrays
from tests.arrays import SHAPE, entry, never, say, values
folder = Path(sys.argv[1])
def store(max_entries=100, **options):
    return array_store.ArrayStore(folder, 1e9, max_entries, **options)
def fill_of(key):
    return arrays.fill_of(key, folder.parent / "made")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "arrays"


def files(folder: Path) -> list[str]:
    """What lies in a store's folder, by its kind."""
    return sorted(path.suffix for path in folder.iterdir() if not path.name.startswith("lock-"))


def made(folder: Path) -> list[str]:
    """The keys whose arrays children made, one for each time."""
    return sorted((folder.parent / "made").read_text().split())


# --- Killed


@pytest.mark.parametrize(
    "until",
    [
        # Half of the array is written.
        "def fill(out):\n    out[:2] = values('key')[:2]; out.flush(); say('now'); time.sleep(600)\n",
        # All of it, its digest and all, under its first name.
        "fill = fill_of('key')\narray_store.os.replace = lambda *names: (say('now'), time.sleep(600))\n",
    ],
    ids=["half filled", "not yet renamed"],
)
def test_killed_while_an_array_is_written(folder: Path, until: str) -> None:
    """Nothing of it is ever read; the next start removes it, and makes the array."""
    with Child(f"{STORE}{until}store().obtain('key', SHAPE, fill)", folder) as child:
        child.wait_for("now")
        (part,) = folder.glob("*.part")
        child.kill()
    assert part.stat().st_size > values("key").nbytes, "its room was taken at once"
    store = ArrayStore(folder, 1e9, 100)
    assert files(folder) == []
    log = folder.parent / "here"
    np.testing.assert_array_equal(store.obtain("key", SHAPE, fill_of("key", log)), values("key"))
    assert log.exists() and files(folder) == [".npy"]


def test_killed_while_it_held_the_lock(folder: Path) -> None:
    """Who waits for the array that a killed process was making goes on at once, long before patience ends."""
    stuck = "def fill(out):\n    say('now'); time.sleep(600)\nstore().obtain('key', SHAPE, fill)"
    waiting = f"mine = store(patience={PATIENCE})\nsay('begun')\nmine.obtain('key', SHAPE, fill_of('key'))"
    with Child(STORE + stuck, folder) as child:
        child.wait_for("now")
        with Child(STORE + waiting, folder) as one, Child(STORE + waiting, folder) as two:
            one.wait_for("begun")
            two.wait_for("begun")
            time.sleep(0.3)
            assert not (folder.parent / "made").exists()
            child.kill()
            started = time.monotonic()
            one.finish()
            two.finish()
            assert time.monotonic() - started < PATIENCE / 4
    assert made(folder) == ["key"], "one of the two that waited makes it"
    np.testing.assert_array_equal(ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, never), values("key"))


MANY = ContrastSpec.careful(word_source="bundled", n_target=1_200, n_baseline=1_200, layer=3, family="layer")


@contextlib.contextmanager
def class_server(cache: Path) -> Iterator[Server]:
    # One thread, as in the test: how a product is divided among threads changes its last bits.
    with serve(ready_within=PATIENCE, GRAMMAR_NEURONS_CACHE=str(cache), OMP_NUM_THREADS="1") as server:
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
        await tab.open("Neurons", "&".join(f"{name}={value}" for name, value in spec.to_params().items()))
        await tab.settle(lambda: None if tab.page.headline() else "no headline", time.perf_counter())
        return tab.page.headline()
    finally:
        await tab.close()


async def open_and_kill(server: Server, activations: Path) -> Path:
    """Open a page, and kill the server as soon as it writes its activations; returns what it was writing."""
    page = asyncio.create_task(open_contrast(server, MANY))
    until = time.monotonic() + PATIENCE
    while not (parts := list(activations.glob("*.part"))):
        assert time.monotonic() < until and not page.done(), "the server never began to write"
        await asyncio.sleep(0.02)
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(TabError):
        await page
    return parts[0]


@pytest.mark.usefixtures("one_thread")
def test_a_server_killed_in_the_middle_of_a_reading(tmp_path: Path) -> None:
    """The next one on the same folder removes what it left, reads the same words, and shows what is true."""
    activations = tmp_path / "cache" / "activations"
    with class_server(tmp_path / "cache") as server:
        whole = set(activations.glob("*.npy"))  # the contrasts of the warm start
        part = asyncio.run(open_and_kill(server, activations))
    assert whole and part.exists() and set(activations.glob("*.npy")) == whole
    with class_server(tmp_path / "cache") as server:
        assert not list(activations.glob("*.part"))
        counters = server.counters()
        assert counters and "grammar_neurons_forward_passes_total{kind=words}" not in counters, "all was kept"
        headline = asyncio.run(open_contrast(server, MANY))
    fresh = run_contrast(MANY)
    assert headline is not None
    assert f"**{fresh.n_higher + fresh.n_lower:,}** of {fresh.n_neurons:,}" in headline.sentence
    (new,) = set(activations.glob("*.npy")) - whole
    kept = np.load(new)[MANY.layer]
    n_target = len(fresh.words.target)
    np.testing.assert_array_equal(kept[:n_target], fresh.target_activations)
    np.testing.assert_array_equal(kept[n_target:], fresh.baseline_activations)


# --- A full disk

NO_FALLOCATE = "del os.posix_fallocate\n"  # as on macOS


@pytest.mark.parametrize("system", ["", NO_FALLOCATE], ids=["fallocate", "no fallocate"])
def test_a_disk_too_small_for_an_array(tmp_path: Path, system: str) -> None:
    """It is made in memory; a page of a mapped file that the disk does not take would kill the process (SIGBUS)."""
    with small_disk(tmp_path / "disk", "2m") as disk:
        code = f"""{STORE}{system}
def fill(out):
    assert os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize > 1.9e6, "it keeps the room that it could not use"
    out[...] = values("key", out.shape)
assert (store().obtain("key", (4, 1000, 1000), fill) == values("key", (4, 1000, 1000))).all()
"""
        _, log = run(code, disk / "arrays")
        assert "does not take an array" in log and "No space left on device" in log
        assert files(disk / "arrays") == []


@pytest.mark.parametrize("system", ["", NO_FALLOCATE], ids=["fallocate", "no fallocate"])
def test_a_disk_that_fills_up_while_an_array_is_made(tmp_path: Path, system: str) -> None:
    """The room that it took at the start is there to the end, and it is kept."""
    with small_disk(tmp_path / "disk", "2m") as disk:
        code = f"""{STORE}{system}
from tests.faults import fill_up
def fill(out):
    fill_up(folder.parent)
    out[...] = values("key", out.shape)
store().obtain("key", (300, 1000), fill)
assert os.statvfs(folder).f_bavail == 0
store().obtain("key", (300, 1000), never)
store().obtain("other", SHAPE, arrays.fill_of("other"))
"""
        _, log = run(code, disk / "arrays")
        assert log.count("No space left on device") == 1, log  # the other key's
        kept = ArrayStore(disk / "arrays", 1e9, 100).obtain("key", (300, 1000), never)
        np.testing.assert_array_equal(kept, values("key", (300, 1000)))
        del kept


SMALL = ContrastSpec.careful(word_source="bundled", n_target=60, n_baseline=60, layer=2)
OTHER = SMALL.changed(n_target=50, n_baseline=50)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What pages ask ``ui.cached`` for is not there yet, neither before nor after."""
    jobs.forget_everything()
    yield
    jobs.forget_everything()


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
        result = cached.prepare(SMALL)
        assert "does not take an array, which is kept in memory" in caplog.text
        assert_same(result, SMALL)
        assert jobs.bytes_in_memory(result.target_activations) > 0
        caplog.clear()
        remount(disk, "size=16m")  # somebody has made room
        result = cached.prepare(OTHER)
        assert caplog.text == "" and jobs.bytes_in_memory(result.target_activations) == 0
        assert_same(result, OTHER)
        del result
        jobs.forget_everything()


# --- A read-only folder


@pytest.mark.usefixtures("pages")
def test_contrasts_go_on_where_the_disk_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is there is read, without a single forward pass; what is not is computed in memory."""
    with small_disk(tmp_path / "disk", "16m") as disk:
        monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(disk))
        cached.prepare(SMALL)
        jobs.forget_everything()
        rubbish = disk / "activations" / f"{'0' * 64}.1-aa.part"
        rubbish.write_bytes(b"left by a killed process")
        remount(disk, "ro")
        experiment._store_at.cache_clear()  # as at a start
        before = passes()
        result = cached.prepare(SMALL)
        assert passes() == before and jobs.bytes_in_memory(result.target_activations) == 0
        assert_same(result, SMALL)
        caplog.clear()
        assert_same(cached.prepare(OTHER), OTHER)
        assert "Read-only file system" in caplog.text
        assert rubbish.exists()
        del result
        jobs.forget_everything()


READ_ONLY_FOLDER = f"""{STORE}
if os.geteuid() == 0:
    import mmap, numpy.random  # which nobody may be unable to read
    os.setgid(65534), os.setuid(65534)  # nobody: permissions do not bind root
folder.mkdir()
for key in ("kept", "new"):
    store().obtain(key, SHAPE, fill_of(key))
entry(folder, "new").unlink()
rubbish = entry(folder, "kept").with_suffix(".1-aa.part")
rubbish.write_bytes(b"left by a killed process")
folder.chmod(0o555)
again = store(max_entries=1)
assert rubbish.exists()
assert (again.obtain("kept", SHAPE, never) == values("kept")).all()
assert (again.obtain("new", SHAPE, fill_of("new")) == values("new")).all()
folder.chmod(0o755)
"""


def test_a_folder_that_its_owner_may_not_write() -> None:
    """Permissions alone: its locks can be taken, but nothing made and nothing removed."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions are POSIX's")
    place = Path(tempfile.mkdtemp())  # tmp_path is root's alone
    try:
        place.chmod(0o777)
        _, log = run(READ_ONLY_FOLDER, place / "arrays")
        assert "does not take an array" in log and "Permission denied" in log
        assert made(place / "arrays") == ["kept", "new", "new"]
    finally:
        shutil.rmtree(place)


def test_an_entry_that_cannot_be_opened_is_not_taken_for_damaged(folder: Path) -> None:
    """Where a process has no file descriptor left, the array is made in memory, and the entry stays."""
    code = f"""{STORE}
import resource
store().obtain("key", SHAPE, fill_of("key"))
again = store()
resource.setrlimit(resource.RLIMIT_NOFILE, (0, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
def fill(out):
    out[...] = 7.0
assert (again.obtain("key", SHAPE, fill) == 7.0).all()
"""
    _, log = run(code, folder)
    assert "Too many open files" in log and "damaged" not in log
    np.testing.assert_array_equal(ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, never), values("key"))


# --- Processes that share a folder

ASK = "mine = store()\nsay('ready'); sys.stdin.readline()\n"


def together(children: list[Child]) -> list[str]:
    """Let children begin at once, once all have come so far; returns what they say."""
    for child in children:
        child.wait_for("ready")
    for child in children:
        child.tell()
    return [child.finish() for child in children]


def test_processes_make_an_array_once(folder: Path) -> None:
    ask = "import hashlib; print(hashlib.sha256(mine.obtain('key', SHAPE, fill_of('key')).tobytes()).hexdigest())"
    with contextlib.ExitStack() as stack:
        said = together([stack.enter_context(Child(STORE + ASK + ask, folder)) for _ in range(4)])
    assert said == [hashlib.sha256(values("key").tobytes()).hexdigest()] * 4
    assert made(folder) == ["key"]
    assert files(folder) == [".npy"]


def test_processes_make_different_arrays_at_once(folder: Path) -> None:
    """Each asks for four keys, in an order of its own; all get all, and each is made once."""
    ask = """
for key in sys.argv[2]:
    assert (mine.obtain(key, SHAPE, fill_of(key)) == values(key)).all(), key
"""
    with contextlib.ExitStack() as stack:
        orders = ("abcd", "bcda", "dcba")
        together([stack.enter_context(Child(STORE + ASK + ask, folder, order)) for order in orders])
    assert made(folder) == ["a", "b", "c", "d"]
    assert files(folder) == [".npy"] * 4


def test_what_is_read_stays_whole_while_others_evict_and_replace_it(folder: Path) -> None:
    """A mapped array is what it was, after its file has been forgotten, and made anew with other values."""
    read = """
mine = store().obtain("key", SHAPE, fill_of("key"))
say("read"); sys.stdin.readline()
assert not entry(folder, "key").exists()
assert (mine == values("key")).all()
say("forgotten"); sys.stdin.readline()
assert (mine == values("key")).all()
assert (store().obtain("key", SHAPE, never) == values("new")).all()
"""
    with Child(STORE + read, folder) as reader:
        reader.wait_for("read")
        small = ArrayStore(folder, 1e9, max_entries=1)
        small.obtain("another", SHAPE, fill_of("another"))
        reader.tell()
        reader.wait_for("forgotten")
        small.obtain("key", SHAPE, fill_of("new"))
        reader.tell()
        reader.finish()


def test_processes_that_evict_each_others_arrays(folder: Path) -> None:
    """Three of them walk through ten keys in a folder that holds two: whatever is evicted when, all is right."""
    walk = """
import numpy as np
mine, rng = store(max_entries=2), np.random.default_rng(int(sys.argv[2]))
say("ready"); sys.stdin.readline()
for number in rng.integers(0, 10, 60):
    key = f"key {number}"
    assert (mine.obtain(key, SHAPE, arrays.fill_of(key)) == values(key)).all(), key
"""
    with contextlib.ExitStack() as stack:
        together([stack.enter_context(Child(STORE + walk, folder, seed)) for seed in range(3)])
    assert 1 <= files(folder).count(".npy") <= 4 and ".part" not in files(folder)


# --- Clocks


def test_the_cache_does_not_mind_a_clock_that_jumps(folder: Path) -> None:
    """Ten years on, back, and right again, while processes run: what is kept is found, and the oldest forgotten."""
    code = f"""{STORE}{JUMPING_CLOCK}
mine = store(max_entries=3)
for key in "abc":
    mine.obtain(key, SHAPE, fill_of(key))
for years in (10, -10, 0):
    jump(years)
    for each in (mine, store(max_entries=3)):
        for key in "abc":
            assert (each.obtain(key, SHAPE, never) == values(key)).all()
for years, key in ((10, "d"), (-10, "e"), (0, "f")):
    jump(years)
    mine.obtain(key, SHAPE, fill_of(key))
assert set(folder.glob("*.npy")) == {{entry(folder, key) for key in "def"}}
"""
    _, log = run(code, folder)
    assert log == "" and made(folder) == list("abcdef")


@pytest.mark.parametrize("years", [-10, 10])
def test_waiting_does_not_mind_a_clock_that_jumps(folder: Path, years: int) -> None:
    """For a lock, for a turn: it ends after the seconds given, no sooner and no later. And no result grows old."""
    code = f"""{STORE}{JUMPING_CLOCK}
import threading
from core.queueing import Turns
from core.records import UserError
from ui.jobs import JobStore

results, ran = JobStore(3), []
def result():
    job = results.start("key", lambda report: ran.append("once"), max_age=1000)
    assert job.finished.wait(60)

def seconds_of(wait):
    jump(0)
    threading.Timer(0.3, jump, [int(sys.argv[2])]).start()
    began = time.monotonic()
    wait()
    return time.monotonic() - began

turns, impatient = Turns(1, 10, patience=1.0), store(patience=1.0)
def wait_for_a_turn():
    try:
        with turns.take():
            raise SystemExit("two at a time")
    except UserError as error:
        assert "waited 1 seconds" in str(error), error

def fill(out):  # with the key's lock, and the only turn, in another thread's hands
    def others():
        took.append(seconds_of(wait_for_a_turn))
        took.append(seconds_of(lambda: impatient.obtain("key", SHAPE, arrays.fill_of("key"))))
    with turns.take():
        thread = threading.Thread(target=others)
        thread.start()
        thread.join()
    out[...] = values("key")

took = []
result()
store().obtain("key", SHAPE, fill)
result()
assert len(took) == 2 and all(0.9 < seconds < 30 for seconds in took), took
assert ran == ["once"], ran
"""
    _, log = run(code, folder, years)
    assert "cannot be used for now" in log and "Error" not in log, log
