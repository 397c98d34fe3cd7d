"""Logs: JSON, one object a line, with nothing in them that a user wrote."""

from __future__ import annotations

import ast
import json
import logging
import os
import socket
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest

from server import logs
from server.request_log import PAGE_PATHS, known_path
from tests.support.browser import ROOT
from tests.support.class_server import SECONDS, Tab, elements
from tests.support.troubled_server import SECRET, SECRETS, TROUBLED_APP, until


def test_logs_tell_requests_and_nothing_that_a_user_wrote(server):
    words = {"target": "custom", "target_words": f"{SECRET}\ndog", "n_target": "2", "n_baseline": "2"}
    query = urlencode(words)
    server.get(f"/?{query}")
    server.get(f"/{quote(SECRET)}?{query}")
    server.get(f"/media/{quote(SECRET)}.csv")
    server.get("/metrics?" + query)
    server.get(f"/{quote(SECRET)}/_stcore/health")
    with Tab(server.url, query=query) as tab:
        assert SECRET in "".join(element.value for element in elements(tab.run(query=query), "text_area"))
        for page in ("Neurons", "Words", "Text_heatmap"):
            tab.run(page, query)
        tab.socket.send(SECRET.encode())  # no message of Streamlit's
        assert tab.until_closed() == 1002
    with socket.create_connection(server.url.removeprefix("http://").split(":"), timeout=SECONDS) as raw:
        raw.sendall(f"{SECRET} nonsense\r\n\r\n".encode())
        assert b"400" in raw.recv(1000)
    with socket.create_connection(server.url.removeprefix("http://").split(":"), timeout=SECONDS) as raw:
        raw.sendall(b"QUOKKA / HTTP/1.1\r\nHost: quokka\r\nConnection: close\r\n\r\n")
        assert b"HTTP/1.1" in raw.recv(1000)
    server.get("/Words")

    def requests():
        return [(line["method"], line["path"], line["status"]) for line in server.log() if line["event"] == "request"]

    until(lambda: ("GET", "/Words", 200) in requests(), server.printed)
    requests = requests()
    assert ("GET", "/", 200) in requests
    assert ("GET", "/media", 404) in requests and ("GET", "other", 200) in requests
    assert any(method == "other" for method, _, _ in requests)
    assert not any(path in ("/metrics", "/readyz", "/static") for _, path, _ in requests)
    said = server.printed() + server.complaints()
    assert not any(secret in said for secret in (*SECRETS, "QUOKKA", "quokka", "dog"))


def test_every_line_is_one_json_object_with_its_time_in_utc(server):
    server.get("/")
    lines = server.log()
    assert server.complaints() == ""
    assert len(lines) > 2
    for line in lines:
        assert {"time", "level", "logger", "event"} <= set(line)
        when = datetime.fromisoformat(line["time"])
        assert when.utcoffset().total_seconds() == 0
        assert abs((datetime.now(UTC) - when).total_seconds()) < 3_600
        assert "\n" not in line["event"]


def test_an_error_of_a_page_is_told_by_its_place_to_the_log_and_by_a_sentence_to_the_user(troubled):
    with Tab(troubled.url) as tab:
        shown = tab.run(query=urlencode({"written": SECRET}))
    (alert,) = elements(shown, "alert")
    assert alert.body.startswith("Something went wrong on the server.") and SECRET not in alert.body
    assert not elements(shown, "exception")
    assert troubled.metric("grammar_neurons_script_errors_total") == 1

    line = troubled.until_logged("Uncaught app execution")
    place = TROUBLED_APP.splitlines().index('    raise ValueError(f"cannot take {written}") from error') + 1
    assert line["error"]["type"] == "builtins.ValueError"
    assert line["error"]["places"][-1] == f"troubled.py:{place} <module>"
    assert line["error"]["cause"]["type"] == "builtins.KeyError"
    assert troubled.until_logged("Python warning")["kind"] == "UserWarning"
    assert troubled.until_logged("uncaught error in a thread")["error"]["type"] == "builtins.OSError"

    library = [line["event"] for line in troubled.log() if line["logger"] == "some.library"]
    assert library == [logs.WITHHELD, "Could not read %s", "Read 3 of 7"]
    said = troubled.printed() + troubled.complaints()
    assert not any(secret in said for secret in SECRETS)


