"""The Help page in a browser: links lead to headings in the same tab, and everybody can read it."""

from __future__ import annotations

import re

import pytest

from tests.support.access import grave_findings, headings, skips
from tests.support.browser import require_browser, wait_until_idle
from tests.support.visits import arrive, visit

require_browser()
QUERY = "layer=3&n_target=60&n_baseline=60"


def test_a_link_opens_the_other_document_at_its_heading_and_back_leads_back(app):
    with visit() as page:
        page.goto(f"{app}/Help?{QUERY}&read=class-links")
        arrive(page, "Help")
        page.locator("[data-follows]").wait_for(state="attached")
        page.get_by_role("link", name="your address").click()
        heading = page.get_by_role("heading", name="4. Find the address (1 minute)")
        heading.wait_for()
        page.wait_for_function("document.activeElement.id === '4-find-the-address-1-minute'")
        assert 0 <= heading.bounding_box()["y"] < 300 and "read=teach" in page.url and "layer=3" in page.url
        page.go_back()
        page.get_by_role("heading", name="Class links", exact=True).wait_for()
        with page.context.expect_page() as other:
            page.get_by_role("link", name="your address").click(modifiers=["Control"])
        other.value.wait_for_url(re.compile("read=teach"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_documents_can_be_read_by_everybody(app, scheme):
    pytest.importorskip("axe_playwright_python", reason="axe-core is not installed (requirements-dev.txt)")
    with visit(390, 844, color_scheme=scheme) as page:
        for name in ("first-hour", "teach"):
            page.goto(f"{app}/Help?{QUERY}&read={name}")
            arrive(page, "Help")
            wait_until_idle(page)
            assert grave_findings(page, name) == []
            levels = [level for level, _ in headings(page)]
            assert levels[0] == 1 and levels.count(1) == 1 and not skips(levels)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            pictures = page.locator("[data-testid='stImage'] img")
            for picture in pictures.all():
                picture.scroll_into_view_if_needed()
                assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth }") > 500
            assert pictures.count() == {"first-hour": 2, "teach": 0}[name]
