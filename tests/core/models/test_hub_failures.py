"""Every way in which a hub, or what stands before it, says no: one sentence in plain words, remembered."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
from huggingface_hub import close_session

from core.errors import Cancelled, UserError
from core.models.hub import ensure_downloaded, failures, forget_failures
from tests.support.browser import ROOT
from tests.support.hub_stand_in import BadHandler, BadHub, HubStandIn
from tests.support.hub_world import NAME, PATIENCE, WEIGHTS, assert_comes, parts, refusal, snapshot
from tests.support.threads import until

OTHER = "EleutherAI/another"
TOKEN = "hf_SecretSecretSecret"
JARGON = ("Errno", "Traceback", "httpx", "0x", "<", "Client Error", "codec", "Max retries", "None", "http://localhost")
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


@pytest.fixture(autouse=True)
def own_client(empty_cache: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The library keeps its client, which reads the proxies, for the whole process."""
    for name in (*PROXIES, "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    close_session()
    yield
    close_session()


def told(name: str = NAME) -> str:
    sentence = refusal(name)
    assert not [word for word in JARGON if word in sentence], sentence
    assert TOKEN not in sentence and "secret" not in sentence.lower()
    return sentence


def about_the_hub(hub: HubStandIn | None = None) -> str:
    """The sentence of a failure of the hub as a whole: other models are not asked for either, for a minute."""
    sentence = told()
    asked = len(hub.requests) if hub else 0
    again = told(OTHER)
    assert again.startswith(sentence.replace(NAME, OTHER)) and "asked again in 60 s" in again
    assert not hub or len(hub.requests) == asked
    return sentence


def about_the_model(hub: HubStandIn) -> str:
    """The sentence of a failure of one model: it is not asked for again, for a minute."""
    sentence = told()
    asked = len(hub.requests)
    assert "asked again in 60 s" in told() and len(hub.requests) == asked
    refusal(OTHER)
    assert len(hub.requests) > asked
    return sentence


def page(handler: BadHandler, path: str) -> bool:
    """A captive portal: whatever is asked for, its login page."""
    content = b"<!DOCTYPE html><html><body>Please log in to the campus network.</body></html>"
    handler._send(content, 200, {"Content-Type": "text/html"})
    return True


@pytest.mark.parametrize("start", ["/", f"/{NAME}/resolve/"])
def test_a_captive_portal(repository: Path, start: str) -> None:
    with BadHub({NAME: repository}, lambda handler, path: path.startswith(start) and page(handler, path)) as hub:
        assert "is not the hub, but perhaps the login page of this network" in about_the_hub(hub)
    assert_comes(repository)


def test_a_captive_portal_that_answers_with_other_json(repository: Path) -> None:
    def error(handler: BadHandler, path: str) -> bool:
        handler._send_json({"error": "log in"})
        return True

    with BadHub({NAME: repository}, error):
        told()
    assert_comes(repository)


def test_a_captive_portal_in_place_of_the_weights(repository: Path) -> None:
    with BadHub({NAME: repository}, lambda handler, path: path.startswith("/cdn/") and page(handler, path)) as hub:
        about_the_model(hub)
    assert not (snapshot() / WEIGHTS).exists()
    assert_comes(repository)


def test_a_certificate_that_is_not_the_hub_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A portal, or a proxy that looks into everything, answers over https with a certificate of its own."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*make, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with HubStandIn() as hub:
        hub.socket = context.wrap_socket(hub.socket, server_side=True)
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"https://127.0.0.1:{hub.server_port}")
        assert "certificate of 127.0.0.1" in about_the_hub()


@pytest.mark.parametrize("variable", ["ALL_PROXY", "https_proxy"])
def test_a_socks_proxy(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "socks5://user:secret@proxy.example:1080")
    sentence = about_the_hub()
    assert f"the proxy that {variable} names is a SOCKS proxy, which is not supported" in sentence


