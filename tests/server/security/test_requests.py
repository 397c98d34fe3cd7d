"""Uploads, paths and other sites: requests past the pages."""

from __future__ import annotations

import http.client
import select
import socket

import pytest

from tests.support.class_server import ClassServer, Tab
from tests.support.hostile import (
    QUERY,
    multipart,
    token_of,
    upload,
)


def test_an_upload_beyond_the_limit_is_refused_by_the_server(server: ClassServer) -> None:
    """Config.toml's limit and the page's do not matter to who sends a file past the page."""
    with Tab(server.url) as tab:
        tab.run("Text_heatmap", QUERY)
        assert upload(server, tab.session, multipart(1_000_000))[0] == 204
        assert upload(server, tab.session, multipart(2**20 + 1)) == (413, "File too large")
        assert upload(server, tab.session, multipart(30_000_000)) == (413, "File too large")
        assert server.get(f"/_stcore/upload_file/{tab.session}/file-1").text.count("x") < 1_000, "nor can it be fetched"


def test_an_upload_that_does_not_tell_its_size_is_cut_off(server: ClassServer) -> None:
    """Chunks without end: the server answers, and reads no more, soon after the limit."""
    with Tab(server.url) as tab:
        tab.run("Text_heatmap", QUERY)
        token, host = token_of(server), server.url.removeprefix("http://")
        head = (
            f"PUT /_stcore/upload_file/{tab.session}/2 HTTP/1.1\r\nHost: {host}\r\nX-Xsrftoken: {token}\r\n"
            f"Cookie: _streamlit_xsrf={token}\r\nContent-Type: multipart/form-data; boundary=B\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        first = multipart(0, end=b"")
        address, _, port = host.partition(":")
        with socket.create_connection((address, int(port)), timeout=120) as raw:
            raw.sendall(head.encode() + b"%x\r\n%s\r\n" % (len(first), first))
            sent = 0
            while not select.select([raw], [], [], 0.05)[0]:
                raw.sendall(chunk)
                sent += len(chunk)
                assert sent < 64 * 2**20, "the server reads on and on"
            assert raw.recv(10_000).startswith(b"HTTP/1.1 413")


def test_an_upload_needs_a_session_and_a_token(server: ClassServer) -> None:
    assert upload(server, "nobodys-session", multipart(10))[0] == 400
    with Tab(server.url) as tab:
        tab.run("Text_heatmap", QUERY)
        assert upload(server, tab.session, multipart(10), X_Xsrftoken="2|00|00|0")[0] == 403
        assert upload(server, tab.session, multipart(10), Cookie="")[0] == 403


_PATHS = """
/../serve.py /static/../../../../serve.py /static/..%2f..%2f..%2fcore/limits.py /media/../../core/limits.py
/component/..%2f..%2fcore%2flimits.py /_stcore/bidi-components/token_heatmap/..%2f__init__.py //etc/passwd
/static/%2e%2e/%2e%2e/etc/passwd /app/static/../core/limits.py /.git/config /core/limits.py /etc/passwd
/.streamlit/config.toml /static/..\\..\\core\\limits.py /%00 /media/%00 /component/%ff%fe
"""


@pytest.mark.parametrize("path", _PATHS.split())
def test_no_path_leads_to_a_file_of_the_server(path: str, server: ClassServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
    connection.putrequest("GET", path, skip_host=False)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in (400, 404) or (answer.status == 200 and b"<title>Streamlit</title>" in body)
    assert not any(mark in body for mark in (b"from __future__", b"root:", b"[server]", b"[core]", b"Traceback"))


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/host-config", "/metrics", "/readyz"])
def test_another_site_may_not_read_what_the_server_says(path: str, server: ClassServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
    connection.request("GET", path, headers={"Origin": "http://evil.example"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.getheader("Access-Control-Allow-Origin") in (None, server.url)
    assert answer.getheader("Cross-Origin-Resource-Policy") == "same-origin"
    assert "frame-ancestors 'none'" in answer.getheader("Content-Security-Policy", "")
