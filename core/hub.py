"""Fetch a model's files from the Hugging Face hub into its cache: safetensors and text files only.

The hub may be down, hang, drip, or send something else than it named. Every wait for it is bounded, what came is
compared with its checksum, and a failure is remembered for a minute: of a class whose hub hangs, one waits.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from core.records import UserError

# Weights as safetensors, the configuration, the tokenizer; no pickles, no code, no other frameworks' files.
ALLOW_PATTERNS = ["*.safetensors", "*.safetensors.index.json", "config.json", "tokenizer*", "vocab*", "merges.txt"]
ALLOW_PATTERNS += ["special_tokens_map.json", "added_tokens.json"]
IGNORE_PATTERNS = ["*/*"]  # sub-folders hold exports for other runtimes
_PATTERNS = {"allow_patterns": ALLOW_PATTERNS, "ignore_patterns": IGNORE_PATTERNS}

FAILURE_MEMORY = 60.0  # seconds
ANSWER_SECONDS = 20.0  # for the hub to say what a model consists of
# A download that tells of nothing for so long is given up. The library tells of every 10 MB: 83 kB/s.
STALL_SECONDS = 120.0
SLOWEST = 10_000  # bytes a second; a single reply that is slower for SLOW_SECONDS is ended
SLOW_SECONDS = 30.0

Progress = Callable[[float, str], None]
Result = TypeVar("Result")

_log = logging.getLogger(__name__)
_DIGEST_NAME = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_failures: dict[str, tuple[float, _Refused]] = {}  # a model's name or the hub's address -> (when, why)
_memory_lock = threading.Lock()
_one_asks = threading.Lock()
_verified: set[tuple[str, int, int, int]] = set()  # files whose checksum this process has seen to be right


class _Refused(UserError):
    """Why a model did not come; ``reason`` is a clause that holds for the whole hub, whatever the model."""

    def __init__(self, sentence: str, reason: str | None = None) -> None:
        super().__init__(sentence)
        self.reason = reason


def ensure_downloaded(name: str, progress: Progress) -> tuple[Path, str]:
    """The folder of a hub model's files and its revision (a commit hash), downloaded where needed.

    A complete copy in the cache is used as it is, without asking the hub: a class keeps its numbers, and
    needs no network. Its files are compared with their checksums; damaged ones are fetched anew. The cache is the
    hub library's own (``HF_HOME``), the address ``HF_ENDPOINT``.

    Raises
    ------
    UserError
        The name cannot be a hub id; the hub does not know it or does not give it to everyone; there is no
        network and no copy; the hub is too slow; the model has no safetensors weights; a file came damaged, or
        could not be kept. The same again, without asking, for ``FAILURE_MEMORY`` seconds after such a failure.
    """
    _check_name(name)
    path = _from_cache(name) or _from_hub(name, progress)
    return path, path.name


def forget_failures() -> None:
    """Forget failed downloads: the next one asks the hub again."""
    with _memory_lock:
        _failures.clear()


def _check_name(name: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        shown = f"{name[:80]}…" if len(name) > 80 else name
        raise UserError(
            f"“{shown}” is neither a folder here nor a hub id; a hub id looks like EleutherAI/gpt-neo-125m."
        ) from error


def _from_cache(name: str) -> Path | None:
    """The folder of a copy that is whole and undamaged; None where there is none."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        path = Path(snapshot_download(name, local_files_only=True, **_PATTERNS))
    except LocalEntryNotFoundError:
        return None
    except OSError as error:  # no right to read it
        raise _refusal(name, error) from error
    for file in _remove_damaged(path):
        _log.warning("A file of a model in the cache is damaged and is fetched anew: %s", file)
    return path if _is_complete(path) else None


def _from_hub(name: str, progress: Progress) -> Path:
    """Ask the hub what there is, refuse a model without safetensors, then fetch with progress, and check."""
    from huggingface_hub import snapshot_download

    with _one_asks:  # where the hub hangs, the others wait here, and then find the failure remembered
        _bound_requests()
        _raise_if_it_failed_lately(name)
        with _remembering(name):
            progress(0.0, f"Asking the hub for {name}")
            listing = _given_up_after(
                ANSWER_SECONDS, lambda tell: snapshot_download(name, dry_run=True, **_PATTERNS), progress
            )
            if not any(item.filename.endswith(".safetensors") for item in listing):
                raise _Refused(
                    f"{name} offers no .safetensors weights; other formats are not loaded, because they can run code."
                )
    size = sum(item.file_size or 0 for item in listing if item.will_download)
    with _remembering(name):
        _remove_rubbish(name)
        path = _given_up_after(
            STALL_SECONDS,
            lambda tell: Path(snapshot_download(name, tqdm_class=_progress_bar(tell, name, size), **_PATTERNS)),
            progress,
        )
        if damaged := _remove_damaged(path):
            raise _Refused(
                f"The download of {name} failed: {damaged[0]} is not what the hub says that it is. It is not kept; "
                "try again in a minute."
            )
        if not _is_complete(path):
            raise _Refused(f"The copy of {name} in the cache is not complete, and the hub could not be reached.")
    return path


