"""Help for tests of the class server: one in a process of its own, and a browser's tab without a browser.

with class_server({"GRAMMAR_NEURONS_MAX_UPLOAD_MB": "2"}) as server:
    server.until_ready()
    with Tab(server.url) as tab:
        shown = tab.run("Neurons")
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any

from prometheus_client.parser import text_string_to_metric_families
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.browser import ROOT, free_port

# Generous: tests may share a slow machine with other work.
SECONDS = 300.0


@dataclass
class Answer:
    """An HTTP answer, whatever its status."""

    status: int
    headers: Message
    text: str


@dataclass
class ClassServer:
    """A running server: where it is, and what it printed."""

    process: subprocess.Popen
    url: str
    out: IO[str]
    err: IO[str]

    def get(self, path: str, *, method: str = "GET", data: bytes | None = None) -> Answer:
        """One request, with no proxy and no redirect handling that a browser would not do."""
        request = urllib.request.Request(self.url + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read().decode("utf-8", "replace"))

    def readiness(self) -> tuple[int, str]:
        """What ``/readyz`` says: status and sentence; status 0 where nobody listens."""
        try:
            answer = self.get("/readyz")
        except OSError:
            return 0, ""
        return answer.status, answer.text.strip()

    def until_ready(self) -> list[tuple[int, str]]:
        """Wait until the server is ready; returns what ``/readyz`` said meanwhile, each change once."""
        said: list[tuple[int, str]] = []
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            now = self.readiness()
            if now not in said[-1:]:
                said.append(now)
            if now[0] == 200:
                return said
            time.sleep(0.05)
        raise RuntimeError(f"not ready: {said}\n{self.printed()}\n{self.complaints()}")

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples of that name with these labels; 0 where there are none."""
        families = text_string_to_metric_families(self.get("/metrics").text)
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def printed(self) -> str:
        """All of standard output until now."""
        self.out.seek(0)
        return self.out.read()

    def complaints(self) -> str:
        """All of standard error until now."""
        self.err.seek(0)
        return self.err.read()

    def log(self) -> list[dict[str, Any]]:
        """The log's whole lines; raises ValueError where one is not JSON."""
        return [json.loads(line) for line in self.printed().splitlines(keepends=True) if line.endswith("\n")]

    def until_logged(self, event: str) -> dict[str, Any]:
        """Wait for a line about an event, and return it."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            for line in self.log():
                if line["event"] == event:
                    return line
            time.sleep(0.05)
        raise RuntimeError(f"no line about “{event}”:\n{self.printed()}\n{self.complaints()}")


@contextmanager
def class_server(
    environment: Mapping[str, str] | None = None,
    *,
    command: Sequence[str] = (str(ROOT / "serve.py"),),
    cwd: Path = ROOT,
) -> Iterator[ClassServer]:
    """Run ``python`` with a command that serves at $STREAMLIT_SERVER_PORT, and yield once it listens."""
    port = (environment or {}).get("STREAMLIT_SERVER_PORT") or str(free_port())
    with tempfile.TemporaryDirectory(prefix="class-server-") as folder:
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "GRAMMAR_NEURONS_CACHE": f"{folder}/cache",
            "GRAMMAR_NEURONS_WORDLISTS_URL": "http://127.0.0.1:9/",
            "HF_HUB_OFFLINE": "1",
            "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
            "STREAMLIT_SERVER_PORT": port,
            **(environment or {}),
        }
        with open(f"{folder}/out", "w+", encoding="utf-8") as out, open(f"{folder}/err", "w+", encoding="utf-8") as err:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
            # Files of our own to read from: the process's have one position for both of us.
            with (
                open(f"{folder}/out", encoding="utf-8") as readable_out,
                open(f"{folder}/err", encoding="utf-8") as readable_err,
            ):
                server = ClassServer(process, f"http://127.0.0.1:{port}", readable_out, readable_err)
                try:
                    _until_listening(server)
                    yield server
                finally:
                    process.kill()
                    process.wait()


def _until_listening(server: ClassServer) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        if server.readiness()[0]:
            return
        time.sleep(0.05)
    raise RuntimeError(f"does not listen, code {server.process.poll()}:\n{server.printed()}\n{server.complaints()}")


def begins_anew(message: ForwardMsg) -> bool:
    """Whether a message ends a run that is begun anew at once, as a process's first is, without the shell."""
    return message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN


class Tab:
    """A tab of a browser, as the server sees it: Streamlit's websocket. ``session`` is the one that it is in."""

    def __init__(self, url: str, *, session: str | None = None, query: str = "") -> None:
        protocols: Any = ["streamlit", "no-token", *([session] if session else [])]
        address = f"{url.replace('http', 'ws', 1)}/_stcore/stream{query and '?'}{query}"
        self._connection = connect(address, subprotocols=protocols, max_size=None, proxy=None, open_timeout=SECONDS)
        self.session = ""

    def __enter__(self) -> Tab:
        self.socket = self._connection.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._connection.__exit__(*error)

    def until_closed(self) -> int:
        """Wait until the server closes the connection; returns its code."""
        while True:
            try:
                self.socket.recv(timeout=SECONDS)
            except ConnectionClosed as closed:
                assert closed.rcvd is not None
                return closed.rcvd.code

    def run(self, page: str = "", query: str = "") -> list[ForwardMsg]:
        """Open a page at its name with a link's query, and return what the server sends until the run ends."""
        asked = BackMsg()
        asked.rerun_script.page_name, asked.rerun_script.query_string = page, query
        self.socket.send(asked.SerializeToString())
        received: list[ForwardMsg] = []
        while not received or received[-1].WhichOneof("type") != "script_finished" or begins_anew(received[-1]):
            message = ForwardMsg()
            message.ParseFromString(self.socket.recv(timeout=SECONDS))
            received.append(message)
            if message.WhichOneof("type") == "new_session":
                self.session = message.new_session.initialize.session_id
        return received


def elements(messages: Sequence[ForwardMsg], kind: str) -> list[Any]:
    """The elements of a kind, such as ``alert``, that a run sent."""
    new = [message.delta.new_element for message in messages if message.delta.HasField("new_element")]
    return [getattr(element, kind) for element in new if element.WhichOneof("type") == kind]
