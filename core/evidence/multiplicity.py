"""Is the neuron larger than the largest that chance makes of all neurons that were looked at?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.comparison import release_words, units_of_pair, values_of_layer
from core.errors import UserError
from core.evidence.subject import Subject
from core.progress import Progress, unwatched
from core.records import FAILS, HOLDS, UNCLEAR, Finding
from core.report.glossary import statistic_name
from core.report.readable import as_chosen, readable_number, readable_p
from core.stats.permutation import max_t, single_step_p

# 10,000 give p to a third digit, and take five times as long: a minute on a model of 46,000 neurons.
N_PERMUTATIONS = 2_000
_N_BINS = 40

PLACE = 30
TITLE = "One of many neurons"
QUESTION = "With so many neurons to choose from, would chance alone make one of them as strong as this?"
RULE = (
    f"Holds if p, adjusted by max-T over all neurons of the model ({N_PERMUTATIONS:,} permutations), is at most α; "
    "unclear if it is that only over the neurons of the layer; else does not hold."
)
VALUE = "p (max-T, model)"
LIMITS = (
    "The permutations say how strong the strongest neuron becomes if both classes have one distribution. They do not "
    "count the other settings or models that somebody tried before, and say nothing of how large a difference is."
)


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Compare |t| (or |z|) with the largest of all neurons under permuted classes, by the experiment's own test.

    One layer after the other is permuted, with the same permutations, so that memory holds one layer: the maxima over
    the model are the largest of the layers' maxima. p = (1 + number of permutations whose maximum is at least |t|) /
    (number of permutations + 1), which is single-step max-T.

    Returns
    -------
    Finding
        ``value`` is the p over the model; there is no ``interval``. ``figures`` has ``statistic`` (|t|), ``letter``
        ("t" or "z"), ``n_permutations``, ``alpha``, ``edges`` (of bins), and for each of ``layer`` and ``model``:
        ``p``, ``quantile`` (of the maxima, 95%), ``critical`` (the 1 - α quantile), ``n_neurons`` that were tested,
        ``as_large`` (how many others have |t| at least as large), ``rank`` (1 + those that are larger), ``counts`` of
        maxima between the edges, and ``infinite`` maxima, of permutations in which a neuron varies in neither class.

    References
    ----------
    Westfall & Young (1993), Resampling-Based Multiple Testing. Phipson & Smyth (2010), Statistical Applications in
    Genetics and Molecular Biology 9:39.

    Raises
    ------
    UserError
        α is so small that no p of so few permutations could reach it, not all layers of the model were read, or the
        test has no permutations.
    """
    if not subject.spec.tested_by.score:
        raise UserError(f"{subject.spec.tested_by.label} has no permutations, which this check needs.")
    n_read, n_layers = len(subject.activations.layers), subject.lm.n_layers
    if n_read < n_layers:
        raise UserError(
            f"Of so many words, {n_read} of the {n_layers} layers {'was' if n_read == 1 else 'were'} read, so nothing "
            "can be said of all neurons of the model. Choose fewer words (up to 4,000 in both classes together), or "
            "correct over all layers of the model."
        )
    alpha = subject.spec.alpha
    if alpha * (N_PERMUTATIONS + 1) < 1:
        raise UserError(
            f"α is {as_chosen(alpha)}, and no p of {N_PERMUTATIONS:,} permutations is below "
            f"{readable_p(-math.log10(N_PERMUTATIONS + 1))}."
        )
    layer, model = _maxima(subject, progress)
    statistic = abs(float(subject.result.tests.statistic[subject.neuron]))
    edges = _edges(statistic, np.concatenate([layer, model]))
    of_layer = _compared(statistic, layer, subject.result.tests.statistic, alpha, edges)
    of_model = _compared(statistic, model, subject.tests.statistic, alpha, edges)
    verdict = HOLDS if of_model["p"] <= alpha else UNCLEAR if of_layer["p"] <= alpha else FAILS
    letter = statistic_name(subject.spec.test)
    sentence = (
        f"Chance alone makes the strongest of {of_model['n_neurons']:,} neurons of the model as strong as this "
        f"(|{letter}| = {readable_number(statistic)}) with p {_p(of_model['p'])}, and the strongest of "
        f"{of_layer['n_neurons']:,} of the layer with p {_p(of_layer['p'])}; it is number {of_model['rank']:,} of "
        f"the model and {of_layer['rank']:,} of the layer."
    )
    figures = {
        "statistic": statistic,
        "letter": letter,
        "n_permutations": N_PERMUTATIONS,
        "alpha": alpha,
        "edges": edges,
        "layer": of_layer,
        "model": of_model,
    }
    return Finding(verdict, RULE, sentence, of_model["p"], None, figures)


def _maxima(subject: Subject, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """The largest |statistic| of each permutation, of the layer's neurons and of the model's: (n_permutations,)."""
    spec, activations = subject.spec, subject.activations
    units = units_of_pair(spec, subject.result.words)
    of_layer = of_model = np.full(N_PERMUTATIONS, np.nan)
    n_layers = len(activations.layers)
    for at, layer in enumerate(activations.layers):

        def watch(share: float, message: str, at: int = at, layer: int = layer) -> None:
            progress((at + share) / n_layers, f"Layer {layer}: {message[0].lower()}{message[1:]}")

        values = values_of_layer(units, activations, spec.hook_side, at)
        _, maxima = max_t([values], spec.test, seed=spec.seed, n_permutations=N_PERMUTATIONS, progress=watch)
        release_words(activations)
        of_model = np.fmax(of_model, maxima)  # NaN where no neuron of the layer varies
        if layer == subject.layer:
            of_layer = maxima
    return of_layer, of_model


def _compared(
    statistic: float, maxima: np.ndarray, statistics: np.ndarray, alpha: float, edges: np.ndarray
) -> dict[str, Any]:
    """Where |statistic| is among the maxima, and among the statistics of all neurons."""
    sizes = np.abs(statistics[~np.isnan(statistics)])
    finite = np.isfinite(maxima)
    return {
        "p": single_step_p(statistic, maxima),
        # Not interpolated: that is NaN between two infinite values.
        "quantile": np.quantile(maxima, 0.95, method="higher"),
        "critical": np.quantile(maxima, 1 - alpha, method="higher"),
        "n_neurons": int(sizes.size),
        "as_large": int((sizes >= statistic).sum()) - 1,
        "rank": 1 + int((sizes > statistic).sum()),
        "counts": np.histogram(maxima[finite], edges)[0],
        "infinite": int((~finite).sum()),
    }


def _edges(statistic: float, maxima: np.ndarray) -> np.ndarray:
    """The edges of the bins (n_bins + 1,) for both histograms."""
    finite = maxima[np.isfinite(maxima)]
    if not finite.size:
        return np.linspace(0.0, max(statistic, 1.0), _N_BINS + 1)
    low, high = float(finite.min()), float(finite.max())
    return np.linspace(low, max(high, low + 1e-9 * max(1.0, abs(low))), _N_BINS + 1)


def _p(p: float) -> str:
    """A p-value; the least that so many permutations can give is one that they only bound."""
    least = p * (N_PERMUTATIONS + 1) <= 1.5
    return f"{'≤' if least else '='} {readable_p(float(np.log10(p)))}"
