"""Help for tests in a browser: run the app, visit its pages, and read or click what they show."""

from __future__ import annotations

import re
from contextlib import contextmanager

import numpy as np

from tests.support.browser import ROOT, chromium_page, free_port, running_app, wait_until_idle, watch
from ui.app_pages import HOME, PAGES

# Streamlit asks for these below the page's own path first, when a page is opened by its address.
PROBE = re.compile(rf"/({'|'.join(page.path for page in PAGES if page is not HOME)})/_stcore/")
SECONDS = 1000
CONTENT = {
    "Home": "[data-testid='stMetric']",
    "Neurons": ":is(.st-key-neurons_plot, .st-key-neurons_volcano) .js-plotly-plot .scatterlayer .point",
    "Layers": "[data-testid='stMain'] .js-plotly-plot .nsewdrag",
    # Of the tab that is open: a list, or a plot.
    "Words": "[data-testid='stTabs'] :is([data-testid='stDataFrame'], .js-plotly-plot .nsewdrag):visible",
    "Text heatmap": ".heatmap .panel .token",
    "Evidence": "ol.verdicts a",
    "Compare": ":is(.st-key-compare_first, .st-key-agreement_plot .js-plotly-plot .scatterlayer .point)",
    "Help": ".st-key-help_text p",
}


@contextmanager
def whole_app(folder):
    """The app in a process of its own, without a network; ``folder`` is for what it would download."""
    env = {
        "GRAMMAR_NEURONS_WORDLISTS_URL": f"http://127.0.0.1:{free_port()}/",
        "GRAMMAR_NEURONS_CACHE": str(folder),
        "HF_HUB_OFFLINE": "1",
    }
    with running_app(ROOT / "app.py", env) as url:
        yield url


@contextmanager
def visit(width=1440, height=1000, **options):
    """A page that must open no dialog, raise no error, ask nobody outside, and miss no file."""
    with chromium_page(width, height, **options) as page:
        page.set_default_timeout(60 * SECONDS)
        page.seen, page.missed = watch(page), []
        page.on("response", lambda answer: page.missed.append(answer.url) if answer.status >= 400 else None)
        yield page
        missed = [url for url in page.missed if not PROBE.search(url)]
        errors = [error for error in page.seen.errors if not error.startswith("Failed to load resource")]
        unwanted = {"dialogs": page.seen.dialogs, "outside": page.seen.outside, "missed": missed, "errors": errors}
        assert not any(unwanted.values()), unwanted


@contextmanager
def heatmap_page(url, **options):
    """A page of a script that draws coloured tokens; it must open no dialog, raise no error, and ask nobody outside."""
    with chromium_page(1440, 900, **options) as page:
        page.seen = watch(page)
        open_heatmap(page, url)
        yield page
        assert page.seen.dialogs == [] and page.seen.errors == [] and page.seen.outside == []


def open_heatmap(page, url):
    page.goto(url)
    page.locator(".heatmap .panel").first.wait_for()
    wait_until_idle(page)


def arrive(page, name):
    """Wait until a page's title and main content are there and the script rests."""
    title = "Grammar Neurons" if name == "Home" else name
    page.get_by_role("heading", name=title, exact=True, level=1).wait_for()
    page.locator(CONTENT[name]).first.wait_for()
    wait_until_idle(page)


def follow(page, name):
    page.locator("[data-testid='stSidebar']").get_by_role("link", name=name, exact=True).click()
    arrive(page, name)


def heading(page, neuron):
    return page.locator("h2", has_text=re.compile(rf"^Neuron {neuron}$"))


def chosen(page, neuron):
    """Wait until the page is about a neuron, and its address says so."""
    heading(page, neuron).wait_for()
    page.wait_for_url(re.compile(rf"[?&]neuron={neuron}(&|$)"))
    wait_until_idle(page)


def token_in_panel(page, position):
    """What the page says of the clicked token; the heatmap's tooltip says nearly the same."""
    return page.get_by_test_id("stMain").locator("strong", has_text=re.compile(rf"^Token {position} of [\d,]+$"))


def bring_into_view(drawn):
    """Scroll to an element; one that the page has just drawn anew is found again."""
    from playwright.sync_api import Error  # late: whoever has no Playwright skips the tests that come here

    for left in reversed(range(3)):
        try:
            return drawn.scroll_into_view_if_needed()
        except Error as error:
            if not left or "not attached" not in str(error):
                raise


def scatter(page):
    """The plot of the Neurons page, whichever of the two is drawn."""
    return page.locator(":is(.st-key-neurons_plot, .st-key-neurons_volcano) .js-plotly-plot")


def loneliest_point(page, but=()):
    """The neuron whose point lies farthest from all others, and its place in the window."""
    bring_into_view(scatter(page))
    points = scatter(page).evaluate(
        """g => {
            const { xaxis, yaxis } = g._fullLayout, box = g.getBoundingClientRect();
            return g.calcdata[0].map(p => [
                box.left + xaxis._offset + xaxis.d2p(p.x), box.top + yaxis._offset + yaxis.d2p(p.y),
                xaxis._length - xaxis.d2p(p.x), yaxis._length - yaxis.d2p(p.y), xaxis.d2p(p.x), yaxis.d2p(p.y),
            ]);
        }"""
    )
    place = np.array(points)[:, :2]
    distance = np.linalg.norm(place[:, None] - place[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    nearest = distance.min(axis=1)
    nearest[np.array(points)[:, 2:].min(axis=1) < 10] = 0  # outside the frame, or at its edge
    nearest[list(but)] = 0
    neuron = int(nearest.argmax())
    return neuron, place[neuron]


def click_table_row(page, row, x=18):
    """The table is a canvas: its rows are 35 pixels high below a header of the same height; at its left are ticks."""
    table = page.locator(".st-key-neurons_table [data-testid='stDataFrame']")
    bring_into_view(table)
    box = table.bounding_box()
    page.mouse.click(box["x"] + x, box["y"] + 35 * (row + 1) + 17)


def wait_marked(page, neuron, plot=":is(.st-key-neurons_plot, .st-key-neurons_volcano)"):
    """Wait until a plot marks a neuron as the selected one, and no other."""
    page.wait_for_function(
        """([plot, neuron]) => {
            const marks = [...document.querySelectorAll(`${plot} .js-plotly-plot .plot-marks .selected`)];
            return marks.length === 1 && marks[0].textContent === neuron;
        }""",
        arg=[plot, str(neuron)],
    )


def x_range(page):
    return scatter(page).evaluate("g => g._fullLayout.xaxis.range.map(Number)")


@contextmanager
def new_page_like(page):
    """Another visitor's page: a browser context of its own, with the same rules."""
    context = page.context.browser.new_context(viewport=page.viewport_size)
    fresh = context.new_page()
    fresh.set_default_timeout(60 * SECONDS)
    seen = watch(fresh)
    try:
        yield fresh
        assert seen.dialogs == [] and seen.outside == []
    finally:
        context.close()


def unfold_colours(page):
    """Open the choices of colours that are folded on the text page, unless they are open."""
    if page.locator(".more:not([open])").count():
        page.locator(".more > summary").click()
