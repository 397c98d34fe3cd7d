"""The Words page in a real browser: what a hover says of a cell and of a point, and that a click selects the neuron."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats

from core.experiment import run_contrast
from core.models import load_model
from core.records import ContrastSpec
from core.report.readable import readable_number, signed
from tests.support.browser import require_browser, wait_until_idle
from tests.support.visits import arrive, bring_into_view, visit, wait_marked

require_browser()

QUERY = "layer=2&n_target=60&n_baseline=60"
SPEC = ContrastSpec.careful(layer=2, n_target=60, n_baseline=60)
IMAGE, MEANS = ".st-key-words_image", ".st-key-mean_activations"


@pytest.fixture(scope="module")
def result():
    return run_contrast(SPEC, load_model("bundled"))


def open_tab(page, app, name, plot, query=QUERY):
    page.goto(f"{app}/Words?{query}")
    arrive(page, "Words")
    page.get_by_role("tab", name=name).click()
    drawn = page.locator(f"{plot} .js-plotly-plot")
    drawn.locator(".nsewdrag").first.wait_for()
    bring_into_view(drawn)
    page.wait_for_timeout(700)
    return drawn


def place_of_cell(plot, part, row, column):
    """The middle of a cell in the window: ``part`` is the end of its axes, "" for the target, "2" for the baseline."""
    return plot.evaluate(
        """(plot, [part, row, column]) => {
            const x = plot._fullLayout[`xaxis${part}`], y = plot._fullLayout[`yaxis${part}`];
            const box = plot.getBoundingClientRect();
            return [box.x + x._offset + x.c2p(column), box.y + y._offset + y.c2p(row)];
        }""",
        [part, row, column],
    )


def test_a_cell_says_what_it_is_and_its_column_selects_the_neuron(app, result):
    statistic = result.tests.statistic
    neuron = int(np.argsort(-statistic, kind="stable")[-3])
    row = 4
    values = np.concatenate([result.target_activations, result.baseline_activations])[:, neuron].astype(np.float64)
    assert statistic[neuron] < 0
    with visit(1440, 1000) as page:
        plot = open_tab(page, app, "Words by neurons", IMAGE)
        place = place_of_cell(plot, "2", row, 58)  # 30 columns, an empty one, and 30 from 31 to 60
        page.mouse.move(*place)
        told = page.locator(".hoverlayer .hovertext").filter(has_text=f"t = {signed(statistic[neuron])}")
        told.wait_for()
        text = told.text_content()
        assert result.words.baseline[row] in text and "(verbs)" in text and f"neuron {neuron}," in text
        z = stats.zscore(values)[len(result.words.target) + row]
        assert f"{signed(z)} standard deviations" in text
        assert f"{readable_number(values[len(result.words.target) + row])} (pre-activation)" in text
        assert "-" not in text.replace("pre-activation", "")
        page.mouse.click(*place)
        page.wait_for_url(re.compile(rf"[?&]neuron={neuron}(&|$)"))
        wait_until_idle(page)
        wait_marked(page, neuron, IMAGE)


def test_the_empty_column_selects_nothing(app):
    with visit(1440, 1000) as page:
        plot = open_tab(page, app, "Words by neurons", IMAGE, f"{QUERY}&neuron=17")
        page.mouse.move(*place_of_cell(plot, "", 4, 30))
        page.mouse.click(*place_of_cell(plot, "", 4, 30))
        page.wait_for_timeout(700)
        wait_until_idle(page)
        assert "neuron=17" in page.url


def test_a_point_of_the_means_says_both_and_selects_its_neuron(app, result):
    neuron = result.smallest
    with visit(1440, 1000) as page:
        plot = open_tab(page, app, "Mean activation", MEANS)
        ends = plot.evaluate(
            "p => [p._fullLayout.xaxis, p._fullLayout.yaxis].map(axis => axis._length / "
            "(axis.range[1] - axis.range[0]))"
        )
        assert ends[0] == pytest.approx(ends[1], rel=0.01), "as many pixels for a unit in both directions"
        place = plot.evaluate(
            """(plot, n) => {
                const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect(), p = plot.calcdata[0][n];
                return [box.x + xaxis._offset + xaxis.c2p(p.x), box.y + yaxis._offset + yaxis.c2p(p.y)];
            }""",
            neuron,
        )
        page.mouse.move(*place)
        told = page.locator(".hoverlayer .hovertext").filter(has_text=f"Neuron {neuron} ").first
        told.wait_for()
        up, right = (
            float(re.search(rf"mean of {name} ([−\d.]+)", told.text_content())[1].replace("−", "-"))
            for name in ("nouns", "verbs")
        )
        assert "-" not in told.text_content(), "plotly's own minus sign is a hyphen, unless an axis formats"
        assert up - right == pytest.approx(result.tests.mean_difference[neuron], abs=0.02)
        page.mouse.click(*place)
        page.wait_for_url(re.compile(rf"[?&]neuron={neuron}(&|$)"))
        wait_marked(page, neuron, MEANS)


@pytest.mark.parametrize("n_words", [60, 2])
def test_labels_do_not_meet_on_a_phone(app, n_words):
    with visit(390, 844) as page:
        plot = open_tab(page, app, "Words by neurons", IMAGE, QUERY.replace("60", str(n_words)))
        meeting = plot.evaluate(
            """plot => {
                const meet = (a, b, side, end) => a[side] < b[end] - 1 && b[side] < a[end] - 1;
                const count = (selector, side, end) => {
                    const all = [...plot.querySelectorAll(selector)].map(e => e.getBoundingClientRect());
                    const pairs = all.flatMap((a, i) => all.slice(i + 1).filter(b => meet(a, b, side, end)));
                    return [all.length, pairs.length];
                };
                const titles = [...plot.querySelectorAll(".annotation")].map(e => e.getBoundingClientRect());
                return {
                    neurons: count(".x2tick text", "left", "right"), words: count(".ytick text", "top", "bottom"),
                    titles: [titles.length, titles.filter(t => t.right > innerWidth).length],
                    apart: titles[1].top - titles[0].bottom,
                };
            }"""
        )
        assert meeting["titles"] == [2, 0] and meeting["apart"] > 0, meeting
        for labels, met in (meeting["neurons"], meeting["words"]):
            assert labels > 1 and met == 0, meeting
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
