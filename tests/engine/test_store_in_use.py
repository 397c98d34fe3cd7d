"""engine.store on a system that, like Windows, neither renames nor removes a file that anybody has mapped."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path

import numpy as np
import pytest

from core.activations.mapped import mapping_of
from engine import sealed_files
from engine.store import ArrayStore
from tests.support.arrays import SHAPE, STORE, entry, files, fill_of, never, npy_files, values
from tests.support.faults import Child, run
from tests.support.like_windows import refuse_what_is_in_use

LIKE_WINDOWS = "from tests.support.like_windows import refuse_what_is_in_use\nrefuse_what_is_in_use()\n"
HOLD = f"""{STORE}{LIKE_WINDOWS}
mine = store().obtain("held", SHAPE, fill_of("held"))
say("held"); sys.stdin.readline()
assert (mine == values("held")).all() or sys.argv[2:] == ["changed"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sealed_files, "_PAUSES", (0, 0))
    refuse_what_is_in_use(monkeypatch.setattr)
    return tmp_path / "arrays"


@pytest.fixture
def store(folder: Path) -> ArrayStore:
    return ArrayStore(folder, 1e9, 100)


def assert_mapped(array: np.ndarray, key: str) -> None:
    """It holds the key's values, read-only, and no copy of them is in memory."""
    np.testing.assert_array_equal(array, values(key))
    assert mapping_of(array) is not None and not array.flags.writeable


@pytest.mark.parametrize("call", ["os.unlink(path)", "os.remove(path)", "path.unlink()", "path.rename('x')"])
def test_the_system_refuses_what_is_mapped_and_only_that(folder: Path, call: str) -> None:
    """The stand-in itself, which the other tests rely on."""
    path = folder.with_name("array.npy")
    np.save(path, np.arange(3.0))
    mapped = np.load(path, mmap_mode="r")
    code = f"{STORE}{LIKE_WINDOWS}path = folder.with_name('array.npy')\nos.chdir(path.parent)\n{call}"
    with Child(code, folder) as child, pytest.raises(AssertionError, match="PermissionError"):
        child.finish()
    assert path.exists() and mapped[2] == 2.0
    del mapped
    run(code, folder)
    assert not path.exists()


def test_arrays_are_kept_and_found_by_another_process(store: ArrayStore, folder: Path) -> None:
    made = store.obtain("key", SHAPE, fill_of("key"))
    assert_mapped(made, "key")
    assert_mapped(store.obtain("key", SHAPE, never), "key")
    assert files(folder) == [".npy"]
    _, log = run(f"{STORE}{LIKE_WINDOWS}assert (store().obtain('key', SHAPE, never) == values('key')).all()", folder)
    assert log == ""


def test_eviction_of_what_is_mapped_is_put_off(folder: Path) -> None:
    store = ArrayStore(folder, 1e9, max_entries=1)
    held = store.obtain("held", SHAPE, fill_of("held"))
    for key in ("a", "b"):
        store.obtain(key, SHAPE, fill_of(key))
        assert npy_files(folder) == sorted([entry(folder, "held"), entry(folder, key)])
    assert_mapped(held, "held")
    assert_mapped(store.obtain("held", SHAPE, never), "held")
    del held
    store.obtain("c", SHAPE, fill_of("c"))
    assert npy_files(folder) == [entry(folder, "c")]


def test_eviction_of_what_another_process_maps_is_put_off(folder: Path) -> None:
    with Child(HOLD, folder) as child:
        child.wait_for("held")
        store = ArrayStore(folder, 1e9, max_entries=1)
        store.obtain("a", SHAPE, fill_of("a"))
        assert entry(folder, "held") in npy_files(folder)
        child.tell()
        child.finish()
    store.obtain("b", SHAPE, fill_of("b"))
    assert npy_files(folder) == [entry(folder, "b")]


def test_a_view_that_fill_keeps_stays_readable(store: ArrayStore, folder: Path) -> None:
    """The array is then mapped under its first name; that file goes when nobody has it mapped any more."""
    views: list[np.ndarray] = []

    def fill(out: np.ndarray) -> None:
        fill_of("key")(out)
        views.append(out[1:].view(np.ndarray))

    array = store.obtain("key", SHAPE, fill)
    assert_mapped(array, "key")
    np.testing.assert_array_equal(views[0], values("key")[1:])
    assert files(folder) == [".part"]
    views.clear()
    del array
    assert_mapped(store.obtain("key", SHAPE, fill_of("key")), "key")
    assert files(folder) == [".npy"]


