"""Files of results: each is made once for many presses, one at a time, and says what the page shows."""

from __future__ import annotations

import csv
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from core import documents
from core.activations import token_activations
from core.errors import UserError
from core.experiment import run_contrast
from core.models import load_model
from core.records import ContrastResult, ContrastSpec
from core.report import summary, tables
from engine import files, steps
from engine.pipeline import Request, resolve
from tests.support.threads import WAIT, until

pytestmark = pytest.mark.usefixtures("own_world")

SPECS = [ContrastSpec.careful(layer=layer, n_target=20, n_baseline=20) for layer in range(3)]


def shown(spec: ContrastSpec) -> tuple[str, str]:
    return steps.sources(resolve(steps.conclusion, Request(spec)).words)


def test_many_presses_make_one_file_and_others_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    now, most, lock, go_on = [0], [0], threading.Lock(), threading.Event()
    plain = tables.contrast_csv

    def slowly(result: ContrastResult) -> str:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            made.append(result.spec.layer)
        assert go_on.wait(WAIT)
        with lock:
            now[0] -= 1
        return plain(result)

    monkeypatch.setattr(tables, "contrast_csv", slowly)
    sources = [shown(spec) for spec in SPECS]
    with ThreadPoolExecutor(30) as pool:
        asked = [pool.submit(files.csv, SPECS[n % 3], sources[n % 3]) for n in range(30)]
        until(lambda: len(made) == 1)
        go_on.set()
        found = [future.result(WAIT) for future in asked]
    assert sorted(made) == [0, 1, 2] and most == [1]
    expected = [plain(run_contrast(spec)) for spec in SPECS]
    assert [content.decode("utf-8-sig") for content in found] == [expected[n % 3] for n in range(30)]


def test_the_kinds_of_files_are_not_mixed_up_and_few_are_kept() -> None:
    for spec in SPECS:
        sources, result = shown(spec), run_contrast(spec)
        for _ in range(2):
            assert files.csv(spec, sources).decode("utf-8-sig") == tables.contrast_csv(result)
            assert json.loads(files.summary(spec, sources)) == json.loads(summary.summary_json(result))
    assert len(files._made._jobs) <= 4


def test_the_report_and_the_notebook_are_those_of_the_neurons_that_were_chosen() -> None:
    """Each kind is one file for the same neurons, and another for others."""
    sources, result = shown(SPECS[0]), resolve(steps.conclusion, Request(SPECS[0]))
    counts, chance = resolve(steps.profile, Request(SPECS[0])), resolve(steps.shuffled, Request(SPECS[0]))
    for neurons in ((), (7, 9)):
        expected = documents.report(result, counts, chance, neurons)
        assert files.report(SPECS[0], sources, neurons).decode() == expected
        assert files.report(SPECS[0], sources, neurons) is files.report(SPECS[0], sources, neurons)
        assert files.notebook(SPECS[0], sources, neurons).decode() == documents.notebook(result, neurons)
    with pytest.raises(UserError, match="The word lists are others than the page shows"):
        files.report(SPECS[0], ("other", "lists"), ())


def test_a_file_of_other_words_than_the_page_shows_is_refused() -> None:
    files.csv(SPECS[0], shown(SPECS[0]))
    wrong: Any = ("elsewhere", "elsewhere")
    with pytest.raises(UserError, match="others than the page shows"):
        files.csv(SPECS[0], wrong)


def test_the_values_of_a_text_are_those_of_core_and_its_neurons_are_not_mixed_up() -> None:
    texts = ("The ferryman barks.", "Time flies like an arrow.")
    for text in texts:
        expected = token_activations(load_model("bundled"), text, 1, prefix=SPECS[1].prefix)
        for neurons in ((3, 0), (5,)):
            table = list(csv.reader(io.StringIO(files.text_values(SPECS[1], text, neurons).decode("utf-8-sig"))))
            assert table[0] == ["position", "token_id", "token", *(f"neuron_{neuron}" for neuron in neurons)]
            values = np.array([row[3:] for row in table[1:]], dtype=float)
            np.testing.assert_allclose(values, expected.values[:, neurons], rtol=1e-4, atol=1e-5)
    with pytest.raises(UserError, match="characters"):
        files.text_values(SPECS[1], "x" * 10_000_000, (3,))
