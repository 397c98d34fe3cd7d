"""The hub library's requests, with timeouts, and its progress bars, passed to our progress callback."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from core.progress import Progress

SLOWEST = 10_000  # bytes per second; a reply that is slower for SLOW_SECONDS is aborted
SLOW_SECONDS = 30.0


@lru_cache(maxsize=1)
def bound_requests() -> None:
    """Set timeouts where the library has none: for an answer, and for a very slow reply.

    The library sets no timeout on requests about a model, and a minute, six times, on requests about a file. Here no
    request waits longer than $HF_HUB_DOWNLOAD_TIMEOUT (10 s) for a connection or the next byte.
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


def progress_bar(progress: Progress, name: str, size: int) -> type:
    """A progress-bar class for the hub library that reports received bytes to ``progress``.

    The library makes two bars, for bytes received and bytes written, and updates them from several threads. The one
    that is ahead is reported, so the share never decreases.
    """
    from huggingface_hub.utils import tqdm

    reported = 0
    lock = threading.Lock()

    class Reporter(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._counts_bytes = kwargs.get("unit") == "B"
            self._received = 0
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            nonlocal reported
            with lock:
                self._received += int(n or 0)
                if self._counts_bytes and size and self._received > reported:
                    reported = self._received
                    share = min(1.0, reported / size)
                    progress(share, f"Downloading {name}: {reported / 1e6:,.0f} of {size / 1e6:,.0f} MB")

    return Reporter
