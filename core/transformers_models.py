"""Any model that transformers knows, from a folder in hub layout: its safetensors weights, and no code.

check_safe(folder, name, config)
parts = load(folder, name)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.activations import NewGELUActivation
from transformers.models.gpt_neo.modeling_gpt_neo import GPTNeoSelfAttention
from transformers.pytorch_utils import Conv1D
from transformers.utils import logging

from core import fast_modules
from core.fast_modules import GPTNeoAttention, PackedLinear, TanhGELU, can_pack
from core.hub import reason_of
from core.loaded_model import Parts
from core.records import UserError

# What a config.json may ask transformers for beyond the network's shape, and which answers are harmless.
_ASKS: dict[str, tuple[str, ...]] = {
    "transformers_weights": (),
    "attn_implementation": ("eager", "sdpa"),
    "_attn_implementation": ("eager", "sdpa"),
}


def check_safe(folder: Path, name: str, config: dict[str, Any]) -> None:
    """Raise UserError where a model asks for other weights than safetensors files beside it, or for code.

    transformers goes where a configuration or an index points, whatever ``use_safetensors`` says: out of the folder,
    to a pickle, or to a kernel on the hub.
    """
    for key, harmless in _ASKS.items():
        if config.get(key) is not None and config[key] not in harmless:
            raise UserError(
                f"The config.json of {name} sets {key}, which is not followed: it can lead to other files, or to code."
            )
    for index in folder.glob("*.safetensors.index.json"):
        try:
            files = list(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(f"{index.name} of {name} cannot be read: it is no index of weights.") from error
        strange = [file for file in files if not _is_name_of_safetensors(file)]
        if strange:
            raise UserError(
                f"{index.name} of {name} names “{str(strange[0])[:80]}”; only .safetensors files beside it are read, "
                "because other formats can run code."
            )


def _is_name_of_safetensors(file: object) -> bool:
    return isinstance(file, str) and file.endswith(".safetensors") and not set(file) & set("/\\:")


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


def speed_up(network: torch.nn.Module) -> None:
    """``core.fast_modules.speed_up``, which also knows transformers' own modules."""
    packs = can_pack(network)
    forms: dict[type, fast_modules.Form] = {
        GPTNeoSelfAttention: _gpt_neo_attention,
        NewGELUActivation: lambda gelu: TanhGELU() if packs else torch.nn.GELU("tanh"),
    }
    if packs:
        forms[Conv1D] = lambda layer: PackedLinear(layer.weight.t(), layer.bias)
    fast_modules.speed_up(network, forms)


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


def _load_network(folder: Path, name: str) -> torch.nn.Module:
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
    network: torch.nn.Module = model.eval().requires_grad_(False).base_model
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
    plain: Tokenizer = tokenizer.backend_tokenizer
    plain.encode_special_tokens = True
    plain.no_truncation()
    plain.no_padding()
    # Where the files are missing, transformers may make up an empty tokenizer that knows no letter.
    if not plain.encode("a", add_special_tokens=False).ids:
        raise UserError(f"{name} has no tokenizer: its files are missing or empty.")
    tokens = (tokenizer.bos_token_id, tokenizer.eos_token_id)
    return plain, next((token for token in tokens if token is not None), None)
