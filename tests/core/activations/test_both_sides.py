"""Both sides of the nonlinearity from one reading; the whole model, one word at a time, is the judge."""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import nn

from core.activations import read_both_sides, read_words, stored_words, token_counts, word_activations, word_passes
from core.models import LoadedModel, load_model
from core.models.nonlinearity import Nonlinearity
from core.records import HOOK_SIDES, POOLINGS, ContrastSpec, WordActivations, WordList, WordPair
from tests.support.tiny_models import GATED, PATHS, WORDS, Reference, assert_close, change_config, copy_folder

Folder = Callable[[str], Path]
LAYERS = [1, 3]


def pair(target: list[str], baseline: list[str]) -> WordPair:
    nouns, verbs = WordList("nouns", tuple(target), "own"), WordList("verbs", tuple(baseline), "own")
    return WordPair(nouns.words, verbs.words, nouns, verbs, ())


class Shared:
    """A store in memory that remembers the shapes of what it was asked to keep."""

    def __init__(self) -> None:
        self.kept: dict[str, np.ndarray] = {}

    def obtain(self, key: str, shape: tuple[int, ...], fill: Callable[[np.ndarray], None]) -> np.ndarray:
        if key not in self.kept:
            fill(out := np.full(shape, np.nan, dtype=np.float32))
            out.flags.writeable = False
            self.kept[key] = out
        return self.kept[key]


def pooled(reference: Reference, side: str, pooling: str, **how: Any) -> np.ndarray:
    """Every word by the plain model: (n_layers, n_words, d_mlp)."""
    tokens = [reference.word(word, side, **how)[LAYERS] for word in WORDS]
    return np.stack([each.mean(axis=1) if pooling == "mean" else each[:, -1] for each in tokens], axis=1)


# --- Values ---


@pytest.mark.parametrize("architecture", PATHS)
def test_both_sides_equal_the_whole_model(architecture: str, tiny_folder: Folder) -> None:
    """Every architecture, both poolings, with and without space and prefix, words of one token and of several."""
    folder = tiny_folder(architecture)
    lm, reference = load_model(str(folder)), Reference(folder)
    assert (lm.nonlinearity is None) == (architecture in GATED)
    for leading_space, prefix in ((False, False), (True, True)):
        how: dict[str, Any] = {"leading_space": leading_space, "prefix": prefix}
        n_tokens = token_counts(lm, WORDS, leading_space=leading_space)
        assert 0 < (n_tokens == 1).sum() < len(WORDS)
        for pooling in POOLINGS:
            found = read_both_sides(lm, WORDS, LAYERS, pooling=pooling, **how)
            for side in HOOK_SIDES:
                expected = pooled(reference, side, pooling, **how)
                assert_close(found.at(side), expected)
                assert_close(found.layer(1).at(side), expected[1])
                assert_close(found.column(side, 5), expected[..., 5])


def test_what_is_stored_beside_the_pre_activations(tiny_folder: Folder) -> None:
    """Gated: every word. Else the words of several tokens, if their mean is taken."""
    ungated, gated = load_model(str(tiny_folder("gpt2"))), load_model(str(tiny_folder("llama")))
    n_tokens = token_counts(ungated, WORDS)
    several = [i for i, n in enumerate(n_tokens) if n > 1]
    assert stored_words(ungated, n_tokens, "mean").tolist() == several
    assert stored_words(ungated, n_tokens, "last").tolist() == []
    for pooling in POOLINGS:
        assert stored_words(gated, n_tokens, pooling).tolist() == list(range(len(WORDS)))
    assert read_both_sides(ungated, WORDS, [2]).stored.shape == (1, len(several), ungated.d_mlp)


