"""Check that students were shown, bit for bit, the values of a computation without load.

Every contrast that was shown: its headline, its four figures, and all seven columns of its table, as 64-bit floats.
A sample of the pasted texts: tokens, shown values, colour steps, and the file with every digit of every value.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.page import Headline
from benchmarks.record import Record, SeenContrast, SeenText
from core.records import ContrastResult, ContrastSpec
from core.stats.correction import LABELS

if TYPE_CHECKING:
    from core.models import LoadedModel
    from core.records import NeuronTests, WordActivations


class Reference:
    """The same computations in this process, one at a time. Words are read once for all specs that share them."""

    def __init__(self) -> None:
        self._models: dict[str, LoadedModel] = {}
        self._readings: dict[ContrastSpec, WordActivations] = {}
        self._tests: dict[tuple[ContrastSpec, str], NeuronTests] = {}

    def model(self, name: str) -> LoadedModel:
        """A model, loaded once."""
        from core.models import load_model

        if name not in self._models:
            self._models[name] = load_model(name)
        return self._models[name]

    def contrast(self, spec: ContrastSpec) -> ContrastResult:
        """What ``run_contrast`` gives, with the words read once."""
        from core.experiment import choose_words, compare_neurons, conclude, correct, read_words

        lm, reading = self.model(spec.model), spec.reading()
        if reading not in self._readings:
            self._readings[reading] = read_words(lm, choose_words(spec), spec, range(lm.n_layers))
        activations = self._readings[reading]
        if (reading, spec.test) not in self._tests:
            self._tests[reading, spec.test] = compare_neurons(spec, activations)
        tests = self._tests[reading, spec.test]
        return conclude(spec, lm.info, activations, tests, correct(spec, tests))


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
    spec, n_significant = result.spec, result.n_higher + result.n_lower
    sentence = (
        f"**{n_significant:,}** of {result.n_neurons:,} neurons in layer **{spec.layer}** "
        f"tell{'s' if n_significant == 1 else ''} {len(result.words.target):,} {spec.target} from "
        f"{len(result.words.baseline):,} {spec.baseline} "
        f"({LABELS[spec.correction]} over {result.family_size:,} tests, α = {spec.alpha:g})."
    )
    extremes = tuple(
        (label, f"{result.tests.statistic[neuron]:+.2f}".replace("-", "−"), f"Neuron {neuron} of layer {spec.layer}")
        for label, neuron in (("Largest t", result.largest), ("Smallest t", result.smallest))
    )
    counts = ((spec.target, result.n_higher), (spec.baseline, result.n_lower))
    figures = tuple((f"Higher for {name}", f"{count:,}", "") for name, count in counts)
    return Headline(sentence, spec.layer, LABELS[spec.correction], figures + extremes)


def _table(result: ContrastResult) -> dict[str, np.ndarray]:
    tests = result.tests
    return {
        "t": tests.statistic,
        "adjusted p": result.p_adjusted,
        "significant": result.significant,
        "mean difference": tests.mean_difference,
        "Cohen's d": tests.cohens_d,
        "AUC": tests.auc,
    }


def read_table(stream: bytes) -> dict[str, np.ndarray]:
    """The columns of the page's table of neurons, in the order of the neurons."""
    from pyarrow import ipc  # type: ignore[import-untyped]

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
    from core.report.colours import per_text_min_max, steps
    from core.report.readable import readable_number
    from core.report.tables import text_csv

    spec = ContrastSpec.from_json(seen.spec)
    result = quiet.contrast(spec)
    lm, how = quiet.model(spec.model), {"side": spec.hook_side, "prefix": spec.prefix}
    activations = token_activations(lm, seen.text, spec.layer, **how)
    neurons = [result.largest, result.smallest]
    wrong = []
    if seen.heatmap["pieces"] != list(activations.pieces):
        wrong.append("other tokens")
    for neuron, block in zip(neurons, seen.heatmap["blocks"], strict=True):
        values = activations.values[:, neuron]
        if not block["title"].startswith(f"Neuron {neuron} "):
            wrong.append(f"{block['title']} in place of neuron {neuron}")
        elif block["values"] != [readable_number(value) for value in values.tolist()]:
            wrong.append(f"other values of neuron {neuron}")
        elif block["steps"] != steps(values, per_text_min_max(values, "reds")).tolist():
            wrong.append(f"other colours of neuron {neuron}")
    if seen.csv is not None and seen.csv != text_csv(activations, neurons):
        wrong.append("another file of values")
    return f"{_short(spec)}, “{seen.text[:40]}…”: {'; '.join(wrong)}." if wrong else None


def _short(spec: ContrastSpec) -> str:
    return f"layer {spec.layer}, {spec.n_target} {spec.target}, {spec.n_baseline} {spec.baseline}, {spec.correction}"
