"""The hub library's requests, with timeouts and early refusals, and its progress bars, passed to our callback."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from core.progress import Cancellable, Progress

SLOWEST = 10_000  # bytes per second; a reply that is slower for SLOW_SECONDS is aborted
SLOW_SECONDS = 30.0
_REPORTED = 1_000_000  # bytes between two reports of progress. The library has ten times as many
_TROUBLES = 3  # errors of the hub in a row, after which it is not asked again; the library goes on for half a minute
_RATE_SECONDS = 10.0  # the rate that is shown is the mean over this time


# In a thread that fetches a file: ``report_again``, which raises an error if nobody wants the file any more. Where
# nothing comes, no bytes are reported, but the library asks again when its request has timed out.
_download = threading.local()


class TooManyRequests(Exception):
    """The hub has had too many requests from here. ``seconds`` is how long it asks to wait; None if it does not say."""

    def __init__(self, seconds: int | None) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class HubInTrouble(Exception):
    """The hub has answered several requests in a row with a server's error, the last one with ``status``."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class NoClient(Exception):
    """The connection could not even be prepared: the settings of a proxy or a certificate cannot be used."""


class BadToken(Exception):
    """The access token holds characters that no request can carry."""


@lru_cache(maxsize=1)
def bound_requests() -> None:
    """Change how the library asks: timeouts where it has none, no wait of its own, plain HTTP for all files.

    The library sets no timeout on requests about a model, and a minute, six times, on requests about a file. Here no
    request waits longer than $HF_HUB_DOWNLOAD_TIMEOUT (10 s) for a connection or the next byte.
    """
    import httpx2
    from huggingface_hub import constants, set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    troubles = 0
    constants.HF_HUB_DISABLE_XET = True
    constants.DOWNLOAD_CHUNK_SIZE = min(constants.DOWNLOAD_CHUNK_SIZE, _REPORTED)

    def bound(request: httpx2.Request) -> None:
        getattr(_download, "report_again", lambda: None)()
        most, given = constants.HF_HUB_DOWNLOAD_TIMEOUT, request.extensions.get("timeout", {})
        request.extensions["timeout"] = {
            kind: min(most, given.get(kind) or most) for kind in ("connect", "read", "write", "pool")
        }

    def watch(response: httpx2.Response) -> None:
        nonlocal troubles
        if response.status_code == 429:
            raise TooManyRequests(_seconds_to_wait(response.headers))
        troubles = troubles + 1 if response.status_code >= 500 else 0
        if troubles >= _TROUBLES:
            raise HubInTrouble(response.status_code)
        response.stream = _watched(response.stream)

    def client() -> httpx2.Client:
        made = default_client_factory()
        hooks = made.event_hooks
        made.event_hooks = {"request": [*hooks["request"], bound], "response": [*hooks["response"], watch]}
        return made

    set_client_factory(client)


def _watched(stream: Any) -> Any:
    """A reply's stream that ends with a TimeoutError if it is too slow."""
    import httpx2

    class Watched(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            since, came = time.monotonic(), 0
            for part in stream:
                yield part
                came += len(part)
                if (passed := time.monotonic() - since) >= SLOW_SECONDS:
                    if came < SLOWEST * passed:
                        raise TimeoutError(f"fewer than {SLOWEST / 1000:g} kB come in a second")
                    since, came = time.monotonic(), 0

        def close(self) -> None:
            stream.close()

    return Watched()


def check_client() -> None:
    """Make the client, and look at the access token, before the first request.

    Raises
    ------
    NoClient
        A proxy or a certificate in the environment cannot be used. ``__cause__`` says why.
    BadToken
        Its characters cannot be sent. The library's own error would quote them.
    """
    from huggingface_hub import get_session, get_token

    bound_requests()
    try:
        get_session()
    except Exception as error:  # httpx2, ssl and the proxy's protocol raise many kinds
        raise NoClient from error
    if not all("!" <= character <= "~" for character in get_token() or ""):
        raise BadToken


def _seconds_to_wait(headers: Mapping[str, str]) -> int | None:
    """How long a hub asks to wait: ``Retry-After`` in seconds, or its own ``RateLimit``."""
    from huggingface_hub.utils import parse_ratelimit_headers

    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return int(asked[:9])
    limit = parse_ratelimit_headers(headers)
    return None if limit is None else limit.reset_in_seconds


def progress_bar(progress: Progress, name: str, size: int, clock: Callable[[], float] = time.monotonic) -> type:
    """A progress-bar class for the hub library that reports received bytes to ``progress``.

    The library makes two bars, for bytes received and bytes written, and updates them from several threads. The one
    that is ahead is reported, so the share never decreases. ``clock`` returns seconds.
    """
    from huggingface_hub.utils import tqdm

    reported, share, sentence = 0, 0.0, ""
    points = deque([(clock(), 0)])  # seconds and bytes, of the last _RATE_SECONDS
    lock = threading.Lock()

    def report_again() -> None:
        with lock:
            if sentence:
                progress(share, sentence)

    class Reporter(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._counts_bytes = kwargs.get("unit") == "B"
            self._received = 0
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            nonlocal reported, share, sentence
            _download.report_again = report_again
            with lock:
                self._received += int(n or 0)
                if self._counts_bytes and size and self._received > reported:
                    reported = self._received
                    points.append((clock(), reported))
                    while len(points) > 2 and points[1][0] <= points[-1][0] - _RATE_SECONDS:
                        points.popleft()
                    seconds, received = (last - first for first, last in zip(points[0], points[-1], strict=True))
                    rate = received / seconds if seconds >= 1 else None
                    share = min(1.0, reported / size)
                    sentence = Cancellable(f"Downloading {name}: {amounts(reported, size, rate)}")
                    progress(share, sentence)

    return Reporter


def amounts(received: int, size: int, rate: float | None) -> str:
    """How much has come, how fast, and how long the rest will take. ``rate`` is in bytes per second.

    Examples
    --------
    >>> amounts(120_000_000, 526_000_000, 8_300_000.0)
    '120 of 526 MB, 8.3 MB/s, 49 s left'
    >>> amounts(120_000, 526_000_000, None)
    '0 of 526 MB'
    """
    come = f"{received / 1e6:,.0f} of {size / 1e6:,.0f} MB"
    if rate is None:
        return come
    speed = f"{rate / 1e6:.1f} MB/s" if rate >= 1e5 else f"{rate / 1e3:.0f} kB/s"
    return f"{come}, {speed}, {_duration(max(0, size - received) / rate)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
