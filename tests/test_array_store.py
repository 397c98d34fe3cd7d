"""Arrays on disk: made once, read back by others, bounded, never read back damaged. Kills: test_faults_cache.py."""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.array_store import ArrayStore, Fill, release
from tests.arrays import entry, never
from tests.faults import PATIENCE, run

SHAPE = (2, 3, 5)
YEARS = 31_557_600  # seconds of one


def counting(first: float, calls: list[float] | None = None) -> Fill:
    """A fill that writes first, first + 1, ... and notes that it ran."""

    def fill(out: np.ndarray) -> None:
        if calls is not None:
            calls.append(first)
        out[...] = np.arange(first, first + out.size).reshape(out.shape)

    return fill


def expected(first: float, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return np.arange(first, first + np.prod(shape), dtype=np.float32).reshape(shape)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "arrays"


@pytest.fixture
def store(folder: Path) -> ArrayStore:
    return ArrayStore(folder, max_bytes=1e9, max_entries=100)


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.npy"))


# --- Made once, read back


def test_made_once_and_kept(store: ArrayStore, folder: Path) -> None:
    calls: list[float] = []
    made = store.obtain("key", SHAPE, counting(7.0, calls))
    again = store.obtain("key", SHAPE, never)
    for array in (made, again):
        assert type(array) is np.ndarray and array.dtype == np.float32
        np.testing.assert_array_equal(array, expected(7.0))
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0, 0] = 1.0
    assert calls == [7.0]
    (file,) = entries(folder)
    np.testing.assert_array_equal(np.load(file), expected(7.0))  # an ordinary .npy file to anybody else
    assert not list(folder.glob("*.part"))


def resident_of_files() -> int:
    """Bytes of mapped files in this process's memory."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssFile")))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Only Linux tells what is resident.")
def test_what_is_released_leaves_memory_and_nothing_is_lost(store: ArrayStore) -> None:
    """While an entry is written, and when it is read; an array in memory stays as it is."""
    shape = (4, 1000, 4000)  # 64 MB
    most: list[int] = []

    def fill(out: np.ndarray) -> None:
        for layer in range(4):
            out[layer] = layer
            release(out)
            most.append(resident_of_files() - before)

    before = resident_of_files()
    array = store.obtain("large", shape, fill)
    assert max(most) < 4e6
    for kept in (array, store.obtain("large", shape, never)):
        assert [float(layer.mean()) for layer in kept] == [0, 1, 2, 3]
        release(kept[1:, 5:])
        assert resident_of_files() - before < 4e6
    in_memory = np.arange(3.0)
    release(in_memory)
    assert in_memory.tolist() == [0, 1, 2]


def test_read_back_by_another_process(store: ArrayStore, folder: Path) -> None:
    """Bit for bit, infinities, NaN and a negative zero among them."""
    values = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3.4e38], dtype=np.float32)

    def fill(out: np.ndarray) -> None:
        out[...] = values

    store.obtain("odd", (6,), fill)
    code = """
import sys, pathlib, core.array_store
def fill(out):
    raise SystemExit("made anew")
