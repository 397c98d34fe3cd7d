"""Tables hold the result's numbers to the last bit, and nothing in them acts as a formula."""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from operator import attrgetter

import numpy as np
import pytest

from core.activations import token_activations
from core.experiment import run_contrast
from core.models import LoadedModel, load_model
from core.records import ContrastResult, ContrastSpec
from core.report.readable import readable_p
from core.report.tables import begins_formula, contrast_csv, safe_cell, text_csv
from tests.support.made_results import made_result
from tests.support.tiny_models import save_tiny

COLUMNS = ["layer", "neuron", "statistic", "p_value", "p_adjusted", "significant", "mean_difference"]
COLUMNS += ["cohens_d", "auc"]
MORE = ["degrees_of_freedom", "log10_p", "log10_p_adjusted", "d_definition", "hedges_g", "hedges_g_low"]
MORE += ["hedges_g_high", "auc_low", "auc_high", "other_side", "mean_difference_other_side", "auc_other_side"]
MORE += ["above_zero_target", "above_zero_baseline", "silent", "reverses", "shuffled_labels"]
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
    assert table.splitlines()[0] == ",".join(COLUMNS + MORE)
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


@pytest.mark.parametrize(
    ("column", "where"),
    [
        ("degrees_of_freedom", "tests.degrees_of_freedom"),
        ("log10_p", "log10_p"),
        ("log10_p_adjusted", "log10_p_adjusted"),
        ("hedges_g", "effect_sizes.hedges_g"),
        ("hedges_g_low", "effect_sizes.hedges_g_low"),
        ("hedges_g_high", "effect_sizes.hedges_g_high"),
        ("auc_low", "effect_sizes.auc_low"),
        ("auc_high", "effect_sizes.auc_high"),
        ("mean_difference_other_side", "other_side.mean_difference"),
        ("auc_other_side", "other_side.auc"),
        ("above_zero_target", "other_side.above_zero_target"),
        ("above_zero_baseline", "other_side.above_zero_baseline"),
    ],
)
def test_the_newer_columns_too(result: ContrastResult, column: str, where: str) -> None:
    """Effect sizes with intervals, and the other side of the nonlinearity."""
    expected = attrgetter(where)(result)
    cells = [row[column] for row in rows(contrast_csv(result))]
    read = np.array([float(cell) if cell else np.nan for cell in cells])
    np.testing.assert_array_equal(read, expected)


def test_marks_and_definitions(result: ContrastResult) -> None:
    table = rows(contrast_csv(result))
    assert {row["other_side"] for row in table} == {"activation"}
    assert {row["d_definition"] for row in table} == {"d_av"}
    assert [row["silent"] for row in table] == [str(value) for value in result.silent]
    assert [row["reverses"] for row in table] == [str(value) for value in result.reverses]
    assert {row["reverses"] for row in table} == {"True", "False"}


def test_a_table_of_a_control_says_so() -> None:
    for shuffle_labels in (False, True):
        spec = ContrastSpec.careful(n_target=4, n_baseline=5, shuffle_labels=shuffle_labels)
        assert {row["shuffled_labels"] for row in rows(contrast_csv(made_result(spec)))} == {str(shuffle_labels)}


def test_no_p_value_reads_zero() -> None:
    """Below a float's least, the cell is written from the logarithm; other programs may read more digits of it."""
    tiny = {"p_value": np.full(8, 0.0), "p_adjusted": np.full(8, 0.0)}
    log = {"log10_p": np.full(8, -411.51), "log10_p_adjusted": np.full(8, -408.02)}
    for row in rows(contrast_csv(made_result(**tiny, **log))):
        assert (row["p_value"], row["p_adjusted"]) == ("3.1e-412", "9.5e-409")
        assert float(row["log10_p"]) == -411.51


@pytest.mark.parametrize("log10", [-308.5, -307.0, -20.0])
def test_a_p_value_that_loses_digits_is_written_from_its_logarithm(log10: float) -> None:
    """Floats below 2.2e-308 have fewer digits."""
    chosen = {"p_value": np.full(8, 10.0**log10), "log10_p": np.full(8, log10)}
    cell = rows(contrast_csv(made_result(**chosen)))[0]["p_value"]
    # A number for a program: with a hyphen.
    assert cell == (readable_p(log10).replace("−", "-") if log10 < -308 else str(10.0**log10))
    assert float(cell) == pytest.approx(10.0**log10, rel=0.05)


def test_degrees_of_freedom_of_a_z_are_infinite() -> None:
    spec = ContrastSpec.careful(test="mannwhitney", n_target=4, n_baseline=5)
    table = rows(contrast_csv(made_result(spec, degrees_of_freedom=np.full(8, np.inf))))
    assert {row["degrees_of_freedom"] for row in table} == {"inf"}


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
