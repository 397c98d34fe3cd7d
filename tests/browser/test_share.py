"""*Share* in a browser: a copied link opens the same figures elsewhere, and a frame has only its parts."""

from __future__ import annotations

import csv
import http.server
import io
import re
import threading
import time
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.browser import chromium_page, require_browser, wait_for, wait_until_idle
from tests.support.class_server import class_server
from tests.support.visits import SECONDS, arrive, new_page_like, visit
from ui import samples

require_browser()

# Where plotly has put every point of every trace, whatever form the numbers came in.
POINTS = "g => g.calcdata.map(trace => trace.map(point => [point.x, point.y]))"
PLOTS = ("neurons_plot", "layer_profile", "neuron_spread")
UNUSUAL = (
    "layer=1&target=adjectives&baseline=adverbs&n_target=37&n_baseline=41&word_source=bundled&leading_space=1"
    "&prefix=0&drop_shared=0&unit=word&test=mannwhitney&correction=max_t&family=layer&alpha=0.01&seed=7"
    "&pooling=last&hook_side=activation&neuron=17&pinned=3,11&course=ling101"
)


def open_share(page):
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("textbox", name="Link", exact=True).wait_for()
    wait_until_idle(page)


def copied_link(page):
    """The link in the box, once it is that of the page as it is."""
    open_share(page)
    link = page.get_by_role("textbox", name="Link", exact=True).input_value()
    page.keyboard.press("Escape")
    return link


def settled(read, page):
    """What ``read`` finds on a page, once it is the same twice: some of it is drawn again after the script rests."""
    deadline, last = time.monotonic() + 60, None
    while (now := read(page)) != last:
        assert time.monotonic() < deadline, "it still changes"
        last = now
        page.wait_for_timeout(500)
        wait_until_idle(page)
    return now


def numbers_of(page):
    """All numbers of the Neurons page: headline, small print, statistics drawn, the panel of the neuron."""
    arrive(page, "Neurons")
    for key in PLOTS:
        page.wait_for_function(f"() => {plot_of(key)}?.calcdata", timeout=60 * SECONDS)
    return settled(_numbers_of, page)


def _numbers_of(page):
    main = page.get_by_test_id("stMain")
    return {
        "headline": main.locator(".st-key-headline").inner_text(),
        "texts": main.get_by_test_id("stMarkdownContainer").all_inner_texts(),
        **{key: page.evaluate(f"() => ({POINTS})({plot_of(key)})") for key in PLOTS},
    }


def plot_of(key):
    return f"document.querySelector('.st-key-{key} .js-plotly-plot')"


def table_of(page):
    """The table of all neurons, every digit of it: on the page it is a picture."""
    page.get_by_role("button", name="Export", exact=True).click()
    row = page.get_by_test_id("stPopoverBody").get_by_test_id("stHorizontalBlock").filter(has_text="All neurons")
    with page.expect_download() as download:
        row.get_by_role("button", name="CSV", exact=True).click()
    rows = download.value.path().read_text("utf-8-sig")
    page.keyboard.press("Escape")
    return rows


def words_page(page):
    """What the Words page shows: its open tab, which neurons and how many words the image has, and the means."""
    arrive_at_words(page)
    page.wait_for_function(f"() => {plot_of('mean_activations')}?.calcdata", timeout=60 * SECONDS)
    return settled(_words_page, page)


def _words_page(page):
    return {
        "tab": page.get_by_role("tab", selected=True).inner_text(),
        "number": page.locator(".st-key-image_words input").input_value(),
        "neurons": page.locator(".st-key-image_neurons [aria-checked='true']").text_content(),
        "means": page.evaluate(f"() => ({POINTS})({plot_of('mean_activations')})"),
    }


def arrive_at_words(page):
    """Wait for the page with any of its tabs open."""
    page.get_by_role("heading", name="Words", exact=True, level=1).wait_for()
    page.get_by_role("tab", selected=True).wait_for()
    page.locator(".st-key-mean_activations .js-plotly-plot").wait_for(state="attached")
    wait_until_idle(page)


