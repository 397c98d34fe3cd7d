"""``python -m core``: summaries and tables as promised, and one sentence with status 2 for a mistake."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.__main__ import main
from core.activations import token_activations
from core.command_line.status import REFUSED, USAGE
from core.experiment import run_contrast
from core.models import load_model, memory
from core.records import ContrastSpec
from core.report.readable import signed
from core.report.tables import contrast_csv, text_csv
from tests.support.tiny_models import END_OF_TEXT, N_LAYERS, copy_folder
from tests.support.tokenizer_styles import save_model_with, tokenizer_in

ROOT = Path(__file__).resolve().parents[2]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def model(tiny_folder: Callable[[str], Path]) -> str:
    """A tiny GPT-Neo's folder, as one types it."""
    return str(tiny_folder("gpt_neo"))


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """A short text."""
    file = tmp_path / "text.txt"
    file.write_text("The time, people 🙂\nwalking.", encoding="utf-8")
    return file


def contrast(model: str, *more: str) -> list[str]:
    """The arguments of a small contrast."""
    start = ["contrast", "--preset", "notebook", "--model", model, "--layer", "1"]
    return [*start, "--words", "30", "--word-source", "bundled", *more]


# --- What works ---


def test_contrast_writes_the_table_of_the_experiment(model: str, tmp_path: Path, capsys: Capture) -> None:
    """The CSV is that of ``run_contrast`` with the same settings, to the last bit."""
    out = tmp_path / "out.csv"
    more = ["--target", "adverbs", "--baseline", "adjectives", "--test", "welch", "--correction", "fdr_bh"]
    more += ["--alpha", "0.2", "--family", "model", "--pooling", "last", "--hook-side", "activation", "--csv", str(out)]
    assert main(contrast(model, *more, "--leading-space")) == 0
    spec = ContrastSpec.notebook(
        model=model,
        layer=1,
        target="adverbs",
        baseline="adjectives",
        n_target=30,
        n_baseline=30,
        word_source="bundled",
        test="welch",
        correction="fdr_bh",
        alpha=0.2,
        family="model",
        pooling="last",
        hook_side="activation",
        leading_space=True,
    )
    assert out.read_text(encoding="utf-8-sig") == contrast_csv(run_contrast(spec))
    assert str(out) in capsys.readouterr().err


def test_contrast_writes_a_report_and_a_notebook(model: str, tmp_path: Path, capsys: Capture) -> None:
    """The report has all layers, whichever the family; the notebook names the folder that was given."""
    page, book = tmp_path / "a.html", tmp_path / "a.ipynb"
    assert main(contrast(model, "--report", str(page), "--notebook", str(book))) == 0
    said = capsys.readouterr().err
    assert f"Wrote the report to {page}" in said and f"Wrote the notebook to {book}" in said
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and "<h2>Every layer</h2>" in text
    sources = ["".join(cell["source"]) for cell in json.loads(book.read_text(encoding="utf-8"))["cells"]]
    assert any(f"MODEL = {model!r}" in source for source in sources)


def test_the_summary_on_the_screen(model: str, capsys: Capture) -> None:
    """The model with its revision, the lists, the test, the counts, the two extreme neurons."""
    assert main(contrast(model)) == 0
    result = run_contrast(
        ContrastSpec.notebook(model=model, layer=1, n_target=30, n_baseline=30, word_source="bundled")
    )
    shown = capsys.readouterr()
    assert shown.err == ""
    for part in (model, result.model.revision, "layer 1", "30 nouns", "30 verbs", "Paired t-test", "Bonferroni over"):
        assert part in shown.out
    n_significant = result.n_higher + result.n_lower
    assert f"{n_significant} of {result.n_neurons} neurons in layer 1 differ" in shown.out
    for neuron in (result.largest, result.smallest):
        assert f"neuron {neuron}: t = {signed(result.tests.statistic[neuron])}" in shown.out


def test_the_careful_preset(model: str, tmp_path: Path, capsys: Capture) -> None:
    """Its settings hold where the command line says nothing; the JSON tells them all."""
    out = tmp_path / "out.json"
    assert main(["contrast", *contrast(model)[3:], "--json", str(out)]) == 0
    expected = ContrastSpec.careful(model=model, layer=1, n_target=30, n_baseline=30)
    assert ContrastSpec.from_json(json.dumps(json.loads(out.read_text())["spec"])) == expected
    shown = capsys.readouterr().out
    assert "Holm over" in shown and "compared by lemma" in shown


