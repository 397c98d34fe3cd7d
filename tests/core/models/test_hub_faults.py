"""``ensure_downloaded`` and what networks do to it: kills in the middle, hubs that hang, drip or lie, full disks.

Loopback servers only. test_hub.py has the refusals, lines that break and the hub that goes away.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub.constants
import pytest

from core.models import hub as core_hub
from core.models.hub import client as hub_client
from core.models.hub import download as hub_download
from core.models.hub import ensure_downloaded, failures
from tests.support.faults import Child, remount, small_disk
from tests.support.hub_stand_in import COMMIT, BadHandler, BadHub, HubStandIn
from tests.support.hub_world import (
    NAME,
    PATIENCE,
    WEIGHTS,
    assert_comes,
    assert_whole,
    digest_of,
    garbage,
    parts,
    refusal,
    snapshot,
    storage,
)

pytestmark = pytest.mark.usefixtures("empty_cache")


# --- Killed


def test_killed_in_the_middle_of_a_model(repository: Path) -> None:
    """Half of the weights have come: they are never read, and the next start fetches the whole."""
    half_sent, content = threading.Event(), (repository / WEIGHTS).read_bytes()

    def send_half(handler: BadHandler, path: str) -> bool:
        if not path.startswith("/cdn/"):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])
        half_sent.set()
        return handler.server.closing.wait(PATIENCE)

    code = f"""
