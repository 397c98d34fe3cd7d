"""The parts of the Words page: headline, the two lists, the image of words by neurons, mean activations."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.records import CUSTOM, ContrastResult, WordList
from core.report import alternatives, figures, sentences
from core.report.glossary import GLOSSARY, statistic_name
from core.report.readable import as_chosen, readable_number
from core.report.word_lists import compared_lists
from core.words.lists import OWN_LIST
from ui import charts, chosen, custom_lists, link, navigation, page, plot_marks, settings
from ui.defaults import COLUMNS, LEAST_WORDS, TABS

_TABS = {"lists": "The two lists", "image": "Words by neurons", "means": "Mean activation"}
# How many neurons of each sign the image has, by their names in a link; None is every neuron.
_OF_EACH_SIGN = {"30": 30, "100": 100, "all": None}
_LABELS = {"30": "30 of each sign", "100": "100 of each sign", "all": "All"}
_MOST_AT_FIRST = 100  # words of each class in the image
# A browser can draw this many cells, of both classes together, without a delay.
_MAX_CELLS = 320_000
_MAX_WORDS = 500  # of each class: more rows than a screen has


def draw_headline(result: ContrastResult) -> None:
    """Draw one sentence about what was read."""
    spec, (target, baseline) = result.spec, map(page.plain, sentences.counted_words(result))
    how = "averaged over its tokens" if spec.pooling == "mean" else "at its last token"
    read_as = page.plain(sentences.read_as(result))
    st.markdown(
        f"**{target}** and **{baseline}**, each read on its own {read_as}: the {spec.hook_side} of layer "
        f"**{spec.layer}**'s {result.n_neurons:,} neurons, {how}."
    )


def draw_tabs(shown: Collection[str]) -> dict[str, DeltaGenerator]:
    """Draw the tabs that are shown, with the view's open, and return them by their names in a link."""
    names = [name for name in TABS if name in shown]
    if len(names) == 1:
        return {names[0]: st.container()}
    tab = settings.current().view.tab
    st.session_state["words_tab"] = _TABS[tab if tab in names else names[0]]
    tabs = st.tabs([_TABS[name] for name in names], key="words_tab", on_change=_save_tab)
    return dict(zip(names, tabs, strict=True))


def _save_tab() -> None:
    """Callback. A browser can send any value."""
    names = {label: name for name, label in _TABS.items()}
    if st.session_state["words_tab"] in names:
        settings.choose(tab=names[st.session_state["words_tab"]])


# ---------------------------------------------------------------- the image


def draw_image(result: ContrastResult, neuron: int) -> None:
    """Draw the image of words by neurons, the target above the baseline. A click selects a neuron."""
    st.header("Every word at the most extreme neurons")
    left, right = st.columns(2)
    with left:
        asked = _draw_number(result)
    with right:
        of_each_sign = _draw_columns(result)
    columns = figures.image_columns(result.tests.statistic, of_each_sign)
    n_words = max(1, min(asked, _MAX_CELLS // (2 * len(columns))))
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
        marks={places[each]: each for each in _marked(neuron) if each in places},
        selected=neuron,
        across=True,
    )
    _draw_way(neuron)
    _draw_about_image(result, [each for each in _marked(neuron) if each not in places])
    if n_words < asked:
        st.caption(f"The image has the first {n_words:,} words of each class, so that a browser can draw all neurons.")


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
        f"Click a column to select its neuron. Orange is above the neuron's mean over all {target} and {baseline} in "
        f"use, blue below it, in standard deviations; beyond {as_chosen(figures.BOUND)} the colour stays that of the "
        f"end. From left to right {name} falls: first neurons higher for {target}, then those higher for {baseline}. "
        "They were chosen by these words, so the pattern is no evidence of its own.",
        help=f"**Standardised value**: {GLOSSARY['standardised value']}",
    )
    if absent:
        numbers = ", ".join(
            f"{each:,} ({name} = {readable_number(result.tests.statistic[each])})" for each in dict.fromkeys(absent)
        )
        st.caption(f"Selected or pinned, but not among these columns: {numbers}.")
    if constant:
        st.caption(
            f"{constant:,} {'neuron has' if constant == 1 else 'neurons have'} no {name}, as nothing varies in what is "
            "compared. Among all neurons they are last; one with the same value at every word is blank."
        )


# ---------------------------------------------------------------- the means


