"""Sentences about all layers of a contrast: what is corrected together, and what was counted."""

from __future__ import annotations

from core.records import ContrastResult, ContrastSpec
from core.records.corrections import FAMILY_WISE
from core.report.layer_numbers import LayerNumbers
from core.report.readable import as_chosen, readable_number, to_decimals
from core.report.selection import marked_by_p
from core.report.sentences import where


def about_layers(spec: ContrastSpec, n_layers: int, n_neurons: int, *, cautious: bool = False) -> str:
    """What the correction says of all layers together, and what *significant* means if the protocol does not use p.

    Parameters
    ----------
    spec : ContrastSpec
    n_layers, n_neurons : int
        Of the model: ``n_neurons`` in each layer.
    cautious : bool
        Whether there is a warning of the p-values: then the bound is said to hold only if they are right.

    Examples
    --------
    >>> about_layers(ContrastSpec(family="layer", alpha=0.05), 6, 512).partition("but ")[2]
    'up to 0.3 in the 6 layers together (0.265 if layers were independent).'
    """
    doubt = "This holds only if the p-values are right, and they may be too low: see the warning above."
    sentences = [_family(spec, n_layers, n_neurons), doubt if cautious else "", marked_by_p(spec)]
    return " ".join(filter(None, sentences))


def _family(spec: ContrastSpec, n_layers: int, n_neurons: int) -> str:
    """Which tests are corrected together, and what is bounded there and in all layers."""
    alpha = as_chosen(spec.alpha)
    if not spec.corrected_by.bounds:
        expected = spec.alpha * n_neurons
        return (
            f"Without a correction, about {to_decimals(expected, 0)} neurons of each layer would be significant by "
            f"chance if no class differed, {to_decimals(n_layers * expected, 0)} in all."
        )
    if spec.family == "model":
        bound = (
            "chance of any false finding"
            if spec.corrected_by.bounds == FAMILY_WISE
            else "expected share of false findings"
        )
        return f"All layers are corrected together: the {bound} in all layers is at most {alpha}."
    alone = "Each layer is corrected alone"
    if n_layers == 1:
        return f"{alone}, and the model has one: what is bounded by {alpha} there holds for the whole model."
    if spec.corrected_by.bounds != FAMILY_WISE:
        return f"{alone}: the expected share of false findings is at most {alpha} in one layer, not in all of them."
    return (
        f"{alone}: the chance of any false finding is at most {alpha} in one layer, but up to "
        f"{as_chosen(min(1.0, n_layers * spec.alpha))} in the {n_layers} layers together "
        f"({independent_rate(spec.alpha, n_layers)} if layers were independent)."
    )


def of_result(result: ContrastResult) -> str:
    """``about_layers`` of a result's model."""
    model = result.model
    return about_layers(result.spec, model.n_layers, result.n_neurons, cautious=bool(result.cautions))


def independent_rate(alpha: float, n_layers: int) -> str:
    """The chance of a false finding in any of so many independent families, each with chance alpha.

    Examples
    --------
    >>> independent_rate(0.05, 12), independent_rate(0.0001, 2)
    ('0.460', '0.000200')
    """
    rate = 1 - (1 - alpha) ** n_layers
    return to_decimals(rate, 3) if rate >= 0.001 else readable_number(rate)


def whole_model(numbers: LayerNumbers) -> str:
    """How many neurons of all layers differ at one side, how many strongly, and where most of the strong ones are."""
    strong = numbers.higher.strong + numbers.lower.strong  # (n_layers,)
    n, n_strong = int((numbers.higher.significant + numbers.lower.significant).sum()), int(strong.sum())
    n_layers = len(numbers.layers)
    layers = "the model’s one layer" if n_layers == 1 else f"all {n_layers} layers"
    sentence = f"{where(numbers.side).capitalize()}, **{n:,}** of {n_layers * numbers.n_neurons:,} neurons in {layers} "
    sentence += "differ" if n != 1 else "differs"
    if not n_strong:
        return f"{sentence}, none strongly."
    most = int(strong.argmax())
    alone = int((strong == strong[most]).sum()) == 1
    there = (
        f", of these {strong[most]:,} in layer **{numbers.layers[most]}**, more than in any other"
        if n_layers > 1 and n_strong > 1 and alone
        else ""
    )
    return f"{sentence}, **{n_strong:,}** strongly{there}."


def layers_without_tests(numbers: LayerNumbers) -> str:
    """A sentence about layers in which no neuron varies; "" if there are none.

    A neuron may vary before the nonlinearity and not after it, so the sentence says where.
    """
    untested = numbers.untested
    if not untested:
        return ""
    named = ", ".join(map(str, untested[:8])) + (", …" if len(untested) > 8 else "")
    layers = f"layer {named}" if len(untested) == 1 else f"{len(untested)} layers ({named})"
    it = "it has" if len(untested) == 1 else "they have"
    return f"In {layers}, no neuron varies over these words {where(numbers.side)}: {it} no test and no numbers there."
