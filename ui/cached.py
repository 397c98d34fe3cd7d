"""What pages ask for: computed once per process, and shared by all sessions.

Each step is kept under the part of the spec that it depends on, so that another correction, alpha or layer
reuses the activations, and another neuron reuses everything.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.records import ContrastResult, ContrastSpec, NeuronTests, TokenActivations, WordActivations, WordPair
from ui.jobs import Report, Work, begin, obtain, obtain_within

if TYPE_CHECKING:
    from core.models import LoadedModel

# Up to so many words, all layers are read in one pass and kept (GPT-Neo 125M: 590 MB), so that changing the
# layer costs nothing.
_ALL_LAYERS_WORDS = 4_000
_MODELS = 4
# A conclusion is made in milliseconds, but holds on to the activations of all layers: few are kept.
_CONCLUSIONS = 8

_by_text: dict[str | type[Any], Callable[[Any], Any]] = {ContrastSpec: ContrastSpec.to_json}


def warm_up(spec: ContrastSpec) -> None:
    """Begin to load the spec's model, before anything is drawn: it takes longest on a fresh server."""
    begin("model", spec.model, _model_work(spec.model), max_entries=_MODELS)


def contrast(spec: ContrastSpec, meanwhile: Callable[[], None] | None = None) -> ContrastResult:
    """The spec's contrast; shows progress, and ``meanwhile``, while the model is loaded or words are read."""
    lm, activations, tests = _inputs(spec, meanwhile)
    lm.check_layer(spec.layer)
    return _conclusion(spec, _sources(activations.words), lm, activations, tests)


def layer_profile(spec: ContrastSpec) -> tuple[np.ndarray, np.ndarray] | None:
    """Significant neurons of every layer, higher and lower for the target; None where one layer was read."""
    lm, activations, tests = _inputs(spec)
    return _profile(spec, _sources(activations.words), tests) if len(activations.layers) == lm.n_layers else None


def text(spec: ContrastSpec, content: str) -> TokenActivations:
    """Every neuron of the spec's layer at every token of a text; shows progress while it is read."""

    def work(report: Report) -> TokenActivations:
        from core.experiment import inspect_text

        def count(done: int, total: int) -> None:
            report(done / total, f"Reading the text: window {done:,} of {total:,}")

        return inspect_text(_model(spec.model, report), content, spec, progress=count)

    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    key = (spec.model, spec.layer, spec.hook_side, spec.prefix, digest)
    return obtain("text", key, work, max_entries=16)


def _model_work(name: str) -> Work[LoadedModel]:
    def work(report: Report) -> LoadedModel:
        report(0.0, "Loading the libraries, then the model")
        with _without_collecting():
            from core.models import load_model

            return load_model(name, progress=report)

    return work


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep the garbage collector off what the libraries and the model leave in memory for good.

    torch and transformers make some hundred thousand objects that live as long as the process. Streamlit collects
    fully after every run of a page, which would go through all of them each time (0.3 s).
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _model(name: str, report: Report) -> LoadedModel:
    return obtain_within(report, "model", name, _model_work(name), max_entries=_MODELS)


def _words(spec: ContrastSpec) -> WordPair:
    """The words of both classes. Asked for anew now and then: where bundled lists stood in, the network may be back."""

    def work(report: Report) -> WordPair:
        report(0.0, "Getting the word lists")
        from core.experiment import choose_words

        return choose_words(spec)

    return obtain("words", spec.reading(), work, max_entries=64, max_age=300)


def _inputs(
    spec: ContrastSpec, meanwhile: Callable[[], None] | None = None
) -> tuple[LoadedModel, WordActivations, NeuronTests]:
    """All that a contrast needs before the correction: model, activations, tests of every layer read."""
    warm_up(spec)
    words = _words(spec)
    # Where all layers would fill the memory, one is read, and another layer is other work.
    only_layer = None if _reads_all_layers(spec) else spec.layer
    key = (spec.reading(), _sources(words), only_layer)

    def work(report: Report) -> tuple[LoadedModel, WordActivations, NeuronTests]:
        lm = _model(spec.model, report)
        from core.experiment import compare_neurons

        activations = obtain_within(report, "activations", key, partial(_read, spec, words, lm), max_entries=4)
        report(1.0, f"Testing {len(activations.layers) * lm.d_mlp:,} neurons")
        return lm, activations, compare_neurons(spec, activations)

    return obtain("inputs", (key, spec.test), work, max_entries=6, meanwhile=meanwhile)


def _read(spec: ContrastSpec, words: WordPair, lm: LoadedModel, report: Report) -> WordActivations:
    from core.experiment import read_words

    def count(done: int, total: int) -> None:
        report(done / total, f"Reading words: {done:,} of {total:,}")

    layers = range(lm.n_layers) if _reads_all_layers(spec) else [spec.layer]
    return read_words(lm, words, spec, layers, progress=count)


def _sources(words: WordPair) -> tuple[str, str]:
    return words.target_list.source, words.baseline_list.source


def _reads_all_layers(spec: ContrastSpec) -> bool:
    return spec.family == "model" or spec.n_target + spec.n_baseline <= _ALL_LAYERS_WORDS


@st.cache_resource(max_entries=_CONCLUSIONS, show_spinner=False, hash_funcs=_by_text)
def _conclusion(
    spec: ContrastSpec, sources: tuple[str, str], _lm: LoadedModel, _activations: WordActivations, _tests: NeuronTests
) -> ContrastResult:
    from core.experiment import conclude

    return conclude(spec, _lm, _activations, _tests)


@st.cache_resource(max_entries=128, show_spinner=False, hash_funcs=_by_text)
def _profile(spec: ContrastSpec, sources: tuple[str, str], _tests: NeuronTests) -> tuple[np.ndarray, np.ndarray]:
    from core.experiment import layer_profile

    return layer_profile(spec, _tests)
