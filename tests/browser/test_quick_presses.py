"""The layer's slider under quick fingers: the last press wins, and nobody's choice is taken for another layer's.

The state of the page is what four places of it say: slider, address, headline, and the panel of one neuron.
"""

from __future__ import annotations

import random
import re
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from core.experiment import run_contrast
from core.models import load_model
from core.records import ContrastSpec
from tests.support.browser import require_browser
from tests.support.visits import arrive, chosen, click_table_row, follow, loneliest_point, visit

require_browser()

SPEC = ContrastSpec.careful(n_target=60, n_baseline=60)
QUERY = "n_target=60&n_baseline=60"
LAST = 5
KEYS = {"ArrowRight": 1, "ArrowLeft": -1}
IDLE = "[data-testid='stApp'][data-test-script-state='notRunning']"
LAYER_OF_HEADLINE = re.compile(r"neurons in layer (\d+) differ")


@pytest.fixture(scope="module")
def results():
    """What ``core`` says of each layer."""
    lm = load_model("bundled")
    return [run_contrast(SPEC.changed(layer=layer), lm) for layer in range(LAST + 1)]


@pytest.fixture(scope="module")
def page(app):
    """One visit for all the tries: what an earlier one leaves behind must not matter either."""
    with visit() as page:
        page.goto(f"{app}/Neurons?layer=1&{QUERY}")
        arrive(page, "Neurons")
        yield page


def slider(page):
    return page.get_by_role("slider", name="Layer")


def box(page):
    return page.get_by_role("spinbutton", name="Neuron", exact=True)


def state(page):
    """(slider, address, headline, neuron in the panel, in its box, and in the address), as they are now."""
    address = parse_qs(urlsplit(page.url).query)
    said, panel = page.evaluate(
        """() => [
            [...document.querySelectorAll("[data-testid='stMain'] p")].map(p => p.textContent).join("\\n"),
            [...document.querySelectorAll("h2")].map(h => h.textContent).find(t => /^Neuron \\d+$/.test(t)) ?? "",
        ]"""
    )
    headline = LAYER_OF_HEADLINE.search(said)
    return (
        int(slider(page).input_value()),
        int(address["layer"][0]),
        int(headline[1]) if headline else None,
        int(panel.removeprefix("Neuron ") or -1),
        int(box(page).input_value() or -1),
        address.get("neuron"),
    )


def assert_settles(page, wanted, within=30.0):
    """The page comes to the wanted state, and stays there with the script at rest for ten looks at it."""
    until, seen, in_a_row = time.monotonic() + within, None, 0
    while in_a_row < 10 and time.monotonic() < until:
        page.wait_for_timeout(60)
        seen = state(page)
        in_a_row = in_a_row + 1 if seen == wanted and page.locator(IDLE).count() else 0
    assert in_a_row == 10, f"shown is {seen}, wanted {wanted}"


def default_of(results, layer):
    """The state of a layer that nobody has chosen a neuron of."""
    return layer, layer, layer, results[layer].largest, results[layer].largest, None


def press_quickly(page, keys, fingers):
    """Press keys 80 to 300 ms apart; the layer that comes of it."""
    slider(page).focus()
    layer = int(slider(page).input_value())
    for key in keys:
        slider(page).press(key)
        layer = min(max(layer + KEYS[key], 0), LAST)
        page.wait_for_timeout(fingers.randint(80, 300))
    return layer


@pytest.mark.parametrize("seed", range(4))
def test_the_last_press_wins(page, results, seed):
    fingers = random.Random(seed)
    layer = press_quickly(page, fingers.choices([*KEYS], k=fingers.randint(3, 8)), fingers)
    assert_settles(page, default_of(results, layer))


def by_typing(page, results):
    box(page).fill("17")
    box(page).press("Enter")
    return 17


def by_leaving_the_box(page, results):
    box(page).fill("23")
    box(page).press("Tab")
    return 23


def by_the_plot(page, results):
    neuron, place = loneliest_point(page, but=[results[2].largest])
    page.mouse.click(*place)
    return neuron


def by_the_table(page, results):
    click_table_row(page, 3)
    statistic = np.nan_to_num(results[2].tests.statistic)
    return int(np.argsort(-np.abs(statistic), kind="stable")[3])


def by_the_button(page, results):
    page.get_by_role("button", name=f"Show neuron {results[2].smallest}", exact=True).click()
    return results[2].smallest


@pytest.mark.parametrize("choose", [by_typing, by_leaving_the_box, by_the_plot, by_the_table, by_the_button])
def test_a_choice_is_dropped_with_its_layer(page, results, choose):
    """Chosen, it counts; another layer has its own default; and back in the first layer it is chosen no more."""
    layer = int(slider(page).input_value())
    fingers = random.Random(0)
    assert press_quickly(page, ["ArrowRight" if layer < 2 else "ArrowLeft"] * abs(2 - layer), fingers) == 2
    assert_settles(page, default_of(results, 2))
    neuron = choose(page, results)
    chosen(page, neuron)
    assert_settles(page, (2, 2, 2, neuron, neuron, [str(neuron)]))
    fingers = random.Random(neuron)
    layer = press_quickly(page, ["ArrowRight"] * 2, fingers)
    assert_settles(page, default_of(results, layer))
    assert press_quickly(page, ["ArrowLeft"] * 2, fingers) == 2
    assert_settles(page, default_of(results, 2))


@pytest.mark.parametrize("seed", range(3))
def test_a_number_typed_just_before_a_press_is_no_choice_for_the_next_layer(page, results, seed):
    fingers = random.Random(100 + seed)
    box(page).fill(str(fingers.randrange(results[0].n_neurons)))
    slider(page).focus()  # leaving the box sends the number
    page.wait_for_timeout(fingers.randint(0, 120))
    key = "ArrowRight" if int(slider(page).input_value()) < LAST else "ArrowLeft"
    layer = press_quickly(page, [key], fingers)
    assert_settles(page, default_of(results, layer))


# Before the run of the press has begun, while it goes on, and when it is done.
@pytest.mark.parametrize("pause", [0, 60, 150, 400])
def test_leaving_the_page_at_once_chooses_nothing(page, results, pause):
    """The browser still holds the old layer's neuron when the link to another page is pressed."""
    key = "ArrowRight" if int(slider(page).input_value()) < LAST else "ArrowLeft"
    slider(page).focus()
    slider(page).press(key)
    layer = int(slider(page).input_value())
    page.wait_for_timeout(pause)
    follow(page, "Words")
    follow(page, "Neurons")
    assert_settles(page, default_of(results, layer))
