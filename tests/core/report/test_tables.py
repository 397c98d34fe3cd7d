"""Tables hold the result's numbers to the last bit, and nothing in them acts as a formula."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import unicodedata
from dataclasses import replace

import numpy as np
import pytest

from core.activations import token_activations
from core.experiment import run_contrast
from core.models import LoadedModel, load_model
from core.records import ContrastResult, ContrastSpec
from core.report.tables import begins_formula, contrast_csv, safe_cell, summary_json, text_csv
from tests.support.tiny_models import save_tiny

COLUMNS = ["layer", "neuron", "statistic", "p_value", "p_adjusted", "significant", "mean_difference"]
COLUMNS += ["cohens_d", "auc"]
DEAD = [0, 7]


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A tiny GPT-Neo with two neurons of layer 1 that never move."""
    return load_model(str(save_tiny("gpt_neo", tmp_path_factory.mktemp("lame"), dead_neurons={1: DEAD})))


@pytest.fixture(scope="module")
def result(lm: LoadedModel) -> ContrastResult:
    """A contrast with significant, insignificant and untested neurons."""
    spec = ContrastSpec.careful(layer=1, n_target=40, n_baseline=30, correction="none", alpha=0.3)
    return run_contrast(spec, lm)


def rows(table: str) -> list[dict[str, str]]:
    """A CSV text as a reader of CSV sees it."""
    return list(csv.DictReader(io.StringIO(table, newline="")))


def test_the_columns_are_those_promised(result: ContrastResult) -> None:
    """In this order, one row a neuron, in the order of neurons."""
    table = contrast_csv(result)
    assert table.splitlines()[0] == ",".join(COLUMNS)
    assert [(int(row["layer"]), int(row["neuron"])) for row in rows(table)] == [
        (1, neuron) for neuron in range(result.n_neurons)
    ]
    assert {row["significant"] for row in rows(table)} == {"True", "False"}


@pytest.mark.parametrize("column", COLUMNS[2:])
def test_every_bit_is_kept(result: ContrastResult, column: str) -> None:
    """Read back, a number is the very float; an untested neuron's cell is empty."""
    own = column in ("p_adjusted", "significant")
    expected: np.ndarray = getattr(result if own else result.tests, column)
    for cell, value in zip((row[column] for row in rows(contrast_csv(result))), expected.tolist(), strict=True):
        if column == "significant":
            assert cell == str(value)
        else:
            assert cell == "" if math.isnan(value) else float(cell) == value


def test_untested_neurons_have_empty_cells(result: ContrastResult) -> None:
    """No NaN, which a spreadsheet takes for text; what is known of them stands."""
    table = rows(contrast_csv(result))
    for neuron in DEAD:
        row = table[neuron]
        assert (row["statistic"], row["p_value"], row["p_adjusted"], row["cohens_d"]) == ("", "", "", "")
        assert (row["significant"], float(row["auc"])) == ("False", 0.5)
    assert "nan" not in contrast_csv(result).lower()


def test_a_texts_table(lm: LoadedModel) -> None:
    """Position, id, readable token, and the chosen neurons in the order asked for, to the last bit."""
    text = 'To be,\n"or" not\t🙂'
    found = token_activations(lm, text, 2)
    table = rows(text_csv(found, [5, 2]))
    assert list(table[0]) == ["position", "token_id", "token", "neuron_5", "neuron_2"]
    assert [int(row["position"]) for row in table] == list(range(len(found.pieces)))
    assert [int(row["token_id"]) for row in table] == found.token_ids
    for row, values in zip(table, found.values, strict=True):
        assert np.float32(row["neuron_5"]) == values[5] and np.float32(row["neuron_2"]) == values[2]
    shown = "".join(row["token"] for row in table)
    assert {"␣", "↵", "⇥", '"', ","} <= set(shown) and "🙂[1/4][2/4][3/4][4/4]" in shown


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_no_token_is_a_formula(lm: LoadedModel, sign: str) -> None:
    """A token that a spreadsheet would compute stands behind an apostrophe; numbers below zero stay numbers."""
    table = rows(text_csv(token_activations(lm, f"{sign}1+1", 0), [0, 1]))
    assert table[0]["token"].startswith(f"'{sign}")
    assert all(not row["token"].startswith(("=", "+", "-", "@")) for row in table)
    assert all(math.isfinite(float(row[f"neuron_{neuron}"])) for row in table for neuron in (0, 1))


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", "\nx", "\0x"])
def test_cells_that_begin_a_formula(text: str) -> None:
    """An apostrophe goes before them."""
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("sign", "＝＋－＠﹦﹢﹣﹫")
def test_wide_and_small_signs_begin_a_formula_too(sign: str) -> None:
    """A spreadsheet for Chinese or Japanese reads them as the plain ones."""
    assert unicodedata.normalize("NFKC", sign) in "=+-@"
    assert safe_cell(f"{sign}1") == f"'{sign}1"


