"""One neuron at every token of long texts, against plain PyTorch on each window alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.activations import token_activations, values_at_tokens
from core.activations.long_text import WINDOW
from core.errors import UserError
from core.models import load_model
from core.words import bundled_prose

LAYER, NEURON = 3, 120
TEXTS = [bundled_prose()[0].text[:3_000], "A dog barks.", bundled_prose()[9].text[:900]]


@pytest.fixture(scope="module")
def lm():
    return load_model("bundled")


def plainly(lm, ids: list[int], side: str) -> np.ndarray:
    """The neuron's values at ids, by a hook of PyTorch and one pass without batches."""
    mlp, seen = lm.network.h[LAYER].mlp, []
    if side == "pre-activation":
        hook = mlp["c_fc"].register_forward_hook(lambda module, args, out: seen.append(out))
    else:
        hook = mlp["c_proj"].register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    with torch.no_grad():
        lm.network(torch.tensor([ids]))
    hook.remove()
    return seen[0][0, :, NEURON].numpy()


@pytest.mark.parametrize("prefix", [False, True])
@pytest.mark.parametrize("side", ["pre-activation", "activation"])
def test_each_window_agrees_with_a_plain_pass(lm, side, prefix) -> None:
    columns = values_at_tokens(lm, TEXTS, LAYER, NEURON, side=side, prefix=prefix)
    start = [lm.start_token] if prefix else []
    width = WINDOW - len(start)
    for text, column in zip(TEXTS, columns, strict=True):
        ids = lm.tokenizer.encode(text, add_special_tokens=False).ids
        assert len(column.values) == len(column.spans) == len(ids)
        for first in range(0, len(ids), width):
            alone = plainly(lm, [*start, *ids[first : first + width]], side)[len(start) :]
            np.testing.assert_allclose(column.values[first : first + width], alone, atol=2e-5)
            assert set(column.windows[first : first + width]) == {first}
        assert "".join(text[a:b] for a, b in column.spans) == text


def test_a_short_text_has_the_values_of_token_activations(lm) -> None:
    [column] = values_at_tokens(lm, ["A dog barks at the old gate."], LAYER, NEURON)
    whole = token_activations(lm, "A dog barks at the old gate.", LAYER).values[:, NEURON]
    np.testing.assert_allclose(column.values, whole, atol=2e-5)


def test_mistakes_get_a_sentence(lm) -> None:
    with pytest.raises(UserError, match="Neuron 512 was asked for; a layer of bundled has 0 to 511"):
        values_at_tokens(lm, ["A dog."], LAYER, 512)
    with pytest.raises(UserError, match="Layer 6"):
        values_at_tokens(lm, ["A dog."], 6, 1)


def test_progress_can_stop_the_work(lm) -> None:
    class Stop(Exception):
        pass

    def stop(share: float, message: str) -> None:
        raise Stop

    with pytest.raises(Stop):
        values_at_tokens(lm, TEXTS, LAYER, NEURON, progress=stop)
