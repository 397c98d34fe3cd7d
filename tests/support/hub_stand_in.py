"""A stand-in for the Hugging Face hub on this machine: what ``snapshot_download`` asks, answered as the hub does.

    with HubStandIn({"EleutherAI/gpt-neo-test": folder}) as hub:
        load_model("EleutherAI/gpt-neo-test")
    hub.requests    # ["GET /api/models/EleutherAI/gpt-neo-test/revision/main", ...]

It listens where ``tests/conftest.py`` lets HF_ENDPOINT point. Weights are redirected to another host name, as the
hub sends them to its content network.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".safetensors", ".bin")  # what the hub keeps in its large-file store


class HubStandIn(ThreadingHTTPServer):
    """Serves folders under hub ids, until the ``with`` block ends; afterwards its port is closed.

    ``refusals`` maps the beginning of a path to (status, X-Error-Code). ``cut_after`` ends a reply with weights
    at that byte of the file, as a line that breaks does, ``cuts_left`` times. ``revisions`` maps (hub id, branch or
    tag) to (commit, folder); main is COMMIT, the folder of ``folders``. ``headers`` go with every refusal.
    """

    daemon_threads = True

    def __init__(self, folders: dict[str, Path] | None = None) -> None:
        super().__init__(("127.0.0.1", urlsplit(os.environ["HF_ENDPOINT"]).port or 0), _Handler)
        self.folders = folders or {}
        self.refusals: dict[str, tuple[int, str]] = {}
        self.headers: dict[str, str] = {}
        self.revisions: dict[tuple[str, str], tuple[str, Path]] = {}
        self.cut_after: int | None = None
        self.cuts_left = 1_000
        self.requests: list[str] = []
        self.ranges: list[str] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that gives up is part of the play

    def find(self, name: str, revision: str) -> tuple[str, Path] | None:
        """The commit and the folder of a revision: a branch, a tag or a commit."""
        known = {(name, COMMIT): (COMMIT, self.folders[name]), (name, "main"): (COMMIT, self.folders[name])}
        known |= self.revisions
        known |= {(owner, commit): (commit, folder) for (owner, _), (commit, folder) in self.revisions.items()}
        return known.get((name, revision))

    def fetched(self, name: str) -> list[str]:
        """The requests whose path ends with a file's name."""
        return [request for request in self.requests if request.endswith(f"/{name}")]


class _Handler(BaseHTTPRequestHandler):
    server: HubStandIn

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.requests.append(f"{self.command} {path}")
        for start, (status, code) in self.server.refusals.items():
            if path.startswith(start):
                return self._send(b"", status, self.server.headers | ({"X-Error-Code": code} if code else {}))
        if path.startswith("/api/models/"):
            return self._answer_api(path.removeprefix("/api/models/"))
        if path.startswith("/cdn/"):
            owner, name, commit, file = path.removeprefix("/cdn/").split("/", 3)
            return self._send_large(self.server.find(f"{owner}/{name}", commit)[1] / file)
        name, _, rest = path.removeprefix("/").partition("/resolve/")
        return self._answer_file(name, *rest.split("/", 1))

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer_api(self, rest: str) -> None:
        owner, short, revision = rest.split("/", 2)
        name = f"{owner}/{short}"
        if name not in self.server.folders:
            return self._send(b'{"error": "Repository not found"}', 404, {"X-Error-Code": "RepoNotFound"})
        found = self.server.find(name, revision.removeprefix("revision/").removeprefix("tree/"))
        if found is None:
            return self._send(b'{"error": "Invalid rev id"}', 404, {"X-Error-Code": "RevisionNotFound"})
        commit, folder = found
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        if revision.startswith("tree/"):
            return self._send_json([_entry(folder, path) for path in files])
        siblings = [{"rfilename": str(path.relative_to(folder)), "size": path.stat().st_size} for path in files]
        return self._send_json({"id": name, "sha": commit, "private": False, "siblings": siblings})

    def _answer_file(self, name: str, revision: str, file: str) -> None:
        found = self.server.find(name, revision) if name in self.server.folders else None
        commit, folder = found or (revision, Path())
        if found is None or not (folder / file).is_file():
            code = "EntryNotFound" if found else "RepoNotFound"
            return self._send(b"", 404, {"X-Error-Code": code, "X-Repo-Commit": commit})
        content = (folder / file).read_bytes()
        if not file.endswith(LARGE):
            return self._send(content, 200, {"ETag": f'"{_git_id(content)}"', "X-Repo-Commit": commit})
        headers = {
            "X-Repo-Commit": commit,
            "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Linked-Size": str(len(content)),
            "Location": f"http://localhost:{self.server.server_port}/cdn/{name}/{commit}/{file}",
        }
        return self._send(b"", 302, headers)

    def _send_large(self, file: Path) -> None:
        """A file of the content network, from the byte asked for, perhaps cut short."""
        content, first = file.read_bytes(), 0
        wanted = self.headers.get("Range")
        if wanted:
            self.server.ranges.append(wanted)
            first = int(wanted.removeprefix("bytes=").split("-")[0])
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - first))
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        end = self.server.cut_after if self.server.cuts_left > 0 else None
        self.server.cuts_left -= 1
        self.wfile.write(content[first:end])

    def _send_json(self, value: object) -> None:
        self._send(json.dumps(value).encode(), 200, {"Content-Type": "application/json"})

    def _send(self, content: bytes, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


def _git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _entry(folder: Path, path: Path) -> dict[str, Any]:
    """A file as the hub's tree listing shows it."""
    content = path.read_bytes()
    entry: dict[str, Any] = {
        "type": "file",
        "path": str(path.relative_to(folder)),
        "size": len(content),
        "oid": _git_id(content),
    }
    if path.name.endswith(LARGE):
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return entry


class BadHub(HubStandIn):
    """A stand-in whose manner, a function of the handler and the path, may answer first; True says that it has.

    ``closing`` is set when the ``with`` block ends.
    """

    block_on_close = False

    def __init__(self, folders: dict[str, Path], manner: Callable[[BadHandler, str], bool]) -> None:
        super().__init__(folders)
        self.RequestHandlerClass = BadHandler
        self.manner, self.closing = manner, threading.Event()

    def __exit__(self, *exception: object) -> None:
        self.closing.set()
        super().__exit__(*exception)


class BadHandler(_Handler):
    server: BadHub

    def do_GET(self) -> None:
        if not self.server.manner(self, self.path):
            super().do_GET()

    def drip(self, content: bytes) -> None:
        """A byte now and then: no read of the socket ever times out."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for byte in content:
            self.wfile.write(bytes([byte]))
            if self.server.closing.wait(0.05):
                return
