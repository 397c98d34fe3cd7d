"""Ablated losses, output weights and direct effects, against hooks of plain PyTorch on transformers' whole models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, GPTNeoForCausalLM

from core.activations import token_activations
from core.activations.ablation import AFTER, FROM, WAYS, WHOLE, Ablation, _Passes, ablated_losses
from core.activations.outputs import TokenRows, activation_moments, direct_effect, output_weights
from core.errors import Cancelled
from core.models import BUNDLED_FOLDER, load_model
from core.models.head import load_head
from tests.support.tiny_models import PATHS

SENTENCES = ("The dog and the cat.", "They walk to the old house.", "Time and people.", "A cat sat.", "It naps here.")
NEURONS = [3, 17, 30]


def down_projection(model: torch.nn.Module, layer: int, architecture: str = "gpt_neo") -> torch.nn.Module:
    mlp, _, contract = PATHS[architecture]
    return model.get_submodule(f"{mlp.format(layer)}.{contract}")


@contextmanager
def hooked(module: torch.nn.Module, hook: Callable[..., object]) -> Iterator[None]:
    handle = module.register_forward_pre_hook(hook)
    yield
    handle.remove()


def losses_by_hooks(
    model: torch.nn.Module, module: torch.nn.Module, text: TokenRows, neuron: int | None, mean: float
) -> list[np.ndarray]:
    """One sentence at a time, the whole model, every place's loss."""

    def hook(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        values = inputs[0].clone()
        if neuron is not None:
            values.reshape(-1, values.shape[-1])[text.n_start :, neuron] = mean
        return (values, *inputs[1:])

    losses = []
    for row in text.rows:
        ids = torch.tensor([list(row)])
        with torch.no_grad(), hooked(module, hook):
            logits = model(ids).logits[0, :-1]
        losses.append(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none").numpy())
    return losses


def rows_of(lm: object, sentences: tuple[str, ...] = SENTENCES) -> TokenRows:
    return TokenRows([[0, *lm.tokenizer.encode(text, add_special_tokens=False).ids] for text in sentences], 1)


def some_places(text: TokenRows) -> list[np.ndarray]:
    """A random half of the places of each row, all of one and none of another."""
    rng = np.random.default_rng(0)
    places = [np.flatnonzero(rng.random(len(row) - 1) < 0.5) for row in text.rows]
    return [np.arange(len(text.rows[0]) - 1), np.array([], dtype=np.int64), *places[2:]]


def test_the_bundled_model_agrees_with_hooks_of_plain_pytorch() -> None:
    lm, model = load_model("bundled"), GPTNeoForCausalLM.from_pretrained(BUNDLED_FOLDER, dtype=torch.float32).eval()
    text = rows_of(lm)
    moments, wanted = activation_moments(lm, text, 3), some_places(text)
    neurons = [120, 375, 7]
    found = ablated_losses(lm, load_head(lm), text, wanted, Ablation(3, neurons, moments.mean[neurons]))
    for of_neuron, neuron in zip(found, [None, *neurons], strict=True):
        mean = 0.0 if neuron is None else float(moments.mean[neuron])
        every = losses_by_hooks(model, down_projection(model, 3), text, neuron, mean)
        expected = np.concatenate([each[at] for each, at in zip(every, wanted, strict=True)])
        np.testing.assert_allclose(of_neuron, expected, rtol=0, atol=1e-4)
    assert np.abs(found[1:] - found[0]).max() > 0.01


def test_moments_are_those_of_the_tokens() -> None:
    lm = load_model("bundled")
    values = np.concatenate([token_activations(lm, s, 3, side="activation", prefix=True).values for s in SENTENCES])
    moments = activation_moments(lm, rows_of(lm), 3)
    np.testing.assert_allclose(moments.mean, values.mean(0), atol=1e-6)
    np.testing.assert_allclose(moments.variance, values.var(0), atol=1e-5)


# Norms after the MLP (Gemma 2, OLMo 2); layers that see all tokens in one row (OPT); parallel attention (GPT-J).
@pytest.mark.parametrize(
    ("architecture", "way"),
    [
        *(("gpt2", AFTER), ("llama", AFTER), ("gptj", AFTER), ("opt", AFTER), ("bloom", AFTER), ("phi3", AFTER)),
        *(("gemma2", FROM), ("olmo2", FROM), ("gemma3_text", FROM), ("cohere2", AFTER), ("mpt", AFTER)),
    ],
)
def test_every_way_of_every_family(architecture: str, way: str, tiny_folder: Callable[[str], Path]) -> None:
    """The way that is found is the least that agrees, and so do those that compute more."""
    folder = tiny_folder(architecture)
    lm, model = load_model(str(folder)), AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    text = rows_of(lm)
    wanted = [np.arange(len(row) - 1) for row in text.rows]
    for layer in (0, 2, lm.n_layers - 1):
        means = activation_moments(lm, text, layer).mean[NEURONS]
        ablation = Ablation(layer, NEURONS, means)
        passes = _Passes(lm, load_head(lm), text, wanted, ablation, nullcontext)
        found = passes.find_way(1)
        assert found == (way if layer or way == AFTER else WHOLE)
        module = down_projection(model, layer, architecture)
        expected = [losses_by_hooks(model, module, text, n, m) for n, m in zip(NEURONS, means, strict=True)]
        expected = [np.concatenate(losses_by_hooks(model, module, text, None, 0)), *map(np.concatenate, expected)]
        for each in WAYS[WAYS.index(found) :]:
            if each != FROM or layer:
                losses = ablated_losses(lm, load_head(lm), text, wanted, ablation, way=each)
                np.testing.assert_allclose(losses, expected, rtol=0, atol=5e-5)
        assert np.abs(losses[1:] - losses[0]).max() > 1e-3


@pytest.mark.parametrize("architecture", ["gpt_neo", "gpt2", "llama", "opt", "phi3"])
def test_output_weights_are_the_columns(architecture: str, tiny_folder: Callable[[str], Path]) -> None:
    """Of packed layers with and without a bias, and of GPT-2's transposed ones."""
    folder = tiny_folder(architecture)
    weight = down_projection(AutoModelForCausalLM.from_pretrained(folder), 2, architecture).weight.detach().numpy()
    columns = weight if architecture == "gpt2" else weight.T  # [d_mlp, d_model]
    found = output_weights(load_model(str(folder)), 2, NEURONS)
    np.testing.assert_allclose(found, columns[NEURONS], rtol=0, atol=1e-6)


def test_a_direct_effect_goes_through_the_final_norm_and_the_unembedding() -> None:
    """The same sum written out, with the modules of transformers' model."""
    lm, model = load_model("bundled"), GPTNeoForCausalLM.from_pretrained(BUNDLED_FOLDER, dtype=torch.float32).eval()
    text, layer, neuron, step = rows_of(lm, SENTENCES[:2]), 3, 120, 0.7
    column = down_projection(model, layer).weight[:, neuron]
    changes = []
    for row in text.rows:
        seen: list[torch.Tensor] = []
        keep = lambda module, inputs, seen=seen: seen.append(inputs[0].clone())  # noqa: E731
        with torch.no_grad(), hooked(model.transformer.ln_f, keep):
            before = model(torch.tensor([list(row)])).logits[0]
            after = model.lm_head(model.transformer.ln_f(seen[0] + step * column))[0]
        changes.append((after - before)[1:])
    expected = torch.cat(changes).mean(0).numpy()
    found = direct_effect(lm, load_head(lm), text, layer, neuron, step=step)
    np.testing.assert_allclose(found, expected - expected.mean(), rtol=0, atol=1e-4)
    assert found.std() > 0.01


def test_it_can_be_stopped_and_leaves_the_network_as_it_was() -> None:
    lm = load_model("bundled")
    text, ids = rows_of(lm), torch.tensor([[5, 6, 7]])
    wanted = [np.arange(len(row) - 1) for row in text.rows]
    with torch.inference_mode():
        before = lm.network(input_ids=ids)

    def stop(share: float, sentence: str) -> None:
        assert 0 <= share <= 1 and ("5 sentences" in sentence or not share)
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        ablated_losses(lm, load_head(lm), text, wanted, Ablation(3, [1, 2], np.zeros(2)), progress=stop)
    assert not lm.lock.locked()
    with torch.inference_mode():
        assert torch.equal(lm.network(input_ids=ids), before)


def test_each_pass_enters_the_gate() -> None:
    lm, entered = load_model("bundled"), []

    @contextmanager
    def gate() -> Iterator[None]:
        assert not lm.lock.locked()
        entered.append(1)
        yield
        assert not lm.lock.locked()

    text = rows_of(lm)
    wanted = [np.arange(len(row) - 1) for row in text.rows]
    ablated_losses(lm, load_head(lm), text, wanted, Ablation(3, [1], np.zeros(1)), way=WHOLE, gate=gate)
    assert len(entered) == 2 * len({len(row) for row in text.rows})
