"""The steps of an experiment: what each computes and needs, where its result is stored, and its key.

A key leaves out what the result does not depend on. So another correction, alpha or layer uses the same activations,
and another neuron uses everything again. Activations are stored on disk, also for other processes and later starts.
Texts are stored only in memory, because they are private.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core.activations import layered_token_activations
from core.comparison import critical_log10_p, shuffled_points, text_as_compared
from core.errors import UserError
from core.experiment import (
    choose_words,
    compare_neurons,
    conclude,
    correct,
    layer_counts,
    measure_effects,
    read_words,
)
from core.models import LoadedModel, count_layers, load_model
from core.progress import Progress, unwatched
from core.records import (
    AdjustedTests,
    ContrastResult,
    ContrastSpec,
    EffectSizes,
    ModelInfo,
    NeuronTests,
    OtherSide,
    ShuffledPoints,
    TokenActivations,
    WordActivations,
    WordPair,
)
from engine import metrics
from engine.admission import admitted
from engine.folders import disk_store, downloads, model_folders
from engine.held_models import room_for_a_model
from engine.jobs import NotCached, evict_mapped
from engine.limits import check_allowed, check_characters, check_counts, limits
from engine.on_disk import OnDisk
from engine.pipeline import Request, begin_apart, is_cached, peek, resolve, results_of, step
from engine.private_arrays import NotOnDiskError
from engine.sizes import calculation_of, correction_of, floats_at_once, reading_of_text, reading_of_words
from engine.turns import gate_of

if TYPE_CHECKING:
    from core.report.figures import Picture

# Up to this many words, all layers are read in the same passes and stored (590 MB for GPT-Neo 125M, and as much again
# if the activations do not follow from the pre-activations), so that another layer needs no new reading.
_ALL_LAYERS_WORDS = 4_000


def sources(words: WordPair) -> tuple[str, str]:
    """The sources of both classes' words: bundled lists may have replaced downloaded ones."""
    return words.target_list.source, words.baseline_list.source


def reads_all_layers(spec: ContrastSpec) -> bool:
    """Whether all layers are read together. With many words, only the spec's layer is read, to save time."""
    return spec.family == "model" or spec.n_target + spec.n_baseline <= _ALL_LAYERS_WORDS


# --- Keys: the part of a request that a step depends on ---


def _model_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    return request.spec.model, request.spec.dtype


def _activations_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    spec, chosen = request.spec, need(words)
    # Whatever the test, for most lists the words are the same: then it reads nothing again.
    same = spec.reading().changed(test="welch"), chosen.target, chosen.baseline, sources(chosen)
    return *same, None if reads_all_layers(spec) else spec.layer


def tests_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    """What the tests of a request depend on."""
    spec = request.spec
    return *_activations_key(request, need), spec.hook_side, spec.unit, spec.test


def _adjusted_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    spec = request.spec
    seed = spec.seed if spec.corrected_by.permutes else None
    return *tests_key(request, need), spec.correction, spec.family, seed


def _effects_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    return *tests_key(request, need), request.spec.layer


def _shuffled_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    return *_effects_key(request, need), request.spec.seed


def _conclusion_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    return request.spec, sources(need(words))


def _profile_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    # The profile has all layers: it is the same for each, and for all names of lists.
    return request.spec.unnamed().changed(layer=0), sources(need(words))


def _text_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    spec = request.spec
    digest = hashlib.sha256(request.text.encode("utf-8", "surrogatepass")).hexdigest()
    return spec.model, spec.dtype, spec.layer, spec.hook_side, spec.prefix, spec.tested_by.absolute, digest


# --- Steps ---


@step(
    _model_key,
    key_text="the name and the number format",
    entries=lambda: limits().loaded_models,
    apart=True,
)
def model(request: Request, need: Any, progress: Progress) -> LoadedModel:
    """The loaded model."""
    check_allowed(request.spec.model)
    progress(0.0, "Loading the libraries, then the model")
    loaded = load_model(
        request.spec.model,
        request.spec.dtype,
        folders=model_folders(),
        progress=progress,
        room=lambda: room_for_a_model(results_of(model)),
    )
    metrics.MODEL_LOADS.inc()
    return loaded


