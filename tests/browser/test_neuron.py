"""The neuron goes along, in a real browser: all ways that lead to one, the zoom, the tick, and a typed number."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.experiment import run_contrast
from core.models import load_model
from core.records import ContrastSpec
from tests.support.browser import require_browser, wait_until_idle
from tests.support.visits import (
    arrive,
    bring_into_view,
    chosen,
    click_table_row,
    follow,
    heading,
    loneliest_point,
    scatter,
    visit,
    wait_marked,
    x_range,
)

require_browser()

QUERY = "layer=2&n_target=60&n_baseline=60"
SPEC = ContrastSpec.careful(layer=2, n_target=60, n_baseline=60)


@pytest.fixture(scope="module")
def result():
    return run_contrast(SPEC, load_model("bundled"))


@pytest.fixture(scope="module")
def order(result):
    """The neurons in the table's order."""
    return np.argsort(-np.abs(np.nan_to_num(result.tests.statistic)), kind="stable").tolist()


def zoom(page):
    """Draw a rectangle in the plot, and return the range that it left."""
    whole = x_range(page)
    bring_into_view(scatter(page))
    frame = scatter(page).locator(".nsewdrag").first.bounding_box()
    page.mouse.move(frame["x"] + 0.3 * frame["width"], frame["y"] + 5)
    page.mouse.down()
    page.mouse.move(frame["x"] + 0.6 * frame["width"], frame["y"] + frame["height"] - 5, steps=5)
    page.mouse.up()
    page.wait_for_function(
        "([plot, low]) => plot._fullLayout.xaxis.range[0] > low + 9", arg=[scatter(page).element_handle(), whole[0]]
    )
    page.wait_for_timeout(400)  # plotly takes two presses within 300 ms for a double click
    return x_range(page)


def wait_ticked(page, rows):
    page.wait_for_function(
        """rows => {
            const frame = document.querySelector(".st-key-neurons_table [data-testid='stDataFrame']");
            const drawn = frame?.querySelectorAll("canvas [role='row']") ?? [];
            const ticked = [...drawn].filter(row => row.ariaSelected === "true").map(row => row.ariaRowIndex - 2);
            return drawn.length && JSON.stringify(ticked) === rows;
        }""",
        arg=str(rows).replace(" ", ""),
    )


def number(page):
    return page.get_by_role("spinbutton", name="Neuron", exact=True)


def test_zoom_and_tick_follow_whichever_way_a_neuron_is_chosen(app, result, order):
    with visit(1440, 1400) as page:
        page.goto(f"{app}/Neurons?{QUERY}&pinned={order[4]}")
        arrive(page, "Neurons")
        wait_marked(page, result.largest)
        wait_ticked(page, [order.index(result.largest)])
        zoomed = zoom(page)

        clicked, place = loneliest_point(page, but=[*order[:9]])
        page.mouse.click(*place)
        chosen(page, clicked)
        wait_ticked(page, [])  # far below
        assert x_range(page) == zoomed

        click_table_row(page, 3, x=260)
        chosen(page, order[3])
        wait_ticked(page, [3])
        assert x_range(page) == zoomed

        click_table_row(page, 6)
        chosen(page, order[6])
        wait_ticked(page, [6])
        assert x_range(page) == zoomed

        number(page).fill(str(order[1]))
        number(page).press("Enter")
        chosen(page, order[1])
        wait_ticked(page, [1])

        page.get_by_role("button", name=f"Show neuron {result.smallest}", exact=True).click()
        chosen(page, result.smallest)
        wait_ticked(page, [order.index(result.smallest)])
        assert x_range(page) == zoomed

        page.get_by_test_id("stButtonGroup").get_by_text(re.compile(rf"^[▲▼] {order[4]}$")).click()
        chosen(page, order[4])
        wait_ticked(page, [4])
        assert x_range(page) == zoomed

        bring_into_view(scatter(page))
        again, place = loneliest_point(page, but=[*order[:9]])
        page.mouse.click(*place)
        chosen(page, again)
        wait_marked(page, again)
        assert x_range(page) == zoomed


