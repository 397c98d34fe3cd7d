"""A reader of the Text page: with a mouse, with a keyboard alone, and with a finger; and what is kept."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from core.activations import token_activations
from core.experiment import run_contrast
from core.models import load_model
from core.report.readable import readable_number
from tests.support.browser import require_browser, wait_for, wait_until_idle
from tests.support.visits import arrive, bring_into_view, follow, token_in_panel, unfold_colours, visit
from ui.defaults import DEFAULT

require_browser()

TEXT = "The ferryman peels onions and unmistakably sings."
ONIONS = (" on", "ions")


@pytest.fixture(scope="module")
def result():
    return run_contrast(DEFAULT, load_model("bundled"))


@pytest.fixture(scope="module")
def found():
    return token_activations(load_model("bundled"), TEXT, DEFAULT.layer, prefix=DEFAULT.prefix)


def open_text(page, app, text=TEXT):
    page.goto(f"{app}/Text_heatmap")
    arrive(page, "Text heatmap")
    box = page.get_by_role("textbox", name="Your text")
    box.fill(text)
    box.press("Control+Enter")
    page.locator(".panel").first.get_by_text(text.split()[1]).first.wait_for()
    wait_until_idle(page)


def press(page, label):
    unfold_colours(page)
    page.locator(".toolbar label", has_text=re.compile(f"^{label}$")).click()


def query(page):
    return {name: value[0] for name, value in parse_qs(urlsplit(page.url).query).items()}


def tip(page):
    return page.locator(".heatmap .tip:not([hidden])")


def token(page, index, block=0):
    return page.locator(".block").nth(block).locator(f".token[data-index='{index}']")


def own_tokens(found):
    at = next(i for i in range(len(found.pieces)) if tuple(found.pieces[i : i + 2]) == ONIONS)
    return [at, at + 1]


def test_what_a_reader_chooses_shows_at_once_and_is_kept(app):
    with visit() as page:
        open_text(page, app)
        assert re.fullmatch(r"\d+ tokens", page.locator(".count").inner_text())
        assert "≤" in page.locator(".block").nth(1).locator(".legend").inner_text()
        for label in ("Word lists", "Lowest–highest", "By word"):
            press(page, label)
        slider = page.get_by_role("slider", name="Colour from")
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        page.get_by_role("combobox", name="Colours").select_option("notebook")
        chosen = {"scale": "words", "by": "word", "threshold": "10", "colours": "notebook"}
        wait_for(page, lambda: chosen.items() <= query(page).items())
        wait_until_idle(page)
        follow(page, "Words")
        follow(page, "Text heatmap")
        page.reload()
        # The sample stands there, or is hidden, until the tab has given the text back.
        page.locator(".panel").first.get_by_text(TEXT.split()[1]).first.wait_for()
        arrive(page, "Text heatmap")
        folded = page.locator(".more > summary")
        assert folded.inner_text() == "More colours: lowest to highest, from 10%, reds and blues"
        unfold_colours(page)
        for label in ("Word lists", "Lowest–highest"):
            assert page.get_by_role("radio", name=label).is_checked()
        assert page.get_by_role("switch", name="By word").is_checked()
        assert page.get_by_role("slider", name="Colour from").input_value() == "10"
        assert page.get_by_role("combobox", name="Colours").input_value() == "notebook"
        assert chosen.items() <= query(page).items()
        page.get_by_role("button", name="As in the notebook").click()
        wait_for(page, lambda: query(page).get("scale") == "text" and "threshold" not in query(page))


def test_an_old_link_shows_the_scale_that_it_names(app):
    with visit() as page:
        for scale, label in (("text", "This text"), ("zero", "Around zero"), ("words", "Word lists")):
            page.goto(f"{app}/Text_heatmap?scale={scale}")
            arrive(page, "Text heatmap")
            assert page.get_by_role("radio", name=label).is_checked()
            unfold_colours(page)
            assert page.get_by_role("radio", name="Lowest–highest").is_checked()
            assert query(page)["scale"] == scale


def test_quick_choices_are_not_undone_by_answers_that_come_late(app):
    with visit() as page:
        open_text(page, app)
        for label in ["Word lists", "Around zero", "This text"] * 3 + ["Around zero"]:
            press(page, label)
            assert page.get_by_role("radio", name=label).is_checked()
        wait_for(page, lambda: query(page).get("scale") == "zero90")
        wait_until_idle(page)
        assert page.get_by_role("radio", name="Around zero").is_checked()


def test_by_word_a_word_is_one_piece_with_one_value(app, result, found):
    tokens = own_tokens(found)
    with visit() as page:
        open_text(page, app)
        token(page, tokens[1], block=1).hover()
        assert f"token {tokens[1] + 1} of {len(found.pieces)}" in tip(page).inner_text()
        press(page, "By word")
        token(page, tokens[1], block=1).hover()
        said = tip(page).inner_text()
        assert "␣on|ions" in said and "mean of its tokens" in said
        assert readable_number(found.values[tokens, result.largest].astype(float).mean()) in said
        hovered = page.locator(".block").nth(1).locator(".token.hovered")
        assert hovered.evaluate_all("all => all.map(t => +t.dataset.index)") == tokens
        boxes = [token(page, i, block=1).bounding_box() for i in tokens]
        assert abs(boxes[0]["x"] + boxes[0]["width"] - boxes[1]["x"]) < 0.1, "no gap within the word"
        token(page, tokens[0], block=1).click()
        token_in_panel(page, tokens[0] + 1).wait_for()
        page.keyboard.press("ArrowRight")
        assert page.locator(".token:focus").get_attribute("data-index") == str(tokens[1] + 1), "the next word"


def test_the_chart_and_the_text_mark_the_same_token(app, result, found):
    n = len(found.pieces)
    with visit() as page:
        open_text(page, app)
        area = page.locator(".chart-area")
        image = page.locator(".chart svg[role=img]")
        values = found.values[:, result.largest]
        assert f"{n} tokens" in image.get_attribute("aria-label")
        assert f"(token {int(values.argmax()) + 1})" in image.get_attribute("aria-label")
        token(page, 3, block=1).hover()
        cursor = page.locator(".cursor.hovered-token")
        assert float(cursor.evaluate("c => parseFloat(c.style.left)")) == pytest.approx(100 * 3 / (n - 1), abs=0.01)
        bring_into_view(area)
        box = area.bounding_box()
        page.mouse.move(box["x"] + 1 + (box["width"] - 2) * 5 / (n - 1), box["y"] + 40)
        hovered = page.locator(".block").nth(1).locator(".token.hovered")
        assert hovered.get_attribute("data-index") == "5"
        assert f"token 6 of {n}" in tip(page).inner_text() and readable_number(values[5]) in tip(page).inner_text()
        page.mouse.click(box["x"] + 1 + (box["width"] - 2) * 5 / (n - 1), box["y"] + 40)
        token_in_panel(page, 6).wait_for()
        assert token(page, 5, block=1).get_attribute("class").count("selected") == 1
        assert page.locator(".cursor.selected-token").is_visible()


def test_the_line_of_the_chart_is_the_values_on_the_scale_of_the_classes(app, result, found):
    """Its height at each token, against what is worked out here from the values of the words."""
    with visit() as page:
        open_text(page, app)
        paths = page.locator(".chart-area path.line").evaluate_all("all => all.map(p => p.getAttribute('d'))")
        assert len(paths) == 2
        neurons = (result.largest, result.smallest)
        drawn = [np.array(re.findall(r"[ML]\d+ ([-\d.]+)", path), dtype=float) for path in paths]
        expected = []
        for neuron in neurons:
            means = [each[:, neuron].mean(dtype=float) for each in by_lemma(result)]
            expected.append((found.values[:, neuron] - sum(means) / 2) / (abs(means[0] - means[1]) / 2))
        slope, start = np.polyfit(np.concatenate(expected), np.concatenate(drawn), 1)
        np.testing.assert_allclose(np.concatenate(drawn), slope * np.concatenate(expected) + start, atol=0.05)
        assert slope < 0, "higher values are higher up"
        rules = page.locator(".chart-area path.rule").evaluate_all(
            "all => all.map(p => +p.getAttribute('d').match(/ (.+)H/)[1])"
        )
        np.testing.assert_allclose(rules, [slope * value + start for value in (-1, 0, 1)], atol=0.05)


def by_lemma(result):
    """The units' values of both classes, (n_units, n_neurons): a lemma's is the mean of its words'."""
    classes = (
        (result.target_activations, result.words.target_lemmas),
        (result.baseline_activations, result.words.baseline_lemmas),
    )
    return [
        np.stack(
            [
                values[[i for i, each in enumerate(lemmas) if each == lemma]].mean(axis=0)
                for lemma in dict.fromkeys(lemmas)
            ]
        )
        for values, lemmas in classes
    ]


