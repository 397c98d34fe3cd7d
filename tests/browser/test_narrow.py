"""Narrow pages: the sidebar gives way to the result, and nothing is wider than the window."""

from __future__ import annotations

import pytest

from tests.support.browser import require_browser, wait_until_idle
from tests.support.visits import arrive, visit

require_browser()

QUERY = "n_target=60&n_baseline=60&layer=3"
NARROW = (800, 390)


def open_sidebar(page):
    button = page.get_by_test_id("stExpandSidebarButton")
    if button.count():
        button.click()
    page.get_by_role("button", name="Collapse sidebar").wait_for()
    page.wait_for_timeout(400)  # it slides


def wait_until_it_is_away(page):
    page.wait_for_function(
        "document.querySelector('[data-testid=\"stSidebar\"]').getBoundingClientRect().right <= 1", timeout=10_000
    )


@pytest.mark.parametrize("width", NARROW)
def test_the_sidebar_closes_with_a_link_and_with_its_button(app, width):
    with visit(width, 844) as page:
        page.goto(f"{app}/Neurons?{QUERY}")
        arrive(page, "Neurons")
        open_sidebar(page)
        page.get_by_test_id("stSidebar").get_by_role("link", name="Words", exact=True).click()
        arrive(page, "Words")
        wait_until_it_is_away(page)
        focused = "document.activeElement.dataset.testid === 'stExpandSidebarButton'"
        page.wait_for_function(focused)  # where Enter opens it again

        open_sidebar(page)
        layer = page.get_by_role("slider", name="Layer")
        for _ in range(2):  # settings are often changed in a row: none closes it
            layer.focus()
            page.keyboard.press("ArrowLeft")
            wait_until_idle(page)
        page.wait_for_url("**layer=1**")
        show = page.get_by_role("button", name="Show the result")
        box = show.bounding_box()
        assert box["y"] + box["height"] <= 844, "it is in sight, wherever the settings are"
        show.click()
        wait_until_it_is_away(page)


def test_a_wide_page_has_no_such_button_and_keeps_its_sidebar(app):
    with visit() as page:
        page.goto(f"{app}/Neurons?{QUERY}")
        arrive(page, "Neurons")
        page.get_by_test_id("stSidebar").get_by_role("link", name="Words", exact=True).click()
        arrive(page, "Words")
        page.wait_for_timeout(500)
        assert page.get_by_test_id("stSidebar").bounding_box()["x"] == 0
        assert not page.get_by_role("button", name="Show the result").is_visible()


@pytest.mark.parametrize("width", NARROW)
def test_charts_have_the_whole_width_and_legends_stand_above_them(app, width):
    with visit(width, 844) as page:
        for path, tab in (("Neurons", ""), ("Words", "&tab=image"), ("Words", "&tab=means")):
            page.goto(f"{app}/{path}?{QUERY}{tab}")
            arrive(page, path)
            page.locator(".js-plotly-plot:visible .nsewdrag").first.wait_for()
            main = page.get_by_test_id("stMainBlockContainer").evaluate(
                "main => main.clientWidth - parseFloat(getComputedStyle(main).paddingLeft) * 2"
            )
            charts = page.locator(".js-plotly-plot:visible")
            widths = charts.evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
            assert widths and min(widths) >= main - 2, (path, tab, widths, main)
            overlaps = charts.evaluate_all(
                """all => all.flatMap((plot) => {
                    const frames = [...plot.querySelectorAll(".nsewdrag")].map(f => f.getBoundingClientRect());
                    const parts = [...plot.querySelectorAll(".legend, .colorbar")].map(p => p.getBoundingClientRect());
                    return parts.filter(p => p.width && frames.some(f => p.left < f.right - 1 && f.left < p.right - 1 &&
                        p.top < f.bottom - 1 && f.top < p.bottom - 1)).map(p => [plot.className, p.top, p.left]);
                })"""
            )
            assert overlaps == [], (path, tab)
            wide = page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth")
            assert wide <= 0, (path, tab)


def test_the_colour_bar_takes_no_width_from_the_image(app):
    with visit(390, 844) as page:
        page.goto(f"{app}/Words?{QUERY}&tab=image")
        arrive(page, "Words")
        image = page.locator(".st-key-words_image")
        image.locator(".cbbg").first.wait_for()
        boxes = image.locator(".js-plotly-plot").evaluate(
            """(plot) => {
                const box = (part) => part.getBoundingClientRect().toJSON();
                const rows = [...plot.querySelectorAll(".nsewdrag")].map(box);
                return { bar: box(plot.querySelector(".cbfills")), rows };
            }"""
        )
        bar, rows = boxes["bar"], boxes["rows"]
        assert len(rows) == 2 and bar["width"] > 5 * bar["height"] > 0
        assert all(bar["bottom"] <= part["top"] or part["bottom"] <= bar["top"] for part in rows), "outside of the rows"
        for part in rows:
            assert part["left"] <= bar["left"] and bar["right"] <= part["right"], "it is not beside them"
            assert bar["width"] > 0.8 * part["width"]
