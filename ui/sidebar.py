"""The sidebar: links to the pages, and widgets for the settings of the experiment.

Each widget has state in the session, and also gets the same value as its default. If a run is interrupted, by the next
run or by a lost connection, the browser may see only the one after, which sends defaults but no state.
"""

from __future__ import annotations

from collections.abc import Callable

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
from ui import (
    class_settings,
    custom_lists,
    model_settings,
    navigation,
    page,
    settings,
    settings_file,
    sidebar_behaviour,
    word_settings,
)
from ui.app_pages import AppPage, grouped
from ui.defaults import PRESETS
from ui.labels import DTYPE_LABELS, FAMILY_LABELS, SETTING_LABELS, SOURCE_LABELS, TEST_LABELS
from ui.pictures import picture
from ui.values import said, values_of
from ui.widgets import choice, default, flag, say_why


def draw(open_page: AppPage) -> None:
    """Draw the sidebar: links to all pages and, on a page that shows the experiment, its settings."""
    st.logo(picture("logo"), size="large", icon_image=picture("mark"))
    with st.sidebar:
        pages = class_settings.pages()
        _draw_links(pages)
        if open_page.settings:
            st.divider()
            _draw_settings()
        sidebar_behaviour.draw(pages.index(open_page) if open_page in pages else -1)


def _draw_links(pages: tuple[AppPage, ...]) -> None:
    """Draw the links, in the order of ``PAGES``: those of a group in two columns, so that the settings are near."""
    with st.container(key="page_links", gap=None):
        for name, of_group in grouped(pages).items():
            if not of_group[0].group:
                navigation.draw_link(of_group[0])
                continue
            st.html(f'<p class="gn-group" id="group-{name}">{name}</p>')
            with st.container(key=f"page_links_{name}", gap=None):
                for each in of_group:
                    navigation.draw_link(each)


def _draw_settings() -> None:
    """Draw the settings that this server shows (``ui.class_settings``), each in its place."""
    _draw_hidden()
    for control, draw_it in _CONTROLS:
        if not class_settings.hides(control):
            draw_it()
    if advanced := [each for each in _ADVANCED if not class_settings.hides(each)]:
        with st.expander("Advanced"):
            for control in advanced:
                _ADVANCED[control]()
    if not class_settings.hides("settings_file"):
        settings_file.draw()


def _draw_hidden() -> None:
    """Say that the class file hides settings, and which of these a link or a button has changed, with a way back."""
    if not (hidden := class_settings.hidden_settings()):
        return
    n = f"{len(hidden)} setting{'' if len(hidden) == 1 else 's'}"
    about = (
        "What is compared and tested stands on each page. A link, or a button of a page, may still change a setting "
    )
    st.caption(f"Your class hides {n} here.", help=f"{about}that is hidden; then it is named here.")
    spec = settings.current().view.spec
    if changed := class_settings.hidden_and_changed(spec):
        st.caption(page.plain(f"Not as the class has it: {', '.join(said(name, spec) for name in changed)}."))
        st.button("Back to the class’s settings", key="back_to_class", on_click=_back_to_class, width="stretch")


def _back_to_class() -> None:
    """Callback: set every setting as pages open with it."""
    settings.set_values(values_of(class_settings.spec(), settings.current().values))


def _draw_preset() -> None:
    st.segmented_control(
        "Preset",
        list(PRESETS),
        key="preset",
        on_change=settings.apply_preset,
        width="stretch",
        help="A preset sets how to analyse. It sets neither the model nor the layer.\n\n"
        + "\n\n".join(f"**{one.label}**: {one.about}" for one in ALL_PRESETS.values()),
    )
    if st.session_state.get("preset") == ALL_PRESETS["notebook"].label:
        from ui.panels import notebook_path  # others need none of it

        notebook_path.draw("sidebar")


