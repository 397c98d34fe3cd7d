"""Why a model could not be had from the hub: one sentence for each failure, remembered for a minute."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

from core.errors import UserError
from core.remote import FailureMemory


class Refused(UserError):
    """Why a download failed. ``reason`` is a clause about the hub as a whole; None if it concerns one model."""

    def __init__(self, sentence: str, reason: str | None = None, *, about: str) -> None:
        super().__init__(sentence, about=about)
        self.reason = reason


_failures: FailureMemory[Refused] = FailureMemory(60.0)  # a model's name or the hub's address -> why


def forget_failures() -> None:
    """Forget failed downloads: the next one asks the hub again."""
    _failures.clear()


@contextlib.contextmanager
def as_user_error(name: str) -> Iterator[None]:
    """Raise a UserError in place of the library's many kinds of errors."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    errors = (HfHubHTTPError, httpx2.HTTPError, OSError)
    try:
        yield
    except errors as error:
        raise refusal(name, error) from error
    except ValueError as error:  # the library wraps them in this, if a download is forced
        if not isinstance(error.__cause__, errors) or isinstance(error, UserError):
            raise
        raise refusal(name, error) from error


@contextlib.contextmanager
def remembering_failures(name: str) -> Iterator[None]:
    """As ``as_user_error``, and remember the error."""
    from huggingface_hub import constants

    try:
        with as_user_error(name):
            yield
    except Refused as refused:
        _failures.put(name if refused.reason is None else constants.ENDPOINT, refused)
        raise


def raise_recent_failure(name: str) -> None:
    """Raise the error of a failure that is remembered, of this model or of the hub as a whole."""
    from huggingface_hub import constants

    if failed := _failures.get(name, constants.ENDPOINT):
        refused, seconds = failed
        sentence = str(refused) if refused.reason is None else _unreachable(name, refused.reason)
        raise UserError(f"{sentence} (The hub is asked again in {math.ceil(seconds)} s.)", about=refused.about)


def refusal(name: str, error: Exception) -> Refused:
    """One sentence about why the hub library could not download a model."""
    import httpx2
    from huggingface_hub import errors

    cause = error.__cause__ or error
    if isinstance(error, errors.DryRunError) and isinstance(cause, errors.RepositoryNotFoundError):
        error = cause
    if isinstance(error, errors.GatedRepoError):
        return Refused(f"{name} is given only to those who accept its terms on the hub.", about="gated")
    if isinstance(error, errors.RepositoryNotFoundError):
        return Refused(f"The hub knows no model named {name} (or it is private).", about="model")
    reason = _reason(cause)
    if isinstance(cause, (TimeoutError, httpx2.TimeoutException, httpx2.ConnectError, errors.OfflineModeIsEnabled)):
        return Refused(_unreachable(name, reason), reason, about="network")
    if isinstance(error, (errors.LocalEntryNotFoundError, errors.DryRunError)):
        return Refused(_unreachable(name, reason), about="network")
    why = reason if type(error) is ValueError else _reason(error)
    return Refused(f"The download of {name} failed: {why}. Files that have arrived whole are kept.", about="download")


def _unreachable(name: str, reason: str) -> str:
    return f"{name} is not complete in the cache, and the hub cannot be reached ({reason})."


def _reason(error: BaseException) -> str:
    """The system's words for a full disk and the like, without the path."""
    return getattr(error, "strerror", None) or reason_of(error)


def reason_of(error: BaseException) -> str:
    """The first line of an error's message, shortened to 120 characters, without its full stop.

    Examples
    --------
    >>> reason_of(ValueError("no such file.\\nMore lines."))
    'no such file'
    """
    line = str(error).strip().split("\n")[0].rstrip(" .:!") or type(error).__name__
    return f"{line[:120]}…" if len(line) > 120 else line
