"""A visit in a real browser, from Home to a coloured text; every page's picture goes to the artefact folder.

The folder is ``$GRAMMAR_NEURONS_ARTIFACTS``, else ``artifacts/`` beside the project's files. What pages should
say is computed here by ``core``, so that no number of the bundled model is written down.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from core.activations import token_activations
from core.experiment import run_contrast
from core.models import load_model
from core.report.palette import palette
from tests.support.browser import ROOT, require_browser, wait_for, wait_until_idle
from tests.support.visits import (
    arrive,
    bring_into_view,
    chosen,
    click_table_row,
    follow,
    heading,
    loneliest_point,
    new_page_like,
    scatter,
    token_in_panel,
    visit,
    wait_marked,
    x_range,
)
from ui.defaults import DEFAULT

require_browser()

ARTIFACTS = Path(os.environ.get("GRAMMAR_NEURONS_ARTIFACTS", ROOT / "artifacts"))
PAGES = {"Home": "", "Neurons": "Neurons", "Words": "Words", "Text heatmap": "Text_heatmap", "Evidence": "Evidence"}
LAYER = DEFAULT.layer - 1  # one key press away
NASTY = (
    "Read <img src=x onerror=alert(1)> and </textarea><script>alert(2)</script> as $x$ or **bold** `code`.\n"
    "\tA family 👩‍👩‍👧‍👦 of 🧠 went home;\tمرحبا بالعالم and 漢字かな交じり文.\n\n"
    "Trailing spaces   \n& entities &amp; :smile: [a](javascript:alert(3)) naïve café\u00a0…"
)


@pytest.fixture(scope="module")
def result():
    """What the Neurons page should say after one step down the layers."""
    return run_contrast(DEFAULT.changed(layer=LAYER), load_model("bundled"))


def headline(result):
    return f"{result.n_higher + result.n_lower:,} of {result.n_neurons:,} neurons in layer {result.spec.layer} "


def test_from_home_to_a_neuron(app, result):
    order = np.argsort(-np.abs(np.nan_to_num(result.tests.statistic)), kind="stable")
    with visit(reduced_motion="no-preference") as page:  # one visit of those who have asked for nothing
        page.goto(app)
        arrive(page, "Home")
        page.locator("[data-testid='stMain']").get_by_role("link", name="Find the neurons").click()
        arrive(page, "Neurons")

        page.get_by_role("slider", name="Layer").focus()
        page.keyboard.press("ArrowLeft")
        page.get_by_text(headline(result)).wait_for()
        page.wait_for_url(re.compile(rf"[?&]layer={LAYER}&"))
        wait_until_idle(page)
        assert heading(page, result.largest).is_visible()
        assert page.locator("[data-testid='stAlert']").count() == len(result.notes)

        neuron, place = loneliest_point(page, but=[result.largest])
        page.mouse.click(*place)
        chosen(page, neuron)

        other = next(int(n) for n in order[:5] if n != neuron)
        click_table_row(page, order.tolist().index(other))
        chosen(page, other)
        wait_marked(page, other)

        again, place = loneliest_point(page, but=[result.largest, neuron, other])
        page.mouse.click(*place)
        chosen(page, again)
        wait_marked(page, again)

        address = page.url
        with new_page_like(page) as fresh:
            fresh.goto(address)
            arrive(fresh, "Neurons")
            chosen(fresh, again)
            assert fresh.get_by_text(headline(result)).is_visible()
            assert fresh.url == address
            wait_marked(fresh, again)


def test_a_neuron_is_chosen_in_the_volcano(app, result):
    with visit(1440, 1300) as page:
        page.goto(f"{app}/Neurons?layer={LAYER}&plot=volcano")
        arrive(page, "Neurons")
        neuron, place = loneliest_point(page, but=[result.largest])
        page.mouse.move(*place)
        page.locator(".hoverlayer .hovertext").get_by_text(f"Neuron {neuron}").wait_for()
        page.mouse.click(*place)
        chosen(page, neuron)
        wait_marked(page, neuron)
        again, place = loneliest_point(page, but=[result.largest, neuron])
        page.mouse.click(*place)
        chosen(page, again)
        wait_marked(page, again)
        below = scatter(page).evaluate(
            """g => {
                const { xaxis, yaxis } = g._fullLayout, box = g.getBoundingClientRect();
                const points = g.calcdata[1].map(p => [
                    box.left + xaxis._offset + xaxis.d2p(p.x), box.top + yaxis._offset + yaxis.d2p(p.y)]);
                return points.reduce((low, p) => p[1] > low[1] ? p : low);
            }"""
        )
        page.mouse.move(*below)
        page.locator(".hoverlayer .hovertext").wait_for(state="detached")
        page.wait_for_timeout(400)  # plotly takes two presses within 300 ms for a double click
        page.mouse.click(*below)
        page.wait_for_timeout(1000)
        wait_until_idle(page)
        assert heading(page, again).is_visible(), "what is there by chance is no neuron to choose"
        page.get_by_role("radio", name="By neuron").or_(page.get_by_role("button", name="By neuron")).click()
        page.wait_for_url(lambda url: "plot=" not in url)
        wait_until_idle(page)
        assert heading(page, again).is_visible()
        wait_marked(page, again)


def test_zoom_and_neuron_survive_what_they_should(app):
    with visit(1440, 1600) as page:  # so high that the sidebar need not scroll, which closes its lists
        page.goto(f"{app}/Neurons?layer={LAYER}")
        arrive(page, "Neurons")
        whole = x_range(page)
        frame = scatter(page).locator(".nsewdrag").first.bounding_box()
        page.mouse.move(frame["x"] + 0.3 * frame["width"], frame["y"] + 5)
        page.mouse.down()
        page.mouse.move(frame["x"] + 0.6 * frame["width"], frame["y"] + frame["height"] - 5, steps=5)
        page.mouse.up()
        page.wait_for_function(
            "([plot, low]) => plot._fullLayout.xaxis.range[0] > low + 9", arg=[scatter(page).element_handle(), whole[0]]
        )
        zoomed = x_range(page)
        neuron, place = loneliest_point(page)
        page.wait_for_timeout(400)  # plotly takes two presses within 300 ms for a double click
        page.mouse.click(*place)
        chosen(page, neuron)
        wait_marked(page, neuron)
        assert x_range(page) == zoomed

        page.get_by_role("combobox", name="Correction").click()
        page.get_by_role("option", name="None").click()
        page.wait_for_url(re.compile(r"[?&]correction=none(&|$)"))
        arrive(page, "Neurons")
        chosen(page, neuron)
        wait_marked(page, neuron)
        follow(page, "Words")
        follow(page, "Neurons")
        wait_marked(page, neuron)


def test_the_back_button_goes_back(app, result):
    with visit() as page:
        page.goto(f"{app}/Neurons?neuron=7")
        arrive(page, "Neurons")
        chosen(page, 7)
        page.get_by_role("slider", name="Layer").focus()
        page.keyboard.press("ArrowLeft")
        page.get_by_text(headline(result)).wait_for()
        follow(page, "Words")
        page.go_back()
        arrive(page, "Neurons")
        page.get_by_text(headline(result)).wait_for()
        page.go_back()
        page.get_by_text(f"neurons in layer {DEFAULT.layer} ").wait_for()
        chosen(page, 7)
        wait_marked(page, 7)


def test_a_custom_list_goes_along(app):
    """Streamlit must not bring back the empty box that the session held before the list was typed."""
    with visit() as page:
        page.goto(f"{app}/Neurons?n_target=50&n_baseline=50")
        arrive(page, "Neurons")
        page.get_by_role("combobox", name="Target").click()
        page.get_by_role("option", name="Custom list…").click()
        box = page.get_by_role("textbox", name="Custom target list")
        box.fill("dog\ncat\nbird")
        box.press("Control+Enter")
        page.get_by_text(re.compile(r"^3 custom words \(3 lemmas\) and 50 verbs ")).wait_for()
        for name in ("Words", "Home", "Neurons"):
            follow(page, name)
            assert box.input_value() == "dog\ncat\nbird"
            assert page.get_by_test_id("stAlertContentError").count() == 0


def tokens(page, block):
    return (
        page.locator(".heatmap .panel")
        .nth(block)
        .evaluate("p => [...p.querySelectorAll('.token')].map(t => t.textContent)")
    )


def test_a_pasted_text_comes_through_exactly(app):
    pieces = token_activations(load_model("bundled"), NASTY, DEFAULT.layer).pieces
    assert "".join(pieces) == NASTY
    with visit() as page:
        page.goto(f"{app}/Words")
        arrive(page, "Words")
        follow(page, "Text heatmap")
        page.get_by_role("textbox", name="Text").fill(NASTY)
        page.keyboard.press("Control+Enter")
        page.locator(".heatmap .panel").first.get_by_text("onerror").first.wait_for()
        wait_until_idle(page)
        assert page.locator(".heatmap .panel").count() == 3, "both neurons in one, and each"
        for block in (0, 1, 2):
            assert tokens(page, block) == pieces
        assert page.locator(".heatmap img, .heatmap script, .heatmap a, .heatmap strong").count() == 0
        assert not re.search(r"onerror|alert|[?&]text=", page.url)
        picture(page, "text-pasted")

        follow(page, "Neurons")
        assert not re.search(r"onerror|alert|[?&]text=", page.url)
        follow(page, "Text heatmap")
        assert page.get_by_role("textbox", name="Text").input_value() == NASTY
        assert "".join(tokens(page, 0)) == NASTY


def test_the_button_colours_a_text_too(app):
    with visit() as page:
        page.goto(f"{app}/Text_heatmap")
        arrive(page, "Text heatmap")
        page.get_by_role("textbox", name="Text").fill("One short sentence.")
        page.get_by_role("button", name="Colour the text").click()
        expect(page.locator(".heatmap .panel").first).to_have_text("One short sentence.")
        page.locator(".heatmap .token").nth(1).click()
        token_in_panel(page, 2).wait_for()


def test_an_error_in_the_table_is_found_in_the_text(app):
    """A click on a row brings the word into view, in each coloured text, and selects it."""
    with visit() as page:
        page.goto(f"{app}/Text_heatmap")
        arrive(page, "Text heatmap")
        page.get_by_role("radio", name="Tagged sentences").or_(
            page.get_by_role("button", name="Tagged sentences")
        ).click()
        page.get_by_role("heading", name="Score against the tags").wait_for()
        wait_until_idle(page)
        table = page.locator("[class*='st-key-errors_high'] [data-testid='stDataFrame']").first
        bring_into_view(table)
        box = table.bounding_box()
        page.mouse.click(box["x"] + 18, box["y"] + 35 + 17)
        page.locator(".heatmap .token.selected").first.wait_for()
        wait_until_idle(page)
        selected = page.locator(".heatmap .token.selected")
        (number,) = {selected.nth(i).get_attribute("data-index") for i in range(selected.count())}
        token_in_panel(page, int(number) + 1).wait_for()
        assert selected.count() == 3
        inside = selected.evaluate_all(
            """tokens => tokens.map(token => {
                const at = token.getBoundingClientRect(), frame = token.closest(".panel").getBoundingClientRect();
                const inWindow = at.top >= 60 && at.bottom <= innerHeight;
                return [at.top >= frame.top && at.bottom <= frame.bottom, inWindow];
            })"""
        )
        assert [shown for shown, _ in inside] == [True] * 3
        assert [shown for _, shown in inside[1:]] == [True] * 2, "those of one neuron each, side by side"
        page.locator(".heatmap .token").nth(3).click()
        token_in_panel(page, 4).wait_for()


def picture(page, name):
    """Keep what the page looks like, for a person to look at."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.mouse.move(0, 0)
    page.screenshot(path=ARTIFACTS / f"{name}.png", animations="disabled")


