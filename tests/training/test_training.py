"""The training's own forward pass, its windows, and the whole way from a text to a model that the app loads."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import GPTNeoForCausalLM

from core.activations import word_activations
from core.models import load_model
from training import card, export, history, network, tokenizer, train
from training.corpus import END_OF_TEXT_ID, Corpus, Windows, load_corpus

ROOT = Path(__file__).resolve().parents[2]
SHAPE = network.Shape(vocab_size=97, hidden_size=32, d_mlp=64, n_layers=4, n_heads=4, context=64, window=16)


# --- The network ---


@pytest.mark.parametrize("length", [1, 15, 16, 17, 40, 64])
def test_the_forward_pass_is_gpt_neos(length: int) -> None:
    """Logits as GPTNeoForCausalLM gives them, with texts below and above the local window."""
    model = network.build(SHAPE, seed=1).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.normal_(std=0.15)  # wide enough that every mask and scale matters
        ids = torch.randint(0, SHAPE.vocab_size, (3, length), generator=torch.Generator().manual_seed(length))
        own = model.lm_head(network.hidden_states(model, ids))
        expected = model(ids).logits
    assert expected.std() > 0.3
    torch.testing.assert_close(own, expected, rtol=0, atol=1e-4)


def test_the_same_seed_builds_the_same_network() -> None:
    """Another seed another one; the head is tied to the embedding."""
    one, same, other = (network.build(SHAPE, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not torch.equal(one["transformer.wte.weight"], other["transformer.wte.weight"])
    assert torch.equal(one["lm_head.weight"], one["transformer.wte.weight"])


def test_each_parameter_has_one_optimiser() -> None:
    """Muon has the blocks' matrices but the expansion layers; AdamW all else, decaying the expansion layers alone."""
    model = network.build(SHAPE, seed=1)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    muon, adamw = train.build_optimisers(model, train.Recipe())
    by_muon = {names[id(p)] for group in muon.param_groups for p in group["params"]}
    by_adamw = {names[id(p)]: group["weight_decay"] for group in adamw.param_groups for p in group["params"]}
    assert by_muon | set(by_adamw) == set(names.values()) and not by_muon & set(by_adamw)
    assert {name.split(".", 3)[3] for name in by_muon} == {
        *(f"attn.attention.{part}.weight" for part in ("k_proj", "v_proj", "q_proj", "out_proj")),
        "mlp.c_proj.weight",
    }
    assert {name for name, decay in by_adamw.items() if decay} == {
        f"transformer.h.{k}.mlp.c_fc.weight" for k in range(4)
    }


# --- The windows ---

TOKENS = np.arange(1_000, dtype=np.uint16)
LENGTH = 16
PER_EPOCH = (len(TOKENS) - 1) // LENGTH - 1


def test_windows_are_stretches_of_the_text() -> None:
    """Each is ``length + 1`` ids that follow one another, as int64; every second begins with the end-of-text token."""
    batch = Windows(TOKENS, LENGTH, seed=5).batch(0, 20)
    assert batch.shape == (20, LENGTH + 1) and batch.dtype == np.int64
    assert (np.diff(batch[::2], axis=1) == 1).all() and (np.diff(batch[1::2, 1:], axis=1) == 1).all()
    assert (batch[1::2, 0] == END_OF_TEXT_ID).all() and (batch[::2, 0] != END_OF_TEXT_ID).all()


def test_windows_depend_on_seed_and_position_only() -> None:
    """A resumed run, in other batches and across epochs, sees what an uninterrupted one would have seen."""
    total = 3 * PER_EPOCH
    whole = Windows(TOKENS, LENGTH, seed=5).batch(0, total)
    resumed = Windows(TOKENS, LENGTH, seed=5)
    np.testing.assert_array_equal(resumed.batch(PER_EPOCH - 3, 10), whole[PER_EPOCH - 3 : PER_EPOCH + 7])
    np.testing.assert_array_equal(resumed.batch(2, 4), whole[2:6])
    assert not np.array_equal(Windows(TOKENS, LENGTH, seed=6).batch(0, total), whole)


