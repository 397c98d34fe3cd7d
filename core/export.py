"""Records as CSV and JSON text. Every table says in its columns what it holds; floats keep all their digits."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from core.records import ContrastResult, TokenActivations
from core.tokens import readable

CONTRAST_COLUMNS = (
    "layer",
    "neuron",
    "statistic",
    "p_value",
    "p_adjusted",
    "significant",
    "mean_difference",
    "cohens_d",
    "auc",
)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def contrast_csv(result: ContrastResult) -> str:
    """One row per neuron of the result's layer, in neuron order; an untested neuron's cells are empty."""
    tests = result.tests
    columns = (
        tests.statistic,
        tests.p_value,
        result.p_adjusted,
        result.significant,
        tests.mean_difference,
        tests.cohens_d,
        tests.auc,
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return _csv(CONTRAST_COLUMNS, ((result.spec.layer, neuron, *row) for neuron, row in enumerate(rows)))


def text_csv(activations: TokenActivations, neurons: Sequence[int]) -> str:
    """One row per token: its position, id, readable form, and the value of each of ``neurons``."""
    header = ("position", "token_id", "token", *(f"neuron_{neuron}" for neuron in neurons))
    tokens = zip(activations.token_ids, activations.pieces, activations.parts, strict=True)
    values = activations.values[:, list(neurons)].tolist()
    return _csv(
        header,
        (
            (position, token_id, safe_cell(readable(piece, part)), *values[position])
            for position, (token_id, piece, part) in enumerate(tokens)
        ),
    )


def summary_json(result: ContrastResult) -> str:
    """What is needed to report a contrast, and to run it again: spec, model, words' sources, counts."""
    record = {
        "spec": asdict(result.spec),
        "model": asdict(result.model),
        "target_source": result.words.target_list.source,
        "baseline_source": result.words.baseline_list.source,
        "target_words": result.words.target,
        "baseline_words": result.words.baseline,
        "neurons": result.n_neurons,
        "family_size": result.family_size,
        "significant_higher_for_target": result.n_higher,
        "significant_higher_for_baseline": result.n_lower,
        "largest": _neuron(result, result.largest),
        "smallest": _neuron(result, result.smallest),
        "notes": result.notes,
    }
    return json.dumps(record, ensure_ascii=False, indent=2)


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before the signs that begin one."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _neuron(result: ContrastResult, neuron: int) -> dict[str, float]:
    return {
        "neuron": neuron,
        "statistic": float(result.tests.statistic[neuron]),
        "p_adjusted": float(result.p_adjusted[neuron]),
        "cohens_d": float(result.tests.cohens_d[neuron]),
        "auc": float(result.tests.auc[neuron]),
    }


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if isinstance(cell, float) and math.isnan(cell) else cell for cell in row])
    return buffer.getvalue()
