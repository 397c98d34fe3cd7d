"""What ``download`` keeps on disk and ``cached`` reads: damaged, unwritable, baked into an image, on a full disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.words import Downloads, forget_failures, get_word_list
from core.words.download import cached, download
from core.words.failures import remembered
from tests.support.faults import Child, fill_up, remount, small_disk
from tests.support.word_server import (
    LOGIN_PAGE,
    NOUN_FILE,
    NOUN_SHA256,
    NOUNS,
    NOWHERE,
    PATIENCE,
    WordServer,
    body,
    stall,
)

WORDS = tuple(NOUNS)
NAME = "top_english_nouns_lower_10000.txt"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_download_is_kept_and_asked_for_once(server: WordServer, online: Downloads, tmp_path: Path) -> None:
    first = download("nouns", online)
    for again in (cached("nouns", online), get_word_list("nouns", "notebook", online), download("nouns", online)):
        assert again
        assert (again.words, again.source, again.notes) == (first.words, first.source, ())
    assert len(server.paths) == 1
    (file,) = files_in(tmp_path)
    assert file == tmp_path / "cache" / "wordlists" / NAME
    assert file.read_bytes() == NOUN_FILE


def test_cached_needs_neither_pooch_nor_requests(online: Downloads) -> None:
    """A page starts without their import."""
    download("nouns", online)
    code = f"""
import sys, pathlib, core.words.download as downloading
from core.words import Downloads
downloading.SHA256[{NAME!r}] = {NOUN_SHA256!r}
assert downloading.cached("nouns", Downloads(pathlib.Path({str(online.cache)!r})))
print(*({{"pooch", "requests"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("damage", [b"", NOUN_FILE[:300], b"\0" * len(NOUN_FILE), LOGIN_PAGE, b"\xff" * 999])
def test_a_damaged_file_is_not_cached_and_fetched_anew(server: WordServer, online: Downloads, damage: bytes) -> None:
    download("nouns", online)
    file = online.folders[0] / NAME
    file.write_bytes(damage)
    assert cached("nouns", online) is None
    assert get_word_list("nouns", "notebook", online).words == WORDS
    assert len(server.paths) == 2
    assert file.read_bytes() == NOUN_FILE


def test_a_damaged_file_without_a_network_counts_as_not_there(online: Downloads) -> None:
    download("nouns", online)
    (online.folders[0] / NAME).write_bytes(NOUN_FILE[:300])
    nouns = get_word_list("nouns", "notebook", Downloads(online.cache, base_url=NOWHERE))
    assert nouns.source == "bundled list (stand-in)"
    assert "no connection to 127.0.0.1:9" in nouns.notes[0]


def test_cached_looks_at_the_seed_and_download_never_writes_it(server: WordServer, tmp_path: Path) -> None:
    seed = tmp_path / "seed"
    (seed / "wordlists").mkdir(parents=True)
    (seed / "wordlists" / NAME).write_bytes(NOUN_FILE)
    downloads = Downloads(tmp_path / "cache", seed, server.url)
    assert download("nouns", downloads).words == WORDS
    assert server.paths == []
    (seed / "wordlists" / NAME).write_bytes(NOUN_FILE[:-1])
    assert cached("nouns", downloads) is None
    assert download("nouns", downloads).words == WORDS
    assert (seed / "wordlists" / NAME).read_bytes() == NOUN_FILE[:-1]


def test_downloads_without_a_cache_are_in_the_users_own(
    server: WordServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / project)
    assert download("nouns", Downloads(base_url=server.url)).words == WORDS
    assert files_in(tmp_path) == [tmp_path / "grammar-neurons" / "wordlists" / NAME]


def test_a_folder_that_cannot_be_written_gives_the_list_with_a_note(server: WordServer, tmp_path: Path) -> None:
    in_the_way = tmp_path / "a-file"  # permissions would not stop root
    in_the_way.write_text("not a folder")
    for _ in range(2):
        nouns = get_word_list("nouns", "notebook", Downloads(in_the_way, base_url=server.url))
        assert nouns.words == WORDS
        folder = in_the_way / "wordlists"
        assert nouns.notes == (f"The downloaded noun list could not be kept in {folder} (Not a directory).",)
    assert len(server.paths) == 1
    assert in_the_way.read_text() == "not a folder"


def test_a_folder_without_permission_is_named_in_the_note(online: Downloads, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, **options: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("pooch.utils.os.makedirs", refuse)
    nouns = download("nouns", online)
    assert (nouns.words, len(nouns.notes)) == (WORDS, 1)
    assert nouns.notes[0].endswith(f"could not be kept in {online.folders[0]} (Permission denied).")


def test_a_folder_that_cannot_be_written_and_a_bad_reply(server: WordServer, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("not a folder")
    server.replies = [body(LOGIN_PAGE)]
    nouns = get_word_list("nouns", "notebook", Downloads(tmp_path / "a-file", base_url=server.url))
    assert nouns.source == "bundled list (stand-in)"
    assert "is not the list" in nouns.notes[0]


@pytest.mark.parametrize("fault", ["No space left on device", "Read-only file system"])
def test_a_disk_that_does_not_take_the_list(server: WordServer, tmp_path: Path, fault: str) -> None:
    """It is used from memory, and a note that pages show says so; on a disk that is well again, it is kept."""
    with small_disk(tmp_path / "disk", "64k") as disk:
        downloads = Downloads(disk, base_url=server.url)
        full = fault.startswith("No")
        filler = fill_up(disk) if full else None
        if not full:
            remount(disk, "ro")
        nouns = get_word_list("nouns", "notebook", downloads)
        assert nouns.words == WORDS
        assert nouns.notes == (f"The downloaded noun list could not be kept in {disk / 'wordlists'} ({fault}).",)
        assert [path for path in files_in(disk) if path != filler] == []
        forget_failures()
        if filler:
            filler.unlink()
        else:
            remount(disk, "rw")
        assert get_word_list("nouns", "notebook", downloads).notes == ()
        assert len(files_in(disk)) == 1


CHILD = """
import pathlib, sys, time, shutil, core.words.download as downloading
from core.words import Downloads
cache, url, sha256, stop = sys.argv[1:]
downloading.SHA256.update(dict.fromkeys(downloading.SHA256, sha256))
if stop == "before the move":
    shutil.move = lambda *names: (print("written", flush=True), sys.stdin.read())
downloading.download("nouns", Downloads(pathlib.Path(cache), base_url=url))
"""


@pytest.mark.parametrize("moment", ["half-way", "before the move"])
def test_a_download_that_is_killed_leaves_nothing_that_is_read(
    server: WordServer, online: Downloads, moment: str
) -> None:
    """While half of it has come, or when all of it is written but not yet in its place."""
    if moment == "half-way":
        server.replies = [stall, body(NOUN_FILE)]
    with Child(CHILD, online.cache, server.url, NOUN_SHA256, moment, NO_PROXY="127.0.0.1") as child:
        if moment == "half-way":
            assert server.stalled.wait(PATIENCE)
        else:
            child.wait_for("written")
        child.kill()
    (left,) = files_in(online.folders[0])
    assert left.name != NAME
    assert cached("nouns", online) is None
    assert download("nouns", online).words == WORDS
    assert (online.folders[0] / NAME).read_bytes() == NOUN_FILE


def test_the_memory_of_failures_is_five_minutes() -> None:
    assert remembered.seconds == 300.0