@step(
    _model_key,
    key_text="the name and the number format",
    needs=(model,),
    entries=64,
)
def model_info(request: Request, need: Any, progress: Progress) -> ModelInfo:
    """The particulars of the model, which outlive it in memory."""
    info: ModelInfo = need(model).info
    return info


@step(
    lambda request, need: request.spec.reading(),
    key_text="`spec.reading()`",
    entries=64,
    share=0.05,
    # If bundled lists replaced downloaded ones, the network may be back.
    max_age=300,
    stored="memory, for five minutes",
)
def words(request: Request, need: Any, progress: Progress) -> WordPair:
    """The words of both classes."""
    check_counts(request.spec)
    progress(0.0, "Getting the word lists")
    return choose_words(request.spec, downloads())


@step(
    _activations_key,
    key_text="the key of the words without the test, the words and their sources; the layer, if only one is read; on "
    "disk: model, revision, words, reading options",
    needs=(model, words),
    entries=64,
    share=0.25,
    stored="disk, memory-mapped",
)
def activations(request: Request, need: Any, progress: Progress) -> WordActivations:
    """Every neuron of every layer for every word, on both sides of the nonlinearity."""
    # Progress sentences do not name the spec's layer: visitors who look at another layer wait for the same work.
    # spec.reading(), because visitors who look at the other side share the result.
    spec, reading, chosen = request.spec, request.spec.reading(), need(words)
    layers = range(need(model).n_layers) if reads_all_layers(spec) else [spec.layer]
    how: dict[str, Any] = {"progress": progress, "gate": gate_of(spec.model, "words", progress)}
    watch = partial(progress, 0.0, "Waiting for others who read the same words")
    store = disk_store(make_room=evict_mapped)
    with admitted(reading_of_words(need(model), chosen, reading, layers), progress), suppress(NotOnDiskError):
        return read_words(need(model), chosen, reading, layers, **how, store=OnDisk(store, watch))
    # What is stored already is still read, into memory.
    with admitted(reading_of_words(need(model), chosen, reading, layers, on_disk=False), progress):
        return read_words(need(model), chosen, reading, layers, **how, store=store)


@step(
    tests_key,
    key_text="the key of the activations, hook side, unit and test",
    needs=(words, activations),
    entries=64,
    share=0.15,
)
def tests(request: Request, need: Any, progress: Progress) -> NeuronTests:
    """The test of every neuron of every layer."""
    read: WordActivations = need(activations)
    with admitted(calculation_of(read), progress):
        progress(1.0, f"Testing {len(read.layers) * read.target_sides.pre_activation.shape[-1]:,} neurons")
        return compare_neurons(request.spec, read)


@step(
    _adjusted_key,
    key_text="the key of the tests, correction and family; with max-T, the seed",
    needs=(words, activations, tests),
    entries=256,
    share=0.08,
)
def adjusted(request: Request, need: Any, progress: Progress) -> AdjustedTests:
    """The adjusted p-values of every layer."""
    spec, read, tested = request.spec, need(activations), need(tests)
    if not spec.corrected_by.permutes:
        return correct(spec, tested, read, progress)
    with admitted(correction_of(spec, read), progress):
        return correct(spec, tested, read, progress)


@step(
    _effects_key,
    key_text="the key of the tests, and the layer",
    needs=(words, activations),
    entries=1024,
    share=0.05,
)
def effects(request: Request, need: Any, progress: Progress) -> tuple[EffectSizes, OtherSide]:
    """The effect sizes of the spec's layer, and its neurons on the other side of the nonlinearity."""
    read = need(activations)
    with admitted(calculation_of(read), progress):
        return measure_effects(request.spec, read)


@step(
    _conclusion_key,
    key_text="the whole spec, and the sources of the words",
    needs=(words, activations, tests, adjusted, effects, model_info),
    entries=1024,
    share=0.15,
)
def conclusion(request: Request, need: Any, progress: Progress) -> ContrastResult:
    """The result for the spec's layer."""
    spec, info = request.spec, need(model_info)
    info.check_layer(spec.layer)
    return conclude(spec, info, need(activations), need(tests), need(adjusted), effects=need(effects))


