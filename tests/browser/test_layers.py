"""The Layers page in a browser: a press anywhere in a layer's column goes to that layer."""

from __future__ import annotations

import re

from tests.support.browser import require_browser, wait_until_idle
from tests.support.visits import SECONDS, arrive, bring_into_view, visit

require_browser()
QUERY = "layer=2&n_target=40&n_baseline=40&target=singular-nouns"  # no tag stands for these: no long reading
CHARTS = ("layer_counts", "layer_strength", "layer_spread")
PLACE = """(plot, layer) => {
    const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
    return [box.x + xaxis._offset + xaxis.c2p(layer), box.y + yaxis._offset + yaxis._length / 4];
}"""


def test_a_press_in_a_column_goes_to_the_layer(app):
    with visit(1440, 1400) as page:
        page.goto(f"{app}/Layers?{QUERY}")
        arrive(page, "Layers")
        for chart, layer in zip(CHARTS, (4, 0, 5), strict=True):
            plot = page.locator(f".st-key-{chart} .js-plotly-plot")
            bring_into_view(plot)
            # Between two bars, boxes or points, too: the column is as wide as the layer.
            x, y = plot.evaluate(PLACE, layer + 0.42 if layer < 5 else layer)
            page.mouse.move(x, y)
            page.locator(f".st-key-{chart} .hoverlayer").get_by_text(f"Layer {layer}").first.wait_for()
            page.mouse.click(x, y)
            page.wait_for_url(re.compile(rf"[?&]layer={layer}(&|$)"))
            page.get_by_text(re.compile(rf"neurons in layer {layer} differ")).wait_for()
            wait_until_idle(page)
            place = plot.evaluate(PLACE, layer)
            for one in CHARTS:
                page.locator(f".st-key-{one} .plot-marks .band").first.wait_for()
            bring_into_view(plot)
            band = page.locator(f".st-key-{chart} .plot-marks .band").first.bounding_box(timeout=10 * SECONDS)
            assert band["x"] < plot.evaluate(PLACE, layer)[0] < band["x"] + band["width"], place
        assert page.get_by_role("slider", name="Layer").input_value() == "5"
