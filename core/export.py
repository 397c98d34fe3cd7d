"""Records as CSV and JSON text. Every table says in its columns what it holds; floats keep all their digits."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unicodedata
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
# What begins a formula: OWASP's list (CSV Injection; ASVS 1.2.10 adds NUL). Where Chinese or Japanese is written, a
# spreadsheet may take the wide and the small signs for the plain ones.
_FORMULA_SIGNS = frozenset("=+-@＝＋－＠﹦﹢﹣﹫")
_FORMULA_CONTROLS = ("\t", "\r", "\n", "\0")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


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
    """What is needed to report a contrast, and to run it again: spec, model, words' sources, counts.

    Letters of all scripts stand as they are. Only half a surrogate pair, which a folder's name may hold and no
    file can, is escaped; it is the same again when the JSON is read.
    """
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
    written = json.dumps(record, ensure_ascii=False, indent=2)
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", written)


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before what may begin one.

    The signs count in every width (``＝``), and behind spaces, quotes and invisible characters too, which a
    spreadsheet may drop. So a cell that had an apostrophe of its own gets a second one, and taking away the
    first gives back every cell that ``begins_formula``.
    """
    return f"'{text}" if begins_formula(text) else text


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet might compute a cell of this text, once it has dropped what it may."""
    if text.startswith(_FORMULA_CONTROLS):
        return True
    return next((c for c in text if not _may_be_dropped(c)), "") in _FORMULA_SIGNS


def _may_be_dropped(character: str) -> bool:
    return character in "'\"" or unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp")


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
