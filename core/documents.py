"""A contrast for others: a report that any browser opens, and a notebook that computes the numbers again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.comparison import chance_seed, critical_log10_p
from core.experiment import unit_values
from core.records import HOOK_SIDES, ContrastResult, ShuffledPoints
from core.report import figures, layer_sentences, sentences
from core.report.html_report import Drawing, html_report
from core.report.notebook import notebook_json
from core.report.session_report import Session, session_html
from core.stats.correction import LABELS

# Neurons whose values are drawn: the extremes, and so many chosen ones.
_MOST_SPREADS = 8
_MARKS = "Triangles are significant; hollow ones are silent, or reverse on the other side of the nonlinearity."


def notebook(result: ContrastResult, chosen: Sequence[int] = ()) -> str:
    """A contrast as a Jupyter notebook in plain PyTorch.

    ``chosen`` are neurons whose numbers it compares beside the extreme and the strongest ones.
    """
    return notebook_json(result, LABELS[result.spec.correction], _existing(result, chosen))


def report(
    result: ContrastResult,
    counts: tuple[np.ndarray, np.ndarray] | None,
    chance: ShuffledPoints | None,
    chosen: Sequence[int] = (),
) -> str:
    """A contrast as one HTML file.

    Parameters
    ----------
    result : ContrastResult
    counts : (ndarray, ndarray), optional
        Of ``core.experiment.layer_counts``, if all layers were read.
    chance : ShuffledPoints, optional
        Of ``core.comparison.shuffled_points``.
    chosen : sequence of int
        Neurons whose values are drawn beside those of the two extremes, up to eight in all.

    Returns
    -------
    str
        HTML, about 5 MB.
    """
    chosen = _existing(result, chosen)
    drawings = [*_of_all_neurons(result, chance), *_of_layers(result, counts)]
    for neuron in dict.fromkeys([*chosen, result.largest, result.smallest]):
        if len(drawings) < _MOST_SPREADS + 3:
            drawings.append(_of_one_neuron(result, neuron))
    return html_report(result, LABELS[result.spec.correction], drawings, chosen)


def session(result: ContrastResult, done: Session) -> str:
    """One student's session as one HTML file, with the plots of all neurons and of the session's neuron.

    Returns
    -------
    str
        HTML, about 5 MB.
    """
    drawings = [Drawing("Every neuron of the layer", figures.neuron_scatter(result), _MARKS)]
    if 0 <= done.neuron < result.n_neurons:
        drawings.append(_of_one_neuron(result, done.neuron))
    return session_html(done, result, LABELS[result.spec.correction], drawings)


def _existing(result: ContrastResult, neurons: Sequence[int]) -> list[int]:
    return [neuron for neuron in neurons if 0 <= neuron < result.n_neurons]


def _of_all_neurons(result: ContrastResult, chance: ShuffledPoints | None) -> list[Drawing]:
    spec = result.spec
    shuffled = (
        f" Grey points below zero are what chance looks like: the labels shuffled once (seed {chance_seed(spec)})."
        if chance is not None
        else ""
    )
    volcano = figures.neuron_volcano(result, chance, critical_log10_p(result))
    about = "Far to the side is a large difference, high up one that chance hardly ever makes."
    return [
        Drawing("Every neuron of the layer", figures.neuron_scatter(result), _MARKS),
        Drawing("Effect size and p of every neuron", volcano, about + shuffled),
    ]


def _of_layers(result: ContrastResult, counts: tuple[np.ndarray, np.ndarray] | None) -> list[Drawing]:
    if counts is None:
        return []
    profile = figures.layer_profile(*counts, result.spec.layer, *sentences.class_names(result.spec))
    about = "Significant neurons of each layer, whatever their effect size. "
    return [Drawing("Every layer", profile, about + layer_sentences.of_result(result))]


def _of_one_neuron(result: ContrastResult, neuron: int) -> Drawing:
    values = {side: unit_values(result, neuron, side) for side in HOOK_SIDES}
    unit = "word" if result.spec.unit == "word" else "lemma, the mean of its forms"
    marks = " ".join(sentences.about_marks(result, neuron).values())
    about = f"Each stroke is a {unit}; the longer line is the mean. {marks}".strip()
    return Drawing(f"Neuron {neuron}", figures.neuron_spread(result, neuron, values), about)
