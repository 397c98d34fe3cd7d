"""The notebook, executed: it reads the words in plain PyTorch, and has the app's numbers.

Jupyter executes the one of five that is hardest to write. To start it and its libraries takes most of the time, so the
cells of the others run here.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.documents import notebook
from core.errors import UserError
from core.experiment import run_contrast
from core.records import ALL_TESTS, CORRECTIONS, STRONG_AUC, TESTS, ContrastResult, ContrastSpec
from core.report.markdown import plain
from core.report.notebook.testing import without_plain_version

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed (requirements-dev.txt)")
pytest.importorskip("nbconvert", reason="nbconvert is not installed (requirements-dev.txt)")

ROOT = Path(__file__).resolve().parents[3]
FEW = {"n_target": 30, "n_baseline": 30, "word_source": "bundled"}
# Names and words that are markup, code or quotes for whatever holds them.
HOSTILE = ("<script>alert(1)</script>", "&amp;", "'\"", '"""', "\\", "{x}", "$x$", "it's", "naïve", "🙂")

BY_JUPYTER = ("hostile",)

# A kernel may start while a machine does much else.
PATIENCE = ("--ExecutePreprocessor.timeout=200", "--ExecutePreprocessor.startup_timeout=200")


def execute(text: str, file: Path, folder: str = "") -> tuple[Any, str]:
    """The notebook as ``jupyter nbconvert --execute`` writes it, and what went wrong."""
    file.write_text(text, encoding="utf-8")
    options = ["--to", "notebook", "--execute", "--inplace", *PATIENCE, str(file)]
    home = str(file.parent)
    given = {"MODEL_FOLDER": folder} if folder else {}
    # Streamlit, which other tests of this process import, tells matplotlib to draw nothing that is shown.
    inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    paths = {name: home for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR", "MPLCONFIGDIR")}
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", *options],
        env={**inherited, **paths, **given, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return nbformat.read(file, as_version=4), done.stderr if done.returncode else ""


def execute_here(text: str, folder: str) -> tuple[Any, str]:
    """The notebook with what its cells print and draw in this process, and what went wrong."""
    import matplotlib.pyplot as plt

    book, names = nbformat.reads(text, as_version=4), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODEL_FOLDER", folder)
        patch.setenv("MPLBACKEND", "agg")
        for cell in book.cells:
            if cell.cell_type != "code":
                continue
            plt.close("all")
            try:
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    exec(cell.source, names)
            except Exception:
                return book, traceback.format_exc()
            drawn = [{"image/png": f"figure {number}"} for number in plt.get_fignums()]
            cell.outputs = [nbformat.v4.new_output("stream", text=out.getvalue())]
            cell.outputs += [nbformat.v4.new_output("display_data", data) for data in drawn]
    plt.close("all")
    return book, ""


def printed(book: Any) -> str:
    """All that the cells of a notebook have printed."""
    outputs = (output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs)
    return "".join(output.get("text", "") for output in outputs)


def table(book: Any) -> dict[int, list[float]]:
    """The last cell's rows: neuron -> statistic here and in the app, adjusted p here and in the app, d, AUC."""
    rows = re.findall(r"^ +(\d+)((?: +\S+){6})$", printed(book), re.MULTILINE)
    return {int(neuron): [float(number) for number in numbers.split()] for neuron, numbers in rows}


@pytest.fixture(scope="module")
def experiments(tiny_folder: Callable[[str], Path]) -> dict[str, ContrastResult]:
    """One result of each kind that the notebook writes other code for."""
    gated, tiny = str(tiny_folder("llama")), str(tiny_folder("gpt_neo"))
    hostile = {"target": "custom", "target_words": (*HOSTILE, "time", "people"), "target_name": HOSTILE[0]}
    specs = {
        "notebook": ContrastSpec.notebook(**FEW, layer=3),
        "careful": ContrastSpec.careful(n_target=40, n_baseline=30, layer=2),
        "ranks": ContrastSpec.careful(
            **{**FEW, "model": gated, "layer": 1, "test": "mannwhitney", "correction": "fdr_bh", "family": "layer"},
            hook_side="activation",
            pooling="last",
        ),
        "max-T": ContrastSpec.careful(**FEW, model=tiny, layer=1, correction="max_t", seed=7),
        "hostile": ContrastSpec.notebook(
            **{**FEW, "n_target": 12, "n_baseline": 12}, model=gated, layer=0, shuffle_labels=True, **hostile
        ),
    }
    return {name: run_contrast(spec) for name, spec in specs.items()}


@pytest.fixture(scope="module")
def executed(
    experiments: dict[str, ContrastResult], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Any, str]]:
    """Each notebook, executed."""
    room = tmp_path_factory.mktemp("notebooks")

    def run(name: str) -> tuple[Any, str]:
        result = experiments[name]
        model = result.spec.model
        place = ROOT / "assets" / "models" / "grammar-neo-9m" if model == "bundled" else Path(model)
        if name not in BY_JUPYTER:
            return execute_here(notebook(result, [5]), str(place))
        (folder := room / name).mkdir()
        return execute(notebook(result, [5]), folder / "experiment.ipynb", str(place))

    return {name: run(name) for name in experiments}


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ["notebook", "careful", "ranks", "max-T", "hostile"])
def test_the_notebook_has_the_same_numbers(
    name: str, experiments: dict[str, ContrastResult], executed: dict[str, tuple[Any, str]]
) -> None:
    """Its own comparison passes; and what it prints is what the result has."""
    result, (book, error) = experiments[name], executed[name]
    assert error == ""
    assert "All numbers agree with those of the app" in printed(book)
    rows = table(book)
    assert {result.largest, result.smallest, 5} <= set(rows)
    for neuron, (statistic, shown, p, _, d, auc) in rows.items():
        assert statistic == pytest.approx(result.tests.statistic[neuron], rel=1e-3, abs=1e-3)
        assert shown == pytest.approx(result.tests.statistic[neuron], abs=5e-5)
        assert p == pytest.approx(result.p_adjusted[neuron], rel=0.02, abs=1e-3)
        assert d == pytest.approx(result.tests.cohens_d[neuron], abs=2e-3)
        assert auc == pytest.approx(result.tests.auc[neuron], abs=2e-3)
    assert f"n_higher: {result.n_higher:,} here" in printed(book)
    pictures = [out for cell in book.cells for out in cell.get("outputs", ()) if "image/png" in out.get("data", {})]
    assert len(pictures) == 1