def test_the_tests_and_corrections_that_hold(model: str, tmp_path: Path, capsys: Capture) -> None:
    """Ranks of lemmas with max-T and its seed; a caution where there is something to say."""
    out = tmp_path / "out.json"
    more = ["--unit", "lemma", "--test", "mannwhitney", "--correction", "max_t", "--seed", "7", "--json", str(out)]
    assert main(contrast(model, *more)) == 0
    record, shown = json.loads(out.read_text("utf-8")), capsys.readouterr().out
    spec = record["spec"]
    assert (spec["unit"], spec["test"], spec["correction"], spec["seed"]) == ("lemma", "mannwhitney", "max_t", 7)
    assert (record["seed"], record["cautions"]) == (7, []) and record["permutations"] > 999
    assert "Mann–Whitney test, Max-T" in shown and f"below {record['null_95']:.2f}" in shown and "Caution" not in shown
    assert main(contrast(model, "--n-target", "5", "--test", "welch", "--json", str(out))) == 0
    record, shown = json.loads(out.read_text("utf-8")), capsys.readouterr().out
    assert (record["n_target_words"], record["n_baseline_words"]) == (5, 30)
    [caution] = record["cautions"]
    assert f"Caution   {caution['sentence']}" in shown and "Use max-T: --correction max_t" in shown


def test_a_control(model: str, tmp_path: Path, capsys: Capture) -> None:
    """The same as ``run_contrast`` with shuffled labels; terminal, JSON and table say that it is none of classes."""
    out, table = tmp_path / "out.json", tmp_path / "out.csv"
    more = ["--shuffle-labels", "--seed", "5", "--json", str(out), "--csv", str(table)]
    assert main(contrast(model, *more)) == 0
    spec = ContrastSpec.notebook(
        model=model, layer=1, n_target=30, n_baseline=30, word_source="bundled", shuffle_labels=True, seed=5
    )
    result = run_contrast(spec, load_model(model))
    record = json.loads(out.read_text(encoding="utf-8"))
    assert (record["spec"]["shuffle_labels"], record["seed"]) == (True, 5)
    assert record["target_words"] == list(result.words.target)
    assert table.read_text(encoding="utf-8-sig") == contrast_csv(result)
    assert capsys.readouterr().out.startswith("Control   The labels are shuffled")


def test_bfloat16(model: str, tmp_path: Path, text_file: Path, capsys: Capture) -> None:
    """Of a contrast and of a text: the record or a note says so."""
    out = tmp_path / "out.json"
    assert main(contrast(model, "--dtype", "bfloat16", "--json", str(out))) == 0
    record = json.loads(out.read_text("utf-8"))
    assert record["spec"]["dtype"] == "bfloat16" and any("bfloat16" in note for note in record["notes"])
    arguments = ["text", "--model", model, "--layer", "2", "--neurons", "12", "--file", str(text_file)]
    tables = []
    for dtype in ("float32", "bfloat16"):
        capsys.readouterr()
        assert main([*arguments, "--dtype", dtype]) == 0
        shown = capsys.readouterr()
        tables.append(shown.out)
        assert ("bfloat16" in shown.err) is (dtype == "bfloat16")
    assert tables[0] != tables[1]


def test_a_folder_of_lists(model: str, tmp_path: Path, capsys: Capture) -> None:
    """The word source may be a folder; its notes are on the screen."""
    (tmp_path / "nouns.txt").write_text("time\ntime\npeople\nway\n")
    (tmp_path / "verbs.txt").write_text("go\ntake\nmake\n")
    assert main(contrast(model, "--word-source", str(tmp_path), "--words", "3")) == 0
    shown = capsys.readouterr().out
    assert str(tmp_path) in shown and "repeated" in shown


def test_text_to_the_screen_and_to_a_file(model: str, text_file: Path, tmp_path: Path, capsys: Capture) -> None:
    """The same table either way: that of ``token_activations``."""
    arguments = ["text", "--model", model, "--layer", "2", "--neurons", "12,4", "--file", str(text_file)]
    assert main(arguments) == 0
    expected = text_csv(token_activations(load_model(model), text_file.read_text("utf-8"), 2), [12, 4])
    assert capsys.readouterr().out == expected
    assert expected.startswith("position,token_id,token,neuron_12,neuron_4\n0,")

    out = tmp_path / "out.csv"
    assert main([*arguments, "--csv", str(out)]) == 0
    assert out.read_text(encoding="utf-8-sig") == expected
    shown = capsys.readouterr()
    assert shown.out == "" and "tokens to" in shown.err


