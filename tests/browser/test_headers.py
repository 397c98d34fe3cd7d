"""All pages under the class server's security headers, in a real browser: nothing is blocked, nothing asked outside."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.browser import chromium_page, require_browser, wait_until_idle, watch
from tests.support.class_server import class_server
from tests.support.visits import SECONDS, arrive, follow, token_in_panel

require_browser()

TEXT = "The old dog runs home, and a wild run ends at the river."


@pytest.fixture(scope="module")
def server():
    with class_server() as running:
        running.until_ready()
        yield running


@contextmanager
def visit(url):
    """A page that records what the policy blocks."""
    with chromium_page(1440, 1200, accept_downloads=True) as page:
        page.set_default_timeout(60 * SECONDS)
        page.seen, page.blocked, page.missed = watch(page), [], []
        page.expose_function("blocked", lambda directive, what: page.blocked.append((directive, what)))
        page.add_init_script("""
            document.addEventListener("securitypolicyviolation", e => blocked(e.effectiveDirective, e.blockedURI));
        """)
        page.on("response", lambda answer: page.missed.append(answer.url) if answer.status >= 400 else None)
        page.goto(url)
        yield page


def saved(page, press):
    """What pressing something downloads."""
    with page.expect_download() as download:
        press()
    return Path(download.value.path()).read_bytes()


def save_from_neurons(page):
    """The plot as PNG, and the table and the summary of *Export*; on the way, the table over the whole window."""
    plot = page.locator(".st-key-neurons_plot .js-plotly-plot")
    plot.hover()
    assert saved(page, page.locator(".st-key-neurons_plot [data-title*='ownload plot']").click)[:4] == b"\x89PNG"
    table = page.locator(".st-key-neurons_table")
    table.hover()
    table.get_by_label(re.compile("^Fullscreen: Table of ")).click()
    table.get_by_label(re.compile("^Close fullscreen")).wait_for()
    page.keyboard.press("Escape")
    table.get_by_label(re.compile("^Fullscreen: Table of ")).wait_for(state="attached")
    page.get_by_role("button", name="Export").click()
    csv, json = (saved(page, page.locator(f".st-key-{key}").get_by_role("button").click) for key in ("csv", "json"))
    assert csv.decode("utf-8-sig").startswith("layer,") and json.startswith(b"{")
    page.keyboard.press("Escape")


def upload_and_save_a_text(page):
    file = {"name": "text.txt", "mimeType": "text/plain", "buffer": TEXT.encode()}
    page.get_by_test_id("stMain").locator("input[type=file]").set_input_files(file)
    page.locator(".heatmap .panel").first.get_by_text("river").first.wait_for()
    wait_until_idle(page)
    page.locator(".heatmap .token").nth(1).click()
    token_in_panel(page, 2).wait_for()
    wait_until_idle(page)
    page.get_by_role("button", name="Export").click()
    table = saved(page, page.locator(".st-key-text_csv").get_by_role("button").click).decode("utf-8-sig")
    assert "river" in table
    page.keyboard.press("Escape")


def change_theme(page):
    """Show the open page in the other theme, too."""
    theme = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'light' : 'dark'")
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(
        "theme => getComputedStyle(document.querySelector('.stApp')).colorScheme === theme", arg=theme
    )
    wait_until_idle(page)


def test_no_page_is_kept_from_anything_it_needs(server):
    with visit(server.url) as page:
        arrive(page, "Home")
        assert page.locator("[data-testid='stMain'] img").evaluate("i => i.complete && i.naturalWidth > 0")
        change_theme(page)
        follow(page, "Neurons")
        change_theme(page)
        save_from_neurons(page)
        follow(page, "Words")
        for tab in ("Words by neurons", "Mean activation"):
            page.get_by_role("tab", name=tab).click()
            wait_until_idle(page)
        change_theme(page)
        follow(page, "Text heatmap")
        upload_and_save_a_text(page)
        change_theme(page)
        page.get_by_test_id("stMainMenuButton").click()
        page.get_by_test_id("stMainMenuPopover").wait_for()
        assert page.blocked == [] and page.seen.errors == [] and page.seen.dialogs == []
        assert page.seen.outside == [] and page.missed == []


def wait_for_violations(page, n, within=20.0):
    """The directives that the browser reported, once there are ``n`` of them."""
    until = time.monotonic() + within
    while len({directive for directive, _ in page.blocked}) < n and time.monotonic() < until:
        page.wait_for_timeout(50)
    return {directive for directive, _ in page.blocked}


def test_what_no_page_needs_is_blocked(server):
    """The same watching sees a violation where there is one, and nothing gets out."""
    attempts = {
        "img-src": "document.body.append(Object.assign(new Image(), {src: 'http://192.0.2.1/a.png'}))",
        "connect-src": "fetch('http://192.0.2.1/').catch(() => 0)",
        "script-src-elem": "document.head.append(Object.assign(document.createElement('script'), {text: 'hacked=1'}))",
        "script-src-attr": "document.body.insertAdjacentHTML('beforeend', '<p onclick=\"hacked = 1\" id=hack>x</p>');"
        "document.getElementById('hack').click()",
        "frame-src": "document.body.append(Object.assign(document.createElement('iframe'), {src: '/'}))",
        "object-src": "document.body.append(Object.assign(document.createElement('embed'), {src: '/favicon.png'}))",
        "worker-src": "try { new Worker('/static/a.js') } catch { 0 }",
    }
    with visit(server.url) as page:
        arrive(page, "Home")
        for script in attempts.values():
            page.evaluate(f"() => {{ {script} }}")
        blocked_by = wait_for_violations(page, len(attempts))
        assert blocked_by == set(attempts)
        assert page.evaluate("typeof hacked") == "undefined"
        assert page.seen.outside == []


def test_no_other_site_may_frame_it(server):
    with chromium_page() as page:
        page.set_content(f'<iframe src="{server.url}" name="inside"></iframe>')
        page.frame("inside").wait_for_url(re.compile("^chrome-error:"), timeout=20 * SECONDS)
