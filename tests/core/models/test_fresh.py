"""Fresh weights: those that transformers draws for a new model of the same configuration."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModel, GPTNeoModel

from core.activations import word_activations
from core.errors import UserError
from core.models import BUNDLED_FOLDER, load_bundled, load_model, memory
from core.models.fresh import with_fresh_weights
from tests.support.tiny_models import PATHS, assert_one_sentence


@pytest.mark.parametrize("architecture", ["gpt_neo", "gpt2", "llama", "gemma2", "opt", "phi3", "modernbert-decoder"])
def test_they_are_those_of_a_new_model(architecture: str, tiny_folder: Callable[[str], Path]) -> None:
    """To the last bit, where nothing is packed; and the neurons of the whole network are those of a new one."""
    folder = tiny_folder(architecture)
    lm = load_model(str(folder))
    fresh = with_fresh_weights(lm, 5)
    torch.manual_seed(5)
    expected = AutoModel.from_config(AutoConfig.from_pretrained(folder)).eval()
    assert torch.equal(fresh.network.get_input_embeddings().weight, expected.get_input_embeddings().weight)
    ids = torch.tensor([lm.tokenizer.encode("time people").ids])
    with torch.inference_mode():
        torch.testing.assert_close(fresh.network(input_ids=ids)[0], expected(ids)[0], rtol=0, atol=1e-5)
    assert fresh.info.n_parameters == lm.info.n_parameters
    of_both = [word_activations(each, ["time", "people"]) for each in (lm, fresh)]
    assert of_both[0].shape == of_both[1].shape and np.abs(of_both[0] - of_both[1]).max() > 0.01


def test_the_bundled_model_has_gpt_neos_rule() -> None:
    """The same distributions as transformers' GPTNeoModel, array by array, before anything is packed."""
    config = AutoConfig.from_pretrained(BUNDLED_FOLDER)
    ours, theirs = load_bundled.GPTNeo(load_model("bundled").network.sizes), GPTNeoModel(config)
    ours.draw_weights()
    expected = {name: each.detach() for name, each in theirs.named_parameters()}
    found = {name: each.detach() for name, each in ours.named_parameters()}
    assert {name: each.shape for name, each in found.items()} == {name: e.shape for name, e in expected.items()}
    for name, each in found.items():
        assert float(each.mean()) == pytest.approx(float(expected[name].mean()), abs=1e-3), name
        assert float(each.std()) == pytest.approx(float(expected[name].std()), rel=0.02), name


def test_a_seed_is_a_draw_and_nothing_else_changes() -> None:
    lm, words = load_model("bundled"), ["time", "people"]
    before = word_activations(lm, words)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    draws = [word_activations(with_fresh_weights(lm, seed), words) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert np.abs(draws[0] - draws[2]).max() > 1e-3
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(word_activations(lm, words), before)
    assert (lm.info.revision, lm.folder) == (load_model("bundled").info.revision, BUNDLED_FOLDER)


def test_two_threads_get_what_their_seeds_say() -> None:
    lm = load_model("bundled")
    expected = [with_fresh_weights(lm, seed).network.wte.weight for seed in (0, 1)]
    found: dict[int, torch.Tensor] = {}
    draw = lambda seed: found.update({seed: with_fresh_weights(lm, seed).network.wte.weight})  # noqa: E731
    threads = [threading.Thread(target=draw, args=(seed,)) for seed in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(found[seed], expected[seed]) for seed in (0, 1))


@pytest.mark.parametrize("name", ["bundled", *PATHS])
def test_its_memory_is_free_at_once(name: str, tiny_folder: Callable[[str], Path]) -> None:
    """Without a collection of garbage: two networks after each other need the room of one."""
    fresh = with_fresh_weights(load_model(name if name == "bundled" else str(tiny_folder(name))), 0)
    word_activations(fresh, ["time"])
    network = weakref.ref(fresh.network)
    del fresh
    assert network() is None


def test_in_the_dtype_of_the_model(tiny_folder: Callable[[str], Path]) -> None:
    fresh = with_fresh_weights(load_model(str(tiny_folder("llama")), "bfloat16"), 0)
    assert {each.dtype for each in fresh.network.parameters()} == {torch.bfloat16}


def test_too_little_memory_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = load_model("bundled")
    monkeypatch.setattr(memory, "available_memory", lambda: 30_000_000)
    with pytest.raises(UserError, match=r"needs about 3\d MB of memory, and 30 MB are free") as caught:
        with_fresh_weights(lm, 0)
    assert_one_sentence(caught.value, "bundled")
