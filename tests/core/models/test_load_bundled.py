"""The bundled model read without transformers: to the last bit what it is with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from core.activations import token_activations, word_activations
from core.models import BUNDLED_FOLDER, LoadedModel, load_bundled, load_model
from core.models.load_bundled import KeyValueCache
from core.records import HOOK_SIDES, POOLINGS, WORD_CLASSES
from core.words import bundled_list
from tests.support.tiny_models import TEXT, WORDS

ROOT = Path(__file__).resolve().parents[3]
MANY = [*WORDS, *(word for name in WORD_CLASSES for word in bundled_list(name).words[:60])]


@pytest.fixture(scope="module")
def ways() -> tuple[LoadedModel, LoadedModel]:
    """The bundled model by our own code, and the same folder by transformers."""
    return load_model("bundled"), load_model(str(BUNDLED_FOLDER))


def test_it_says_of_itself_what_transformers_says(ways: tuple[LoadedModel, LoadedModel]) -> None:
    """All particulars but the name; the same modules, token before a text, and tokens."""
    ours, theirs = ways
    assert type(ours.network) is load_bundled.GPTNeo and type(theirs.network) is not load_bundled.GPTNeo
    assert {**vars(ours.info), "name": None} == {**vars(theirs.info), "name": None}
    assert (ours.d_model, ours.start_token) == (theirs.d_model, theirs.start_token)
    ran = {name for name, _ in ours.network.named_modules()}
    assert {ours.hook_points.path(layer, side) for layer in range(ours.n_layers) for side in HOOK_SIDES} <= ran
    plain = AutoTokenizer.from_pretrained(BUNDLED_FOLDER)
    for text in (TEXT, *WORDS, "before <|endoftext|> after", " 漢字 \t🙂"):
        expected = plain(text, split_special_tokens=True, add_special_tokens=False)["input_ids"]
        assert ours.tokenizer.encode(text, add_special_tokens=False).ids == expected


@pytest.mark.parametrize("side", HOOK_SIDES)
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("prefix", [False, True])
def test_words_to_the_last_bit(ways: tuple[LoadedModel, LoadedModel], side: str, pooling: str, prefix: bool) -> None:
    """Every layer, read level by level after what was kept of the tokens before."""
    ours, theirs = (word_activations(lm, MANY, side=side, pooling=pooling, prefix=prefix) for lm in ways)
    np.testing.assert_array_equal(ours, theirs)


def test_texts_to_the_last_bit(ways: tuple[LoadedModel, LoadedModel]) -> None:
    """Below and above the local window, and in several windows of the context."""
    for text in (TEXT, " ".join([TEXT] * 15), " ".join([TEXT] * 60)):
        for layer in (0, 3, 5):
            ours, theirs = (token_activations(lm, text, layer).values for lm in ways)
            np.testing.assert_array_equal(ours, theirs)


def test_the_whole_network_is_the_causal_models(ways: tuple[LoadedModel, LoadedModel]) -> None:
    """Last hidden states times the embedding's matrix: the logits of transformers' own modules."""
    model = AutoModelForCausalLM.from_pretrained(BUNDLED_FOLDER, dtype=torch.float32).eval()
    ids = torch.randint(0, 8192, (2, 300), generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        found = ways[0].network(input_ids=ids) @ model.lm_head.weight.T
        expected = model(ids).logits
    assert expected.std() > 1
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-4)


def test_a_past_is_a_dynamic_cache() -> None:
    """The same keys, values and lengths, begun empty and with what was kept."""
    draw = torch.Generator().manual_seed(1)
    kept = [tuple(torch.randn(2, 3, 4, 8, generator=draw) for _ in range(2)) for _ in range(2)]
    for start in ([], kept):
        past, cache = KeyValueCache(start), DynamicCache(start or None)
        assert past.get_seq_length() == cache.get_seq_length() == (4 if start else 0)
        for layer in range(2):
            new = [torch.randn(2, 3, 1, 8, generator=draw) for _ in range(2)]
            for found, expected in zip(past.update(*new, layer), cache.update(*new, layer), strict=True):
                assert torch.equal(found, expected)
            assert past.get_seq_length(layer) == cache.get_seq_length(layer) == (5 if start else 1)
            assert torch.equal(past.layers[layer].keys, cache.layers[layer].keys)
            assert torch.equal(past.layers[layer].values, cache.layers[layer].values)


def test_transformers_stays_out() -> None:
    """In a fresh process, from words to p-values and a text's colours: neither it nor what it brings along."""
    code = (
        "import sys; from core.experiment import run_contrast; from core.activations import token_activations;"
        "from core.records import ContrastSpec;"
        "from core.models import load_model; spec = ContrastSpec.careful(layer=3);"
        "run_contrast(spec); token_activations(load_model(), 'A text.', layer=3);"
        "print(*[name for name in ('transformers', 'sympy', 'torch._dynamo') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
