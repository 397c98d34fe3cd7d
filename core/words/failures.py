"""The reasons why a list or a treebank could not be downloaded, as clauses that a note can quote."""

from __future__ import annotations

from urllib.parse import urlsplit

from core.errors import UserError
from core.remote import FailureMemory

remembered: FailureMemory[str] = FailureMemory(300.0)  # a file's URL or its host -> the reason


class DownloadError(UserError):
    """A list or a treebank could not be downloaded. ``reason`` is a clause that fits in parentheses.

    Examples
    --------
    >>> raise DownloadError("The notebook's noun list", "no connection to mirror.example")
    Traceback (most recent call last):
    core.words.failures.DownloadError: The notebook's noun list could not be downloaded (no connection to ...).
    """

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} could not be downloaded ({reason}).")
        self.reason = reason


def why_it_failed(error: Exception, host: str, expected: str) -> tuple[str, bool]:
    """The reason for a failed download of what is ``expected``, and whether it holds for every file of the host."""
    from requests import exceptions
    from urllib3.exceptions import ReadTimeoutError

    # If the body stalls after it has begun, requests raises a ConnectionError with urllib3's error in it.
    if error.args and isinstance(error.args[0], ReadTimeoutError):
        error = TimeoutError()
    status = getattr(getattr(error, "response", None), "status_code", None)
    system = getattr(error, "strerror", None) or type(error).__name__
    other = f"what {host} sent is not the {expected}: perhaps the login page of a network, or an altered file"
    cases: list[tuple[type[Exception] | tuple[type[Exception], ...], str, bool]] = [
        ((exceptions.Timeout, TimeoutError), f"{host} did not answer in time", True),
        (exceptions.ConnectionError, f"no connection to {host}", True),
        (exceptions.HTTPError, f"{host} answered with HTTP {status}", False),
        ((exceptions.ChunkedEncodingError, exceptions.ContentDecodingError), "the file arrived incomplete", False),
        (exceptions.RequestException, f"the request to {host} failed: {type(error).__name__}", False),
        (OSError, f"the file could not be kept: {system}", False),
        (ValueError, other, False),
    ]
    return next((reason, whole_host) for kinds, reason, whole_host in cases if isinstance(error, kinds))


def host_of(url: str) -> str:
    """The host and port of a URL, without the user name and password that it may contain.

    Examples
    --------
    >>> host_of("https://me:secret@mirror.example:8080/lists/")
    'mirror.example:8080'
    """
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "the given address"
    except ValueError:
        return "the given address"
