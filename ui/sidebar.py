"""The sidebar: links to the pages, and widgets for the settings of the experiment.

Each widget has state in the session, and also gets the same value as its default. If a run is interrupted, by the next
run or by a lost connection, the browser may see only the one after, which sends defaults but no state.
"""

from __future__ import annotations

import streamlit as st

from core.records import (
    ALL_CORRECTIONS,
    ALL_PRESETS,
    ALL_TESTS,
    CORRECTIONS,
    DTYPES,
    FAMILIES,
    HOOK_SIDES,
    POOLINGS,
    TESTS,
)
from core.records.corrections import FALSE_DISCOVERY_RATE, FAMILY_WISE
from core.report.glossary import GLOSSARY
from core.stats.correction import LABELS
from ui import custom_lists, model_settings, navigation, settings, settings_file, sidebar_behaviour, word_settings
from ui.app_pages import PAGES, AppPage, grouped
from ui.defaults import PRESETS
from ui.labels import DTYPE_LABELS, FAMILY_LABELS, SETTING_LABELS, SOURCE_LABELS, TEST_LABELS
from ui.pictures import picture
from ui.widgets import choice, default, flag, say_why


def draw(open_page: AppPage) -> None:
    """Draw the sidebar: links to all pages and, on a page that shows the experiment, its settings."""
    st.logo(picture("logo"), size="large", icon_image=picture("mark"))
    with st.sidebar:
        _draw_links()
        if open_page.settings:
            st.divider()
            _draw_settings()
        sidebar_behaviour.draw(PAGES.index(open_page))


def _draw_links() -> None:
    """Draw the links, in the order of ``PAGES``: those of a group in two columns, so that the settings are near."""
    with st.container(key="page_links", gap=None):
        for name, pages in grouped().items():
            if len(pages) == 1:
                navigation.draw_link(pages[0])
                continue
            st.html(f'<p class="gn-group" id="group-{name}">{name}</p>')
            with st.container(key=f"page_links_{name}", gap=None):
                for each in pages:
                    navigation.draw_link(each)


def _draw_settings() -> None:
    st.segmented_control(
        "Preset",
        list(PRESETS),
        key="preset",
        on_change=settings.apply_preset,
        width="stretch",
        help="\n\n".join(f"**{one.label}**: {one.about}" for one in ALL_PRESETS.values()),
    )
    model_settings.draw()
    word_settings.draw_contrast()
    left, right = st.columns(2)
    with left:
        word_settings.draw_class("target", "Its most frequent words. A positive statistic: higher for these.")
    with right:
        word_settings.draw_class("baseline", "The words to compare with: the most frequent of this class.")
    word_settings.draw_swap()
    custom_lists.draw()
    word_settings.draw_unit()
    choice(
        "test",
        TESTS,
        TEST_LABELS.__getitem__,
        help=" ".join(test.about for test in ALL_TESTS.values()),
    )
    choice(
        "correction",
        CORRECTIONS,
        LABELS.__getitem__,
        help="With thousands of tests, some are significant by chance. "
        f"{_bounded(FAMILY_WISE)} {_bounded(FALSE_DISCOVERY_RATE)} "
        f"**Max-T**: {GLOSSARY['max-T']} It needs no normal distribution, and takes seconds.",
    )
    label, explanation = SETTING_LABELS["alpha"], GLOSSARY["p adjusted"]
    st.number_input(label, value=default("alpha"), step=0.01, format="%.4g", key="alpha", help=explanation)
    say_why(settings.current().out_of_range.get("alpha"))
    key, shuffled = "shuffle_labels", GLOSSARY["shuffled labels"]
    st.toggle(SETTING_LABELS[key], default(key), key=key, help=shuffled)
    with st.expander("Advanced"):
        _draw_advanced()
    settings_file.draw()


def _bounded(what: str) -> str:
    """A sentence that names the corrections which bound something."""
    names = [one.label for one in ALL_CORRECTIONS.values() if one.bounds == what]
    return f"{', '.join(names[:-1])} and {names[-1]} bound {what} in the family."


def _draw_advanced() -> None:
    choice(
        "word_source",
        SOURCE_LABELS,
        lambda name: SOURCE_LABELS.get(name, name),
        help="The notebook's lists are the top words of a web corpus, errors included; the curated ones hold words "
        "that are almost always of their class.",
    )
    flag("leading_space", "Read the word as inside a sentence, after a space, not as a text alone.")
    start = "Read before the word or the text, never pooled: a model's first token behaves unlike all others."
    flag("prefix", start)
    flag("drop_shared", "Of the words that are used, before any test.")
    sides = " ".join(f"**{side.capitalize()}**: {GLOSSARY[side]}" for side in HOOK_SIDES)
    choice("hook_side", HOOK_SIDES, help=sides)
    choice("pooling", POOLINGS, str.capitalize)
    choice(
        "family",
        FAMILIES,
        FAMILY_LABELS.__getitem__,
        help=f"{GLOSSARY['family']} If you look at all layers, count them all.",
    )
    choice(
        "dtype",
        DTYPES,
        DTYPE_LABELS.__getitem__,
        help="bfloat16 takes half the memory for a model's weights, and rounds each value to 8 significant bits: by up "
        "to 0.4%, and more in sums.",
    )
