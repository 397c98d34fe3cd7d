"""Numbers as a browser shows them: what its own code writes is what core writes, and no hyphen is a minus sign."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from core.experiment import run_contrast
from core.models import load_model
from core.records import ContrastSpec
from core.report.readable import readable_number, readable_p, signed
from tests.support.browser import ROOT, chromium_page, require_browser
from tests.support.three_digits import SPECIAL, values
from tests.support.visits import arrive, scatter, visit

require_browser()

QUERY = "layer=2&n_target=60&n_baseline=60"
SPEC = ContrastSpec.careful(layer=2, n_target=60, n_baseline=60)


@pytest.fixture(scope="module")
def result():
    return run_contrast(SPEC, load_model("bundled"))


def test_the_script_of_the_heatmap_writes_as_core_does():
    script = (ROOT / "ui/token_heatmap/numbers.js").read_text(encoding="utf-8")
    numbers = [*values(), *SPECIAL]
    singles = np.random.default_rng(5).normal(size=2_000).astype(np.float32).tolist()  # what the component is sent
    sent = [*(number for number in numbers if math.isfinite(number)), *singles]
    with chromium_page(400, 300) as page:
        shown = page.evaluate(f"numbers => {{ {script}; return numbers.map(readableNumber); }}", sent)
        special = page.evaluate(f"() => {{ {script}; return [NaN, Infinity, -Infinity, -0].map(readableNumber); }}")
    assert special == [readable_number(value) for value in (math.nan, math.inf, -math.inf, -0.0)]
    assert json.dumps(shown) == json.dumps([readable_number(number) for number in sent])


@pytest.mark.parametrize("plot", ["", "&plot=volcano"])
def test_a_hover_has_three_digits_and_true_minus_signs(app, result, plot):
    neuron = result.smallest
    with visit(1440, 1600) as page:
        page.goto(f"{app}/Neurons?{QUERY}{plot}")
        arrive(page, "Neurons")
        place = scatter(page).evaluate(
            """(plot, i) => {
                const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect(), p = plot.calcdata[0][i];
                return [box.left + xaxis._offset + xaxis.d2p(p.x), box.top + yaxis._offset + yaxis.d2p(p.y)];
            }""",
            neuron,
        )
        page.mouse.move(*place)
        hover = page.locator(".hoverlayer .hovertext").filter(has_text=f"Neuron {neuron}")
        hover.wait_for()
        said = hover.text_content()
    assert f"t = {signed(result.tests.statistic[neuron])}" in said
    assert f"g = {signed(result.effect_sizes.hedges_g[neuron])}" in said
    assert f"adjusted p = {readable_p(result.log10_p_adjusted[neuron])}, " in said
    assert "-" not in said