def test_a_double_click_zooms_out_and_keeps_the_neuron(app):
    with visit(1440, 1400) as page:
        page.goto(f"{app}/Neurons?{QUERY}&neuron=17")
        arrive(page, "Neurons")
        whole, _ = x_range(page), zoom(page)
        frame = scatter(page).locator(".nsewdrag").first.bounding_box()
        page.mouse.dblclick(frame["x"] + 4, frame["y"] + 4)
        page.wait_for_function(
            "([plot, low]) => Math.abs(plot._fullLayout.xaxis.range[0] - low) < 1",
            arg=[scatter(page).element_handle(), whole[0]],
        )
        wait_until_idle(page)
        chosen(page, 17)
        wait_marked(page, 17)


def test_marks_stand_on_their_points_after_a_zoom(app):
    places = """plot => {
        const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
        const [ring] = [...plot.querySelectorAll(".plot-marks circle")].slice(-1), point = plot.calcdata[0][17];
        const at = ring.getBoundingClientRect();
        return [
            [at.x + at.width / 2 - box.x, at.y + at.height / 2 - box.y],
            [xaxis._offset + xaxis.c2p(point.x), yaxis._offset + yaxis.c2p(point.y)],
        ];
    }"""
    with visit(1440, 1400) as page:
        for plot in ("index", "volcano"):
            page.goto(f"{app}/Neurons?{QUERY}&neuron=17&plot={plot}")
            arrive(page, "Neurons")
            wait_marked(page, 17)
            for _ in range(2):
                mark, point = scatter(page).evaluate(places)
                assert np.allclose(mark, point, atol=1)
                frame = scatter(page).locator(".nsewdrag").first.bounding_box()
                box = scatter(page).bounding_box()
                x, y = point[0] + box["x"], point[1] + box["y"]
                page.mouse.move(max(x - 120, frame["x"] + 2), max(y - 60, frame["y"] + 2))
                page.mouse.down()
                page.mouse.move(x + 80, min(y + 60, frame["y"] + frame["height"] - 2), steps=5)
                page.mouse.up()
                page.wait_for_timeout(500)


def test_a_press_in_the_profile_goes_to_the_layer(app):
    with visit(1440, 1400) as page:
        page.goto(f"{app}/Neurons?{QUERY}")
        arrive(page, "Neurons")
        profile = page.locator(".st-key-layer_profile .js-plotly-plot")
        bring_into_view(profile)
        for layer in (4, 0):
            x, y = profile.evaluate(
                """(plot, layer) => {
                    const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
                    return [box.x + xaxis._offset + xaxis.c2p(layer), box.y + yaxis._offset + yaxis._length / 2 - 9];
                }""",
                layer,
            )
            page.mouse.move(x, y)
            page.mouse.click(x, y)
            page.wait_for_url(re.compile(rf"[?&]layer={layer}(&|$)"))
            page.get_by_text(re.compile(rf"neurons in layer {layer} differ")).wait_for()
            arrive(page, "Neurons")
            bring_into_view(profile)
        assert page.get_by_role("slider", name="Layer").input_value() == "0"


def test_a_click_counts_only_in_the_figure_on_the_screen(app):
    """A slow browser may still show the last layer's figure when all else on the page is of the next one."""
    with visit(1440, 1400) as page:
        page.goto(f"{app}/Neurons?{QUERY}")
        arrive(page, "Neurons")
        last = scatter(page).evaluate("plot => plot.layout.meta")
        page.goto(f"{app}/Neurons?{QUERY.replace('layer=2', 'layer=3')}&neuron=17")
        arrive(page, "Neurons")
        wait_marked(page, 17)
        other, place = loneliest_point(page, but=[17])
        now = scatter(page).evaluate("(plot, last) => [plot.layout.meta, plot.layout.meta = last][0]", last)
        assert now and last and now != last
        page.mouse.click(*place)
        page.wait_for_timeout(1000)
        wait_until_idle(page)
        assert heading(page, 17).is_visible() and "neuron=17" in page.url
        scatter(page).evaluate("(plot, now) => { plot.layout.meta = now; }", now)
        page.mouse.click(*place)
        chosen(page, other)


