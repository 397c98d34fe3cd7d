"""What somebody in the room could send: markup, forged widget values, files past the page."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from core.records.link import to_params
from tests.support.class_server import ClassServer, Tab, begins_anew
from tests.support.pages import SMALL

SERVED = ("app.py", "serve.py", "pages", "ui", "engine", "core", "server")
ALL = (*SERVED, "training", "benchmarks", "deploy")
SECRET = "quokka"
# An image, a tag, a formula, a colour, bold, code, a spreadsheet's formula, an address within a cloud.
MARKUP = (
    "![x](http://evil.example/x.png) <img src=x onerror=alert(1)> $\\alpha$ :red[x] **b** `c` http://169.254.169.254/"
)
TRICKS = (
    "=cmd|'/c calc'!A1",
    "<script>alert(1)</script>",
    "![x](//evil.example)",
    "$\\frac12$",
    ":red[evil.example]",
    "`",
)


def unescaped(text: str) -> str:
    """What Markdown would see of a text: without backslashed characters, and without what stands in backquotes."""
    return re.sub(r"`[^`]*`", "", re.sub(r"\\[^\w\s]", "", text))


def assert_no_markup(at: Any) -> None:
    """Nothing that a user wrote reaches a place where Streamlit reads Markdown, but for escaped sentences."""
    for element in at._tree:
        proto = getattr(element, "proto", None)
        for place in ("label", "help", "placeholder"):
            assert "evil.example" not in str(getattr(proto, place, "")), f"{place} of {element.type}"
        body = str(getattr(proto, "body", ""))
        if "evil.example" in body or "alert(1)" in body:
            assert not re.search(r"[<>\[\]$]|:\w|\*\*b", unescaped(body)), body


QUERY = urlencode(to_params(SMALL.changed(layer=1, n_target=20, n_baseline=20)))


@dataclass(frozen=True)
class Forged:
    """What a component sends once, as JSON; or the id of a file that was uploaded into a box."""

    trigger: str = ""
    file: str = ""

    def fill(self, state: WidgetState) -> None:
        if self.file:
            state.file_uploader_state_value.uploaded_file_info.add(file_id=self.file, name="a.txt", size=1)
        else:
            state.id = f"$$STREAMLIT_INTERNAL_KEY_{state.id}__events"
            state.json_trigger_value = self.trigger


class Forger(Tab):
    """A tab that sends whatever it likes for a page's widgets, by their keys."""

    def forge(
        self, page: str, shown: list[ForwardMsg], **values: str | bool | int | list[str] | dict[str, Any] | Forged
    ) -> list[ForwardMsg]:
        """Run a page with forged widget states; ``shown`` is what it last sent, which tells the widgets' ids."""
        asked = BackMsg()
        asked.rerun_script.page_name, asked.rerun_script.query_string = page, QUERY
        for key, value in values.items():
            state: WidgetState = asked.rerun_script.widget_states.widgets.add()
            state.id = id_of(shown, key)
            if isinstance(value, Forged):
                value.fill(state)
            elif isinstance(value, bool):
                state.bool_value = value
            elif isinstance(value, int):
                state.int_value = value
            elif isinstance(value, list):
                state.string_array_value.data.extend(value)
            elif isinstance(value, dict):
                state.json_value = json.dumps(value)
            else:
                state.string_value = value
        self.socket.send(asked.SerializeToString())
        return self.receive()

    def receive(self, until: str = "script_finished") -> list[ForwardMsg]:
        """All messages up to one of a kind; the end of a run that begins anew at once is no end."""
        received: list[ForwardMsg] = []
        while not received or received[-1].WhichOneof("type") != until or begins_anew(received[-1]):
            received.append(ForwardMsg.FromString(self.socket.recv(timeout=120)))
        return received


def id_of(messages: list[ForwardMsg], key: str) -> str:
    """The id of the widget with a key, among what a run sent."""
    for message in messages:
        element = message.delta.new_element
        widget = getattr(getattr(element, element.WhichOneof("type") or "empty"), "id", "")
        for found in (widget, message.delta.add_block.popover.id):
            if found.endswith(f"-{key}"):
                return found
    raise AssertionError(f"no widget {key}")


def everything(messages: list[ForwardMsg]) -> bytes:
    """All bytes that a run drew; texts stand in them as they are. (A run's first message tells where app.py lies.)"""
    return b"".join(message.SerializeToString() for message in messages if message.WhichOneof("type") != "new_session")


def multipart(size: int, name: str = "a.txt", end: bytes = b"\r\n--B--\r\n") -> bytes:
    head = f'--B\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
    return head.encode() + b"x" * size + end


def token_of(server: ClassServer) -> str:
    cookie = server.get("/_stcore/health").headers["Set-Cookie"]
    return cookie.partition("=")[2].partition(";")[0]


def upload(server: ClassServer, session: str, body: bytes, path: str = "file-1", **more: str) -> tuple[int, str]:
    """Send a file as the browser does; the status, and what was said."""
    token = token_of(server)
    headers = {"Content-Type": "multipart/form-data; boundary=B", "X-Xsrftoken": token}
    headers |= {"Cookie": f"_streamlit_xsrf={token}", **{name.replace("_", "-"): value for name, value in more.items()}}
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
    try:
        connection.request("PUT", f"/_stcore/upload_file/{session}/{path}", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
