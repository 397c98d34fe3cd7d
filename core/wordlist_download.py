"""The course notebook's word lists: fetched once, checked, and read from the user's cache folder ever after.

The lists never change, so a cached file is used without asking the network again. A failure is remembered
for a while, so that a class without a network waits for the deadline once, not on every rerun of a page.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import tempfile
import threading
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.records import SHORT_WORD_CLASSES, WORD_CLASSES, UserError, WordList

if TYPE_CHECKING:  # requests costs 0.1 s to import, and a run from the cache never needs it
    from requests import Response, Session

BASE_URL = "https://raw.githubusercontent.com/david47k/top-english-wordlists/master/"
SOURCE = "david47k/top-english-wordlists (CC BY 3.0)"

_STEMS = {
    "nouns": "nouns",
    "verbs": "verbs",
    "adjectives": "adjs",
    "adverbs": "advs",
    "pronouns": "prons",
    "adpositions": "adps",
    "conjunctions": "conjs",
    "determiners": "dets",
    "numbers": "nums",
    "particles": "prts",
}
PROMISED_WORDS = {name: 10_000 for name in WORD_CLASSES} | {name: 500 for name in SHORT_WORD_CLASSES}
FILE_NAMES = {name: f"top_english_{stem}_lower_{PROMISED_WORDS[name]}.txt" for name, stem in _STEMS.items()}

DEADLINE = 15.0  # seconds for everything: name lookup, connecting, every retry, the last byte
CONNECT_SECONDS = 5.0
READ_SECONDS = 8.0
RETRIES = 2
PAUSE = 0.3  # seconds before the first retry; twice that before the second
FAILURE_MEMORY = 300.0  # seconds

MIN_BYTES = 200
MAX_BYTES = 1_000_000
MIN_WORDS = 100
MAX_WORD_LENGTH = 40
MIN_ALPHABETIC = 0.7  # of the real lists the one of numbers has the least, 0.82

_failures: dict[str, tuple[float, str]] = {}  # file address or host -> (when, reason)
_kept_in_memory: dict[str, WordList] = {}  # lists that the cache folder could not take
_memory_lock = threading.Lock()
_one_download = threading.Lock()


class DownloadError(UserError):
    """A list could not be had from its public address; ``reason`` is a clause that fits in brackets."""

    def __init__(self, word_class: str, reason: str) -> None:
        super().__init__(f"The notebook's {word_class[:-1]} list could not be downloaded ({reason}).")
        self.reason = reason


class _Failed(Exception):
    """Why an attempt failed: worth ``again`` or not, and true of the ``whole_host`` or of one file."""

    def __init__(self, reason: str, *, again: bool = False, whole_host: bool = False) -> None:
        super().__init__(reason)
        self.again = again
        self.whole_host = whole_host


def download(word_class: str, *, base_url: str | None = None, deadline: float | None = None) -> WordList:
    """Fetch one of the notebook's lists, check it, and keep it in the cache; the cache is asked first.

    Parameters
    ----------
    word_class : str
        One of ``FILE_NAMES``.
    base_url : str, optional
        The address of the files' folder; else $GRAMMAR_NEURONS_WORDLISTS_URL, else ``BASE_URL``.
    deadline : float, optional
        Seconds after which this gives up, retries included; else ``DEADLINE``.

    Raises
    ------
    DownloadError
        No connection, no answer in time, an HTTP error, or a reply that is no word list; also, without
        asking again, for ``FAILURE_MEMORY`` seconds after such a failure.
    UserError
        There is no such word class.
    """
    check_word_class(word_class)
    url = _folder_url(base_url) + FILE_NAMES[word_class]
    # Thirty sessions that miss together make one request, and where it fails the others find that remembered.
    with _one_download:
        known = cached(word_class, base_url=base_url)
        if known is not None:
            return known
        _raise_if_it_failed_lately(word_class, url)
        seconds = DEADLINE if deadline is None else deadline
        try:
            stop_at = time.monotonic() + seconds
            body = _within(seconds, _host(url), lambda: _fetch_with_retries(url, word_class, stop_at))
        except _Failed as failure:
            _remember_failure(_host(url) if failure.whole_host else url, str(failure))
            raise DownloadError(word_class, str(failure)) from failure
        return _keep(word_class, base_url, body)


def cached(word_class: str, *, base_url: str | None = None) -> WordList | None:
    """The list as an earlier download left it, without any network; None if it is missing or damaged.

    Looked for in the cache folder, then in $GRAMMAR_NEURONS_SEED: a folder like it that an image was built with.
    """
    check_word_class(word_class)
    with _memory_lock:
        in_memory = _kept_in_memory.get(_folder_url(base_url) + FILE_NAMES[word_class])
    if in_memory is not None:
        return in_memory
    seed = os.environ.get("GRAMMAR_NEURONS_SEED")
    for root in [cache_folder(), *([Path(seed)] if seed else [])]:
        # A missing or damaged file is passed over: whoever asked goes on to the next place, or to the download.
        with contextlib.suppress(OSError, _Failed), open(_cache_file(root, word_class, base_url), "rb") as file:
            return WordList(word_class, _verified(file.read(MAX_BYTES + 1)), _source(base_url))
    return None


def forget_failures() -> None:
    """Forget failed downloads, and lists that only memory holds: the next download asks the network again."""
    with _memory_lock:
        _failures.clear()
        _kept_in_memory.clear()


def cache_folder() -> Path:
    """Where downloads are kept: $GRAMMAR_NEURONS_CACHE, else the user's cache folder on this system."""
    ours = os.environ.get("GRAMMAR_NEURONS_CACHE")
    if ours:
        return Path(os.path.abspath(os.path.expanduser(ours)))
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(xdg):  # the XDG specification: a relative path is to be ignored
        return Path(xdg) / "grammar-neurons"
    system = platform.system()
    if system == "Windows" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "grammar-neurons"
    home = os.path.expanduser("~/Library/Caches" if system == "Darwin" else "~/.cache")
    if home.startswith("~"):  # a container's user without a home folder
        home = tempfile.gettempdir()
    return Path(home) / "grammar-neurons"