import huggingface_hub.constants
huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE = 10_000
from core.models.hub import ensure_downloaded
ensure_downloaded({NAME!r}, lambda share, message: print("half" if share > 0.45 else share, flush=True))
"""
    with BadHub({NAME: repository}, send_half), Child(code) as child:
        assert half_sent.wait(PATIENCE)
        child.wait_for("half")
        child.kill()
    (part,) = [part for part in parts() if part.name.startswith(hashlib.sha256(content).hexdigest())]
    assert 0 < part.stat().st_size < len(content)
    refusal()  # no hub now
    assert_comes(repository)
    assert part.exists(), "nobody asked for a repair"


def test_two_processes_fetch_one_model(repository: Path) -> None:
    """The second takes its turn file by file, and spoils nothing of the first's."""
    begun, both, content = threading.Event(), threading.Event(), (repository / WEIGHTS).read_bytes()

    def send_slowly(handler: BadHandler, path: str) -> bool:
        if begun.is_set() and path.startswith("/api/"):
            both.set()  # the second has come
        if not path.startswith("/cdn/") or begun.is_set():
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])
        begun.set()
        both.wait(PATIENCE)
        handler.wfile.write(content[len(content) // 2 :])
        return True

    code = f"from core.models.hub import ensure_downloaded; print(ensure_downloaded({NAME!r}, print)[1])"
    with BadHub({NAME: repository}, send_slowly), Child(code) as child:
        assert begun.wait(PATIENCE)
        ensure_downloaded(NAME)
        assert child.finish().endswith(COMMIT)
    assert_whole(repository)
    assert not parts()


# --- Down, or slow


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every patience with a hub cut to a second or two."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DOWNLOAD_TIMEOUT", 1)
    monkeypatch.setattr(hub_download, "ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(hub_download, "STALL_SECONDS", 3.0)
    monkeypatch.setattr(hub_client, "SLOW_SECONDS", 1.0)


def hang(handler: BadHandler) -> bool:
    """Say nothing until the end."""
    return handler.server.closing.wait(PATIENCE)


WHERE = {
    "the listing": "/api/models/",
    "the files' particulars": f"/{NAME}/resolve/",
    "the weights": "/cdn/",
}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("start", WHERE.values(), ids=WHERE)
def test_a_hub_that_hangs(repository: Path, start: str) -> None:
    """One sentence while it still hangs, wherever it stops answering; then, from a healthy one, the whole model."""
    with BadHub({NAME: repository}, lambda handler, path: path.startswith(start) and hang(handler)) as hub:
        assert "cannot be reached" in refusal()
        assert not hub.closing.is_set()
        if start == WHERE["the listing"]:  # others are tried again, and end with the hub, below
            assert_nobody_waits()
    assert_comes(repository)


def assert_nobody_waits() -> None:
    """The threads that were given up have ended, or soon do, while the hub is as it was."""
    for thread in threading.enumerate():
        if thread.name == "remote":
            thread.join(PATIENCE)
            assert not thread.is_alive(), "somebody still waits for the hub"


def drip_weights(handler: BadHandler, path: str) -> bool:
    if path.startswith("/cdn/"):
        handler.drip((handler.server.folders[NAME] / WEIGHTS).read_bytes())
    return path.startswith("/cdn/")


def drip_listing(handler: BadHandler, path: str) -> bool:
    if path.startswith("/api/"):
        handler.drip(b" " * 100_000)
    return path.startswith("/api/")


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("manner", [drip_listing, drip_weights])
def test_a_hub_that_drips(repository: Path, manner: Callable[[BadHandler, str], bool]) -> None:
    """Some bytes a second would go on for hours: it is given up, and so are the threads that read them."""
    with BadHub({NAME: repository}, manner) as hub:
        assert "cannot be reached" in refusal()
        assert_nobody_waits()
        assert not hub.closing.is_set()
    assert_comes(repository)


def test_a_slow_line_is_no_fault(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece is sent when the one before has been reported, and the speed looked at after each: all come."""
    monkeypatch.setattr(hub_download, "STALL_SECONDS", PATIENCE)
    monkeypatch.setattr(hub_client, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(hub_client, "SLOWEST", 1e-3)
    content, reported, shares = (repository / WEIGHTS).read_bytes(), threading.Event(), []

    def slowly(handler: BadHandler, path: str) -> bool:
        if not path.startswith("/cdn/"):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        for start in range(0, len(content), 12_000):
            handler.wfile.write(content[start : start + 12_000])
            assert reported.wait(PATIENCE)
            reported.clear()
        return True

    def progress(share: float, message: str) -> None:
        if share not in shares[-1:]:  # the last report is passed on again now and then
            shares.append(share)
            reported.set()

    with BadHub({NAME: repository}, slowly):
        ensure_downloaded(NAME, progress)
    assert_whole(repository)
    assert len(set(shares)) > len(content) // 12_000


def test_the_slowest_line_that_is_waited_for() -> None:
    """A student's slow line is no fault: 83 kB a second over all, 10 kB in one reply."""
    assert (hub_download.STALL_SECONDS, hub_client.SLOW_SECONDS, hub_client.SLOWEST) == (120.0, 30.0, 10_000)


# --- A failure is remembered


def asked_at_once(names: list[str]) -> list[str]:
    """The sentence for everyone who asks for a model at the same time."""
    together = threading.Barrier(len(names))

    def ask(name: str) -> str:
        together.wait(PATIENCE)
        return refusal(name)

    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(ask, names))


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("names", [[NAME] * 100, [f"EleutherAI/gpt-neo-{n}" for n in range(100)]], ids=["one", "many"])
def test_a_hundred_students_and_a_hub_that_hangs(names: list[str]) -> None:
    """One asks; the others, for that model or for another, read when the hub will be asked again."""
    requests: list[str] = []
    with BadHub({}, lambda handler, path: requests.append(path) or hang(handler)) as hub:
        sentences = asked_at_once(names)
        assert sum("asked again in" in sentence for sentence in sentences) == 99
        assert "asked again in" in refusal()  # a page is run again
        assert len(requests) == 1
        assert not hub.closing.is_set()


def test_a_hub_that_is_down_is_asked_again_after_a_minute(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for another model; the cache needs no hub meanwhile."""
    now = 0.0
    monkeypatch.setattr(failures._failures, "clock", lambda: now)
    assert "asked again" not in refusal()
    with HubStandIn({NAME: repository}) as hub:
        now = 40.0
        assert "(The hub is asked again in 20 s.)" in refusal()
        assert "(The hub is asked again in 20 s.)" in refusal("EleutherAI/another")
        assert hub.requests == []
        now = 60.0
        ensure_downloaded(NAME)
        assert hub.requests
    refusal("EleutherAI/another")
    ensure_downloaded(NAME)


def test_a_refusal_speaks_for_one_model_only(repository: Path) -> None:
    """A name that the hub does not know is not asked for again; the next name is."""
    with HubStandIn({NAME: repository}) as hub:
        first = refusal("EleutherAI/no-such")
        refusal("EleutherAI/nor-this")
        n_requests = len(hub.requests)
        assert refusal("EleutherAI/no-such").startswith(first)
        assert len(hub.requests) == n_requests
        ensure_downloaded(NAME)


# --- Wrong bytes


@pytest.mark.parametrize("file", [WEIGHTS, "config.json", "tokenizer.json"])
def test_a_file_of_the_right_length_and_other_bytes(repository: Path, file: str) -> None:
    """One bit of the last weight would be noticed by nobody: it is named, not kept, and not read afterwards."""
    with BadHub({NAME: repository}, garbage(file)):
        assert f"{file} is not what the hub says" in refusal()
    assert not (snapshot() / file).exists()
    good = {path.name for path in (storage() / "blobs").iterdir()}
    for content in (storage() / "blobs").iterdir():
        assert digest_of(content.read_bytes(), len(content.name)) == content.name
    core_hub.forget_failures()
    assert "cannot be reached" in refusal()  # no hub: the other files alone are no model
    assert good <= {path.name for path in (storage() / "blobs").iterdir()}
    assert_comes(repository)


# --- Full and read-only disks


@pytest.mark.filterwarnings("ignore:Not enough free disk space")  # the library's, before it tries all the same
def test_a_model_for_a_full_disk(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, nothing left that takes room; once there is room, it comes."""
    size = sum(file.stat().st_size for file in repository.iterdir() if file.is_file())
    with small_disk(repository.parent / "disk", f"{size // 2048}k") as disk:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(disk / "hub"))
        with HubStandIn({NAME: repository}):
            assert "No space left on device" in refusal()
        assert not parts() and not (snapshot() / WEIGHTS).exists()
        remount(disk, "size=4m")
        assert_comes(repository)


def test_a_model_on_a_read_only_disk(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is there is read; one that is not cannot be kept, in one sentence."""
    with small_disk(repository.parent / "disk", "4m") as disk:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(disk / "hub"))
        assert_comes(repository)
        remount(disk, "ro")
        other = "EleutherAI/another"
        with HubStandIn({NAME: repository, other: repository}) as hub:
            ensure_downloaded(NAME)
            assert hub.requests == []
            assert "Read-only file system" in refusal(other)
