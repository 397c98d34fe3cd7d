"""bfloat16 on request: what it is, how close it is to transformers' own, and that nothing else becomes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from core.activations import token_activations, word_activations
from core.errors import UserError
from core.experiment import run_contrast
from core.models import load_model
from core.models.hook_points import HOOK_POINTS
from core.records import ContrastSpec
from core.records.link import from_params, to_params
from tests.support.tiny_models import PATHS, TEXT, assert_one_sentence

Folder = Callable[[str], Path]
ROUNDING = 2.0**-8  # of one value, relative
SMALL = ContrastSpec.careful(layer=2, n_target=20, n_baseline=20, dtype="bfloat16")


def activations_of_transformers(folder: Path, ids: list[int], layer: int, dtype: torch.dtype) -> np.ndarray:
    """The inputs of one down-projection, float32 (n_tokens, d_mlp), from a plain pass of the whole model."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
    path, _, contract = PATHS[model.config.model_type]
    seen: list[np.ndarray] = []

    def read(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        seen.append(inputs[0].float().reshape(len(ids), -1).numpy())

    model.get_submodule(f"{path.format(layer)}.{contract}").register_forward_pre_hook(read)
    with torch.no_grad():
        model(torch.tensor([ids]))
    return seen[0]


@pytest.mark.parametrize("architecture", HOOK_POINTS)
def test_every_family_is_as_close_as_transformers_own_bfloat16(tiny_folder: Folder, architecture: str) -> None:
    """A text, at the deepest layer, where roundings have added up."""
    folder = tiny_folder(architecture)
    lm = load_model(str(folder), "bfloat16")
    assert lm.info.dtype == "bfloat16"
    assert {parameter.dtype for parameter in lm.network.parameters()} == {torch.bfloat16}
    found = token_activations(lm, TEXT, lm.n_layers - 1, side="activation")
    assert found.values.dtype == np.float32
    ids = list(found.token_ids)
    exact, theirs = (
        activations_of_transformers(folder, ids, lm.n_layers - 1, dtype) for dtype in (torch.float32, torch.bfloat16)
    )
    ours_off, theirs_off = (np.sqrt(np.mean((values - exact) ** 2)) for values in (found.values, theirs))
    assert 0 < ours_off < 2 * theirs_off
    assert ours_off < 16 * ROUNDING * np.sqrt(np.mean(exact**2))


def test_the_bundled_model(tiny_folder: Folder) -> None:
    """Half the bytes; words close to float32's, in the first layer within a few roundings."""
    exact, rounded = load_model(), load_model("bundled", "bfloat16")
    # float32 linear layers may be packed, and are then no parameters: only the tables can be compared.
    assert rounded.network.wte.weight.nbytes * 2 == exact.network.wte.weight.nbytes
    values = [word_activations(lm, ["time", "people", "take"], [0])[0] for lm in (exact, rounded)]
    assert 0 < np.abs(values[1] - values[0]).max() < 8 * ROUNDING * np.abs(values[0]).max()
    assert exact.info.notes == () and "bfloat16" in rounded.info.notes[0] and "0.4%" in rounded.info.notes[0]


def test_float32_is_the_default_whatever_the_weights_are_stored_in(tiny_folder: Folder, tmp_path: Path) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(tiny_folder("llama"), dtype=torch.bfloat16)
    model.save_pretrained(tmp_path)
    for file in tiny_folder("llama").glob("tokenizer*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert load_model(str(tmp_path)).info.dtype == "float32"


def test_a_contrast_says_so_and_keeps_what_is_large() -> None:
    exact, rounded = run_contrast(SMALL.changed(dtype="float32")), run_contrast(SMALL)
    assert rounded.model.dtype == "bfloat16" and any("bfloat16" in note for note in rounded.notes)
    assert exact.model.dtype == "float32" and not any("bfloat16" in note for note in exact.notes)
    assert (exact.tests.statistic != rounded.tests.statistic).any()
    assert np.corrcoef(exact.tests.statistic, rounded.tests.statistic)[0, 1] > 0.99


def test_a_model_of_another_dtype_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        run_contrast(SMALL, load_model())
    assert_one_sentence(caught.value, "bfloat16", "float32")


@pytest.mark.parametrize("dtype", ["float16", "", None])
def test_other_formats_are_refused(dtype: Any) -> None:
    for ask in (lambda: load_model("bundled", dtype), lambda: ContrastSpec(dtype=dtype)):
        with pytest.raises(UserError, match="float32, bfloat16") as caught:
            ask()
        assert_one_sentence(caught.value, "dtype")


def test_only_bfloat16_is_in_links() -> None:
    assert "dtype" not in to_params(SMALL.changed(dtype="float32"))
    assert to_params(SMALL)["dtype"] == "bfloat16"
    assert from_params(to_params(SMALL), ContrastSpec()) == (SMALL, [])
    assert ContrastSpec.from_json(SMALL.to_json()) == SMALL
