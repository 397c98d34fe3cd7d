"""A class server that is started on a terminal: the address, how to stop it, and warnings in plain lines."""

from __future__ import annotations

import io
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time

import pytest

from server import terminal
from server.logs import JsonLines, PlainLines, SafeRecord, fields
from server.terminal import own_address, where_to_open
from tests.support.browser import ROOT, free_port
from tests.support.class_server import SECONDS


@pytest.mark.parametrize(
    ("address", "port", "own", "said"),
    [
        ("0.0.0.0", 8501, "10.1.2.3", "Students open http://10.1.2.3:8501 in a browser; on this computer: http://loc"),
        ("::", 8501, "10.1.2.3", "Students open http://10.1.2.3:8501 in a browser"),
        ("0.0.0.0", 80, "10.1.2.3", "Students open http://10.1.2.3 in a browser"),
        ("0.0.0.0", 8501, None, "Open http://localhost:8501 in a browser. This computer has no network"),
        ("localhost", 8501, "10.1.2.3", "Open http://localhost:8501 in a browser. Only this computer can"),
        ("127.0.0.1", 8501, "10.1.2.3", "Open http://localhost:8501 in a browser. Only this computer can"),
        ("10.1.2.3", 8600, "10.9.9.9", "Students open http://10.1.2.3:8600 in a browser."),
        ("fd00::7", 8600, None, "Students open http://[fd00::7]:8600 in a browser."),
        ("class.example.edu", 8600, None, "Students open http://class.example.edu:8600 in a browser."),
    ],
)
def test_the_address_that_students_type(address, port, own, said):
    assert where_to_open(address, port, own).startswith(said)


def test_https_and_a_path_are_part_of_it():
    said = where_to_open("0.0.0.0", 443, "10.1.2.3", path="neurons", https=True)
    assert "https://10.1.2.3/neurons " in said and said.endswith("https://localhost/neurons")


def test_its_own_address_is_one_that_this_computer_has():
    if (address := own_address()) is None:
        pytest.skip("this computer has no network")
    with socket.create_server((address, 0)) as listener:
        assert socket.create_connection(listener.getsockname(), timeout=5).close() is None


def test_without_a_way_out_it_is_that_of_the_computers_name(monkeypatch):
    def unreachable(*_):
        raise OSError("Network is unreachable")

    class Unconnected(socket.socket):
        connect = unreachable

    monkeypatch.setattr(terminal.socket, "socket", Unconnected)
    monkeypatch.setattr(terminal.socket, "gethostbyname_ex", lambda name: (name, [], ["127.0.1.1", "10.1.2.3"]))
    assert own_address() == "10.1.2.3"
    monkeypatch.setattr(terminal.socket, "gethostbyname_ex", unreachable)
    assert own_address() is None


def test_a_warning_is_a_line_for_people_and_holds_no_more_than_the_json():
    record = SafeRecord("server.x", logging.WARNING, __file__, 1, "built " + "up", (), None)
    assert PlainLines().format(record)[8:] == f" warning: {record.msg}" and "withheld" in record.msg
    try:
        raise ValueError("what a user typed")
    except ValueError:
        info = sys.exc_info()
    # A literal of this file, as of any file that logs.
    record = SafeRecord("server.x", logging.ERROR, __file__, 1, "warm start failed", (), info)
    record.__dict__ |= fields(again_in=60.0)
    line = PlainLines().format(record)
    assert " error: warm start failed (again_in: 60.0; builtins.ValueError; tests/server/test_terminal.py:" in line
    assert "typed" not in line and "typed" not in JsonLines().format(record) and "\n" not in line


def _until(terminal_end, ends):
    """What is printed on a terminal until something is there, or its other end is closed."""
    said, deadline = "", time.monotonic() + 100
    while time.monotonic() < deadline and not said.endswith(ends):
        if select.select([terminal_end], [], [], 0.2)[0]:
            try:
                said += os.read(terminal_end, 4096).decode()
            except OSError:  # Linux's sign of the end
                break
    return said


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no such terminals")
def test_a_start_on_a_terminal_says_the_address_and_how_to_stop():
    """Stopped by the key, as somebody would."""
    ours, theirs = os.openpty()
    port = free_port()
    command = [sys.executable, "serve.py", "--port", str(port), "--address", "127.0.0.1"]
    with subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as run:
        os.close(theirs)
        said = _until(ours, "Ctrl+C.\r\n")
        run.send_signal(signal.SIGINT)
        said += _until(ours, "Stopped.\r\n")
        assert run.wait(SECONDS) == 0
    os.close(ours)
    lines = said.replace("\r", "").split("\n")
    assert lines == [
        f"Open http://localhost:{port} in a browser. Only this computer can: for a class, use --address 0.0.0.0",
        "Stop it with Ctrl+C.",
        "",
        "Stopped.",
        "",
    ]


def test_what_is_no_terminal_is_none(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not terminal.on_terminal()
    monkeypatch.setattr(sys, "stdout", None)  # as without a console on Windows
    assert not terminal.on_terminal()