def _draw_classes() -> None:
    """Draw both classes beside each other, or the one that is shown."""
    helps = {
        "target": "Its most frequent words. A positive statistic: higher for these.",
        "baseline": "The words to compare with: the most frequent of this class.",
    }
    sides = [side for side in helps if not (class_settings.hides(side) and class_settings.hides(f"n_{side}"))]
    for side, column in zip(sides, st.columns(len(sides)) if sides else (), strict=True):
        with column:
            word_settings.draw_class(side, helps[side])


def _draw_test() -> None:
    about = " ".join(test.about for test in ALL_TESTS.values())
    choice("test", TESTS, TEST_LABELS.__getitem__, help=about)


def _draw_correction() -> None:
    choice(
        "correction",
        CORRECTIONS,
        LABELS.__getitem__,
        help="With thousands of tests, some are significant by chance. "
        f"{_bounded(FAMILY_WISE)} {_bounded(FALSE_DISCOVERY_RATE)} "
        f"**Max-T**: {GLOSSARY['max-T']} It needs no normal distribution, and takes seconds.",
    )


def _draw_alpha() -> None:
    label, explanation = SETTING_LABELS["alpha"], GLOSSARY["p adjusted"]
    st.number_input(label, value=default("alpha"), step=0.01, format="%.4g", key="alpha", help=explanation)
    say_why(settings.current().out_of_range.get("alpha"))


def _draw_shuffled() -> None:
    key, shuffled = "shuffle_labels", GLOSSARY["shuffled labels"]
    st.toggle(SETTING_LABELS[key], default(key), key=key, help=shuffled)


def _bounded(what: str) -> str:
    """A sentence that names the corrections which bound something."""
    names = [one.label for one in ALL_CORRECTIONS.values() if one.bounds == what]
    return f"{', '.join(names[:-1])} and {names[-1]} bound {what} in the family."


def _draw_word_source() -> None:
    choice(
        "word_source",
        SOURCE_LABELS,
        lambda name: SOURCE_LABELS.get(name, name),
        help="The notebook's lists are the top words of a web corpus, errors included; the curated ones hold words "
        "that are almost always of their class.",
    )


def _draw_start() -> None:
    start = "Read before the word or the text, never pooled: a model's first token behaves unlike all others."
    flag("prefix", start)


def _draw_hook_side() -> None:
    sides = " ".join(f"**{side.capitalize()}**: {GLOSSARY[side]}" for side in HOOK_SIDES)
    choice("hook_side", HOOK_SIDES, help=sides)


def _draw_family() -> None:
    choice(
        "family",
        FAMILIES,
        FAMILY_LABELS.__getitem__,
        help=f"{GLOSSARY['family']} If you look at all layers, count them all.",
    )


def _draw_dtype() -> None:
    choice(
        "dtype",
        DTYPES,
        DTYPE_LABELS.__getitem__,
        help="bfloat16 takes half the memory for a model's weights, and rounds each value to 8 significant bits: by up "
        "to 0.4%, and more in sums.",
    )


_AFTER_A_SPACE = "Read the word as inside a sentence, after a space, not as a text alone."
# The controls in their order, by the names that a class file has for them; then those that are folded away.
_CONTROLS: tuple[tuple[str, Callable[[], None]], ...] = (
    ("preset", _draw_preset),
    ("model", model_settings.draw_model),
    ("layer", model_settings.draw_layer),
    ("contrast", word_settings.draw_contrast),
    ("", _draw_classes),
    ("swap", word_settings.draw_swap),
    ("", custom_lists.draw),
    ("unit", word_settings.draw_unit),
    ("test", _draw_test),
    ("correction", _draw_correction),
    ("alpha", _draw_alpha),
    ("shuffle_labels", _draw_shuffled),
)
_ADVANCED: dict[str, Callable[[], None]] = {
    "word_source": _draw_word_source,
    "leading_space": lambda: flag("leading_space", _AFTER_A_SPACE),
    "prefix": _draw_start,
    "drop_shared": lambda: flag("drop_shared", "Of the words that are used, before any test."),
    "hook_side": _draw_hook_side,
    "pooling": lambda: choice("pooling", POOLINGS, str.capitalize),
    "family": _draw_family,
    "dtype": _draw_dtype,
}
