"""The steps of the whole model: every neuron of every layer, and what a tagged text says of them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from core.progress import Progress
from engine.admission import admitted
from engine.evidence_steps import gold
from engine.pipeline import Request, step
from engine.sizes import calculation_of, reading_of_tagged_text
from engine.steps import activations, adjusted, model, model_info, reads_all_layers, sources, tests, words
from engine.turns import gate_of

if TYPE_CHECKING:
    from core.records.layers import AllLayers, GoldLayers
    from core.report.figures.neuron_map import NeuronMap


def _all_layers_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    return request.spec.changed(layer=0), sources(need(words))


def _gold_layers_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    spec = request.spec
    reading = spec.model, spec.dtype, spec.hook_side, spec.pooling, spec.prefix, request.gold.key
    return *reading, spec.target, spec.baseline, spec.shuffle_labels


@step(
    _all_layers_key,
    key_text="the spec without its layer, and the sources of the words",
    needs=(words, activations, tests, adjusted, model_info),
    entries=64,
    share=0.1,
)
def all_layers(request: Request, need: Any, progress: Progress) -> AllLayers | None:
    """Every neuron of every layer; None if only one layer is read."""
    from core.whole_model import measure_layers

    if not reads_all_layers(request.spec):
        return None
    read = need(activations)
    with admitted(calculation_of(read), progress):
        return measure_layers(request.spec, need(model_info), read, need(tests), need(adjusted), progress=progress)


@step(
    _gold_layers_key,
    key_text="model, number format, hook side, pooling, beginning-of-text token, the tagged text, the classes",
    needs=(model, gold),
    entries=64,
    share=0.02,
)
def gold_of_layers(request: Request, need: Any, progress: Progress) -> GoldLayers:
    """How well every neuron of every layer separates the two classes in a tagged text."""
    from core.whole_model import gold_layers, gold_tags

    spec = request.spec
    gold_tags(spec)  # before the model is loaded for a class that no text is tagged with
    with admitted(reading_of_tagged_text(need(model), need(gold)), progress):
        return gold_layers(spec, need(model), need(gold), progress=progress, gate=gate_of(spec.model, "text", progress))


@step(
    _all_layers_key,
    key_text="the key of all layers",
    needs=(words, all_layers),
    entries=8,  # a megabyte or two each
    share=0.02,
)
def map_by_layers(request: Request, need: Any, progress: Progress) -> NeuronMap | None:
    """The map of all neurons, by layer and index, encoded for the browser; None if only one layer is read."""
    return _map(need(all_layers), "layers")


@step(
    _all_layers_key,
    key_text="the key of all layers",
    needs=(words, all_layers),
    entries=8,
    share=0.02,
)
def map_by_auc(request: Request, need: Any, progress: Progress) -> NeuronMap | None:
    """The map of all neurons, their statistic against their AUC; None if only one layer is read."""
    return _map(need(all_layers), "auc")


def _map(found: AllLayers | None, view: str) -> NeuronMap | None:
    from core.report.figures.neuron_map import neuron_map

    return None if found is None else neuron_map(found, view)
