"""Each page is one entry, and each file in pages/ has one; what lists pages follows them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server import preload
from tests.support.browser import ROOT
from tests.support.pages import HOME, NEURONS, SMALL, go_to, link, open_page, said, settle
from ui import app_pages
from ui.app_pages import LESSON, PAGES, AppPage


def test_each_file_in_the_folder_has_an_entry_and_each_entry_a_file():
    assert sorted(page.script for page in PAGES) == sorted(f"pages/{file.name}" for file in ROOT.glob("pages/*.py"))
    for one in ("title", "path", "script"):
        assert len({getattr(page, one) for page in PAGES}) == len(PAGES)


def test_titles_and_addresses_are_as_links_have_them():
    """They stand in mails and on slides."""
    assert [(page.title, page.path) for page in PAGES[:6]] == [
        ("Home", "Home"),
        ("Neurons", "Neurons"),
        ("Layers", "Layers"),
        ("Words", "Words"),
        ("Text heatmap", "Text_heatmap"),
        ("Evidence", "Evidence"),
    ]


def test_each_card_on_home_leads_to_its_page():
    at = open_page(HOME)
    cards = [item.proto for item in at.main.get("page_link")]
    others = [page for page in PAGES if page.invitation and page is not LESSON]
    invited = [LESSON, *others]
    assert [(card.label, card.icon) for card in cards] == [(f"**{page.invitation}**", page.icon) for page in invited]
    assert [card.page for card in cards] == [page.path for page in invited]
    said_there = [item.value for item in at.main.markdown]
    assert all(any(text.endswith(page.description) for text in said_there) for page in invited)


@pytest.mark.parametrize("n", [1, 4, 5, 7])
def test_cards_stand_in_rows(monkeypatch, n):
    card = AppPage("pages/1_Neurons.py", ":material/home:", "Look", "A sentence.")
    cards = tuple(replace(card, script=f"pages/1_Page{'x' * number}.py") for number in range(n))

    def script(cards):
        import streamlit as st

        from ui import class_settings, navigation
        from ui.panels import home

        navigation.draw_link = lambda page, label: st.markdown(f"{label} {page.title}")
        class_settings.PAGES = cards
        home.draw_page_cards()

    from streamlit.testing.v1 import AppTest

    from ui import class_settings, navigation

    monkeypatch.setattr(navigation, "draw_link", navigation.draw_link)  # put back afterwards
    monkeypatch.setattr(class_settings, "PAGES", PAGES)
    at = AppTest.from_function(script, kwargs={"cards": cards}).run()
    assert not at.exception and len(at.markdown) == 2 * n
    assert [item.value for item in at.markdown[::2]] == [f"**Look** {page.title}" for page in cards]


def test_a_page_without_the_experiment_has_no_settings_and_loses_none(monkeypatch):
    """As a page of text: no settings in the sidebar, no Share, no banner; they are there again on the next page."""
    plain = tuple(replace(page, settings=page.title != "Neurons") for page in PAGES)
    for module in ("ui.app_pages", "ui.class_settings", "ui.navigation"):
        monkeypatch.setattr(f"{module}.PAGES", plain)
    spec = SMALL.changed(alpha=0.2, target="adjectives", shuffle_labels=True)
    at = open_page(HOME, spec)
    address = link(at)
    go_to(at, NEURONS)
    assert not at.sidebar.selectbox and len(at.sidebar.get("page_link")) == len(PAGES)
    assert not any("Control." in sentence for sentence in said(at.warning))
    with pytest.raises(KeyError):
        at.get_by_key("share")
    assert link(at) == address
    go_to(at, HOME)
    settle(at)
    assert link(at) == address and at.sidebar.selectbox(key="target").value == "adjectives"
    assert any("Control." in sentence for sentence in said(at.warning))


def test_pages_that_begin_with_a_chart_are_loaded_with_it():
    assert {page.path for page in app_pages.PAGES if page.chart} == {"Neurons", "Layers", "Words"}
    assert preload.Preload(None, "<x>", "/lab")._paths >= {"/lab/Neurons", "/lab/Words"}
