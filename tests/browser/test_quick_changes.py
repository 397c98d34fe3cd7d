"""Quick hands elsewhere than on the layer's slider: nothing typed is lost, and the page that was pressed last comes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.browser import require_browser, wait_until_idle
from tests.support.visits import arrive, follow, visit

require_browser()

WORDS = "apple\nbread\ncheese\ntea\nmilk\nbutter"
LINKS = ("Words", "Neurons", "Home", "Text heatmap", "Evidence", "Text heatmap")


@pytest.mark.parametrize("pause", [0, 60])
def test_two_quick_swaps_change_nothing(app, pause):
    with visit() as page:
        page.goto(f"{app}/Neurons?target=custom&target_words={WORDS.replace(chr(10), '%0A')}&n_baseline=60")
        arrive(page, "Neurons")
        box = page.get_by_role("textbox", name="Custom target list", exact=True)
        expect(box).to_have_value(WORDS)
        for _ in range(4):
            for _ in range(2):
                page.get_by_role("button", name="Swap target and baseline").click()
                page.wait_for_timeout(pause)
            page.wait_for_timeout(700)
        wait_until_idle(page)
        expect(box).to_have_value(WORDS)
        expect(page.get_by_role("textbox", name="Custom baseline list", exact=True)).to_have_count(0)
        assert "target=custom" in page.url and "baseline=custom" not in page.url


def test_quick_changes_of_the_page_end_on_the_last_one(app):
    with visit() as page:
        page.goto(f"{app}/Text_heatmap")
        arrive(page, "Text heatmap")
        sidebar = page.get_by_test_id("stSidebar")
        for _ in range(3):
            for name in LINKS:
                sidebar.get_by_role("link", name=name, exact=True).click()
                page.wait_for_timeout(100)
            arrive(page, LINKS[-1])
        assert page.get_by_text("Connection error").count() == 0
        follow(page, "Neurons")