def test_a_link_opened_in_a_new_browser_has_the_same_figures_number_for_number(app):
    with visit() as page:
        page.goto(f"{app}/Neurons?{UNUSUAL}")
        here, table, link = numbers_of(page), table_of(page), copied_link(page)
        assert len(here["neurons_plot"][0]) == 512 == len(list(csv.DictReader(io.StringIO(table)))) and all(
            here.values()
        )
        assert "17" in here["headline"] or any("Neuron 17" in text for text in here["texts"])
        assert "course=ling101" in page.url and "course" not in link, "it stays here, and is not passed on"
        with new_page_like(page) as other:
            other.goto(link)
            assert numbers_of(other) == here and table_of(other) == table
            query = parse_qs(urlsplit(other.url).query)
            assert "course" not in query and query["neuron"] == ["17"] and query["pinned"] == ["3,11"]
            assert copied_link(other) == link, "and it can be passed on"


def test_the_words_page_opens_at_its_tab_with_its_neurons(app):
    with visit() as page:
        page.goto(f"{app}/Words?layer=1&n_target=60&n_baseline=60&image_words=25&tab=image")
        arrive_at_words(page)
        page.locator(".st-key-image_neurons").get_by_text("All", exact=True).click()
        page.wait_for_url(re.compile(r"[?&]columns=all(&|$)"))
        page.get_by_role("tab", name="Mean activation").click()
        page.wait_for_url(re.compile(r"[?&]tab=means(&|$)"))
        here, link = words_page(page), copied_link(page)
        assert here["tab"] == "Mean activation" and here["number"] == "25" and here["neurons"] == "All"
        with new_page_like(page) as other:
            other.goto(link)
            assert words_page(other) == here
        page.go_back()
        page.wait_for_url(lambda url: "tab=means" not in url)
        wait_for(page, lambda: page.get_by_role("tab", selected=True).inner_text() == "Words by neurons")
        page.go_forward()
        page.wait_for_url(re.compile(r"[?&]tab=means(&|$)"))
        wait_for(page, lambda: page.get_by_role("tab", selected=True).inner_text() == "Mean activation")


def test_a_sample_is_in_the_link_and_back_brings_the_one_before(app):
    with visit() as page:
        page.goto(f"{app}/Text_heatmap?n_target=60&n_baseline=60&sample=nonsense-with-grammar")
        arrive(page, "Text heatmap")
        first, second = (samples.find(name).texts[0] for name in ("nonsense-with-grammar", "the-evening-report"))
        box = page.get_by_role("textbox", name="Your text")
        wait_for(page, lambda: box.input_value() == first)
        page.get_by_role("combobox", name=re.compile("Start from a sample")).click()
        page.get_by_role("option", name="The evening report").click()
        page.wait_for_url(re.compile(r"[?&]sample=the-evening-report(&|$)"))
        wait_for(page, lambda: box.input_value() == second)
        with new_page_like(page) as other:
            other.goto(copied_link(page))
            arrive(other, "Text heatmap")
            assert other.get_by_role("textbox", name="Your text").input_value() == second
        page.go_back()
        wait_for(page, lambda: box.input_value() == first)


@pytest.mark.parametrize("clipboard", [True, False], ids=["with a clipboard", "over plain http"])
def test_the_button_copies_and_says_when(app, clipboard):
    with visit(permissions=["clipboard-read", "clipboard-write"]) as page:
        if not clipboard:  # as a browser that trusts neither the address nor the network
            page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        page.goto(f"{app}/?layer=2&n_target=60&n_baseline=60")
        arrive(page, "Home")
        open_share(page)
        link = page.get_by_role("textbox", name="Link", exact=True).input_value()
        page.get_by_role("button", name="Copy: Link").click()
        page.get_by_role("status").get_by_text(re.compile(r"^Copied at \d+:\d+")).wait_for()
        page.keyboard.press("Escape")
        pasted = page.evaluate(
            """async () => {
                const box = document.createElement('textarea');
                document.body.append(box);
                return navigator.clipboard ? navigator.clipboard.readText() : null;
            }"""
        )
        assert pasted in (link, None) and (pasted is None) != clipboard


