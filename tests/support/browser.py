"""Help for tests in a real browser: an app on a free port of this machine, and a page of Chromium.

    require_browser()
    with running_app(script) as url, chromium_page() as page:
        seen = watch(page)
        page.goto(url)

Nothing here leaves the machine: Chromium may not, and ``watch`` records whatever request tries to.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
# The first has no user interface of its own, which the others draw even where nobody sees it.
CHROMIUM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# What is not on this machine is asked of a proxy, and at that address there is none.
# All pages of a context share a process, in which the scripts of Streamlit and Plotly are compiled: half of the work.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--proxy-server=127.0.0.1:9",
    "--process-per-site",
)
# What moves while a script runs is drawn sixty times a second, without a graphics card: half of a visit's work.
STILL = "reduce"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def require_browser() -> None:
    """Skip the test, or the module that calls this at its head, where no browser can be driven."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    if chromium() is None:
        pytest.skip(f"no browser: none of {', '.join(CHROMIUM_NAMES)} is on the PATH", allow_module_level=True)


def chromium() -> str | None:
    """The path of an installed Chromium, if there is one."""
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running_app(
    script: Path | str,
    env: Mapping[str, str] | None = None,
    *,
    options: tuple[str, ...] = (),
    ready_within: float = 60.0,
) -> Iterator[str]:
    """Run a Streamlit script from the project's folder and yield its address once it answers.

    Parameters
    ----------
    script : path
        A script anywhere; it can import the project's modules.
    env : mapping, optional
        Environment variables on top of this process's own.
    options : tuple of str
        More command-line options, such as ``("--theme.base", "dark")``.
    ready_within : float
        Seconds to wait for the server.

    Raises
    ------
    RuntimeError
        The server ended or did not answer in time; the message carries the end of what it printed.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), *_server_options(port), *options]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, **(env or {})}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        # Standard input is closed: a first run would ask for an e-mail address there.
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_ready(server, f"http://127.0.0.1:{port}/_stcore/health", log, ready_within)
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop(server)


@contextmanager
def chromium_page(
    width: int = 1440, height: int = 900, *, color_scheme: str = "light", **context_options: Any
) -> Iterator[Page]:
    """A page of a headless Chromium that knows nothing of others; more options go to playwright's ``new_context``.

    Its visitor wants no motion, unless ``reduced_motion`` says otherwise: see ``STILL``.
    """
    with _chromium() as opened:
        if context_options:
            context = opened.browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=color_scheme,
                **{"reduced_motion": STILL, **context_options},
            )
            try:
                yield context.new_page()
            finally:
                context.close()
        else:
            with opened.page(color_scheme) as page:
                page.set_viewport_size({"width": width, "height": height})
                yield page


class _Chromium:
    """A browser, and in it one context for each colour scheme, whose pages follow one another in one warm process."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._contexts: dict[str, BrowserContext] = {}

    @contextmanager
    def page(self, color_scheme: str) -> Iterator[Page]:
        """A page without cookies and storage. What it leaves of them is removed, and so are the pages it has opened."""
        if color_scheme not in self._contexts:
            self._contexts[color_scheme] = self.browser.new_context(color_scheme=color_scheme, reduced_motion=STILL)
            self._contexts[color_scheme].new_page()  # never closed, so neither is the process
        context = self._contexts[color_scheme]
        page, origins = context.new_page(), set()
        page.on("framenavigated", lambda frame: origins.add("{0.scheme}://{0.netloc}".format(urlsplit(frame.url))))
        try:
            yield page
        finally:
            for opened in context.pages[1:]:
                opened.close()
            context.clear_cookies()
            hand = context.new_cdp_session(context.pages[0])
            for origin in origins:
                hand.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage,indexeddb"})
            hand.detach()


_open: list[_Chromium] = []


@contextmanager
def one_chromium() -> Iterator[None]:
    """While this lasts, all pages are those of one Chromium: to start one takes a second or two."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
        _open.append(_Chromium(browser))
        try:
            yield
        finally:
            _open.pop()
            browser.close()


@contextmanager
def _chromium() -> Iterator[_Chromium]:
    """The Chromium that is open, or one for this page alone."""
    if _open:
        yield _open[-1]
    else:
        with one_chromium():
            yield _open[-1]


@dataclass
class Seen:
    """What a page did that a test may want to forbid."""

    dialogs: list[str] = field(default_factory=list)  # alert, confirm, prompt
    errors: list[str] = field(default_factory=list)  # uncaught errors, and errors on the console
    outside: list[str] = field(default_factory=list)  # requests to another machine, which CHROMIUM_FLAGS stop


def watch(page: Page) -> Seen:
    """Record the dialogs, errors and outside requests of a page from now on."""
    seen = Seen()

    def on_dialog(dialog: Any) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    def on_request(request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname not in LOOPBACK:
            seen.outside.append(request.url)

    def on_failure(request: Any) -> None:
        if request.failure == "csp" and request.url in seen.outside:  # the page's policy has stopped it first
            seen.outside.remove(request.url)

    page.on("dialog", on_dialog)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
    page.on("request", on_request)
    page.on("requestfailed", on_failure)
    return seen


# True once all is drawn. Streamlit draws a skeleton until it has the script of a widget, and gives a widget its value
# in an effect after it has drawn an empty one.
_AT_REST = """() => new Promise((done) => requestIdleCallback(
    () => done(!document.querySelector("[data-testid='stSkeleton']")), { timeout: 1000 }))"""


def wait_until_idle(page: Page, timeout: float = 30.0) -> None:
    """Wait until Streamlit has connected, its script has come to rest, and the browser has drawn all that was sent."""
    deadline = time.monotonic() + timeout
    rests = page.locator("[data-testid='stApp'][data-test-script-state='notRunning']")
    while True:
        left = max(deadline - time.monotonic(), 0.001) * 1000
        rests.wait_for(timeout=left)
        page.wait_for_function(_AT_REST, timeout=left)
        if rests.count():  # what was drawn may have run the script again
            return


def wait_for(page: Page, true: Callable[[], bool], timeout: float = 30.0) -> None:
    """Let the page go on until something that it brings about here is true; the test fails if it never is."""
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, f"still not so after {timeout:g} s"
        page.wait_for_timeout(20)


def wait_for_token_panel(page: Page, number: int) -> None:
    """Wait for the panel on a chosen token. The tooltip, which begins with a small letter, says almost the same."""
    page.get_by_text(re.compile(rf"^Token {number:,} of ")).wait_for()


def _server_options(port: int) -> list[str]:
    return [
        "--server.address=127.0.0.1",
        f"--server.port={port}",
        "--server.headless=true",
        "--server.fileWatcherType=none",
        "--browser.gatherUsageStats=false",
    ]


def _stop(server: subprocess.Popen) -> None:
    server.terminate()
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait_until_ready(server: subprocess.Popen, health: str, log: IO[str], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    ended = server.poll()
    what = f"did not answer in {seconds:g} s" if ended is None else f"ended with {ended}"
    log.seek(0)
    raise RuntimeError(f"the Streamlit server {what}; it printed:\n{log.read()[-3000:]}")
