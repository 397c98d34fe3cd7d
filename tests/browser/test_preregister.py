"""A hypothesis is locked and opened by keyboard and pointer, stays after a reload, and the session is printed."""

from __future__ import annotations

import pytest

from tests.support.access import grave_findings, headings, skips
from tests.support.browser import chromium_page, require_browser, wait_until_idle
from tests.support.visits import visit

require_browser()
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed (requirements-dev.txt)")

QUERY = "n_target=60&n_baseline=60&layer=3&neuron=120"
HYPOTHESIS = "Higher for nouns <b>that are new</b>."


def test_a_hypothesis_is_locked_opened_kept_and_printed(app, tmp_path):
    with visit() as page:
        page.goto(f"{app}/Preregister?{QUERY}")
        page.get_by_label("Your hypothesis, in your own words").fill(HYPOTHESIS)
        page.keyboard.press("Tab")
        page.get_by_role("radio", name="nouns").click()
        wait_until_idle(page)
        page.get_by_role("button", name="Lock it").press("Enter")
        page.get_by_role("button", name="Open the data, once").press("Enter")
        page.get_by_text("What this supports").wait_for()
        page.locator("[class*='st-key-registered_aucs_'] .main-svg").first.wait_for()
        wait_until_idle(page)
        assert page.get_by_text(HYPOTHESIS).is_visible(), "as it was typed"
        assert page.get_by_role("button", name="Open the data, once").count() == 0
        page.locator(".stToast").first.wait_for(state="hidden")  # Streamlit gives it no name, and it goes by itself
        assert grave_findings(page, "Preregister") == [] and skips([level for level, _ in headings(page)]) == []
        digest = page.locator("code").last.inner_text()

        page.reload()
        page.get_by_text("What this supports").wait_for()
        wait_until_idle(page)
        assert page.locator("code").last.inner_text() == digest
        page.get_by_role("textbox", name="Your name, for the file alone").fill("Ada <i>")
        page.keyboard.press("Enter")
        wait_until_idle(page)
        with page.expect_download() as saved:
            page.get_by_role("button", name="Print-out (HTML)").click()
        saved.value.save_as(tmp_path / "session.html")
        assert "Ada" not in page.url
    _assert_prints((tmp_path / "session.html").as_uri(), digest)


def _assert_prints(address, digest):
    """The file asks for nothing, is light in a dark browser, and fills sheets of paper."""
    with chromium_page(1000, 900, color_scheme="dark") as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.locator("body[data-drawn='2']").wait_for()
        assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [address]
        assert page.get_by_role("heading", level=1).inner_text() == "Grammar Neurons: session of Ada <i>"
        assert page.get_by_text(HYPOTHESIS).is_visible() and digest in page.locator("main").inner_text()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.pdf(format="A4").count(b"/Type /Page\n") > 1
