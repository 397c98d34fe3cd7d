"""Download a model's files from the Hugging Face hub into its cache: only safetensors and text files.

The hub may be down, hang, be very slow, or send a wrong file. So every wait has a timeout, files are compared with
their checksums, and a failure is remembered for a minute: if the hub hangs, only one student of a class waits.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.models.hub_cache import (
    ALLOW_PATTERNS,
    IGNORE_PATTERNS,
    content_of,
    contents,
    damaged_files,
    find_snapshot,
    is_complete,
    remove,
    remove_parts,
)
from core.models.hub_client import bound_requests, progress_bar, reason_of
from core.progress import Progress, unwatched
from core.remote import FailureMemory, call_with_timeout

__all__ = ["ensure_downloaded", "forget_failures", "reason_of", "repair"]

ANSWER_SECONDS = 20.0  # for the list of a model's files
# Longest time without progress in a download. The library reports every 10 MB, so this allows 83 kB/s.
STALL_SECONDS = 120.0

_WHOLE = {"allow_patterns": ALLOW_PATTERNS, "ignore_patterns": IGNORE_PATTERNS}
_failures: FailureMemory[_Refused] = FailureMemory(60.0)  # a model's name or the hub's address -> why
_query_lock = threading.Lock()


class _Refused(UserError):
    """Why a download failed. ``reason`` is a clause about the hub as a whole; None if it concerns one model."""

    def __init__(self, sentence: str, reason: str | None = None, *, about: str) -> None:
        super().__init__(sentence, about=about)
        self.reason = reason


def ensure_downloaded(name: str, progress: Progress = unwatched) -> tuple[Path, str]:
    """Download a hub model if it is not in the cache. Return the folder of its files, and its revision.

    A complete copy in the cache is used without a request to the hub: a class keeps its numbers, and needs no network.
    Its files are compared with their checksums. The cache is the hub library's (``HF_HOME``); the address of the hub
    is ``HF_ENDPOINT``. The cache also belongs to the user and to other programs. So this function removes or replaces
    no file that was there before, not even a damaged or partial one. ``repair`` does that.

    Parameters
    ----------
    name : str
        A hub id such as ``"EleutherAI/gpt-neo-125m"``.
    progress : callable
        Called with the share of bytes (0 to 1) and a sentence.

    Returns
    -------
    (Path, str)
        The folder, and the commit hash.

    Raises
    ------
    UserError
        The name cannot be a hub id; the hub does not know it, or it is gated; there is no network and no copy; the
        copy is damaged; the hub is too slow; the model has no safetensors weights; a file arrived damaged, or could
        not be written. For a minute after a failure, the same error is raised without a request.
    """
    _check_name(name)
    path = _from_cache(name) or _from_hub(name, progress)
    return path, path.name


def repair(name: str, progress: Progress = unwatched) -> list[str]:
    """Download the damaged and missing files of a cached model again, at the same revision.

    A damaged file is replaced only after the new one has arrived, so a failure changes nothing. Partial files of
    killed processes are removed.

    Returns
    -------
    list of str
        The names of the files that were damaged.

    Raises
    ------
    UserError
        There is no copy in the cache; or for the reasons in ``ensure_downloaded``.
    """
    _check_name(name)
    with _as_user_error(name):
        copy = find_snapshot(name)
        damaged = damaged_files(copy) if copy else []
    if copy is None:
        raise UserError(f"There is no copy of {name} in the cache to be repaired.")
    remove_parts(name)
    names = [file.name for file in damaged]
    if names:
        before = contents(name) - {content_of(file) for file in damaged}
        what = {"revision": copy.name, "allow_patterns": names, "force_download": True}
        listing = _list(name, progress, what)
        _check_arrived(name, _fetch(name, progress, what, listing), before)
    if not _from_cache(name):
        _from_hub(name, progress)
    return names


def forget_failures() -> None:
    """Forget failed downloads: the next one asks the hub again."""
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
    """The folder of a complete copy; None if there is none; UserError if one of its files is damaged."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        copy = find_snapshot(name)
        if copy is None:
            return None
        if damaged := damaged_files(copy):
            raise _damaged_copy(name, damaged)
        path = Path(snapshot_download(name, local_files_only=True, **_WHOLE))
    except LocalEntryNotFoundError:
        return None
    except OSError as error:  # no right to read it
        raise _refusal(name, error) from error
    return path if is_complete(path) else None


def _from_hub(name: str, progress: Progress) -> Path:
    """List the model's files, refuse one without safetensors, download with progress, and check the files."""
    listing = _list(name, progress, _WHOLE)
    before = contents(name)
    path = _fetch(name, progress, _WHOLE, listing)
    with _remembering_failures(name):
        _check_arrived(name, path, before)
        if not is_complete(path):
            raise _Refused(
                f"The copy of {name} in the cache is not complete, and the hub could not be reached.", about="network"
            )
    return path


