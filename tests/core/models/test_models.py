"""Models load, say where their neurons are, and refuse what they cannot read in one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from core.activations import word_activations
from core.errors import UserError
from core.models import BUNDLED_FOLDER, count_layers, load_model, locate
from core.models.hook_points import HOOK_POINTS
from tests.support.tiny_models import CONTEXT, N_LAYERS, PATHS, assert_one_sentence, change_config, copy_folder

Folder = Callable[[str], Path]


@pytest.fixture
def folder(tiny_folder: Folder, tmp_path: Path) -> Path:
    """A copy of a small GPT-Neo, for a test to break."""
    return copy_folder(tiny_folder("gpt_neo"), tmp_path / "model")


def refusal(folder: Path, *names: str) -> str:
    """The one sentence with which a folder is refused."""
    with pytest.raises(UserError) as caught:
        load_model(str(folder))
    assert_one_sentence(caught.value, *names)
    return str(caught.value)


# --- What loads ---


def test_the_bundled_model_is_as_its_configuration_says() -> None:
    """In evaluation mode, in float32; the name may be left out."""
    lm = load_model("bundled")
    assert load_model().info == lm.info
    config = json.loads((BUNDLED_FOLDER / "config.json").read_text())
    assert (lm.n_layers, lm.info.context) == (config["num_layers"], config["max_position_embeddings"])
    assert (lm.info.name, lm.info.architecture, lm.info.dtype) == ("bundled", "gpt_neo", "float32")
    assert lm.info.revision.startswith("sha256:") and not lm.network.training
    assert not any(p.requires_grad for p in lm.network.parameters())


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("tokenizer.json", "{"),
        ("tokenizer.json", None),
        ("config.json", '{"model_type": "gpt_neo"}'),
        ("config.json", "{"),
        ("model.safetensors", "{"),
    ],
)
def test_damaged_files_of_the_bundled_model_are_told(
    file: str, content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence each, which says what to do about it where the files are the project's own."""
    damaged = copy_folder(BUNDLED_FOLDER, tmp_path / "damaged")
    (damaged / file).unlink() if content is None else (damaged / file).write_text(content)
    monkeypatch.setattr(locate, "BUNDLED_FOLDER", damaged)
    with pytest.raises(UserError) as caught:
        load_model("bundled")
    assert_one_sentence(caught.value, "config.json" if content == "{" and file == "config.json" else "damaged")


def test_a_failure_is_not_remembered(folder: Path) -> None:
    """A folder that was mended loads."""
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text("{")
    refusal(folder)
    (folder / "config.json").write_text(config)
    assert load_model(str(folder)).n_layers == N_LAYERS


def test_the_revision_is_the_weights(folder: Path, tmp_path: Path) -> None:
    """Equal weights have an equal revision, other weights another."""
    same = copy_folder(folder, tmp_path / "same")
    other = copy_folder(folder, tmp_path / "other")
    weights = load_file(other / "model.safetensors")
    save_file({k: v + 1 for k, v in weights.items()}, other / "model.safetensors", metadata={"format": "pt"})
    revisions = [load_model(str(path)).info.revision for path in (folder, same, other)]
    assert revisions[0] == revisions[1] != revisions[2]


def test_progress_ends_at_one(folder: Path) -> None:
    """A local folder has nothing to download."""
    calls: list[tuple[float, str]] = []
    load_model(str(folder), progress=lambda share, message: calls.append((share, message)))
    assert [share for share, _ in calls] == [1.0]


@pytest.mark.parametrize("architecture", PATHS)
def test_what_a_model_says_of_itself(architecture: str, tiny_folder: Folder) -> None:
    """Layers, neurons, context, and the module at which each side is read."""
    lm = load_model(str(tiny_folder(architecture)))
    mlp, expand, contract = PATHS[architecture]
    below_head = mlp.split(".", 1)[1].format(2)
    assert lm.hook_points.path(2, "pre-activation") == f"{below_head}.{expand}"
    assert lm.hook_points.path(2, "activation") == f"{below_head}.{contract}"
    assert lm.info.hook_path(2, "pre-activation") == f"{mlp.format(2)}.{expand}"
    assert lm.info.hook_path(2, "activation") == f"{mlp.format(2)}.{contract}"
    assert isinstance(lm.network.get_submodule(lm.hook_points.path(2, "activation")), torch.nn.Module)
    four_times = architecture in ("gpt_neo", "gpt2", "gpt_bigcode", "gptj", "codegen", "bloom", "mpt")
    assert (lm.n_layers, lm.d_mlp, lm.info.context) == (N_LAYERS, 128 if four_times else 48, CONTEXT)
    assert count_layers(str(tiny_folder(architecture))) == N_LAYERS


def test_the_page_lists_every_family() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "models.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| [^|]+ \| `([\w.]+)` \| `(\w+)` \| (yes|no) \|$", page, re.MULTILINE)
    expected = {
        name: (f"{points.mlp.format(3)}.{points.expand}", points.contract, "no" if points.nonlinearity else "yes")
        for name, points in HOOK_POINTS.items()
    }
    assert {name: tuple(rest) for name, *rest in rows} == expected and len(rows) == len(expected)