def test_an_epoch_visits_each_window_once() -> None:
    """All inputs of an epoch tile one stretch of the text; the next epoch cuts and orders it otherwise."""
    windows = Windows(TOKENS, LENGTH, seed=5)
    epochs = [windows.batch(k * PER_EPOCH, PER_EPOCH) for k in range(2)]
    for epoch in epochs:
        starts = np.sort(epoch[:, 1] - 1)
        assert (np.diff(starts) == LENGTH).all()
        assert starts[0] < LENGTH and starts[-1] + 2 * LENGTH >= len(TOKENS) - LENGTH
    assert not np.array_equal(epochs[0][:, 1], epochs[1][:, 1])


def test_too_short_a_text() -> None:
    """The message gives both numbers."""
    with pytest.raises(ValueError, match=r"32 tokens.*16"):
        Windows(TOKENS[:32], LENGTH, seed=5)


# --- The corpus ---


def write_corpus(folder: Path, n_documents: int = 40) -> Path:
    """Two files of documents of made-up sentences, long enough to hold whole windows out."""
    rng = random.Random(4)
    words = (ROOT / "assets" / "words" / "nouns.txt").read_text().splitlines()[2:62] + ["the", "of", "and", "to"] * 10
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        documents = (
            "\n\n".join(" ".join(rng.choices(words, k=60)) + "." for _ in range(8)) for _ in range(n_documents)
        )
        (folder / name).write_text("\n\n\n".join(documents))
    return folder


def test_nothing_is_both_trained_on_and_held_out(tmp_path: Path) -> None:
    """Every document once, some of each file held out, the same split for the same seed."""
    folder = write_corpus(tmp_path / "corpus")
    corpus = load_corpus(folder, seed=1)
    assert isinstance(corpus, Corpus) and load_corpus(folder, seed=1) == corpus
    assert len(corpus.train) + len(corpus.held_out) == 80 and len(corpus.held_out) == 2
    assert not set(corpus.train) & set(corpus.held_out)


def test_a_folder_without_text(tmp_path: Path) -> None:
    """The message names the folder."""
    with pytest.raises(ValueError, match=str(tmp_path)):
        load_corpus(tmp_path, seed=1)


# --- The whole way ---


def read_log(run: Path) -> list[dict[str, float]]:
    """The entries of a run's log."""
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_from_a_text_to_a_model_and_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train, export, load as the app does; the same command again trains no more, a longer one goes on."""
    corpus, run = write_corpus(tmp_path / "corpus"), tmp_path / "run"
    command = ["--corpus", str(corpus), "--run", str(run), "--small", "--no-compile", "--batch", "1024"]
    program = [sys.executable, "-m", "training.train", *command, "--tokens", "10240"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(run / "model")
    first = read_log(run)
    assert (first[-1]["step"], first[-1]["tokens"]) == (10, 10_240)
    assert first[-1]["held_out_loss"] < np.log(network.SMALL.vocab_size)
    weights = (run / "model" / "model.safetensors").read_bytes()

    lm = load_model(str(run / "model"))
    assert (lm.n_layers, lm.d_mlp, lm.info.context) == (2, 128, 512)
    assert np.isfinite(word_activations(lm, ["time", "people", "naïve 🙂"])).all()

    def again(tokens: int) -> dict[str, float]:
        monkeypatch.setattr(sys, "argv", ["train", *command, "--tokens", str(tokens)])
        train.main()
        return read_log(run)[-1]

    # The time spent so far comes from the checkpoint: a run from scratch would have measured its own.
    assert again(10_240)["seconds"] == first[-1]["seconds"]
    assert (run / "model" / "model.safetensors").read_bytes() == weights
    assert again(12_288)["step"] == 12
    assert (run / "model" / "model.safetensors").read_bytes() != weights


def test_a_time_budget_ends_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second's training takes about a second, and gives a model too."""
    corpus, run = write_corpus(tmp_path / "corpus"), tmp_path / "run"
    arguments = ["--corpus", str(corpus), "--run", str(run), "--small", "--no-compile", "--minutes", str(1 / 60)]
    monkeypatch.setattr(sys, "argv", ["train", *arguments, "--export", str(tmp_path / "exported")])
    train.main()
    assert 1.0 <= read_log(run)[-1]["seconds"] < 20
    assert load_model(str(tmp_path / "exported")).n_layers == 2


