"""engine.store: processes killed, disks full or read-only, no file descriptor left. Each fault is a real one.

Damaged entries are in test_store.py, processes that share a folder in test_store_processes.py.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from engine.store import ArrayStore
from tests.support.arrays import SHAPE, STORE, UNLINKED, files, fill_of, made, never, values
from tests.support.faults import PATIENCE, Child, run, small_disk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "arrays"


# --- Killed


@pytest.mark.parametrize(
    "until",
    [
        # Half of the file is written.
        "fill = fill_of('key')\nsealed_files.release = lambda array: (say('now'), time.sleep(600))\n",
        # All of it, its digest and all, under its first name.
        "fill = fill_of('key')\nos.replace = lambda *names: (say('now'), time.sleep(600))\n",
    ],
    ids=["half filled", "not yet renamed"],
)
def test_killed_while_an_array_is_written(folder: Path, until: str) -> None:
    """Nothing of it is ever read; the next start removes it, and makes the array."""
    with Child(f"{STORE}{until}store().obtain('key', SHAPE, fill)", folder) as child:
        child.wait_for("now")
        assert files(folder) == [".part"]
        child.kill()
    store = ArrayStore(folder, 1e9, 100)
    assert files(folder) == []
    log = folder.parent / "here"
    np.testing.assert_array_equal(store.obtain("key", SHAPE, fill_of("key", log)), values("key"))
    assert log.exists() and files(folder) == [".npy"]


@pytest.mark.parametrize("system", ["", UNLINKED], ids=["nameless", "unlinked"])
def test_killed_while_an_array_is_computed(folder: Path, system: str) -> None:
    """There is no file yet, and its disk space is free again."""
    large = """
before = os.statvfs(folder).f_bfree
def fill(out):
    out[...] = 1
    taken = (before - os.statvfs(folder).f_bfree) * os.statvfs(folder).f_frsize
    say('now' if taken > 30e6 else f'{taken} bytes are taken'); time.sleep(600)
store().obtain('key', (10_000, 1000), fill)
"""
    with small_disk(folder, "60m") as disk, Child(STORE + system + large, disk) as child:
        child.wait_for("now")
        assert files(disk) == []
        child.kill()
        assert os.statvfs(disk).f_bfree * os.statvfs(disk).f_frsize > 59e6


def test_killed_while_it_held_the_lock(folder: Path) -> None:
    """Who waits for the array that a killed process was making goes on at once, long before patience ends."""
    stuck = "def fill(out):\n    say('now'); time.sleep(600)\nstore().obtain('key', SHAPE, fill)"
    waiting = f"""
mine = store(lock_seconds={PATIENCE})
arrays.note_lock_requests(lambda: say("asked"))
mine.obtain("key", SHAPE, fill_of("key"))
"""
    with Child(STORE + stuck, folder) as child:
        child.wait_for("now")
        with Child(STORE + waiting, folder) as one, Child(STORE + waiting, folder) as two:
            one.wait_for("asked")
            two.wait_for("asked")
            assert not (folder.parent / "made").exists()
            child.kill()
            started = time.monotonic()
            one.finish()
            two.finish()
            assert time.monotonic() - started < PATIENCE / 4
    assert made(folder) == ["key"], "one of the two that waited makes it"
    np.testing.assert_array_equal(ArrayStore(folder, 1e9, 100).obtain("key", SHAPE, never), values("key"))


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
    """The room that it took at the start is there to the end; for a file with a name there is none."""
    with small_disk(tmp_path / "disk", "3m") as disk:
        code = f"""{STORE}{system}
from tests.support.faults import fill_up
def fill(out):
    fill_up(folder.parent)
    out[...] = values("key", out.shape)
mine = store()
array = mine.obtain("key", (300, 1000), fill)
assert os.statvfs(folder).f_bavail == 0
other = mine.obtain("other", SHAPE, arrays.fill_of("other"))
assert (array == values("key", (300, 1000))).all() and (other == values("other")).all()
del array
(folder.parent / "filler").unlink()
assert (mine.obtain("key", (300, 1000), arrays.fill_of("key")) == values("key", (300, 1000))).all()
"""
        _, log = run(code, disk / "arrays")
        assert "not kept for later: [Errno 28]" in log and "kept in memory: [Errno 28]" in log, log
        assert log.count("No space left on device") == 2, log
        kept = ArrayStore(disk / "arrays", 1e9, 100).obtain("key", (300, 1000), never)
        np.testing.assert_array_equal(kept, values("key", (300, 1000)))
        del kept


def test_a_file_size_that_the_system_does_not_allow(folder: Path) -> None:
    """Neither a signal nor an error, but an array in memory."""
    code = f"""{STORE}
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
assert (store().obtain("key", (300, 1000), fill_of("key")) == values("key", (300, 1000))).all()
assert (store().obtain("small", (3, 1000), fill_of("small")) == values("small", (3, 1000))).all()
"""
    _, log = run(code, folder)
    assert log.count("kept in memory: [Errno 27]") == 1, log
    assert files(folder) == [".npy"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are POSIX's")
def test_a_folder_that_may_not_even_be_looked_at() -> None:
    """The store is there, and arrays are in memory."""
    code = f"""{STORE}
if os.geteuid() == 0:
    import mmap, numpy.random
    os.setgid(65534), os.setuid(65534)
folder.parent.chmod(0)
assert (store().obtain("key", SHAPE, arrays.fill_of("key")) == values("key")).all()
folder.parent.chmod(0o700)
"""
    place = Path(tempfile.mkdtemp())
    try:
        if os.geteuid() == 0:
            os.chown(place, 65534, 65534)
        _, log = run(code, place / "arrays")
        assert "Permission denied" in log
    finally:
        shutil.rmtree(place)


# --- A read-only folder

READ_ONLY_FOLDER = f"""{STORE}
if os.geteuid() == 0:
    import mmap, numpy.random  # which nobody may be unable to read
    os.setgid(65534), os.setuid(65534)  # nobody: permissions do not bind root
folder.mkdir()
for key in ("kept", "new"):
    store().obtain(key, SHAPE, fill_of(key))
entry(folder, "new").unlink()
leftover = entry(folder, "kept").with_suffix(".1-aa.part")
leftover.write_bytes(b"left by a killed process")
folder.chmod(0o555)
again = store(max_entries=1)
assert leftover.exists()
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
