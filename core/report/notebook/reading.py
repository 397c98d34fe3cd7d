"""Code of the notebook up to the values that are compared: the model, the hooks, the words, the units.

Each piece is plain Python with PyTorch and transformers. What differs between experiments is in capital letters, and
set in the notebook's first cells (``core.report.notebook.answers.settings_code``).
"""

from __future__ import annotations

from core.records import ContrastResult

IMPORTS = """\
import json
import warnings
from collections import defaultdict

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy import stats
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer"""

_FROM_FOLDER = """\
import hashlib
import os
from pathlib import Path


def find_folder(name):
    \"\"\"The folder of the model: $MODEL_FOLDER if that is set, else MODEL from here or from any folder above.\"\"\"
    given = os.environ.get("MODEL_FOLDER")
    here = Path.cwd()
    for folder in [Path(given)] if given else [place / name for place in (here, *here.parents)]:
        if (folder / "config.json").is_file():
            return folder
    raise FileNotFoundError(f"{name} is not here. Set MODEL_FOLDER to the folder that holds its config.json.")


def check_weights(folder):
    \"\"\"Other weights would give other numbers.\"\"\"
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.safetensors")):
        digest.update(file.read_bytes())
    if digest.hexdigest()[:12] != REVISION.removeprefix("sha256:"):
        raise ValueError(f"The weights in {folder} are not those that the app has read: their SHA-256 differs.")


folder = find_folder(MODEL)
check_weights(folder)
source = {"pretrained_model_name_or_path": folder}
tokenizer_file = folder / "tokenizer.json\""""

_FROM_HUB = """\
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError

source = {"pretrained_model_name_or_path": MODEL, "revision": REVISION}
try:
    tokenizer_file = hf_hub_download(MODEL, "tokenizer.json", revision=REVISION)
except EntryNotFoundError:
    tokenizer_file = None"""

_LOAD = """\
model = AutoModelForCausalLM.from_pretrained(**source, dtype=getattr(torch, DTYPE), use_safetensors=True).eval()
device = "cuda" if torch.cuda.is_available() else "cpu"
network = model.base_model.to(device)  # without the head, which predicts the next token
if tokenizer_file:
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
else:
    tokenizer = AutoTokenizer.from_pretrained(**source).backend_tokenizer
tokenizer.encode_special_tokens = True  # a word that looks like a special token is read as text
tokenizer.no_truncation()
tokenizer.no_padding()
LAYERS = list(range(model.config.num_hidden_layers)) if WHOLE_MODEL else [LAYER]
print(f"{sum(p.numel() for p in model.parameters()):,} parameters on {device}; layers that are read: {LAYERS}")"""

_HOOK = """\
caught = {}  # layer -> the values of the last pass


def catch(layer):
    def hook(module, inputs, output):
        caught[layer] = OUTPUT_OR_INPUT

    return hook


for layer in LAYERS:
    network.get_submodule(HOOK.format(layer)).register_forward_hook(catch(layer))"""

_TOKENS_ALONE = """\
def tokens_of(word):
    \"\"\"The token ids of a word alone.\"\"\"
    return tokenizer.encode(word, add_special_tokens=False).ids"""

_TOKENS_INSIDE = """\
def tokens_of(word):
    \"\"\"The token ids that a word has inside a sentence, with the space before it.\"\"\"
    before = tokenizer.encode("x", add_special_tokens=False)
    both = tokenizer.encode("x " + word, add_special_tokens=False)
    first = len(before.ids)
    if both.ids[:first] != before.ids:  # a token holds characters of both words
        first = next((i for i, (_, end) in enumerate(both.offsets) if end > 1), len(both.ids))
    return both.ids[first:]"""

_READ = """\
START = [tokenizer.token_to_id(START_TOKEN)] if START_TOKEN else []


def read(words):
    \"\"\"Every neuron for every word: float32 [n_layers, n_words, D_MLP].

    Words with as many tokens share a pass, so nothing is padded: padding would shift positions.
    \"\"\"
    rows = [START + tokens_of(word) for word in words]
    by_length = defaultdict(list)
    for place, row in enumerate(rows):
        by_length[len(row)].append(place)
    values = np.empty((len(LAYERS), len(words), D_MLP), np.float32)
    for places in by_length.values():
        for first in range(0, len(places), 32):
            part = places[first : first + 32]
            with torch.inference_mode():
                network(input_ids=torch.tensor([rows[place] for place in part], device=device))
            for at, layer in enumerate(LAYERS):
                # [batch, pos, ...]; in some gated models, the gate is the first half of the module's output
                found = caught[layer].reshape(len(part), len(rows[part[0]]), -1)[..., :D_MLP].float()
                values[at, part] = POOLED.cpu().numpy()
    return values


once = list(dict.fromkeys(target_words + baseline_words))  # a word of both lists is read once
values = read(once)
place = {word: i for i, word in enumerate(once)}
target_values = values[:, [place[word] for word in target_words]]
baseline_values = values[:, [place[word] for word in baseline_words]]
n_tokens = [sum(len(tokens_of(word)) for word in words) for words in (target_words, baseline_words)]
print("values:", target_values.shape, baseline_values.shape, "- tokens of the words:", n_tokens)"""

_LEMMAS = """\
def mean_over_forms(values, lemmas):
    \"\"\"The mean over the forms of each lemma: [n_layers, n_words, D_MLP] -> [n_layers, n_lemmas, D_MLP].\"\"\"
    forms = defaultdict(list)
    for i, lemma in enumerate(lemmas):
        forms[lemma].append(i)
    means = [values[:, places].mean(axis=1, dtype=np.float64) for places in forms.values()]
    return np.stack(means, axis=1).astype(np.float32)


target = mean_over_forms(target_values, target_lemmas)
baseline = mean_over_forms(baseline_values, baseline_lemmas)
print("lemmas:", target.shape[1], "and", baseline.shape[1])"""

_WORDS = """\
target, baseline = target_values, baseline_values  # each word counts by itself"""


_ABSOLUTE = """\
# The test compares absolute values: the sign goes before any mean over forms.
target_values, baseline_values = np.abs(target_values), np.abs(baseline_values)"""


def load(result: ContrastResult) -> str:
    """Code that loads the model and its tokenizer."""
    is_folder = result.model.revision.startswith("sha256:")
    return f"{_FROM_FOLDER if is_folder else _FROM_HUB}\n\n{_LOAD}"


def hooks(result: ContrastResult) -> str:
    """Code that catches the values of the neurons."""
    before = result.spec.hook_side == "pre-activation"
    return _HOOK.replace("OUTPUT_OR_INPUT", "output" if before else "inputs[0]")


def read(result: ContrastResult) -> str:
    """Code that reads all words."""
    tokens = _TOKENS_INSIDE if result.spec.leading_space else _TOKENS_ALONE
    pooled = "found[:, len(START) :].mean(dim=1)" if result.spec.pooling == "mean" else "found[:, -1]"
    return f"{tokens}\n\n\n{_READ.replace('POOLED', pooled)}"


def units(result: ContrastResult) -> str:
    """Code that makes the units which are compared."""
    units = _LEMMAS if result.spec.unit == "lemma" else _WORDS
    return f"{_ABSOLUTE}\n\n\n{units}" if result.spec.tested_by.absolute else units
