"""Back and Forward, deep links and reload: every address shows its own page, in the shell, with its own settings."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from core.records import ContrastSpec
from tests.support.browser import require_browser, wait_until_idle
from tests.support.pages import FULL
from tests.support.visits import CONTENT, arrive, chosen, follow, visit, whole_app
from ui.app_pages import HOME, PAGES

require_browser()

QUERY = "n_target=60&n_baseline=60"
SPEC = ContrastSpec.careful(n_target=60, n_baseline=60)
DEEP = {page.title: f"/{page.path}" for page in PAGES if page.settings and page is not HOME}


def layer_is(page, layer):
    """Wait until slider and address say so; on the Neurons page its headline too."""
    page.wait_for_url(re.compile(rf"[?&]layer={layer}(&|$)"))
    slider = page.get_by_role("slider", name="Layer")
    page.wait_for_function("([input, value]) => input.value === value", arg=[slider.element_handle(), str(layer)])
    if urlsplit(page.url).path == "/Neurons":
        page.get_by_text(re.compile(rf"neurons in layer {layer} differ")).wait_for()
    wait_until_idle(page)


def press(page, key, layer):
    page.get_by_role("slider", name="Layer").press(key)
    layer_is(page, layer)


def sidebar_shows(page, name, layer):
    """The shell is around the page: its links, and the settings with the link's layer."""
    arrive(page, name)
    sidebar = page.get_by_test_id("stSidebar")
    for label in CONTENT:
        sidebar.get_by_role("link", name=label, exact=True).wait_for()
    assert sidebar.get_by_role("slider", name="Layer").input_value() == str(layer)
    assert page.get_by_role("heading", level=1).count() == 1
    assert name in page.title() and page.title().endswith("Grammar Neurons")


def test_back_and_forward_restore_settings_and_page(app):
    with visit() as page:
        page.goto(f"{app}/Neurons?layer=1&{QUERY}")
        arrive(page, "Neurons")
        layer_is(page, 1)
        press(page, "ArrowRight", 2)
        press(page, "ArrowRight", 3)
        follow(page, "Words")
        layer_is(page, 3)
        press(page, "ArrowRight", 4)

        steps = [("Words", 3), ("Neurons", 3), ("Neurons", 2), ("Neurons", 1)]
        for name, layer in steps:
            page.go_back()
            arrive(page, name)
            layer_is(page, layer)
        for name, layer in [*reversed(steps[:-1]), ("Words", 4)]:
            page.go_forward()
            arrive(page, name)
            layer_is(page, layer)


def test_one_press_of_back_after_each_page_link(app):
    """A link to a page is one step in the history, with a chosen neuron and a scale in it too."""
    with visit() as page:
        page.goto(f"{app}/?layer=2&{QUERY}&neuron=17&scale=zero")
        arrive(page, "Home")
        names = ["Neurons", "Words", "Text heatmap", "Home"]
        for name in names:
            follow(page, name)
        for name in [*reversed(names[:-1]), "Home"]:
            page.go_back()
            arrive(page, name)
            layer_is(page, 2)
            assert parse_qs(urlsplit(page.url).query)["neuron"] == ["17"]


def test_back_brings_a_dropped_choice_back_with_its_layer(app):
    with visit() as page:
        page.goto(f"{app}/Neurons?layer=2&{QUERY}&neuron=17")
        arrive(page, "Neurons")
        chosen(page, 17)
        press(page, "ArrowRight", 3)
        assert "neuron=" not in page.url
        page.go_back()
        layer_is(page, 2)
        chosen(page, 17)
        page.go_forward()
        layer_is(page, 3)
        assert "neuron=" not in page.url


def test_a_deep_link_is_the_first_that_a_fresh_process_hears(tmp_path):
    with whole_app(tmp_path) as app, visit() as page:
        page.goto(f"{app}{DEEP['Evidence']}?layer=2&{QUERY}")
        sidebar_shows(page, "Evidence", 2)
        follow(page, "Home")
        page.go_back()
        sidebar_shows(page, "Evidence", 2)


def test_reload_keeps_the_view(app):
    """On each page with settings, another layer each time, with all else that a link has."""
    layer = 2
    with visit() as page:
        query = "&".join(f"{key}={value}" for key, value in FULL.items())
        page.goto(f"{app}/?layer={layer}&{query}&{QUERY}")
        sidebar_shows(page, "Home", layer)
        for name in [name for name in CONTENT if name != "Help"]:
            if name != "Home":
                follow(page, name)
            key, layer = ("ArrowRight", 3) if layer == 2 else ("ArrowLeft", 2)
            press(page, key, layer)
            address = page.url
            page.reload()
            sidebar_shows(page, name, layer)
            assert page.url == address
