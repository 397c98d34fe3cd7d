"""The catalogue, against transformers' own count of parameters, the bundled model, the hub's cache, the docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from huggingface_hub import constants
from huggingface_hub.file_download import repo_folder_name

from core.models import BUNDLED, CATALOGUE, Folders, is_here, load_model
from core.models.hook_points import HOOK_POINTS

ROOT = Path(__file__).parents[3]

# The sizes in each model's config.json on the hub.
_GPT2 = {"n_embd": 768, "n_layer": 12, "n_head": 12}
_SMOLLM2: dict[str, Any] = {"vocab_size": 49_152, "tie_word_embeddings": True}
_QWEN: dict[str, Any] = {"vocab_size": 151_936, "tie_word_embeddings": True}


def _neox(width: int, layers: int, heads: int) -> transformers.PretrainedConfig:
    sizes = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads}
    return transformers.GPTNeoXConfig(vocab_size=50_304, intermediate_size=4 * width, **sizes)


def _like_llama(kind: str, width: int, layers: int, heads: tuple[int, int], d_mlp: int, **more: Any) -> Any:
    sizes = {"hidden_size": width, "num_hidden_layers": layers, "intermediate_size": d_mlp}
    sizes |= {"num_attention_heads": heads[0], "num_key_value_heads": heads[1]}
    return getattr(transformers, f"{kind}Config")(**sizes, **more)


CONFIGS = {
    "EleutherAI/gpt-neo-125m": transformers.GPTNeoConfig(
        hidden_size=768, num_layers=12, num_heads=12, attention_types=[[["global", "local"], 6]]
    ),
    "openai-community/gpt2": transformers.GPT2Config(**_GPT2),
    "distilbert/distilgpt2": transformers.GPT2Config(**{**_GPT2, "n_layer": 6}),
    "openai-community/gpt2-medium": transformers.GPT2Config(n_embd=1024, n_layer=24, n_head=16),
    "EleutherAI/pythia-70m": _neox(512, 6, 8),
    "EleutherAI/pythia-160m": _neox(768, 12, 12),
    "EleutherAI/pythia-410m": _neox(1024, 24, 16),
    "HuggingFaceTB/SmolLM2-135M": _like_llama("Llama", 576, 30, (9, 3), 1536, **_SMOLLM2),
    "HuggingFaceTB/SmolLM2-360M": _like_llama("Llama", 960, 32, (15, 5), 2560, **_SMOLLM2),
    "Qwen/Qwen2.5-0.5B": _like_llama("Qwen2", 896, 24, (14, 2), 4864, **_QWEN),
    "Qwen/Qwen3-0.6B-Base": _like_llama("Qwen3", 1024, 28, (16, 8), 3072, head_dim=128, **_QWEN),
    "google/gemma-3-270m": _like_llama(
        "Gemma3Text", 640, 18, (4, 1), 2048, head_dim=256, vocab_size=262_144, tie_word_embeddings=True
    ),
}


def test_every_model_but_the_bundled_one_is_compared() -> None:
    assert set(CATALOGUE) == {BUNDLED, *CONFIGS}


@pytest.mark.parametrize("name", CONFIGS)
def test_sizes_are_those_of_the_architecture(name: str) -> None:
    """Parameters as transformers counts them, without memory for any; layers and neurons at the hook points."""
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(CONFIGS[name])
    about, points = CATALOGUE[name], HOOK_POINTS[model.config.model_type]
    assert about.n_parameters == sum(parameter.numel() for parameter in model.parameters())
    last = model.base_model.get_submodule(points.path(about.n_layers - 1, "pre-activation"))
    assert about.d_mlp == (last.nf if hasattr(last, "nf") else last.out_features)
    with pytest.raises(AttributeError):
        model.base_model.get_submodule(points.path(about.n_layers, "pre-activation"))
    # Stored in 16 or 32 bits; some files also hold the attention masks, in 1 byte or 4 for each pair of positions.
    assert 0.99 * 2 * about.n_parameters < about.download_mb * 1e6 < 1.15 * 4 * about.n_parameters


def test_the_bundled_model() -> None:
    lm, about = load_model(BUNDLED), CATALOGUE[BUNDLED]
    assert (about.n_layers, about.d_mlp, about.n_parameters) == (lm.n_layers, lm.d_mlp, lm.info.n_parameters)
    assert f"{lm.tokenizer.get_vocab_size():,}-token" == about.tokenizer


def test_the_docs_have_the_same_table() -> None:
    text = (ROOT / "docs" / "reference" / "models.md").read_text(encoding="utf-8")
    shown = text.split("<!-- generated: models -->")[1].split("<!-- end -->")[0].strip().splitlines()[2:]
    expected = []
    for name, about in CATALOGUE.items():
        size = f"{about.download_mb:,} MB" if about.download_mb else "in the repository"
        licence = f"{about.licence}, to be accepted on the hub" if about.gated else about.licence
        parameters = re.sub(r"\.0$", "", f"{about.n_parameters / 1e6:.1f}")
        cells = (f"`{name}`", f"{about.n_layers} × {about.d_mlp:,}", f"{parameters} M", about.tokenizer, licence, size)
        expected.append(f"| {' | '.join((*cells, about.interest))} |")
    assert shown == expected


def test_a_model_is_here_once_its_last_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the hub library lays its cache out: a configuration, a tokenizer, then one of two shards, then the other."""
    name = "EleutherAI/pythia-160m"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    storage = tmp_path / repo_folder_name(repo_id=name, repo_type="model")
    assert not is_here(name)
    snapshot = storage / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (storage / "refs").mkdir()
    (storage / "refs" / "main").write_text("0" * 40)
    (snapshot / "config.json").write_text("{}")
    (snapshot / "tokenizer.json").write_text("{}")
    index = '{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}'
    (snapshot / "model.safetensors.index.json").write_text(index)
    for shard in (1, 2):
        assert not is_here(name)
        (snapshot / f"model-{shard}.safetensors").touch()
    assert is_here(name)


def test_a_folder_is_here_where_folders_are_allowed(tmp_path: Path) -> None:
    assert is_here(str(tmp_path)) and not is_here(str(tmp_path), Folders(allowed=False))
    assert not is_here("no such \0 name")
