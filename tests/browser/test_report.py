"""The report in a browser without a network: its plots live, its numbers are the table's, and a word is no markup."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.comparison import shuffled_points
from core.documents import report
from core.experiment import layer_counts, model_of, run_steps
from core.records import ContrastResult, ContrastSpec
from core.report.html_report.sections import STRONGEST
from core.report.tables import contrast_csv
from tests.support.browser import chromium_page

# Words and a name that are markup or code for whatever shows them as such.
HOSTILE = ('<script>document.title="broken"</script>', "<img src=x onerror=alert(1)>", "&amp;", "'\"", "</script>")
OPTIONS = {"n_target": 12, "n_baseline": 12, "word_source": "bundled"}


@pytest.fixture(scope="module")
def result_and_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[ContrastResult, Path]:
    """A contrast of a list of hostile words, and its report as a file."""
    spec = ContrastSpec.notebook(
        **OPTIONS, target="custom", target_words=(*HOSTILE, "time", "people", "way", "day", "man", "thing"), layer=2
    ).changed(target_name=HOSTILE[1][:40], n_target=11, n_baseline=11)
    lm = model_of(spec, None)
    activations, tests, adjusted, result = run_steps(spec, lm, range(lm.n_layers))
    chance = shuffled_points(spec, activations)
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(report(result, layer_counts(spec, tests, adjusted), chance, [7]), encoding="utf-8")
    return result, file


@pytest.fixture(scope="module", params=[("light", 1440), ("dark", 390)], ids=["light", "dark and narrow"])
def opened(request: pytest.FixtureRequest, result_and_file: tuple[ContrastResult, Path]) -> Iterator:
    """The file, opened by a double click; whatever the page says or asks for."""
    theme, width = request.param
    with chromium_page(width, color_scheme=theme, offline=True) as page:
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda one: asked.append(one.url))
        page.goto(result_and_file[1].as_uri())
        page.wait_for_selector("body[data-drawn]", timeout=60_000)
        yield page, said, asked, theme


def test_nothing_is_asked_for_and_nothing_fails(opened, result_and_file) -> None:
    page, said, asked, _ = opened
    assert said == []
    assert asked == [result_and_file[1].as_uri()]
    assert page.title() != "broken"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_all_neurons_are_drawn_with_their_values(opened, result_and_file) -> None:
    """Points on the screen, and plotly's own data, against the record."""
    (page, *_), result = opened, result_and_file[0]
    drawn = page.evaluate(
        "[...document.querySelectorAll('.plot')].map(plot => plot.querySelectorAll('.scatterlayer .point').length)"
    )
    assert drawn[:3] == [512, 1024, 0]  # the volcano has what chance looks like too
    values = page.evaluate("document.querySelector('#plot-0').data[0].y")
    np.testing.assert_allclose(values, result.tests.statistic, rtol=1e-6)
    titles = page.locator("figure h2").all_inner_texts()
    assert titles[3:] == [f"Neuron {neuron}" for neuron in (7, result.largest, result.smallest)]


def test_the_plots_have_the_colours_of_the_theme(opened) -> None:
    page, _, _, theme = opened
    scale = page.evaluate("document.querySelector('#plot-0').data[0].marker.colorscale[1][1]")
    assert scale == {"light": "#D55E00", "dark": "#F28C3A"}[theme]
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 20, 24)"}[theme]


def test_a_plot_says_what_a_point_is(opened) -> None:
    page, *_ = opened
    page.evaluate("Plotly.Fx.hover('plot-0', [{curveNumber: 0, pointNumber: 7}])")
    assert "Neuron 7" in page.locator("#plot-0 .hoverlayer").text_content()


def test_the_table_has_the_numbers_of_the_csv(opened, result_and_file) -> None:
    (page, *_), result = opened, result_and_file[0]
    rows = {int(row["neuron"]): row for row in csv.DictReader(io.StringIO(contrast_csv(result)))}
    columns = {"t": "statistic", "p": "p_value", "adjusted p": "p_adjusted", "AUC": "auc", "Hedges' g": "hedges_g"}
    columns |= {"d_z": "cohens_d", "mean difference": "mean_difference", "above zero, target": "above_zero_target"}
    head = page.locator("#neurons thead th").all_text_contents()
    shown = page.evaluate(
        "[...document.querySelectorAll('#neurons tbody tr')].map(row => [...row.children].map(c => c.title))"
    )
    numbers = [int(text) for text in page.locator("#neurons tbody th").all_text_contents()]
    assert numbers[:STRONGEST] == result.order[:STRONGEST].tolist() and 7 in numbers
    for neuron, cells in zip(numbers, shown, strict=True):
        for title, name in columns.items():
            assert float(cells[head.index(title)]) == float(rows[neuron][name])


def test_words_and_names_are_text(opened, result_and_file) -> None:
    (page, *_), result = opened, result_and_file[0]
    assert page.locator("img, script[src], link, iframe").count() == 0
    assert page.locator("main script:not([type='application/json'])").count() == 0
    text = page.locator("main").text_content()
    for word in HOSTILE:
        assert word in text
    assert page.locator("h1").text_content().startswith(result.spec.target_name)


def test_on_paper_it_is_light_and_all_words_are_there(opened, result_and_file) -> None:
    page, *_ = opened
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate("document.querySelector('#plot-0').data[0].marker.colorscale[1][1]") == "#D55E00"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")


def test_all_columns_of_the_strongest_neurons_are_on_paper(result_and_file) -> None:
    """The table stands on a sheet that lies: Letter, the narrower of the usual ones, has 11 inches less its margins."""
    with chromium_page(round(96 * (11 - 2 * 10 / 25.4)), offline=True) as page:
        page.goto(result_and_file[1].as_uri())
        page.emulate_media(media="print")
        for name in ("#neurons", "#neurons thead th:last-child"):
            box = page.locator(name).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= page.viewport_size["width"], name
        assert page.locator("#neurons thead th").last.text_content() == "marks"
