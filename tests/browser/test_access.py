"""Who hears a page, uses the keyboard, or needs contrast: what axe-core finds, headings, names, ways of the focus."""

from __future__ import annotations

import re

import pytest

from tests.support.access import grave_findings, headings, skips
from tests.support.browser import STILL, require_browser, wait_until_idle
from tests.support.visits import arrive, visit
from ui.defaults import TABS

require_browser()
pytest.importorskip("axe_playwright_python", reason="axe-core is not installed (requirements-dev.txt)")

QUERY = "n_target=60&n_baseline=60&layer=3"
VERDICT = re.compile("holds|does not hold|unclear|cannot be run")


def home(page, app):
    page.goto(f"{app}/?{QUERY}")
    arrive(page, "Home")
    yield "Home"


def neurons(page, app):
    for plot in ("index", "volcano"):
        page.goto(f"{app}/Neurons?{QUERY}&plot={plot}&pinned=7,120")
        arrive(page, "Neurons")
        yield f"Neurons, {plot}"


def words(page, app):
    contents = {
        "lists": "[data-testid='stDataFrame']",
        "image": ".st-key-words_image .main-svg",
        "means": ".st-key-mean_activations .main-svg",
    }
    assert tuple(contents) == TABS
    page.goto(f"{app}/Words?{QUERY}")
    for place, (tab, content) in enumerate(contents.items()):
        page.get_by_role("tab").nth(place).click()
        arrive(page, "Words")
        page.locator(f"{content}:visible").first.wait_for()
        yield f"Words, {tab}"


def text(page, app):
    page.goto(f"{app}/Text_heatmap?{QUERY}")
    arrive(page, "Text heatmap")
    yield "Text heatmap"
    page.get_by_role("radio", name="Tagged sentences").click()
    page.get_by_role("heading", name="Score against the tags", exact=True).wait_for()
    wait_until_idle(page)
    yield "Text heatmap, tagged sentences"
    page.get_by_role("radio", name="Two texts").click()
    page.locator(".pairs .pair").first.wait_for()
    wait_until_idle(page)
    yield "Text heatmap, two texts"


def evidence(page, app):
    page.goto(f"{app}/Evidence?{QUERY}&pinned=7,120")
    arrive(page, "Evidence")
    run = page.locator(".st-key-run_input_grid button")
    if run.count():  # the result of a check is there for the next visitor
        run.click()
    page.locator("ol.verdicts a[href='#input_grid']").filter(has_text=VERDICT).wait_for()
    page.locator(".st-key-picture_input_grid .js-plotly-plot .point").first.wait_for()
    wait_until_idle(page)
    yield "Evidence"


def in_both_themes(page):
    """Show the page in each theme, as it follows the system's: yields its name."""
    for theme, is_dark in (("light", "false"), ("dark", "true")):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(
            f"""() => {{
                const app = getComputedStyle(document.querySelector("[data-testid='stApp']"));
                const [red] = app.backgroundColor.match(/\\d+/g);
                return (red < 128) === {is_dark};
            }}"""
        )
        wait_until_idle(page)
        yield theme


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("shown", [home, neurons, words, text, evidence])
def test_axe_finds_nothing_grave_and_headings_are_in_order(app, shown, width):
    with visit(width, 900) as page:
        found = []
        for where in shown(page, app):
            for theme in in_both_themes(page):
                found += grave_findings(page, f"{where}, {theme}, {width} wide", only_colours=theme == "dark")
            levels = [level for level, _ in headings(page)]
            found += [f"{where}: {headings(page)[place]} skips a level" for place in skips(levels)]
            assert levels.count(1) == 1 and levels[0] == 1, headings(page)
        assert not found, "\n".join(found)


