"""A visit in Firefox: what the pages do there, they do as in Chromium, where all other tests of this folder are."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.activations import token_activations
from core.experiment import run_contrast
from core.models import load_model
from tests.support.browser import ROOT, wait_until_idle, watch
from tests.support.firefox import firefox_page, require_firefox
from tests.support.visits import arrive, chosen, follow, heading, loneliest_point, token_in_panel, wait_marked
from ui.defaults import DEFAULT

require_firefox()

ARTIFACTS = Path(os.environ.get("GRAMMAR_NEURONS_ARTIFACTS", ROOT / "artifacts"))
LAYER = DEFAULT.layer - 1  # one key press away
TEXT = "The old man saw <b>two</b> dogs & a cat; then they ran home."
PAGES = {"Home": "", "Neurons": "Neurons", "Words": "Words", "Text heatmap": "Text_heatmap", "Evidence": "Evidence"}


@pytest.fixture(scope="module", autouse=True)
def browser():
    """In place of this folder's Chromium: each test starts a Firefox of its own, and this machine may have no other."""


def test_a_visit_from_a_neuron_to_a_token(app):
    model = load_model("bundled")
    first, result = (run_contrast(DEFAULT.changed(layer=layer), model) for layer in (DEFAULT.layer, LAYER))
    pieces = token_activations(model, TEXT, LAYER).pieces
    with firefox_page() as page:
        seen = watch(page)
        page.set_default_timeout(100_000)
        page.goto(f"{app}/Neurons")
        arrive(page, "Neurons")
        assert "Firefox/" in page.evaluate("navigator.userAgent")

        neuron, place = loneliest_point(page, but=[first.largest])  # which is chosen already
        page.mouse.click(*place)
        chosen(page, neuron)
        wait_marked(page, neuron)

        page.get_by_role("slider", name="Layer").focus()
        page.keyboard.press("ArrowLeft")
        found = f"{result.n_higher + result.n_lower:,} of {result.n_neurons:,} neurons in layer {LAYER} "
        page.get_by_text(found).wait_for()
        page.wait_for_url(re.compile(rf"[?&]layer={LAYER}&"))
        heading(page, result.largest).wait_for()
        wait_until_idle(page)

        follow(page, "Text heatmap")
        box = page.get_by_role("textbox", name="Your text")
        box.click()
        page.keyboard.press("Control+A")
        page.keyboard.type(TEXT)  # as by hand: what is only filled in, the page does not hear of here
        page.keyboard.press("Control+Enter")
        expect(page.locator(".heatmap .panel").first).to_contain_text("dogs", timeout=100_000)
        wait_until_idle(page)
        tokens = page.locator(".heatmap .panel").first.locator(".token")
        assert tokens.evaluate_all("all => all.map(token => token.textContent)") == pieces
        colours = tokens.evaluate_all("all => all.map(token => getComputedStyle(token).backgroundColor)")
        assert len(set(colours)) > len(pieces) / 4, "by their values"

        tokens.nth(4).click()
        token_in_panel(page, 5).wait_for()
        wait_until_idle(page)
        assert seen.dialogs == [] and seen.errors == [] and seen.outside == []


def test_every_page_fits_a_phone_and_is_kept_as_a_picture(app):
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    with firefox_page(390, 844, color_scheme="dark") as page:
        page.set_default_timeout(100_000)
        for name, path in PAGES.items():
            page.goto(f"{app}/{path}")
            arrive(page, name)
            page.screenshot(path=ARTIFACTS / f"firefox-{path.lower() or 'home'}-dark.png")
            assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).colorScheme") == "dark"
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            main = page.locator("[data-testid='stMain']").evaluate("m => m.scrollWidth - m.clientWidth")
            assert overflow <= 0 and main <= 0, f"{name} is wider than the window"
