"""What a browser fetches beside its websocket: the token against forged requests, and files."""

from __future__ import annotations

import http.client
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

XSRF_COOKIE = "_streamlit_xsrf"
_SECONDS = 60.0


class NotFetched(OSError):
    """A server did not answer, or not as HTTP. ``http.client`` raises two families of errors for it, this is one."""


def request(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    *,
    source: str | None = None,
    seconds: float = _SECONDS,
) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers in lower case and the body of an answer; ``source`` is the own address to use.

    Raises NotFetched where the server cannot be reached, closes the connection, or answers something else than HTTP.
    """
    address = urlsplit(url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    line = kind(address.netloc, timeout=seconds, source_address=(source, 0) if source else None)
    path = (address.path or "/") + (f"?{address.query}" if address.query else "")
    try:
        line.request(method, path, body, headers or {})
        answer = line.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise NotFetched(f"{type(error).__name__} {error}") from error
    finally:
        line.close()


def fetch_cookie(url: str, source: str | None = None) -> str | None:
    """The token against forged requests, which the server sets as a cookie."""
    _, headers, _ = request(f"{url}/_stcore/health", source=source)
    cookie = SimpleCookie(headers.get("set-cookie", ""))
    return cookie[XSRF_COOKIE].value if XSRF_COOKIE in cookie else None


def fetch_text(url: str) -> str:
    """A file; NotFetched where there is none."""
    status, _, body = request(url)
    if status != http.client.OK:
        raise NotFetched(f"HTTP {status}")
    return body.decode("utf-8")
