"""The colours of the text in a real browser: those of core, for every scale, and with an ink that can be read."""

from __future__ import annotations

import json
import re
import textwrap

import numpy as np
import pytest

from core.activations import group_values
from core.report.colour_scales import SCALES, fixed, scales_of, steps
from core.report.colours import N_STEPS, PALETTES, blend, contrast, ramp
from core.report.palette import THEMES
from core.report.readable import readable_number
from tests.support.browser import require_browser, running_app
from tests.support.visits import heatmap_page, unfold_colours

require_browser()

MARKED = ["\n", "\t", "  ", "\u200b", " \u202ex", "\u00a0"]
PIECES = ["The", " on", "ions", " of", " Paris", ",", *MARKED, " ran"] * 16
STARTS = [i for i in range(len(PIECES)) if PIECES[i] != "ions"]
LISTED = np.linspace(-2, 3, 101)
SCRIPT = """
    import json
    import numpy as np
    import streamlit as st
    from core.activations import group_values
    from core.report.colour_scales import balanced_scales, fixed, scales_of
    from ui.token_heatmap import BASELINE, BOTH, HeatmapBlock, token_heatmap

    content = json.loads({content!r})
    pieces, starts, listed = content["pieces"], content["starts"], np.array(content["listed"])
    if "n" in st.query_params:
        n = int(st.query_params["n"])
        pieces, starts = pieces[:n], [start for start in starts if start < n]
    draws = np.random.default_rng(7)
    chosen = st.session_state.setdefault("chosen", {{}})

    def block(title, role, scales=scales_of, line=None):
        values = draws.normal(size=len(pieces)).astype(np.float32)
        values[3::50] = np.nan
        words = group_values(values, np.array(starts)).astype(np.float32)
        return HeatmapBlock(
            title, "layer 3", values, scales(values, listed), words, scales(words, listed), role=role, line=line
        )

    with st.container(key="page"):
        token = token_heatmap(
            pieces,
            [""] * len(pieces),
            [
                block("Both in one", BOTH, balanced_scales),
                block("Neuron 12 · higher for nouns", "target", line=(0.5, 1.0)),
                block("Neuron 40 · higher for verbs", BASELINE, line=(-0.5, 2.0)),
            ],
            word_starts=starts,
            sentences={{
                "about": ["About."],
                "pooled": "The value of a word is the mean of its tokens.",
                "counts": {{"token": f"{{len(pieces)}} tokens", "word": "words"}},
            }},
            display=chosen,
            on_display=chosen.update,
        )
    st.text(f"chosen: {{token}} {{json.dumps(chosen)}}")
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    script = tmp_path_factory.mktemp("colours") / "script.py"
    content = json.dumps({"pieces": PIECES, "starts": STARTS, "listed": LISTED.tolist()})
    script.write_text(textwrap.dedent(SCRIPT).format(content=content), encoding="utf-8")
    with running_app(script) as url:
        yield url


@pytest.fixture(params=THEMES)
def page(app, request):
    with heatmap_page(app, color_scheme=request.param) as page:
        page.theme = request.param
        yield page


def choose(page, label):
    """Press a radio button or a switch, whose input is below what is seen of it."""
    unfold_colours(page)
    page.locator(".toolbar label", has_text=re.compile(f"^{label}$")).click()


def values():
    """Those of the page's blocks: both in one, target, baseline."""
    draws = np.random.default_rng(7)
    found = [draws.normal(size=len(PIECES)).astype(np.float32) for _ in range(3)]
    for each in found:
        each[3::50] = np.nan
    return found


def painted(page, block):
    """The (background, ink) of every token of a block, as the browser computes them."""
    return (
        page.locator(".block")
        .nth(block)
        .evaluate(
            """block => [...block.querySelectorAll(".token")].map(token => {
            const body = token.classList.contains("body") ? token : token.lastElementChild;
            return [getComputedStyle(body).backgroundColor, getComputedStyle(body).color];
        })"""
        )
    )


def css(colour):
    """``#rrggbb`` or ``#rrggbbaa`` as a browser writes it."""
    red, green, blue, *alpha = (int(colour[i : i + 2], 16) for i in range(1, len(colour), 2))
    if not alpha:
        return f"rgb({red}, {green}, {blue})"
    return f"rgba({red}, {green}, {blue}, {float(f'{alpha[0] / 255:.3g}'):g})"