def test_every_control_can_be_reached_and_used_with_the_keyboard(app):
    with visit() as page:
        open_text(page, app)
        unfold_colours(page)
        page.get_by_role("radio", name="This text").focus()
        seen = []
        for _ in range(12):
            seen.append(page.evaluate(
                """() => {
                    let at = document.activeElement;
                    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
                    return at.labels?.[0]?.textContent || at.getAttribute("aria-label") || at.textContent;
                }"""
            ))  # fmt: skip
            page.keyboard.press("Tab")
        names = ["This text", "By word", "Both neurons in one", "5th–95th percentile", "Colour from", "Colours"]
        places = [next(i for i, each in enumerate(seen) if each.startswith(name)) for name in names]
        assert places == sorted(places)
        page.get_by_role("radio", name="This text").focus()
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("radio", name="Word lists").is_checked()
        page.get_by_role("switch", name="Both neurons in one").focus()
        page.keyboard.press("Space")
        assert page.locator(".block.both").is_hidden()


def test_a_tap_shows_the_value_next_to_the_token(app, result, found):
    with visit(390, 844, has_touch=True, is_mobile=True) as page:
        open_text(page, app)
        one = token(page, 3, block=0)
        one.tap()
        token_in_panel(page, 4).wait_for()
        wait_until_idle(page)
        assert tip(page).is_visible(), "it stays when the answer has come"
        assert readable_number(found.values[3, result.largest]) in tip(page).inner_text()
        box, at = tip(page).bounding_box(), one.bounding_box()
        gap = max(at["y"] - (box["y"] + box["height"]), box["y"] - (at["y"] + at["height"]))
        assert 0 <= gap < 24, "beside the token, and not on it"
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        token(page, 5, block=0).tap()
        assert f"token 6 of {len(found.pieces)}" in tip(page).inner_text()
        page.locator(".count").tap()
        assert tip(page).count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        widths = page.locator(".toolbar > *").evaluate_all("all => all.map(each => each.getBoundingClientRect().right)")
        assert max(widths) <= 390


