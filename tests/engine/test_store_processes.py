"""engine.store: processes that share a folder, and clocks that jump under them."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import pytest

from engine.store import ArrayStore
from tests.support.arrays import SHAPE, STORE, UNLINKED, files, fill_of, made, values
from tests.support.faults import JUMPING_CLOCK, Child, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "arrays"


# --- Processes that share a folder

# How the children's files without a name come to be: Linux makes such files, elsewhere they lose the name they had.
SYSTEMS = pytest.mark.parametrize(
    "system",
    ["", UNLINKED],
    ids=["nameless", "unlinked"],
)
ASK = "mine = store()\nsay('ready'); sys.stdin.readline()\n"
# For children of which the second argument says how many they are: none fills an array before all want one.
GATHER = "gathering = arrays.Gathering(folder.parent / 'asked', int(sys.argv[2]))\n"


def together(children: list[Child]) -> list[str]:
    """Let children begin at once, once all have come so far; returns what they say."""
    for child in children:
        child.wait_for("ready")
    for child in children:
        child.tell()
    return [child.finish() for child in children]


@SYSTEMS
def test_processes_make_an_array_once(folder: Path, system: str) -> None:
    ask = """
import hashlib
array = mine.obtain("key", SHAPE, fill_of("key", gathering.complete))
print(hashlib.sha256(array.tobytes()).hexdigest())
"""
    with contextlib.ExitStack() as stack:
        said = together([stack.enter_context(Child(STORE + system + GATHER + ASK + ask, folder, 4)) for _ in range(4)])
    assert said == [hashlib.sha256(values("key").tobytes()).hexdigest()] * 4
    assert made(folder) == ["key"]
    assert files(folder) == [".npy"]


@SYSTEMS
def test_processes_make_different_arrays_at_once(folder: Path, system: str) -> None:
    """Each asks for four keys, in an order of its own; all get all, and each is made once."""
    ask = """
for key in sys.argv[3]:
    assert (mine.obtain(key, SHAPE, fill_of(key, gathering.complete)) == values(key)).all(), key
"""
    code = STORE + system + GATHER + ASK + ask
    with contextlib.ExitStack() as stack:
        together([stack.enter_context(Child(code, folder, 3, order)) for order in ("abcd", "bcda", "dcba")])
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


@SYSTEMS
def test_processes_that_evict_each_others_arrays(folder: Path, system: str) -> None:
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
        together([stack.enter_context(Child(STORE + system + walk, folder, seed)) for seed in range(3)])
    ArrayStore(folder, 1e9, max_entries=2).obtain("last", SHAPE, fill_of("last"))  # nothing is in use any more
    assert files(folder) == [".npy"] * 2


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
def test_waiting_for_a_lock_does_not_mind_a_clock_that_jumps(folder: Path, years: int) -> None:
    """It ends after the seconds given, no sooner and no later; the clock jumps as soon as it has begun to wait."""
    code = f"""{STORE}{JUMPING_CLOCK}
import threading
impatient, sleep, took = store(lock_seconds=1.0), time.sleep, []

def jump_and_sleep(seconds):
    jump(int(sys.argv[2]))
    sleep(seconds)

def wait():
    began = time.monotonic()
    time.sleep = jump_and_sleep
    impatient.obtain("key", SHAPE, arrays.fill_of("key"))
    time.sleep = sleep
    took.append(time.monotonic() - began)

def fill(out):  # with the key's lock
    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    out[...] = values("key")

store().obtain("key", SHAPE, fill)
assert off != [0], "it never waited"
assert len(took) == 1 and 0.9 < took[0] < 60, took
"""
    _, log = run(code, folder, years)
    assert "cannot be used for now" in log and "Error" not in log, log