def test_charts_and_boxes_have_names_of_their_own(app):
    with visit() as page:
        page.goto(f"{app}/Neurons?{QUERY}")
        arrive(page, "Neurons")
        page.get_by_label(re.compile(r"^Scatter of the t .* strongly\).*Largest: neuron \d+, t = ")).first.wait_for()
        page.get_by_label(re.compile(r"^Bars of the significant neurons of 6 layers")).first.wait_for()
        page.get_by_label(re.compile(r"^Values of neuron \d+, a stroke for each lemma: ")).first.wait_for()
        page.get_by_label(re.compile(r"^Table of 512 neurons\. Columns: neuron, t, ")).first.wait_for()
        boxes = page.get_by_test_id("stSidebar").get_by_role("spinbutton")
        names = boxes.evaluate_all("all => all.map(box => box.ariaLabel ?? box.labels[0].innerText)")
        assert len(set(names)) == len(names) and {"Target words", "Baseline words"} <= set(names)


def look(page, name):
    """What is drawn around a link of the sidebar, besides its text."""
    return (
        page.get_by_test_id("stSidebar")
        .get_by_role("link", name=name, exact=True)
        .evaluate(
            "link => { const look = getComputedStyle(link);"
            " return [look.outlineStyle !== 'none' && look.outlineWidth !== '0px', look.boxShadow]; }"
        )
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_open_page_looks_unlike_the_link_with_the_focus(app, theme):
    with visit(color_scheme=theme) as page:
        page.goto(f"{app}/Words?{QUERY}")
        arrive(page, "Words")
        sidebar = page.get_by_test_id("stSidebar")
        sidebar.locator("a[aria-current='page']").wait_for()
        names = [text.splitlines()[-1] for text in sidebar.locator("a[aria-current]").all_inner_texts()]
        assert names == ["Words"]  # below the name of its icon
        sidebar.get_by_role("link", name="Home", exact=True).focus()
        page.keyboard.press("Tab")  # by the keyboard, on Neurons now
        focused, opened, other = look(page, "Neurons"), look(page, "Words"), look(page, "Evidence")
        assert focused[0] and not opened[0] and not other[0]
        assert opened[1] != other[1] == focused[1], "a bar at its side"
        page.keyboard.press("Enter")
        arrive(page, "Neurons")
        page.wait_for_function("document.querySelector('a[aria-current]').innerText.endsWith('Neurons')")


def test_the_tab_key_goes_through_the_page_in_its_order(app):
    """From the neuron's box to the plot's choice and the table; the arrow keys and Enter choose a neuron there."""
    with visit() as page:
        page.goto(f"{app}/Neurons?{QUERY}")
        arrive(page, "Neurons")
        first = page.locator(".st-key-neuron input")
        first.focus()
        # The table is the last: its files are in Export, beside the title.
        marks = [".st-key-neuron", ".st-key-pin", ".st-key-plot", ".st-key-neurons_table"]
        passed = []
        for _ in range(60):
            at = page.evaluate("marks => marks.findIndex(mark => document.activeElement.closest(mark))", marks)
            if at >= 0 and passed[-1:] != [at]:
                passed.append(at)
            if at == len(marks) - 1:
                break
            page.keyboard.press("Tab")
        assert passed == list(range(len(marks))), [marks[at] for at in passed]
        assert page.get_by_text("Every point is also a row of the table below").is_visible()


def test_who_wants_no_motion_gets_none(app):
    with visit(reduced_motion=STILL) as page:
        page.goto(f"{app}/Evidence?{QUERY}")
        arrive(page, "Evidence")
        moving = page.evaluate(
            """() => [...document.querySelectorAll("*")].filter((element) => {
                const look = getComputedStyle(element);
                const longest = (times) => Math.max(...times.split(",").map(parseFloat));
                return longest(look.transitionDuration) > 0.001 || longest(look.animationDuration) > 0.001;
            }).map((element) => element.outerHTML.slice(0, 120))"""
        )
        assert moving == []
        assert page.get_by_test_id("stMain").evaluate("main => getComputedStyle(main).scrollBehavior") == "auto"
