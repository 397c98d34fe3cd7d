"""Whether a model can be read here, by its config.json alone: known before a byte of weights is fetched."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from core.errors import UserError
from core.models.hook_points import HOOK_POINTS

# The number of layers and of experts have other names in the config.json of other families.
LAYER_COUNTS = ("num_hidden_layers", "num_layers", "n_layer", "n_layers")
_EXPERT_COUNTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
# Layers that mix tokens by a recurrence, and have no MLP with an expansion and a down-projection.
_WITHOUT_MLP = ("falcon_mamba", "mamba", "mamba2", "rwkv", "xlstm")
# A part of its own for pictures, sound or several kinds of input; "text_config" stands only beside such a part.
_OTHER_INPUTS = ("vision_config", "audio_config", "vq_config", "audio_encoder_config", "text_config")
_ENCODER_DECODER = "an encoder-decoder model ({}); only causal models are read, whose tokens see only those before them"
_MASKED = "a masked language model ({}), whose tokens also see those after them; only causal models are read"
_MULTIMODAL = "a model of text and other inputs ({}); only models of text alone are read"


def check_config(name: str, config: Mapping[str, Any]) -> None:
    """Raise UserError, with the reason, if a model cannot be read here.

    Parameters
    ----------
    name : str
        For the sentence.
    config : mapping
        The contents of the model's config.json.

    Raises
    ------
    UserError
        It is quantised, an encoder-decoder, a masked language model, a mixture of experts, or multimodal; it has no
        MLP or no layers; its type is missing, or unknown to transformers too.

    Examples
    --------
    >>> check_config("gpt2", {"model_type": "gpt2", "n_layer": 12})
    >>> check_config("t5-small", {"model_type": "t5", "is_encoder_decoder": True})
    Traceback (most recent call last):
    core.errors.UserError: t5-small is an encoder-decoder model (t5); only causal models are read, whose tokens ...
    """
    kind = config.get("model_type")
    if not isinstance(kind, str) or not kind:
        raise UserError(f"The config.json of {name} does not say the model's type: model_type is {kind!r}.")
    if reason := next(_reasons_against(kind, config), None):
        raise UserError(f"{name} is {reason}.", about="model")
    for key in LAYER_COUNTS:
        if key in config and (type(config[key]) is not int or config[key] < 1):
            raise UserError(f"The config.json of {name} sets {key} to {config[key]!r}; a model has at least one layer.")
    if kind not in HOOK_POINTS and (other := _other_purpose(kind, config)):
        raise UserError(f"{name} is {other}.", about="model")
    if kind not in HOOK_POINTS and kind not in _types_for("CAUSAL_LM"):
        raise UserError(
            f"{name} is of the type {kind!r}, which transformers does not know as a causal language model; "
            f"docs/reference/models.md lists {len(HOOK_POINTS)} types that are known, such as gpt_neo, gpt2, gpt_neox "
            "and llama.",
            about="model",
        )


def _types_for(purpose: str) -> Collection[str]:
    """The types that transformers has for a purpose."""
    from transformers.models.auto import modeling_auto

    return getattr(modeling_auto, f"MODEL_FOR_{purpose}_MAPPING_NAMES").keys()


def _other_purpose(kind: str, config: Mapping[str, Any]) -> str | None:
    """What a type that is not in the table is for, if it is not a causal language model of text; else None."""
    if kind in _types_for("SEQ_TO_SEQ_CAUSAL_LM"):
        return _ENCODER_DECODER.format(kind)
    if kind in _types_for("IMAGE_TEXT_TO_TEXT"):
        return _MULTIMODAL.format(kind)
    if kind in _types_for("MASKED_LM") and not config.get("is_decoder"):
        return _MASKED.format(kind)
    return None


def _reasons_against(kind: str, config: Mapping[str, Any]) -> Iterator[str]:
    """What is against reading a model: the ends of sentences."""
    if (quantised := _quantisation(config)) is not None:
        yield f"quantised ({quantised}); only weights in full or half precision are read: choose the original model"
    if config.get("is_encoder_decoder"):
        yield _ENCODER_DECODER.format(kind)
    if _is_masked(config):
        yield _MASKED.format(kind)
    if any(isinstance(config.get(key), Mapping) for key in _OTHER_INPUTS):
        yield _MULTIMODAL.format(kind)
    if (n_experts := _n_experts(config)) > 1:
        yield f"a mixture of {n_experts:,} experts ({kind}), in which not all words pass through the same neurons"
    attention = config.get("attn_config")
    if kind == "mpt" and isinstance(attention, Mapping) and attention.get("alibi") is False:
        yield "an MPT model without ALiBi, whose positions transformers leaves out"
    if kind in _WITHOUT_MLP:
        yield f"of the type {kind}, which has no MLP, so there are no MLP neurons to be read"


def _quantisation(config: Mapping[str, Any]) -> str | None:
    """The method by which weights are quantised; None if they are not."""
    for key in ("quantization_config", "quantization", "compression_config"):
        settings = config.get(key)
        if settings is not None:
            method = settings.get("quant_method") if isinstance(settings, Mapping) else settings
            return str(method or "by an unnamed method")[:40]
    return None


def _is_masked(config: Mapping[str, Any]) -> bool:
    architectures = config.get("architectures")
    return isinstance(architectures, list) and any(str(each).endswith("ForMaskedLM") for each in architectures)


def _n_experts(config: Mapping[str, Any]) -> int:
    inner = config.get("ffn_config")  # dbrx
    places = [config, inner] if isinstance(inner, Mapping) else [config]
    counts = [place.get(key) for place in places for key in _EXPERT_COUNTS]
    return max((count for count in counts if type(count) is int), default=0)
