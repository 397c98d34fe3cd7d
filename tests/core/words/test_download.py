"""``download`` against a server that errs in every way that a network does; test_download_cache.py has the cache."""

from __future__ import annotations

import gzip
import re
import threading
import time
from pathlib import Path

import pytest

import core.words.download as downloading
from core.records import WORD_CLASSES, WordList
from core.records.word_classes import NOTEBOOK_CLASSES
from core.words import DownloadError, Downloads, forget_failures, source
from core.words.download import download
from core.words.failures import remembered
from tests.support.word_server import (
    LOGIN_PAGE,
    NOUN_FILE,
    NOUNS,
    PATIENCE,
    Handler,
    Reply,
    WordServer,
    body,
    hang,
    stall,
    trickle,
    trickling_header,
)

WORDS = tuple(NOUNS)


@pytest.fixture
def two_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many tries as there are outside tests. The pause between them is none, and the second may take its time."""
    monkeypatch.setattr(downloading, "RETRIES", 1)
    monkeypatch.setattr(downloading, "DEADLINE", PATIENCE)
    monkeypatch.setattr(downloading, "TIMEOUTS", downloading.TIMEOUTS)  # put back at the end
    monkeypatch.setattr(time, "sleep", lambda _: setattr(downloading, "TIMEOUTS", (PATIENCE, PATIENCE)))


def files_in(downloads: Downloads) -> list[Path]:
    assert downloads.cache
    return [path for path in downloads.cache.rglob("*") if path.is_file()]


def reason(downloads: Downloads, word_class: str = "nouns") -> str:
    """Why a list cannot be had."""
    with pytest.raises(DownloadError) as caught:
        download(word_class, downloads)
    why = caught.value.reason
    assert str(caught.value) == f"The notebook's {word_class[:-1]} list could not be downloaded ({why})."
    return why


# --- what a good server sends


def test_file_names_are_those_of_the_public_repository() -> None:
    assert sorted(source.FILE_NAMES.values()) == [
        "top_english_adjs_lower_10000.txt",
        "top_english_adps_lower_500.txt",
        "top_english_advs_lower_10000.txt",
        "top_english_conjs_lower_500.txt",
        "top_english_dets_lower_500.txt",
        "top_english_nouns_lower_10000.txt",
        "top_english_nums_lower_500.txt",
        "top_english_prons_lower_10000.txt",
        "top_english_prts_lower_500.txt",
        "top_english_verbs_lower_10000.txt",
    ]
    assert tuple(source.FILE_NAMES) == NOTEBOOK_CLASSES == WORD_CLASSES[: len(NOTEBOOK_CLASSES)]
    assert set(source.SHA256) == set(source.FILE_NAMES.values())
    assert re.fullmatch(
        "https://raw.githubusercontent.com/david47k/top-english-wordlists/[0-9a-f]{40}/", Downloads().base_url
    )


def test_download_asks_for_the_right_file_and_keeps_the_order(server: WordServer, online: Downloads) -> None:
    nouns = download("nouns", online)
    assert server.paths == ["/lists/top_english_nouns_lower_10000.txt"]
    assert (nouns.name, nouns.words, nouns.notes) == ("nouns", WORDS, ())
    assert nouns.source == "david47k/top-english-wordlists (CC BY 3.0)"


def test_download_of_a_short_list_from_an_address_with_a_slash(server: WordServer, tmp_path: Path) -> None:
    assert download("adpositions", Downloads(tmp_path, base_url=server.url + "/")).words == WORDS
    assert server.paths == ["/lists/top_english_adps_lower_500.txt"]


def test_download_of_a_packed_reply(server: WordServer, online: Downloads) -> None:
    packed = gzip.compress(NOUN_FILE)
    assert len(packed) != len(NOUN_FILE)
    server.replies = [body(packed, Content_Encoding="gzip")]
    assert download("nouns", online).words == WORDS


def test_download_of_a_reply_without_a_length(server: WordServer, online: Downloads) -> None:
    server.replies = [body(NOUN_FILE, length=-1)]
    assert download("nouns", online).words == WORDS


# --- what a bad one does


@pytest.mark.parametrize("status", [404, 500, 503])
def test_download_names_the_status(server: WordServer, online: Downloads, status: int) -> None:
    server.replies = [body(b"oops", status=status)]
    assert reason(online) == f"{server.host} answered with HTTP {status}"
    assert files_in(online) == []


@pytest.mark.parametrize(
    "content",
    [
        LOGIN_PAGE,
        b"",
        NOUN_FILE[:-1],
        NOUN_FILE + b"x",
        NOUN_FILE.replace(b"aaab", b"aaba"),
        NOUN_FILE.replace(b"\n", b"\r\n"),
        NOUN_FILE.replace(b"aaab", b"a\xe9\xffb"),
        b"word\n" * 250_000,
    ],
    ids=["login", "empty", "shorter", "longer", "changed", "newlines", "no-text", "large"],
)
def test_download_refuses_other_bytes(server: WordServer, online: Downloads, content: bytes) -> None:
    server.replies = [body(content)]
    assert reason(online).startswith(f"what {server.host} sent is not the list: perhaps the login page of a network")
    assert files_in(online) == []


@pytest.mark.parametrize("cut", [0, 900], ids=["nothing", "half"])
def test_download_refuses_a_cut_off_file(server: WordServer, online: Downloads, cut: int) -> None:
    server.replies = [body(NOUN_FILE[:cut], length=len(NOUN_FILE))]
    assert reason(online) == "the file arrived incomplete"
    assert files_in(online) == []


def test_download_refuses_a_cut_off_packed_reply(server: WordServer, online: Downloads) -> None:
    packed = gzip.compress(NOUN_FILE)
    server.replies = [body(packed[:-200], length=len(packed), Content_Encoding="gzip")]
    assert reason(online) == "the file arrived incomplete"


@pytest.mark.usefixtures("two_tries")
def test_download_of_a_reply_in_chunks_of_which_the_last_is_lost(
    server: WordServer, online: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    parts = (NOUN_FILE[:700], NOUN_FILE[700:], b"")
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    headers = {"Transfer_Encoding": "chunked", "Connection": "close"}
    server.replies = [body(chunks[:-5], length=-1, **headers), body(chunks, length=-1, **headers)]
    assert download("nouns", online).words == WORDS
    assert len(server.paths) == 2


@pytest.mark.usefixtures("two_tries")
@pytest.mark.parametrize(
    "first", [body(b"oops", status=500), body(NOUN_FILE[:900], length=len(NOUN_FILE)), body(LOGIN_PAGE), hang, stall]
)
def test_download_tries_again(
    server: WordServer, online: Downloads, monkeypatch: pytest.MonkeyPatch, first: Reply
) -> None:
    monkeypatch.setattr(downloading, "TIMEOUTS", (PATIENCE, 0.2 if first in (hang, stall) else PATIENCE))
    server.replies = [first, body(NOUN_FILE)]
    assert download("nouns", online).words == WORDS
    assert len(server.paths) == 2


@pytest.mark.usefixtures("two_tries")
def test_download_gives_up_after_two_tries(server: WordServer, online: Downloads) -> None:
    server.replies = [body(b"oops", status=500)]
    assert "HTTP 500" in reason(online)
    assert len(server.paths) == 2


@pytest.mark.parametrize("manner", [hang, stall, trickle, trickling_header])
def test_download_ends_at_its_deadline(
    server: WordServer, online: Downloads, monkeypatch: pytest.MonkeyPatch, manner: Reply
) -> None:
    """Each of these replies goes on until the test ends, so that only the deadline can bring the answer."""
    monkeypatch.setattr(downloading, "DEADLINE", 0.3)
    monkeypatch.setattr(downloading, "TIMEOUTS", (PATIENCE, PATIENCE))
    server.replies = [manner]
    assert reason(online) == f"{server.host} did not answer in time"
    assert not server.closing.is_set()
    if manner is trickle:
        assert server.client_left.wait(PATIENCE), "a thread goes on reading what nobody waits for"


@pytest.mark.parametrize("manner", [hang, stall])
def test_download_ends_at_a_pause_that_is_too_long(
    server: WordServer, online: Downloads, monkeypatch: pytest.MonkeyPatch, manner: Reply
) -> None:
    monkeypatch.setattr(downloading, "DEADLINE", PATIENCE)
    monkeypatch.setattr(downloading, "TIMEOUTS", (PATIENCE, 0.2))
    server.replies = [manner]
    assert reason(online) == f"{server.host} did not answer in time"


def test_download_names_the_host_without_its_password(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with WordServer() as server:
        with_password = Downloads(tmp_path, base_url=f"http://anna:secret@{server.host}/")
        server.replies = [body(b"", status=404)]
        assert reason(with_password) == f"{server.host} answered with HTTP 404"
    forget_failures()
    assert reason(with_password) == f"no connection to {server.host}"
    assert "secret" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("address", ["", "no-address", "ftp://127.0.0.1/", "http://[half", "http://127.0.0.1:99999/"])
def test_download_from_an_address_that_is_none(tmp_path: Path, address: str) -> None:
    with pytest.raises(DownloadError, match="could not be downloaded"):
        download("nouns", Downloads(tmp_path, base_url=address))


# --- a failure is remembered


def test_download_remembers_a_failure_for_a_while(
    server: WordServer, online: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies = [body(b"", status=404), body(NOUN_FILE)]
    first = reason(online)
    assert reason(online) == first
    assert len(server.paths) == 1
    later = time.monotonic() + remembered.seconds
    monkeypatch.setattr(remembered, "clock", lambda: later)
    assert download("nouns", online).words == WORDS


def test_forget_failures_lets_download_ask_again(server: WordServer, online: Downloads) -> None:
    server.replies = [body(b"", status=404), body(NOUN_FILE)]
    reason(online)
    forget_failures()
    assert download("nouns", online).words == WORDS


def test_download_of_a_missing_file_does_not_speak_for_the_others(server: WordServer, online: Downloads) -> None:
    server.replies = [body(b"", status=404), body(NOUN_FILE)]
    reason(online)
    assert download("verbs", online).words == WORDS


def test_download_waits_for_a_host_that_hangs_once_not_once_a_list(
    server: WordServer, online: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "DEADLINE", 0.2)
    server.replies = [hang]
    reason(online)
    assert reason(online, "verbs") == f"{server.host} did not answer in time"
    assert server.asked.wait(PATIENCE) and len(server.paths) == 1


# --- a class


def test_thirty_downloads_at_once_make_one_request(server: WordServer, online: Downloads) -> None:
    outcomes: list[WordList] = []
    sessions = [threading.Thread(target=lambda: outcomes.append(download("nouns", online))) for _ in range(30)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    assert [outcome.words for outcome in outcomes] == [WORDS] * 30
    assert len(server.paths) == 1


def test_thirty_downloads_at_once_wait_for_one_failure(
    server: WordServer, online: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "DEADLINE", 0.3)
    server.replies = [hang]
    outcomes: list[str] = []
    sessions = [threading.Thread(target=lambda: outcomes.append(reason(online))) for _ in range(30)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    assert outcomes == [f"{server.host} did not answer in time"] * 30
    assert server.asked.wait(PATIENCE) and len(server.paths) == 1
