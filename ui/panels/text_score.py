"""Below the coloured text: how well each shown neuron tells two kinds of words apart in it, and its worst errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core.activations import tokens_of_words, word_values
from core.records import ENOUGH_WORDS, UPOS_OF, ContrastResult, GoldWord, Passage, TextScore, TokenActivations
from core.records.gold import why_no_tags
from core.report import alternatives
from core.report.glossary import GLOSSARY
from core.report.readable import first_words, last_words, readable, readable_auc, readable_number, readable_share
from core.report.sentences import class_names
from core.stats.text_score import text_score
from core.words import listed_words
from ui import page, seen, token_heatmap
from ui.readable_table import readable_table
from ui.rows import clicked_row

# So many characters before and after a word are its context.
_BEFORE, _AFTER = 24, 48


@dataclass(frozen=True, eq=False)
class _Kinds:
    """The words of a text, and of which kind each is: the target's, the baseline's, or neither.

    ``what`` is how they are told apart: by tag or list. ``names`` are the two kinds, and ``labels`` (n_words,) what is
    shown of each word. The masks are bool (n_words,).
    """

    what: str
    words: Sequence[GoldWord]
    names: tuple[str, str]
    labels: Sequence[str]
    in_target: np.ndarray
    in_baseline: np.ndarray

    def counted(self) -> str:
        """Such as "40 NOUN (35 different) and 30 VERB (28 different)"."""
        parts = []
        for name, mask in zip(self.names, (self.in_target, self.in_baseline), strict=True):
            parts.append(f"{int(mask.sum()):,} {page.plain(name)} ({len(np.unique(self.forms[mask])):,} different)")
        return " and ".join(parts)

    @property
    def forms(self) -> np.ndarray:
        """The forms (n_words,), in lower case."""
        return np.array([word.form.casefold() for word in self.words], dtype=str)


@dataclass(frozen=True, eq=False)
class _Scored:
    """A text that was read: its words, and the tokens of each."""

    result: ContrastResult
    found: TokenActivations
    kinds: _Kinds
    tokens: Sequence[np.ndarray]

    def favours_target(self, neuron: int) -> bool:
        """Whether the target is the class for which the neuron is higher."""
        return self.result.favours_target(neuron)

    def own_and_other(self, neuron: int) -> tuple[str, str]:
        """The kind of words for which the neuron should be higher, and the other one."""
        target, baseline = self.kinds.names
        return (target, baseline) if self.favours_target(neuron) else (baseline, target)

    def score(self, neuron: int, values: np.ndarray) -> TextScore | None:
        """The score of values (n_words,); None if there are too few words."""
        masks = (self.kinds.in_target, self.kinds.in_baseline)
        return text_score(values, *(masks if self.favours_target(neuron) else masks[::-1]), self.kinds.forms)


def draw(result: ContrastResult, found: TokenActivations, neurons: Sequence[int], passage: Passage | None) -> None:
    """Draw the score of each neuron and its worst errors: by tags, or by the word lists where there are none."""
    no_tags = why_no_tags(result.spec)
    if passage is not None and not no_tags:
        st.header("Score against the tags")
        kinds = _by_tag(result, passage)
        pooled = "the mean over its tokens" if result.spec.pooling == "mean" else "that of its last token"
        about = f"{kinds.counted()}. The value of a word is {pooled}. Another text gives another score."
    else:
        st.header("Score against the word lists, not against tags")
        kinds = _by_list(result, "".join(found.pieces))
        about = (
            f"{page.plain(no_tags)} {_about_lists(kinds)}" if no_tags else f"{_about_lists(kinds)} For that, {_CHOOSE}"
        )
    st.caption(about.strip(), help=GLOSSARY["text score"])
    tokens = tokens_of_words(found, [(word.start, word.end) for word in kinds.words])
    values = word_values(found, tokens, neurons, result.spec.pooling)  # [n_words, n_neurons]
    if passage is not None:
        for neuron in neurons:
            seen.note("gold_text", result.spec, neuron)
    scored = _Scored(result, found, kinds, tokens)
    scores = [scored.score(neuron, values[:, i]) for i, neuron in enumerate(neurons)]
    shown = [(neuron, i, score) for i, (neuron, score) in enumerate(zip(neurons, scores, strict=True)) if score]
    if len(shown) < len(neurons):  # the words are the same for all neurons
        st.markdown(f"**Too few words for a score**: at least {ENOUGH_WORDS} different ones of each kind are needed.")
        return
    tabs = st.tabs([f"Neuron {neuron}: AUC {readable_auc(score.auc)}" for neuron, _, score in shown])
    for tab, (neuron, i, score) in zip(tabs, shown, strict=True):
        with tab:
            _draw_neuron(scored, neuron, values[:, i], score)


_CHOOSE = "choose *Tagged sentences* above."


def _by_tag(result: ContrastResult, passage: Passage) -> _Kinds:
    """The words of a passage by their tags: those of nouns are NOUN."""
    tags = np.array([word.upos for word in passage.words])
    target, baseline = UPOS_OF[result.spec.target], UPOS_OF[result.spec.baseline]
    names = ("/".join(target), "/".join(baseline))
    return _Kinds("tag", passage.words, names, tags.tolist(), np.isin(tags, target), np.isin(tags, baseline))


def _by_list(result: ContrastResult, text: str) -> _Kinds:
    """The words of a text that stand in one of the two lists: the lists, not only the words that were compared."""
    words = result.words
    listed, in_target = listed_words(text, words.target_list.words, words.baseline_list.words)
    names, mask = class_names(result.spec), np.array(in_target, dtype=bool)
    return _Kinds("list", listed, names, [names[0] if here else names[1] for here in in_target], mask, ~mask)


def _about_lists(kinds: _Kinds) -> str:
    return (
        f"Counted are the words that stand in exactly one of the two lists: {kinds.counted()}. Each counts as what it "
        "is in its list, whatever it is in this text, so this is no evidence of parts of speech."
    )


def _draw_neuron(scored: _Scored, neuron: int, values: np.ndarray, score: TextScore) -> None:
    """Draw the score in a sentence, beside what the word lists gave, and the worst errors in both directions."""
    names = scored.own_and_other(neuron)
    own, other = map(page.plain, names)
    auc = scored.result.tests.auc[neuron]
    on_lists = readable_auc(auc if scored.favours_target(neuron) else 1 - auc)
    st.markdown(
        f"Of all pairs of {own} and {other}, **{readable_share(score.auc)}** are in the right order: {own} above "
        f"{other}. In the experiment, of words without context, this neuron's AUC is {on_lists}."
    )
    st.markdown(f"**Worst errors: {other} that are high**")
    _draw_errors(scored, f"high_{neuron}", f"above … of {names[0]}", values, (score.high_others, score.high_shares))
    st.markdown(f"**Worst errors: {own} that are low**")
    _draw_errors(scored, f"low_{neuron}", f"below … of {names[1]}", values, (score.low_own, score.low_shares))


def _draw_errors(
    scored: _Scored, name: str, by_how_much: str, values: np.ndarray, errors: tuple[np.ndarray, np.ndarray]
) -> None:
    """Draw the errors of one direction as a table. A row that is clicked selects the word in the coloured text."""
    places, shares = errors
    if not len(places):
        st.caption("None.")
        return
    text, found = "".join(scored.found.pieces), scored.found
    words = [scored.kinds.words[i] for i in places]
    key, first_tokens = f"errors_{name}", [int(scored.tokens[i][0]) for i in places]
    columns: dict[str, Any] = {
        "word": [readable(word.form) for word in words],
        scored.kinds.what: [scored.kinds.labels[i] for i in places],
        "in the text": [_in_context(text, word) for word in words],
        "value": values[places],
        by_how_much: shares,
    }
    st.dataframe(
        readable_table(columns, {"value": readable_number, by_how_much: readable_share}),
        key=key,
        alt=alternatives.of_table(len(places), "words, the worst errors first", tuple(columns)),
        hide_index=True,
        on_select=partial(_find, key, token_heatmap.text_id(found.pieces, found.parts), first_tokens),
        selection_mode="single-row",
        column_config={
            "in the text": st.column_config.TextColumn(width="large", help="Click a row to find the word above."),
            "value": st.column_config.NumberColumn(width="small"),
        },
    )


def _in_context(text: str, word: GoldWord) -> str:
    """A word between what stands around it, cut at spaces."""
    before, after = last_words(text[: word.start], _BEFORE), first_words(text[word.end :], _AFTER)
    before = f"…{before}" if len(before) < word.start else before
    after = f"{after}…" if len(after) < len(text) - word.end else after
    marked = f"{before}▸{text[word.start : word.end]}◂{after}"
    return "".join(" " if c.isspace() else readable(c) for c in marked)


def _find(key: str, text: str, tokens: list[int]) -> None:
    """Callback: select the word of a row in the coloured text. A browser can send any row."""
    row = clicked_row(st.session_state[key].selection, len(tokens))
    if row is not None:
        token_heatmap.select(text, tokens[row])
