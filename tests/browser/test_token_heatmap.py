"""The token heatmap in a real browser: the text comes through exactly, and pointer and keys do their work."""

from __future__ import annotations

import json
import textwrap

import numpy as np
import pytest

from tests.support.browser import chromium_page, require_browser, running_app, wait_for, wait_until_idle, watch
from tests.support.visits import heatmap_page, open_heatmap

require_browser()

NASTY = [
    "The", " cat", " <img src=x onerror=alert(1)>", "</span><script>alert(2)</script>",
    " $x$", " **bold**", " &amp;", " `code`", " :smile:", "\n", "\n\n", "\t", "  ", "trailing ", "\r\n",
    "\u202eevil", "\u202c", "\u200b", "\x00", "\x07bell", " \u2066iso\u2069", "\ufeff", "\u00a0", "\u2028",
    "e", "\u0301", " 🙂", "", "", "漢字", " مرحبا", "\U000e0041", " javascript:alert(3)", "'\"", "\\n",
]  # fmt: skip
SPLIT = NASTY.index(" 🙂")
PARTS = [f"{i - SPLIT + 1}/3" if 0 <= i - SPLIT < 3 else "" for i in range(len(NASTY))]
WINDOW = 5

SCRIPT = """
    import json
    import numpy as np
    import streamlit as st
    from core.report.colour_scales import fixed, zero_centred
    from ui.token_heatmap import BASELINE, HeatmapBlock, token_heatmap

    pieces, parts = json.loads({content!r})
    n = int(st.query_params.get("n", len(pieces)))
    pieces, parts = (pieces * (n // len(pieces) + 1))[:n], (parts * (n // len(parts) + 1))[:n]
    nouns = np.linspace(-1, 2, n)
    verbs = -nouns
    chosen = token_heatmap(
        pieces,
        parts,
        [
            HeatmapBlock("Neuron 12 · higher for nouns", "layer 3", nouns, {{"words": fixed(-1, 1, nouns)}}),
            HeatmapBlock(
                "Neuron 40 · higher for verbs", "layer 3", verbs, {{"zero": zero_centred(verbs)}}, role=BASELINE
            ),
        ],
        window_starts=(0, {window}),
    )
    st.text(f"chosen: {{chosen}}")
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    script = tmp_path_factory.mktemp("heatmap") / "script.py"
    content = json.dumps([NASTY, PARTS])
    script.write_text(textwrap.dedent(SCRIPT).format(content=content, window=WINDOW), encoding="utf-8")
    with running_app(script) as url:
        yield url


@pytest.fixture
def page(app):
    with heatmap_page(app) as page:
        yield page


def token(page, index, block=0):
    return page.locator(f".panel >> nth={block} >> .token[data-index='{index}']")


def tip(page):
    return page.locator(".heatmap .tip:not([hidden])")


def texts(page, block):
    return page.locator(".panel").nth(block).evaluate("p => [...p.querySelectorAll('.token')].map(t => t.textContent)")


def test_the_text_comes_through_exactly(page):
    for block in (0, 1):
        assert texts(page, block) == NASTY
        whole = page.locator(".panel").nth(block).evaluate("p => p.textContent")
        assert whole == "".join(NASTY)
    assert page.locator(".panel img, .panel script, .panel a").count() == 0


def test_what_cannot_be_seen_is_drawn(page):
    marks = page.locator(".panel").first.evaluate(
        """p => [...p.querySelectorAll('[data-mark]')]
            .map(span => getComputedStyle(span, '::before').content.slice(1, -1))"""
    )
    wanted = "↵ ⇥ · CR U+202E U+202C U+200B U+0000 U+0007 BOM NBSP U+E0041"
    assert set(wanted.split()) <= set(marks)
    widths = page.locator(".panel").first.evaluate(
        """p => [...p.querySelectorAll('.token')]
            .map(token => Math.max(...[...token.getClientRects()].map(box => box.width)))"""
    )
    assert min(widths) > 2, "every token can be pointed at"
    parts = (
        page.locator(".panel")
        .first.locator("[data-part]")
        .evaluate_all("all => all.map(s => getComputedStyle(s, '::after').content)")
    )
    assert parts == ['"1/3"', '"2/3"', '"3/3"']


def test_a_bidirectional_override_stays_in_its_token(page):
    override, after = NASTY.index("\u202eevil"), NASTY.index("\u200b")
    boxes = [token(page, i).bounding_box() for i in (override, after)]
    same_line = abs(boxes[0]["y"] - boxes[1]["y"]) < 10
    assert not same_line or boxes[0]["x"] < boxes[1]["x"]


def test_the_legend_gives_numbers_and_says_what_was_clipped(page):
    legends = page.locator(".legend .labels").evaluate_all(
        "all => all.map(l => [...l.children].map(s => s.textContent))"
    )
    assert legends == [["−1.00", "≥ 1.00"], ["−2.00", "0", "2.00"]]
    assert "lie above this scale" in page.locator(".block").first.locator(".note").inner_text()
    assert page.locator(".block").nth(1).locator(".note").count() == 0
    assert page.get_by_role("group", name="Neuron 12 · higher for nouns. layer 3").count() == 1


def test_colours_follow_the_values(page):
    backgrounds = [
        token(page, i).evaluate("t => getComputedStyle(t.querySelector('.body') ?? t).backgroundColor") for i in (0, 34)
    ]
    assert backgrounds == ["rgb(255, 248, 242)", "rgb(93, 30, 0)"]  # the ends of the oranges


def test_hovering_shows_the_values_and_the_same_token_elsewhere(page):
    token(page, 1).hover()
    shown = tip(page).inner_text()
    assert "␣cat" in shown and "token 2 of 35" in shown
    assert "−0.912" in shown and "\n0.912" in shown  # -1 + 3/34, and its negative in the other block
    assert page.locator(".token.hovered").evaluate_all("all => all.map(t => t.dataset.index)") == ["1", "1"]
    token(page, SPLIT + 1).hover()
    assert "␣🙂 part 2/3" in tip(page).inner_text()
    token(page, NASTY.index("\u202eevil"), block=1).hover()
    assert "[U+202E]evil" in tip(page).inner_text()
    page.mouse.move(5, 5)
    assert tip(page).count() == 0 and page.locator(".token.hovered").count() == 0


def test_the_window_boundary_is_marked(page):
    start = page.locator(".panel").first.locator(".window-start")
    assert start.count() == 1
    assert start.evaluate("s => s.nextSibling.dataset.index") == str(WINDOW)
    start.hover()
    assert tip(page).inner_text() == "The model's context began anew here"


def test_a_click_selects_in_python_and_in_every_block(page):
    token(page, 4, block=1).click()
    page.get_by_text("chosen: 4", exact=True).wait_for()
    assert page.locator(".token.selected").evaluate_all("all => all.map(t => t.dataset.index)") == ["4", "4"]
    token(page, 0).click()
    page.get_by_text("chosen: 0", exact=True).wait_for()
    token(page, 0).click()
    page.get_by_text("chosen: None", exact=True).wait_for()
    assert page.locator(".token.selected").count() == 0


def test_a_late_answer_does_not_undo_a_deselection(page, app):
    """Click and click again before the server's answer has come: it answers the first click."""
    held, holding = [], []

    def between(browser):
        server = browser.connect_to_server()
        server.on_message(lambda message: held.append((browser, message)) if holding else browser.send(message))

    page.route_web_socket("**/_stcore/stream", between)
    open_heatmap(page, app)
    holding.append(True)
    token(page, 4).click()
    assert "selected" in token(page, 4).get_attribute("class")
    wait_for(page, lambda: len(held) > 2)
    page.wait_for_timeout(1000)  # the whole answer
    first = list(held)
    token(page, 4).click()
    for browser, message in first:
        browser.send(message)
    page.get_by_text("chosen: 4", exact=True).wait_for()
    assert page.locator(".token.selected").count() == 0
    wait_for(page, lambda: len(held) > len(first))
    holding.clear()
    for browser, message in held[len(first) :]:
        browser.send(message)
    page.get_by_text("chosen: None", exact=True).wait_for()
    assert page.locator(".token.selected").count() == 0


