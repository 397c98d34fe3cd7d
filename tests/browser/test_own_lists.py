"""A list of one's own in a browser: typed with bullets, cleaned, named, seen, downloaded, opened by its link."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.support.any_text import SCRIPTS
from tests.support.browser import ROOT, require_browser, wait_for, wait_until_idle
from tests.support.names import HOSTILE_NAMES
from tests.support.own_lists import FRUIT, OWN_LISTS
from tests.support.visits import arrive, follow, new_page_like, visit

require_browser()

ARTIFACTS = Path(os.environ.get("GRAMMAR_NEURONS_ARTIFACTS", ROOT / "artifacts"))
TYPED = "Word\n• apple\n• pear\n• plum\n• cherry\n• “ice cream”"
NAME = "Food & drink"


def sidebar(page):
    return page.get_by_test_id("stSidebar")


def choose(page, label, option):
    """Choose an option of a select box in the sidebar."""
    sidebar(page).get_by_role("combobox", name=re.compile(f"^(Selected .*)?{label}")).first.click()
    page.get_by_role("option", name=option, exact=True).click()
    wait_until_idle(page)


def fill(page, label, text):
    box = sidebar(page).get_by_role("textbox", name=label, exact=True)
    box.fill(text)
    box.press("Control+Enter" if "list" in label and "Name" not in label else "Enter")
    wait_until_idle(page)


def main(page):
    return page.get_by_test_id("stMain")


def axis(page):
    """The title of the plot's vertical axis, without the breaks of its lines; more, while the plot is drawn anew."""
    return bare("".join(page.locator(".st-key-neurons_plot .ytitle").all_text_contents()))


def bare(text):
    return "".join(text.split())


def test_a_list_with_bullets_gets_a_name_and_keeps_it(app, tmp_path):
    with visit() as page:
        page.goto(f"{app}/Neurons?test=welch&unit=word")
        arrive(page, "Neurons")
        choose(page, "Target", "Custom list…")
        fill(page, "Custom target list", TYPED)
        notes = sidebar(page).get_by_text("What was changed")
        notes.click()
        for note in ("1 header removed: “Word”.", "5 bullets removed, such as “• apple”.", "1 pair of quotes removed"):
            sidebar(page).get_by_text(note).wait_for()
        fill(page, "Name of the target list", NAME)
        main(page).get_by_text(f"Significantly higher for {NAME}").first.wait_for()
        page.wait_for_url(re.compile(r"[?&]target_name=Food(%20|\+)%26(%20|\+)drink"))
        page.wait_for_function(
            "name => [...document.querySelectorAll('.st-key-neurons_plot .legendtext')]"
            ".some(text => text.textContent.includes(name))",
            arg=NAME,
        )
        wait_for(page, lambda: axis(page) == bare(f"t ({NAME} − verbs)"))
        assert main(page).get_by_text(f"5 words of {NAME}").first.is_visible()
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as waiting:
            page.locator(".st-key-json").get_by_role("button").click()
        page.keyboard.press("Escape")
        assert re.fullmatch(r"Food-drink-verbs-bundled-layer\d+-[0-9a-f]{6}\.json", waiting.value.suggested_filename)
        assert NAME in Path(waiting.value.path()).read_text(encoding="utf-8")
        page.screenshot(path=_picture("own_list_neurons.png"), full_page=True)
        address = page.url
        with new_page_like(page) as fresh:
            fresh.goto(address)
            arrive(fresh, "Neurons")
            main(fresh).get_by_text(f"Significantly higher for {NAME}").first.wait_for()
            box = sidebar(fresh).get_by_role("textbox", name="Custom target list", exact=True)
            assert box.input_value() == "\n".join(FRUIT)
            assert sidebar(fresh).get_by_text("What was changed").count() == 0
        for name in ("Words", "Text heatmap", "Evidence", "Home"):
            follow(page, name)
            main(page).get_by_text(re.compile(re.escape(NAME))).first.wait_for(state="attached")
            assert not re.search(r"[Cc]ustom", main(page).inner_text())
            page.screenshot(path=_picture(f"own_list_{name.split()[0].lower()}.png"), full_page=True)


def test_plotly_shows_a_name_as_it_is(app):
    """In the legend, on the axis and in the headline, letter by letter; and nobody is asked for a picture."""
    with visit() as page:
        page.goto(f"{app}/Neurons?test=welch&unit=word")
        arrive(page, "Neurons")
        choose(page, "Target", "Custom list…")
        fill(page, "Custom target list", "\n".join(FRUIT))
        for name in HOSTILE_NAMES:
            fill(page, "Name of the target list", name)
            page.wait_for_function(
                "name => [...document.querySelectorAll('.st-key-neurons_plot .legendtext')]"
                ".some(text => text.textContent.replaceAll(/\\s/g, '').includes(name.replaceAll(/\\s/g, '')))",
                arg=name,
            )
            wait_for(page, lambda name=name: axis(page) == bare(f"t ({name} − verbs)"))
            label = main(page).get_by_test_id("stMetricLabel").first.text_content().replace("\u2060", "")
            assert label.strip() == f"Significantly higher for {name}"
            assert main(page).locator("img[src*='evil'], img[src='x'], .katex").count() == 0


def test_an_uploaded_file_of_each_kind(app, tmp_path):
    with visit() as page:
        page.goto(f"{app}/Words?test=welch&unit=word")
        arrive(page, "Words")
        choose(page, "Target", "Custom list…")
        box = sidebar(page).get_by_role("textbox", name="Custom target list", exact=True)
        for number, own in enumerate(OWN_LISTS.values()):
            fill(page, "Custom target list", f"zebra\nyak{number}")  # several files have the same words
            file = tmp_path / f"list{number}.txt"
            file.write_bytes(own.content)
            sidebar(page).locator(".st-key-target_file input[type=file]").set_input_files(file)
            wait_for(page, lambda first=own.words[0]: box.input_value().startswith(first))
            wait_until_idle(page)
            words = [line.split("\t")[0] for line in box.input_value().split("\n")]
            assert tuple(words) == own.words


def test_texts_in_ten_scripts(app):
    """Pasted into the box: the coloured text has the same characters and its own direction; each token has a width."""
    with visit() as page:
        page.goto(f"{app}/Text_heatmap")
        arrive(page, "Text heatmap")
        for script, text in SCRIPTS.items():
            page.get_by_role("textbox", name="Your text").fill(text)
            page.get_by_role("button", name="Colour the text").click()
            panel = page.locator(".heatmap .panel").first
            wait_for(page, lambda: panel.text_content() == text)
            wait_until_idle(page)
            narrow = panel.evaluate(
                "panel => [...panel.querySelectorAll('.token')].filter(t => t.getBoundingClientRect().width < 2).length"
            )
            assert narrow == 0, script
            ends = "box => [box.getBoundingClientRect().left, box.getBoundingClientRect().right]"
            (left, right), (first, _) = panel.evaluate(ends), panel.locator(".token").first.evaluate(ends)
            begins_right = first > (left + right) / 2
            assert begins_right == (script in ("Hebrew", "Arabic")), f"{script} begins where it is read from"


def _picture(name):
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    return ARTIFACTS / name
