"""What networks do to downloads: kills in the middle, hubs that are down, hang, drip or lie, disks that are full.

Loopback servers only. tests/test_hub.py has the refusals, lines that break and the hub that goes away;
tests/test_words.py has what word-list servers do: hang, stall, trickle, cut off, send what is no word list.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest

from core import hub as core_hub
from core import models, words
from core.activations import word_activations
from core.models import load_model
from core.records import UserError
from tests import hub_stand_in
from tests.faults import JUMPING_CLOCK, PATIENCE, Child, fill_up, remount, run, small_disk
from tests.hub_stand_in import COMMIT, HubStandIn
from tests.tiny_models import assert_one_sentence, copy_folder

NAME = "EleutherAI/gpt-neo-test"
WEIGHTS = "model.safetensors"


class BadHub(HubStandIn):
    """A stand-in whose manner, a function of the handler and the path, may answer first; True says that it has.

    ``closing`` is set when the ``with`` block ends.
    """

    block_on_close = False

    def __init__(self, folders: dict[str, Path], manner: Callable[[BadHandler, str], bool]) -> None:
        super().__init__(folders)
        self.RequestHandlerClass = BadHandler
        self.manner, self.closing = manner, threading.Event()

    def __exit__(self, *exception: object) -> None:
        self.closing.set()
        super().__exit__(*exception)


class BadHandler(hub_stand_in._Handler):
    server: BadHub

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server looks for
        if not self.server.manner(self, self.path):
            super().do_GET()

    def drip(self, content: bytes) -> None:
        """A byte now and then: no read of the socket ever times out."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for byte in content:
            self.wfile.write(bytes([byte]))
            if self.server.closing.wait(0.05):
                return


