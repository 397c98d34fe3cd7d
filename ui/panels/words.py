"""The parts of the Words page: headline, image, mean activations, word lists."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.records import ContrastResult, WordList
from core.report import figures, sentences
from core.report.figures import Picture
from core.report.readable import readable_share
from core.words.lists import OWN_LIST
from ui import charts, chosen, link, navigation, page, plot_marks, settings
from ui.defaults import LEAST_WORDS, ORDERS, TABS

_TABS = {"image": "Words by neurons", "means": "Mean activation", "lists": "The two lists"}
_ORDERS = {"index": "Index", "statistic": "Statistic"}
_MOST_AT_FIRST = 100  # words of each class in the image
# A browser can draw this many cells, of both images together, without a delay.
_MAX_CELLS = 1_000_000


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


def draw_image(result: ContrastResult, neuron: int) -> None:
    """Draw the images of words by neurons for both classes, with one colour range. A click selects a neuron."""
    longest, limit = _longest(result), _limit(result)
    left, right = st.columns(2)
    with left:
        n_words = _draw_number(result, limit)
    with right:
        by_statistic = _draw_order() == "statistic"
    # NaN (a neuron that was not tested) is sorted last.
    order = np.argsort(-result.tests.statistic, kind="stable") if by_statistic else None
    image = figures.words_image(result, n_words, order, dark=st.context.theme.type == "dark")
    columns = list(range(result.n_neurons)) if order is None else order.tolist()
    drawn = f"{result.spec.digest} by {'index' if order is None else 'statistic'}"
    _draw_marked(image, "words_image", drawn, columns, neuron)
    if limit < longest:
        st.caption(f"The image holds up to {limit:,} of {longest:,} words of a class, so that a browser can draw it.")
    st.caption(
        "Click a column to select its neuron. Columns that differ between the two halves are neurons that differ "
        "between the classes. Colours end at the 99th percentile of the absolute values; what lies beyond takes the "
        "end colour."
    )


def number_at_first(result: ContrastResult) -> int:
    """How many words of each class the image has if nobody has chosen a number."""
    return min(_limit(result), _MOST_AT_FIRST)


def _limit(result: ContrastResult) -> int:
    """How many words of each class the image can have."""
    return max(LEAST_WORDS, min(_longest(result), _MAX_CELLS // (2 * result.n_neurons)))


def _longest(result: ContrastResult) -> int:
    return max(len(result.words.target), len(result.words.baseline))


def _draw_number(result: ContrastResult, limit: int) -> int:
    """Draw the choice of the number of words of each class in the image, and return it."""
    asked = settings.current().view.image_words
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


def _draw_order() -> str:
    """Draw the choice of the order of the neurons, and return it."""
    order = st.session_state["image_order"] = settings.current().view.order
    st.segmented_control(
        "Order of the neurons",
        ORDERS,
        key="image_order",
        required=True,
        format_func=_ORDERS.__getitem__,
        on_change=_save_order,
    )
    return order


def _save_order() -> None:
    """Callback. A browser can send any value."""
    if st.session_state["image_order"] in ORDERS:
        settings.choose(order=st.session_state["image_order"])


def draw_means(result: ContrastResult, neuron: int) -> None:
    """Draw the mean of every neuron over each class. A click selects a neuron."""
    columns = list(range(result.n_neurons))
    _draw_marked(figures.mean_activations(result), "mean_activations", result.spec.digest, columns, neuron)
    st.caption(
        "Click a neuron to select it. Where the two lines part, the means of the classes differ; the test asks whether "
        "by more than chance."
    )


def _draw_marked(picture: Picture, plot: str, drawn: str, columns: list[int], neuron: int) -> None:
    """Draw a plot with these columns, marks on its selected and pinned neurons, and a way to the selected one."""
    charts.draw(picture, plot, drawn, config={"displaylogo": False})
    places = {each: place for place, each in enumerate(columns)}
    plot_marks.draw(
        plot,
        drawn,
        partial(_choose, columns),
        n_places=len(columns),
        marks={places[each]: each for each in (*settings.current().view.pinned, neuron)},
        selected=neuron,
        across=True,
    )
    navigation.draw_link(navigation.NEURONS, f"What does neuron {neuron} do?", ":material/scatter_plot:")


def _choose(columns: list[int], column: int, drawn_with: chosen.Snapshot) -> None:
    chosen.choose(columns[column], drawn_with)


def draw_lists(result: ContrastResult) -> None:
    """Draw the two lists: overlap, sources, token counts, words."""
    words, spec = result.words, result.spec
    if words.shared:
        what = "dropped from both" if spec.drop_shared else "kept in both"
        st.markdown(f"**{len(words.shared):,} words stand in both lists** ({what}): {_some(words.shared)}")
    else:
        st.markdown("**No word stands in both lists.**")
    target, baseline = sentences.class_titles(spec)
    left, right = st.columns(2)
    with left:
        _draw_list(target, words.target_list, words.target, words.target_lemmas, result.target_tokens)
    with right:
        _draw_list(baseline, words.baseline_list, words.baseline, words.baseline_lemmas, result.baseline_tokens)


def _draw_list(
    label: str, its_list: WordList, words: tuple[str, ...], lemmas: tuple[str, ...], n_tokens: np.ndarray
) -> None:
    """Draw one list: its source, how many lemmas and tokens, and each word."""
    st.subheader(page.plain(label))
    whose = "your" if its_list.source == OWN_LIST else "the"
    of_lemmas = f" of {len(set(lemmas)):,} lemmas" if lemmas else ""
    st.markdown(
        f"{len(words):,} words{of_lemmas}, of {len(its_list.words):,} from {whose} {page.plain(its_list.source)}. "
        f"{readable_share(float(np.mean(n_tokens == 1)))} are a single token; {n_tokens.mean():.2f} tokens a word."
    )
    columns = {"rank": np.arange(1, len(words) + 1), "word": list(words)}
    columns |= {"lemma": list(lemmas)} if lemmas else {}
    st.dataframe({**columns, "tokens": n_tokens}, hide_index=True, height=420)


def _some(words: tuple[str, ...], n: int = 30) -> str:
    """The first words as literal text, safe in Markdown."""
    shown = ", ".join(f"`{word.replace('`', 'ˋ')}`" for word in words[:n])
    return f"{shown} and {len(words) - n:,} more." if len(words) > n else f"{shown}."
