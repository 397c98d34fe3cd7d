"""English treebanks of Universal Dependencies: downloaded on request, because their licences are not this project's.

    treebank("ewt")   # the bytes of a CoNLL-U file, from the cache folder if it is there

Nothing of them is in this repository. Whoever asks for one is told its licence first (``TREEBANKS["ewt"].licence``).
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import Cancelled, UserError
from core.progress import Progress, unwatched
from core.remote import call_with_timeout
from core.words.conllu import MAX_CONLLU_BYTES, read_conllu
from core.words.download import receive
from core.words.failures import DownloadError, host_of, remembered, why_it_failed
from core.words.source import DEFAULT_DOWNLOADS, TREEBANKS_URL, Downloads

DEADLINE = 300.0  # seconds for the whole download
SILENCE = 20.0  # seconds without a byte
RELEASE = "r2.15"  # of Universal Dependencies, so that everybody reads the same text

_STEP = 32_768  # bytes between two reports

_one_download = threading.Lock()


@dataclass(frozen=True)
class Treebank:
    """The development part of a treebank: its ``name`` here, its ``title``, its ``licence`` in words, its file."""

    name: str
    title: str
    licence: str
    repository: str
    file: str

    @property
    def path(self) -> str:
        """Where the file is, below ``Downloads.treebanks_url`` and in the cache's folder of treebanks."""
        return f"{self.repository}/{RELEASE}/{self.file}"

    @property
    def address(self) -> str:
        """The public address of the file."""
        return TREEBANKS_URL + self.path


TREEBANKS = {
    one.name: one
    for one in (
        Treebank(
            "ewt",
            "UD English EWT",
            "CC BY-SA 4.0: name its authors (Silveira and others, 2014), and share what you make of it alike",
            "UD_English-EWT",
            "en_ewt-ud-dev.conllu",
        ),
        Treebank(
            "gum",
            "UD English GUM",
            "CC BY-NC-SA 4.0: not for commercial use; name its authors (Zeldes, 2017), and share what you make of it "
            "alike",
            "UD_English-GUM",
            "en_gum-ud-dev.conllu",
        ),
    )
}


def cached_treebank(name: str, downloads: Downloads = DEFAULT_DOWNLOADS) -> bytes | None:
    """A treebank from the cache, without any network; None if it is missing or damaged.

    Raises
    ------
    UserError
        There is no such treebank.
    """
    path = _treebank(name).path
    for folder in downloads.treebank_folders:
        with contextlib.suppress(OSError):  # a missing file: the next folder is tried
            content = (folder / path).read_bytes()
            if _is_whole(content):
                return content
    return None


def treebank(name: str, downloads: Downloads = DEFAULT_DOWNLOADS, progress: Progress = unwatched) -> bytes:
    """A treebank, from the cache if it is there, else from the network: then it is checked, and kept.

    Parameters
    ----------
    name : {"ewt", "gum"}
        A key of ``TREEBANKS``.
    downloads : Downloads
        The cache folder and the address.
    progress : callable
        Called with a share and a sentence; if it raises ``Cancelled``, the download ends.

    Returns
    -------
    bytes
        A CoNLL-U file, for ``read_conllu``.

    Raises
    ------
    DownloadError
        No connection, no answer in time, an HTTP error, something else than CoNLL-U, a folder that cannot be written.
        Failures of the network are remembered: for some minutes, the same error is raised without a request.
    UserError
        There is no such treebank.
    """
    chosen = _treebank(name)
    url, host = downloads.treebanks_url + chosen.path, host_of(downloads.treebanks_url)
    with _turn(progress):
        known = cached_treebank(name, downloads)
        if known is not None:
            return known
        if failed := remembered.get(url, host):
            raise DownloadError(chosen.title, failed[0])
        try:
            content = call_with_timeout(SILENCE, lambda report: _fetch(url, chosen, report), progress)
        except Cancelled:
            raise
        except (OSError, ValueError) as error:  # all errors of requests are OSErrors, and UserErrors ValueErrors
            reason, of_the_host = why_it_failed(error, host, "treebank")
            remembered.put(host if of_the_host else url, reason)
            raise DownloadError(chosen.title, reason) from error
        _keep(content, downloads.treebank_folders[0], chosen)
        return content


def _treebank(name: str) -> Treebank:
    if name not in TREEBANKS:
        raise UserError(f"There is no treebank “{name}”; there are {', '.join(TREEBANKS)}.")
    return TREEBANKS[name]


@contextlib.contextmanager
def _turn(progress: Progress) -> Iterator[None]:
    """One download at a time: if thirty sessions ask, one makes the request. Who waits may be cancelled."""
    while not _one_download.acquire(timeout=0.5):
        progress(0.0, "Waiting for another download")
    try:
        yield
    finally:
        _one_download.release()


def _fetch(url: str, chosen: Treebank, report: Progress) -> bytes:
    """The bytes of a URL; ValueError if they are no CoNLL-U."""
    content, reported = io.BytesIO(), 0

    def watch(n_bytes: int) -> None:
        nonlocal reported
        if n_bytes >= reported + _STEP:
            reported = n_bytes
            # The size is not known before, because servers pack the file. The share only grows.
            report(n_bytes / (n_bytes + 1e6), f"Downloading {chosen.title}: {n_bytes / 1e6:.1f} MB")

    report(0.0, f"Downloading {chosen.title}")
    receive(url, content, time.monotonic() + DEADLINE, MAX_CONLLU_BYTES, watch)
    report(0.9, f"Reading {chosen.title}")
    if not _is_whole(content.getvalue()):
        raise ValueError("the end of the file is missing")
    read_conllu(content.getvalue(), chosen.file)
    return content.getvalue()


def _is_whole(content: bytes) -> bool:
    """Whether a file looks complete: a crash of the machine can leave one that is cut off, or full of zeros."""
    return content.endswith(b"\n") and b"\0" not in content


def _keep(content: bytes, folder: Path, chosen: Treebank) -> None:
    """Write a file into the cache: under a temporary name first, so that it is complete or not there."""
    path = folder / chosen.path
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):  # the disk's first error is the one to tell
                temporary.unlink()
        why = error.strerror or type(error).__name__
        raise DownloadError(chosen.title, f"it could not be kept in {folder}: {why}") from error
