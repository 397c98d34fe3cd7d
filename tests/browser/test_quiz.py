"""The quiz in a browser: by keyboard alone, kept when the page is reloaded, and readable by everybody."""

from __future__ import annotations

import re

import pytest

from tests.support.access import grave_findings, headings, skips
from tests.support.browser import require_browser, wait_until_idle
from tests.support.visits import visit

require_browser()
QUERY = "layer=3&n_target=150&n_baseline=150"


def to(page, role, name):
    """Tab on until a control has the focus, as who has no mouse does."""
    there = page.get_by_role(role, name=name, exact=True)
    there.click(trial=True)  # it is there, and can be pressed
    passed = []
    for _ in range(100):
        if there.evaluate("control => control === document.activeElement"):
            return
        page.keyboard.press("Tab")
        passed.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText"))
    raise AssertionError(f"{name} is not reached by Tab, which leads to {passed}")


def choose(page, question, presses):
    """Tab to the choices of a question, and press what chooses one."""
    first = page.get_by_role("radiogroup", name=question).get_by_role("radio").first
    for _ in range(100):
        if first.evaluate("control => control === document.activeElement"):
            break
        page.keyboard.press("Tab")
    for key in presses:
        page.keyboard.press(key)
    wait_until_idle(page)


def test_a_text_is_answered_by_keyboard_and_the_score_stays(app):
    pytest.importorskip("axe_playwright_python", reason="axe-core is not installed (requirements-dev.txt)")
    with visit(390, 844, color_scheme="dark") as page:
        page.goto(f"{app}/Quiz?{QUERY}")
        page.locator(".gn-quiz-text").nth(1).wait_for()
        wait_until_idle(page)
        assert grave_findings(page, "before the answer") == []
        address = page.url
        choose(page, "Which text is coloured by the neuron that differs strongly?", ["Space"])
        choose(page, "For which class is that neuron higher?", ["ArrowRight"])
        assert page.url == address and not page.get_by_text("is by neuron").count()
        to(page, "button", "Answer")
        page.keyboard.press("Enter")
        page.get_by_text(re.compile(r"right: text [AB] is by neuron \d+\.", re.I)).wait_for()
        wait_until_idle(page)
        assert grave_findings(page, "after the answer") == []
        levels = [level for level, _ in headings(page)]
        assert levels[0] == 1 and not skips(levels)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        score = page.get_by_text(re.compile(r"[01] of 1; chance is 0\.5")).first.inner_text()
        page.reload()
        page.locator(".gn-quiz-text").nth(1).wait_for()
        wait_until_idle(page)
        assert page.get_by_text(re.compile(r"[01] of 1; chance is 0\.5")).first.inner_text() == score
        to(page, "button", "Start the quiz again")
        page.keyboard.press("Enter")
        page.get_by_text("No answer yet.").wait_for()
        wait_until_idle(page)
        kept = page.evaluate("localStorage.getItem('grammar-neurons learner')")
        assert kept is None or "quiz" not in kept