def test_a_run_keeps_its_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written down with the versions; the same folder with another seed is refused, and left as it is."""
    corpus, run = write_corpus(tmp_path / "corpus"), tmp_path / "run"
    command = ["train", "--corpus", str(corpus), "--run", str(run), "--small", "--no-compile", "--batch", "1024"]
    monkeypatch.setattr(sys, "argv", [*command, "--tokens", "2048"])
    train.main()
    kept = json.loads((run / "recipe.json").read_text())
    assert (kept["shape"]["d_mlp"], kept["recipe"]["batch_tokens"]) == (128, 1024)
    assert kept["versions"]["torch"] == torch.__version__
    assert read_log(run)[-1]["step"] == 2
    monkeypatch.setattr(sys, "argv", [*command, "--tokens", "4096", "--seed", "7"])
    with pytest.raises(ValueError, match=r"other settings.*recipe\.json"):
        train.main()
    assert read_log(run)[-1]["step"] == 2 and json.loads((run / "recipe.json").read_text()) == kept


def test_even_a_short_run_has_a_loss_curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last entry has the training loss since the one before; the figure has a point of each line for it."""
    corpus, run = write_corpus(tmp_path / "corpus"), tmp_path / "run"
    command = ["train", "--corpus", str(corpus), "--run", str(run), "--small", "--no-compile", "--batch", "1024"]
    monkeypatch.setattr(sys, "argv", [*command, "--tokens", "4096"])
    train.main()
    log = read_log(run)
    assert 1 < log[-1]["train_loss"] < np.log(network.SMALL.vocab_size) + 1
    assert [len(line.split()) for line in re.findall(r'<polyline points="([^"]*)"', card.loss_figure(log))] == [1, 1]


def test_a_small_run_is_exported_in_its_own_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the folder alone, to the same weights as at the end of the training; where no run is, that is said."""
    corpus, run = write_corpus(tmp_path / "corpus"), tmp_path / "run"
    command = ["train", "--corpus", str(corpus), "--run", str(run), "--small", "--no-compile", "--batch", "1024"]
    monkeypatch.setattr(sys, "argv", [*command, "--tokens", "2048"])
    train.main()
    monkeypatch.setattr(sys, "argv", ["export", str(run), str(tmp_path / "again")])
    export.main()
    names = ("config.json", "model.safetensors", "SHA256SUMS")
    assert all((tmp_path / "again" / name).read_bytes() == (run / "model" / name).read_bytes() for name in names)
    monkeypatch.setattr(sys, "argv", ["export", str(tmp_path), str(tmp_path / "nothing")])
    with pytest.raises(SystemExit):
        export.main()
    assert f"there is no {tmp_path / 'recipe.json'}" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


def test_a_batch_holds_a_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fewer tokens than the longest window would be no batch; the message gives both numbers."""
    monkeypatch.setattr(sys, "argv", ["train", "--corpus", str(tmp_path), "--tokens", "9", "--batch", "100"])
    with pytest.raises(SystemExit):
        train.main()
    assert "--batch is 100" in (said := capsys.readouterr().err) and "512 tokens" in said


def test_a_budget_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without one the training would never end."""
    monkeypatch.setattr(sys, "argv", ["train", "--corpus", str(tmp_path), "--run", str(tmp_path / "run")])
    with pytest.raises(SystemExit):
        train.main()
    assert "--minutes or --tokens" in capsys.readouterr().err


# --- The history ---

HISTORY = ["train", "--small", "--no-compile", "--history"]


def grow(monkeypatch: pytest.MonkeyPatch, corpus: Path, run: Path, *more: str) -> Path:
    """Train the history by the command line, and return the folder of its checkpoints."""
    monkeypatch.setattr(sys, "argv", [*HISTORY, "--corpus", str(corpus), "--run", str(run), *more])
    train.main()
    return run / "model"


def digests(models: Path) -> dict[str, str]:
    """The SHA-256 of each checkpoint's weights, as its folder says it."""
    return {file.parent.name: file.read_text().split()[0] for file in models.glob("*/SHA256SUMS")}


