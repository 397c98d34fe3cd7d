"""The steps of the whole model: every neuron of every layer, and what a tagged text says of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from core.errors import UserError
from core.progress import Progress
from core.records import HOOK_SIDES, ContrastSpec
from core.records.gold import tags_of, why_no_tags
from engine.admission import admitted
from engine.evidence_steps import gold
from engine.fair_queue import FairQueue
from engine.jobs import NotCached
from engine.limits import limits
from engine.pipeline import Request, Step, peek, resolve, step
from engine.sizes import calculation_of, correction_of, floats_at_once, reading_of_tagged_layers
from engine.steps import activations, adjusted, model, model_info, reads_all_layers, sources, tests, words
from engine.turns import gate_of

if TYPE_CHECKING:
    from core.records.layers import AllLayers, GoldLayers
    from core.records.protocols import Protocols
    from core.report.figures.neuron_map import NeuronMap


def _all_layers_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    return request.spec.changed(layer=0), sources(need(words))


def _protocols_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    # ``reading`` leaves out what a protocol changes. The seed is for presets that permute, which a reader may add.
    return request.spec.reading(), request.spec.seed, sources(need(words))


def _gold_layers_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    spec = request.spec
    reading = spec.model, spec.dtype, spec.hook_side, spec.pooling, spec.prefix, request.gold.key
    return *reading, spec.tested_by.absolute, *tags_of(spec)  # which raises for classes that no text is tagged with


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
    _protocols_key,
    key_text="`spec.reading()`, the seed, and the sources of the words",
    needs=(words, activations, model_info),
    entries=32,
    share=0.02,
)
def protocols(request: Request, need: Any, progress: Progress) -> Protocols | None:
    """What the protocol of each preset selects of the same words; None if only one layer is read."""
    from core.protocols import run_protocols, specs_of_protocols

    if not reads_all_layers(request.spec):
        return None
    read = need(activations)
    works = [calculation_of(read)]
    for spec in specs_of_protocols(request.spec):
        with suppress(UserError):  # too many permutations: this protocol is not run, and the page says why
            works.append(correction_of(spec, read))

    def check(spec: ContrastSpec) -> None:
        correction_of(spec, read)

    with admitted(max(works, key=lambda work: work.n_bytes), progress):
        return run_protocols(request.spec, need(model_info), read, check=check, progress=progress)


@step(
    _gold_layers_key,
    key_text="model, number format, hook side, pooling, beginning-of-text token, whether absolute values are compared, "
    "the tagged text, the parts of speech of both classes",
    needs=(model, gold),
    entries=64,
    share=0.02,
)
def gold_of_layers(request: Request, need: Any, progress: Progress) -> GoldLayers:
    """How well every neuron of every layer separates the two classes in a tagged text."""
    from core.whole_model import gold_layers

    spec = request.spec
    target, baseline = tags_of(spec)
    max_floats = floats_at_once()
    with admitted(reading_of_tagged_layers(need(model), need(gold), (*target, *baseline), max_floats), progress):
        how: dict[str, Any] = {"progress": progress, "gate": gate_of(spec.model, "text", progress)}
        return gold_layers(spec, need(model), need(gold), max_floats=max_floats, **how)


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


# --- What a page asks ---


def both_sides(
    spec: ContrastSpec, result_of: Callable[[Step[Any], ContrastSpec], Any]
) -> tuple[AllLayers, AllLayers] | None:
    """Every neuron of every layer before and after the nonlinearity, each side tested in its own right.

    ``result_of(step, spec)`` gets a step's result: as a page waits for it, or in this thread. None if only one layer is
    read.
    """
    found = []
    for side in (spec.hook_side, spec.other_side):  # the tested side first
        of_side = result_of(all_layers, spec.changed(hook_side=side))
        if of_side is None:
            return None
        found.append(of_side)
    before, after = sorted(found, key=lambda layers: HOOK_SIDES.index(layers.spec.hook_side))
    return before, after


def gold_request(spec: ContrastSpec) -> Request:
    """The request of ``gold_of_layers`` for classes that have tags, without the settings that it does not depend on.

    So a page that shows another layer, or another test, waits for the same work.
    """
    kept = ["model", "dtype", "hook_side", "pooling", "prefix", "target", "baseline"]
    if spec.tested_by.absolute:
        kept.append("test")
    return Request(ContrastSpec(**{name: getattr(spec, name) for name in kept}))


def gold_if_there(spec: ContrastSpec) -> GoldLayers | None:
    """The AUC in tagged text, if it has been computed for the spec already; else None."""
    if why_no_tags(spec):
        return None
    try:
        return peek(gold_of_layers, gold_request(spec))
    except NotCached:
        return None


# Apart from what a page waits for: that would be replaced, and this goes on when a page asks for something else.
gold_queue = FairQueue(
    lambda request, progress: resolve(gold_of_layers, request, progress),
    lambda: limits().checks_at_once,
    most=lambda: limits().queue_length,
    what="readings of tagged sentences",
    kept_as=lambda request: request.digest,
)
