"""The finder in a real browser: a filter is typed, a head of a column sorts, and a row leads to its neuron."""

from __future__ import annotations

import re

import numpy as np

from core.experiment import run_steps
from core.models import load_model
from core.records import ContrastSpec
from core.whole_model import measure_layers
from tests.support.browser import require_browser, wait_until_idle
from tests.support.visits import bring_into_view, visit

require_browser()

QUERY = "layer=2&n_target=40&n_baseline=40"
SPEC = ContrastSpec.careful(layer=2, n_target=40, n_baseline=40)


def click_in(page, row, x):
    """Click a row of the table, -1 for the heads of its columns."""
    drawn = page.locator("[class*='st-key-finder_table'] [data-testid='stDataFrame']")
    drawn.wait_for()
    bring_into_view(drawn)
    box = drawn.bounding_box()
    page.mouse.click(box["x"] + x, box["y"] + 35 * (row + 1) + 17)
    wait_until_idle(page)


def test_a_typed_filter_leads_to_a_neuron(app):
    lm = load_model("bundled")
    *steps, _ = run_steps(SPEC, lm, range(lm.n_layers))
    every = measure_layers(SPEC, lm.info, *steps)
    fits = np.argwhere(every.strong & (every.auc_after >= 0.9)).tolist()
    with visit(1440, 1600) as page:
        page.goto(f"{app}/Layers?{QUERY}")
        page.get_by_role("heading", name="Find neurons").wait_for()
        box = page.get_by_role("textbox", name="Filter")
        box.fill("strong and auc_after >= 0.9")
        box.press("Enter")
        page.get_by_text(re.compile(rf"^{len(fits)} of 3,072 neurons of 6 layers fit")).wait_for()
        wait_until_idle(page)
        click_in(page, -1, 98)  # the numbers of the neurons, left of the menu
        page.wait_for_url(re.compile(r"[?&]sort=neuron"))
        layer, neuron = sorted(fits, key=lambda place: (place[1], place[0]))[1]
        click_in(page, 1, 300)
        page.wait_for_url(re.compile(rf"[?&]layer={layer}&.*[?&]neuron={neuron}(&|$)"))
        assert "filter=strong" in page.url and box.input_value() == "strong and auc_after >= 0.9"