def parse_lines(text: str) -> tuple[str, ...]:
    """The words of a list, one a line, in order, less surrounding blanks, a byte-order mark and blank lines.

    Entries such as "j." stay: the notebook uses them.
    """
    stripped = (line.strip() for line in split_lines(text))
    return tuple(line for line in stripped if line)


def split_lines(text: str) -> list[str]:
    """The lines, less a byte-order mark; str.splitlines would also break at form feeds and the like."""
    return re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))


def unprintable_character(text: str) -> str | None:
    """The first character that no word holds, or None: a control, a line separator, half a surrogate pair,
    or one without width, which nobody sees but the tokenizer."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in "\u200b\u2060\ufeff":
            return char
    return None


def check_word_class(word_class: str) -> None:
    """Raise UserError if the notebook's source has no list of that class."""
    if word_class not in FILE_NAMES:
        raise UserError(f"There is no word class {word_class!r}; allowed are {', '.join(FILE_NAMES)}.")


# --- the client


def _within(seconds: float, host: str, fetch: Callable[[], bytes]) -> bytes:
    """Run ``fetch`` in a thread of its own and stop waiting after ``seconds``.

    A socket's timeout starts anew with every byte, and a name lookup has none, so neither bounds the whole.
    The thread is a daemon: it is left behind and never holds up the program's end.
    """
    outcome: Future[bytes] = Future()

    def work() -> None:
        try:
            outcome.set_result(fetch())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=work, name="word-list-download", daemon=True).start()
    try:
        return outcome.result(timeout=seconds)
    except FutureTimeout:
        raise _Failed(f"{host} did not answer in time", whole_host=True) from None


def _fetch_with_retries(url: str, word_class: str, stop_at: float) -> bytes:
    """The checked bytes of the file; a broken connection or a server's error is worth another try."""
    import requests

    with requests.Session() as session:
        for attempt in range(RETRIES + 1):
            try:
                return _fetch(session, url, word_class, stop_at)
            except _Failed as failure:
                pause = PAUSE * 2**attempt
                if not failure.again or attempt == RETRIES or time.monotonic() + pause >= stop_at:
                    raise
            time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _fetch(session: Session, url: str, word_class: str, stop_at: float) -> bytes:
    """One attempt."""
    import requests

    left = max(0.01, stop_at - time.monotonic())
    timeout = (min(CONNECT_SECONDS, left), min(READ_SECONDS, left))
    host = _host(url)
    try:
        with session.get(url, stream=True, timeout=timeout) as response:
            if response.status_code != 200:
                reason = f"{host} answered with HTTP {response.status_code}"
                raise _Failed(reason, again=response.status_code >= 500)
            body = _read_body(response, stop_at)
            _check_whole(response, body, _verified(body), word_class)
            return body
    except requests.Timeout:
        raise _Failed(f"{host} did not answer in time", again=True, whole_host=True) from None
    except requests.ConnectionError:
        raise _Failed(f"no connection to {host}", again=True, whole_host=True) from None
    except (requests.RequestException, ValueError, OSError) as error:
        # An address that is no address, too many redirects: nothing that a second try would mend.
        raise _Failed(f"the request to {host} failed: {type(error).__name__}") from error