def test_a_click_does_not_rebuild_the_tokens(page):
    token(page, 4).evaluate("t => { t.kept = true; }")
    token(page, 4).click()
    page.get_by_text("chosen: 4", exact=True).wait_for()
    wait_until_idle(page)
    assert token(page, 4).evaluate("t => t.kept") is True


def test_the_keyboard_walks_and_selects(page):
    assert page.locator(".token[tabindex]").count() == 2, "one tab stop per block"
    token(page, 0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    focused = page.locator(".token:focus")
    assert focused.get_attribute("data-index") == "2"
    assert focused.get_attribute("aria-label").startswith("<img src=x onerror=alert(1)>, token 3, −0.82")
    assert "token 3 of 35" in tip(page).inner_text()
    page.keyboard.press("ArrowDown")
    below = focused.bounding_box()
    assert below["y"] > token(page, 2).bounding_box()["y"]
    page.keyboard.press("ArrowUp")
    assert focused.bounding_box()["y"] < below["y"]
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.get_by_text("chosen: 34", exact=True).wait_for()
    page.keyboard.press("Escape")
    assert tip(page).count() == 0


def test_a_dark_page_gets_the_dark_colours(app):
    with chromium_page(800, 900, color_scheme="dark") as page:
        seen = watch(page)
        open_heatmap(page, app)
        assert page.locator(".heatmap").get_attribute("data-theme") == "dark"
        background = token(page, 0).evaluate("t => getComputedStyle(t.querySelector('.body') ?? t).backgroundColor")
        assert background == "rgba(0, 0, 0, 0)"  # the low end is the page itself
        assert seen.errors == []


def test_five_thousand_tokens_do_not_stall(page, app):
    open_heatmap(page, f"{app}/?n=5000")
    page.locator(".token[data-index='4999']").first.wait_for(state="attached")
    milliseconds = page.evaluate(
        """async () => {
            const host = document.querySelector("[data-testid='stBidiComponentIsolated']").shadowRoot;
            const target = host.querySelector(".token[data-index='100']");
            const start = performance.now();
            target.dispatchEvent(new PointerEvent("pointerover", { bubbles: true, composed: true }));
            await new Promise(requestAnimationFrame);
            return performance.now() - start;
        }"""
    )
    assert milliseconds < 1000  # a loaded machine; an idle one needs a few dozen
    assert "token 101 of 5,000" in tip(page).inner_text()


def test_a_fast_pointer_draws_one_tip_a_frame_and_a_resting_one_none(page):
    drawn = page.evaluate(
        """async () => {
            const host = document.querySelector("[data-testid='stBidiComponentIsolated']").shadowRoot;
            const [tip, tokens] = [host.querySelector(".tip"), host.querySelectorAll(".panel .token")];
            let drawn = 0;
            new MutationObserver((records) => (drawn += records.length)).observe(tip, { childList: true });
            const frame = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
            const over = (token) => token.dispatchEvent(
                new PointerEvent("pointerover", { bubbles: true, composed: true, pointerType: "mouse" }));
            const found = [];
            await frame();
            for (const moves of [[0, 1, 2, 3, 4, 5], [5, 5, 5], [5, 1, 5], [5, 1]]) {
                moves.forEach((i) => over(tokens[i]));
                await frame();
                await frame();
                found.push([drawn, tip.querySelector(".tip-place").textContent]);
            }
            return found;
        }"""
    )
    assert drawn == [[n, f"token {i} of 35"] for n, i in ((1, 6), (1, 6), (1, 6), (2, 2))]
    assert page.locator(".token.hovered").evaluate_all("all => all.map(t => t.dataset.index)") == ["1", "1"]


def test_blocks_scroll_together_under_the_hand_though_one_is_longer(page, app):
    open_heatmap(page, f"{app}/?n=3000")
    page.locator(".panel").nth(1).evaluate("p => { p.style.fontSize = '24px'; }")
    page.locator(".panel").first.hover()
    page.mouse.wheel(0, 900)
    shares = "panels => panels.map(p => p.scrollTop / (p.scrollHeight - p.clientHeight))"
    wait_for(page, lambda: min(page.locator(".panel").evaluate_all(shares)) > 0.02)
    wait_for(page, lambda: abs(np.diff(page.locator(".panel").evaluate_all(shares))[0]) < 0.002)
    tops = page.locator(".panel").evaluate_all("panels => panels.map(p => p.scrollTop)")
    assert tops[1] > 1.3 * tops[0], "the longer one goes farther"