def same(one, other):
    """Whether two colours of CSS are the same, but for the rounding of the opacity."""
    numbers = [[float(each) for each in re.findall(r"[\d.]+", colour)] for colour in (one, other)]
    return len(numbers[0]) == len(numbers[1]) and np.allclose(*numbers, atol=0.006)


def test_every_token_has_the_colour_of_core(page):
    """In all scales, by token and by word: steps and ramps as Python computes them."""
    for by in ("token", "word"):
        if by == "word":
            choose(page, "By word")
        for name in SCALES:
            choose(page, {"text": "This text", "words": "Word lists", "zero": "Around zero"}[name.removesuffix("90")])
            choose(page, "5th–95th percentile" if name.endswith("90") else "Lowest–highest")
            for block, palette in ((1, "oranges"), (2, "blues")):
                assert_has_colours_of_core(page, by, name, block, palette)


def assert_has_colours_of_core(page, by, name, block, palette):
    expected = values()[block]
    if by == "word":
        expected = group_values(expected, np.array(STARTS)).astype(np.float32)
    scale = scales_of(expected, LISTED)[name]
    colours = ramp(palette, below=None if scale.centre is None else "greys", theme=page.theme)
    placed = steps(expected, scale)
    if by == "word":
        lengths = np.diff([*STARTS, len(PIECES)])
        placed = np.repeat(placed, lengths)
    for step, (background, ink) in zip(placed.tolist(), painted(page, block), strict=True):
        if step < 0:
            assert background == "rgba(0, 0, 0, 0)", (by, name)
        else:
            assert same(background, css(colours[step][0])) and ink == css(colours[step][1]), (by, name)


def test_the_threshold_takes_the_colour_of_what_is_below_it(page):
    unfold_colours(page)
    slider = page.get_by_role("slider", name="Colour from")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    assert "30% of the range" in page.locator(".control-value").inner_text()
    expected = values()[1]
    scale = scales_of(expected, LISTED)["text90"]
    share = steps(expected, scale) / (N_STEPS - 1)
    coloured = [background != "rgba(0, 0, 0, 0)" for background, _ in painted(page, 1)]
    assert coloured == (share >= 0.3).tolist()
    legend = page.locator(".block").nth(1).locator(".legend")
    value = readable_number(scale.low + 0.3 * (scale.high - scale.low))
    assert f"coloured from {value}" in legend.inner_text() and value in legend.get_attribute("aria-label")
    page.get_by_text(re.compile(r'"threshold": "30"')).wait_for()


def test_the_notebooks_picture_is_one_press_away(page):
    page.get_by_role("button", name="As in the notebook").click()
    for block, palette in ((1, "reds"), (2, "blues")):
        expected = values()[block].astype(float)
        low, high = np.nanmin(expected), np.nanmax(expected)
        share = (expected - low) / (high - low)  # the notebook's own scaling
        colours = ramp(palette, theme=page.theme)
        for each, (background, _) in zip(share.tolist(), painted(page, block), strict=True):
            if np.isfinite(each):
                assert any(
                    same(background, css(colours[step][0]))
                    for step in {round(200 * each - 0.01), round(200 * each + 0.01)}
                )


def test_both_in_one_has_the_hue_of_the_class_on_each_side(page):
    for pressed, above in ((None, "oranges"), ("As in the notebook", "reds")):
        if pressed:
            page.get_by_role("button", name=pressed).click()
        balance = values()[0]
        ordered = np.sort(np.abs(balance[np.isfinite(balance)]))
        bound = ordered[-1] if pressed else np.quantile(ordered, 0.95)
        colours = ramp(above, below="blues", theme=page.theme)
        placed = steps(balance, fixed(-bound, bound, balance))
        for step, (background, _) in zip(placed.tolist(), painted(page, 0), strict=True):
            assert step < 0 or same(background, css(colours[step][0]))
    choose(page, "Both neurons in one")
    assert page.locator(".block.both").is_hidden() and page.locator(".block").nth(1).is_visible()


