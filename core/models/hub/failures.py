"""Why a model could not be had from the hub: one sentence for each failure, remembered for a while.

A failure concerns one model, or the hub as a whole: then nobody asks it again for any model meanwhile.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from core.errors import Cancelled, UserError, causes, reason_of
from core.models.hub.client import BadToken, HubInTrouble, NoClient, TooManyRequests
from core.models.hub.names import HubName, canonical
from core.remote import FailureMemory

REMEMBERED_SECONDS = 60.0
_LONGEST_WAIT = 3_600.0  # however long the hub asks to wait
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_STOPPED = "Files that have arrived whole are kept."


class Refused(UserError):
    """Why a download failed. ``reason`` is a clause about the hub as a whole; None if it concerns one model."""

    def __init__(self, sentence: str, reason: str | None = None, *, about: str, seconds: float | None = None) -> None:
        super().__init__(sentence, about=about)
        self.reason = reason
        self.seconds = seconds  # for which it is remembered, if not for REMEMBERED_SECONDS


# A model's name or the hub's address -> why
_failures: FailureMemory[Refused] = FailureMemory(REMEMBERED_SECONDS)


def forget_failures(name: str | None = None) -> None:
    """Forget failed downloads: the next one asks the hub again. With a name, only what stands in this model's way."""
    from huggingface_hub import constants

    if name is None:
        _failures.clear()
    else:
        _failures.forget(canonical(name), constants.ENDPOINT)


@contextlib.contextmanager
def as_user_error(model: HubName) -> Iterator[None]:
    """Raise a UserError in place of the library's many kinds of errors."""
    try:
        yield
    except Cancelled as error:
        sentence = f"The download of {model} was cancelled. {_STOPPED}"
        raise Refused(sentence, about="cancelled", seconds=math.inf) from error
    except UserError:
        raise
    except Exception as error:  # httpx2's, the library's, json's, the system's: a hub, or what is in its place, is free
        raise refusal(model, error) from error


@contextlib.contextmanager
def remembering_failures(model: HubName) -> Iterator[None]:
    """As ``as_user_error``, and remember the error."""
    from huggingface_hub import constants

    try:
        with as_user_error(model):
            yield
    except UserError as error:
        refused = error if isinstance(error, Refused) else Refused(str(error), about=error.about or "model")
        key = str(model) if refused.reason is None else constants.ENDPOINT
        _failures.put(key, refused, refused.seconds)
        raise refused from error.__cause__


def raise_recent_failure(model: HubName) -> None:
    """Raise the error of a failure that is remembered, of this model or of the hub as a whole."""
    from huggingface_hub import constants

    if failed := _failures.get(str(model), constants.ENDPOINT):
        refused, seconds = failed
        sentence = str(refused) if refused.reason is None else _without_hub(model, refused.reason)
        again = f" (The hub is asked again in {math.ceil(seconds)} s.)" if math.isfinite(seconds) else ""
        raise UserError(sentence + again, about=refused.about)


def refusal(model: HubName, error: Exception) -> Refused:
    """One sentence about why the hub library could not download a model."""
    chain = list(causes(error))  # the library wraps one error in another; its own come first
    return _of_this_model(model, chain) or _of_the_hub(model, chain) or _of_this_download(model, chain)


def _of_this_model(model: HubName, chain: list[BaseException]) -> Refused | None:
    from huggingface_hub import errors

    for error in chain:
        sentence, about = "", "model"
        if isinstance(error, errors.GatedRepoError):
            sentence = (
                f"{model.id} is given only to those who accept its terms at huggingface.co/{model.id}, and whose "
                "access token is in HF_TOKEN, an environment variable of this program."
            )
            about = "gated"
        elif isinstance(error, errors.RevisionNotFoundError):
            sentence = f"{model.id}@{model.revision or 'main'} is not on the hub: {model.id} has no such revision."
        elif isinstance(error, errors.DisabledRepoError):
            sentence = f"The hub has disabled {model.id}."
        elif isinstance(error, errors.HfHubHTTPError) and not _refuses_token(error):
            status = error.response.status_code
            if isinstance(error, errors.RepositoryNotFoundError) or status in (404, 410):
                sentence = f"The hub knows no model named {model.id} (or it is private)."
            elif status not in (401, 407, 408) and status < 500:
                says = error.response.headers.get("X-Error-Message", "")
                sentence = (
                    f"The hub does not give {model} to this computer (status {status}{says and ': '}{says[:120]})."
                )
        if sentence:
            return Refused(sentence, about=about)
    return None


def _refuses_token(error: BaseException) -> bool:
    """Whether the hub refuses the access token itself: it does so for public models, too."""
    from huggingface_hub import get_token

    response = getattr(error, "response", None)
    if response is None or response.status_code != 401 or not get_token():
        return False
    return response.headers.get("X-Error-Code") not in ("RepoNotFound", "GatedRepo")


