"""Records as CSV and JSON text. Floats keep all their digits."""

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
from core.report.readable import readable

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
# Characters that begin a formula: OWASP's list (CSV Injection; ASVS 1.2.10 adds NUL). In Chinese and Japanese settings,
# a spreadsheet may read the wide and small signs as the plain ones.
_FORMULA_SIGNS = frozenset("=+-@＝＋－＠﹦﹢﹣﹫")
_FORMULA_CONTROLS = ("\t", "\r", "\n", "\0")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def contrast_csv(result: ContrastResult) -> str:
    """A contrast as CSV: one row per neuron, in order. Cells are empty if a neuron was not tested.

    The columns are ``CONTRAST_COLUMNS``; ``mean_difference`` is in the units of the hook point.
    """
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
    """A text as CSV: one row per token, with its position, id, readable form, and the values of some neurons."""
    header = ("position", "token_id", "token", *(f"neuron_{neuron}" for neuron in neurons))
    tokens = zip(activations.token_ids, activations.pieces, activations.parts, strict=True)
    values = activations.values[:, list(neurons)].tolist()  # [n_tokens, d_mlp] -> [n_tokens, n_neurons]
    return _csv(
        header,
        (
            (position, token_id, safe_cell(readable(piece, part)), *values[position])
            for position, (token_id, piece, part) in enumerate(tokens)
        ),
    )


def summary_json(result: ContrastResult) -> str:
    """A contrast as JSON, with everything that is needed to report it and to run it again.

    Letters of all scripts are written unescaped. Only a lone surrogate, which a folder's name may contain, is escaped,
    because UTF-8 cannot encode it. To read the JSON restores it.
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
    """A cell that no spreadsheet reads as a formula: if ``begins_formula``, an apostrophe is put before it.

    To remove this apostrophe restores the text, also if the text began with an apostrophe.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("time")
    ("'=1+1", 'time')
    """
    return f"'{text}" if begins_formula(text) else text


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet might compute this text as a formula.

    Signs of every width count (``＝``). Spaces, quotes and invisible characters before them do not, because a
    spreadsheet may drop these.

    Examples
    --------
    >>> begins_formula(" '＝1"), begins_formula("1=1")
    (True, False)
    """
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
