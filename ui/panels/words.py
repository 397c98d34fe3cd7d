"""The parts of the Words page: headline, image, mean activations, word lists."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.records import ContrastResult, WordList
from core.report import figures

# A browser can draw this many cells, of both images together, without a delay.
_MAX_CELLS = 1_000_000


def draw_headline(result: ContrastResult) -> None:
    """Draw one sentence about what was read."""
    spec, words = result.spec, result.words
    how = "averaged over its tokens" if spec.pooling == "mean" else "at its last token"
    space = "with a leading space" if spec.leading_space else "without a leading space"
    after = " after the beginning-of-text token" if spec.prefix else ""
    st.markdown(
        f"**{len(words.target):,} {spec.target}** and **{len(words.baseline):,} {spec.baseline}**, each read on its "
        f"own {space}{after}: the {spec.hook_side} of layer **{spec.layer}**'s {result.n_neurons:,} neurons, {how}."
    )


def draw_image(result: ContrastResult) -> None:
    """Draw the images of words by neurons for both classes, with one colour range."""
    longest = max(len(result.words.target), len(result.words.baseline))
    limit = max(2, min(longest, _MAX_CELLS // (2 * result.n_neurons)))
    left, right = st.columns(2)
    n_words = left.slider(
        "Words of each class", 2, limit, min(limit, 100), key="image_words", help="The most frequent ones."
    )
    by_statistic = right.segmented_control(
        "Order of the neurons", ["Index", "Statistic"], default="Index", required=True, key="image_order"
    )
    # NaN (a neuron that was not tested) is sorted last.
    order = np.argsort(-result.tests.statistic, kind="stable") if by_statistic == "Statistic" else None
    st.plotly_chart(
        figures.words_image(result, n_words, order, dark=st.context.theme.type == "dark"),
        key="words_image",
        config={"displaylogo": False},
    )
    if limit < longest:
        st.caption(f"The image holds up to {limit:,} of {longest:,} words of a class, so that a browser can draw it.")
    st.caption(
        "Columns that differ between the two halves are neurons that tell the classes apart. The colours end at the "
        "99th percentile of the absolute values; what lies beyond takes the end colour."
    )


def draw_means(result: ContrastResult) -> None:
    """Draw the mean of every neuron over each class."""
    st.plotly_chart(figures.mean_activations(result), key="mean_activations", config={"displaylogo": False})
    st.caption("Where the two lines part, the means of the classes differ; the test asks whether by more than chance.")


def draw_lists(result: ContrastResult) -> None:
    """Draw the two lists: overlap, sources, token counts, words."""
    words, spec = result.words, result.spec
    if words.shared:
        what = "dropped from both" if spec.drop_shared else "kept in both"
        st.markdown(f"**{len(words.shared):,} words stand in both lists** ({what}): {_some(words.shared)}")
    else:
        st.markdown("**No word stands in both lists.**")
    left, right = st.columns(2)
    for column, label, its_list, its_words, counts in (
        (left, f"{spec.target.capitalize()} (target)", words.target_list, words.target, result.target_tokens),
        (
            right,
            f"{spec.baseline.capitalize()} (baseline)",
            words.baseline_list,
            words.baseline,
            result.baseline_tokens,
        ),
    ):
        with column:
            _draw_list(label, its_list, its_words, counts)


def _draw_list(label: str, its_list: WordList, words: tuple[str, ...], n_tokens: np.ndarray) -> None:
    st.subheader(label)
    single = float(np.mean(n_tokens == 1))
    st.markdown(
        f"{len(words):,} of {len(its_list.words):,} words, from the {its_list.source}. "
        f"{single:.0%} are a single token; {n_tokens.mean():.2f} tokens a word."
    )
    st.dataframe(
        {"rank": np.arange(1, len(words) + 1), "word": list(words), "tokens": n_tokens},
        hide_index=True,
        height=420,
    )


def _some(words: tuple[str, ...], n: int = 30) -> str:
    """The first words as literal text, safe in Markdown."""
    shown = ", ".join(f"`{word.replace('`', 'ˋ')}`" for word in words[:n])
    return f"{shown} and {len(words) - n:,} more." if len(words) > n else f"{shown}."
