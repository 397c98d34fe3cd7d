"""Records as CSV text. Floats keep all their digits, and no p-value reads 0."""

from __future__ import annotations

import csv
import io
import math
import sys
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from core.records import ContrastResult, TokenActivations
from core.report.glossary import d_definition
from core.report.readable import MINUS, readable, readable_p

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
    "degrees_of_freedom",
    "log10_p",
    "log10_p_adjusted",
    "d_definition",
    "hedges_g",
    "hedges_g_low",
    "hedges_g_high",
    "auc_low",
    "auc_high",
    "other_side",
    "mean_difference_other_side",
    "auc_other_side",
    "above_zero_target",
    "above_zero_baseline",
    "silent",
    "reverses",
    "shuffled_labels",
)
# Characters that begin a formula: OWASP's list (CSV Injection; ASVS 1.2.10 adds NUL). In Chinese and Japanese settings,
# a spreadsheet may read the wide and small signs as the plain ones.
_FORMULA_SIGNS = frozenset("=+-@＝＋－＠﹦﹢﹣﹫")
_FORMULA_CONTROLS = ("\t", "\r", "\n", "\0")


def contrast_csv(result: ContrastResult) -> str:
    """A contrast as CSV: one row per neuron, in order. Cells are empty if a neuron was not tested.

    The columns are ``CONTRAST_COLUMNS``; mean differences are in the units of their side of the hook point. Degrees of
    freedom are ``inf`` in the Mann-Whitney test. A p-value too small for a float is written from its logarithm, such as
    3.1e-412: ``log10_p`` has all digits.
    """
    tests, sizes, other, n = result.tests, result.effect_sizes, result.other_side, result.n_neurons
    columns: tuple[Sequence[object], ...] = (
        [result.spec.layer] * n,
        range(n),
        tests.statistic.tolist(),
        p_cells(tests.p_value, result.log10_p),
        p_cells(result.p_adjusted, result.log10_p_adjusted),
        result.significant.tolist(),
        tests.mean_difference.tolist(),
        tests.cohens_d.tolist(),
        tests.auc.tolist(),
        tests.degrees_of_freedom.tolist(),
        result.log10_p.tolist(),
        result.log10_p_adjusted.tolist(),
        [d_definition(result.spec.test)] * n,
        sizes.hedges_g.tolist(),
        sizes.hedges_g_low.tolist(),
        sizes.hedges_g_high.tolist(),
        sizes.auc_low.tolist(),
        sizes.auc_high.tolist(),
        [other.side] * n,
        other.mean_difference.tolist(),
        other.auc.tolist(),
        other.above_zero_target.tolist(),
        other.above_zero_baseline.tolist(),
        result.silent.tolist(),
        result.reverses.tolist(),
        [result.spec.shuffle_labels] * n,  # a table of a control must not pass for one of word classes
    )
    return _csv(CONTRAST_COLUMNS, zip(*columns, strict=True))


def p_cells(p: np.ndarray, log10_p: np.ndarray) -> list[float | str]:
    """p-values (n,) as cells: floats, but below the least normal float, text that is written from the logarithm.

    Examples
    --------
    >>> p_cells(np.array([0.5, 0.0]), np.array([-0.301, -411.51]))
    [0.5, '3.1e-412']
    """
    pairs = zip(p.tolist(), log10_p.tolist(), strict=True)
    return [readable_p(log).replace(MINUS, "-") if value < sys.float_info.min else value for value, log in pairs]


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


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if isinstance(cell, float) and math.isnan(cell) else cell for cell in row])
    return buffer.getvalue()
