"""engine.store: arrays made once, read back by others, never read back damaged; mapped, released, or in memory."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.activations.mapped import mapping_of, release
from engine.store import ArrayStore
from tests.support.arrays import SMALL, counted, counting, entry, files, never, npy_files
from tests.support.faults import run

# --- Made once, read back


def test_made_once_and_kept(store: ArrayStore, folder: Path) -> None:
    calls: list[float] = []
    made = store.obtain("key", SMALL, counting(7.0, calls))
    again = store.obtain("key", SMALL, never)
    for array in (made, again):
        assert type(array) is np.ndarray and array.dtype == np.float32
        np.testing.assert_array_equal(array, counted(7.0))
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0, 0] = 1.0
    assert calls == [7.0]
    (file,) = npy_files(folder)
    np.testing.assert_array_equal(np.load(file), counted(7.0))  # an ordinary .npy file to anybody else
    assert not list(folder.glob("*.part"))


def test_an_entry_is_what_it_is_said_to_be(folder: Path) -> None:
    """The helper of the tests below writes what a store reads."""
    folder.mkdir(mode=0o700)
    np.save(folder / "array.npy", counted(4.0))
    entry(folder, "key").write_bytes(sealed("key", (folder / "array.npy").read_bytes()))
    np.testing.assert_array_equal(ArrayStore(folder, 1e9, 100).obtain("key", SMALL, never), counted(4.0))


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
import sys, pathlib, engine.store
def fill(out):
    raise SystemExit("made anew")
store = engine.store.ArrayStore(pathlib.Path(sys.argv[1]), 1e9, 100)
print(store.obtain("odd", (6,), fill).tobytes().hex())
"""
    said, log = run(code, folder)
    assert said == values.tobytes().hex()
    assert log == ""


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "a/b\\c\0d", "ü🙂", "x" * 100_000], ids=lambda key: ascii(key[:9])
)
def test_any_text_is_a_key(store: ArrayStore, folder: Path, key: str) -> None:
    store.obtain(key, SMALL, counting(1.0))
    np.testing.assert_array_equal(store.obtain(key, SMALL, never), counted(1.0))
    assert npy_files(folder) == [entry(folder, key)]


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (1500, 1000)], ids=str)
def test_any_shape(store: ArrayStore, shape: tuple[int, ...]) -> None:
    """Also none at all, nothing, and more than one piece of what is digested at a time."""
    np.testing.assert_array_equal(store.obtain("key", shape, counting(2.0)), counted(2.0, shape))
    np.testing.assert_array_equal(store.obtain("key", shape, never), counted(2.0, shape))


def test_another_shape_is_another_array(store: ArrayStore, caplog: pytest.LogCaptureFixture) -> None:
    store.obtain("key", SMALL, counting(1.0))
    np.testing.assert_array_equal(store.obtain("key", (4,), counting(2.0)), counted(2.0, (4,)))
    np.testing.assert_array_equal(store.obtain("key", (4,), never), counted(2.0, (4,)))
    assert "does not hold float32 of shape (4,)" in caplog.text


def test_small_arrays_stay_in_memory(folder: Path) -> None:
    """They are neither kept nor looked for: 10 values are 40 bytes."""
    ArrayStore(folder, 1e9, 100).obtain("small", (9,), counting(1.0))
    choosy = ArrayStore(folder, 1e9, 100, min_bytes=40)
    for first in (2.0, 3.0):
        array = choosy.obtain("small", (9,), counting(first))
        np.testing.assert_array_equal(array, counted(first, (9,)))
        assert mapping_of(array) is None and not array.flags.writeable
    array = choosy.obtain("large", (10,), counting(4.0))
    assert mapping_of(array) is not None
    np.testing.assert_array_equal(choosy.obtain("large", (10,), never), counted(4.0, (10,)))


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
        store.obtain("key", SMALL, fill)
    assert caught.value is error
    assert files(folder) == []
    np.testing.assert_array_equal(store.obtain("key", SMALL, counting(1.0)), counted(1.0))
    assert files(folder) == [".npy"]


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
    """As a new process finds it: in this one, the array itself may still be in use."""
    shape = (1200, 1000)
    ArrayStore(folder, 1e9, 100).obtain("key", shape, counting(1.0))
    file = entry(folder, "key")
    file.write_bytes(damage(file.read_bytes()))
    again = ArrayStore(folder, 1e9, 100)
    calls: list[float] = []
    np.testing.assert_array_equal(again.obtain("key", shape, counting(3.0, calls)), counted(3.0, shape))
    assert calls == [3.0] and "damaged" in caplog.text
    np.testing.assert_array_equal(ArrayStore(folder, 1e9, 100).obtain("key", shape, never), counted(3.0, shape))


def sealed(key: str, content: bytes) -> bytes:
    """Content with the digest that makes it pass for a whole entry of a key."""
    name = hashlib.sha256(key.encode()).hexdigest()
    return content + b"SHA-256:" + hashlib.sha256(name.encode() + content).digest()


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
        entry(folder, "key").write_bytes(sealed("key", content))
        made = ArrayStore(folder, 1e9, 100).obtain("key", (1,), counting(5.0))
        assert made.tolist() == [5.0]
    assert not (tmp_path / "unpickled").exists()


def test_other_numbers_are_not_passed_off(folder: Path) -> None:
    folder.mkdir()
    np.save(folder / "doubles.npy", np.zeros(SMALL))
    entry(folder, "key").write_bytes(sealed("key", (folder / "doubles.npy").read_bytes()))
    made = ArrayStore(folder, 1e9, 100).obtain("key", SMALL, counting(1.0))
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, counted(1.0))
