"""Check that students were shown, bit for bit, the values of a computation without load.

Every contrast that was shown: its headline, its four figures, and all columns of numbers of its table, as 64-bit
floats. A sample of the pasted texts: tokens, shown values, colour steps, and the file with every digit of every value.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.page import Headline
from benchmarks.record import Record, SeenContrast, SeenText
from core.records import ContrastResult, ContrastSpec
from core.report import sentences
from core.report.glossary import SIDE_WORDS, statistic_name
from core.report.readable import rounded_auc, signed
from core.stats.correction import LABELS

if TYPE_CHECKING:
    from core.models import LoadedModel
    from core.records import NeuronTests, WordActivations


class Reference:
    """The same computations in this process, one at a time. Words are read once for all specs that share them."""

    def __init__(self) -> None:
        self._models: dict[str, LoadedModel] = {}
        self._readings: dict[ContrastSpec, WordActivations] = {}
        self._tests: dict[tuple[ContrastSpec, str, str, str], NeuronTests] = {}

    def model(self, name: str) -> LoadedModel:
        """A model, loaded once."""
        from core.models import load_model

        if name not in self._models:
            self._models[name] = load_model(name)
        return self._models[name]

    def contrast(self, spec: ContrastSpec) -> ContrastResult:
        """What ``run_contrast`` gives, with the words read once."""
        from core.experiment import choose_words, compare_neurons, conclude, correct, measure_effects, read_words

        lm, reading = self.model(spec.model), spec.reading()
        if reading not in self._readings:
            self._readings[reading] = read_words(lm, choose_words(spec), spec, range(lm.n_layers))
        activations = self._readings[reading]
        key = reading, spec.hook_side, spec.unit, spec.test
        if key not in self._tests:
            self._tests[key] = compare_neurons(spec, activations)
        tests, effects = self._tests[key], measure_effects(spec, activations)
        return conclude(spec, lm.info, activations, tests, correct(spec, tests, activations), effects=effects)


def compare(record: Record) -> dict[str, dict[str, Any]]:
    """How many contrasts and texts are equal, and a sentence for each that is not."""
    quiet = Reference()
    return {
        "contrasts": _tally(_contrast_differences(quiet, spec, seen) for spec, seen in record.contrasts.items()),
        "texts": _tally(_text_differences(quiet, seen) for seen in record.texts),
    }


def _tally(found: Iterable[str | None]) -> dict[str, Any]:
    sentences = list(found)
    return {"equal": sentences.count(None), "different": [sentence for sentence in sentences if sentence is not None]}


def _contrast_differences(quiet: Reference, spec_json: str, seen: SeenContrast) -> str | None:
    spec = ContrastSpec.from_json(spec_json)
    result = quiet.contrast(spec)
    wrong = [
        f"{times} times the headline was {headline}, not {expected}"
        for expected in [expected_headline(result)]
        for headline, times in seen.headlines.items()
        if headline != expected
    ]
    expected_table = _table(result)
    for digest, table in seen.examples.items():
        columns = different_columns(read_table(table), expected_table)
        if columns:
            wrong.append(f"{seen.tables[digest]} times the table had other values in {', '.join(columns)}")
    return f"{_short(spec)}: {'; '.join(wrong)}." if wrong else None


def expected_headline(result: ContrastResult) -> Headline:
    """The headline and figures that the Neurons page should have for a result."""
    spec = result.spec
    label = LABELS[spec.correction]
    sentence = f"{sentences.headline(result)}\n{sentences.compared(result)} · {sentences.tested(result, label)}"
    name = statistic_name(spec.test)
    extremes = tuple(
        (title, signed(result.tests.statistic[neuron]), f"Neuron {neuron} of layer {spec.layer}.")
        for title, neuron in ((f"Largest {name}", result.largest), (f"Smallest {name}", result.smallest))
    )
    counts = zip(sentences.class_names(spec), (result.n_higher, result.n_lower), strict=True)
    figures = tuple((f"Significantly higher for {name}", f"{count:,}", "") for name, count in counts)
    return Headline(sentence, spec.layer, sentences.correction_name(spec.correction, label), figures + extremes)


def _table(result: ContrastResult) -> dict[str, np.ndarray]:
    """The columns of numbers. Of the marks, the shares above zero are the harder part."""
    tests, other = result.tests, result.other_side
    target, baseline = sentences.class_names(result.spec)
    return {
        statistic_name(result.spec.test): tests.statistic,
        "log10 p adj.": result.log10_p_adjusted,
        "significant": result.significant,
        "AUC": rounded_auc(tests.auc),
        f"AUC {SIDE_WORDS[other.side]}": rounded_auc(other.auc),
        "g": result.effect_sizes.hedges_g,
        f"> 0, {target}": other.above_zero_target,
        f"> 0, {baseline}": other.above_zero_baseline,
        "mean difference": tests.mean_difference,
    }


def read_table(stream: bytes) -> dict[str, np.ndarray]:
    """The columns of the page's table of neurons, in the order of the neurons."""
    from pyarrow import ipc

    with ipc.open_stream(io.BytesIO(stream)) as reader:
        table = reader.read_all()
    order = np.argsort(table.column("neuron").to_numpy(), kind="stable")
    return {name: table.column(name).to_numpy()[order] for name in table.column_names if name != "neuron"}


