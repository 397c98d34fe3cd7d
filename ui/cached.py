"""What pages ask for: computed once per process, and shared by all sessions.

Each step is kept under the part of the spec that it depends on, so that another correction, alpha or layer
reuses the activations, and another neuron reuses everything. Activations are kept on disk, for other processes
and later starts as well; texts are kept in memory only, because they are their writers'.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from core.array_store import release
from core.records import (
    ContrastResult,
    ContrastSpec,
    ModelInfo,
    NeuronTests,
    TokenActivations,
    UserError,
    WordActivations,
    WordPair,
)
from ui.jobs import Report, Shelf, Work, begin, obtain, obtain_within, offer

if TYPE_CHECKING:
    from core.models import LoadedModel
    from ui.charts import Chart

# Up to so many words, all layers are read in one pass and kept (GPT-Neo 125M: 590 MB), so that changing the
# layer costs nothing.
_ALL_LAYERS_WORDS = 4_000
# How many results each shelf keeps, and its share of the megabytes that results may take in memory. Activations
# count only where the disk did not take them: else they are mapped files.
_MODEL = Shelf("model", 16, 0)  # core.models bounds what is really in memory
_WORDS = Shelf("words", 64, 0.05)
_ACTIVATIONS = Shelf("activations", 64, 0.25)
_INPUTS = Shelf("inputs", 64, 0.2)
_CONCLUSIONS = Shelf("conclusion", 1024, 0.15)
_PROFILES = Shelf("profile", 256, 0.01)
_FIGURES = Shelf("figure", 32, 0)  # a quarter of a megabyte each
_TEXTS = Shelf("text", 256, 0.2)

Inputs = tuple[ModelInfo, WordActivations, NeuronTests]


def warm_up(spec: ContrastSpec) -> None:
    """Begin to load the spec's model, before anything is drawn: it takes longest on a fresh server."""
    begin(_MODEL, spec.model, _model_work(spec.model))


def prepare(spec: ContrastSpec) -> ContrastResult:
    """All that the spec's page shows, waited for without a page: what a server does before its class comes."""
    inputs = _inputs_within(spec)
    words = inputs[1].words
    obtain_within(_unwatched, _PROFILES, _profile_key(spec, words), _profile_work(spec, inputs))
    return obtain_within(_unwatched, _CONCLUSIONS, (spec, _sources(words)), _conclusion_work(spec, inputs))


def _inputs_within(spec: ContrastSpec) -> Inputs:
    words = obtain_within(_unwatched, _WORDS, spec.reading(), _words_work(spec))
    key = _inputs_key(spec, words)
    return obtain_within(_unwatched, _INPUTS, (key, spec.test), _inputs_work(spec, words, key))


def _unwatched(share: float, message: str) -> None:
    """A report to nobody."""


def contrast(spec: ContrastSpec, meanwhile: Callable[[], None] | None = None) -> ContrastResult:
    """The spec's contrast; shows progress, and ``meanwhile``, while the model is loaded or words are read."""
    inputs = _inputs(spec, meanwhile)
    model, activations, _ = inputs
    model.check_layer(spec.layer)
    return obtain(_CONCLUSIONS, (spec, _sources(activations.words)), _conclusion_work(spec, inputs))


def layer_profile(spec: ContrastSpec) -> tuple[np.ndarray, np.ndarray] | None:
    """How many neurons of each layer are significantly higher, and lower; None where one layer was read."""
    inputs = _inputs(spec)
    model, activations, _ = inputs
    if len(activations.layers) < model.n_layers:
        return None
    return obtain(_PROFILES, _profile_key(spec, activations.words), _profile_work(spec, inputs))


def csv(spec: ContrastSpec, sources: tuple[str, str]) -> bytes:
    """The file of all neurons of the spec's layer, made when it is asked for: at a press, by no page.

    ``sources`` are those of the words that the page shows; raises UserError where its lists are others by now.
    """
    from core.export import contrast_csv

    inputs = _inputs_within(spec)
    if _sources(inputs[1].words) != sources:
        raise UserError("The word lists are others than the page shows: reload it, and press again.")
    result = obtain_within(_unwatched, _CONCLUSIONS, (spec, sources), _conclusion_work(spec, inputs))
    return contrast_csv(result).encode()


def scatter(result: ContrastResult, highlight: int | None) -> Chart:
    """The chart of every neuron."""

    def work(report: Report) -> Chart:
        from core.figures import neuron_scatter
        from ui.charts import Chart

        return Chart(neuron_scatter(result, highlight))

    return obtain(_FIGURES, (result.spec, _sources(result.words), highlight), work)


def words_of(result: ContrastResult, neuron: int) -> np.ndarray:
    """One neuron at every word, target words first: (n_target + n_baseline,).

    Its column touches all of the layer's pages of the mapped file; they leave this process's memory again, so that it
    does not grow with every contrast that a class looks at.
    """
    values = np.concatenate([result.target_activations[:, neuron], result.baseline_activations[:, neuron]])
    release(result.target_activations)  # and with it the baseline's, which lie in the same file
    return values


