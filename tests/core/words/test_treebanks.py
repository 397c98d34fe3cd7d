"""``treebank`` against a server that errs in every way that a network does, and what it keeps on disk."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import pytest

import core.words.download as downloading
from core.errors import Cancelled, UserError
from core.words import (
    TREEBANKS,
    DownloadError,
    Downloads,
    cached_treebank,
    forget_failures,
    treebank,
    treebanks,
)
from core.words.conllu import GOLD_FILE
from tests.support.faults import fill_up, remount, small_disk
from tests.support.word_server import (
    LOGIN_PAGE,
    NOWHERE,
    PATIENCE,
    Reply,
    WordServer,
    body,
    hang,
    trickle,
    trickling_header,
)

TEXT = GOLD_FILE.read_bytes()  # a real file, though another one
PATH = Path("UD_English-EWT", treebanks.RELEASE, "en_ewt-ud-dev.conllu")


@pytest.fixture
def online(server: WordServer, tmp_path: Path) -> Downloads:
    """An empty cache, and the server, which has the text."""
    server.replies = [body(TEXT)]
    return Downloads(tmp_path / "cache", base_url=NOWHERE, treebanks_url=server.url)


def files_in(folder: Path | None) -> list[Path]:
    assert folder
    return [path for path in folder.rglob("*") if path.is_file()]


def reason(downloads: Downloads, name: str = "ewt") -> str:
    """Why a treebank cannot be had."""
    with pytest.raises(DownloadError) as caught:
        treebank(name, downloads)
    why = caught.value.reason
    assert str(caught.value) == f"{TREEBANKS[name].title} could not be downloaded ({why})."
    return why


def test_addresses_are_those_of_universal_dependencies_and_licences_are_told() -> None:
    raw = "https://raw.githubusercontent.com/UniversalDependencies"
    assert {name: one.address for name, one in TREEBANKS.items()} == {
        "ewt": f"{raw}/UD_English-EWT/r2.15/en_ewt-ud-dev.conllu",
        "gum": f"{raw}/UD_English-GUM/r2.15/en_gum-ud-dev.conllu",
    }
    assert TREEBANKS["ewt"].licence.startswith("CC BY-SA 4.0:")
    assert TREEBANKS["gum"].licence.startswith("CC BY-NC-SA 4.0: not for commercial use")


def test_a_treebank_is_fetched_once_and_kept(server: WordServer, online: Downloads) -> None:
    assert cached_treebank("ewt", online) is None
    said: list[str] = []
    assert treebank("ewt", online, lambda share, sentence: said.append(sentence)) == TEXT
    assert treebank("ewt", online) == cached_treebank("ewt", online) == TEXT
    assert server.paths == [f"/lists/{PATH.as_posix()}"]
    assert files_in(online.cache) == [online.treebank_folders[0] / PATH]
    assert said[0] == "Downloading UD English EWT" and "Reading UD English EWT" in said
    assert any(sentence.endswith(" MB") for sentence in said)
    assert cached_treebank("gum", online) is None


def test_a_packed_reply(server: WordServer, online: Downloads) -> None:
    server.replies = [body(gzip.compress(TEXT), Content_Encoding="gzip")]
    assert treebank("ewt", online) == TEXT


def test_there_is_no_other_treebank(online: Downloads) -> None:
    for ask in (treebank, cached_treebank):
        with pytest.raises(UserError, match=r"There is no treebank “\.\./x”; there are ewt, gum"):
            ask("../x", online)


@pytest.mark.parametrize(
    "content",
    [LOGIN_PAGE, b"", TEXT[:-2], TEXT.replace(b"\tNOUN\t", b"\tN\t"), TEXT + b"\0\n", b"\xff\xfe\n"],
    ids=["login", "empty", "cut", "tags", "zeros", "no-text"],
)
def test_other_bytes_are_refused_and_not_kept(server: WordServer, online: Downloads, content: bytes) -> None:
    server.replies = [body(content)]
    assert reason(online).startswith(f"what {server.host} sent is not the treebank: perhaps the login page")
    assert files_in(online.cache) == []


def test_a_file_that_is_too_large_is_not_read_to_its_end(
    server: WordServer, online: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(treebanks, "MAX_CONLLU_BYTES", len(TEXT) - 1)
    assert "is not the treebank" in reason(online)


def test_an_http_error_a_cut_reply_and_no_connection(server: WordServer, online: Downloads) -> None:
    server.replies = [body(b"", status=404), body(TEXT[:5000], length=len(TEXT))]
    assert reason(online) == f"{server.host} answered with HTTP 404"
    assert reason(online, "gum") == "the file arrived incomplete"
    assert len(server.paths) == 2
    nowhere = Downloads(online.cache, treebanks_url=NOWHERE)
    assert reason(nowhere) == "no connection to 127.0.0.1:9"


def test_a_failure_is_remembered_until_it_is_forgotten(server: WordServer, online: Downloads) -> None:
    server.replies = [body(b"", status=503), body(TEXT)]
    assert reason(online) == reason(online)
    assert len(server.paths) == 1
    forget_failures()
    assert treebank("ewt", online) == TEXT


@pytest.mark.parametrize("manner", [hang, trickle, trickling_header])
def test_a_server_that_goes_on_and_on(
    server: WordServer, online: Downloads, monkeypatch: pytest.MonkeyPatch, manner: Reply
) -> None:
    monkeypatch.setattr(treebanks, "SILENCE", 0.3)
    monkeypatch.setattr(treebanks, "_STEP", 10**9)
    monkeypatch.setattr(downloading, "TIMEOUTS", (PATIENCE, PATIENCE))
    server.replies = [manner]
    assert reason(online) == f"{server.host} did not answer in time"
    assert reason(online, "gum") == f"{server.host} did not answer in time", "of the host, so of its other files too"
    assert server.asked.wait(PATIENCE) and len(server.paths) == 1


def test_a_host_that_is_dead_for_word_lists_is_not_asked_again(server: WordServer, tmp_path: Path) -> None:
    dead = Downloads(tmp_path, base_url=NOWHERE, treebanks_url=NOWHERE)
    with pytest.raises(DownloadError):
        downloading.download("nouns", dead)
    assert reason(dead) == "no connection to 127.0.0.1:9"


def test_a_download_can_be_cancelled(server: WordServer, online: Downloads) -> None:
    server.replies = [trickle, body(TEXT)]

    def stop(share: float, sentence: str) -> None:
        if server.asked.is_set():
            raise Cancelled

    with pytest.raises(Cancelled):
        treebank("ewt", online, stop)
    assert server.client_left.wait(PATIENCE)
    assert treebank("ewt", online) == TEXT, "to cancel is no failure"


def test_thirty_sessions_make_one_request(server: WordServer, online: Downloads) -> None:
    outcomes: list[bytes] = []
    sessions = [threading.Thread(target=lambda: outcomes.append(treebank("ewt", online))) for _ in range(30)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    assert outcomes == [TEXT] * 30 and len(server.paths) == 1


@pytest.mark.parametrize("damage", [b"", TEXT[:3000] + b"x", TEXT[:3000] + bytes(500) + b"\n"])
def test_a_damaged_file_is_fetched_anew(server: WordServer, online: Downloads, damage: bytes) -> None:
    treebank("ewt", online)
    (online.treebank_folders[0] / PATH).write_bytes(damage)
    assert cached_treebank("ewt", online) is None
    assert treebank("ewt", online) == TEXT and len(server.paths) == 2


def test_the_seed_of_an_image_is_read_and_never_written(server: WordServer, tmp_path: Path) -> None:
    baked = tmp_path / "seed" / "treebanks" / PATH
    baked.parent.mkdir(parents=True)
    baked.write_bytes(TEXT)
    downloads = Downloads(tmp_path / "cache", tmp_path / "seed", treebanks_url=server.url)
    assert treebank("ewt", downloads) == TEXT
    assert server.paths == [] and not (tmp_path / "cache").exists()


@pytest.mark.parametrize("fault", ["No space left on device", "Read-only file system"])
def test_a_disk_that_does_not_take_it(server: WordServer, tmp_path: Path, fault: str) -> None:
    """The sentence names the folder; nothing is left behind; and once the disk is well again, it is kept."""
    with small_disk(tmp_path / "disk", "512k") as disk:
        server.replies = [body(TEXT)]
        downloads = Downloads(disk, treebanks_url=server.url)
        filler = fill_up(disk) if fault.startswith("No") else None
        if not filler:
            remount(disk, "ro")
        assert reason(downloads) == f"it could not be kept in {disk / 'treebanks'}: {fault}"
        assert [path for path in files_in(disk) if path != filler] == []
        if filler:
            filler.unlink()
        else:
            remount(disk, "rw")
        assert treebank("ewt", downloads) == TEXT