@pytest.mark.parametrize("architecture", ["gpt_neo", "llama"])
def test_limits_and_long_rows_do_not_matter(
    architecture: str, tiny_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One node a pass, or plain passes for all rows: the same numbers, and nothing is left unfilled."""
    lm = load_model(str(tiny_folder(architecture)))
    plain = {(p, s): read_both_sides(lm, WORDS, pooling=p, prefix=True).at(s) for p in POOLINGS for s in HOOK_SIDES}
    for name, value in (("_MAX_PASS_FLOATS", 1), ("_MAX_STATE_FLOATS", 1_000), ("_MAX_TRIE_TOKENS", 0)):
        with monkeypatch.context() as patch:
            patch.setattr(word_passes, name, value)
            for pooling in POOLINGS:
                found = read_both_sides(lm, WORDS, pooling=pooling, prefix=True)
                for side in HOOK_SIDES:
                    assert_close(found.at(side), plain[pooling, side])


def test_one_side_is_the_same_alone(lm: LoadedModel) -> None:
    """``word_activations`` gives one side of the same reading; layers may repeat, words too."""
    found = read_both_sides(lm, WORDS, [3, 0, 3])
    for side in HOOK_SIDES:
        assert_close(found.at(side), word_activations(lm, WORDS, [3, 0, 3], side=side))


# --- How much is read ---


def n_passes(lm: LoadedModel, work: Callable[[], Any]) -> int:
    passes: list[None] = []
    handle = lm.network.register_forward_pre_hook(lambda *_: passes.append(None))
    try:
        work()
    finally:
        handle.remove()
    return len(passes)


@pytest.mark.parametrize("architecture", ["gpt_neo", "llama"])
def test_two_sides_take_as_many_passes_as_one(architecture: str, tiny_folder: Folder) -> None:
    lm = load_model(str(tiny_folder(architecture)))
    one = n_passes(lm, lambda: word_activations(lm, WORDS))
    assert n_passes(lm, lambda: read_both_sides(lm, WORDS)) == one > 0


def test_words_of_one_token_stop_before_the_nonlinearity(lm: LoadedModel) -> None:
    """In a model without gates, the deepest layer's nonlinearity is not computed for them."""
    ran: list[nn.Module] = []
    handle = nn.modules.module.register_module_forward_hook(lambda module, *_: ran.append(module))
    words = [word for word, n in zip(WORDS, token_counts(lm, WORDS), strict=True) if n == 1]
    try:
        read_both_sides(lm, words, [1])
    finally:
        handle.remove()
    assert lm.network.get_submodule("h.0.mlp.act") in ran
    assert lm.network.get_submodule("h.1.mlp.act") not in ran


@pytest.mark.parametrize("architecture", ["gpt_neo", "llama"])
def test_the_store_has_one_array_for_both_sides_and_classes(architecture: str, tiny_folder: Folder) -> None:
    """Of exactly the size that is needed, and a spec of the other side reads nothing again."""
    lm, store = load_model(str(tiny_folder(architecture))), Shared()
    words = pair(WORDS[:9], WORDS[9:])
    spec = ContrastSpec()
    read: dict[str, WordActivations] = {}
    assert n_passes(lm, lambda: read.update(first=read_words(lm, words, spec, LAYERS, store=store))) > 0
    other = spec.changed(hook_side="activation")
    assert n_passes(lm, lambda: read.update(second=read_words(lm, words, other, LAYERS, store=store))) == 0
    n_stored = len(WORDS) if lm.nonlinearity is None else int((token_counts(lm, WORDS) > 1).sum())
    (array,) = store.kept.values()
    assert array.shape == (len(LAYERS), len(WORDS) + n_stored, lm.d_mlp) and not np.isnan(array).any()
    for found, side in ((read["first"], "pre-activation"), (read["second"], "activation")):
        expected = word_activations(lm, WORDS, LAYERS, side=side)
        assert_close(found.target, expected[:, :9])
        assert_close(found.baseline, expected[:, 9:])
        for sides in (found.target_sides, found.baseline_sides):
            assert np.shares_memory(sides.pre_activation, array) and np.shares_memory(sides.stored, array)


# --- The nonlinearity alone ---


def test_the_nonlinearity_does_not_hold_the_network(tiny_folder: Folder) -> None:
    """A cached result would otherwise hold a model that the server has dropped."""
    lm = load_model(str(tiny_folder("gpt_neo")))
    network, sides = weakref.ref(lm.network), read_both_sides(lm, WORDS[:3], [1])
    del lm
    gc.collect()
    assert network() is None
    assert sides.at("activation").shape == sides.pre_activation.shape


def test_a_read_only_array_is_no_trouble(lm: LoadedModel, tmp_path: Path) -> None:
    """Nor a mapped file, a column, or no row; no warning, and the values themselves stay."""
    values = np.random.default_rng(0).normal(size=(5, 70_000)).astype(np.float32)
    values.tofile(tmp_path / "values")
    mapped = np.memmap(tmp_path / "values", np.float32, "r", shape=values.shape)
    expected = nn.functional.gelu(torch.from_numpy(values.astype(np.float64)), approximate="tanh").numpy()
    apply = lm.nonlinearity
    assert apply is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for part in (np.s_[:], np.s_[:, 3:4], np.s_[1:1], np.s_[2], np.s_[::2, ::-1]):
            found = apply(mapped[part])
            assert found.shape == values[part].shape and found.dtype == np.float32 and found.flags.writeable
            np.testing.assert_allclose(found, expected[part], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(mapped, values)


@pytest.mark.parametrize("name", ["relu", "gelu", "gelu_new", "silu", "gelu_fast", "quick_gelu", "relu2"])
def test_any_nonlinearity_of_transformers(name: str, tiny_folder: Folder, tmp_path: Path) -> None:
    """What the configuration names is what is applied."""
    folder = copy_folder(tiny_folder("gpt2"), tmp_path / "model")
    change_config(folder, activation_function=name)
    found = read_both_sides(load_model(str(folder)), WORDS, LAYERS)
    assert_close(found.at("activation"), pooled(Reference(folder), "activation", "mean"))


def test_a_learned_nonlinearity_does_not_follow(tiny_folder: Folder, tmp_path: Path) -> None:
    """Each layer has its own then, so that all activations are stored."""
    folder = copy_folder(tiny_folder("gpt2"), tmp_path / "model")
    change_config(folder, activation_function="prelu")
    model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.from_pretrained(folder))
    with torch.no_grad():
        for layer, block in enumerate(model.transformer.h):
            block.mlp.act.weight.fill_(0.1 * (layer + 1))
    model.save_pretrained(folder)
    lm = load_model(str(folder))
    assert lm.nonlinearity is None
    for pooling in POOLINGS:
        found = read_both_sides(lm, WORDS, LAYERS, pooling=pooling)
        assert_close(found.at("activation"), pooled(Reference(folder), "activation", pooling))


def test_steps_of_a_large_array_are_joined() -> None:
    """Values on both sides of a step's end are those of the function."""
    values = np.linspace(-3, 3, 600_001, dtype=np.float32)
    np.testing.assert_array_equal(Nonlinearity(nn.ReLU())(values), np.maximum(values, 0))
