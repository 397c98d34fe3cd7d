"""The Class page in two browsers: one puts its seat on the board, the other sees it; what is typed stays."""

from __future__ import annotations

import re

import pytest

from tests.support.access import grave_findings
from tests.support.browser import require_browser, wait_until_idle
from tests.support.visits import new_page_like, visit

require_browser()

QUERY = "layer=3&neuron=40&class=browser-7b"


def _open(page, app):
    page.goto(f"{app}/Class?{QUERY}")
    page.get_by_label("Seat number").wait_for()
    wait_until_idle(page)


def _measure(page, seat, guess="nouns"):
    page.get_by_label("Seat number").fill(str(seat))
    page.keyboard.press("Enter")
    page.get_by_text(f"The words of seat {seat}").wait_for()
    wait_until_idle(page)
    page.locator(".st-key-class_guess").get_by_text(guess, exact=True).click()
    page.locator(".st-key-class_measure button:enabled").click()
    page.get_by_text(re.compile(rf"Seat {seat}: Hedges' g = ")).first.wait_for()
    wait_until_idle(page)


def test_one_posts_and_another_sees_it(app):
    pytest.importorskip("axe_playwright_python", reason="axe-core is not installed (requirements-dev.txt)")
    with visit() as first, new_page_like(first) as second:
        _open(first, app)
        assert first.get_by_label("Class code", exact=True).input_value() == "browser-7b"
        _measure(first, 3)
        first.get_by_text("On the board: 1 seat.").wait_for()
        _open(second, app)
        second.get_by_text("On the board: 1 seat.").wait_for()
        _measure(second, 5, guess="verbs")
        first.get_by_role("button", name="Look for news").click()
        first.get_by_text("On the board: 2 seats.").wait_for()
        forest = first.locator(".st-key-class_forest")
        forest.get_by_text("Pooled", exact=True).wait_for()
        forest.get_by_text("Seat 3, you", exact=True).wait_for()
        assert grave_findings(first, "Class") == []
        # Another day: the browser has kept the code, the seat, and that it was measured.
        second.goto(f"{app}/Class?layer=3&neuron=40")
        second.get_by_text(re.compile("Seat 5: Hedges' g = .*")).first.wait_for()
        assert second.get_by_label("Seat number").input_value() == "5"
        assert "class=" not in second.url