def test_from_home_and_from_a_column_of_words(app, result):
    with visit(1440, 1400) as page:
        page.goto(f"{app}/?{QUERY}")
        arrive(page, "Home")
        page.get_by_role("button", name=f"Show neuron {result.smallest}", exact=True).click()
        arrive(page, "Neurons")
        chosen(page, result.smallest)
        page.go_back()
        arrive(page, "Home")  # one press

        follow(page, "Words")
        page.get_by_role("tab", name="Words by neurons").click()
        image = page.locator(".st-key-words_image .js-plotly-plot")
        for choice, n_columns in (("All", result.n_neurons), ("30 of each sign", 30 + 1 + 30)):  # with a gap between
            page.get_by_test_id("stButtonGroup").get_by_text(choice, exact=True).click()
            page.mouse.move(0, 0)
            page.wait_for_function(
                "n => document.querySelector('.st-key-words_image .js-plotly-plot')?.data?.[0].x.length === n",
                arg=n_columns,
            )
            wait_until_idle(page)
            bring_into_view(image)
            page.wait_for_timeout(500)
            where = image.evaluate(
                """plot => {
                    const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
                    return [box.x + xaxis._offset + xaxis._length / 3, box.y + yaxis._offset + 40];
                }"""
            )
            page.mouse.move(*where)
            told = page.locator(".hoverlayer .hovertext").filter(has_text="neuron ")
            neuron = int(re.search(r"neuron (\d+)", told.first.text_content())[1])
            page.mouse.click(*where)
            page.wait_for_url(re.compile(rf"[?&]neuron={neuron}(&|$)"))
            wait_until_idle(page)
            page.wait_for_function(
                "n => document.querySelector('.st-key-words_image .plot-marks .selected')?.textContent === n",
                arg=str(neuron),
            )
        page.get_by_test_id("stMain").get_by_role("link", name=f"What does neuron {neuron} do?").filter(
            visible=True
        ).first.click()
        arrive(page, "Neurons")
        assert heading(page, neuron).is_visible()


def test_44_and_enter_add_neuron_44_to_the_coloured_ones(app):
    with visit(1440, 1400) as page:
        page.goto(f"{app}/Text_heatmap?{QUERY}&pinned=440")
        arrive(page, "Text heatmap")
        box = page.get_by_role("combobox", name="Neurons in colour")
        for typed, expected in (("44", "440,44"), ("44", "440,44"), ("4", "440,44,4"), ("9999", "440,44,4")):
            box.click()
            box.press_sequentially(typed)
            box.press("Enter")
            wait_until_idle(page)
            page.wait_for_url(re.compile(rf"[?&]pinned={expected.replace(',', '(%2C|,)')}(&|$)"))
        page.get_by_text(re.compile("“9999” is no neuron of this layer: a whole number from 0 to ")).wait_for()
        titles = page.locator(".heatmap .block .title")
        assert [titles.nth(i).text_content().split(" ")[1] for i in range(titles.count())] == ["440", "44", "4"]


def test_the_bar_fits_a_phone(app):
    with visit(390, 844) as page:
        for path in ("", "Neurons", "Words", "Text_heatmap", "Evidence"):
            page.goto(f"{app}/{path}?{QUERY}&neuron=17&pinned=7,120,375,5,6,9")
            page.locator(".st-key-neuron_bar").wait_for()
            wait_until_idle(page)
            bar = page.locator(".st-key-neuron_bar").bounding_box()
            assert bar["x"] >= 0 and bar["x"] + bar["width"] <= 390, path
            inside = page.locator(".st-key-neuron_bar").evaluate("bar => bar.scrollWidth - bar.clientWidth")
            assert inside <= 0, path
