"""Every neuron of every layer at once: what pages of the whole model show.

found = measure_layers(spec, lm.info, activations, tests, adjusted)   # from ``core.experiment.run_steps``
gold = gold_layers(spec, lm, bundled_gold())
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import fields

import numpy as np

from core.activations import Gate, gold_values_of_layers
from core.activations.gold import MAX_FLOATS
from core.comparison import other_side_of_layer, release_words, units_of_pair, values_of_layer
from core.errors import UserError
from core.models import LoadedModel
from core.progress import Progress, unwatched
from core.records import (
    ENOUGH_WORDS,
    AdjustedTests,
    ContrastSpec,
    GoldText,
    ModelInfo,
    NeuronTests,
    OtherSide,
    WordActivations,
)
from core.records.gold import tags_of
from core.records.layers import AllLayers, GoldLayers
from core.stats.effect_size import auc


def measure_layers(
    spec: ContrastSpec,
    model: ModelInfo,
    activations: WordActivations,
    tests: NeuronTests,
    adjusted: AdjustedTests,
    *,
    progress: Progress = unwatched,
) -> AllLayers:
    """Measure every neuron of every layer that was read: Hedges' g, and the other side of the nonlinearity.

    Parameters
    ----------
    spec : ContrastSpec
        Its layer does not matter.
    model : ModelInfo
    activations, tests, adjusted
        Of ``read_words``, ``compare_neurons`` and ``correct``, for the same layers.
    progress : callable
        Called with a share and a sentence after each layer.

    Returns
    -------
    AllLayers
        Its numbers are those of ``run_contrast`` at each layer, to the last bit.

    Examples
    --------
    >>> from core.experiment import run_steps
    >>> from core.models import load_model
    >>> lm, spec = load_model("bundled"), ContrastSpec.careful(n_target=50, n_baseline=50)
    >>> read, tests, adjusted, result = run_steps(spec, lm, range(lm.n_layers))
    >>> found = measure_layers(spec, lm.info, read, tests, adjusted)
    >>> found.tests.statistic.shape, bool((found.hedges_g[3] == result.effect_sizes.hedges_g).all())
    ((6, 512), True)
    """
    from core.stats.effect_intervals import hedges_g  # the start needs none of it

    units = units_of_pair(spec, activations.words)
    g: list[np.ndarray] = []
    others: list[OtherSide] = []
    for at in range(len(activations.layers)):
        g.append(hedges_g(*values_of_layer(units, activations, spec.hook_side, at), paired=spec.tested_by.paired))
        others.append(other_side_of_layer(spec, units, activations, at))
        release_words(activations)  # so memory holds only one layer
        progress((at + 1) / len(activations.layers), f"Measuring layer {at + 1:,} of {len(activations.layers):,}")
    return AllLayers(
        spec=spec,
        model=model,
        layers=activations.layers,
        tests=tests,
        p_adjusted=adjusted.p_adjusted,
        significant=adjusted.p_adjusted <= spec.alpha,  # False for NaN, a neuron that was not tested
        log10_p_adjusted=adjusted.log10_p_adjusted,
        hedges_g=np.stack(g),  # n_layers x [n_neurons] -> [n_layers, n_neurons]
        other_side=_stacked(others),
        n_target=len(units[0].names),
        n_baseline=len(units[1].names),
    )


def _stacked(layers: list[OtherSide]) -> OtherSide:
    """The arrays (n_neurons,) of several layers as one (n_layers, n_neurons)."""
    arrays = {
        item.name: np.stack([getattr(each, item.name) for each in layers])
        for item in fields(OtherSide)
        if item.name != "side"
    }
    return OtherSide(layers[0].side, **arrays)


def gold_layers(
    spec: ContrastSpec,
    lm: LoadedModel,
    text: GoldText,
    *,
    max_floats: int = MAX_FLOATS,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
) -> GoldLayers:
    """How well every neuron of every layer separates the two classes in a tagged text, at the spec's side.

    Parameters
    ----------
    spec : ContrastSpec
        Its classes, pooling, beginning-of-text token, side, and whether its test compares absolute values.
    lm : LoadedModel
    text : GoldText
    max_floats : int
        As in ``gold_values_of_layers``: what is computed of one layer's values comes on top of them.
    progress, gate
        As in ``word_activations``.

    Returns
    -------
    GoldLayers
        Its AUC is that of ``core.evidence.gold_text`` for each neuron, of the target over the baseline.

    Raises
    ------
    UserError
        A class has no part of speech; the text has too few words of one; memory runs out.

    Examples
    --------
    >>> from core.models import load_model
    >>> from core.words import bundled_gold
    >>> gold = gold_layers(ContrastSpec.careful(), load_model("bundled"), bundled_gold())
    >>> gold.auc.shape, gold.target_tags
    ((6, 512), ('NOUN',))
    """
    target, baseline = tags_of(spec)
    reading = gold_values_of_layers(
        lm,
        text,
        side=spec.hook_side,
        upos=(*target, *baseline),
        pooling=spec.pooling,
        prefix=spec.prefix,
        max_floats=max_floats,
        progress=progress,
        gate=gate,
    )
    is_target = np.isin(reading.tags, target)
    n_target, n_baseline = int(is_target.sum()), int((~is_target).sum())
    if min(n_target, n_baseline) < ENOUGH_WORDS:
        raise UserError(
            f"The tagged text has {n_target:,} words tagged {' or '.join(target)} and {n_baseline:,} tagged "
            f"{' or '.join(baseline)}; at least {ENOUGH_WORDS} of each are needed."
        )
    # (n_words, d_mlp) of one layer after another
    compared = map(spec.tested_by.compared, reading.by_layer)
    aucs = [auc(values[is_target], values[~is_target]) for values in compared]
    return GoldLayers(np.stack(aucs), spec.hook_side, target, baseline, n_target, n_baseline, reading.notes)
