"""The blind quiz: one text in two colourings, the two questions, and what they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.quiz import (
    NeuronInText,
    TextPlan,
    TextRound,
    WordKinds,
    draw_text,
    kinds_in,
    quiz_passages,
    reveal_text,
    strong_of_each,
    text_round,
    usable_passages,
)
from core.records import ENOUGH_WORDS, ContrastResult
from core.report.glossary import GLOSSARY
from core.report.readable import interval, readable_auc
from core.report.sentences import class_names, own_and_other
from engine import steps
from ui import page, quiz_rounds, quiz_text
from ui.panels.quiz import TEXTS, draw_link_to_neuron
from ui.progress import show

_LETTERS = ("A", "B")
_MOST_TRIES = 5  # plans that are drawn before a page says that a layer has no round


@dataclass
class _Drawn:
    """What a round has drawn: the plan first, and once its text was read, the two neurons and their colours.

    ``n_failed`` plans before this one, or with it, had no neuron that varies in the text and can be matched.
    """

    plan: TextPlan
    quiz: TextRound | None = None
    n_failed: int = 0


def draw(result: ContrastResult) -> None:
    """Draw a round: the two texts, and the questions or the answer."""
    round_ = _round(result)
    quiz = _drawn_text(result, round_)
    if quiz is None:
        page.show_warning(
            f"Layer {result.spec.layer} gave no question in {_MOST_TRIES} tries: in each text, the strong neuron does "
            "not vary, or no neuron with an AUC of 0.4 to 0.6 does. Choose another layer in the sidebar."
        )
        return
    passage = quiz_passages()[round_.drawn.plan.passage]
    found, kinds = show(steps.text, result.spec, text=passage.text), kinds_in(result, passage)
    _draw_texts(result, quiz, kinds, round_.answer)
    if round_.answer is None:
        _draw_questions(result, quiz, round_.number)
    else:
        _draw_answer(result, quiz, round_.answer, kinds, reveal_text(result, found, kinds, quiz))


def _round(result: ContrastResult) -> quiz_rounds.Round[_Drawn]:
    """The round on the screen, or a new one."""
    digest = result.spec.digest
    there = quiz_rounds.find(TEXTS, digest)
    if there is not None:
        return there
    number, rng = quiz_rounds.begin()
    plan = draw_text(result, usable_passages(result), quiz_rounds.shown(), rng)
    return quiz_rounds.put(TEXTS, digest, quiz_rounds.Round(number, _Drawn(plan), rng))


def _drawn_text(result: ContrastResult, round_: quiz_rounds.Round[_Drawn]) -> TextRound | None:
    """The two texts of a round. A plan that gives none is followed by another one; after a few, it is None for good."""
    drawn, shown = round_.drawn, quiz_rounds.shown()
    while drawn.quiz is None and drawn.n_failed < _MOST_TRIES:
        found = show(steps.text, result.spec, text=quiz_passages()[drawn.plan.passage].text)
        drawn.quiz = text_round(result, found, drawn.plan, shown, round_.rng)
        if drawn.quiz is None:
            drawn.n_failed += 1
            drawn.plan = draw_text(result, usable_passages(result), shown, round_.rng)
    return drawn.quiz


def _draw_texts(result: ContrastResult, quiz: TextRound, kinds: WordKinds, answer: tuple[str, ...] | None) -> None:
    """Draw the text in both colourings; once there is an answer, in the hue of the class, with its words underlined."""
    st.header("One text, two colourings")
    target, baseline = map(page.plain, class_names(result.spec))
    st.markdown(
        f"In the word lists, one neuron differs strongly between {target} and {baseline}; the other one, of the same "
        "layer, hardly does. Colours are ranks, so both texts have the same amount of colour.",
        help=GLOSSARY["matched neuron"],
    )
    quiz_text.draw_legend()
    hue = "target" if result.favours_target(quiz.neuron) else "baseline"
    for place, column in enumerate(st.columns(2, gap="medium")):
        is_real = quiz.first == (place == 0)
        with column.container(border=True, height="stretch", key=f"quiz_text_{_LETTERS[place].lower()}"):
            named = ""
            if answer is not None:
                named = f": neuron {quiz.neuron}" if is_real else f": neuron {quiz.other}, the matched one"
            st.markdown(f"**Text {_LETTERS[place]}{named}**")
            coloured = (quiz.text, quiz.spans, quiz.steps[place])
            if answer is None:
                st.html(quiz_text.text_html(*coloured))
            else:
                st.html(quiz_text.text_html(*coloured, hue if is_real else "q", _marks(result, quiz, kinds)))
            words = ", ".join(quiz_text.most_coloured(quiz.text, quiz.spans, quiz.steps[place]))
            st.caption(page.plain(f"Strongest colour: {words}."))


def _marks(result: ContrastResult, quiz: TextRound, kinds: WordKinds) -> dict[tuple[int, int], str]:
    """Which words are underlined, and how."""
    own = kinds.in_target if result.favours_target(quiz.neuron) else ~kinds.in_target
    return {
        (word.start, word.end): quiz_text.OWN if is_own else quiz_text.OTHER
        for word, is_own in zip(kinds.words, own.tolist(), strict=True)
    }


def _asks_class(result: ContrastResult) -> bool:
    """Whether both classes have strong neurons. If not, the class is no question."""
    return all(strong_of_each(result))


def _draw_questions(result: ContrastResult, quiz: TextRound, number: int) -> None:
    """Draw the questions, and the button that gives the answer."""
    names = class_names(result.spec)
    which = st.radio(
        "Which text is coloured by the neuron that differs strongly?",
        _LETTERS,
        index=None,
        key=f"quiz_which_{number}",
        format_func="Text {}".format,
        horizontal=True,
    )
    word_class = None
    if _asks_class(result):
        word_class = st.radio(
            "For which class is that neuron higher?",
            (0, 1),
            index=None,
            key=f"quiz_class_{number}",
            format_func=lambda place: page.plain(names[place]),
            horizontal=True,
        )
    ready = which is not None and (word_class is not None or not _asks_class(result))
    args = (result, quiz, which, word_class)
    st.button("Answer", key="quiz_answer", type="primary", disabled=not ready, on_click=_answer, args=args)
    if not ready:
        st.caption("Choose first: the answer is shown after you have committed to yours.")


def _answer(result: ContrastResult, quiz: TextRound, which: str, word_class: int | None) -> None:
    """Callback: keep the answer of the round on the screen, once."""
    there = quiz_rounds.find(TEXTS, result.spec.digest)
    if there is None or there.answer is not None or there.drawn.quiz is not quiz:
        return
    there.answer = (which, "" if word_class is None else str(word_class))
    right = [("which", quiz.neuron, (which == _LETTERS[0]) == quiz.first)]
    if word_class is not None:
        right.append(("class", quiz.neuron, (word_class == 0) == result.favours_target(quiz.neuron)))
    quiz_rounds.note(result.spec.layer, right)


def _draw_answer(
    result: ContrastResult,
    quiz: TextRound,
    answer: tuple[str, ...],
    kinds: WordKinds,
    seen: tuple[NeuronInText, NeuronInText],
) -> None:
    """Draw which text it was, the numbers of both neurons, and the way to the next text."""
    real = _LETTERS[0 if quiz.first else 1]
    own, other = map(page.plain, own_and_other(result, quiz.neuron))
    verdicts = [f"**{'Right' if answer[0] == real else 'Not right'}: text {real} is by neuron {quiz.neuron}.**"]
    if answer[1]:
        is_right = (answer[1] == "0") == result.favours_target(quiz.neuron)
        verdicts.append(f"**{'Right' if is_right else 'Not right'}: it is higher for {own} than for {other}.**")
    elif not _asks_class(result):
        verdicts.append(f"It is higher for {own}, as all strong neurons of this layer are.")
    st.markdown(" ".join(verdicts))
    st.caption(_about_marks(result, quiz, kinds))
    _draw_numbers(own, seen)
    st.caption(_about_numbers(kinds, seen))
    with st.container(horizontal=True):
        st.button(
            "Next text", key="quiz_next", type="primary", on_click=quiz_rounds.end, args=(TEXTS, result.spec.digest)
        )
        for neuron in (quiz.neuron, quiz.other):
            draw_link_to_neuron(neuron)


def _about_marks(result: ContrastResult, quiz: TextRound, kinds: WordKinds) -> str:
    """What the underlines are."""
    names = kinds.names if result.favours_target(quiz.neuron) else kinds.names[::-1]
    how = "tagged" if kinds.by_tag else "in the list of"
    own, other = map(page.plain, names)
    return f"Underlined: words {how} {own}; dotted: {how} {other}."


def _draw_numbers(own: str, seen: tuple[NeuronInText, NeuronInText]) -> None:
    """Draw the AUC of both neurons for the class of the first one, on the words and in the text."""
    lines = [f"| AUC for {own} | on the word lists | in this text |", "|:--|:--|:--|"]
    for each in seen:
        lines.append(f"| Neuron {each.neuron} | {_number(each.on_words)} | {_number(each.in_text)} |")
    st.markdown("\n".join(lines), help=GLOSSARY["AUC"])


def _number(auc: tuple[float, float, float] | None) -> str:
    """An AUC with its interval."""
    if auc is None:
        return "too few words"
    limits = "no interval" if np.isnan(auc[1]) else interval(readable_auc(auc[1]), readable_auc(auc[2]))
    return f"{readable_auc(auc[0])} {limits}"


def _about_numbers(kinds: WordKinds, seen: tuple[NeuronInText, NeuronInText]) -> str:
    """What the numbers in the text are of, and where the other neuron does as well there."""
    counted = " and ".join(f"{n:,} {page.plain(name)}" for n, name in zip(kinds.n_of_each, kinds.names, strict=True))
    first, second = (each.in_text for each in seen)
    if first is None or second is None:
        return f"The text has {counted}; an AUC in it needs {ENOUGH_WORDS} of each."
    about = f"Intervals are of 95%. The text has {counted}, in few sentences: there, the interval is rough."
    if abs(second[0] - 0.5) >= abs(first[0] - 0.5):
        about += (
            " Here the matched neuron separates the two kinds of words at least as well: what holds in word lists need "
            "not hold in a text."
        )
    return about if kinds.by_tag else f"{about} Words count as what their list says, whatever they are in the text."