def _of_the_hub(model: HubName, chain: list[BaseException]) -> Refused | None:
    for error in chain:
        if isinstance(error, TooManyRequests):
            asked = REMEMBERED_SECONDS if error.seconds is None else error.seconds
            seconds = min(_LONGEST_WAIT, max(1.0, asked))
            reason = f"the hub has had too many requests from here, and asks to wait {seconds:.0f} s"
            return Refused(_without_hub(model, reason), reason, about="network", seconds=seconds)
        if reason := _reason_of_hub(error):
            return Refused(_without_hub(model, reason), reason, about="network")
    return None


def _reason_of_hub(error: BaseException) -> str:
    """A clause about the hub as a whole, or the way to it; empty if the error says nothing about them."""
    from huggingface_hub import errors

    if isinstance(error, NoClient):
        return _reason_of_settings(error.__cause__)
    if isinstance(error, HubInTrouble):
        return f"the hub is in trouble (status {error.status})"
    if isinstance(error, BadToken):
        return "the access token for the hub (in HF_TOKEN, or of a login) has characters that no token has"
    if isinstance(error, errors.OfflineModeIsEnabled):
        return "the hub cannot be reached: it is switched off by HF_HUB_OFFLINE"
    if isinstance(error, (errors.FileMetadataError, json.JSONDecodeError, UnicodeDecodeError)):
        # JSON was expected, or the hub's own headers: a network's login page answers with a page of HTML.
        return f"what answers at {_host()} is not the hub, but perhaps the login page of this network"
    return _reason_of_status(error) or _reason_of_transport(error)


def _reason_of_status(error: BaseException) -> str:
    from huggingface_hub import errors

    if _refuses_token(error):
        return (
            "the hub does not accept the access token that is set: log out (hf auth logout), or unset HF_TOKEN; "
            "a public model needs none"
        )
    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else 0
    if status == 407:
        return f"the proxy{_proxy_variables()} asks for a name and a password (status 407)"
    return f"the hub is in trouble (status {status})" if status >= 500 else ""


def _reason_of_transport(error: BaseException) -> str:
    import httpx2

    if isinstance(error, httpx2.ProxyError):
        return f"the proxy{_proxy_variables()} does not let requests to the hub through ({reason_of(error)})"
    if isinstance(error, (httpx2.UnsupportedProtocol, httpx2.InvalidURL)):
        return "the hub cannot be reached: HF_ENDPOINT is no address that begins with https://"
    if isinstance(error, (TimeoutError, httpx2.TimeoutException)):
        return "the hub cannot be reached: it does not answer, or too slowly"
    if isinstance(error, httpx2.ConnectError):
        return f"the hub cannot be reached: {_reason_of_connection(error)}"
    return ""


def _reason_of_connection(error: BaseException) -> str:
    """What stands in the way of a connection, without numbers of errors."""
    chain = list(causes(error))
    if any("CERTIFICATE" in str(cause).upper() for cause in chain):
        return f"the certificate of {_host()} is not valid, perhaps because a proxy or a login page stands between"
    if any(type(cause).__name__ == "gaierror" for cause in chain):
        return f"the name {_host()} is not found, perhaps because there is no network"
    codes = {cause.errno for cause in chain if isinstance(cause, OSError)}
    if codes & {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}:
        return "there is no network"
    return f"nothing answers at {_host()}" if errno.ECONNREFUSED in codes else f"no connection to {_host()} comes about"


def _reason_of_settings(cause: BaseException | None) -> str:
    """Why a client cannot be made. An address of a proxy is not quoted: it may have a password."""
    text = f"{type(cause).__name__} {cause}".lower()
    if "socks" in text:
        return f"the proxy{_proxy_variables()} is a SOCKS proxy, which is not supported; an HTTP proxy is"
    if not _proxy_variables() or isinstance(cause, OSError):
        return "the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read"
    return f"the proxy{_proxy_variables()} cannot be used; its address looks like http://proxy.example:3128"


def _proxy_variables() -> str:
    """The variables that name a proxy, as part of a clause; empty if there are none."""
    names = [name for name in _PROXIES if os.environ.get(name)]
    return f" that {' or '.join(names)} names" if names else ""


def _of_this_download(model: HubName, chain: list[BaseException]) -> Refused:
    """A full disk and the like, in the system's words, without the path; or a line that breaks."""
    import httpx2

    why = next((text for error in chain if (text := getattr(error, "strerror", None))), None) or reason_of(chain[0])
    if any(isinstance(error, httpx2.TransportError) for error in chain):
        why = "the connection broke off"
    return Refused(f"The download of {model} failed: {why}. {_STOPPED}", about="download")


def _without_hub(model: HubName, reason: str) -> str:
    return f"{model} is not complete on this computer, and {reason}."


def _host() -> str:
    from huggingface_hub import constants

    address = urlsplit(constants.ENDPOINT)
    return f"{address.hostname}:{address.port}" if address.port else str(address.hostname)