def draw_means(result: ContrastResult, neuron: int) -> None:
    """Draw every neuron by its mean over each class. A click selects a neuron."""
    st.header("Every neuron's mean over each class")
    means, alt = figures.mean_activations(result), alternatives.of_means(result)
    charts.draw(means, "mean_activations", result.spec.digest, alt=alt, config={"displaylogo": False})
    plot_marks.draw(
        "mean_activations",
        result.spec.digest,
        chosen.choose,
        n_places=result.n_neurons,
        marks={each: each for each in _marked(neuron)},
        selected=neuron,
    )
    _draw_way(neuron)
    target, baseline = map(page.plain, sentences.class_names(result.spec))
    over = "lemmas" if result.spec.unit == "lemma" else "words"
    st.caption(
        f"Click a point to select its neuron. On the dashed line both means over {over} are equal; above it that of "
        f"{target} is higher, below it that of {baseline}. Both axes have the same scale. How far a neuron is from the "
        "line says nothing of how much its values vary: the test does.",
        help=f"**Mean activation**: {GLOSSARY['mean activation']}",
    )


def _marked(neuron: int) -> tuple[int, ...]:
    return (*settings.current().view.pinned, neuron)


def _is_dark() -> bool:
    return st.context.theme.type == "dark"


def _draw_way(neuron: int) -> None:
    navigation.draw_link(navigation.NEURONS, f"What does neuron {neuron} do?", ":material/scatter_plot:")


def _choose(columns: list[int | None], column: int, drawn_with: chosen.Snapshot) -> None:
    """Callback. The column between the two signs is nobody's."""
    neuron = columns[column]
    if neuron is not None:
        chosen.choose(neuron, drawn_with)


# ---------------------------------------------------------------- the lists


def draw_lists(result: ContrastResult) -> None:
    """Draw the two lists: their numbers side by side, what they share, and each word."""
    words, spec = result.words, result.spec
    target, baseline = map(page.plain, sentences.class_titles(spec))
    rows = compared_lists(result, _n_repeated(result))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    st.markdown(f"| | {target} | {baseline} |\n|---|---:|---:|\n{table}", help=GLOSSARY["word lists"])
    if words.shared:
        what = "dropped from both" if spec.drop_shared else "kept in both"
        st.markdown(f"**{len(words.shared):,} words stand in both lists** ({what}): {_some(words.shared)}")
    else:
        st.markdown("**No word stands in both lists.**")
    left, right = st.columns(2)
    with left:
        _draw_list(target, words.target_list, words.target, words.target_lemmas, result.target_tokens)
    with right:
        _draw_list(baseline, words.baseline_list, words.baseline, words.baseline_lemmas, result.baseline_tokens)


def _n_repeated(result: ContrastResult) -> tuple[int, int]:
    """Repeated lines that were dropped while a list of one's own was typed or uploaded: the spec has them no more."""
    spec = result.spec
    target, baseline = (
        custom_lists.n_repeated(side, getattr(spec, f"{side}_words")) if getattr(spec, side) == CUSTOM else 0
        for side in ("target", "baseline")
    )
    return target, baseline


def _draw_list(
    title: str, its_list: WordList, words: tuple[str, ...], lemmas: tuple[str, ...], n_tokens: np.ndarray
) -> None:
    """Draw one list: its source, and each word."""
    st.header(title)
    whose = "your" if its_list.source == OWN_LIST else "the"
    of_lemmas = f" of {len(set(lemmas)):,} lemmas" if lemmas else ""
    st.markdown(
        f"{len(words):,} words{of_lemmas}, of {len(its_list.words):,} from {whose} {page.plain(its_list.source)}."
    )
    columns: dict[str, Any] = {"rank": np.arange(1, len(words) + 1), "word": list(words)}
    columns |= {"lemma": list(lemmas)} if lemmas else {}
    columns["tokens"] = n_tokens
    alt = alternatives.of_table(len(words), title, tuple(columns))
    st.dataframe(columns, hide_index=True, height=420, alt=alt)


def _some(words: tuple[str, ...], n: int = 30) -> str:
    """The first words as literal text, safe in Markdown."""
    shown = ", ".join(f"`{word.replace('`', 'ˋ')}`" for word in words[:n])
    return f"{shown} and {len(words) - n:,} more." if len(words) > n else f"{shown}."
