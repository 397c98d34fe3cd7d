"""engine.store: whatever becomes of the named files, arrays in use stay what they are; and the disk space of these.

Each test runs in a process of its own where the old way, to map the named files, would have ended it.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.activations.mapped import mapping_of
from engine.jobs import Results, evict_mapped
from engine.private_arrays import PrivateArrays
from engine.store import ArrayStore
from tests.support.arrays import SHAPE, STORE, entry, files, fill_of, never, npy_files, values
from tests.support.faults import PATIENCE, Child, run

LARGE = (50, 20_000)  # 4 MB
HAS_OWNERS = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "arrays"


# --- Files that change under arrays in use

HOLD = f"""{STORE}
LARGE = {LARGE}
mine = store()
held = {{key: mine.obtain(key, LARGE, fill_of(key)) for key in "ab"}}  # made here
read = store().obtain("a", LARGE, never)  # read here
say("held"); sys.stdin.readline()
for key, array in held.items():
    assert array.tobytes() == values(key, LARGE).tobytes(), key
assert read.tobytes() == values("a", LARGE).tobytes()
assert mine.obtain("a", LARGE, never).tobytes() == read.tobytes()
assert store().obtain("a", LARGE, fill_of("a")).tobytes() == read.tobytes()
"""


def truncate(file: Path) -> None:
    os.truncate(file, 4096)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def overwrite(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(200)
        opened.write(bytes(3_000_000))


def replace(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(bytes(file.stat().st_size))
    other.replace(file)


def become_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def become_a_link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))


def become_another_entry(file: Path) -> None:
    entry(file.parent, "b").replace(file)


def vanish(file: Path) -> None:
    file.unlink()


CHANGES = [truncate, empty, overwrite, replace, become_a_pipe, become_a_link, become_another_entry, vanish]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and links are POSIX's")
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_is_in_use_stays_whatever_becomes_of_its_file(folder: Path, change: Callable[[Path], None]) -> None:
    """And what the file is now is never taken for the array: it is told in one line, and computed again."""
    with Child(HOLD, folder) as child:
        child.wait_for("held")
        change(entry(folder, "a"))
        child.tell()
        child.finish()
        log = child.errors()
    assert log.count("computed again") == (change is not vanish), log
    again = ArrayStore(folder, 1e9, 100).obtain("a", LARGE, never)
    assert again.tobytes() == values("a", LARGE).tobytes()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux says what is mapped")
def test_no_file_with_a_name_is_mapped_or_open(folder: Path) -> None:
    store = ArrayStore(folder, 1e9, 100)
    arrays = [store.obtain("key", LARGE, fill_of("key")), ArrayStore(folder, 1e9, 100).obtain("key", LARGE, never)]
    assert all(mapping_of(array) is not None and not array.flags.writeable for array in arrays)
    lines = [line for line in Path("/proc/self/maps").read_text().splitlines() if str(folder) in line]
    assert len(lines) == 2 and all(line.endswith("(deleted)") for line in lines)
    assert files(folder) == [".npy"]


def test_random_damage_anywhere_is_found(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A bit, a run of bytes or the length: never another value, and the array is computed again."""
    ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, fill_of("key"))
    file, rng = entry(folder, "key"), np.random.default_rng(20)
    whole = file.read_bytes()
    for number in range(150):
        content, at = bytearray(whole), int(rng.integers(len(whole)))
        if number % 3 == 0:
            content[at] ^= 1 << int(rng.integers(8))
        elif number % 3 == 1:
            content[at : at + 50] = rng.bytes(len(content[at : at + 50]))
        else:
            del content[at:]
        file.write_bytes(content)
        calls: list[int] = []
        array = ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, lambda out: (calls.append(1), fill_of("key")(out)))
        assert calls == [1] and array.tobytes() == values("key").tobytes(), number
    assert caplog.text.count("damaged") == 150


def test_what_two_processes_do_to_each_other(folder: Path) -> None:
    """One evicts, removes and damages; the other goes on reading and computing, and every value is right."""
    walk = f"""
import numpy as np
rng, kept, end = np.random.default_rng(1), [], time.monotonic() + {PATIENCE}
say("ready")
for number in range(150):
    key = f"key {{rng.integers(6)}}"
    kept = [*kept[-3:], (key, store(max_entries=3).obtain(key, SHAPE, arrays.fill_of(key)))]
    assert all((array == values(key)).all() for key, array in kept), number
say("done")
"""
    rng = np.random.default_rng(2)
    with Child(STORE + walk, folder) as child:
        child.wait_for("ready")
        until = time.monotonic() + 4
        while time.monotonic() < until:
            for file in npy_files(folder):
                try:
                    CHANGES[int(rng.integers(4))](file) if rng.random() < 0.7 else file.unlink()
                except FileNotFoundError:
                    continue
            time.sleep(0.002)
        child.wait_for("done")
        child.finish()


# --- Who may write to the folder


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are POSIX's")
def test_the_folder_is_its_users_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is made so, and made so again when a volume's group has been given it."""
    folder = tmp_path / "cache" / "activations"
    ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, fill_of("key"))
    assert folder.stat().st_mode & 0o7777 == 0o700
    assert entry(folder, "key").stat().st_mode & 0o7777 == 0o600
    folder.chmod(0o2770)
    np.testing.assert_array_equal(ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, never), values("key"))
    assert folder.stat().st_mode & 0o077 == 0
    assert caplog.text == ""


