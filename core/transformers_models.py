"""Any model that transformers knows, from a folder in hub layout: its safetensors weights, and no code.

parts = load(folder, name)   # of a folder that ``core.model_files.check_safe`` has passed
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.activations import NewGELUActivation
from transformers.models.gpt_neo.modeling_gpt_neo import GPTNeoSelfAttention
from transformers.pytorch_utils import Conv1D
from transformers.utils import logging

from core import fast_modules
from core.fast_modules import GPTNeoAttention
from core.hub import reason_of
from core.loaded_model import Parts, read_texts_whole
from core.records import UserError


def load(folder: Path, name: str) -> Parts:
    """The parts of a model, its network in float32 and in evaluation mode.

    UserError where the weights are broken, do not fit the configuration, or there is no fast tokenizer.
    """
    network = _load_network(folder, name)
    tokenizer, start_token = _load_tokenizer(folder, name)
    sizes: Any = network.config
    return Parts(
        network=network,
        tokenizer=tokenizer,
        start_token=start_token,
        new_past=DynamicCache,
        speed_up=speed_up,
        n_layers=sizes.num_hidden_layers,
        d_model=sizes.hidden_size,
        context=sizes.max_position_embeddings,
    )


def speed_up(network: nn.Module) -> None:
    """``core.fast_modules.speed_up``, after transformers' own kinds of modules have become PyTorch's, or ours."""
    forms: dict[type, fast_modules.Form] = {
        GPTNeoSelfAttention: _gpt_neo_attention,
        NewGELUActivation: lambda _: nn.GELU("tanh"),
        Conv1D: _linear,
    }
    fast_modules.replace(network, forms)
    fast_modules.speed_up(network)


def _linear(layer: Conv1D) -> nn.Linear:
    """GPT-2's linear layer, which is not convolved and has its weights transposed, as PyTorch's."""
    d_in, d_out = layer.weight.shape
    linear = nn.Linear(d_in, d_out, device="meta")
    linear.weight = nn.Parameter(layer.weight.t(), requires_grad=False)
    linear.bias = layer.bias
    return linear


def _gpt_neo_attention(attention: Any) -> GPTNeoAttention:
    return GPTNeoAttention(
        layer=attention.layer_id,
        n_heads=attention.num_heads,
        window=attention.config.window_size if attention.attention_type == "local" else None,
        q_proj=attention.q_proj,
        k_proj=attention.k_proj,
        v_proj=attention.v_proj,
        out_proj=attention.out_proj,
    )


def _load_network(folder: Path, name: str) -> nn.Module:
    logging.disable_progress_bar()
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            ignore_mismatched_sizes=True,  # as with missing ones: refused below, in a sentence of our own
            output_loading_info=True,
        )
    except Exception as error:  # transformers and safetensors raise many kinds for a broken file
        raise UserError(f"The weights of {name} cannot be loaded: {reason_of(error)}.") from error
    _check_weights(name, model, report)
    network: nn.Module = model.eval().requires_grad_(False).base_model
    return network


def _check_weights(name: str, model: Any, report: dict[str, Any]) -> None:
    """Raise UserError where the files lack weights of the base network: transformers fills these with chance."""
    unset = {*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])}
    unset = {key for key in unset if key.startswith(f"{model.base_model_prefix}.")}  # the head is not read
    if unset:
        raise UserError(
            f"The weights of {name} do not fit its config.json: {len(unset):,} of its arrays are missing or of "
            f"another shape, among them {min(unset)}."
        )


def _load_tokenizer(folder: Path, name: str) -> tuple[Tokenizer, int | None]:
    """The tokenizer, and its beginning-of-text token; in those that have none, the one that ends the text before."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # a missing or broken tokenizer file raises many kinds
        raise UserError(f"The tokenizer of {name} cannot be loaded: {reason_of(error)}.") from error
    if not tokenizer.is_fast:
        raise UserError(f"{name} has no fast tokenizer, which alone tells where each token stands in a text.")
    plain = read_texts_whole(tokenizer.backend_tokenizer)
    # Where the files are missing, transformers may make up an empty tokenizer that knows no letter.
    if not plain.encode("a", add_special_tokens=False).ids:
        raise UserError(f"{name} has no tokenizer: its files are missing or empty.")
    tokens = (tokenizer.bos_token_id, tokenizer.eos_token_id)
    return plain, next((token for token in tokens if token is not None), None)