def _list(name: str, progress: Progress, what: dict[str, Any]) -> list[Any]:
    """The files that a download would fetch."""
    from huggingface_hub import snapshot_download

    with _query_lock:  # if the hub hangs, other threads wait here, and then find the remembered failure
        bound_requests()
        _raise_recent_failure(name)
        with _remembering_failures(name):
            progress(0.0, f"Asking the hub for {name}")
            listing: list[Any] = call_with_timeout(
                ANSWER_SECONDS, lambda report: snapshot_download(name, dry_run=True, **what), progress
            )
            if what is _WHOLE and not any(item.filename.endswith(".safetensors") for item in listing):
                raise _Refused(
                    f"{name} has no .safetensors weights; other formats are not loaded, because they can run code.",
                    about="model",
                )
    return listing


def _fetch(name: str, progress: Progress, what: dict[str, Any], listing: list[Any]) -> Path:
    """Download the listed files, and return the snapshot's folder."""
    from huggingface_hub import snapshot_download

    size = sum(item.file_size or 0 for item in listing if item.will_download)

    def download(report: Progress) -> Path:
        return Path(snapshot_download(name, tqdm_class=progress_bar(report, name, size), **what))

    with _remembering_failures(name):
        return call_with_timeout(STALL_SECONDS, download, progress)


def _check_arrived(name: str, path: Path, before: set[Path]) -> None:
    """Raise UserError if a file is damaged. A damaged file that was not there ``before`` is removed."""
    damaged = damaged_files(path)
    if not damaged:
        return
    fresh = [file for file in damaged if content_of(file) not in before]
    for file in fresh:
        with contextlib.suppress(OSError):  # in a read-only cache the file stays, and is refused each time
            remove(file)
    if not fresh:
        raise _damaged_copy(name, damaged)
    raise _Refused(
        f"The download of {name} failed: {fresh[0].name} is not what the hub says that it is. It is not kept.",
        about="download",
    )


def _damaged_copy(name: str, damaged: list[Path]) -> UserError:
    files = ", ".join(file.name for file in damaged)
    return UserError(
        f"The copy of {name} in the cache is damaged: the checksum of {files} is wrong. "
        f"“python -m core repair {name}” fetches it anew."
    )


# --- Failures: one sentence each, and remembered


@contextlib.contextmanager
def _as_user_error(name: str) -> Iterator[None]:
    """Raise a UserError in place of the library's many kinds of errors."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    errors = (HfHubHTTPError, httpx2.HTTPError, OSError)
    try:
        yield
    except errors as error:
        raise _refusal(name, error) from error
    except ValueError as error:  # the library wraps them in this, if a download is forced
        if not isinstance(error.__cause__, errors) or isinstance(error, UserError):
            raise
        raise _refusal(name, error) from error


@contextlib.contextmanager
def _remembering_failures(name: str) -> Iterator[None]:
    """As ``_as_user_error``, and remember the error."""
    from huggingface_hub import constants

    try:
        with _as_user_error(name):
            yield
    except _Refused as refused:
        _failures.put(name if refused.reason is None else constants.ENDPOINT, refused)
        raise


def _raise_recent_failure(name: str) -> None:
    from huggingface_hub import constants

    if failed := _failures.get(name, constants.ENDPOINT):
        refused, seconds = failed
        sentence = str(refused) if refused.reason is None else _unreachable(name, refused.reason)
        raise UserError(f"{sentence} (The hub is asked again in {math.ceil(seconds)} s.)", about=refused.about)


def _refusal(name: str, error: Exception) -> _Refused:
    """One sentence about why the hub library could not download a model."""
    import httpx2
    from huggingface_hub import errors

    cause = error.__cause__ or error
    if isinstance(error, errors.DryRunError) and isinstance(cause, errors.RepositoryNotFoundError):
        error = cause
    if isinstance(error, errors.GatedRepoError):
        return _Refused(f"{name} is given only to those who accept its terms on the hub.", about="gated")
    if isinstance(error, errors.RepositoryNotFoundError):
        return _Refused(f"The hub knows no model named {name} (or it is private).", about="model")
    reason = _reason(cause)
    if isinstance(cause, (TimeoutError, httpx2.TimeoutException, httpx2.ConnectError, errors.OfflineModeIsEnabled)):
        return _Refused(_unreachable(name, reason), reason, about="network")
    if isinstance(error, (errors.LocalEntryNotFoundError, errors.DryRunError)):
        return _Refused(_unreachable(name, reason), about="network")
    why = reason if type(error) is ValueError else _reason(error)
    return _Refused(f"The download of {name} failed: {why}. Files that have arrived whole are kept.", about="download")


def _unreachable(name: str, reason: str) -> str:
    return f"{name} is not complete in the cache, and the hub cannot be reached ({reason})."


def _reason(error: BaseException) -> str:
    """The system's words for a full disk and the like, without the path."""
    return getattr(error, "strerror", None) or reason_of(error)
