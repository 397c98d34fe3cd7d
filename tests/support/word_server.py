"""A server of word lists on this machine, which errs in every way that a network does.

    with WordServer() as server:
        server.replies = [hang, body(NOUN_FILE)]   # in turn; the last one over and over
        download("nouns", Downloads(cache, base_url=server.url))
    server.paths    # what was asked for

No reply depends on a clock: one that hangs or trickles does so until the ``with`` block ends.
"""

from __future__ import annotations

import hashlib
import itertools
import string
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

PATIENCE = 300.0  # seconds that a busy machine may need for what takes one
NOWHERE = "http://127.0.0.1:9/"  # nothing listens there


def made_up_words(n: int) -> list[str]:
    """Lowercase words of four letters, and the entry with a dot that the real noun list has."""
    made_up = ("".join(letters) for letters in itertools.product(string.ascii_lowercase, repeat=4))
    return ["time", "j.", *itertools.islice(made_up, n - 2)]


NOUNS = made_up_words(300)
NOUN_FILE = ("\n".join(NOUNS) + "\n").encode()
NOUN_SHA256 = hashlib.sha256(NOUN_FILE).hexdigest()
LOGIN_PAGE = b"<!DOCTYPE html>\n<html>\n" + b"<p>Please log in to the school network</p>\n" * 150 + b"</html>\n"


class WordServer(ThreadingHTTPServer):
    """Answers with ``replies`` in turn, the last one over and over, and keeps the paths that were asked for.

    ``closing`` is set when the ``with`` block ends, ``asked`` at the first request, ``stalled`` when a
    reply has stalled, ``client_left`` when a client has ended a reply that trickles.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[Reply] = [body(NOUN_FILE)]
        self.paths: list[str] = []
        self.asked, self.stalled = threading.Event(), threading.Event()
        self.client_left, self.closing = threading.Event(), threading.Event()
        self.host = f"127.0.0.1:{self.server_port}"
        self.url = f"http://{self.host}/lists"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is what several tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: WordServer

    def do_GET(self) -> None:
        """Answer with the reply whose turn it is."""
        self.server.paths.append(self.path)
        self.server.asked.set()
        self.server.replies[min(len(self.server.paths), len(self.server.replies)) - 1](self)

    def log_message(self, *args: object) -> None:
        """Print nothing."""


Reply = Callable[[Handler], object]


def body(content: bytes, status: int = 200, length: int | None = None, **headers: str) -> Reply:
    """Send ``content``, saying that it is ``length`` bytes long (-1: saying nothing), and close."""

    def reply(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if length != -1:
            handler.send_header("Content-Length", str(len(content) if length is None else length))
        handler.end_headers()
        handler.wfile.write(content)

    return reply


def hang(handler: Handler) -> None:
    """Say nothing until the end."""
    handler.server.closing.wait(PATIENCE)


def stall(handler: Handler) -> None:
    """Send the beginning, then nothing until the end."""
    body(NOUN_FILE[:700], length=len(NOUN_FILE))(handler)
    handler.server.stalled.set()
    hang(handler)


def trickle(handler: Handler) -> None:
    """A kilobyte now and then, so that no read of the socket ever times out."""
    body(b"", length=900_000)(handler)
    try:
        while not handler.server.closing.wait(0.02):
            handler.wfile.write(bytes(1024))
    except OSError:
        handler.server.client_left.set()


def trickling_header(handler: Handler) -> None:
    """A header that has no end."""
    handler.send_response(200)
    handler.flush_headers()
    while not handler.server.closing.wait(0.02):
        handler.wfile.write(b"X")
