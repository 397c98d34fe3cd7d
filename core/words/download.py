"""The course notebook's word lists: downloaded once by pooch, checked by SHA-256, and cached on disk.

    download("nouns").words[:3]

A failure is remembered for some minutes. So a class without a network waits for the timeout once, and not at every
rerun of a page. pooch and requests are imported late: a list from a given cache folder needs neither.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from core.errors import UserError
from core.records import WordList
from core.remote import call_with_timeout
from core.words.checks import check_word_class, parse_lines
from core.words.failures import DownloadError, host_of, remembered, why_it_failed
from core.words.source import DEFAULT_DOWNLOADS, FILE_NAMES, SHA256, SOURCE, Downloads

DEADLINE = 15.0  # seconds for the whole download: name lookup, connection, all retries, all bytes
TIMEOUTS = (5.0, 8.0)  # seconds for the connection, and between two bytes
RETRIES = 1  # after one second
MAX_BYTES = 1_000_000

_memory: dict[tuple[str, Downloads], WordList] = {}  # lists that could not be written to the cache folder
_one_download = threading.Lock()


def cached(word_class: str, downloads: Downloads = DEFAULT_DOWNLOADS) -> WordList | None:
    """The list from the cache, without any network; None if it is missing or damaged.

    Raises
    ------
    UserError
        There is no such word class, or the notebook has no list of it.
    """
    _check_downloadable(word_class)
    if in_memory := _memory.get((word_class, downloads)):
        return in_memory
    for folder in downloads.folders:
        # A missing or damaged file is ignored: the next folder is tried.
        with contextlib.suppress(OSError, ValueError), open(folder / FILE_NAMES[word_class], "rb") as file:
            return _word_list(word_class, file.read(MAX_BYTES + 1))
    return None


def download(word_class: str, downloads: Downloads = DEFAULT_DOWNLOADS) -> WordList:
    """One of the notebook's lists, from the cache if it is there, else from the network.

    Parameters
    ----------
    word_class : str
        As in ``core.words.get_word_list``.
    downloads : Downloads
        The cache folder and the address.

    Returns
    -------
    WordList

    Raises
    ------
    DownloadError
        No connection, no answer within ``DEADLINE``, an HTTP error, or a file with another checksum. For some minutes
        after such a failure, the same error is raised without a request.
    UserError
        There is no such word class, or the notebook has no list of it.
    """
    _check_downloadable(word_class)
    url, host = downloads.base_url + FILE_NAMES[word_class], host_of(downloads.base_url)
    what = f"The notebook's {word_class[:-1]} list"
    # If thirty sessions need the list at once, one makes the request. If it fails, the others find its failure.
    with _one_download:
        known = cached(word_class, downloads)
        if known is not None:
            return known
        if failed := remembered.get(url, host):
            raise DownloadError(what, failed[0])
        stop_at = time.monotonic() + DEADLINE
        try:
            return call_with_timeout(DEADLINE, lambda _: _fetch(word_class, downloads, stop_at))
        except (OSError, ValueError) as error:
            reason, of_the_host = why_it_failed(error, host, "list")
            remembered.put(host if of_the_host else url, reason)
            raise DownloadError(what, reason) from error


def _check_downloadable(word_class: str) -> None:
    check_word_class(word_class)
    if word_class not in FILE_NAMES:
        raise UserError(f"The notebook has no list of {word_class}; it has {', '.join(FILE_NAMES)}.")


def forget_failures() -> None:
    """Forget failed downloads, and lists that are only in memory: the next download makes a request again."""
    remembered.clear()
    _memory.clear()


def _fetch(word_class: str, downloads: Downloads, stop_at: float) -> WordList:
    """Download a list into the cache folder, or into memory if the folder is not writable."""
    import pooch
    import requests

    def receive_file(url: str, path: str, _: object) -> None:
        with open(path, "wb") as file:
            receive(url, file, stop_at, MAX_BYTES)

    pooch.get_logger().setLevel("ERROR")  # it would log the URL, which may contain a mirror's password
    name, folder = FILE_NAMES[word_class], downloads.folders[0]
    files = pooch.Pooch(folder, downloads.base_url, {name: f"sha256:{SHA256[name]}"}, retry_if_failed=RETRIES)
    try:
        return _word_list(word_class, Path(files.fetch(name, downloader=receive_file)).read_bytes())
    except (requests.RequestException, TimeoutError):
        raise
    except OSError as error:  # from the folder or its disk
        receive(files.get_url(name), content := io.BytesIO(), stop_at, MAX_BYTES)
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        why = cause.strerror or type(cause).__name__
        note = f"The downloaded {word_class[:-1]} list could not be kept in {folder} ({why})."
        in_memory = replace(_word_list(word_class, content.getvalue()), notes=(note,))
        _memory[word_class, downloads] = in_memory
        return in_memory


def receive(
    url: str, file: BinaryIO, stop_at: float, max_bytes: int, report: Callable[[int], object] = lambda n_bytes: None
) -> None:
    """Download a URL into a file, until ``stop_at``: after that time, no caller waits for this thread.

    ``report`` is called with the number of bytes so far.

    Raises
    ------
    requests.RequestException, TimeoutError
        No connection, no answer in time, an HTTP error.
    ValueError
        There are more than ``max_bytes``.
    """
    import requests

    with requests.get(url, stream=True, timeout=TIMEOUTS) as response:
        response.raise_for_status()
        n_bytes = 0
        for piece in response.iter_content(chunk_size=1024):
            n_bytes += file.write(piece)
            if time.monotonic() > stop_at:
                raise TimeoutError("nothing is waiting for the rest")
            if n_bytes > max_bytes:
                raise ValueError(f"the file is larger than {max_bytes:,} bytes")
            report(n_bytes)


def _word_list(word_class: str, content: bytes) -> WordList:
    """Parse the bytes of a list; ValueError if their checksum is wrong."""
    if hashlib.sha256(content).hexdigest() != SHA256[FILE_NAMES[word_class]]:
        raise ValueError("the checksum is another one")
    return WordList(word_class, parse_lines(content.decode("utf-8")), SOURCE)
