"""Minimal pairs: in which of two phrases is a neuron higher at the same word?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.quiz import PairPlan, draw_pair, pairs_apply, says_as_class, value_at
from core.records import ContrastResult, Remedy
from core.report.glossary import GLOSSARY, value_name
from core.report.readable import interval, readable_auc, readable_number, readable_share
from core.report.sentences import class_names, own_and_other
from core.words import minimal_pairs
from engine import quiz_steps
from ui import page, quiz_rounds, remedies
from ui.panels.quiz import PAIRS, draw_link_to_neuron
from ui.progress import show


def draw(result: ContrastResult) -> None:
    """Draw a round: a neuron, a word in two phrases, and the question or the answer."""
    st.header("One word, two phrases")
    if not pairs_apply(result.spec):
        target, baseline = map(page.plain, class_names(result.spec))
        st.markdown(f"The pairs have a word that is a noun or a verb. Here, {target} and {baseline} are compared.")
        changes = (("target", "nouns"), ("baseline", "verbs"), ("shuffle_labels", False))
        remedies.draw([Remedy("Compare nouns with verbs", changes)], "quiz_nouns")
        return
    values = show(quiz_steps.phrases, result.spec)
    round_ = _round(result, values)
    if round_.drawn is None:
        page.show_warning("This neuron has equal values in both phrases of each pair. Choose another layer.")
        return
    plan = round_.drawn
    own, _ = own_and_other(result, plan.neuron)
    auc, low, high = result.own_auc(plan.neuron)
    limits = interval(readable_auc(low), readable_auc(high))
    st.markdown(
        f"In the word lists, neuron **{plan.neuron}** is higher for **{page.plain(own)}** (AUC {readable_auc(auc)}, "
        f"95% interval {limits}). At the word **{minimal_pairs()[plan.pair].form}**, in which phrase is it higher?",
        help=GLOSSARY["minimal pair"],
    )
    if round_.answer is None:
        _draw_question(result, plan, values, round_.number)
    else:
        _draw_answer(result, plan, values, round_.answer[0])


def _round(result: ContrastResult, values: np.ndarray) -> quiz_rounds.Round[PairPlan | None]:
    """The round on the screen, or a new one."""
    digest = result.spec.digest
    there = quiz_rounds.find(PAIRS, digest)
    if there is not None:
        return there
    number, rng = quiz_rounds.begin()
    plan = draw_pair(result, values, quiz_rounds.shown(), rng)
    return quiz_rounds.put(PAIRS, digest, quiz_rounds.Round(number, plan, rng))


def _phrases(plan: PairPlan) -> tuple[str, str]:
    """The two phrases, in the order of the round."""
    pair = minimal_pairs()[plan.pair]
    noun, verb = pair.nouns[0].sentence, pair.verbs[0].sentence
    return (noun, verb) if plan.noun_first else (verb, noun)


def _draw_question(result: ContrastResult, plan: PairPlan, values: np.ndarray, number: int) -> None:
    """Draw the two phrases as a choice, and the button that gives the answer."""
    phrases = _phrases(plan)
    guess = st.radio(
        "Higher in",
        (0, 1),
        index=None,
        key=f"quiz_pair_{number}",
        format_func=lambda place: f"“{phrases[place]}”",
        horizontal=True,
    )
    args = (result, plan, values, guess)
    st.button("Answer", key="quiz_answer_pair", type="primary", disabled=guess is None, on_click=_answer, args=args)


def _answer(result: ContrastResult, plan: PairPlan, values: np.ndarray, guess: int) -> None:
    """Callback: keep the answer of the round on the screen, once."""
    there = quiz_rounds.find(PAIRS, result.spec.digest)
    if there is None or there.answer is not None or there.drawn is not plan:
        return
    there.answer = (str(guess),)
    quiz_rounds.note(result.spec.layer, [("pair", plan.neuron, guess == _higher(plan, values))])


def _higher(plan: PairPlan, values: np.ndarray) -> int:
    """The place of the phrase in which the value is higher: this is the answer."""
    first, second = value_at(values, plan)
    return 0 if first > second else 1


def _draw_answer(result: ContrastResult, plan: PairPlan, values: np.ndarray, guess: str) -> None:
    """Draw both values, how the neuron does over all pairs, and the way to the next pair."""
    phrases, higher = _phrases(plan), _higher(plan, values)
    verdict = "Right" if guess == str(higher) else "Not right"
    st.markdown(f"**{verdict}: it is higher in “{phrases[higher]}”.**")
    name = value_name(result.spec.test, result.spec.hook_side)
    for column, phrase, value in zip(st.columns(2), phrases, value_at(values, plan), strict=True):
        column.metric(f"“{phrase}”: {name}", readable_number(value))
    st.markdown(_over_all_pairs(result, plan, values))
    st.caption(
        "The right answer is what the neuron does, not what its class would say. A causal model reads only what comes "
        "before the word, so the word before it may make the difference."
    )
    with st.container(horizontal=True):
        st.button(
            "Next pair",
            key="quiz_next_pair",
            type="primary",
            on_click=quiz_rounds.end,
            args=(PAIRS, result.spec.digest),
        )
        draw_link_to_neuron(plan.neuron)


def _over_all_pairs(result: ContrastResult, plan: PairPlan, values: np.ndarray) -> str:
    """How often the neuron is as its class says, over all pairs."""
    own, _ = own_and_other(result, plan.neuron)
    found = says_as_class(values, plan.neuron, own == "nouns")
    return (
        f"Over {found.n:,} pairs, neuron {plan.neuron} is higher where the word is a {own.removesuffix('s')} in "
        f"**{found.n_right:,}** ({readable_share(found.share)}, 95% interval {readable_share(found.low)} to "
        f"{readable_share(found.high)}). Chance is 50%."
    )
