"""The image of words by neurons on the Words page: what it has, and the neuron that a click selects."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core.records import ContrastResult
from core.report import alternatives, figures, sentences
from core.report.glossary import GLOSSARY, statistic_name
from core.report.readable import as_chosen, readable_number
from ui import charts, chosen, link, navigation, page, plot_marks, settings
from ui.defaults import COLUMNS, LEAST_WORDS

# How many neurons of each sign the image has, by their names in a link; None is every neuron.
_OF_EACH_SIGN = {"30": 30, "100": 100, "all": None}
_LABELS = {"30": "30 of each sign", "100": "100 of each sign", "all": "All"}
_MOST_AT_FIRST = 100  # words of each class in the image
# A browser can draw this many cells, of both classes together, without a delay.
_MAX_CELLS = 320_000
_MAX_WORDS = 500  # of each class: more rows than a screen has


def draw(result: ContrastResult, neuron: int) -> None:
    """Draw the image of words by neurons, the target above the baseline. A click selects a neuron."""
    st.header("Every word at the most extreme neurons")
    left, right = st.columns(2)
    with left:
        asked = _draw_number(result)
    with right:
        of_each_sign = _draw_columns(result)
    columns = figures.image_columns(result.tests.statistic, of_each_sign)
    n_words = _n_words(asked, len(columns))
    image = figures.words_image(result, n_words, columns, theme="dark" if _is_dark() else "light")
    drawn = f"{result.spec.digest} {of_each_sign or 'all'}"
    alt = alternatives.of_words_image(result, n_words, sum(each is not None for each in columns))
    charts.draw(image, "words_image", drawn, alt=alt, config={"displaylogo": False})
    places = {each: place for place, each in enumerate(columns) if each is not None}
    plot_marks.draw(
        "words_image",
        drawn,
        partial(_choose, columns),
        n_places=len(columns),
        marks={places[each]: each for each in chosen.marked(neuron) if each in places},
        selected=neuron,
        across=True,
    )
    navigation.draw_link_to_neuron(neuron)
    _draw_about_image(result, [each for each in chosen.marked(neuron) if each not in places])
    if n_words < asked:
        st.caption(f"The image has the first {n_words:,} words of each class, so that a browser can draw all neurons.")


def title(result: ContrastResult) -> str:
    """What the image has, as the view says."""
    view = settings.current().view
    of_each_sign = _OF_EACH_SIGN[view.columns]
    n_columns = len(figures.image_columns(result.tests.statistic, of_each_sign))
    n_words = _n_words(view.image_words or number_at_first(result), n_columns)
    neurons = "all neurons" if of_each_sign is None else f"the {of_each_sign} most extreme neurons of each sign"
    return f"The first {n_words:,} words of each class at {neurons}"


def _n_words(asked: int, n_columns: int) -> int:
    """How many words of each class are drawn: fewer than asked for where a browser could not draw them."""
    return max(1, min(asked, _MAX_CELLS // (2 * n_columns)))


def number_at_first(result: ContrastResult) -> int:
    """How many words of each class the image has if nobody has chosen a number."""
    return min(_limit(result), _MOST_AT_FIRST)


def _limit(result: ContrastResult) -> int:
    """How many words of each class the image can have."""
    return max(LEAST_WORDS, min(_MAX_WORDS, max(len(result.words.target), len(result.words.baseline))))


def _draw_number(result: ContrastResult) -> int:
    """Draw the choice of the number of words of each class in the image, and return it."""
    asked, limit = settings.current().view.image_words, _limit(result)
    if asked is not None and asked > limit:
        page.show_warning(f"The image was to have {asked:,} words of each class; here it has at most {limit:,}.")
        settings.choose(image_words=None)
        link.write(settings.current().view)
        asked = None
    n_words = number_at_first(result) if asked is None else asked
    if limit == LEAST_WORDS:  # there is no choice
        return n_words
    st.session_state["image_words"] = n_words
    return st.slider(
        "Words of each class",
        LEAST_WORDS,
        limit,
        key="image_words",
        on_change=_save_number,
        help="The most frequent ones.",
    )


def _save_number() -> None:
    """Callback. A browser can send any value."""
    n_words = st.session_state["image_words"]
    if isinstance(n_words, int) and n_words >= LEAST_WORDS:
        settings.choose(image_words=n_words)


def _draw_columns(result: ContrastResult) -> int | None:
    """Draw the choice of the neurons in the image, and return how many of each sign; None for all."""
    columns = st.session_state["image_neurons"] = settings.current().view.columns
    name = statistic_name(result.spec.test)
    st.segmented_control(
        "Neurons",
        COLUMNS,
        key="image_neurons",
        required=True,
        format_func=_LABELS.__getitem__,
        on_change=_save_columns,
        help=f"Those with the largest and the smallest {name}, or all of the layer in the order of {name}.",
    )
    return _OF_EACH_SIGN[columns]


def _save_columns() -> None:
    """Callback. A browser can send any value."""
    if st.session_state["image_neurons"] in COLUMNS:
        settings.choose(columns=st.session_state["image_neurons"])


def _draw_about_image(result: ContrastResult, absent: list[int]) -> None:
    """Draw what a reader of the image should know."""
    target, baseline = map(page.plain, sentences.class_names(result.spec))
    name = statistic_name(result.spec.test)
    constant = int(np.isnan(result.tests.statistic).sum())
    st.caption(
        f"Click a column for its neuron. Orange is above the neuron's mean over all {target} and {baseline} in "
        f"use, blue below it, in standard deviations; beyond {as_chosen(figures.BOUND)} the colour stays that of the "
        f"end. From left to right {name} falls: first neurons higher for {target}, then those higher for {baseline}. "
        "They were chosen by these words, so the pattern is no evidence of its own.",
        help=f"**Standardised value**: {GLOSSARY['standardised value']}",
    )
    if absent:
        numbers = ", ".join(
            f"{each} ({name} = {readable_number(result.tests.statistic[each])})" for each in dict.fromkeys(absent)
        )
        st.caption(f"Selected or pinned, but not among these columns: {numbers}.")
    if constant:
        st.caption(
            f"{constant:,} {'neuron has' if constant == 1 else 'neurons have'} no {name}, as nothing varies in what is "
            "compared. Among all neurons they are last; one with the same value at every word is blank."
        )


def _is_dark() -> bool:
    return st.context.theme.type == "dark"


def _choose(columns: list[int | None], column: int, drawn_with: chosen.Snapshot) -> None:
    """Callback. The column between the two signs is nobody's."""
    neuron = columns[column]
    if neuron is not None:
        chosen.choose(neuron, drawn_with)
