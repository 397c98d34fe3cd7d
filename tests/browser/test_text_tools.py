"""Around the coloured text, in a browser and with the keyboard: search, ranked tokens, a token's panel, two texts."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.activations import token_activations
from core.experiment import run_contrast
from core.models import load_model
from core.report.colours import blend, contrast, ramp
from core.stats.standing_out import standing_out
from tests.support.browser import require_browser, wait_for, wait_until_idle
from tests.support.visits import arrive, bring_into_view, follow, token_in_panel, visit
from ui.defaults import DEFAULT
from ui.panels.text_pair_input import PAIRS

require_browser()

TEXT = (
    "The ferrymen crossed the river. THE CAFE\u0301 by the landing was closed, and the café on the hill was full; "
    "the\nferrymen waited. A 🧠 and another 🧠 were drawn on its door.\n\nBy ten the river was quiet, and then the "
    "last ferryman went home over the Straße."
)
NASTY = (
    "Read <img src=x onerror=alert(1)> as $x$.\n\tA 🧠 went  home.",
    "Read **bold** <b>x</b> as $x$.\n\tA 🧠 goes  home.",
)


@pytest.fixture(scope="module")
def read():
    return lambda text: token_activations(
        load_model("bundled"), text, DEFAULT.layer, side=DEFAULT.hook_side, prefix=DEFAULT.prefix
    )


@pytest.fixture(scope="module")
def result():
    return run_contrast(DEFAULT, load_model("bundled"))


def open_text(page, app, text=TEXT):
    page.goto(f"{app}/Text_heatmap")
    arrive(page, "Text heatmap")
    page.get_by_role("textbox", name="Text").fill(text)
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        """text => [...document.querySelectorAll("[data-testid='stBidiComponentIsolated']")]
            .some(host => host.shadowRoot?.querySelector(".panel")?.textContent === text)""",
        arg=text,
    )
    wait_until_idle(page)


def choose_two(page):
    page.get_by_role("radio", name="Two texts").or_(page.get_by_role("button", name="Two texts")).click()
    page.locator(".pairs .pair").first.wait_for()
    wait_until_idle(page)


def search_box(page):
    return page.get_by_role("searchbox", name="Find in the text")


def count(page):
    return page.locator(".search-count").inner_text()


def indices(page, marks):
    """The tokens of the first block that have a mark."""
    found = page.locator(".panel").first.locator(f".token.{marks}")
    return [int(i) for i in found.evaluate_all("all => all.map(token => token.dataset.index)")]


def look(page, marks):
    """The colours of the tokens of the first block that have a mark."""
    return (
        page.locator(".panel")
        .first.locator(f".token{marks}")
        .evaluate_all(
            """all => all.map(token => {
            const { backgroundColor, color } = getComputedStyle(token.querySelector(".body") ?? token);
            return `${backgroundColor} ${color}`;
        })"""
        )
    )


def covering(pieces, start, end):
    """The tokens that hold the characters from ``start`` to ``end``, and the later parts of a split one."""
    ends = np.cumsum([len(piece) for piece in pieces])
    first = int(np.searchsorted(ends, start, side="right"))
    last = int(np.searchsorted(ends, end - 1, side="right"))
    while last + 1 < len(pieces) and pieces[last + 1] == "":
        last += 1
    return list(range(first, last + 1))


def test_a_word_is_searched_with_the_keyboard_alone(app, read):
    pieces = read(TEXT).pieces
    places = [found.start() for found in re.finditer("the", TEXT, re.IGNORECASE)]
    with visit() as page:
        open_text(page, app)
        before = look(page, "")
        page.locator(".panel").first.locator(".token").first.evaluate("token => { token.kept = true; }")
        search_box(page).focus()
        page.keyboard.type("the")
        assert count(page) == f"1 of {len(places)}"
        assert indices(page, "found") == sorted({i for at in places for i in covering(pieces, at, at + 3)})
        assert look(page, "") == before, "the colours stay as they are"
        lines = page.locator(".panel .token.found").first.evaluate(
            "token => getComputedStyle(token.querySelector('.body') ?? token).textDecorationLine"
        )
        assert lines == "underline"
        for step in (2, 3):
            page.keyboard.press("Enter")
            assert count(page) == f"{step} of {len(places)}"
            assert indices(page, "current") == covering(pieces, places[step - 1], places[step - 1] + 3)
        for step in (2, 1, len(places)):
            page.keyboard.press("Shift+Enter")
            assert count(page) == f"{step} of {len(places)}", "and before the first is the last"
        assert page.evaluate("() => innerWidth") == page.evaluate("() => document.documentElement.scrollWidth")
        page.keyboard.press("Escape")
        assert search_box(page).input_value() == "" and count(page) == ""
        assert page.locator(".token.found, .token.current").count() == 0
        page.keyboard.type("rc")  # Streamlit's own commands elsewhere on the page: run again, clear the cache
        page.wait_for_timeout(500)
        assert count(page) == "Not in this text" and page.get_by_role("dialog").count() == 0
        assert page.locator(".panel").first.locator(".token").first.evaluate("token => token.kept") is True


# What is searched, and how it is written where it is found.
MATCHES = {
    "ferrymen": ["ferrymen"],
    "RRYMEN W": ["rrymen w"],
    "full; the ferrymen": ["full; the\nferrymen"],
    "café": ["CAFE\u0301", "café"],
    "🧠": ["🧠"],
    "STRASSE": ["Straße"],
    ". ": [". ", ".\n"],
}


def test_matches_go_across_tokens_cases_and_ways_to_write_an_accent(app, read):
    pieces = read(TEXT).pieces
    with visit() as page:
        open_text(page, app)
        for wanted, written in MATCHES.items():
            found = [one for each in written for one in re.finditer(re.escape(each), TEXT)]
            spans = sorted((one.start(), one.start() + len(one.group().rstrip())) for one in found)
            search_box(page).fill(wanted)
            assert count(page) == f"1 of {len(spans)}", wanted
            covered = {i for start, end in spans for i in covering(pieces, start, end)}
            assert indices(page, "found") == sorted(covered), wanted


def test_curly_and_straight_quotes_are_the_same(app):
    with visit() as page:
        open_text(page, app, 'Anna\'s boat was ‘new’, she said: “It’s "dry"”.')
        for wanted, n in (("anna’s", 1), ("'new'", 1), ("it's", 1), ("“dry”", 1), ('"', 4)):
            search_box(page).fill(wanted)
            assert count(page) == f"1 of {n}", wanted


def test_a_search_survives_a_click_and_another_neuron(app):
    with visit() as page:
        open_text(page, app)
        search_box(page).fill("river")
        page.keyboard.press("Enter")
        assert count(page) == "2 of 2"
        marked = indices(page, "current")
        page.locator(".panel").first.locator(".token").nth(3).click()
        token_in_panel(page, 4).wait_for()
        page.get_by_role("spinbutton", name="Neuron").fill("17")
        page.keyboard.press("Enter")
        page.locator(".block .title", has_text=re.compile(r"^Neuron 17 ")).wait_for()
        wait_until_idle(page)
        assert search_box(page).input_value() == "river" and count(page) == "2 of 2"
        assert indices(page, "current") == marked


def test_the_ranked_tokens_are_those_of_the_values_and_lead_to_their_places(app, read, result):
    found = read(TEXT)
    values = found.values[:, result.largest]
    with visit() as page:
        open_text(page, app)
        block = page.locator(".ranked-block").first
        for name, order in (
            ("Highest", np.argsort(-values, kind="stable")),
            ("Lowest", np.argsort(values, kind="stable")),
        ):
            rows = block.get_by_role("list", name=name).get_by_role("button")
            numbers = [int(re.search(r"token (\d+)", label)[1]) - 1 for label in _labels(rows)]
            assert numbers == order[:10].tolist()
        top = np.argsort(-values, kind="stable")
        first = block.get_by_role("list", name="Highest").get_by_role("button").first
        first.click()
        token_in_panel(page, int(top[0]) + 1).wait_for()
        assert indices(page, "selected") == [int(top[0])]
        first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        token_in_panel(page, int(top[2]) + 1).wait_for()
        assert page.locator(".token:focus").get_attribute("data-index") == str(top[2]), (
            "the keyboard goes on from there"
        )
        assert indices(page, "selected") == [int(top[2])]
        assert page.locator(".ranked-token[tabindex='0']").count() == 4, "one stop for each list of two neurons"


def _labels(rows):
    return [rows.nth(i).get_attribute("aria-label") for i in range(rows.count())]


def test_context_is_shown_as_it_is_written(app):
    with visit() as page:
        open_text(page, app, NASTY[0])
        assert page.locator(".ranked img, .ranked b, .ranked script").count() == 0
        shown = page.locator(".ranked-context").all_text_contents()
        assert any("onerror=alert(1)" in context for context in shown)
        assert all("\n" not in context for context in shown) and any("↵" in context for context in shown)


def test_a_neuron_that_stands_out_is_selected_by_a_click(app, read):
    found = read(TEXT)
    expected = standing_out(found.values, 4, skip_first=not DEFAULT.prefix)
    with visit(1440, 1400) as page:
        open_text(page, app)
        page.locator(".panel").first.locator(".token").nth(4).click()
        token_in_panel(page, 5).wait_for()
        wait_until_idle(page)
        table = page.locator("[class*='st-key-standing_out'] [data-testid='stDataFrame']")
        bring_into_view(table)
        box = table.bounding_box()
        page.mouse.click(box["x"] + 150, box["y"] + 35 * 3 + 17)  # the third row, in its second column
        neuron = int(expected.neurons[2])
        page.wait_for_url(re.compile(rf"[?&]neuron={neuron}(&|$)"))
        page.locator(".block .title", has_text=re.compile(rf"^Neuron {neuron} ")).wait_for()
        token_in_panel(page, 5).wait_for()


def test_the_readers_place_is_kept_when_a_neuron_that_stands_out_is_chosen(app, read):
    """The same text is drawn anew, and neither the text nor the window moves."""
    text = " ".join(f"The ferry number {i} left the landing before noon." for i in range(120))
    assert len(read(text).pieces) > 1000
    neuron = int(standing_out(read(text).values, 4, skip_first=not DEFAULT.prefix).neurons[2])
    with visit() as page:
        open_text(page, app, text)
        panels = page.locator(".block:not([hidden]) .panel")
        panels.first.locator(".token").nth(4).click()
        token_in_panel(page, 5).wait_for()
        wait_until_idle(page)
        table = page.locator("[class*='st-key-standing_out'] [data-testid='stDataFrame']")
        bring_into_view(table)
        panels.evaluate_all("all => all.forEach(panel => { panel.scrollTop = 700; panel.kept = true; })")
        page.wait_for_timeout(500)  # panels follow each other
        places, before = tops(panels), table.bounding_box()
        page.mouse.click(before["x"] + 150, before["y"] + 35 * 3 + 17)
        page.locator(".block .title", has_text=re.compile(rf"^Neuron {neuron} ")).wait_for()
        wait_until_idle(page)
        assert panels.first.evaluate("panel => panel.kept") is None, "it is drawn anew, which is what this is about"
        assert min(places) > 600 and tops(panels) == pytest.approx(places, rel=0.1)
        assert table.bounding_box()["y"] == pytest.approx(before["y"], abs=60), "but for a line of a title"


def tops(panels):
    return panels.evaluate_all("all => all.map(panel => panel.scrollTop)")


def test_two_texts_stand_token_above_token(app, read):
    with visit() as page:
        page.goto(f"{app}/Text_heatmap")
        arrive(page, "Text heatmap")
        choose_two(page)
        assert texts_of(page) == next(iter(PAIRS.values()))
        fill_two(page, NASTY)
        wait_for(page, lambda: texts_of(page) == NASTY)
        assert page.locator(".pairs img, .pairs b, .pairs script").count() == 0
        follow(page, "Neurons")
        page.locator("[data-testid='stSidebar']").get_by_role("link", name="Text heatmap", exact=True).click()
        page.locator(".pairs .pair").first.wait_for()
        wait_for(page, lambda: texts_of(page) == NASTY)
        assert not re.search(r"onerror|bold", page.url)


def fill_two(page, texts):
    """Type both texts, with the keyboard alone."""
    for name, text in zip(("First text", "Second text"), texts, strict=True):
        page.get_by_role("textbox", name=name).fill(text)
        page.keyboard.press("Control+Enter")
        wait_until_idle(page)


def texts_of(page):
    """Both texts of the first block, by the tokens in their rows."""
    return tuple(
        page.locator(".aligned")
        .first.locator(".pair:not(.row-names)")
        .evaluate_all(
            """(all, row) => all.map(pair => pair.children[row])
                .filter(cell => cell.matches(".token")).map(cell => cell.textContent).join("")""",
            row,
        )
        for row in (0, 2)
    )


def test_long_equal_stretches_are_folded_and_open_by_a_key(app):
    text = " ".join(f"The ferry number {i} left." for i in range(40))
    with visit() as page:
        page.goto(f"{app}/Text_heatmap")
        arrive(page, "Text heatmap")
        choose_two(page)
        fill_two(page, (text, f"{text} Late."))
        page.locator(".pairs .pair.inserted").first.wait_for()
        fold = page.locator(".aligned").first.get_by_role("button", name="equal tokens")
        fold.wait_for()
        hidden = int(re.match(r"[\d,]+", fold.inner_text())[0].replace(",", ""))
        drawn = page.locator(".aligned").first.locator(".pair:not(.row-names, .fold)")
        n = drawn.count()
        assert n < 60 < hidden, "what is folded is not built"
        drawn.first.evaluate("pair => { pair.kept = true; }")
        title = page.locator(".pairs .block .title").first.inner_text()
        fold.focus()
        page.keyboard.press("Enter")
        assert drawn.count() == n + hidden
        assert texts_of(page) == (text, f"{text} Late.")
        assert drawn.first.evaluate("pair => pair.kept") is True, "nothing is drawn anew"
        page.get_by_role("spinbutton", name="Neuron").fill("17")
        page.keyboard.press("Enter")
        page.locator(".pairs .block .title", has_text=re.compile(r"^Neuron 17 ")).wait_for()
        kept = page.locator(".pairs .block", has=page.locator(".title", has_text=title))
        assert kept.locator(".fold").count() == 0, "what the reader has opened stays open"


@pytest.mark.parametrize(("theme", "colours"), [("light", "app"), ("dark", "notebook")])
def test_every_pair_can_be_read_in_the_colours_that_were_chosen(app, theme, colours):
    """At least 4.5 to 1: tokens, marks, numbers and changes, on the background that the browser draws."""
    with visit(color_scheme=theme) as page:
        page.goto(f"{app}/Text_heatmap?colours={colours}")
        arrive(page, "Text heatmap")
        choose_two(page)
        fill_two(page, NASTY)
        wait_for(page, lambda: texts_of(page) == NASTY)
        behind_all, found = page.locator(".pairs").evaluate(
            """root => {
                const app = document.querySelector("[data-testid='stApp']");
                const texts = [...root.querySelectorAll(".pair:not(.row-names) *")];
                const seen = texts.filter((node) => node.textContent.trim() || node.dataset.mark);
                return [getComputedStyle(app).backgroundColor, seen.map((node) => [
                    node.textContent,
                    getComputedStyle(node, node.dataset.mark ? "::before" : null).color,
                    getComputedStyle(node.closest(".pair")).backgroundColor,
                ])];
            }"""
        )
        assert len({background for *_, background in found}) > 5
        for text, ink, background in found:
            behind = blend(hexadecimal(background), hexadecimal(behind_all))
            assert contrast(hexadecimal(ink), behind) >= 4.5, (text, ink, behind)
        steps = {hexadecimal(background)[:7] for *_, background in found}
        palettes = ramp("oranges" if colours == "app" else "reds", theme=theme, below="blues")
        assert len(steps & {background[:7] for background, _ in palettes}) > 2


def hexadecimal(colour):
    """A computed colour as #rrggbb, or as #rrggbbaa if it is transparent in part."""
    *rgb, alpha = [float(each) for each in re.findall(r"[\d.]+", colour)] + ([] if "rgba" in colour else [1.0])
    written = "#" + "".join(f"{round(each):02x}" for each in rgb)
    return written if alpha == 1 else f"{written}{round(255 * alpha):02x}"


def test_a_phone_shows_all_of_it_without_scrolling_sideways(app):
    with visit(390, 844) as page:
        open_text(page, app)
        assert page.locator(".ranked details").evaluate("details => details.open") is False
        page.locator(".ranked summary").click()
        page.locator(".ranked-token").first.wait_for()
        choose_two(page)
        for selector in (".pairs", ".aligned"):
            wide = page.locator(selector).first.evaluate("node => node.scrollWidth - node.clientWidth")
            assert wide <= 1
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