def test_an_array_in_a_reference_cycle_is_kept(store: ArrayStore, folder: Path) -> None:
    def fill(out: np.ndarray) -> None:
        fill_of("key")(out)
        cycle: list[object] = [out]
        cycle.append(cycle)

    gc.disable()
    try:
        assert_mapped(store.obtain("key", SHAPE, fill), "key")
    finally:
        gc.enable()
    assert files(folder) == [".npy"]


def test_a_file_that_a_virus_scanner_has_open_is_renamed_later(
    store: ArrayStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned = []

    def fill(out: np.ndarray) -> None:
        fill_of("key")(out)
        (part,) = folder.glob("*.part")
        scanned.append(part.open("rb"))

    monkeypatch.setattr(time, "sleep", lambda seconds: scanned[0].close())
    assert_mapped(store.obtain("key", SHAPE, fill), "key")
    assert files(folder) == [".npy"]


def test_a_damaged_entry_that_another_process_maps(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is passed over while it cannot go, and removed at the first eviction when it can."""
    with Child(HOLD, folder, "changed") as child:
        child.wait_for("held")
        with entry(folder, "held").open("r+b") as file:
            file.seek(200)
            file.write(b"other")
        store = ArrayStore(folder, 1e9, 100)
        for _ in range(2):
            assert_mapped(store.obtain("held", SHAPE, fill_of("held")), "held")
        assert "damaged" in caplog.text and npy_files(folder) == [entry(folder, "held")]
        child.tell()
        child.finish()
    store.obtain("another", SHAPE, fill_of("another"))
    assert files(folder) == [".npy"] and not entry(folder, "held").exists()
    assert_mapped(store.obtain("held", SHAPE, fill_of("held")), "held")
    assert_mapped(ArrayStore(folder, 1e9, 100).obtain("held", SHAPE, never), "held")


def test_an_entry_that_came_meanwhile_is_taken(folder: Path, tmp_path: Path) -> None:
    """A process that did not mind the lock has made it, and has it mapped: it cannot be replaced, and need not be."""
    ArrayStore(tmp_path / "elsewhere", 1e9, 100).obtain("key", SHAPE, fill_of("key"))
    kept: list[np.memmap] = []

    def fill(out: np.ndarray) -> None:
        fill_of("key")(out)
        os.rename(entry(tmp_path / "elsewhere", "key"), entry(folder, "key"))
        kept.append(np.load(entry(folder, "key"), mmap_mode="r"))

    store = ArrayStore(folder, 1e9, 100)
    assert_mapped(store.obtain("key", SHAPE, fill), "key")
    assert files(folder) == [".npy"]
    assert_mapped(store.obtain("key", SHAPE, never), "key")


@pytest.mark.parametrize("replaced", [False, True], ids=["evicted", "replaced"])
def test_an_entry_that_others_touch_before_it_is_mapped(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    """Between the renaming and the mapping another process may do as it likes."""
    ArrayStore(tmp_path / "elsewhere", 1e9, 100).obtain("key", SHAPE, fill_of("key"))
    rename, calls = os.replace, []

    def rename_and_more(old: Path, new: Path) -> None:
        rename(old, new)
        calls.append(new)
        if replaced:
            rename(entry(tmp_path / "elsewhere", "key"), new)
        else:
            os.unlink(new)

    monkeypatch.setattr(os, "replace", rename_and_more)
    array = ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, fill_of("key"))
    assert calls == [entry(folder, "key")] and files(folder) == [".npy"] * replaced
    np.testing.assert_array_equal(array, values("key"))
    assert (mapping_of(array) is not None) == replaced and not array.flags.writeable


def test_what_fill_leaves_when_it_fails_goes_at_the_next_eviction(store: ArrayStore, folder: Path) -> None:
    def fill(out: np.ndarray) -> None:
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way") as caught:
        store.obtain("key", SHAPE, fill)
    assert files(folder) == [".part"]  # the error's traceback has it mapped
    del caught
    store.obtain("another", SHAPE, fill_of("another"))
    assert files(folder) == [".npy"]


def test_a_leftover_part_that_is_in_use_goes_later(folder: Path) -> None:
    folder.mkdir()
    leftover = entry(folder, "key").with_suffix(".1234-abcd.part")
    leftover.write_bytes(b"half an array")
    with leftover.open("rb"):
        store = ArrayStore(folder, 1e9, 100)
        store.obtain("a", SHAPE, fill_of("a"))
        assert leftover.exists()
    store.obtain("b", SHAPE, fill_of("b"))
    assert files(folder) == [".npy"] * 2


def test_files_of_others_stay(folder: Path) -> None:
    folder.mkdir()
    (folder / "download.part").write_bytes(b"not of the store")
    ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, fill_of("key"))
    assert (folder / "download.part").exists()