# --- Bounds on every wait


def _given_up_after(seconds: float, work: Callable[[Progress], Result], progress: Progress) -> Result:
    """The result of ``work``; TimeoutError once it has neither ended nor told of progress for so many seconds.

    It runs in a thread of its own. One that is given up ends by the bounds on requests, and holds up nobody.
    """
    outcome: Future[Result] = Future()
    heard = time.monotonic()

    def tell(share: float, message: str) -> None:
        nonlocal heard
        heard = time.monotonic()
        progress(share, message)

    def run() -> None:
        try:
            outcome.set_result(work(tell))
        except BaseException as error:  # handed to whoever waits
            outcome.set_exception(error)

    threading.Thread(target=run, name="hub", daemon=True).start()
    while not wait([outcome], timeout=max(0.0, heard + seconds - time.monotonic())).done:
        if time.monotonic() - heard >= seconds:
            raise TimeoutError(f"nothing came for {seconds:g} s")
    return outcome.result()


@lru_cache(maxsize=1)
def _bound_requests() -> None:
    """Bound what the library would wait for without end: an answer, and a reply that drips.

    It gives requests for a model's particulars no time-out at all, and a repeated one for a file's a minute, six
    times. Here none waits longer than $HF_HUB_DOWNLOAD_TIMEOUT (10 s) for a connection or the next byte.
    """
    import httpx2
    from huggingface_hub import constants, set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def bound(request: httpx2.Request) -> None:
        most, given = constants.HF_HUB_DOWNLOAD_TIMEOUT, request.extensions.get("timeout", {})
        request.extensions["timeout"] = {
            kind: min(most, given.get(kind) or most) for kind in ("connect", "read", "write", "pool")
        }

    class Watched(httpx2.SyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        def __iter__(self) -> Iterator[bytes]:
            since, came = time.monotonic(), 0
            for part in self._stream:
                yield part
                came += len(part)
                if (passed := time.monotonic() - since) >= SLOW_SECONDS:
                    if came < SLOWEST * passed:
                        raise TimeoutError(f"fewer than {SLOWEST / 1000:g} kB come in a second")
                    since, came = time.monotonic(), 0

        def close(self) -> None:
            self._stream.close()

    def watch(response: httpx2.Response) -> None:
        response.stream = Watched(response.stream)

    def client() -> httpx2.Client:
        made = default_client_factory()
        hooks = made.event_hooks
        made.event_hooks = {"request": [*hooks["request"], bound], "response": [*hooks["response"], watch]}
        return made

    set_client_factory(client)


# --- What is told of a failure, and remembered


@contextlib.contextmanager
def _remembering(name: str) -> Iterator[None]:
    """Turn the library's many errors into one sentence each, and remember it."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except _Refused as refused:
        _remember(name, refused)
        raise
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        told = _refusal(name, error)
        _remember(name, told)
        raise told from error


def _remember(name: str, refused: _Refused) -> None:
    from huggingface_hub import constants

    now = time.monotonic()
    with _memory_lock:
        for key in [key for key, (when, _) in _failures.items() if now - when >= FAILURE_MEMORY]:
            del _failures[key]
        _failures[name if refused.reason is None else constants.ENDPOINT] = (now, refused)


def _raise_if_it_failed_lately(name: str) -> None:
    from huggingface_hub import constants

    with _memory_lock:
        remembered = [_failures[key] for key in (name, constants.ENDPOINT) if key in _failures]
    for when, refused in remembered:
        left = math.ceil(FAILURE_MEMORY - (time.monotonic() - when))
        if left > 0:
            sentence = str(refused) if refused.reason is None else _unreachable(name, refused.reason)
            raise UserError(f"{sentence} (The hub is asked again in {left} s.)")


def _refusal(name: str, error: Exception) -> _Refused:
    """One sentence on why the hub library did not bring a model."""
    import httpx2
    from huggingface_hub import errors

    cause = error.__cause__ or error
    if isinstance(error, errors.DryRunError) and isinstance(cause, errors.RepositoryNotFoundError):
        error = cause
    if isinstance(error, errors.GatedRepoError):
        return _Refused(f"{name} is given only to those who accept its terms on the hub; log in, or choose another.")
    if isinstance(error, errors.RepositoryNotFoundError):
        return _Refused(f"The hub knows no model named {name} (or it is private).")
    reason = _reason(cause)
    if isinstance(cause, (TimeoutError, httpx2.TimeoutException, httpx2.ConnectError, errors.OfflineModeIsEnabled)):
        return _Refused(_unreachable(name, reason), reason)
    if isinstance(error, (errors.LocalEntryNotFoundError, errors.DryRunError)):
        return _Refused(_unreachable(name, reason))
    return _Refused(
        f"The download of {name} failed: {_reason(error)}. Files that have arrived whole are kept; "
        "try again in a minute."
    )


def _unreachable(name: str, reason: str) -> str:
    return f"{name} is not in the cache, and the hub cannot be reached ({reason}). The bundled model needs no network."


def _reason(error: BaseException) -> str:
    """A full disk and the like in the system's words, without the path that follows them."""
    return getattr(error, "strerror", None) or reason_of(error)


def reason_of(error: BaseException) -> str:
    """The first line of a library's message, cut where it is long and without its full stop."""
    line = str(error).strip().split("\n")[0].rstrip(" .:!") or type(error).__name__
    return f"{line[:120]}…" if len(line) > 120 else line


# --- The cache


def _is_complete(folder: Path) -> bool:
    """Whether a snapshot holds a configuration and weights, with every shard that its index names."""
    import json

    if not (folder / "config.json").exists():
        return False
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return (folder / "model.safetensors").exists()
    try:
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False
    return all((folder / shard).exists() for shard in shards)


def _remove_damaged(folder: Path) -> list[str]:
    """Remove the files of a snapshot that are not what the hub named them for, and return their names.

    The library looks at a file's length only. In its cache a file is a link to its content, and the content's
    name is its SHA-256, or a small file's SHA-1 as git has it. On a system without links there is nothing to
    compare.
    """
    damaged = []
    for file in sorted(folder.iterdir()):
        if file.is_symlink() and any(fnmatch(file.name, pattern) for pattern in ALLOW_PATTERNS):
            content = Path(os.path.normpath(folder / os.readlink(file)))
            if not _is_as_named(content):
                damaged.append(file.name)
                for place in (file, content.resolve(), content):
                    with contextlib.suppress(OSError):  # in a read-only cache it stays, and is refused each time
                        place.unlink()
    return damaged


def _is_as_named(file: Path) -> bool:
    """Whether a file's name is the checksum of its content, or no checksum at all."""
    if not _DIGEST_NAME.fullmatch(file.name):
        return True
    try:
        with file.open("rb") as stream:
            state = os.fstat(stream.fileno())
            seen = (file.name, state.st_ino, state.st_size, state.st_mtime_ns)
            if seen in _verified:
                return True
            git = b"blob %d\0" % state.st_size
            long = len(file.name) == 64
            digest = hashlib.sha256() if long else hashlib.sha1(git, usedforsecurity=False)
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    except OSError:
        return False
    if digest.hexdigest() == file.name:
        _verified.add(seen)
        return True
    return False


def _remove_rubbish(name: str) -> None:
    """Remove the parts of this model's files that killed processes left, and that nobody is writing now.

    The library gives each part a name of its own, and never comes back to it.
    """
    from filelock import FileLock
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    cache, folder = Path(constants.HF_HUB_CACHE).expanduser(), repo_folder_name(repo_id=name, repo_type="model")
    for part in (cache / folder / "blobs").glob("*.incomplete"):
        lock = cache / ".locks" / folder / f"{part.name.partition('.')[0]}.lock"
        with contextlib.suppress(OSError), FileLock(lock, timeout=0, mode=0o664):  # OSError: somebody is at it
            part.unlink()


def _progress_bar(progress: Progress, name: str, size: int) -> type:
    """A progress-bar class for the hub library that reports the bytes received to ``progress``.

    The library makes two of them, for bytes received and for bytes written, and moves them from several
    threads: whichever is ahead is told, so that the share never falls.
    """
    from huggingface_hub.utils import tqdm

    told = 0
    lock = threading.Lock()

    class Reporter(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._counts_bytes = kwargs.get("unit") == "B"
            self._received = 0
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            nonlocal told
            with lock:
                self._received += int(n or 0)
                if self._counts_bytes and size and self._received > told:
                    told = self._received
                    share = min(1.0, told / size)
                    progress(share, f"Downloading {name}: {told / 1e6:,.0f} of {size / 1e6:,.0f} MB")

    return Reporter
