"""The parts of the Words page: headline, image, mean activations, word lists."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core.records import ContrastResult, WordList
from core.report import alternatives, figures, sentences
from core.report.figures import Picture
from core.report.readable import readable_share
from core.words.lists import OWN_LIST
from ui import charts, chosen, navigation, page, plot_marks, settings

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


def draw_image(result: ContrastResult, neuron: int) -> None:
    """Draw the images of words by neurons for both classes, with one colour range. A click selects a neuron."""
    longest = max(len(result.words.target), len(result.words.baseline))
    limit = max(2, min(longest, _MAX_CELLS // (2 * result.n_neurons)))
    left, right = st.columns(2)
    n_words = 2  # where there are no more, there is no choice
    if limit > 2:
        n_words = left.slider(
            "Words of each class", 2, limit, min(limit, 100), key="image_words", help="The most frequent ones."
        )
    by_statistic = right.segmented_control(
        "Order of the neurons", ["Index", "Statistic"], default="Index", required=True, key="image_order"
    )
    # NaN (a neuron that was not tested) is sorted last.
    order = np.argsort(-result.tests.statistic, kind="stable") if by_statistic == "Statistic" else None
    image = figures.words_image(result, n_words, order, dark=st.context.theme.type == "dark")
    columns = list(range(result.n_neurons)) if order is None else order.tolist()
    drawn = f"{result.spec.digest} by {'index' if order is None else 'statistic'}"
    alt = alternatives.of_words_image(result, n_words)
    _draw_marked(image, "words_image", drawn, columns, neuron, alt=alt)
    if limit < longest:
        st.caption(f"The image holds up to {limit:,} of {longest:,} words of a class, so that a browser can draw it.")
    st.caption(
        "Click a column to select its neuron. Columns that differ between the two halves are neurons that differ "
        "between the classes. Colours end at the 99th percentile of the absolute values; what lies beyond takes the "
        "end colour."
    )


def draw_means(result: ContrastResult, neuron: int) -> None:
    """Draw the mean of every neuron over each class. A click selects a neuron."""
    columns = list(range(result.n_neurons))
    means, alt = figures.mean_activations(result), alternatives.of_means(result)
    _draw_marked(means, "mean_activations", result.spec.digest, columns, neuron, alt=alt)
    st.caption(
        "Click a neuron to select it. Where the two lines part, the means of the classes differ; the test asks whether "
        "by more than chance."
    )


def _draw_marked(picture: Picture, plot: str, drawn: str, columns: list[int], neuron: int, *, alt: str) -> None:
    """Draw a plot with these columns, marks on its selected and pinned neurons, and a way to the selected one."""
    charts.draw(picture, plot, drawn, alt=alt, config={"displaylogo": False})
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
    st.header(page.plain(label))
    whose = "your" if its_list.source == OWN_LIST else "the"
    of_lemmas = f" of {len(set(lemmas)):,} lemmas" if lemmas else ""
    st.markdown(
        f"{len(words):,} words{of_lemmas}, of {len(its_list.words):,} from {whose} {page.plain(its_list.source)}. "
        f"{readable_share(float(np.mean(n_tokens == 1)))} are a single token; {n_tokens.mean():.2f} tokens a word."
    )
    columns: dict[str, Any] = {"rank": np.arange(1, len(words) + 1), "word": list(words)}
    columns |= {"lemma": list(lemmas)} if lemmas else {}
    columns["tokens"] = n_tokens
    alt = alternatives.of_table(len(words), label, tuple(columns))
    st.dataframe(columns, hide_index=True, height=420, alt=alt)


def _some(words: tuple[str, ...], n: int = 30) -> str:
    """The first words as literal text, safe in Markdown."""
    shown = ", ".join(f"`{word.replace('`', 'ˋ')}`" for word in words[:n])
    return f"{shown} and {len(words) - n:,} more." if len(words) > n else f"{shown}."
