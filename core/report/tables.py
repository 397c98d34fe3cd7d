"""Records as tables, and tables as CSV and JSON. Floats keep all their digits, and no p-value reads 0.

contrast_table(result).csv()
"""

from __future__ import annotations

import csv
import io
import json
import math
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.records import ContrastResult, TokenActivations
from core.report.glossary import d_definition
from core.report.readable import MINUS, readable, readable_p
from core.report.sentences import class_names

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


WORD_COLUMNS = ("side", "class", "rank", "word", "lemma", "tokens")
# By it, a spreadsheet knows a CSV file to be UTF-8. Without it, Excel takes accents for two characters.
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, eq=False)
class Table:
    """A table: the names of its columns, and its rows of numbers, truth values and texts; None or NaN is no value.

    Examples
    --------
    >>> table = Table(("word", "value"), [("=tea", 0.5), ("ale", math.nan)])
    >>> table.csv()
    "word,value\\n'=tea,0.5\\nale,\\n"
    >>> table.json()
    '[\\n{"word": "=tea", "value": 0.5},\\n{"word": "ale", "value": null}\\n]\\n'
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]

    def csv(self) -> str:
        """The table as CSV, without a byte-order mark. No value is an empty cell, and no text is a formula."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow([_cell(value) for value in row])
        return buffer.getvalue()

    def json(self) -> str:
        """The table as a list of objects, one a line. No value is null; infinity, which JSON has not, is ``"inf"``."""
        records = (dict(zip(self.columns, map(_plain, row), strict=True)) for row in self.rows)
        lines = (json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records)
        return "[\n" + ",\n".join(lines) + "\n]\n"


def _cell(value: object) -> object:
    """A value for a cell of CSV."""
    if isinstance(value, str):
        return safe_cell(value)
    return "" if isinstance(value, float) and math.isnan(value) else value


def _plain(value: object) -> object:
    """A value for JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def contrast_csv(result: ContrastResult) -> str:
    """``contrast_table`` as CSV."""
    return contrast_table(result).csv()


def contrast_table(result: ContrastResult) -> Table:
    """A contrast as a table: one row per neuron, in order. A neuron that was not tested has no numbers.

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
    return Table(CONTRAST_COLUMNS, list(zip(*columns, strict=True)))


def words_table(result: ContrastResult) -> Table:
    """The words that were used, target first, each with its lemma (if lemmas were needed) and its number of tokens."""
    words, names = result.words, class_names(result.spec)
    sides = (
        ("target", names[0], words.target, words.target_lemmas, result.target_tokens),
        ("baseline", names[1], words.baseline, words.baseline_lemmas, result.baseline_tokens),
    )
    rows = [
        (side, name, rank, word, lemma, n_tokens)
        for side, name, its_words, lemmas, tokens in sides
        for rank, (word, lemma, n_tokens) in enumerate(
            zip(its_words, lemmas or [None] * len(its_words), tokens.tolist(), strict=True), start=1
        )
    ]
    return Table(WORD_COLUMNS, rows)


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
    """``text_table`` as CSV."""
    return text_table(activations, neurons).csv()


def text_table(activations: TokenActivations, neurons: Sequence[int]) -> Table:
    """A text as a table: one row per token, with its position, id, readable form, and the values of some neurons."""
    tokens = zip(activations.token_ids, activations.pieces, activations.parts, strict=True)
    values = activations.values[:, list(neurons)].tolist()  # [n_tokens, d_mlp] -> [n_tokens, n_neurons]
    rows = [
        (position, token_id, readable(piece, part), *values[position])
        for position, (token_id, piece, part) in enumerate(tokens)
    ]
    return Table(("position", "token_id", "token", *(f"neuron_{neuron}" for neuron in neurons)), rows)


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