def test_the_token_before_a_text_is_named(model: str, text_file: Path, capsys: Capture) -> None:
    """On stderr, beside the table."""
    arguments = ["text", "--model", model, "--layer", "0", "--neurons", "0", "--file", str(text_file)]
    assert main(arguments) == 0 and "read after" not in capsys.readouterr().err
    assert main([*arguments, "--prefix"]) == 0
    assert f"The text is read after the beginning-of-text token {END_OF_TEXT}." in capsys.readouterr().err


def test_a_leading_space_that_changes_nothing_is_said(model: str, tmp_path: Path, capsys: Capture) -> None:
    """With a tokenizer like Mistral's, once, whatever the setting; on the screen and in the JSON. Not with GPT-2's."""
    folder = save_model_with(tokenizer_in("prepend"), tmp_path / "mistral", tokenizer_class="LlamaTokenizer")
    out = tmp_path / "out.json"
    tables = []
    for setting in ("--leading-space", "--no-leading-space"):
        assert main(contrast(str(folder), setting, "--json", str(out), "--csv", str(tmp_path / "out.csv"))) == 0
        [note] = [note for note in json.loads(out.read_text("utf-8"))["notes"] if "Leading space" in note]
        assert capsys.readouterr().out.count(f"Note      {note}\n") == 1
        tables.append((tmp_path / "out.csv").read_text("utf-8"))
    assert tables[0] == tables[1]
    assert main(contrast(model, "--leading-space")) == 0
    assert "Leading space" not in capsys.readouterr().out


def test_a_text_with_a_mark_and_dos_lines(model: str, tmp_path: Path, capsys: Capture) -> None:
    """What some editors add to a text is no part of it."""
    (tmp_path / "plain.txt").write_bytes(b"The dog\nran off.\n")
    (tmp_path / "dos.txt").write_bytes(b"\xef\xbb\xbfThe dog\r\nran off.\r\n")
    tables = []
    for name in ("plain.txt", "dos.txt"):
        assert main(["text", "--model", model, "--layer", "0", "--neurons", "0", "--file", str(tmp_path / name)]) == 0
        tables.append(capsys.readouterr().out)
    assert tables[0] == tables[1]


def test_a_long_texts_note(model: str, tmp_path: Path, capsys: Capture) -> None:
    """Windows are told of on stderr, so that the table on stdout stays a table."""
    (tmp_path / "long.txt").write_text("walking " * 200)
    file = str(tmp_path / "long.txt")
    assert main(["text", "--model", model, "--layer", "0", "--neurons", "0", "--file", file]) == 0
    shown = capsys.readouterr()
    assert "windows" in shown.err and "windows" not in shown.out
    assert len(list(csv.reader(shown.out.splitlines()))) > 200


def test_download_of_a_folder(model: str, capsys: Capture) -> None:
    """What is already here is loaded and named (tests/core/models/test_hub.py downloads)."""
    assert main(["download", model]) == 0
    assert f"{N_LAYERS} layers" in capsys.readouterr().out


def test_download_of_a_model_that_fits_only_in_bfloat16(
    model: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is ready in bfloat16, which is said; with the float32 that was asked for, it fails."""
    size = (Path(model) / "model.safetensors").stat().st_size
    monkeypatch.setattr(memory, "available_memory", lambda: size - 1)
    assert main(["download", model]) == 0
    shown = capsys.readouterr()
    assert f"{N_LAYERS} layers" in shown.out and "ready with --dtype bfloat16" in shown.out
    assert shown.err.startswith("note: ") and "; in bfloat16, it needs about" in shown.err
    assert main(["download", model, "--dtype", "bfloat16"]) == 0
    assert "ready." in capsys.readouterr().out
    assert "Give --dtype bfloat16." in refusal(["download", model, "--dtype", "float32"], capsys, REFUSED)
    monkeypatch.setattr(memory, "available_memory", lambda: size // 3)
    assert "bfloat16" not in refusal(["download", model], capsys, REFUSED)


def test_as_a_process(model: str, tmp_path: Path) -> None:
    """The real command: status 0, then 1 with one sentence and no traceback."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "core", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    out = tmp_path / "out.csv"
    done = run(*contrast(model, "--csv", str(out)))
    assert (done.returncode, done.stderr) == (0, f"Wrote {load_model(model).d_mlp} neurons to {out}\n")
    assert len(out.read_text().splitlines()) == 1 + load_model(model).d_mlp
    failed = run("contrast", "--model", str(tmp_path))
    assert failed.returncode == 1 and failed.stdout == ""
    assert failed.stderr.startswith("error: ") and failed.stderr.count("\n") == 1


# --- Mistakes ---


def refusal(arguments: list[str], capsys: Capture, status: int = USAGE) -> str:
    """Run a command that must fail: nothing on stdout, one line on stderr, and perhaps where there is help."""
    assert main(arguments) == status
    shown = capsys.readouterr()
    sentence, *more = [line for line in shown.err.splitlines() if not line.startswith("note: ")]
    assert shown.out == "" and sentence.startswith("error: ") and len(sentence) < 350
    assert [line[:10] for line in more] in ([], ["For help: "])
    return sentence


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        (["--layer", "9"], ["Layer 9", "0 to 3"]),
        (["--layer", "-1"], ["--layer is “-1”"]),
        (["--words", "10001"], ["--words is “10001”", "10,000"]),
        (["--unit", "lemma"], ["paired", "lemma", "--test welch"]),
        (["--words", "1"], ["--words is “1”"]),
        (["--n-target", "1"], ["--n-target is “1”"]),
        (["--target", "noun"], ["--target is “noun”", "Did you mean nouns?"]),
        (["--baseline", "nouns"], ["nouns", "different"]),
        (["--alpha", "2"], ["--alpha is “2.0”"]),
        (["--word-source", "nowhere"], ["--word-source is “nowhere”", "folder"]),
        (["--target", "custom"], ["custom"]),
        (["--csv", "/nowhere/out.csv"], ["/nowhere/out.csv"]),
    ],
    ids=" ".join,
)
def test_mistakes_in_a_contrast(model: str, more: list[str], parts: list[str], capsys: Capture) -> None:
    """Each gives one sentence that names the option as it was typed."""
    error = refusal(contrast(model, *more), capsys)
    assert all(part in error for part in parts), error