def text(spec: ContrastSpec, content: str) -> TokenActivations:
    """Every neuron of the spec's layer at every token of a text; shows progress while it is read."""
    return obtain(_TEXTS, _text_key(spec, content), _text_work(spec, content))


# --- The steps: what each needs, and its key ---


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
    return obtain_within(report, _MODEL, name, _model_work(name))


def _words_work(spec: ContrastSpec) -> Work[WordPair]:
    def work(report: Report) -> WordPair:
        report(0.0, "Getting the word lists")
        from core.experiment import choose_words

        return choose_words(spec)

    return work


def _inputs(spec: ContrastSpec, meanwhile: Callable[[], None] | None = None) -> Inputs:
    """All that a contrast needs before the correction: model, activations, tests of every layer read."""
    warm_up(spec)
    # Asked for anew now and then: where bundled lists stood in, the network may be back.
    words = obtain(_WORDS, spec.reading(), _words_work(spec), max_age=300)
    key = _inputs_key(spec, words)
    return obtain(_INPUTS, (key, spec.test), _inputs_work(spec, words, key), meanwhile=meanwhile)


def _inputs_key(spec: ContrastSpec, words: WordPair) -> tuple[ContrastSpec, tuple[str, str], int | None]:
    # Where reading all layers would take long, one is read, and another layer is other work.
    return spec.reading(), _sources(words), None if _reads_all_layers(spec) else spec.layer


def _inputs_work(spec: ContrastSpec, words: WordPair, key: tuple[object, ...]) -> Work[Inputs]:
    def work(report: Report) -> Inputs:
        lm = _model(spec.model, report)
        from core.experiment import compare_neurons

        activations = obtain_within(report, _ACTIVATIONS, key, partial(_read, spec, words, lm))
        report(1.0, f"Testing {len(activations.layers) * lm.d_mlp:,} neurons")
        return lm.info, activations, compare_neurons(spec, activations)

    return work


def _read(spec: ContrastSpec, words: WordPair, lm: LoadedModel, report: Report) -> WordActivations:
    from core.experiment import disk_store, read_words

    def count(done: int, total: int) -> None:
        report(done / total, f"Reading words: {done:,} of {total:,}")

    layers = range(lm.n_layers) if _reads_all_layers(spec) else [spec.layer]
    return read_words(lm, words, spec, layers, progress=count, waiting=_telling(report), store=disk_store())


def _telling(report: Report) -> Callable[[int], None]:
    """What a reading that waits for its turn shows."""

    def tell(before: int) -> None:
        others = "1 reading" if before == 1 else f"{before:,} readings"
        report(0.0, f"Waiting for a turn: {others} before yours")

    return tell


def _text_key(spec: ContrastSpec, content: str) -> tuple[object, ...]:
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    return spec.model, spec.layer, spec.hook_side, spec.prefix, digest


def _text_work(spec: ContrastSpec, content: str) -> Work[TokenActivations]:
    def work(report: Report) -> TokenActivations:
        lm = _model(spec.model, report)
        from core.experiment import inspect_text

        def count(done: int, total: int) -> None:
            report(done / total, f"Reading the text: window {done:,} of {total:,}")

        by_layer = inspect_text(lm, content, spec, progress=count, waiting=_telling(report))
        for layer in range(spec.layer - 1, -1, -1):
            if layer in by_layer:
                offer(_TEXTS, _text_key(spec.changed(layer=layer), content), by_layer[layer])
        return by_layer[spec.layer]

    return work


def _sources(words: WordPair) -> tuple[str, str]:
    return words.target_list.source, words.baseline_list.source


def _reads_all_layers(spec: ContrastSpec) -> bool:
    return spec.family == "model" or spec.n_target + spec.n_baseline <= _ALL_LAYERS_WORDS


def _conclusion_work(spec: ContrastSpec, inputs: Inputs) -> Work[ContrastResult]:
    def work(report: Report) -> ContrastResult:
        from core.experiment import conclude

        model, activations, tests = inputs
        result = conclude(spec, model, activations, tests)
        # A row of the whole family's array would keep all of it in memory, twelve times as much, for each spec.
        return replace(result, p_adjusted=result.p_adjusted.copy())

    return work


def _profile_key(spec: ContrastSpec, words: WordPair) -> tuple[object, ...]:
    # Every layer is counted, whichever is looked at.
    return spec.changed(layer=0), _sources(words)


def _profile_work(spec: ContrastSpec, inputs: Inputs) -> Work[tuple[np.ndarray, np.ndarray]]:
    def work(report: Report) -> tuple[np.ndarray, np.ndarray]:
        from core.experiment import layer_profile

        return layer_profile(spec, inputs[2])

    return work
