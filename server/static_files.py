"""Streamlit's scripts and styles, compressed once. Streamlit sends them as they are: 9 MB for a first visit.

A file is compressed once the server is ready, or when a browser first asks for it, and stays in memory. A container
image has lighter copies (deploy/image/lighten.py), also of a font, in a folder that the server may not write to. Copies
are never kept in the cache folder: whoever may write there could change the scripts of every browser.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response

from server.headers import changing_headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# By content coding: the end of a copy's name. The first that a browser accepts is sent; most accept br over https only.
# A copy without a coding is the file with less in it.
SUFFIXES = {"br": ".br", "gzip": ".gz", "identity": ""}
# Fonts and pictures are compressed already.
COMPRESSIBLE = {".js", ".css", ".svg"}
# A year, as Streamlit's own answers have it: the name of a file has a hash of its content.
_CACHE_CONTROL = "public, immutable, max-age=31536000"
# The hash is not that of a file with less in it: a browser asks whether its own is still the one.
_CACHE_CONTROL_OF_LESS = "no-cache"
# What is sent at once. A server copies it for each browser, and waits for the browser to read it before it takes more.
_PIECE = 65_536


@dataclass(frozen=True)
class _Copy:
    body: bytes
    etag: str


class CompressedFiles:
    """The compressed copies of the files below a folder.

    Parameters
    ----------
    root : Path
        The folder. Its files must not change.
    baked : Path, optional
        A folder with copies that were made before: ``js/a.js.gz`` for ``js/a.js``, ``a.woff2`` for ``a.woff2``.
    """

    def __init__(self, root: Path, baked: Path | None = None) -> None:
        self._baked = baked
        paths = {path.relative_to(root).as_posix(): path for path in root.rglob("*")}
        self._files = {
            name: path
            for name, path in paths.items()
            if path.suffix in COMPRESSIBLE or (baked and (baked / name).is_file())
        }
        self._copies: dict[tuple[str, str], _Copy | None] = {}
        self._locks = {name: threading.Lock() for name in self._files}

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def at_hand(self, name: str, coding: str) -> bool:
        """Whether ``get`` would return at once."""
        return (name, coding) in self._copies

    def get(self, name: str, coding: str) -> _Copy | None:
        """The copy of a file in a content coding; None if there is none. Only gzip is made here."""
        with self._locks[name]:  # so that it is made once, however many browsers ask
            if (name, coding) not in self._copies:
                body = self._body(name, coding)
                etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"' if body else ""
                self._copies[name, coding] = _Copy(body, etag) if body else None
        return self._copies[name, coding]

    def make_all(self) -> None:
        """Make or read the gzip copies of all scripts and styles. One second of one processor."""
        for name in self._files:
            self.get(name, "gzip")

    def _body(self, name: str, coding: str) -> bytes | None:
        baked = self._baked / (name + SUFFIXES[coding]) if self._baked else None
        if baked and baked.is_file():
            return baked.read_bytes()
        path = self._files[name]
        made_here = coding == "gzip" and path.suffix in COMPRESSIBLE
        return gzip.compress(path.read_bytes(), 9, mtime=0) if made_here else None


class CompressedStaticFiles:
    """ASGI middleware that answers requests for static files with the copies that there are.

    All else goes to the app: other paths, files without a copy, and requests for a part of a file.

    Parameters
    ----------
    app : ASGI application
    files : CompressedFiles
    prefix : str
        The path of the files, such as ``/static/``.
    """

    def __init__(self, app: ASGIApp, files: CompressedFiles, prefix: str) -> None:
        self._app = app
        self._files = files
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        name = scope["path"].removeprefix(self._prefix) if scope["type"] == "http" else ""
        if name not in self._files or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        copy = None
        if scope["method"] in {"GET", "HEAD"} and "range" not in headers:
            copy, coding = await self._best(name, accepted_codings(headers.get("accept-encoding", "")))
        if copy is None:
            # The answer depends on Accept-Encoding even here: a cache between must know.
            await self._app(scope, receive, changing_headers(send, lambda own: own.add_vary_header("Accept-Encoding")))
            return
        await _response(name, copy, coding, headers, scope["method"])(scope, receive, send)

    async def _best(self, name: str, accepted: set[str]) -> tuple[_Copy | None, str]:
        for coding in SUFFIXES:
            if coding in accepted or coding == "identity":
                at_hand = self._files.at_hand(name, coding)
                copy = (
                    self._files.get(name, coding) if at_hand else await run_in_threadpool(self._files.get, name, coding)
                )
                if copy:
                    return copy, coding
        return None, ""


def accepted_codings(header: str) -> set[str]:
    """The content codings of an Accept-Encoding header that are not refused by ``q=0``.

    Examples
    --------
    >>> sorted(accepted_codings("gzip;q=0.5, br;q=0, deflate"))
    ['deflate', 'gzip']
    """
    accepted = set()
    for part in header.lower().split(","):
        coding, _, weight = part.replace(" ", "").partition(";q=")
        if weight.strip("0.") or not weight:
            accepted.add(coding)
    return accepted


def _response(name: str, copy: _Copy, coding: str, asked: Headers, method: str) -> Response:
    coded = coding != "identity"
    kept = _CACHE_CONTROL if coded else _CACHE_CONTROL_OF_LESS
    headers = {"Cache-Control": kept, "ETag": copy.etag, "Vary": "Accept-Encoding"}
    known = {tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")}
    if known & {copy.etag, "*"}:
        return Response(status_code=304, headers=headers)
    if coded:
        headers["Content-Encoding"] = coding
    media_type = mimetypes.guess_type(name)[0]
    if method == "GET":
        return _InPieces(copy.body, headers=headers, media_type=media_type)
    return Response(headers={**headers, "Content-Length": str(len(copy.body))}, media_type=media_type)


class _InPieces(Response):
    """A response that sends its body in pieces, so that one which is read slowly takes no more memory than a piece."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for begin in range(0, len(self.body), _PIECE):
            piece = self.body[begin : begin + _PIECE]
            more = begin + _PIECE < len(self.body)
            await send({"type": "http.response.body", "body": bytes(piece), "more_body": more})