def test_what_cannot_be_copied_is_selected_and_the_keys_are_named(app):
    with visit() as page:
        page.add_init_script(
            "Object.defineProperty(navigator, 'clipboard', { value: undefined }); document.execCommand = () => false;"
        )
        page.goto(f"{app}/?layer=2&n_target=60&n_baseline=60")
        arrive(page, "Home")
        open_share(page)
        box = page.get_by_role("textbox", name="Link", exact=True)
        page.get_by_role("button", name="Copy: Link").click()
        page.get_by_role("status").get_by_text(re.compile(r"press (Ctrl\+|⌘)C\.$")).wait_for()
        selected = "b => b.value.slice(b.selectionStart, b.selectionEnd)"
        assert box.evaluate(selected) == box.input_value()


# ---------------------------------------------------------------- frames


@contextmanager
def course_page(html):
    """A page of another site, which has a frame."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()


def untick(page, *labels):
    for label in labels:
        page.get_by_test_id("stPopoverBody").get_by_text(label, exact=True).click()
        wait_until_idle(page)


def test_the_line_for_another_page_shows_the_ticked_parts_alone(app):
    with visit() as page:
        page.goto(f"{app}/Neurons?{UNUSUAL}")
        there = numbers_of(page)
        open_share(page)
        untick(page, "The selected neuron", "Every layer")
        line = page.get_by_role("textbox", name=re.compile("Line for the other page"))
        wait_for(page, lambda: "show=scatter,table" in line.input_value())
        with course_page(f"<h1>Our course</h1>{line.input_value()}") as course, chromium_page(900, 900) as other:
            other.set_default_timeout(60 * SECONDS)
            other.goto(course)
            frame = other.frame_locator("iframe")
            plot = frame.locator(".st-key-neurons_plot .js-plotly-plot")
            frame.locator(".st-key-neurons_plot .scatterlayer .point").first.wait_for()
            assert plot.evaluate(POINTS) == there["neurons_plot"]
            frame.locator(".st-key-neurons_table").wait_for()
            for absent in ("stSidebar", "stToolbar", "stPopover", "stNumberInput", "stSlider"):
                assert frame.get_by_test_id(absent).count() == 0, absent
            for key in ("neuron_spread", "layer_profile", "neuron_bar", "preset", "share"):
                assert frame.locator(f".st-key-{key}").count() == 0, key
            assert frame.get_by_text(re.compile(r"strongly \(AUC at least")).count() == 1
            with other.expect_popup() as popup:
                frame.get_by_role("link", name="Open with all settings").click()
            popup.value.set_default_timeout(60 * SECONDS)
            arrive(popup.value, "Neurons")
            assert popup.value.get_by_test_id("stSidebar").count() == 1


def test_a_class_server_that_names_no_site_says_so():
    with class_server() as running, chromium_page() as page:
        running.until_ready()
        page.set_default_timeout(60 * SECONDS)
        page.goto(running.url)
        arrive(page, "Home")
        open_share(page)
        page.get_by_text(re.compile("This one names none")).wait_for()


def test_a_class_server_lets_the_named_sites_show_it_and_no_others():
    with course_page("") as course, class_server({"GRAMMAR_NEURONS_FRAMED_BY": course}) as running:
        running.until_ready()
        headers = running.get("/").headers
        assert f"frame-ancestors 'self' {course}" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] is None
        with chromium_page() as page:
            page.set_default_timeout(60 * SECONDS)
            for site, inside in ((course, True), (course.replace("localhost", "127.0.0.1"), False)):
                page.goto(site)
                page.set_content(f'<iframe src="{running.url}/?show=summary&embed=true" name="inside"></iframe>')
                if inside:
                    page.frame_locator("iframe").get_by_test_id("stMetric").first.wait_for()
                else:
                    page.frame("inside").wait_for_url(re.compile("^chrome-error:"), timeout=20 * SECONDS)