@pytest.mark.parametrize("before", [" ", "\u00a0", "\u3000", '"', "''", ' "', "\ufeff", "\u200b", "\x01"])
def test_what_a_spreadsheet_drops_hides_no_formula(before: str) -> None:
    """Spaces, quotes and invisible characters before a sign."""
    assert safe_cell(f"{before}=1") == f"'{before}=1"
    assert safe_cell(f"{before}1=1") == f"{before}1=1"


@pytest.mark.parametrize("text", ["=1", "'=1", "''=1", " '=1", "'", "'1", "x"])
def test_the_apostrophe_can_be_taken_away_again(text: str) -> None:
    """Whoever knows the rule gets every cell back: no two texts have one cell."""
    cell = safe_cell(text)
    assert (cell[1:] if begins_formula(cell) else cell) == text


@pytest.mark.parametrize("text", ["", "time", "a=b", "'tis", '"', "1-1", "日", "⁺", "−1", "␣=1"])
def test_other_cells_stay(text: str) -> None:
    """Nothing else is touched."""
    assert safe_cell(text) == text


def test_a_text_cannot_break_or_turn_a_line_of_its_table(lm: LoadedModel) -> None:
    """Every kind of line break, a bidirectional override and a terminal's escape: named, not obeyed."""
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\u202eh\x9b31mi\x1b[31m"
    found = token_activations(lm, text, 0)
    table = text_csv(found, [0])
    assert len(table.splitlines()) == len(table.split("\n")) - 1 == 1 + len(found.pieces)
    assert not {unicodedata.category(c) for c in table.replace("\n", "")} & {"Cc", "Cf", "Zl", "Zp"}
    assert "[U+202E]" in table and "[U+009B]" in table and "[U+2028]" in table


def test_the_summary_can_be_run_again(result: ContrastResult, lm: LoadedModel) -> None:
    """Its spec gives the same experiment, and its counts are the result's."""
    record = json.loads(summary_json(result))
    assert ContrastSpec.from_json(json.dumps(record["spec"])) == result.spec
    assert record["model"]["revision"] == lm.info.revision
    assert record["target_words"] == list(result.words.target)
    assert record["largest"]["neuron"] == result.largest
    assert record["smallest"]["statistic"] == result.tests.statistic[result.smallest]
    assert (record["family_size"], record["notes"]) == (result.family_size, list(result.notes))
    higher, lower = record["significant_higher_for_target"], record["significant_higher_for_baseline"]
    assert (higher, lower) == (result.n_higher, result.n_lower)


def test_a_folders_name_that_is_no_text(result: ContrastResult) -> None:
    """A name that is not UTF-8 reaches Python with half surrogates; the summary can be saved, and read back."""
    source = os.fsdecode(b"/home/lists-\xff")
    named = replace(result, spec=result.spec.changed(word_source=source))
    saved = summary_json(named).encode("utf-8")
    assert json.loads(saved)["spec"]["word_source"] == source


def test_the_summary_is_strict_json(result: ContrastResult) -> None:
    """No NaN or Infinity, which JSON does not know."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    json.loads(summary_json(result), parse_constant=refuse)