def test_the_history_has_ten_moments_and_a_twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Step 0, the last step and eight powers of two before it; one tokenizer; the twin read as much, and is another."""
    corpus, run = write_corpus(tmp_path / "corpus"), tmp_path / "run"
    models = grow(monkeypatch, corpus, run, "--tokens", str(300 * history.RECIPE.batch_tokens))
    steps = [0, *(2**k for k in range(1, 9)), 300]
    assert {path.name for path in models.iterdir() if path.is_dir()} == {*(f"step-{step}" for step in steps), "seed-b"}
    assert len(set(digests(models).values())) == history.MOMENTS + 1  # no two have the same weights
    assert [str(path.parent) for path in models.rglob("tokenizer.json")] == [str(models)]
    one, twin = (read_log(run / name)[-1] for name in ("seed-a", "seed-b"))
    assert one["tokens"] == twin["tokens"] == 300 * history.RECIPE.batch_tokens
    assert max(one["held_out_loss"], twin["held_out_loss"]) < np.log(history.SMALL.vocab_size)

    first = GPTNeoForCausalLM.from_pretrained(models / "step-0").state_dict()  # not trained at all
    fresh = network.build(history.SMALL, history.SEED_A).half().state_dict()
    assert all(torch.equal(first[key].half(), value) for key, value in fresh.items())


def test_a_history_goes_on_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped between two moments and started again, it has the same checkpoints, bit by bit."""
    corpus, batch = write_corpus(tmp_path / "corpus"), history.RECIPE.batch_tokens
    whole = digests(grow(monkeypatch, corpus, tmp_path / "whole", "--tokens", str(24 * batch)))

    stopped = tmp_path / "stopped"
    step = train.Run._step

    def stop_at_21(run: train.Run, *rest: object) -> torch.Tensor:
        if run.state.step == 21:
            raise KeyboardInterrupt
        if run.state.step == 19:
            run.save()
        return step(run, *rest)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(train.Run, "_step", stop_at_21)
        grow(patched, corpus, stopped, "--tokens", str(24 * batch))
    assert set(digests(stopped / "model")) == {"step-0", *(f"step-{2**k}" for k in range(5))}
    assert digests(grow(monkeypatch, corpus, stopped, "--tokens", str(24 * batch))) == whole


def test_a_history_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its minutes are for both seeds; the twin reads as many tokens as the first one, however long that takes."""
    corpus, run = write_corpus(tmp_path / "corpus"), tmp_path / "run"
    models = grow(monkeypatch, corpus, run, "--minutes", str(2 / 60), "--export", str(tmp_path / "exported"))
    one, twin = (read_log(run / name)[-1] for name in ("seed-a", "seed-b"))
    assert 1.0 <= one["seconds"] < 20 and one["tokens"] == twin["tokens"] > 0
    assert digests(tmp_path / "exported") == digests(models) and "step-0" in digests(models)


def test_a_history_has_its_own_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A seed or a batch of another would be ignored: both are refused, in a sentence."""
    for more in (("--seed", "7"), ("--batch", "1024")):
        with pytest.raises(SystemExit):
            grow(monkeypatch, tmp_path, tmp_path / "run", "--minutes", "1", *more)
        assert "--history has seeds and batches of its own" in capsys.readouterr().err


def test_an_exported_tokenizer_is_the_trained_one(tmp_path: Path) -> None:
    """Written in fewer bytes, it makes the same tokens of any text."""
    trained = tokenizer.train_tokenizer([(ROOT / "README.md").read_text(encoding="utf-8")], 400)
    trained.save(str(tmp_path / "trained.json"))
    folder = export.export_tokenizer(tmp_path / "trained.json", tmp_path / "model", 256)
    exported = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert exported.get_vocab() == trained.get_vocab() and "\n" not in (folder / "tokenizer.json").read_text("utf-8")
    text = "“Naïve” 🙂\n\tand so on" + (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert exported.encode(text).ids == trained.encode(text).ids
