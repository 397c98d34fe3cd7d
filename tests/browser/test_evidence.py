"""The Evidence page in a browser: a check runs while the page stays usable, and its verdict comes by itself."""

from __future__ import annotations

import math
import re

import pytest

from core.evidence import CHECKS
from tests.support.browser import require_browser
from tests.support.visits import arrive, follow, visit

require_browser()

QUERY = "n_target=58&n_baseline=57&layer=3"  # no other test has asked for a check of these words


def chip(page, name):
    return page.locator(f"ol.verdicts a[href='#{name}']")


def verdict_comes(page, name):
    """Wait for a verdict, which nobody asks the page for."""
    chip(page, name).filter(has_text=re.compile("holds|does not hold|unclear|cannot be run")).wait_for()


def test_a_verdict_comes_by_itself_and_then_the_page_rests(app):
    with visit() as page:
        frames = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.extend([frame])))
        page.goto(f"{app}/Evidence?{QUERY}")
        arrive(page, "Evidence")
        assert page.locator("ol.verdicts a").count() == len(CHECKS)
        page.locator(".st-key-run_input_grid button").click()
        verdict_comes(page, "input_grid")
        page.locator(".st-key-picture_input_grid .js-plotly-plot .point").first.wait_for()
        page.locator("[data-testid='stCode']", has_text="The checks do not support").wait_for()
        assert "not run" in chip(page, "causal").inner_text()
        page.wait_for_timeout(2_000)
        before = len(frames)
        page.wait_for_timeout(4_000)
        assert len(frames) == before, "nothing is asked for while nothing runs"


def test_the_work_goes_on_while_another_page_is_open(app):
    with visit() as page:
        page.goto(f"{app}/Evidence?{QUERY}&neuron=7")
        arrive(page, "Evidence")
        page.locator(".st-key-run_input_grid button").click()
        follow(page, "Words")
        follow(page, "Evidence")
        verdict_comes(page, "input_grid")


def test_the_strip_leads_to_the_checks_with_the_keyboard(app):
    with visit(reduced_motion="no-preference") as page:  # it scrolls smoothly
        page.goto(f"{app}/Evidence?{QUERY}")
        arrive(page, "Evidence")
        chip(page, "top_contexts").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("#top_contexts$"))
        page.wait_for_function(
            "() => { const box = document.querySelector('#top_contexts').getBoundingClientRect();"
            " return box.top >= 0 && box.bottom <= innerHeight; }"
        )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone(app, theme):
    with visit(390, 844, color_scheme=theme) as page:
        page.goto(f"{app}/Evidence?{QUERY}&pinned=7,120,375,5,6,9")
        arrive(page, "Evidence")
        page.locator(".verdict-table").wait_for()
        main = page.locator("[data-testid='stMain']").evaluate("m => m.scrollWidth - m.clientWidth")
        assert main <= 0
        tops = page.locator("ol.verdicts li").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
        assert len(set(tops)) == math.ceil(len(CHECKS) / 2), "two in a row"
