"""From a text to the values of the heatmap: our method, compared with a full pass with a hook."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import inputs
from benchmarks.models import count_tokens
from benchmarks.options import TOLERANCE, Options
from benchmarks.table import Section, markdown
from benchmarks.timing import number, say, take_turns

_OURS, _WHOLE = "this app", "whole pass with a hook"
_LAYER = 8


def whole_pass(folder: Path, layer: int) -> Callable[[str], np.ndarray]:
    """A causal language model with its head, run to the end, with a hook on one layer's ``c_fc``: (n_tokens, d_mlp)."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found: list[np.ndarray] = []

    def hook(module: Any, arguments: Any, output: torch.Tensor) -> None:
        found[:] = [output[0].numpy()]

    model.transformer.h[layer].mlp.c_fc.register_forward_hook(hook)

    def read(text: str) -> np.ndarray:
        with torch.inference_mode():
            model(**tokenizer(text, add_special_tokens=False, return_tensors="pt"))
        return found[0]

    return read


def section(options: Options) -> Section:
    """Time both at a paragraph's length and at a full context, and compare their values."""
    from core.activations import token_activations
    from core.models import load_model

    lm = load_model(str(options.model))
    layer = min(_LAYER, lm.n_layers - 1)
    whole = whole_pass(options.model, layer)
    count = partial(count_tokens, lm.tokenizer)
    rows, wrong = [], []
    for n in (150, min(options.pick(2048, 300), lm.info.context)):
        text = inputs.text(n - 5, count)  # the last piece may be several tokens, and the context is full at n
        say(f"Text: {count(text):,} tokens")
        expected = token_activations(lm, text, layer).values
        difference = float(np.abs(whole(text) - expected).max() / np.abs(expected).max())
        if not difference <= TOLERANCE:
            wrong.append(f"At {n:,} tokens the whole pass differs by {difference:.1e} of the largest value.")
        calls: dict[str, Callable[[], object]] = {
            _OURS: partial(token_activations, lm, text, layer),
            _WHOLE: partial(whole, text),
        }
        times = take_turns(calls, options.pick(5, 2))
        for name, taken in times.items():
            ratio = "" if name == _OURS else f"{number(taken.median / times[_OURS].median)}×"
            last = "" if name == _OURS else f"{difference:.1e}"
            rows.append((f"{count(text):,}", name, number(taken.median), taken.spread, ratio, last))
    header = ("tokens", "way", "median, s", "min–max, s", "ours is faster", "largest difference")
    return Section(
        "text", "A text to the heatmap's values", (_INTRODUCTION, markdown(header, rows)), wrong=tuple(wrong)
    )


_INTRODUCTION = (
    "One layer's neurons at every token, from the text to the array, tokens' pieces included, beside one pass of the "
    "whole causal language model with a hook. Another neuron, scale or correction needs no pass at all: the page keeps "
    "the array."
)
