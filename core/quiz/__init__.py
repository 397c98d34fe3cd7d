"""A quiz about one contrast: two colourings of a text, one by a neuron that differs strongly; and minimal pairs.

    plan = draw_text(result, places, Shown(), rng)     # which text, which neuron, in which order
    quiz = text_round(result, found, plan, Shown(), rng)   # with the matched neuron, and the colours of both
    quiz.steps                                         # all that may be shown before the answer

What may be shown before an answer is in one record, ``TextRound.steps``; it holds ranks, and no value of a neuron.
docs/methods.md says how neurons are drawn and matched, under *Blind quiz* and *Minimal pairs*.
"""

from core.quiz.colouring import N_COLOURS, colour_steps
from core.quiz.pairs import PairPlan, draw_pair, pairs_apply, says_as_class, value_at
from core.quiz.score import scores
from core.quiz.shown import Shown
from core.quiz.text import (
    NeuronInText,
    TextPlan,
    TextRound,
    WordKinds,
    draw_text,
    kinds_in,
    matched_neuron,
    quiz_passages,
    reveal_text,
    strong_of_each,
    text_round,
    usable_passages,
)

__all__ = [
    "N_COLOURS",
    "NeuronInText",
    "PairPlan",
    "Shown",
    "TextPlan",
    "TextRound",
    "WordKinds",
    "colour_steps",
    "draw_pair",
    "draw_text",
    "kinds_in",
    "matched_neuron",
    "pairs_apply",
    "quiz_passages",
    "reveal_text",
    "says_as_class",
    "scores",
    "strong_of_each",
    "text_round",
    "usable_passages",
    "value_at",
]
