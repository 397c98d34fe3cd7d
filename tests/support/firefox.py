"""Help for tests in a second browser: a page of an installed Firefox, driven like Chromium's.

    require_firefox()
    with firefox_page(color_scheme="dark") as page:
        page.goto(url)

Playwright speaks to any Firefox over WebDriver BiDi, the browsers' common protocol. For each new page it also asks for
``emulation.setMediaFeaturesOverride``, which a Firefox of this year may not know, and takes its refusal as the end.
So this module, run as a program, is the Firefox that Playwright starts: it starts the real one, passes all messages on,
and answers that one request itself. The theme is a setting of Firefox's instead.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from tests.support.browser import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from websockets.asyncio.connection import Connection

FIREFOX_NAMES = ("firefox-esr", "firefox")
_LISTENING = "WebDriver BiDi listening on "
_MEDIA = "emulation.setMediaFeaturesOverride"
# What is not on this machine is asked of a proxy, and at that address there is none.
_PREFERENCES = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1, localhost",
}
_SCHEMES = {"dark": 0, "light": 1}


def firefox() -> str | None:
    """The path of an installed Firefox, if there is one."""
    return next((path for name in FIREFOX_NAMES if (path := shutil.which(name))), None)


def require_firefox() -> None:
    """Skip the test, or the module that calls this at its head, where no Firefox can be driven."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    if firefox() is None:
        pytest.skip(f"no Firefox: none of {', '.join(FIREFOX_NAMES)} is on the PATH", allow_module_level=True)
    if sys.platform == "win32":
        pytest.skip("no relay to Firefox: Windows starts no shell script", allow_module_level=True)


@contextmanager
def firefox_page(width: int = 1440, height: int = 900, *, color_scheme: str = "light") -> Iterator[Page]:
    """A page of a headless Firefox that is started for it. Nothing leaves the machine."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="firefox-") as folder, sync_playwright() as playwright:
        relay = Path(folder, "relay")
        command = [sys.executable, "-m", "tests.support.firefox", str(firefox())]
        relay.write_text(f'#!/bin/sh\ncd {shlex.quote(str(ROOT))} && exec {shlex.join(command)} "$@"\n', "utf-8")
        relay.chmod(0o700)
        scheme = {"layout.css.prefers-color-scheme.content-override": _SCHEMES[color_scheme]}
        browser = playwright.firefox.launch(
            channel="moz-firefox", executable_path=relay, firefox_user_prefs={**_PREFERENCES, **scheme}
        )
        try:
            yield browser.new_page(viewport={"width": width, "height": height})
        finally:
            browser.close()


async def main(command: list[str]) -> int:
    """Start Firefox, tell Playwright where to connect, and relay until Firefox has ended."""
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    async for line in process.stderr:
        said = line.decode("utf-8", "replace")
        if match := re.search(f"{_LISTENING}(ws://.*)", said):
            here = await serve(_to(match[1]), "127.0.0.1", 0, max_size=None, compression=None)
            said = f"{_LISTENING}ws://127.0.0.1:{here.sockets[0].getsockname()[1]}\n"
        sys.stderr.write(said)
        sys.stderr.flush()
    return await process.wait()


def _to(firefox_address: str):
    """What serves one connection of Playwright's."""

    async def relay(playwright: Connection) -> None:
        path = playwright.request.path
        async with connect(f"{firefox_address}{path}", max_size=None, compression=None, proxy=None) as browser:
            back = asyncio.create_task(_pass_on(browser, playwright))
            await _pass_on(_but_media(playwright), browser)
        await back

    return relay


async def _pass_on(messages: AsyncIterator[str | bytes], to: Connection) -> None:
    async for message in messages:
        await to.send(message)


async def _but_media(playwright: Connection) -> AsyncIterator[str | bytes]:
    """Playwright's messages, but for requests for a theme, which are answered here."""
    async for message in playwright:
        asked = json.loads(message)
        if asked["method"] == _MEDIA:
            await playwright.send(json.dumps({"type": "success", "id": asked["id"], "result": {}}))
        else:
            yield message


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