def test_a_short_text_says_that_its_colours_mean_little(app):
    with visit() as page:
        open_text(page, app, "Dogs bark.")
        notes = page.locator(".block").nth(1).locator(".notes")
        assert "the colours mean little" in notes.inner_text()
        press(page, "Word lists")
        assert "the colours mean little" not in notes.inner_text()


def test_the_legend_of_both_in_one_names_the_range_that_is_drawn(app):
    """Its ends are those of the absolute values, worked out here from what the tip says of each token."""
    with visit() as page:
        open_text(page, app)
        both = page.locator(".block.both")
        values = []
        for index in range(both.locator(".token").count()):
            token(page, index).hover()
            values.append(float(tip(page).locator(".tip-value").last.inner_text().lstrip("\N{MINUS SIGN}")))
        for pressed, said, bound in (
            ("5th–95th percentile", "95th percentile of this text’s absolute values", np.quantile(values, 0.95)),
            ("Lowest–highest", "largest absolute value of this text", max(values)),
            ("Word lists", "largest absolute value of the word lists", None),
            ("5th–95th percentile", "95th percentile of the word lists’ absolute values", None),
        ):
            press(page, pressed)
            legend = both.locator(".legend")
            ends = [re.sub(r"[^\d.]", "", each) for each in legend.locator(".number").all_text_contents()]
            assert legend.locator(".ends").inner_text() == said and said in legend.get_attribute("aria-label")
            # A legend has four digits.
            assert ends[0] == ends[2] and (bound is None or float(ends[2]) == pytest.approx(bound, rel=2e-3))
        own = page.locator(".block").nth(1).locator(".legend .ends")
        assert own.inner_text() == "5th to 95th percentile of the word lists"


def test_a_click_in_the_chart_leaves_the_window_where_it_is(app):
    """The panels show the token; the chart, which is below them, stays under the pointer."""
    with visit(1000, 700) as page:
        open_text(page, app, " ".join(f"The ferry number {i} left the landing before noon." for i in range(120)))
        area = page.locator(".chart-area")
        bring_into_view(area)
        before = area.bounding_box()
        page.mouse.click(before["x"] + before["width"] * 0.8, before["y"] + 40)
        selected = page.locator(".block:not([hidden]) .token.selected")
        selected.first.wait_for()
        assert area.bounding_box()["y"] == pytest.approx(before["y"], abs=1)
        page.locator("strong", has_text=re.compile(r"^Token [\d,]+ of ")).wait_for()
        wait_until_idle(page)
        assert area.bounding_box()["y"] == pytest.approx(before["y"], abs=1)
        places = selected.evaluate_all(
            """all => all.map(token => {
                const [box, frame] = [token, token.closest(".panel")].map(each => each.getBoundingClientRect());
                return box.top >= frame.top && box.bottom <= frame.bottom;
            })"""
        )
        assert places and all(places), "each panel shows the token"
