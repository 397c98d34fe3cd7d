"""The blind quiz: does anything but the pattern of the colours give the neuron away, and can it be seen at all?

    python -m benchmarks quiz --out docs/methods.md

Rounds are drawn as on the page, in each layer of the bundled model that has strong neurons. A *cue* is a rule that
names one of the two neurons without a look at the words: if the matching and the blinding work, the rule is right about
as often as a coin, or the reader cannot see what it asks for. A *reader by tags* takes the colouring that separates the
tagged words better, and so shows what can be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.options import Options
from benchmarks.table import Section, markdown
from benchmarks.timing import say
from core.activations import token_activations, tokens_of_words, word_values
from core.comparison import text_as_compared
from core.experiment import run_contrast
from core.models import LoadedModel, load_model
from core.quiz import (
    Shown,
    draw_text,
    kinds_in,
    quiz_passages,
    reveal_text,
    strong_of_each,
    text_round,
    usable_passages,
)
from core.records import ContrastResult, ContrastSpec
from core.report.readable import readable_number, readable_share
from core.stats.proportion import wilson

_ABOUT = (
    "Measured by `python -m benchmarks quiz --out docs/methods.md`: {n} rounds of nouns and verbs (careful preset) in "
    "each layer of the bundled model that has strong neurons. *Distance* is the one above: median and 95th percentile. "
    "The next columns are how often a rule names the strong neuron, with Wilson's interval: the one with the larger "
    "mean, with the larger spread, with more coloured words (equal counts as half); and a reader by tags, who takes the "
    "colouring that separates the tagged words better. Matching alone leaves the spread as a cue. Ranks hide mean and "
    "spread, and the number of coloured words is the same."
)
_HEADER = (
    "layer",
    "strong neurons",
    "distance",
    "larger mean",
    "larger spread",
    "more coloured words",
    "reader by tags",
)


@dataclass(frozen=True)
class Drawn:
    """One round: the distance of the matched neuron, and by how much the strong one has more of each thing."""

    distance: float
    mean: float
    spread: float
    coloured: int
    separation: float


def section(options: Options) -> Section:
    """One table, with a row for each layer."""
    lm, n = load_model("bundled"), options.pick(500, 4)
    rows = []
    for layer in range(lm.n_layers):
        say(f"Quiz: layer {layer}")
        result = run_contrast(ContrastSpec.careful(layer=layer))
        if any(strong_of_each(result)):
            rows.append(row(result, list(rounds(lm, result, n))))
    return Section("quiz", "Blind quiz", (_ABOUT.format(n=n), markdown(_HEADER, rows)))


def rounds(lm: LoadedModel, result: ContrastResult, n: int, seed: int = 0) -> Iterator[Drawn]:
    """Draw rounds, as one long session."""
    spec, shown, rng = result.spec, Shown(), np.random.default_rng(seed)
    places = usable_passages(result)
    how = {"side": spec.hook_side, "prefix": spec.prefix}
    read = {
        place: text_as_compared(spec, token_activations(lm, quiz_passages()[place].text, spec.layer, **how))
        for place in places
    }
    for _ in range(n):
        plan = draw_text(result, places, shown, rng)
        found = read[plan.passage]
        quiz = text_round(result, found, plan, shown, rng)
        if quiz is None:
            continue
        values = word_values(found, tokens_of_words(found, quiz.spans), [quiz.neuron, quiz.other], spec.pooling)
        means, spreads = values.mean(axis=0), values.std(axis=0, ddof=1)
        coloured = [int((steps > 0).sum()) for steps in (quiz.steps if quiz.first else quiz.steps[::-1])]
        kinds = kinds_in(result, quiz_passages()[plan.passage])
        seen = [each.in_text for each in reveal_text(result, found, kinds, quiz)]
        apart = [0.0 if auc is None else abs(auc[0] - 0.5) for auc in seen]
        differences = (each[0] - each[1] for each in (means, spreads, coloured, apart))
        yield Drawn(quiz.distance, *differences)


def row(result: ContrastResult, drawn: Sequence[Drawn]) -> tuple[str, ...]:
    """The row of one layer."""
    median, most = np.quantile([each.distance for each in drawn], [0.5, 0.95])
    cues = [[getattr(each, name) for each in drawn] for name in ("mean", "spread", "coloured", "separation")]
    return (
        f"{result.spec.layer}",
        f"{sum(map(len, strong_of_each(result))):,}",
        f"{readable_number(median)}; {readable_number(most)}",
        *map(_right, cues),
    )


def _right(more: Sequence[float]) -> str:
    """How often the strong neuron has more, with its interval; an equal one counts half."""
    found = wilson(round(sum(1.0 if each > 0 else 0.5 if each == 0 else 0.0 for each in more)), len(more))
    limits = f"{readable_share(found.low)} to {readable_share(found.high)}"
    return f"{readable_share(found.share)} [{limits}]"
