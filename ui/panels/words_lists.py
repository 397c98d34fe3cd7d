"""The two lists on the Words page: their numbers side by side, what they share, and each word."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core.records import CUSTOM, SIDES, ContrastResult, WordList
from core.report import alternatives, sentences
from core.report.glossary import GLOSSARY
from core.report.word_lists import compared_lists
from core.words.lists import OWN_LIST
from ui import custom_lists, page


def draw(result: ContrastResult) -> None:
    """Draw the two lists: their numbers side by side, what they share, and each word."""
    words, spec = result.words, result.spec
    target, baseline = map(page.plain, sentences.class_titles(spec))
    rows = compared_lists(result, _n_repeated(result))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    st.markdown(f"| | {target} | {baseline} |\n|---|---:|---:|\n{table}", help=GLOSSARY["word lists"])
    if words.shared:
        what = "dropped from both" if spec.drop_shared else "kept in both"
        st.markdown(f"**{len(words.shared):,} words are in both lists** ({what}): {_some(words.shared)}")
    else:
        st.markdown("**No word is in both lists.**")
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
        for side in SIDES
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
