"""Load any model that transformers knows from a folder in hub layout: only safetensors weights, and no code.

lm = load(folder, name, revision, hook_points)   # after core.models.safety.check_safe(folder, ...)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForCausalLM, DynamicCache
from transformers.activations import NewGELUActivation
from transformers.models.gpt_neo.modeling_gpt_neo import GPTNeoSelfAttention
from transformers.pytorch_utils import Conv1D
from transformers.utils import logging

from core.errors import UserError, reason_of
from core.models import fast_modules, structure
from core.models.fast_modules import GPTNeoAttention
from core.models.hook_points import HOOK_POINTS, HookPoints
from core.models.load_tokenizer import load_tokenizer
from core.models.loaded import LoadedModel, assemble
from core.models.safety import read_config, reason_within
from core.models.weights import check_fit, check_whole

# The context of every released BLOOM and of most MPT models.
_ALIBI_CONTEXT = 2_048
# What is read to find the neurons of a model that is not in the table: two tokens or more in any vocabulary.
_PROBE = "The grammar of unbelievable neurons"


def load(folder: Path, name: str, revision: str, hook_points: HookPoints | None, dtype: str = "float32") -> LoadedModel:
    """Load a model, in evaluation mode. Without hook points, these are found by its structure.

    Raises
    ------
    UserError
        The weights are broken, or do not fit the configuration; there is no fast tokenizer; there are no hook points,
        and none are found.
    """
    if hook_points is None and dtype != "float32":
        raise UserError(
            f"{name} is of a type that is not in the table of docs/reference/models.md: its neurons are found by its "
            f"values in float32; {dtype} was asked for."
        )
    tokenizer, start = load_tokenizer(folder, name)  # before the weights, which take longer
    network, base_path = _load_network(folder, name, dtype)
    sizes: Any = network.config
    n_embeddings = _n_embeddings(network)
    context, notes = _context(sizes)
    if hook_points is None:
        probe = tokenizer.encode(_PROBE, add_special_tokens=False).ids
        hook_points, found = _find_hook_points(network, name, [token for token in probe if token < n_embeddings])
        notes += found
    return assemble(
        network,
        tokenizer,
        start,
        hook_points,
        new_cache=DynamicCache,
        speed_up=speed_up,
        name=name,
        revision=revision,
        architecture=sizes.model_type,
        n_layers=sizes.num_hidden_layers,
        d_model=sizes.hidden_size,
        context=context,
        n_embeddings=n_embeddings,
        base_path=base_path,
        notes=notes,
    )


def _n_embeddings(network: Any) -> int:
    """How many tokens the network can read: the rows of its embedding."""
    try:
        return int(network.get_input_embeddings().weight.shape[0])
    except (NotImplementedError, AttributeError):  # transformers does not know where this type has its embedding
        return int(network.config.vocab_size)


def _find_hook_points(network: nn.Module, name: str, ids: list[int]) -> tuple[HookPoints, tuple[str, ...]]:
    """The hook points of a model that is not in the table, and a sentence that says so."""
    config: Any = network.config
    known = f"docs/reference/models.md lists the {len(HOOK_POINTS)} types whose MLPs are known here"
    refusal = f"{name} is of the type {config.model_type!r}, and %s; {known}."
    try:
        points = structure.find_hook_points(network, config.num_hidden_layers, ids)
        alone = points and structure.check_cache(network, points, config.num_hidden_layers, ids, DynamicCache)
    except Exception as error:  # a network may raise anything if it cannot be called like the others
        raise UserError(refusal % f"it cannot be read in a plain pass ({reason_of(error)})", about="model") from error
    if points is None:
        raise UserError(refusal % "no MLP neurons were found in its layers", about="model")
    if not alone:
        raise UserError(refusal % "it has other values if it is read token by token than in one pass", about="model")
    return points, (
        f"{name} is of the type {config.model_type}, which is not in the table of docs/reference/models.md. Its "
        f"neurons were found by what its layers compute in a full pass over {len(ids)} tokens: the output of "
        f"{points.path(0, 'pre-activation')}, the input of {points.path(0, 'activation')}, and so on.",
    )


def speed_up(network: nn.Module) -> None:
    """Replace transformers' modules by PyTorch's or ours, then these by faster ones (``fast_modules``)."""
    replacements: dict[type, fast_modules.Replacement] = {
        GPTNeoSelfAttention: _gpt_neo_attention,
        NewGELUActivation: lambda _: nn.GELU("tanh"),
        Conv1D: _linear,
        # Falcon's own class of linear layers, by its name: to import it takes long. It has only another order of sums.
        **{type(module): _plain_linear for module in network.modules() if type(module).__name__ == "FalconLinear"},
    }
    fast_modules.replace(network, replacements)
    fast_modules.speed_up(network)


def _linear(layer: Conv1D) -> nn.Linear:
    """PyTorch's linear layer for GPT-2's ``Conv1D``, which is a linear layer with transposed weights."""
    d_in, d_out = layer.weight.shape
    linear = nn.Linear(d_in, d_out, device="meta")
    linear.weight = nn.Parameter(layer.weight.t(), requires_grad=False)  # [d_in, d_out] -> [d_out, d_in]
    linear.bias = layer.bias
    return linear


def _plain_linear(layer: nn.Linear) -> nn.Linear:
    """PyTorch's linear layer for one of a derived class, with the same weights."""
    linear = nn.Linear(layer.in_features, layer.out_features, device="meta")
    linear.weight, linear.bias = layer.weight, layer.bias
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


def _context(config: Any) -> tuple[int, tuple[str, ...]]:
    """How many tokens a model reads at most, and a sentence if its configuration does not say it.

    A model with ALiBi needs no such number. Then it is how long its texts were in training, if that is named.
    """
    names = ("max_position_embeddings", "max_seq_len", "seq_length")
    lengths = (getattr(config, name, None) for name in names)
    named = next((length for length in lengths if type(length) is int and length > 0), None)
    if named is not None:
        return named, ()
    return _ALIBI_CONTEXT, (
        f"The model's config.json does not say how long a text may be: longer ones are read in windows of "
        f"{_ALIBI_CONTEXT:,} tokens.",
    )


def _load_network(folder: Path, name: str, dtype: str) -> tuple[nn.Module, str]:
    """The base model, and its name within the causal model; empty if the two are one."""
    check_whole(folder, name)
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # no report of arrays: check_fit says what matters
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            ignore_mismatched_sizes=True,  # check_fit refuses them below, as it does missing ones
            output_loading_info=True,
        )
    except Exception as error:  # transformers and safetensors raise many kinds for a broken file
        raise UserError(f"The weights of {name} cannot be loaded: {_reason(error, folder, name)}.") from error
    check_fit(folder, name, model, report)
    network: nn.Module = model.eval().requires_grad_(False).base_model
    return network, "" if network is model else model.base_model_prefix


def _reason(error: Exception, folder: Path, name: str) -> str:
    """The reason of an error for a sentence about a model's folder."""
    if isinstance(error, KeyError):  # mostly an activation function that transformers does not have
        keys = [key for key, value in read_config(folder, name).items() if value == error.args[0]]
        return f"config.json sets {keys[0]} to {error}, which is unknown" if keys else f"{error} is missing"
    return reason_within(folder, error)
