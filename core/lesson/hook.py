"""Step 1: where to look. A hook on one MLP reads one value of one neuron."""

from __future__ import annotations

from core.lesson import lines, sizes
from core.lesson.step import Choice, Live, Options, Reveal, Step
from core.records import ContrastSpec
from core.report.readable import readable, readable_number, readable_share
from core.report.sentences import where

ABOVE, NOT_ABOVE = OPTIONS = ("above zero", "not above zero")

_CODE = """\
import os

import numpy as np
import torch
from scipy import stats
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

LOADING

layer, neuron = LAYER, NEURON
layers = LAYERS
start = START
caught = {}  # layer -> what its hook has copied: [token, neuron]


def catch(layer):
    def hook(module, inputs, output):
        caught[layer] = CAUGHT.double().cpu().numpy()

    return hook


for each in layers:
    model.get_submodule(PATH).register_forward_hook(catch(each))


def read(ids):
    with torch.no_grad():
        model.base_model(torch.tensor([start + ids]))  # all but the head, which predicts the next token
    return np.stack([caught[each][len(start) :] for each in layers])  # [layer, token, neuron]


def tokens_of(word):
    TOKENS


at = layers.index(layer)
values = read(tokens_of(WORD))[at, :, neuron]  # one for each token of the word
print(POOLED)"""

_TOKENS = {
    False: "return tokenizer.encode(word, add_special_tokens=False).ids",
    True: 'return tokenizer.encode("x " + word, add_special_tokens=False).ids[1:]  # with the space; without the x',
}


def first_word(live: Live) -> tuple[int, str]:
    """The first target word that is one token, and its place; the first word where none is."""
    tokens = live.result.target_tokens.tolist()
    at = tokens.index(1) if 1 in tokens else 0
    return at, live.result.words.target[at]


def _guess(spec: ContrastSpec) -> Options:
    return Choice(OPTIONS)


def _reveal(live: Live) -> Reveal:
    at, word = first_word(live)
    spec, result = live.spec, live.result
    value = float(result.target_sides.column(spec.hook_side, live.neuron)[at])
    answer = ABOVE if value > 0 else NOT_ABOVE
    shares = (result.other_side.above_zero_target[live.neuron], result.other_side.above_zero_baseline[live.neuron])
    target, baseline = sizes.names(live)
    end = "output" if spec.hook_side == "pre-activation" else "input"
    sentence = (
        f"At “{readable(word)}”, neuron {live.neuron} of layer {spec.layer} is {readable_number(value)}, {answer}. The "
        f"hook copied it from the {end} of {result.model.hook_path(spec.layer, spec.hook_side)}, "
        f"{where(spec.hook_side)}. One word is no evidence: its pre-activation is above zero at "
        f"{readable_share(float(shares[0]))} of {target} and {readable_share(float(shares[1]))} of {baseline}. "
        f"{sizes.separation(live)}"
    )
    return Reveal(answer, value, sentence)


def _code(live: Live) -> str:
    spec, model = live.spec, live.result.model
    _, word = first_word(live)
    whole = f"range({model.n_layers})  # all of them, because {spec.corrected_by.label} counts the tests of all"
    start = (
        f"[tokenizer.token_to_id({lines.quoted(model.start_token or '')})]  # read before each word"
        if spec.prefix
        else "[]"
    )
    parts = {
        "LOADING": lines.loading(live),
        "LAYERS": whole if spec.family == "model" else "[layer]",
        "LAYER": str(spec.layer),
        "NEURON": str(live.neuron),
        "START": start,
        "CAUGHT": lines.caught(live, spec.hook_side),
        "PATH": lines.hook_path(live, spec.hook_side).replace("{layer}", "{each}"),
        "TOKENS": _TOKENS[spec.leading_space],
        "WORD": lines.quoted(word),
        "POOLED": "values.mean()" if spec.pooling == "mean" else "values[-1]",
    }
    code = _CODE
    for name, value in parts.items():
        code = code.replace(name, value, 1)
    return code


STEP = Step(
    name="hook",
    title="Where to look: a hook on one MLP",
    idea=(
        "A language model cuts a text into tokens, and its layers work on them one after the other.",
        "Each layer has an MLP: it makes its input wider, bends it, and makes it narrow again.",
        "Each number of the wide part is one neuron.",
        "A hook is a function that PyTorch calls as soon as a part of the model has run, so it can copy these numbers.",
        "Here it sits on the wide part (c_fc in GPT-Neo; the picture has its name in your model), and what comes "
        "out is the pre-activation of each neuron.",
    ),
    look_for="Find the place of the hook in the picture: is it before the MLP bends its numbers, or after?",
    question="The model reads the first target word that is a single token. Is this neuron above zero there?",
    hint="Choose another neuron, and look again. A neuron may be below zero for most words.",
    page="pages/1_Neurons.py",
    controls=("layer", "neuron"),
    figure="hook",
    terms=("token", "MLP", "neuron", "hook", "c_fc", "pre-activation", "activation"),
    guess=_guess,
    reveal=_reveal,
    code=_code,
)
