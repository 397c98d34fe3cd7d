"""The manifest and the tables as JSON, read by readers that know nothing of what wrote them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import sys
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest

from core.activations import token_activations
from core.experiment import run_contrast
from core.models import load_model
from core.records import ContrastResult, ContrastSpec
from core.report.columns import COLUMNS, definition_of
from core.report.html_report.sections import facts
from core.report.manifest import manifest_json
from core.report.tables import Table, contrast_table, text_table, words_table
from core.report.two_texts import pair_table, pair_tokens
from core.version import __version__
from tests.support.made_results import NOUNS, VERBS, made_result


@pytest.fixture(scope="module")
def result() -> ContrastResult:
    return run_contrast(ContrastSpec.careful(n_target=30, n_baseline=25))


def tables(result: ContrastResult) -> list[Table]:
    lm = load_model("bundled")
    texts = [token_activations(lm, text, 1) for text in ("=A dog runs.\n", "=The dogs run.\n")]
    pairs = pair_tokens(*(text.token_ids for text in texts))
    return [contrast_table(result), words_table(result), text_table(texts[0], [3, 0]), pair_table(texts, pairs, [5])]


def number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def test_csv_and_json_have_the_same_numbers_to_the_last_bit(result: ContrastResult) -> None:
    for table in tables(result):
        rows = list(csv.DictReader(io.StringIO(table.csv(), newline="")))
        records = json.loads(table.json(), parse_constant=pytest.fail)  # NaN and Infinity are no JSON
        assert len(rows) == len(records) > 0
        for row, record in zip(rows, records, strict=True):
            assert list(row) == list(record)
            for cell, value in zip(row.values(), record.values(), strict=True):
                if value is None:
                    assert cell == ""
                elif isinstance(value, str):
                    assert cell.removeprefix("'") == value
                else:
                    assert cell == str(value) or number(cell) == value


def test_pandas_reads_both_as_the_same_table(result: ContrastResult) -> None:
    for table in tables(result):
        from_csv = pd.read_csv(io.StringIO(table.csv()), float_precision="round_trip", keep_default_na=False)
        from_json = pd.DataFrame(json.loads(table.json()))
        assert from_csv.columns.tolist() == from_json.columns.tolist() == list(table.columns)
        numeric = from_json.select_dtypes(["float64", "int64"]).columns
        assert len(numeric) and len(from_csv) == len(from_json)
        for column in numeric:
            np.testing.assert_array_equal(pd.to_numeric(from_csv[column], errors="coerce"), from_json[column])


def test_what_json_has_no_number_for() -> None:
    tiny = {"p_value": np.zeros(8), "p_adjusted": np.zeros(8), "log10_p": np.full(8, -411.51)}
    odd = {"degrees_of_freedom": np.full(8, np.inf), "statistic": np.array([math.nan, *range(7)], dtype=float)}
    first = json.loads(contrast_table(made_result(**tiny, **odd, log10_p_adjusted=np.full(8, -410.0))).json())[0]
    assert (first["p_value"], first["degrees_of_freedom"], first["statistic"]) == ("3.1e-412", "inf", None)


def test_the_words_are_those_that_were_used() -> None:
    records = json.loads(words_table(made_result()).json())
    assert [record["word"] for record in records] == [*NOUNS, *VERBS]
    assert [record["rank"] for record in records if record["side"] == "baseline"] == list(range(1, len(VERBS) + 1))
    assert {(record["side"], record["class"]) for record in records} == {("target", "nouns"), ("baseline", "verbs")}


def test_the_manifest_tells_which_text_was_coloured(result: ContrastResult) -> None:
    texts = ("A naïve 🙂.", "Tea.")
    read = json.loads(manifest_json(result, texts, (5, 3)))
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    assert read["texts"] == [{"characters": 10, "sha256": hashes[0]}, {"characters": 4, "sha256": hashes[1]}]
    assert read["neurons"] == [5, 3] and "naïve" not in json.dumps(read, ensure_ascii=False)


def test_the_manifest_has_hashes_settings_and_versions(result: ContrastResult) -> None:
    read = json.loads(manifest_json(result))
    for side, words in (("target", result.words.target), ("baseline", result.words.baseline)):
        digest = hashlib.sha256()
        for word in words:
            digest.update(word.encode() + b"\n")
        assert read["lists"][side]["sha256"] == digest.hexdigest()
        assert read["lists"][side]["n_words"] == len(words)
    weights = load_model("bundled").info.revision.removeprefix("sha256:")
    assert read["model"]["revision"].endswith(weights) and len(weights) == 12
    assert ContrastSpec.from_json(json.dumps(read["settings"])) == result.spec
    assert read["digest"] == result.spec.digest and (read["texts"], read["neurons"]) == ([], [])
    assert read["versions"]["grammar_neurons"] == __version__
    assert read["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    for library in ("torch", "transformers", "numpy", "scipy"):
        assert read["versions"][library] == version(library)


def test_the_report_has_the_same_hashes(result: ContrastResult) -> None:
    shown = facts(result, "Holm")
    for side in ("target", "baseline"):
        assert json.loads(manifest_json(result))["lists"][side]["sha256"] in shown


def test_another_word_or_another_order_has_another_hash() -> None:
    first, second = ("target", "tea\nale"), ("target", "ale\ntea")
    hashes = set()
    for _, words in (first, second, ("target", "tea\nbeer")):
        spec = ContrastSpec(target="custom", target_words=tuple(words.split("\n")), n_target=2, n_baseline=2)
        hashes.add(json.loads(manifest_json(run_contrast(spec)))["lists"]["target"]["sha256"])
    assert len(hashes) == 3


def test_every_column_of_every_table_is_defined(result: ContrastResult) -> None:
    defined = json.loads(manifest_json(result))["tables"]
    for table in tables(result):
        for column in table.columns:
            sentence = definition_of(column)
            assert len(sentence) > 10 and sentence.endswith(".")
            assert any(sentence in its_columns.values() for its_columns in defined.values())
    assert {name for columns in defined.values() for name in columns} == set(COLUMNS)