def test_a_number_that_is_not_the_same_is_an_error(
    experiments: dict[str, ContrastResult], tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: one of the app's statistics is changed by a fifth. Its cells run here, without Jupyter."""
    monkeypatch.setenv("MODEL_FOLDER", str(tiny_folder("llama")))
    monkeypatch.setenv("MPLBACKEND", "agg")
    result = experiments["ranks"]
    statistic = result.tests.statistic.copy()
    statistic[result.largest] *= 1.2
    changed = replace(result, tests=replace(result.tests, statistic=statistic))
    cells = json.loads(notebook(changed))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    for cell in code[:-1]:
        exec(cell, names)
    with pytest.raises(ValueError, match=f"(?s)The numbers differ from those of the app.*neuron {result.largest}, z"):
        exec(code[-1], names)


def test_other_weights_are_refused(
    experiments: dict[str, ContrastResult], tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook of one model does not run on another."""
    monkeypatch.setenv("MODEL_FOLDER", str(tiny_folder("gpt_neo")))
    cells = ["".join(cell["source"]) for cell in json.loads(notebook(experiments["ranks"]))["cells"]]
    settings, load = (next(text for text in cells if text.startswith(begin)) for begin in ("MODEL =", "import hashlib"))
    with pytest.raises(ValueError, match="not those that the app has read"):
        exec(f"{settings}\n{load}", {})


def test_every_kind_of_experiment_is_a_valid_notebook(experiments: dict[str, ContrastResult]) -> None:
    """By nbformat's schema; each cell is Python that compiles; this project is nowhere imported."""
    for test in TESTS:
        for correction in CORRECTIONS:
            result = experiments["hostile"]
            if correction == "max_t" and not ALL_TESTS[test].score:
                continue
            spec = result.spec.changed(test=test, correction=correction)
            if missing := without_plain_version(spec):
                assert spec.tested_by.label in missing or spec.corrected_by.label in missing
                with pytest.raises(UserError, match=re.escape(missing)):
                    notebook(replace(result, spec=spec))
                continue
            maxima = np.ones(99) if correction == "max_t" else None
            text = notebook(replace(result, spec=spec, null_maxima=maxima))
            book = nbformat.reads(text, as_version=4)
            nbformat.validate(book)
            assert len({cell.id for cell in book.cells}) == len(book.cells)
            for cell in book.cells:
                if cell.cell_type == "code":
                    compile(cell.source, cell.id, "exec")
                    assert not re.search(r"(from|import) (core|engine|ui|streamlit)\b", cell.source)


def test_the_title_says_which_model_must_be_there(experiments: dict[str, ContrastResult]) -> None:
    result = experiments["notebook"]
    on_hub = replace(result, model=replace(result.model, name="a/b@c0ffee", revision="c0ffee"))
    title, of_hub = ("".join(json.loads(notebook(one))["cells"][0]["source"]) for one in (result, on_hub))
    assert f"needs the model's folder ({plain('assets/models/grammar-neo-9m')} of the project" in title
    assert "folder" not in of_hub and "downloaded from the Hugging Face hub" in of_hub


def test_the_threshold_of_strong_neurons_is_set_once(experiments: dict[str, ContrastResult]) -> None:
    text = "\n".join("".join(cell["source"]) for cell in json.loads(notebook(experiments["notebook"]))["cells"])
    assert re.findall(r"^STRONG = (.+)$", text, re.MULTILINE) == [str(STRONG_AUC)]
    assert "Strong: a significant neuron with an AUC of" in text


def test_what_users_typed_is_text_everywhere(experiments: dict[str, ContrastResult]) -> None:
    """In Markdown it is escaped, and in code it is a literal that gives the word again."""
    result = experiments["hostile"]
    book = json.loads(notebook(result))
    texts = ["".join(cell["source"]) for cell in book["cells"]]
    markdown = [text for text, cell in zip(texts, book["cells"], strict=True) if cell["cell_type"] == "markdown"]
    assert not any("<script" in text.replace("\\<script", "") for text in markdown)
    assert any(plain(HOSTILE[0]) in text for text in markdown)
    code = next(text for text in texts if text.startswith("target_words"))
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["target_words"] == list(result.words.target)
    assert names["baseline_words"] == list(result.words.baseline)