def _read_body(response: Response, stop_at: float) -> bytes:
    import requests

    body = bytearray()
    try:
        # Small pieces, so that a thread left behind by a trickling server soon notices and ends.
        for piece in response.iter_content(chunk_size=1024):
            body += piece
            if len(body) > MAX_BYTES:
                raise _Failed(f"the file is larger than {MAX_BYTES:,} bytes")
            if time.monotonic() > stop_at:
                raise _Failed(f"{_host(response.url)} did not answer in time", whole_host=True)
    except requests.ConnectionError:  # so requests names a stall, once the body has begun
        raise _Failed(f"{_host(response.url)} did not answer in time", again=True, whole_host=True) from None
    except requests.RequestException:  # cut off, or packed data that cannot be unpacked
        raise _Failed("the file arrived incomplete", again=True) from None
    return bytes(body)


def _check_whole(response: Response, body: bytes, words: tuple[str, ...], word_class: str) -> None:
    """Refuse a cut-off file: its beginning looks like a word list too, and would be cached for good."""
    length = response.headers.get("Content-Length", "")
    encoded = "Content-Encoding" in response.headers  # then the length counts the packed bytes
    if length.isdigit() and not encoded and int(length) != len(body):
        raise _Failed("the file arrived incomplete", again=True)
    framed = bool(length) or "chunked" in response.headers.get("Transfer-Encoding", "")
    if not framed and len(words) != PROMISED_WORDS[word_class]:
        raise _Failed("the file arrived incomplete", again=True)


def _verified(body: bytes) -> tuple[str, ...]:
    """The words in a downloaded or cached file, or _Failed saying why it is no word list."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _Failed("what arrived is not UTF-8 text") from None
    words = parse_lines(text)
    if words and words[0].startswith("<"):
        raise _Failed("a web page arrived instead of a word list")
    if not MIN_BYTES <= len(body) <= MAX_BYTES:
        raise _Failed(f"{len(body):,} bytes is no plausible size for a word list")
    if len(words) < MIN_WORDS:
        raise _Failed(f"what arrived has {len(words)} lines, fewer than the {MIN_WORDS} of a word list")
    if not all(map(_looks_like_a_word, words)) or sum(map(str.isalpha, words)) < MIN_ALPHABETIC * len(words):
        raise _Failed("what arrived is not one word a line")
    return words


def _looks_like_a_word(line: str) -> bool:
    return len(line) <= MAX_WORD_LENGTH and len(line.split()) == 1 and unprintable_character(line) is None


# --- the cache, and the memory of failures


def _keep(word_class: str, base_url: str | None, body: bytes) -> WordList:
    """Cache a checked file; where the folder will not take it, memory keeps the list and a note says so."""
    file = _cache_file(cache_folder(), word_class, base_url)
    words = _verified(body)
    try:
        _write_atomically(file, body)
    except OSError as error:
        why = error.strerror or type(error).__name__
        note = f"The downloaded {word_class[:-1]} list could not be kept in {file.parent} ({why})."
        in_memory = WordList(word_class, words, _source(base_url), (note,))
        with _memory_lock:
            _kept_in_memory[_folder_url(base_url) + FILE_NAMES[word_class]] = in_memory
        return in_memory
    return WordList(word_class, words, _source(base_url))


def _write_atomically(file: Path, body: bytes) -> None:
    """Whoever reads ``file`` sees all of it or none; what a crash leaves ends in .tmp and is never read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(body)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _cache_file(root: Path, word_class: str, base_url: str | None) -> Path:
    """A mirror's files lie apart, so that they never pass for the notebook's own."""
    folder = root / "wordlists"
    url = _folder_url(base_url)
    if url != BASE_URL:
        folder /= "mirror-" + hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return folder / FILE_NAMES[word_class]


def _remember_failure(key: str, reason: str) -> None:
    with _memory_lock:
        _failures[key] = (time.monotonic(), reason)


def _raise_if_it_failed_lately(word_class: str, url: str) -> None:
    with _memory_lock:
        remembered = [_failures[key] for key in (url, _host(url)) if key in _failures]
    for when, reason in remembered:
        if time.monotonic() - when < FAILURE_MEMORY:
            raise DownloadError(word_class, reason)


def _folder_url(base_url: str | None) -> str:
    url = base_url or os.environ.get("GRAMMAR_NEURONS_WORDLISTS_URL") or BASE_URL
    return url.rstrip("/") + "/"


def _source(base_url: str | None) -> str:
    url = _folder_url(base_url)
    return SOURCE if url == BASE_URL else f"{SOURCE}, from the mirror {_host(url)}"


def _host(url: str) -> str:
    """Host and port, never the user name or password that an address may carry."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "the given address"
    except ValueError:
        return "the given address"
