"""``python -m core``: the files that contrast and text write beside their tables."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from core.__main__ import main
from core.activations import token_activations
from core.models import load_model
from tests.support.tiny_models import save_tiny

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny("gpt_neo", tmp_path_factory.mktemp("tiny")))


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    file = tmp_path / "text.txt"
    file.write_text("The <b>dog</b> runs.\n", encoding="utf-8")
    return file


def contrast(model: str, *more: str) -> list[str]:
    start = ["contrast", "--preset", "notebook", "--model", model, "--layer", "1"]
    arguments = [*start, "--words", "30", "--word-source", "bundled"]
    return [*arguments, *more]


def test_a_text_as_json_and_as_a_page(model: str, text_file: Path, tmp_path: Path, capsys: Capture) -> None:
    """Nothing of the table is on the screen then, and the page has the exact text once for each neuron."""
    table, page = tmp_path / "out.json", tmp_path / "out.html"
    arguments = ["text", "--model", model, "--layer", "2", "--neurons", "12,4", "--file", str(text_file)]
    assert main([*arguments, "--json", str(table), "--html", str(page)]) == 0
    assert "position,token_id" not in capsys.readouterr().out
    found = token_activations(load_model(model), text_file.read_text("utf-8"), 2)
    records = json.loads(table.read_text("utf-8"))
    assert [record["token_id"] for record in records] == found.token_ids
    assert [record["neuron_4"] for record in records] == found.values[:, 4].tolist()
    assert page.read_text("utf-8").count('<span class="token">') == 2 * len(found.pieces)


def test_the_table_as_json_and_the_manifest(model: str, tmp_path: Path) -> None:
    """Beside the CSV, which begins with a byte-order mark in a file, and has the same rows."""
    files = {option: tmp_path / option for option in ("csv", "table-json", "manifest")}
    assert main(contrast(model, *(part for name, file in files.items() for part in (f"--{name}", str(file))))) == 0
    content = files["csv"].read_bytes()
    assert content.startswith(b"\xef\xbb\xbflayer,")
    records = json.loads(files["table-json"].read_text("utf-8"))
    assert list(records[0]) == content.decode("utf-8-sig").splitlines()[0].split(",")
    assert len(records) == len(content.decode().splitlines()) - 1
    manifest = json.loads(files["manifest"].read_text("utf-8"))
    assert list(manifest["tables"]["neurons"]) == list(records[0])


def test_a_pipe_gets_no_byte_order_mark(model: str, tmp_path: Path) -> None:
    """Other programs take it for a letter."""
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    assert main(contrast(model, "--csv", str(pipe))) == 0
    reader.join(60)
    assert read[0].startswith(b"layer,")


def test_every_layer_filtered_and_sorted(tmp_path: Path, capsys: Capture) -> None:
    files = {option: tmp_path / option for option in ("all-layers", "all-layers-json")}
    named = [part for name, file in files.items() for part in (f"--{name}", str(file))]
    start = ["contrast", "--words", "30", *named, "--filter"]
    assert main([*start, "abs(g) > 2 and gold_auc > 0.5", "--sort=-hedges_g"]) == 0
    records = json.loads(files["all-layers-json"].read_text("utf-8"))
    values = [record["hedges_g"] for record in records]
    assert values == sorted(values, reverse=True) and min(map(abs, values)) > 2
    assert {record["layer"] for record in records} == set(range(6))
    content = files["all-layers"].read_bytes().decode("utf-8-sig").splitlines()
    assert content[0].split(",") == list(records[0]) and len(content) == len(records) + 1
    capsys.readouterr()
    for wrong, sentence in (
        ([*start, "abs(g"], "cannot be read"),
        ([*start, "auc > 1"], "“auc”, which is no column"),
        ([*start, "g > 1", "--sort", "size"], "The order is “size”"),
        ([*start, "gold_auc > 0.8", "--shuffle-labels"], "There is no gold_auc here."),
        (["contrast", "--filter", "g > 1"], "--filter is for the table of every layer"),
    ):
        assert main(wrong) == 2
        assert sentence in capsys.readouterr().err