@pytest.fixture
def repository(tiny_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    return copy_folder(tiny_folder("gpt_neo"), tmp_path / "repository")


@pytest.fixture(autouse=True)
def own_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Caches of the test's own, no model loaded, no failure remembered, and little patience with a hub."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    monkeypatch.setattr(models, "_loaded", OrderedDict())
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GRAMMAR_NEURONS_WORDLISTS_URL", "http://127.0.0.1:9/")
    core_hub.forget_failures()
    words.forget_failures()
    yield
    core_hub.forget_failures()
    words.forget_failures()


def storage() -> Path:
    """The model's part of the hub's cache."""
    return Path(huggingface_hub.constants.HF_HUB_CACHE) / f"models--{NAME.replace('/', '--')}"


def parts() -> list[Path]:
    return sorted(storage().glob("blobs/*.incomplete"))


def refusal(name: str = NAME) -> str:
    """Why a model cannot be had, in one sentence that names it."""
    with pytest.raises(UserError) as caught:
        load_model(name)
    assert_one_sentence(caught.value, name)
    return str(caught.value)


def assert_loads(repository: Path) -> None:
    """With a healthy hub, the model comes whole: every file as in the repository, and readable."""
    core_hub.forget_failures()
    with HubStandIn({NAME: repository}):
        lm = load_model(NAME)
    assert lm.info.revision == COMMIT
    snapshot = storage() / "snapshots" / COMMIT
    for file in snapshot.iterdir():
        assert file.read_bytes() == (repository / file.name).read_bytes(), file.name
    assert (snapshot / WEIGHTS).exists() and not parts()
    assert np.isfinite(word_activations(lm, ["time"])).all()


# --- Killed


def test_killed_in_the_middle_of_a_model(repository: Path) -> None:
    """Half of the weights have come: they are never read, the next start removes them, and fetches the whole."""
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
from core.hub import ensure_downloaded
ensure_downloaded({NAME!r}, lambda share, message: print("half" if share > 0.45 else share, flush=True))
"""
    with BadHub({NAME: repository}, send_half), Child(code) as child:
        assert half_sent.wait(PATIENCE)
        child.wait_for("half")
        child.kill()
    (part,) = [part for part in parts() if part.name.startswith(hashlib.sha256(content).hexdigest())]
    assert 0 < part.stat().st_size < len(content)
    refusal()  # no hub now
    assert_loads(repository)


def test_a_part_that_somebody_is_writing_stays(repository: Path) -> None:
    """Two processes fetch one model: the second removes no part of the first's."""
    begun, content = threading.Event(), (repository / WEIGHTS).read_bytes()

    def send_slowly(handler: BadHandler, path: str) -> bool:
        if not path.startswith("/cdn/") or begun.is_set():
            return False
        begun.set()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        for start in range(0, len(content), 20_000):
            handler.wfile.write(content[start : start + 20_000])
            time.sleep(0.2)
        return True

    code = f"from core.hub import ensure_downloaded; print(ensure_downloaded({NAME!r}, print)[1])"
    with BadHub({NAME: repository}, send_slowly) as hub, Child(code) as child:
        assert begun.wait(PATIENCE)
        load_model(NAME)
        assert child.finish().endswith(COMMIT)
    assert len([request for request in hub.requests if "/cdn/" in request]) == 0, "fetched twice"
    assert not parts()


WORDS = tuple(f"{a}{b}{c}" for a in "abcdefgh" for b in "aeiou" for c in "lmnrst")
WORD_FILE = "\n".join(WORDS).encode()


class WordHandler(BaseHTTPRequestHandler):
    """A word list; where ``half_only`` is set, half of it and then nothing."""

    half_only: threading.Event | None = None

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(WORD_FILE)))
        self.end_headers()
        if self.half_only is None:
            self.wfile.write(WORD_FILE)
        else:
            self.wfile.write(WORD_FILE[: len(WORD_FILE) // 2])
            self.half_only.set()
            time.sleep(PATIENCE)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def word_server(monkeypatch: pytest.MonkeyPatch, half_only: threading.Event | None = None) -> Iterator[None]:
    handler = type("Handler", (WordHandler,), {"half_only": half_only})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with monkeypatch.context() as patch:
            patch.setenv("GRAMMAR_NEURONS_WORDLISTS_URL", f"http://127.0.0.1:{server.server_port}/")
            yield
        server.shutdown()


def cached_lists() -> list[Path]:
    return [path for path in words.cache_folder().rglob("*") if path.is_file()]


GET_NOUNS = "from core import wordlist_download, words; words.download('nouns')"
STOP_BEFORE_RENAMING = f"""
import time
from core import wordlist_download, words
wordlist_download.os.replace = lambda *names: (print("written", flush=True), time.sleep({PATIENCE}))
words.download("nouns")
"""


def test_killed_in_the_middle_of_a_word_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """While half of it has come, and again when all of it is written but not renamed: the next start has it whole."""
    half_sent = threading.Event()
    with word_server(monkeypatch, half_sent), Child(GET_NOUNS) as child:
        assert half_sent.wait(PATIENCE)
        child.kill()
    assert cached_lists() == []
    with word_server(monkeypatch):
        with Child(STOP_BEFORE_RENAMING) as child:
            child.wait_for("written")
            child.kill()
        (left,) = cached_lists()
        assert left.suffix == ".tmp" and left.read_bytes() == WORD_FILE
        assert words.cached("nouns") is None
        assert words.download("nouns").words == WORDS
        assert [path.suffix for path in cached_lists() if path != left] == [".txt"]
        cached = words.cached("nouns")
    assert cached is not None and cached.words == WORDS


# --- Down, or slow


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> float:
    """Every patience with a hub cut to a second or two; returns what a refusal may take at most."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DOWNLOAD_TIMEOUT", 1)
    monkeypatch.setattr(core_hub, "ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(core_hub, "STALL_SECONDS", 3.0)
    monkeypatch.setattr(core_hub, "SLOW_SECONDS", 1.0)
    return 20.0


def hang(handler: BadHandler) -> bool:
    """Say nothing until the end."""
    return handler.server.closing.wait(PATIENCE)


WHERE = {
    "the listing": "/api/models/",
    "the files' particulars": f"/{NAME}/resolve/",
    "the weights": "/cdn/",
}


@pytest.mark.parametrize("start", WHERE.values(), ids=WHERE)
def test_a_hub_that_hangs(repository: Path, hasty: float, start: str) -> None:
    """One sentence in bounded time, wherever it stops answering; then, from a healthy one, the whole model."""
    with BadHub({NAME: repository}, lambda handler, path: path.startswith(start) and hang(handler)):
        began = time.monotonic()
        assert "cannot be reached" in refusal()
        assert time.monotonic() - began < hasty
        if start == WHERE["the listing"]:  # others are tried again, and end with the hub, below
            assert_nobody_waits()
    assert_loads(repository)


def assert_nobody_waits() -> None:
    """The threads that were given up have ended, or soon do, while the hub is as it was."""
    until = time.monotonic() + PATIENCE
    while any(thread.name == "hub" for thread in threading.enumerate()):
        assert time.monotonic() < until, "somebody still waits for the hub"
        time.sleep(0.05)


def drip_weights(handler: BadHandler, path: str) -> bool:
    if path.startswith("/cdn/"):
        handler.drip((handler.server.folders[NAME] / WEIGHTS).read_bytes())
    return path.startswith("/cdn/")


def drip_listing(handler: BadHandler, path: str) -> bool:
    if path.startswith("/api/"):
        handler.drip(b" " * 100_000)
    return path.startswith("/api/")


@pytest.mark.parametrize("manner", [drip_listing, drip_weights])
def test_a_hub_that_drips(repository: Path, hasty: float, manner: Callable[[BadHandler, str], bool]) -> None:
    """Some bytes a second would go on for days: it is given up, and so are the threads that read them."""
    with BadHub({NAME: repository}, manner):
        began = time.monotonic()
        assert "cannot be reached" in refusal()
        assert time.monotonic() - began < hasty
        assert_nobody_waits()
    assert_loads(repository)


def test_a_slow_line_is_no_fault(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that takes longer than any patience, but goes on, is waited for."""
    monkeypatch.setattr(core_hub, "STALL_SECONDS", 2.0)
    monkeypatch.setattr(core_hub, "SLOW_SECONDS", 0.5)
    content = (repository / WEIGHTS).read_bytes()

    def slowly(handler: BadHandler, path: str) -> bool:
        if not path.startswith("/cdn/"):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        for start in range(0, len(content), 12_000):
            handler.wfile.write(content[start : start + 12_000])
            time.sleep(0.25)
        return True

    began = time.monotonic()
    with BadHub({NAME: repository}, slowly):
        load_model(NAME)
    assert time.monotonic() - began > core_hub.STALL_SECONDS


# --- A failure is remembered


def asked_at_once(names: list[str]) -> list[str]:
    """What everyone is told who asks for a model at the same time."""
    together = threading.Barrier(len(names))

    def ask(name: str) -> str:
        together.wait(PATIENCE)
        return refusal(name)

    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(ask, names))


@pytest.mark.parametrize("names", [[NAME] * 100, [f"EleutherAI/gpt-neo-{n}" for n in range(100)]], ids=["one", "many"])
def test_a_hundred_students_and_a_hub_that_hangs(hasty: float, names: list[str]) -> None:
    """One asks; the others, for that model or for another, are told when the hub will be asked again."""
    requests = []
    with BadHub({}, lambda handler, path: requests.append(path) or hang(handler)):
        began = time.monotonic()
        told = asked_at_once(names)
        assert time.monotonic() - began < hasty
        assert len(requests) == 1
        assert sum("asked again in" in sentence for sentence in told) == 99
        began = time.monotonic()
        assert "asked again in" in refusal()  # a page is run again
        assert time.monotonic() - began < 1.0
        assert len(requests) == 1


def test_a_hub_that_is_down_is_asked_again_after_a_minute(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for another model; the cache needs no hub meanwhile."""
    assert "asked again" not in refusal()
    monkeypatch.setattr(core_hub.time, "monotonic", monotonic_after := Later())
    with HubStandIn({NAME: repository}) as hub:
        monotonic_after.seconds = 40.0
        assert "(The hub is asked again in 20 s.)" in refusal()
        assert "(The hub is asked again in 20 s.)" in refusal("EleutherAI/another")
        assert hub.requests == []
        monotonic_after.seconds = 60.5
        load_model(NAME)
        assert hub.requests
    monkeypatch.setattr(models, "_loaded", OrderedDict())
    refusal("EleutherAI/another")
    load_model(NAME)


class Later:
    """A monotonic clock that is ahead by ``seconds``, and otherwise as slow as the tests may be fast."""

    def __init__(self) -> None:
        self.start, self.seconds = time.monotonic(), 0.0

    def __call__(self) -> float:
        return self.start + self.seconds


def test_a_refusal_speaks_for_one_model_only(repository: Path) -> None:
    """A name that the hub does not know is not asked for again; the next name is."""
    with HubStandIn({NAME: repository}) as hub:
        first = refusal("EleutherAI/no-such")
        refusal("EleutherAI/nor-this")
        n_requests = len(hub.requests)
        assert refusal("EleutherAI/no-such").startswith(first)
        assert len(hub.requests) == n_requests
        load_model(NAME)


# --- Wrong bytes


def garbage(file: str) -> Callable[[BadHandler, str], bool]:
    """Of one file, as many bytes as there should be, and other ones."""

    def manner(handler: BadHandler, path: str) -> bool:
        if not path.endswith(f"/{file}") or handler.command != "GET" or (file == WEIGHTS and "/cdn/" not in path):
            return False
        content = (handler.server.folders[NAME] / file).read_bytes()
        changed = content[:-1] + bytes([content[-1] ^ 1])
        handler._send(changed, 200, {"ETag": '"an-etag"', "X-Repo-Commit": COMMIT})
        return True

    return manner


@pytest.mark.parametrize("file", [WEIGHTS, "config.json", "tokenizer.json"])
def test_a_file_of_the_right_length_and_other_bytes(repository: Path, file: str) -> None:
    """One bit of the last weight would be noticed by nobody: it is told, not kept, and not read afterwards."""
    with BadHub({NAME: repository}, garbage(file)):
        assert f"{file} is not what the hub says" in refusal()
    assert not (storage() / "snapshots" / COMMIT / file).exists()
    good = {path.name for path in (storage() / "blobs").iterdir()}
    for content in (storage() / "blobs").iterdir():
        assert digest_of(content) == content.name
    core_hub.forget_failures()
    assert "cannot be reached" in refusal()  # no hub: the other files alone are no model
    assert good <= {path.name for path in (storage() / "blobs").iterdir()}
    assert_loads(repository)


def digest_of(file: Path) -> str:
    """A file's name in the cache, computed as the hub's documentation has it: SHA-256, or git's id of a blob."""
    content = file.read_bytes()
    if len(file.name) == 64:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


@pytest.mark.parametrize(
    "damage",
    [lambda c: c[:-1] + bytes([c[-1] ^ 1]), lambda c: c[:1000], lambda c: bytes(len(c))],
    ids=["bit", "cut", "0"],
)
def test_a_cached_model_that_the_disk_has_damaged(
    repository: Path,
    damage: Callable[[bytes], bytes],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a hub, the damaged file alone is fetched anew; without one, one sentence, and nothing wrong is read."""
    assert_loads(repository)
    weights = storage() / "snapshots" / COMMIT / WEIGHTS
    whole = weights.read_bytes()
    weights.resolve().write_bytes(damage(whole))
    monkeypatch.setattr(models, "_loaded", OrderedDict())
    with HubStandIn({NAME: repository}) as hub:
        load_model(NAME)
    assert weights.read_bytes() == whole
    assert "damaged" in caplog.text and WEIGHTS in caplog.text
    assert hub.fetched(WEIGHTS) and not hub.fetched("config.json")
    weights.resolve().write_bytes(damage(whole))
    monkeypatch.setattr(models, "_loaded", OrderedDict())
    assert "cannot be reached" in refusal()
    assert_loads(repository)


# --- Full and read-only disks


@pytest.mark.filterwarnings("ignore:Not enough free disk space")  # the library's, before it tries all the same
def test_a_model_for_a_full_disk(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, nothing left that takes room; once there is room, it comes."""
    size = sum(file.stat().st_size for file in repository.iterdir())
    with small_disk(repository.parent / "disk", f"{size // 2048}k") as disk:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(disk / "hub"))
        with HubStandIn({NAME: repository}):
            assert "No space left on device" in refusal()
        assert not parts() and not (storage() / "snapshots" / COMMIT / WEIGHTS).exists()
        remount(disk, "size=4m")
        assert_loads(repository)
        monkeypatch.setattr(models, "_loaded", OrderedDict())


def test_a_model_on_a_read_only_disk(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is there is read; one that is not cannot be kept, in one sentence."""
    with small_disk(repository.parent / "disk", "4m") as disk:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(disk / "hub"))
        assert_loads(repository)
        monkeypatch.setattr(models, "_loaded", OrderedDict())
        remount(disk, "ro")
        other = "EleutherAI/another"
        with HubStandIn({NAME: repository, other: repository}) as hub:
            load_model(NAME)
            assert hub.requests == []
            assert "Read-only file system" in refusal(other)
        monkeypatch.setattr(models, "_loaded", OrderedDict())


@pytest.mark.parametrize("fault", ["No space left on device", "Read-only file system"])
def test_a_word_list_for_a_disk_that_does_not_take_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """It is used from memory, and a note that pages show says so; on a disk that is well again, it is kept."""
    with small_disk(tmp_path / "disk", "64k") as disk, word_server(monkeypatch):
        monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(disk))
        if fault.startswith("No"):
            filler = fill_up(disk)
        else:
            remount(disk, "ro")
        nouns = words.get_word_list("nouns", "notebook")
        assert nouns.words == WORDS
        (note,) = nouns.notes
        assert note.startswith(f"The downloaded noun list could not be kept in {disk / 'wordlists'}")
        assert note.endswith(f" ({fault}).")
        assert [path for path in cached_lists() if path.name != "filler"] == []
        words.forget_failures()
        if fault.startswith("No"):
            filler.unlink()
        else:
            remount(disk, "rw")
        assert words.get_word_list("nouns", "notebook").notes == ()
        assert len(cached_lists()) == 1


# --- Clocks


@pytest.mark.parametrize("years", [-10, 10])
def test_the_memory_of_failures_does_not_mind_a_clock_that_jumps(years: int) -> None:
    """Ten years on, a failure of a moment ago is still one; and ten years back it does not last for ten years."""
    code = f"""{JUMPING_CLOCK}
from core import hub, wordlist_download, words
from core.records import UserError
asked = []
fetch, listing = wordlist_download._fetch, hub._given_up_after
def ask(get):
    try:
        get()
    except UserError as error:
        return str(error)
wordlist_download.PAUSE = 0.01
wordlist_download._fetch = lambda *a: asked.append("list") or fetch(*a)
hub._given_up_after = lambda *a: asked.append("model") or listing(*a)
def ask_both():
    return ask(lambda: words.download("nouns")), ask(lambda: hub.ensure_downloaded({NAME!r}, lambda *a: None))
ask_both()
before = list(asked)
jump({years})
assert all(ask_both()) and asked == before, asked
wordlist_download.FAILURE_MEMORY = hub.FAILURE_MEMORY = 0.0
assert all(ask_both()) and len(asked) == 2 * len(before), asked
print(*sorted(set(asked)))
"""
    said, log = run(code)
    assert said == "list model" and "Traceback" not in log