def test_a_model_that_cannot_be_had_is_no_mistake_of_the_command(capsys: Capture) -> None:
    arguments = ["contrast", "--layer", "1", "--model"]
    assert "no such model" in refusal([*arguments, "no such model"], capsys, REFUSED)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"--layer": "9"}, ["Layer 9", "0 to 3"]),
        ({"--neurons": "0,128"}, ["Neuron 128", "0 to 127"]),
        ({"--neurons": "-1"}, ["Neuron -1"]),
        ({"--file": "missing.txt"}, ["missing.txt"]),
        ({"--file": "assets"}, ["assets"]),
    ],
    ids=str,
)
def test_mistakes_with_a_text(
    model: str, text_file: Path, changes: dict[str, str], parts: list[str], capsys: Capture
) -> None:
    """Unknown layer or neuron, a file that is not there or is a folder."""
    options = {"--model": model, "--layer": "0", "--neurons": "0", "--file": str(text_file), **changes}
    error = refusal(["text", *(f"{name}={value}" for name, value in options.items())], capsys)
    assert all(part in error for part in parts), error


def test_weights_that_are_no_numbers(model: str, text_file: Path, tmp_path: Path, capsys: Capture) -> None:
    """Text and contrast both say so and fail; the layers below the damage can still be read."""
    folder = copy_folder(Path(model), tmp_path / "damaged")
    weights = load_file(folder / "model.safetensors")
    weights["transformer.h.2.mlp.c_fc.weight"][7, 3] = np.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    read = ["text", "--model", str(folder), "--file", str(text_file), "--neurons", "0", "--layer"]
    assert main([*read, "1"]) == 0
    capsys.readouterr()
    for arguments in ([*read, "2"], [*read, "3"], [*contrast(str(folder)), "--layer", "2"]):
        assert "not finite" in refusal(arguments, capsys, REFUSED)


@pytest.mark.parametrize(
    ("content", "part"),
    [(b"caf\xe9", "not UTF-8"), ("text".encode("utf-16"), "not UTF-8"), (b"", "empty"), (b"x" * 20_001, "20,001")],
    ids=["latin-1", "utf-16", "empty", "too long"],
)
def test_a_file_that_cannot_be_read(model: str, tmp_path: Path, content: bytes, part: str, capsys: Capture) -> None:
    """Not UTF-8, empty, or too long."""
    file = tmp_path / "odd.txt"
    file.write_bytes(content)
    arguments = ["text", "--model", model, "--layer", "0", "--neurons", "0", "--file", str(file)]
    assert part in refusal(arguments, capsys, REFUSED)


@pytest.mark.parametrize("command", ["check", "text --layer 1 --neurons 0 --file {file} --model"])
def test_a_pasted_name_is_understood_by_every_command(tmp_path, capsys, command):
    """With the space or the unseen mark that comes with it."""
    file = tmp_path / "text.txt"
    file.write_text("A dog.")
    assert main([*(part.format(file=file) for part in command.split()), " bundled\u200b"]) == 0
    assert capsys.readouterr().out
