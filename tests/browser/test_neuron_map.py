"""The map of all neurons in a real browser: a click lands on its neuron, the zoom stays, a saved picture has points."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.experiment import run_steps
from core.models import load_model
from core.records import ContrastSpec
from core.report.figures.neuron_map import VIEWS, band_heights
from core.report.readable import readable_auc, readable_p, signed
from core.whole_model import measure_layers
from tests.support.browser import require_browser, wait_until_idle
from tests.support.visits import arrive, bring_into_view, visit

require_browser()

QUERY = "layer=2&n_target=60&n_baseline=60"
SPEC = ContrastSpec.careful(layer=2, n_target=60, n_baseline=60)
N = 512


@pytest.fixture(scope="module")
def found():
    lm = load_model("bundled")
    read, tests, adjusted, _ = run_steps(SPEC, lm, range(lm.n_layers))
    return measure_layers(SPEC, lm.info, read, tests, adjusted)


def open_map(page, app, view):
    page.goto(f"{app}/Layers?{QUERY}&map={view}&neuron=17")
    arrive(page, "Layers")
    page.locator("canvas.point-cloud").wait_for()
    wait_marked(page, "layer 2, 17")
    plot = page.locator(f".st-key-neuron_map_{view} .js-plotly-plot")
    bring_into_view(plot)
    return plot


def wait_marked(page, label):
    page.wait_for_function("label => document.querySelector('.plot-marks .selected')?.textContent === label", arg=label)


def in_window(plot, x, y):
    """Where points are in the window: (n_points, 2), NaN outside of the axes."""
    left, right, low, high, box = plot.evaluate(
        """plot => {
            const { xaxis, yaxis } = plot._fullLayout, frame = plot.getBoundingClientRect();
            const [x, y] = [frame.x + xaxis._offset, frame.y + yaxis._offset];
            const ends = [xaxis.range[0], xaxis.range[1], yaxis.range[0], yaxis.range[1]].map(Number);
            return [...ends, [x, y, xaxis._length, yaxis._length]];
        }"""
    )
    places = np.stack([(x - left) / (right - left) * box[2], (high - y) / (high - low) * box[3]], axis=1)
    places[(places < 10).any(axis=1) | (places > np.array(box[2:]) - 10).any(axis=1)] = np.nan
    return places + box[:2]


def loneliest(places, of):
    """The point, of some, that is farthest from all others."""
    distance = np.linalg.norm(places[of][:, None] - places[None], axis=-1)
    distance[np.arange(len(of)), of] = np.nan
    nearest = np.nan_to_num(np.nanmin(distance, axis=1), nan=-1)
    return int(of[nearest.argmax()])


@pytest.mark.parametrize("view", VIEWS)
def test_a_click_in_the_map_lands_on_that_neuron_and_keeps_the_zoom(app, found, view):
    statistic = found.tests.statistic.ravel()
    x = np.tile(np.arange(N), 6) if view == "layers" else found.tests.auc.ravel()
    y = band_heights(found).ravel() if view == "layers" else statistic
    with visit(1440, 1400) as page:
        plot = open_map(page, app, view)
        frame = plot.locator(".nsewdrag").first.bounding_box()
        page.mouse.move(frame["x"] + 0.5 * frame["width"], frame["y"] + 3)
        page.mouse.down()
        page.mouse.move(frame["x"] + frame["width"] - 4, frame["y"] + frame["height"] - 3, steps=5)
        page.mouse.up()
        low = 0.3 * (N if view == "layers" else 1)
        page.wait_for_function(
            "([plot, low]) => plot._fullLayout.xaxis.range[0] > low", arg=[plot.element_handle(), low]
        )
        page.wait_for_timeout(400)  # plotly takes two presses within 300 ms for a double click
        zoomed = plot.evaluate("plot => plot._fullLayout.xaxis.range")
        for layer in (4, 2):
            i = loneliest(in_window(plot, x, y), np.arange(N * layer, N * (layer + 1)))
            neuron = i % N
            page.mouse.move(*in_window(plot, x, y)[i])
            shown = page.locator(".point-tip").inner_text()
            expected = f"t = {signed(statistic[i])}, g = {signed(found.hedges_g.ravel()[i])}, adjusted p = "
            aucs = [readable_auc(auc.ravel()[i]) for auc in (found.auc_before, found.auc_after)]
            assert shown.startswith(f"Neuron {neuron} of layer {layer}") and expected in shown, shown
            assert f"adjusted p = {readable_p(found.log10_p_adjusted.ravel()[i])}" in shown
            assert f"AUC before the nonlinearity {aucs[0]}, after {aucs[1]}" in shown
            page.mouse.click(*in_window(plot, x, y)[i])
            page.wait_for_url(re.compile(rf"[?&]layer={layer}&.*[?&]?neuron={neuron}(&|$)"))
            wait_until_idle(page)
            wait_marked(page, f"layer {layer}, {neuron}")
            assert page.get_by_role("slider", name="Layer").input_value() == str(layer)
            assert page.get_by_role("spinbutton", name="Neuron", exact=True).input_value() == str(neuron)
            assert plot.evaluate("plot => plot._fullLayout.xaxis.range") == zoomed
        page.get_by_test_id("stMain").get_by_role("link", name=f"What does neuron {neuron} do?").first.click()
        arrive(page, "Neurons")
        assert page.get_by_role("heading", name=f"Neuron {neuron}", exact=True).is_visible()


def test_every_neuron_is_drawn_without_webgl(app, found):
    """The points need no graphics card and no WebGL, which not every classroom computer has."""
    with visit(1440, 1400) as page:
        page.add_init_script(
            """const { getContext } = HTMLCanvasElement.prototype;
            HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
                return kind.includes("webgl") ? null : getContext.call(this, kind, ...more);
            };"""
        )
        plot = open_map(page, app, "layers")
        x, y = np.tile(np.arange(N), 6), band_heights(found).ravel()
        ends = plot.evaluate("plot => [plot._fullLayout.xaxis._offset, plot._fullLayout.yaxis._offset]")
        box = plot.bounding_box()
        inside = in_window(plot, x, y) - [box["x"] + ends[0], box["y"] + ends[1]]
        statistic, filled = found.tests.statistic, ~(found.silent | found.reverses)
        strongest = [int(np.nanargmax(np.where(filled, sign * statistic, np.nan))) for sign in (1, -1)]
        seen = plot.evaluate(
            """(plot, places) => {
                const canvas = plot.querySelector("canvas.point-cloud"), scale = devicePixelRatio;
                const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                return places.map(([x, y]) => {
                    const around = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => [dx, dy]));
                    return around.some(([dx, dy]) => {
                        const pixel = Math.round(y * scale + dy) * width + Math.round(x * scale + dx);
                        return data[4 * pixel + 3] > 0;
                    });
                });
            }""",
            inside[np.isfinite(inside).all(axis=1)].tolist(),
        )
        colours = plot.evaluate(
            """(plot, places) => {
                const canvas = plot.querySelector("canvas.point-cloud"), scale = devicePixelRatio;
                const context = canvas.getContext("2d");
                return places.map(([x, y]) => [...context.getImageData(x * scale, y * scale, 1, 1).data]);
            }""",
            [inside[i].tolist() for i in strongest],
        )
        assert [max(range(3), key=pixel.__getitem__) for pixel in colours] == [0, 2], f"orange and blue: {colours}"
        assert len(seen) > 2_900 and np.mean(seen) > 0.98, "but for hollow ones, at whose middle is nothing"


def test_a_saved_map_has_its_points(app):
    with visit(1440, 1400) as page:
        open_map(page, app, "auc")
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save “Every neuron of the model: statistic and AUC” as SVG").click()
        written = saved.value.path().read_text(encoding="utf-8")
        [image] = re.findall(r'<image[^>]*href="data:image/png;base64,([^"]+)"', written)
        assert len(image) > 20_000 and "layer 2, 17" in written and "AUC of nouns over verbs" in written