@HAS_OWNERS
@pytest.mark.parametrize(("owner", "mode"), [(65534, 0o700), (65534, 0o777)])
def test_a_folder_of_another_user_is_not_used(
    folder: Path, owner: int, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even what looks right in it: one sentence, and no file."""
    ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, fill_of("other"))
    before = sorted(folder.iterdir())
    folder.chmod(mode)
    os.chown(folder, owner, -1)
    store = ArrayStore(folder, 1e9, 100)
    for key in ("key", "another", "third"):
        np.testing.assert_array_equal(store.obtain(key, SHAPE, fill_of(key)), values(key))
    assert sorted(folder.iterdir()) == before
    assert caplog.text.count("Other users may write to the folder of activations") == 1


@HAS_OWNERS
def test_an_entry_of_another_user_is_not_used(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, fill_of("other"))
    os.chown(entry(folder, "key"), 65534, -1)
    store = ArrayStore(folder, 1e9, 100)
    np.testing.assert_array_equal(store.obtain("key", SHAPE, fill_of("key")), values("key"))
    assert caplog.text.count("it belongs to another user") == 1
    assert entry(folder, "key").stat().st_uid == os.geteuid()


# --- The disk space of what is in use


def test_a_view_keeps_an_array_and_nothing_else_does(folder: Path) -> None:
    """Also where ``fill`` keeps one, or puts the array into a reference cycle."""
    private = PrivateArrays(folder, 1e9)
    folder.mkdir()
    draft = private.draft(LARGE, "x")
    assert private.bytes_used() == 4_000_000
    draft.out()[...] = values("key", LARGE)
    array = draft.finish()
    assert private.bytes_used() == 4_000_000
    view = array[3:5, ::7]
    del array, draft
    gc.collect()
    assert private.bytes_used() == 4_000_000
    np.testing.assert_array_equal(view, values("key", LARGE)[3:5, ::7])
    del view
    assert private.bytes_used() == 0


def test_space_in_use_is_bounded_and_results_go_for_it(folder: Path) -> None:
    """Of 10 MB there is room for two arrays of 4 MB: the least recently used results go, of whatever step."""
    store = ArrayStore(folder, 10e6, 100, make_room=evict_mapped)
    read, views = Results("read", 100), Results("views", 100)
    for key in "abc":
        read.obtain(key, lambda progress, key=key: store.obtain(key, LARGE, fill_of(key)))
        if key == "a":
            views.obtain("a", lambda progress: (read.get("a")[1], "a view of it"))
        assert store.in_use() <= 10e6
        time.sleep(0.01)  # so that the clock tells them apart
    assert [used[1] for used in read.mapped()] == ["b", "c"] and views.mapped() == []
    read.get("b")
    read.obtain("d", lambda progress: store.obtain("d", LARGE, fill_of("d")))
    assert [used[1] for used in read.mapped()] == ["b", "d"]
    for key in "abcd":  # all are on disk as far as they fit, and right
        np.testing.assert_array_equal(store.obtain(key, LARGE, fill_of(key)), values(key, LARGE))


def test_beyond_the_space_arrays_are_in_memory(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What work holds cannot go: then there is no further file."""
    store = ArrayStore(folder, 10e6, 100, make_room=evict_mapped)
    arrays = [store.obtain(key, LARGE, fill_of(key)) for key in "abcd"]
    assert [mapping_of(array) is not None for array in arrays] == [True, True, False, False]
    assert store.in_use() == 8_000_000 and caplog.text.count("kept in memory") == 2
    for key, array in zip("abcd", arrays, strict=True):
        np.testing.assert_array_equal(array, values(key, LARGE))
    del arrays
    assert mapping_of(store.obtain("c", LARGE, fill_of("c"))) is not None


def test_one_copy_serves_all_who_ask(folder: Path) -> None:
    store = ArrayStore(folder, 1e9, 100)
    arrays = [store.obtain("key", LARGE, fill_of("key")) for _ in range(5)]
    assert store.in_use() == 4_000_000 and len({id(mapping_of(array)) for array in arrays}) == 1


# --- Files that somebody has open


def test_what_fill_keeps_and_what_fill_leaves_take_no_name(folder: Path) -> None:
    store, views = ArrayStore(folder, 1e9, 100), []

    def fill(out: np.ndarray) -> None:
        views.append(out[1:])
        fill_of("key")(out)

    np.testing.assert_array_equal(store.obtain("key", SHAPE, fill), values("key"))
    np.testing.assert_array_equal(views[0], values("key")[1:])

    def fail(out: np.ndarray) -> None:
        views.append(out)
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        store.obtain("other", SHAPE, fail)
    assert files(folder) == [".npy"]


def test_a_file_that_cannot_be_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows while another reads the entry: the array is there, and no part stays."""

    def refuse(old: Path, new: Path) -> None:
        raise PermissionError(13, "The file is being used by another process", str(new))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        array = ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, fill_of("key"))
    np.testing.assert_array_equal(array, values("key"))
    assert files(folder) == []


def test_files_of_others_stay(folder: Path) -> None:
    folder.mkdir()
    (folder / "download.part").write_bytes(b"not of the store")
    ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, fill_of("key"))
    assert (folder / "download.part").exists()


def test_a_stored_array_is_read_by_another_process(folder: Path) -> None:
    ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, fill_of("key"))
    _, log = run(f"{STORE}assert (store().obtain('key', SHAPE, never) == values('key')).all()", folder)
    assert log == ""