def test_check_layer(folder: Path) -> None:
    """The layers that there are pass; others are named, with those that there are."""
    lm = load_model(str(folder))
    for layer in range(N_LAYERS):
        lm.info.check_layer(layer)
    for layer in (-1, N_LAYERS, 999):
        with pytest.raises(UserError) as caught:
            lm.info.check_layer(layer)
        assert_one_sentence(caught.value, f"Layer {layer}", f"0 to {N_LAYERS - 1}")


def test_a_home_folder_may_be_abbreviated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``~`` is the user's home, as in a shell."""
    monkeypatch.setenv("HOME", str(folder.parent))
    assert load_model("~/model").n_layers == count_layers("~/model") == N_LAYERS


def test_count_layers_without_loading() -> None:
    """The bundled model's configuration is at hand; an unknown model's is not."""
    assert count_layers("bundled") == json.loads((BUNDLED_FOLDER / "config.json").read_text())["num_layers"]
    assert count_layers("EleutherAI/nowhere") is None


# --- What is refused ---


def test_a_folder_without_config(folder: Path) -> None:
    """No config.json: not a model."""
    (folder / "config.json").unlink()
    assert "config.json" in refusal(folder, str(folder))
    assert count_layers(str(folder)) is None


@pytest.mark.parametrize("text", ["{", "[]", "", "\ufffe"])
def test_a_broken_config(folder: Path, text: str) -> None:
    """A config.json that is no JSON object."""
    (folder / "config.json").write_text(text)
    assert "config.json" in refusal(folder, str(folder))
    assert count_layers(str(folder)) is None


def test_only_a_pickle(folder: Path) -> None:
    """Weights that could run code are not loaded, and the sentence says why."""
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    assert "safetensors" in refusal(folder, str(folder))


@pytest.mark.parametrize("keep", [0, 5, 100, -500])
def test_truncated_weights(folder: Path, keep: int) -> None:
    """A weights file that lost its end."""
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:keep])
    assert "weights" in refusal(folder, str(folder))


def test_weights_that_lack_an_array(folder: Path) -> None:
    """Transformers would fill the gap with random numbers: refused, naming the array."""
    weights = load_file(folder / "model.safetensors")
    del weights["transformer.h.2.mlp.c_fc.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    refusal(folder, str(folder), "h.2.mlp.c_fc.weight")


def test_weights_of_another_model(folder: Path) -> None:
    """Not one array that the configuration asks for."""
    save_file({"foo": np.zeros(3)}, folder / "model.safetensors", metadata={"format": "pt"})
    assert "weights" in refusal(folder, str(folder))


def test_weights_of_another_width(folder: Path) -> None:
    """Arrays of the right names and the wrong shapes."""
    change_config(folder, hidden_size=64)
    assert "shape" in refusal(folder, str(folder))


def test_a_missing_head_is_no_loss(folder: Path) -> None:
    """The language-model head is never read, so weights without it will do."""
    change_config(folder, tie_word_embeddings=False)
    assert np.isfinite(word_activations(load_model(str(folder)), ["time"])).all()


@pytest.mark.parametrize("model_type", ["resnet", "grammar_neo"])
def test_an_unknown_architecture(folder: Path, model_type: str) -> None:
    """The sentence names the type and those that are known."""
    change_config(folder, model_type=model_type)
    refusal(folder, str(folder), model_type, "gpt_neo")


@pytest.mark.parametrize("model_type", [None, ["gpt_neo"], 3, ""])
def test_no_architecture(folder: Path, model_type: object) -> None:
    """A type that is no word."""
    change_config(folder, model_type=model_type)
    refusal(folder, str(folder), repr(model_type), "model_type")


def test_code_in_the_folder_is_not_run(folder: Path) -> None:
    """``auto_map`` asks transformers to import a file of the model's: it stays unread."""
    (folder / "evil.py").write_text("raise SystemExit('run')")
    change_config(folder, auto_map={"AutoModelForCausalLM": "evil.Evil", "AutoConfig": "evil.Evil"})
    assert load_model(str(folder)).n_layers == N_LAYERS


@pytest.mark.parametrize("broken", ["missing", "broken", "empty"])
def test_no_tokenizer(folder: Path, broken: str) -> None:
    """Tokenizer files that are missing, broken or empty."""
    for file in folder.glob("tokenizer*"):
        file.unlink()
    if broken != "missing":
        (folder / "tokenizer.json").write_text("{" if broken == "broken" else "")
    assert "tokenizer" in refusal(folder, str(folder))


def test_a_vocabulary_and_merges_are_a_tokenizer(folder: Path) -> None:
    """A folder of the older kind, without tokenizer.json, loads with the same tokens."""
    whole = load_model(str(folder)).tokenizer
    old = copy_folder(folder, folder.parent / "old", without=("tokenizer*",))
    state = json.loads((folder / "tokenizer.json").read_text())["model"]
    (old / "vocab.json").write_text(json.dumps(state["vocab"]))
    merges = [" ".join(merge) if isinstance(merge, list) else merge for merge in state["merges"]]
    (old / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]))
    text = "walking to people, naïve 🙂"
    assert load_model(str(old)).tokenizer.encode(text).ids == whole.encode(text).ids