def different_columns(shown: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> list[str]:
    """The names of the expected columns that are not shown with the same bits; a missing column is different."""
    return [
        name
        for name, values in expected.items()
        if name not in shown
        or shown[name].dtype != values.dtype
        or shown[name].shape != values.shape
        or shown[name].tobytes() != np.ascontiguousarray(values).tobytes()
    ]


def _text_differences(quiet: Reference, seen: SeenText) -> str | None:
    from core.activations import token_activations
    from core.report.colour_scales import per_text_min_max
    from core.report.tables import BYTE_ORDER_MARK, text_csv

    spec = ContrastSpec.from_json(seen.spec)
    result = quiet.contrast(spec)
    lm, how = quiet.model(spec.model), {"side": spec.hook_side, "prefix": spec.prefix}
    activations = token_activations(lm, seen.text, spec.layer, **how)
    neurons = _coloured(result, seen.neuron)
    wrong = []
    if seen.heatmap["pieces"] != list(activations.pieces):
        wrong.append("other tokens")
    for neuron, block in zip(neurons, seen.heatmap["blocks"], strict=True):
        values = activations.values[:, neuron]
        if not block["title"].startswith(f"Neuron {neuron} "):
            wrong.append(f"{block['title']} in place of neuron {neuron}")
            continue
        scale, shown = per_text_min_max(values), block["scales"]["text"]
        if base64.b64decode(block["values"]) != values.astype("<f4").tobytes():
            wrong.append(f"other values of neuron {neuron}")
        elif (shown["low"], shown["high"]) != (scale.low, scale.high):
            wrong.append(f"another range of neuron {neuron}")
    if seen.csv is not None and seen.csv.removeprefix(BYTE_ORDER_MARK) != text_csv(activations, neurons):
        wrong.append("another file of values")
    return f"{_short(spec)}, “{seen.text[:40]}…”: {'; '.join(wrong)}." if wrong else None


def _coloured(result: ContrastResult, neuron: int | None) -> list[int]:
    """The neurons that the text is coloured by: the chosen one and the extreme of the other direction, or both."""
    if neuron is None:
        return [result.largest, result.smallest]
    return [neuron, result.largest if result.tests.statistic[neuron] < 0 else result.smallest]


def _short(spec: ContrastSpec) -> str:
    return f"layer {spec.layer}, {spec.n_target} {spec.target}, {spec.n_baseline} {spec.baseline}, {spec.correction}"
