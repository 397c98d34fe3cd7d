"""Download a model's files from the Hugging Face hub into its cache: only safetensors and text files.

The hub may be down, hang, be very slow, or send a wrong file. So every wait has a timeout, files are compared with
their checksums, and a failure is remembered for a minute: if the hub hangs, only one student of a class waits.
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.models.hub.cache import (
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
from core.models.hub.client import bound_requests, progress_bar
from core.models.hub.failures import Refused, as_user_error, raise_recent_failure, refusal, remembering_failures
from core.models.hub.names import check_name
from core.progress import Progress, unwatched
from core.remote import call_with_timeout

ANSWER_SECONDS = 20.0  # for the list of a model's files
# Longest time without progress in a download. The library reports every 10 MB, so this allows 83 kB/s.
STALL_SECONDS = 120.0

_WHOLE = {"allow_patterns": ALLOW_PATTERNS, "ignore_patterns": IGNORE_PATTERNS}
_query_lock = threading.Lock()


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
    check_name(name)
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
    check_name(name)
    with as_user_error(name):
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
        raise refusal(name, error) from error
    return path if is_complete(path) else None


def _from_hub(name: str, progress: Progress) -> Path:
    """List the model's files, refuse one without safetensors, download with progress, and check the files."""
    listing = _list(name, progress, _WHOLE)
    before = contents(name)
    path = _fetch(name, progress, _WHOLE, listing)
    with remembering_failures(name):
        _check_arrived(name, path, before)
        if not is_complete(path):
            raise Refused(
                f"The copy of {name} in the cache is not complete, and the hub could not be reached.", about="network"
            )
    return path


def _list(name: str, progress: Progress, what: dict[str, Any]) -> list[Any]:
    """The files that a download would fetch."""
    from huggingface_hub import snapshot_download

    with _query_lock:  # if the hub hangs, other threads wait here, and then find the remembered failure
        bound_requests()
        raise_recent_failure(name)
        with remembering_failures(name):
            progress(0.0, f"Asking the hub for {name}")
            listing: list[Any] = call_with_timeout(
                ANSWER_SECONDS, lambda report: snapshot_download(name, dry_run=True, **what), progress
            )
            if what is _WHOLE and not any(item.filename.endswith(".safetensors") for item in listing):
                raise Refused(
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

    with remembering_failures(name):
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
    raise Refused(
        f"The download of {name} failed: {fresh[0].name} is not what the hub says that it is. It is not kept.",
        about="download",
    )


def _damaged_copy(name: str, damaged: list[Path]) -> UserError:
    files = ", ".join(file.name for file in damaged)
    return UserError(
        f"The copy of {name} in the cache is damaged: the checksum of {files} is wrong. "
        f"“python -m core repair {name}” fetches it anew."
    )