# ---------------------------------------------------------------- contrast

# The ink of every step of every ramp, of all characters that stand on it: plain ones, and the marks of hidden ones.
INKS = """([ramps, theme]) => {
    const host = document.querySelector("[data-testid='stBidiComponentIsolated']").shadowRoot;
    const found = [];
    const tokens = [...host.querySelectorAll(".panel .token")];
    const different = [...new Map(tokens.map((token) => [token.textContent, token])).values()];
    const painted = different.map((token) => (token.classList.contains("body") ? token : token.lastElementChild));
    const solid = (node, pseudo) => {
        let opacity = 1;
        for (let each = node; each; each = each.parentElement) opacity *= getComputedStyle(each).opacity;
        const style = getComputedStyle(node, pseudo);
        return pseudo ? [style.color, opacity * style.opacity] : [style.color, opacity];
    };
    for (const [name, colours] of Object.entries(ramps)) {
        colours.forEach(([background, ink], step) => painted.forEach((body) => {
            [body.style.backgroundColor, body.style.color] = [background, ink];
            const inks = [solid(body, null)];
            body.querySelectorAll("[data-mark]").forEach((mark) => inks.push(solid(mark, "::before")));
            inks.forEach(([color, opacity]) => found.push([name, step, body.textContent, background, color, opacity]));
        }));
    }
    return [getComputedStyle(document.querySelector("[data-testid='stApp']")).backgroundColor, found];
}"""


def rgb(colour):
    return "#" + "".join(f"{int(each):02x}" for each in re.findall(r"\d+", colour)[:3])


def mixed(ink, opacity, background):
    return blend(f"{ink}{round(255 * opacity):02x}", background)


def test_every_character_can_be_read_on_every_step_of_every_ramp(page):
    """At least 4.5 to 1, also of the marks of newlines, tabs, spaces and hidden characters."""
    ramps = {
        f"{palette}/{below}": ramp(palette, below=below, theme=page.theme)[::4]
        for palette in PALETTES
        for below in (None, "greys", "blues")
    }
    shown, found = page.evaluate(INKS, [ramps, page.theme])
    assert len({text for _, _, text, *_ in found}) > 10
    for name, step, text, background, ink, opacity in found:
        behind = blend(background, rgb(shown))
        assert contrast(mixed(rgb(ink), opacity, behind), behind) >= 4.5, (name, step, text, background, ink, opacity)


def test_all_other_text_can_be_read_too(page):
    """The component's own words: titles, notes, legends, controls, the tip, the chart."""
    page.locator(".panel").nth(1).locator(".token").nth(4).hover()
    page.get_by_text("About the colours").click()
    page.locator(".panel").nth(1).locator(".token").nth(4).hover()
    found = page.evaluate(
        """() => {
            const host = document.querySelector("[data-testid='stBidiComponentIsolated']").shadowRoot;
            const app = getComputedStyle(document.querySelector("[data-testid='stApp']")).backgroundColor;
            const behind = (node) => {
                for (let each = node; each instanceof Element; each = each.parentElement ?? each.getRootNode().host) {
                    const { backgroundColor } = getComputedStyle(each);
                    if (!/, 0\\)$/.test(backgroundColor) && backgroundColor !== "transparent") return backgroundColor;
                }
                return app;
            };
            const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
            const plain = (colour) => {
                canvas.clearRect(0, 0, 1, 1);
                canvas.fillStyle = colour;
                canvas.fillRect(0, 0, 1, 1);
                return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
            };
            const hasText = (node) => [...node.childNodes].some(
                (child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
            const texts = [...host.querySelectorAll("*")].filter(
                (node) => !node.closest(".panel") && node.checkVisibility() && hasText(node));
            return texts.filter((node) => !["STYLE", "SCRIPT"].includes(node.tagName)).map((node) => [
                `${node.tagName} ${node.className}: ${node.textContent.slice(0, 40)}`,
                plain(getComputedStyle(node).color), plain(behind(node))]);
        }"""
    )
    assert len(found) > 25
    for name, ink, behind in found:
        one, other = ("#" + "".join(f"{each:02x}" for each in colour) for colour in (ink, behind))
        assert contrast(one, other) >= 4.5, (name, one, other)
