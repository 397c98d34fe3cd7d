"""Every file of the Export popover, opened by a reader that knows nothing of what wrote it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.experiment import run_contrast
from core.records import ContrastSpec
from core.report.palette import THEMES, palette
from tests.support.browser import chromium_page, wait_for, wait_until_idle
from tests.support.visits import arrive, scatter, visit

SVG = "{http://www.w3.org/2000/svg}"
SPEC = ContrastSpec.careful(layer=3)
# Each token: the exact text, its background and its ink.
TOKENS = """root => [...root.querySelectorAll(".token")].map(token => {
    const body = token.matches(".body") ? token : token.querySelector(".body");
    const { backgroundColor, color } = getComputedStyle(body);
    return [token.textContent, backgroundColor, color];
})"""


@pytest.fixture(scope="module")
def result():
    return run_contrast(SPEC)


def open_export(page):
    page.get_by_role("button", name="Export").click()
    page.locator(".pictures .status").wait_for(state="attached")


def saved(page, press):
    with page.expect_download() as download:
        press()
    return download.value.path().read_bytes()


def picture(page, title, form):
    return saved(page, page.get_by_role("button", name=f"Save “{title}” as {form}", exact=True).click)


def data(page, row, form):
    """A file of the popover, by what stands before its button."""
    box = page.get_by_test_id("stPopoverBody").get_by_test_id("stHorizontalBlock").filter(has_text=row)
    return saved(page, box.get_by_role("button", name=form, exact=True).click)


def rgb(colour):
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


@pytest.mark.parametrize("theme", THEMES)
def test_a_figure_as_svg_and_png(app, theme, result, tmp_path):
    with visit(color_scheme=theme) as page:
        page.goto(f"{app}/Neurons")
        arrive(page, "Neurons")
        page.locator(".plot-marks .selected").first.wait_for()
        open_export(page)
        svg = picture(page, "Every neuron of the layer, by its statistic", "SVG")
        png = picture(page, "Every neuron of the layer, by its statistic", "PNG")
        places = scatter(page).evaluate("g => g.calcdata[0].map(p => p.y)")
    root = ElementTree.fromstring(svg)
    width, height = float(root.get("width")), float(root.get("height"))
    said = " ".join(text.text for text in root.iter(f"{SVG}text") if text.get("class") == "caption")
    assert root.find(f"{SVG}title").text in said and "Zoomed" not in said
    for part in ("layer 3", "500 nouns (413 lemmas)", "Welch's t-test, Holm over 3,072 tests", "Grammar Neurons"):
        assert part in said
    assert not root.findall(f".//{SVG}script") and b"http://127" not in svg
    np.testing.assert_allclose(places, result.tests.statistic, rtol=1e-5)

    alone = tmp_path / "figure.svg"
    alone.write_bytes(svg)
    drawn, marks = opened_alone(alone, width, height)
    # Every neuron is a point, and the higher its statistic, the higher it stands.
    assert len(drawn) == result.n_neurons
    order = np.argsort([y for _, y in drawn], kind="stable")[::-1]
    assert (np.diff(result.tests.statistic[order]) > -0.2).all()
    assert (np.diff([x for x, _ in drawn]) > 0).all()
    assert marks == [str(result.largest)]

    image = Image.open(io.BytesIO(png)).convert("RGB")
    assert image.size == (round(3 * width), round(3 * height))
    colours = {colour for _, colour in image.getcolors(maxcolors=1 << 24)}
    assert image.getpixel((2, 2)) == rgb(palette(theme)["page"])
    assert rgb(palette(theme)["ink"]) in colours


def opened_alone(file, width, height):
    """The centres of the points that a browser draws of an SVG file, in the file's units, and the marks' numbers."""
    with chromium_page(round(width), round(height)) as page:
        page.goto(file.as_uri())
        points = page.evaluate(
            """() => [...document.querySelectorAll(".scatterlayer .trace:first-child .point")].map(point => {
                const { x, y, width, height } = point.getBoundingClientRect();
                return width && height ? [x + width / 2, y + height / 2] : null;
            })"""
        )
        marks = page.evaluate("() => [...document.querySelectorAll('.plot-marks text')].map(text => text.textContent)")
    return [point for point in points if point], marks


def test_a_zoomed_figure_is_saved_as_it_stands_and_says_so(app):
    with visit() as page:
        page.goto(f"{app}/Neurons")
        arrive(page, "Neurons")
        box = scatter(page).locator(".nsewdrag").bounding_box()
        page.mouse.move(box["x"] + 60, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 260, box["y"] + 200, steps=5)
        page.mouse.up()
        page.wait_for_function("() => document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range[1] < 400")
        ticks = scatter(page).locator(".xtick text").all_text_contents()
        open_export(page)
        root = ElementTree.fromstring(picture(page, "Every neuron of the layer, by its statistic", "SVG"))
    said = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert "Zoomed in:" in said
    found = [tick.find(f"{SVG}text").text for tick in root.iter(f"{SVG}g") if tick.get("class") == "xtick"]
    assert found == ticks


def test_only_figures_that_can_be_seen_are_offered(app):
    with visit() as page:
        page.goto(f"{app}/Words?tab=image")
        arrive(page, "Words")
        page.locator(".st-key-words_image .js-plotly-plot .main-svg").first.wait_for(state="attached")
        open_export(page)
        title = "The first 100 words of each class at the 30 most extreme neurons of each sign"
        assert page.locator(".picture-title").all_text_contents() == [title]
        image = Image.open(io.BytesIO(picture(page, title, "PNG"))).convert("RGB")
        assert len(image.getcolors(maxcolors=1 << 24)) > 200, "the cells are in it"


@pytest.mark.parametrize("theme", THEMES)
def test_the_coloured_text_as_a_page_of_its_own(app, theme, tmp_path):
    with visit(color_scheme=theme) as page:
        page.goto(f"{app}/Text_heatmap")
        arrive(page, "Text heatmap")
        blocks = page.locator(".heatmap .block")
        on_page = [blocks.nth(i).evaluate(TOKENS) for i in range(blocks.count())]
        titles = page.locator(".heatmap .block .title").all_text_contents()
        box = page.get_by_label("Your text")
        wait_for(page, lambda: box.input_value() != "")  # Streamlit draws the box before its text
        text = box.input_value()
        open_export(page)
        (tmp_path / "text.html").write_bytes(data(page, "The coloured text", "HTML"))
        image = Image.open(io.BytesIO(picture(page, "Coloured text: nouns and verbs", "PNG"))).convert("RGB")
        root = page.locator(".heatmap").bounding_box()
        places = blocks.first.evaluate(
            """block => [...block.querySelectorAll(".body")].map(body => {
                const { left, top, width } = body.getClientRects()[0], frame = block.getBoundingClientRect();
                return [left + width / 2 - frame.left, top - frame.top, getComputedStyle(body).backgroundColor];
            })"""
        )
    with chromium_page(color_scheme=theme, offline=True, java_script_enabled=False) as page:
        page.goto((tmp_path / "text.html").as_uri())
        sections = page.locator("section")
        assert page.locator("h2").all_text_contents() == titles
        for place, expected in enumerate(on_page):
            section = sections.nth(place)
            assert section.locator(".text").text_content() == text
            assert section.evaluate(TOKENS) == expected
    check_picture(image, root["width"], places, rgb(palette(theme)["page"]))


def check_picture(image, width, places, ground):
    """The picture is three times as wide, and has each token's colour where the token stands: 16 px from its edges."""
    assert image.size[0] == 3 * (int(np.ceil(width)) + 32)
    assert image.getpixel((2, 2)) == ground
    for x, y, colour in places:
        *wanted, alpha = [*map(float, re.findall(r"[\d.]+", colour)), 1.0][:4]
        expected = [alpha * c + (1 - alpha) * g for c, g in zip(wanted, ground, strict=True)]
        found = image.getpixel((round(3 * (x + 16)), round(3 * (y + 16 + 1.5))))
        np.testing.assert_allclose(found, expected, atol=3)