store = core.array_store.ArrayStore(pathlib.Path(sys.argv[1]), 1e9, 100)
print(store.obtain("odd", (6,), fill).tobytes().hex())
"""
    said, log = run(code, folder)
    assert said == values.tobytes().hex()
    assert log == ""


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "a/b\\c\0d", "ü🙂", "x" * 100_000], ids=lambda key: ascii(key[:9])
)
def test_any_text_is_a_key(store: ArrayStore, folder: Path, key: str) -> None:
    store.obtain(key, SHAPE, counting(1.0))
    np.testing.assert_array_equal(store.obtain(key, SHAPE, never), expected(1.0))
    assert entries(folder) == [entry(folder, key)]


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (1500, 1000)], ids=str)
def test_any_shape(store: ArrayStore, shape: tuple[int, ...]) -> None:
    """Also none at all, nothing, and more than one piece of what is digested at a time."""
    np.testing.assert_array_equal(store.obtain("key", shape, counting(2.0)), expected(2.0, shape))
    np.testing.assert_array_equal(store.obtain("key", shape, never), expected(2.0, shape))


def test_another_shape_is_another_array(store: ArrayStore, caplog: pytest.LogCaptureFixture) -> None:
    store.obtain("key", SHAPE, counting(1.0))
    np.testing.assert_array_equal(store.obtain("key", (4,), counting(2.0)), expected(2.0, (4,)))
    np.testing.assert_array_equal(store.obtain("key", (4,), never), expected(2.0, (4,)))
    assert "shape (2, 3, 5)" in caplog.text


# --- Errors


@pytest.mark.parametrize("kind", [ValueError, MemoryError, KeyboardInterrupt, SystemExit])
def test_what_fill_raises_is_raised_and_nothing_kept(
    store: ArrayStore, folder: Path, kind: type[BaseException]
) -> None:
    error = kind("half way")

    def fill(out: np.ndarray) -> None:
        out[0] = 1.0
        raise error

    with pytest.raises(kind) as caught:
        store.obtain("key", SHAPE, fill)
    assert caught.value is error
    assert [path.name for path in folder.iterdir() if not path.name.startswith("lock")] == []
    np.testing.assert_array_equal(store.obtain("key", SHAPE, counting(1.0)), expected(1.0))


def flip(position: int) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        at = position % len(content)
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return change


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(flip(0), id="magic"),
        pytest.param(flip(30), id="header"),
        pytest.param(flip(128), id="first value"),
        pytest.param(flip(4_600_000), id="in the second piece"),
        pytest.param(flip(-41), id="last value"),
        pytest.param(flip(-40), id="mark"),
        pytest.param(flip(-1), id="digest"),
        pytest.param(lambda content: content[:-1], id="a byte short"),
        pytest.param(lambda content: content[: len(content) // 2], id="half"),
        pytest.param(lambda content: content[:20], id="20 bytes"),
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content + b"\0", id="a byte more"),
        pytest.param(lambda content: bytes(len(content)), id="zeros"),
        pytest.param(lambda content: content[:-40], id="an ordinary npy"),
    ],
)
def test_damage_is_found_removed_and_mended(
    folder: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """As a new process finds it: what this one wrote or checked itself, it does not check again."""
    shape = (1200, 1000)
    ArrayStore(folder, 1e9, 100).obtain("key", shape, counting(1.0))
    file = entry(folder, "key")
    file.write_bytes(damage(file.read_bytes()))
    again = ArrayStore(folder, 1e9, 100)
    calls: list[float] = []
    np.testing.assert_array_equal(again.obtain("key", shape, counting(3.0, calls)), expected(3.0, shape))
    assert calls == [3.0] and "damaged" in caplog.text
    np.testing.assert_array_equal(ArrayStore(folder, 1e9, 100).obtain("key", shape, never), expected(3.0, shape))


def sealed(content: bytes) -> bytes:
    """Content with the digest that makes it pass for whole."""
    return content + b"SHA-256:" + hashlib.sha256(content).digest()


class Bomb:
    """What unpickling would run."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("unpickled",)