@pytest.mark.parametrize(("theme", "width", "height"), [("light", 1440, 1900), ("dark", 800, 2600)])
def test_every_page_fits_and_is_kept_as_a_picture(app, theme, width, height):
    with visit(width, height, color_scheme=theme) as page:
        for name, path in PAGES.items():
            page.goto(f"{app}/{path}")
            arrive(page, name)
            picture(page, f"{path.lower() or 'home'}-{theme}-{width}")
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            main = page.locator("[data-testid='stMain']").evaluate("m => m.scrollWidth - m.clientWidth")
            assert overflow <= 0 and main <= 0, f"{name} is wider than {width} pixels"


def test_the_text_of_plots_has_the_pages_colour_after_a_change_of_theme(app):
    colours = """() => [".stMain p", ".xtick text", ".legendtext", ".ytitle", ".annotation-text"].map((part) => {
        const style = getComputedStyle(document.querySelector(part === ".stMain p" ? part : `.js-plotly-plot ${part}`));
        return part === ".stMain p" ? style.color : style.fill;
    })"""
    with visit(color_scheme="light") as page:
        page.goto(f"{app}/Neurons")
        arrive(page, "Neurons")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            ink = "rgb({}, {}, {})".format(*bytes.fromhex(palette(scheme)["ink"][1:]))
            # A colour that is inherited changes a frame later on each level of elements.
            wait_for(page, lambda ink=ink: set(page.evaluate(colours)) == {ink})


def test_the_plot_has_a_preview_until_the_browser_can_draw_it(app):
    """Dots where the points will be; gone once they are there, and never seen again."""
    background = "getComputedStyle(document.querySelector('.st-key-neurons_plot')).backgroundImage"
    with visit() as page:
        held = []

        def hold(route):
            held.append(route)

        page.route("**/PlotlyChart*", hold)
        page.goto(f"{app}/Neurons")
        page.locator(".st-key-neurons_plot [data-testid='stSkeleton']").wait_for(state="attached")
        page.wait_for_function(f"{background}.startsWith('url(\"data:image/svg+xml,')")
        box = page.locator(".st-key-neurons_plot").bounding_box()
        for route in held:
            route.continue_()
        page.unroute("**/PlotlyChart*")
        page.locator(".st-key-neurons_plot .point").first.wait_for()
        assert page.evaluate(background) == "none"
        assert page.locator(".st-key-neurons_plot").bounding_box()["height"] == box["height"], "nothing jumps"