@pytest.mark.parametrize("address", ["gopher://user:secret@x:1", "http://[::1", "http://proxy:port"])
def test_a_malformed_proxy(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    assert "the proxy that HTTPS_PROXY names cannot be used" in about_the_hub()


def test_a_proxy_that_refuses(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It wants a password, which the hub's own 401 is not."""

    def refuse(handler: BadHandler, path: str) -> bool:
        handler._send(b"", 407, {"Proxy-Authenticate": "Basic"})
        return True

    with BadHub({}, refuse) as hub:
        monkeypatch.delenv("NO_PROXY")
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{hub.server_port}")
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://hub.example")
        assert "HTTP_PROXY" in about_the_hub(hub)


def test_certificates_that_are_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    assert "SSL_CERT_FILE" in about_the_hub()


@pytest.mark.parametrize("token", ["hf_sécret", "hf_secret\r\nX: y", "hf_ secret", "“hf_secret”"])
def test_a_token_that_cannot_be_sent(repository: Path, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with HubStandIn({NAME: repository}) as hub:
        assert "HF_TOKEN" in about_the_hub(hub)
        assert hub.requests == []
    monkeypatch.delenv("HF_TOKEN")
    assert_comes(repository)


@pytest.mark.parametrize("start", ["/api/models/", f"/{NAME}/resolve/"])
@pytest.mark.parametrize("says", [{"X-Error-Message": "Invalid credentials in Authorization header"}, {}], ids=str)
def test_an_expired_token(repository: Path, monkeypatch: pytest.MonkeyPatch, start: str, says: dict[str, str]) -> None:
    """The hub answers 401 for a public model: without the token, it would give it."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubStandIn({NAME: repository}) as hub:
        hub.refusals[start], hub.headers = (401, ""), says
        sentence = about_the_hub(hub)
    assert "does not accept the access token" in sentence and "log out" in sentence and "unset HF_TOKEN" in sentence
    monkeypatch.delenv("HF_TOKEN")
    assert_comes(repository)


def test_a_token_and_a_name_that_the_hub_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubStandIn() as hub:
        hub.refusals["/api/"] = (401, "RepoNotFound")
        assert "no model named" in about_the_model(hub)


@pytest.mark.parametrize("start", ["/api/models/", f"/{NAME}/resolve/"])
def test_a_model_that_is_forbidden(repository: Path, start: str) -> None:
    with HubStandIn({NAME: repository}) as hub:
        hub.refusals[start], hub.headers = (403, ""), {"X-Error-Message": "Not in your region"}
        assert "status 403: Not in your region" in about_the_model(hub)


def test_a_model_that_is_disabled(repository: Path) -> None:
    with HubStandIn({NAME: repository}) as hub:
        hub.refusals["/api/models/"] = (403, "")
        hub.headers = {"X-Error-Message": "Access to this resource is disabled."}
        assert "disabled" in about_the_model(hub)


@pytest.mark.parametrize("start", ["/api/models/", f"/{NAME}/resolve/", "/cdn/"])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "300"}, 300),
        ({"RateLimit": '"api";r=0;t=55', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}, 55),
        ({}, 60),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 60),
        ({"Retry-After": "999999999999"}, 3600),
        ({"Retry-After": "0"}, 1),
    ],
    ids=str,
)
def test_too_many_requests(
    repository: Path, monkeypatch: pytest.MonkeyPatch, start: str, headers: dict[str, str], seconds: int
) -> None:
    """The hub is obeyed for as long as it asks, at most an hour; nobody sleeps meanwhile."""
    now = 0.0
    monkeypatch.setattr(failures._failures, "clock", lambda: now)
    with HubStandIn({NAME: repository}) as hub:
        hub.refusals[start], hub.headers = (429, ""), headers
        assert f"asks to wait {seconds} s" in told()
        hub.refusals.clear()
        asked, now = len(hub.requests), seconds - 0.5
        assert "(The hub is asked again in 1 s.)" in told() and "asks to wait" in told(OTHER)
        assert len(hub.requests) == asked
        now = seconds
        ensure_downloaded(NAME)


@pytest.mark.parametrize("start", ["/api/models/", f"/{NAME}/resolve/", "/cdn/"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_hub_in_trouble(repository: Path, start: str, status: int) -> None:
    with HubStandIn({NAME: repository}) as hub:
        hub.refusals[start] = (status, "")
        assert f"the hub is in trouble (status {status})" in about_the_hub(hub)
    assert_comes(repository)


def test_a_gated_model(repository: Path) -> None:
    """It says where to accept the terms, and where the token belongs: in no page."""
    with HubStandIn({NAME: repository}) as hub:
        hub.refusals["/api/models/"] = (403, "GatedRepo")
        sentence = about_the_model(hub)
    assert f"huggingface.co/{NAME}" in sentence and "HF_TOKEN" in sentence


def test_offline_on_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert "switched off by HF_HUB_OFFLINE" in about_the_hub()


def test_no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name can be looked up, as with no network at all."""
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://hub.invalid")
    assert "the name hub.invalid is not found, perhaps because there is no network" in about_the_hub()


def test_nothing_listens() -> None:
    assert "nothing answers at 127.0.0.1" in about_the_hub()


def test_an_address_of_the_hub_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "huggingface.co")
    assert "HF_ENDPOINT" in about_the_hub()


def test_a_line_that_is_hung_up() -> None:
    """Something listens, and closes every connection without a word."""
    with socket.create_server(("127.0.0.1", huggingface_hub_port())) as server:

        def hang_up() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        assert "the connection broke off" in told()
        server.shutdown(socket.SHUT_RDWR)  # ends the thread


def huggingface_hub_port() -> int:
    return int(huggingface_hub.constants.ENDPOINT.rpartition(":")[2])


# --- Cancelled


def slowly(handler: BadHandler, path: str) -> bool:
    """The weights come in pieces until the end of the test."""
    if not path.startswith("/cdn/"):
        return False
    content = (handler.server.folders[NAME] / WEIGHTS).read_bytes()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.server.closing.wait(PATIENCE)
    return True


def test_a_download_can_be_cancelled_while_nothing_comes(repository: Path) -> None:
    """One sentence, remembered until somebody wants to go on; what has arrived whole is not fetched again."""
    seen: list[str] = []

    def cancel(share: float, message: str) -> None:
        seen.append(message)
        arrived = (snapshot() / "tokenizer.json").exists()
        if "Downloading" in message and seen.count(message) > 1 and arrived:  # it is repeated: the hub is silent
            raise Cancelled

    with BadHub({NAME: repository}, slowly) as hub, pytest.raises(UserError) as caught:
        ensure_downloaded(NAME, cancel)
    sentence = f"The download of {NAME} was cancelled. Files that have arrived whole are kept."
    assert (str(caught.value), caught.value.about) == (sentence, "cancelled")
    with HubStandIn({NAME: repository, OTHER: repository}) as hub:
        assert told() == sentence and hub.requests == []
        ensure_downloaded(OTHER)
        forget_failures(NAME)
        hub.requests.clear()
        ensure_downloaded(NAME)
        assert hub.fetched(WEIGHTS) and not hub.fetched("tokenizer.json")


def test_a_cancelled_download_lets_go_of_its_file_though_the_hub_hangs(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who goes on would wait for a lock until the last of the library's tries."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DOWNLOAD_TIMEOUT", 1)

    half, shares = (repository / WEIGHTS).stat().st_size // 2, []

    def cancel(share: float, message: str) -> None:
        shares.append(share)
        total = sum(file.stat().st_size for file in repository.iterdir())
        if share > (half - 20_000) / total and shares.count(share) > 1:
            raise Cancelled

    with BadHub({NAME: repository}, slowly) as hub:
        with pytest.raises(UserError):
            ensure_downloaded(NAME, cancel)
        for thread in threading.enumerate():
            if thread.name == "remote":
                thread.join(PATIENCE)
        asked = len([request for request in hub.requests if "/cdn/" in request])
        assert not hub.closing.is_set() and asked <= 2
    assert not parts()


def test_forgetting_one_model_s_failure_leaves_others(repository: Path) -> None:
    with HubStandIn() as hub:
        told()
        told(OTHER)
        asked = len(hub.requests)
        forget_failures(f" {NAME} ")
        assert "asked again" in told(OTHER) and len(hub.requests) == asked
        assert "asked again" not in told() and len(hub.requests) > asked


@pytest.mark.parametrize(
    ("seconds", "left"),
    [(0, ""), (40, ", 13.2 MB/s, 35 s left"), (400, ", 1.3 MB/s, 6 min left"), (20_000, ", 26 kB/s, 4.9 h left")],
)
def test_the_rate_and_the_time_left(seconds: int, left: str) -> None:
    """Of a steady line: the rest at the same rate, whatever the unit it is told in."""
    from core.models.hub.client import progress_bar

    now, said = [0.0], []
    of = progress_bar(lambda share, message: said.append(message), NAME, 526_000_000, lambda: now[0])
    bar = of(unit="B", total=0)
    for _ in range(12):
        now[0] += seconds / 100
        bar.update(5_260_000)
    assert said[-1] == f"Downloading {NAME}: 63 of 526 MB{left}"


# A job in the background of a shell ignores Ctrl+C, and what it starts would too.
HEARS_CTRL_C = """import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("core", run_name="__main__")"""


def test_ctrl_c_in_a_download(repository: Path) -> None:
    """One sentence, the status of shells, nothing left half; the same command then fetches the rest alone."""
    asked = ["download", f" https://huggingface.co/{NAME} "]
    command = [sys.executable, "-m", "core", *asked]
    stopped = [sys.executable, "-c", HEARS_CTRL_C, *asked]
    environment = {**os.environ, "HF_HUB_CACHE": huggingface_hub.constants.HF_HUB_CACHE}
    half_sent = threading.Event()

    def manner(handler: BadHandler, path: str) -> bool:
        if path.startswith("/cdn/"):
            half_sent.set()
        return slowly(handler, path)

    with (
        BadHub({NAME: repository}, manner),
        subprocess.Popen(stopped, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert half_sent.wait(PATIENCE)
        until((snapshot() / "tokenizer.json").exists)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
    assert process.returncode == 130
    kept = "files that have arrived whole are kept, and the same command fetches the rest"
    assert said.strip() == f"Stopped: {kept}."
    with HubStandIn({NAME: repository}) as hub:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert f"{NAME} at revision" in done.stdout
        assert hub.fetched(WEIGHTS) and not hub.fetched("tokenizer.json")
