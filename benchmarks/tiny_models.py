"""Tiny models with random weights, one of each family that the app reads, and their tokenizer.

    tokenizer = save_tokenizer(folder)
    random_model("gpt_neo", tokenizer).save_pretrained(folder)

Their weights are wide, so that attention, positions and neighbours matter far more than rounding does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import transformers

N_LAYERS = 4
CONTEXT = 64
END_OF_TEXT = "<|endoftext|>"
_TRAINING_TEXT = "The quick brown fox jumps over the lazy dog, and then it naps: 3 hours!\n\tTwo more."
_LLAMA_LIKE = {
    "hidden_size": 32,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": CONTEXT,
}
_FEW_HEADS = {k: v for k, v in _LLAMA_LIKE.items() if k not in ("num_key_value_heads", "intermediate_size")}
_OPT = {
    "hidden_size": 32,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 4,
    "ffn_dim": 48,
    "max_position_embeddings": CONTEXT,
}
# The defaults of some families are beyond this small vocabulary.
_NO_PADDING: dict[str, Any] = {"pad_token_id": None}  # nosec B105 # no secret
_FIRST_PADS: dict[str, Any] = {"pad_token_id": 0}  # nosec B105 # no secret
_GPT2_LIKE = {"n_embd": 32, "n_layer": N_LAYERS, "n_head": 4, "n_positions": CONTEXT}
# Name -> the configuration's class in transformers, without "Config", and its settings. A second member of a family has
# more words in its name.
TINY: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt_neo": (
        "GPTNeo",
        {
            "hidden_size": 32,
            "num_layers": N_LAYERS,
            "num_heads": 4,
            "attention_types": [[["global", "local"], N_LAYERS // 2]],
            "max_position_embeddings": CONTEXT,
            "window_size": 8,
        },
    ),
    "gpt2": ("GPT2", _GPT2_LIKE),
    "gptj": ("GPTJ", {**_GPT2_LIKE, "rotary_dim": 4}),
    "gpt_neox": ("GPTNeoX", {k: v for k, v in _LLAMA_LIKE.items() if k != "num_key_value_heads"}),
    "llama": ("Llama", _LLAMA_LIKE),
    "mistral": ("Mistral", {**_LLAMA_LIKE, "sliding_window": 8}),
    "qwen2": ("Qwen2", _LLAMA_LIKE),
    "qwen3": ("Qwen3", {**_LLAMA_LIKE, "head_dim": 8}),
    "gemma": ("Gemma", {**_LLAMA_LIKE, "head_dim": 8}),
    "gemma2": ("Gemma2", {**_LLAMA_LIKE, "head_dim": 8, "sliding_window": 8, "query_pre_attn_scalar": 8}),
    "gemma3_text": (
        "Gemma3Text",
        {
            **_LLAMA_LIKE,
            "head_dim": 8,
            "sliding_window": 8,
            "query_pre_attn_scalar": 8,
            "layer_types": ["sliding_attention", "full_attention"] * (N_LAYERS // 2),
        },
    ),
    "smollm3": ("SmolLM3", {**_LLAMA_LIKE, **_NO_PADDING}),
    "olmo": ("Olmo", _LLAMA_LIKE),
    "olmo2": ("Olmo2", _LLAMA_LIKE),
    "stablelm": ("StableLm", _LLAMA_LIKE),
    "granite": ("Granite", _LLAMA_LIKE),
    "cohere": ("Cohere", _LLAMA_LIKE),
    "cohere2": ("Cohere2", {**_LLAMA_LIKE, "sliding_window": 8}),
    "phi": ("Phi", _LLAMA_LIKE),
    "falcon": ("Falcon", {**_FEW_HEADS, "ffn_hidden_size": 48}),
    "falcon alibi": ("Falcon", {**_FEW_HEADS, "ffn_hidden_size": 48, "alibi": True}),
    "gpt_bigcode": ("GPTBigCode", _GPT2_LIKE),
    "codegen": ("CodeGen", {**_GPT2_LIKE, "rotary_dim": 4}),
    "starcoder2": ("Starcoder2", {**_LLAMA_LIKE, "sliding_window": 8}),
    "nemotron": ("Nemotron", _LLAMA_LIKE),
    "xglm": (
        "XGLM",
        {
            "d_model": 32,
            "num_layers": N_LAYERS,
            "attention_heads": 4,
            "ffn_dim": 48,
            "max_position_embeddings": CONTEXT,
        },
    ),
    "opt": ("OPT", {**_OPT, "word_embed_proj_dim": 32}),
    "opt post-norm": ("OPT", {**_OPT, "word_embed_proj_dim": 16, "do_layer_norm_before": False}),
    "bloom": ("Bloom", {"hidden_size": 32, "n_layer": N_LAYERS, "n_head": 4, "seq_length": CONTEXT}),
    "mpt": ("Mpt", {"d_model": 32, "n_layers": N_LAYERS, "n_heads": 4, "max_seq_len": CONTEXT}),
    "phi3": ("Phi3", {**_LLAMA_LIKE, **_NO_PADDING, "sliding_window": 8}),
    "modernbert-decoder": ("ModernBertDecoder", {**_FEW_HEADS, "intermediate_size": 48, **_FIRST_PADS}),
}


def random_model(name: str, tokenizer: transformers.PreTrainedTokenizerFast) -> Any:
    """A causal language model of a family, always with the same random weights. ``name`` is a key of ``TINY``."""
    import torch
    import transformers

    kind, settings = TINY[name]
    config = getattr(transformers, f"{kind}Config")(
        **{**settings, "vocab_size": len(tokenizer), "initializer_range": 0.1},
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    torch.manual_seed(7)
    return transformers.AutoModelForCausalLM.from_config(config)


def save_tokenizer(folder: Path) -> transformers.PreTrainedTokenizerFast:
    """Train a small byte-level BPE and write its files: every text has tokens, an emoji four of them."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["time people the walking to and then " * 3, _TRAINING_TEXT], trainer)
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=END_OF_TEXT, eos_token=END_OF_TEXT, unk_token=END_OF_TEXT
    )
    wrapped.save_pretrained(folder)
    return wrapped