def test_tables_and_their_manifest(app, result):
    with visit() as page:
        page.goto(app)
        arrive(page, "Home")
        open_export(page)
        neurons, neurons_json = (data(page, "All neurons of the layer", form) for form in ("CSV", "JSON"))
        words, words_json = (data(page, "The words that were used", form) for form in ("CSV", "JSON"))
        manifest = json.loads(data(page, "Manifest", "JSON"))
    assert neurons.startswith(b"\xef\xbb\xbf") and words.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(io.BytesIO(neurons), float_precision="round_trip")
    records = pd.DataFrame(json.loads(neurons_json))
    for column in ("statistic", "auc", "hedges_g", "log10_p"):
        np.testing.assert_array_equal(table[column], records[column])
        assert column in manifest["tables"]["neurons"]
    np.testing.assert_allclose(table["statistic"], result.tests.statistic, rtol=1e-5)

    rows = list(csv.DictReader(io.StringIO(words.decode("utf-8-sig"), newline="")))
    assert [row["word"] for row in rows] == [record["word"] for record in json.loads(words_json)]
    for side in ("target", "baseline"):
        used = "".join(row["word"] + "\n" for row in rows if row["side"] == side)
        assert manifest["lists"][side]["sha256"] == hashlib.sha256(used.encode()).hexdigest()
    assert manifest["model"]["revision"] == result.model.revision
    assert ContrastSpec.from_json(json.dumps(manifest["settings"])) == SPEC


