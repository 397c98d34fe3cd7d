"""A page on paper: ink on white from both themes, all of the heatmap, and nothing that is only for a hand."""

from __future__ import annotations

import pytest

from tests.support.browser import require_browser
from tests.support.visits import arrive, visit

require_browser()

QUERY = "n_target=60&n_baseline=60&layer=3"
HANDS = ("stSidebar", "stHeader", "stToolbar", "stButton", "stButtonGroup", "stDownloadButton", "stPopover")
HANDS += ("stTooltipIcon", "stPageLink", "stTextArea", "stFileUploader")
# The darkest and the brightest a colour of text, and of the paper, may be: the mean of red, green and blue.
INK = """() => [...document.querySelectorAll("[data-testid='stMain'] :is(h1, h2, p, li)")]
    .filter((each) => each.checkVisibility())
    .map((each) => (getComputedStyle(each).color.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0)) / 3)"""
PAPER = """() => (getComputedStyle(document.querySelector("[data-testid='stApp']")).backgroundColor.match(/[\\d.]+/g)
    .slice(0, 3).reduce((a, b) => a + +b, 0)) / 3"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_is_ink_on_white_without_what_is_for_a_hand(app, theme):
    with visit(color_scheme=theme) as page:
        page.goto(f"{app}/Neurons?{QUERY}")
        arrive(page, "Neurons")
        assert page.get_by_test_id("stSidebar").is_visible()
        page.emulate_media(media="print", color_scheme=theme)
        for name in HANDS:
            assert not any(each.is_visible() for each in page.get_by_test_id(name).all()), name
        assert page.locator(".modebar:visible").count() == 0
        assert max(page.evaluate(INK)) < 100 and page.evaluate(PAPER) > 250
        assert page.get_by_role("heading", name="Every neuron of the layer").is_visible()
        main = page.get_by_test_id("stMain").evaluate("main => [main.clientHeight, main.scrollHeight]")
        assert main[0] == main[1], "nothing of the page scrolls"
        sheets = page.pdf(format="A4")
        assert sheets.startswith(b"%PDF") and sheets.count(b"/Type /Page\n") > 1


def test_the_whole_text_is_on_paper(app):
    with visit() as page:
        page.goto(f"{app}/Text_heatmap?{QUERY}")
        arrive(page, "Text heatmap")
        page.get_by_label("Text to colour").or_(page.locator(".st-key-text textarea")).first.fill(
            "A dog sees it. " * 400
        )
        page.keyboard.press("Control+Enter")
        panel = page.locator(".heatmap .panel").first
        page.wait_for_function("() => document.querySelector('.st-key-text_heatmap') !== null", timeout=60_000)
        panel.locator(".token", has_text="dog").nth(300).wait_for(state="attached")
        assert panel.evaluate("panel => panel.scrollHeight > panel.clientHeight"), "on the screen, it scrolls"
        page.emulate_media(media="print")
        assert panel.evaluate("panel => panel.scrollHeight <= panel.clientHeight")
        for name in (".toolbar", ".search", ".about"):
            assert page.locator(f".st-key-text_heatmap {name}:visible").count() == 0, name
        assert not any(each.is_visible() for name in HANDS for each in page.get_by_test_id(name).all())