def test_nothing_is_unpickled(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a pickled array, and not a bare pickle, even where the digest is right."""
    monkeypatch.chdir(tmp_path)
    folder.mkdir()
    np.save(tmp_path / "bomb.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    for content in ((tmp_path / "bomb.npy").read_bytes(), pickle.dumps(Bomb())):
        entry(folder, "key").write_bytes(sealed(content))
        made = ArrayStore(folder, 1e9, 100).obtain("key", (1,), counting(5.0))
        assert made.tolist() == [5.0]
    assert not (tmp_path / "unpickled").exists()


def test_other_numbers_are_not_passed_off(folder: Path) -> None:
    folder.mkdir()
    np.save(folder / "doubles.npy", np.zeros(SHAPE))
    entry(folder, "key").write_bytes(sealed((folder / "doubles.npy").read_bytes()))
    made = ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, counting(1.0))
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, expected(1.0))


# --- Bounds


def set_last_use(folder: Path, **seconds_ago: float) -> None:
    for key, ago in seconds_ago.items():
        os.utime(entry(folder, key), (time.time() - ago,) * 2)


def kept(folder: Path, keys: str) -> str:
    return "".join(key for key in keys if entry(folder, key).exists())


def test_the_least_recently_used_goes_first(folder: Path) -> None:
    store = ArrayStore(folder, 1e9, max_entries=3)
    for key in "abc":
        store.obtain(key, SHAPE, counting(ord(key)))
    set_last_use(folder, a=300, b=200, c=100)
    store.obtain("a", SHAPE, never)  # used just now: b is the oldest
    held = store.obtain("b", SHAPE, never)
    set_last_use(folder, b=200)
    store.obtain("d", SHAPE, counting(0.0))
    assert kept(folder, "abcd") == "acd"
    np.testing.assert_array_equal(held, expected(ord("b")))  # mapped: whole, whatever became of its file
    np.testing.assert_array_equal(store.obtain("b", SHAPE, counting(1.0)), expected(1.0))
    assert kept(folder, "abcd") == "abd"


def test_bytes_are_bounded(folder: Path) -> None:
    """Three entries of 40 kB fit in 130 kB; one of 100 kB leaves no room for them."""
    store = ArrayStore(folder, max_bytes=130_000, max_entries=100)
    for ago, key in enumerate("dcba"):
        store.obtain(key, (10_000,), counting(1.0))
        set_last_use(folder, **{key: 100 - ago})
    assert kept(folder, "abcd") == "abc"
    store.obtain("e", (25_000,), counting(1.0))
    assert kept(folder, "abcde") == "e"
    assert sum(file.stat().st_size for file in entries(folder)) <= 130_000


def test_what_is_larger_than_all_room_stays_in_memory(folder: Path) -> None:
    store = ArrayStore(folder, max_bytes=1_000, max_entries=100)
    store.obtain("small", (100,), counting(1.0))
    for first in (2.0, 3.0):  # made each time
        np.testing.assert_array_equal(store.obtain("large", (251,), counting(first)), expected(first, (251,)))
    assert kept(folder, ["small", "large"]) == "small"


def test_the_newest_is_kept_where_it_just_fits(folder: Path) -> None:
    """Its header and digest may take it over the bound, by less than 200 bytes."""
    store = ArrayStore(folder, max_bytes=40_000, max_entries=100)
    for key in "ab":
        store.obtain(key, (10_000,), counting(1.0))
    assert kept(folder, "ab") == "b"
    assert 40_000 < entry(folder, "b").stat().st_size < 40_200


def test_no_room_at_all(folder: Path) -> None:
    """GRAMMAR_NEURONS_DISK_CACHE_MB=0."""
    made = ArrayStore(folder, max_bytes=0, max_entries=100).obtain("key", SHAPE, counting(1.0))
    np.testing.assert_array_equal(made, expected(1.0))
    assert not made.flags.writeable
    assert not folder.exists()


@pytest.mark.parametrize("years", [-55, -10, 10])
def test_a_clock_that_was_wrong_does_not_keep_old_entries_for_years(folder: Path, years: int) -> None:
    """Entries last used in 1970, or ten years from now, go before those used since the clock was put right."""
    store = ArrayStore(folder, 1e9, max_entries=3)
    for key in "abc":
        store.obtain(key, SHAPE, counting(1.0))
        set_last_use(folder, **{key: -years * YEARS})
    for key in "def":
        store.obtain(key, SHAPE, counting(2.0))
    assert kept(folder, "abcdef") == "def"
    set_last_use(folder, d=-years * YEARS, e=10, f=20)
    store.obtain("d", SHAPE, never)  # whatever its time was, it has been used just now
    store.obtain("g", SHAPE, counting(3.0))
    assert kept(folder, "defg") == "deg"


def test_a_file_server_whose_clock_is_a_little_ahead_changes_nothing(folder: Path) -> None:
    store = ArrayStore(folder, 1e9, max_entries=2)
    store.obtain("a", SHAPE, counting(1.0))
    store.obtain("b", SHAPE, counting(1.0))
    set_last_use(folder, a=-20, b=5)
    store.obtain("c", SHAPE, counting(1.0))
    assert kept(folder, "abc") == "ac"


# --- Threads of one process


def test_threads_share_one_computation(store: ArrayStore) -> None:
    calls: list[float] = []
    together = threading.Barrier(8)

    def slow(out: np.ndarray) -> None:
        time.sleep(0.1)
        counting(4.0, calls)(out)

    def ask(_: int) -> np.ndarray:
        together.wait(PATIENCE)
        return store.obtain("key", SHAPE, slow)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(ask, range(8)))
    assert calls == [4.0]
    for result in results:
        np.testing.assert_array_equal(result, expected(4.0))


def test_one_thread_that_fails_leaves_the_work_to_the_next(store: ArrayStore) -> None:
    begun, calls = threading.Event(), []

    def fails(out: np.ndarray) -> None:
        begun.set()
        time.sleep(0.1)
        raise ValueError("no memory")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.obtain, "key", SHAPE, fails)
        assert begun.wait(PATIENCE)
        second = pool.submit(store.obtain, "key", SHAPE, counting(1.0, calls))
        with pytest.raises(ValueError, match="no memory"):
            first.result(PATIENCE)
        np.testing.assert_array_equal(second.result(PATIENCE), expected(1.0))
    assert calls == [1.0]


def test_keys_are_made_beside_each_other(store: ArrayStore) -> None:
    together = threading.Barrier(2)

    def fill(out: np.ndarray) -> None:
        together.wait(PATIENCE)  # passes only where both run at once
        out[...] = 1.0

    with ThreadPoolExecutor(2) as pool:
        for result in [pool.submit(store.obtain, key, SHAPE, fill) for key in ("a", "b")]:
            assert (result.result(PATIENCE) == 1.0).all()


def test_patience_ends(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Who has waited long enough for another makes the array for itself, in memory."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(out: np.ndarray) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)
        counting(1.0)(out)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ArrayStore(folder, 1e9, 100).obtain, "key", SHAPE, slow)
        assert begun.wait(PATIENCE)
        impatient = ArrayStore(folder, 1e9, 100, patience=0.2)
        np.testing.assert_array_equal(impatient.obtain("key", SHAPE, counting(1.0)), expected(1.0))
        assert "cannot be used for now" in caplog.text
        assert entries(folder) == []
        go_on.set()
        first.result(PATIENCE)
    np.testing.assert_array_equal(impatient.obtain("key", SHAPE, never), expected(1.0))


def test_rubbish_goes_at_the_start_but_not_what_is_being_made(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    begun, go_on = threading.Event(), threading.Event()

    def slow(out: np.ndarray) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)
        counting(1.0)(out)

    folder.mkdir()
    rubbish = entry(folder, "another").with_suffix(".1234-abcd.part")
    rubbish.write_bytes(b"half an array")
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(ArrayStore(folder, 1e9, 100).obtain, "key", SHAPE, slow)
        assert begun.wait(PATIENCE)
        assert not rubbish.exists()
        (part,) = folder.glob("*.part")
        ArrayStore(folder, 1e9, 100)
        assert part.exists()
        go_on.set()
        np.testing.assert_array_equal(making.result(PATIENCE), expected(1.0))
    assert not part.exists() and entries(folder) == [entry(folder, "key")]
    assert caplog.text == ""