def test_the_report_and_the_notebook(app, result):
    with visit() as page:
        page.goto(f"{app}/Neurons")
        arrive(page, "Neurons")
        open_export(page)
        files = {}
        for name in ("Report (HTML)", "Notebook (Jupyter)"):
            with page.expect_download(timeout=60_000) as download:
                page.get_by_role("button", name=name, exact=True).click()
            files[download.value.suggested_filename] = download.value.path().read_text(encoding="utf-8")
    assert list(files) == [f"nouns-verbs-bundled-layer3-{SPEC.digest[:6]}.{end}" for end in ("html", "ipynb")]
    report, notebook = files.values()
    assert report.startswith('<!doctype html>\n<html lang="en" data-theme="any">') and report.endswith("</html>\n")
    assert f"<h1>Nouns and verbs in layer 3 of {result.model.name}</h1>" in report
    book = json.loads(notebook)
    title, imports = ("".join(cell["source"]) for cell in book["cells"][:2])
    assert (book["nbformat"], book["metadata"]["grammar_neurons"]["digest"]) == (4, SPEC.digest)
    assert title.startswith("# Which neurons of") and title.split("\n")[0].endswith("tell nouns from verbs?")
    assert imports.startswith("import ")


def test_what_is_opened_by_the_keyboard_is_next_for_it(app):
    with visit() as page:
        page.goto(f"{app}/Neurons")
        arrive(page, "Neurons")
        for name, inside in (("Share", "textarea"), ("Export", ".save-buttons button")):
            page.get_by_role("button", name=name, exact=True).focus()
            page.keyboard.press("Enter")
            page.locator(f"[data-testid='stPopoverBody'] {inside}").first.wait_for()
            page.locator("[data-testid='stPopoverBody']:focus").wait_for()
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.closest('[data-testid=stPopoverBody]') !== null"), name
            page.keyboard.press("Escape")
            page.get_by_test_id("stPopoverBody").wait_for(state="hidden")
            assert name in page.evaluate("document.activeElement.innerText").splitlines()


@pytest.mark.parametrize("path", ["", "/Evidence"])
def test_a_page_without_pictures_has_its_data(app, path):
    with visit() as page:
        page.goto(app + path)
        arrive(page, "Evidence" if path else "Home")
        wait_until_idle(page)
        open_export(page)
        assert page.locator(".pictures .status").text_content().startswith("No picture is shown on this page")
        assert json.loads(data(page, "Manifest", "JSON"))["format"] == 1
