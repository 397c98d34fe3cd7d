"""Compare in a browser: a link opens the same figures elsewhere, number for number, and a click selects a neuron."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from tests.support.browser import wait_until_idle
from tests.support.visits import bring_into_view, new_page_like, visit, wait_marked

LINK = "Compare?layer=2&n_target=60&n_baseline=60&b_hook_side=activation&b_alpha=0.01&neuron=7"
PLOT = ".st-key-agreement_plot .js-plotly-plot"
POINTS = "g => g.calcdata[0].map(point => [point.x, point.y])"


def arrive(page):
    page.get_by_role("heading", name="Compare", exact=True, level=1).wait_for()
    page.locator(f"{PLOT} .scatterlayer .point").first.wait_for()
    page.locator(".heatmap .panel .token").first.wait_for()
    for key in ("agreement_parts", "extremes_table"):
        page.locator(f".st-key-{key} canvas td").first.wait_for(state="attached")
    wait_until_idle(page)


def numbers_of(page):
    """Every number of the page: metrics, plots, tables, the headlines of A and B, and what the text's blocks say."""
    return {
        "metrics": page.locator(".st-key-agreement_numbers [data-testid='stMetricValue']").all_inner_texts(),
        "points": page.locator(PLOT).evaluate(POINTS),
        "depth": page.locator(".st-key-depth_plot .js-plotly-plot").evaluate(
            "g => g.calcdata.map(trace => trace.map(point => [point.x, point.y]))"
        ),
        "experiments": [page.locator(f".st-key-experiment_{name}").inner_text() for name in "ab"],
        "tables": {
            key: page.locator(f".st-key-{key} canvas").all_text_contents()
            for key in ("agreement_parts", "extremes_table")
        },
        "blocks": page.locator(".heatmap .panel").all_inner_texts(),
    }


def files_of(page):
    """What *Export* saves of both: each neuron in A and in B, and how far they agree, with all digits."""
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_test_id("stPopoverBody").locator(".st-key-agreement_csv").wait_for()
    wait_until_idle(page)
    saved = []
    for key in ("agreement_csv", "agreement_json"):
        with page.expect_download() as download:
            page.get_by_test_id("stPopoverBody").locator(f".st-key-{key} button").first.click()
        saved.append(Path(download.value.path()).read_text(encoding="utf-8-sig"))
    page.keyboard.press("Escape")
    return saved


def test_a_link_opens_the_same_figures_and_a_click_selects_a_neuron(app):
    with visit() as page:
        page.goto(f"{app}/{LINK}")
        arrive(page)
        before = numbers_of(page)
        assert len(before["metrics"]) == 4 and len(before["points"]) == 512
        assert "significant" in "".join(before["tables"]["agreement_parts"])
        assert "A, largest" in "".join(before["tables"]["extremes_table"])
        saved = files_of(page)
        assert len(saved[0].splitlines()) == 513 and len(json.loads(saved[1])["agreement"]["extremes"]) == 4
        page.get_by_role("button", name="Share", exact=True).click()
        shared = page.get_by_role("textbox", name="Link", exact=True).input_value()
        assert "b_hook_side=activation" in shared and "b_alpha=0.01" in shared
        page.keyboard.press("Escape")
        with new_page_like(page) as other:
            other.goto(shared)
            arrive(other)
            assert numbers_of(other) == before
            assert files_of(other) == saved
        bring_into_view(page.locator(PLOT))
        places = page.locator(PLOT).evaluate(
            """g => {
                const { xaxis, yaxis } = g._fullLayout, box = g.getBoundingClientRect();
                return g.calcdata[0].map(p => [box.left + xaxis._offset + xaxis.d2p(p.x),
                                               box.top + yaxis._offset + yaxis.d2p(p.y)]);
            }"""
        )
        distances = np.linalg.norm(np.array(places)[:, None] - np.array(places)[None], axis=-1)
        np.fill_diagonal(distances, np.inf)
        neuron = int(distances.min(axis=1).argmax())
        page.mouse.move(*places[neuron])
        page.mouse.click(*places[neuron])
        wait_marked(page, neuron, ".st-key-agreement_plot")
        page.wait_for_url(re.compile(rf"[?&]neuron={neuron}(&|$)"))