# Libraries that log as they like, before and after the logs are configured, here and in threads.
UNRULY = """
import io, logging, logging.config, sys, threading, warnings

early = logging.getLogger("early.library")
early.addHandler(logging.StreamHandler(sys.stderr))
early.propagate = False

from server import logs
logs.configure()

from streamlit.logger import get_logger, update_formatter

secret = sys.argv[1]
late = logging.getLogger("late.library")
late.addHandler(logging.StreamHandler(sys.stderr))
late.propagate = False
late.setLevel(logging.DEBUG)
streamlits = get_logger("streamlit.made.late")
update_formatter()  # as Streamlit does once it has read its options
logging.config.dictConfig({
    "version": 1, "disable_existing_loggers": False,
    "handlers": {"own": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
    "loggers": {"configured.library": {"handlers": ["own"], "level": "DEBUG", "propagate": False}},
})
stubborn = io.StringIO()
logging.root.addHandler(logging.StreamHandler(stubborn))  # no logger of a library's can be kept from the root

for logger in (early, late, streamlits, logging.getLogger("configured.library"), logging.getLogger("core.ours")):
    logger.warning(f"read {secret}")
    logger.warning("Could not read %s", secret)
    logger.info(f"told {secret}")
    try:
        raise ValueError(secret)
    except ValueError:
        logger.exception("It failed")
    thread = threading.Thread(target=logger.error, args=(secret,), kwargs={"stack_info": True})
    thread.start()
    thread.join()
warnings.warn(secret)
assert "Could not read" in stubborn.getvalue() and secret not in stubborn.getvalue()
late.handle(logging.makeLogRecord({"name": "late.library", "levelno": 40, "levelname": "ERROR", "msg": secret}))
"""


def test_libraries_with_handlers_of_their_own_tell_nothing_either(tmp_path):
    """One line of JSON for each that is worth one, whenever the library came and whatever it did to its logger."""
    (tmp_path / "unruly.py").write_text(UNRULY)  # a file: only texts of a source are told
    command, environment = (
        [sys.executable, str(tmp_path / "unruly.py"), SECRET],
        {**os.environ, "PYTHONPATH": str(ROOT)},
    )
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == "" and SECRET not in done.stdout
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    told = Counter((line["logger"], line["event"]) for line in lines)
    names = ["early.library", "late.library", "streamlit.made.late", "configured.library", "core.ours"]
    expected = Counter({(name, "Could not read %s"): 1 for name in names})
    expected |= Counter({(name, "It failed"): 1 for name in names})
    expected |= Counter({(name, logs.WITHHELD): 2 for name in names})
    expected["late.library", logs.WITHHELD] += 1  # a record that it made by itself
    expected["core.ours", logs.WITHHELD] += 1  # of ours, what is of interest counts, too
    expected["server.logs", "Python warning"] = 1
    assert told == expected
    assert {line["error"]["type"] for line in lines if "error" in line} == {"builtins.ValueError"}


@pytest.mark.parametrize("path", sorted((ROOT / "server").glob("*.py")), ids=lambda path: path.name)
def test_logging_itself_is_as_python_has_it(path):
    """Only what ``logging`` offers to be set is set; none of its classes' methods is replaced."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    targets = [target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets]
    assert not [name for target in targets if (name := ast.unparse(target)).startswith("logging.")]


@pytest.mark.parametrize(
    ("message", "arguments", "told"),
    [
        ("Cannot read the file.", (), "Cannot read the file."),
        ("Cannot read %s.", ("diary.txt",), "Cannot read %s."),
        ("Read %d of %.1f.", (2, 3.5), "Read 2 of 3.5."),
        ("Two parts\n", (), "Two parts"),
        ("Read %d of 100%.", (2,), "Read %d of 100%."),
        ("put together " + str(1), (), None),
        (ValueError("diary.txt"), (), None),
    ],
)
def test_only_texts_of_the_source_are_told(message, arguments, told):
    record = logging.getLogger("x").makeRecord("x", logging.ERROR, __file__, 1, message, arguments, None)
    assert logs.event_of(record) == told


def test_a_source_that_cannot_be_read_tells_nothing():
    record = logging.getLogger("x").makeRecord("x", logging.ERROR, "<frozen os>", 1, "Cannot read the file.", (), None)
    assert logs.event_of(record) is None


def test_the_known_paths_are_those_that_streamlit_serves():
    from streamlit.source_util import page_icon_and_name

    names = {page_icon_and_name(file)[1] for file in (ROOT / "pages").glob("*.py")}
    assert {"/", *(f"/{name}" for name in names)} == PAGE_PATHS


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/", "/"),
        ("/Text_heatmap", "/Text_heatmap"),
        ("/Evidence", "/Evidence"),
        ("/_stcore/upload_file/5e55/1", "/_stcore/upload_file"),
        ("/static/js/index.js", "/static"),
        ("/Words/_stcore/host-config", "/_stcore/host-config"),
        ("/readyz", "/readyz"),
        ("/readyz/x", "other"),
        ("/Neurons/x", "other"),
        ("/etc/passwd", "other"),
    ],
)
def test_paths_are_told_as_far_as_they_are_ours(path, known):
    assert known_path(path) == known
