"""Logits from the last hidden states, against transformers' whole model of every family."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from core.errors import UserError
from core.models import BUNDLED_FOLDER, LoadedModel, load_model
from core.models.head import load_head
from tests.support.tiny_models import PATHS, assert_one_sentence, change_config, copy_folder

IDS = torch.randint(0, 200, (2, 9), generator=torch.Generator().manual_seed(2))


def logits_by_parts(lm: LoadedModel) -> torch.Tensor:
    """The network, and then its head: (2, 9, vocabulary)."""
    head = load_head(lm)
    with torch.inference_mode():
        output = lm.network(input_ids=IDS, use_cache=False)
        hidden = output if isinstance(output, torch.Tensor) else output[0]
        return head(hidden.flatten(0, 1)).view(*IDS.shape, -1)


def logits_of_whole(folder: Path, **how: object) -> torch.Tensor:
    """Transformers alone."""
    with torch.inference_mode():
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **how).eval()(IDS).logits


@pytest.mark.parametrize("architecture", PATHS)
def test_every_family(architecture: str, tiny_folder: Callable[[str], Path]) -> None:
    folder = tiny_folder(architecture)
    expected = logits_of_whole(folder)
    assert expected.std() > 0.01
    torch.testing.assert_close(logits_by_parts(load_model(str(folder))), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "changes"),
    [
        ("granite", {"logits_scaling": 7.0}),
        ("gemma2", {"final_logit_softcapping": 0.5}),
        ("cohere", {"logit_scale": 3.0}),
        ("gpt2", {"tie_word_embeddings": False}),
        ("llama", {"tie_word_embeddings": True}),
    ],
)
def test_what_the_configuration_says_of_logits(
    architecture: str, changes: dict[str, object], tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    """Scaled, bent, of the embedding's matrix or of another: it changes the logits, and both ways agree."""
    folder = copy_folder(tiny_folder(architecture), tmp_path / "changed")
    weights = load_file(folder / "model.safetensors")
    if changes.get("tie_word_embeddings"):
        del weights["lm_head.weight"]
    elif "tie_word_embeddings" in changes:
        weights["lm_head.weight"] = torch.randn_like(weights["transformer.wte.weight"])
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    change_config(folder, **changes)
    found = logits_by_parts(load_model(str(folder)))
    torch.testing.assert_close(found, logits_of_whole(folder), rtol=0, atol=1e-5)
    assert (found - logits_of_whole(tiny_folder(architecture))).abs().max() > 0.05


def test_the_bundled_model() -> None:
    found = logits_by_parts(load_model("bundled"))
    torch.testing.assert_close(found, logits_of_whole(BUNDLED_FOLDER), rtol=0, atol=1e-4)


def test_the_matrix_of_an_embedding_is_in_memory_once(tiny_folder: Callable[[str], Path]) -> None:
    lm = load_model(str(tiny_folder("gpt_neo")))
    before = lm.network.get_input_embeddings().weight.data_ptr()
    head = load_head(lm)
    causal = next(cell.cell_contents for cell in head.__closure__ if isinstance(cell.cell_contents, torch.nn.Module))
    assert [each.data_ptr() for each in causal.parameters()] == [before]


def test_rounded_like_the_network(tiny_folder: Callable[[str], Path]) -> None:
    lm = load_model(str(tiny_folder("phi")), "bfloat16")
    assert load_head(lm)(torch.zeros(1, lm.d_model, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_a_head_that_is_not_there_is_one_sentence(tiny_folder: Callable[[str], Path], tmp_path: Path) -> None:
    folder = copy_folder(tiny_folder("llama"), tmp_path / "headless")
    weights = load_file(folder / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert not json.loads((folder / "config.json").read_text())["tie_word_embeddings"]
    lm = load_model(str(folder))
    with pytest.raises(UserError, match=r"lm_head\.weight") as caught:
        load_head(lm)
    assert_one_sentence(caught.value, str(folder))
    lm.folder = folder / "gone"
    with pytest.raises(UserError, match="are not here") as caught:
        load_head(lm)
    assert_one_sentence(caught.value)