@step(
    _profile_key,
    key_text="the spec without its layer and the names of its lists, and the sources of the words",
    needs=(words, tests, adjusted),
    entries=256,
    share=0.01,
)
def profile(request: Request, need: Any, progress: Progress) -> tuple[np.ndarray, np.ndarray] | None:
    """The number of significant neurons of each layer, higher and lower; None if only one layer is read."""
    if not reads_all_layers(request.spec):
        return None
    return layer_counts(request.spec, need(tests), need(adjusted))


@step(
    _conclusion_key,
    key_text="the key of the conclusion",
    needs=(words, conclusion),
    entries=32,  # a quarter of a megabyte each
)
def scatter(request: Request, need: Any, progress: Progress) -> Picture:
    """The chart of every neuron, encoded for the browser."""
    from core.report.figures import neuron_scatter, packed

    return packed(neuron_scatter(need(conclusion)))


@step(
    _shuffled_key,
    key_text="the key of the effects, and the seed",
    needs=(words, activations),
    entries=256,
    share=0.01,
)
def shuffled(request: Request, need: Any, progress: Progress) -> ShuffledPoints | None:
    """Every neuron of the spec's layer with shuffled labels, once; None of too few words."""
    read = need(activations)
    with admitted(calculation_of(read), progress):
        return shuffled_points(request.spec, read)


@step(
    _conclusion_key,
    key_text="the key of the conclusion",
    needs=(words, conclusion, shuffled),
    entries=32,
)
def volcano(request: Request, need: Any, progress: Progress) -> Picture:
    """The chart of every neuron's effect size and p, encoded for the browser."""
    from core.report.figures import neuron_volcano, packed

    result = need(conclusion)
    return packed(neuron_volcano(result, need(shuffled), critical_log10_p(result)))


@step(
    _text_key,
    key_text="model, number format, layer, hook side, beginning-of-text token, whether absolute values are compared, a "
    "digest of the text",
    needs=(model,),
    entries=256,
    share=0.2,
)
def text(request: Request, need: Any, progress: Progress) -> TokenActivations:
    """Every neuron of the spec's layer at every token of a text, as the test compares it."""
    spec, n_layers, max_floats = request.spec, request.spec.layer + 1, floats_at_once()
    check_characters(request.text)
    with admitted(reading_of_text(need(model), request.text, n_layers, max_floats), progress):
        # The same passes also read the layers below, unless all together would fill a fifth of the memory for results.
        by_layer = layered_token_activations(
            need(model),
            request.text,
            range(n_layers),
            side=spec.hook_side,
            prefix=spec.prefix,
            max_tokens=limits().max_tokens,
            max_floats=max_floats,
            progress=progress,
            gate=gate_of(spec.model, "text", progress),
        )
    for layer in sorted(set(by_layer) - {spec.layer}, reverse=True):
        below = Request(spec.changed(layer=layer), request.text)
        results_of(text).put(_text_key(below, need), text_as_compared(spec, by_layer.pop(layer)))
    return text_as_compared(spec, by_layer[spec.layer])


# --- Other entry points than a page's step ---


def words_uncounted(request: Request) -> WordPair:
    """The words of a request. The metrics do not count the question: a page asks it every second while others work."""
    try:
        return peek(words, request)
    except NotCached:
        return resolve(words, request)  # after some minutes they are old


def layers_of(model_name: str) -> int | None:
    """How many layers a model has, without loading it; None if it is not allowed, or not on this computer."""
    try:
        check_allowed(model_name)
    except UserError:
        return None  # the step ``model`` raises this error
    return count_layers(model_name, model_folders())


def warm_up(spec: ContrastSpec) -> None:
    """Begin to load the spec's model, before a page is drawn: on a fresh server this takes longest.

    Not where the contrast is cached: its page does without the model, which may be one of too many.
    """
    request = Request(ContrastSpec(model=spec.model, dtype=spec.dtype))  # all that the model depends on
    if not is_cached(model, request) and not is_cached(conclusion, Request(spec)):
        begin_apart(model, request)


def prepare(spec: ContrastSpec, progress: Progress = unwatched) -> ContrastResult:
    """Compute everything that the spec's page shows, in this thread. A server does this before its class comes."""
    result = resolve(conclusion, Request(spec), progress)  # first, because it checks the layer before it reads words
    resolve(profile, Request(spec), progress)
    return result
