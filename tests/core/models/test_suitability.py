"""What a config.json alone says against a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import transformers

from core.errors import UserError
from core.models import load_model
from core.models.hook_points import HOOK_POINTS
from core.models.suitability import check_config
from tests.support.tiny_models import assert_one_sentence, change_config, copy_folder

Folder = Callable[[str], Path]

# (a configuration of transformers, what it is changed by) -> a word of the reason.
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("T5Config", {}, "encoder-decoder"),
    ("BartConfig", {}, "encoder-decoder"),
    ("BertConfig", {"architectures": ["BertForMaskedLM"]}, "masked"),
    ("ModernBertConfig", {"architectures": ["ModernBertForMaskedLM"]}, "masked"),
    ("MambaConfig", {}, "no MLP"),
    ("Mamba2Config", {}, "no MLP"),
    ("RwkvConfig", {}, "no MLP"),
    ("MixtralConfig", {}, "mixture of 8 experts"),
    ("Qwen2MoeConfig", {}, "mixture of 60 experts"),
    ("OlmoeConfig", {}, "mixture of 64 experts"),
    ("DbrxConfig", {}, "experts"),
    ("DeepseekV3Config", {}, "mixture of 256 experts"),
    ("Ernie4_5_MoeConfig", {}, "mixture of 64 experts"),
    ("Gemma3Config", {}, "other inputs"),
    ("LlavaConfig", {}, "other inputs"),
    ("LlamaConfig", {"quantization_config": {"quant_method": "gptq", "bits": 4}}, "quantised (gptq)"),
    ("LlamaConfig", {"quantization_config": {"quant_method": "awq"}}, "quantised (awq)"),
    ("LlamaConfig", {"quantization_config": {"load_in_4bit": True}}, "quantised (by an unnamed method)"),
    ("LlamaConfig", {"quantization": {"group_size": 64, "bits": 4}}, "quantised"),
    ("LlamaConfig", {"quantization_config": {}}, "quantised"),
    # What transformers has the type for, where the file does not say it.
    ("T5Config", {"is_encoder_decoder": False}, "encoder-decoder"),
    ("BertConfig", {}, "masked"),
    ("RobertaConfig", {}, "masked"),
    ("Gemma3Config", {"text_config": None, "vision_config": None}, "other inputs"),
    ("LlavaConfig", {"text_config": None, "vision_config": None}, "other inputs"),
    ("MptConfig", {"attn_config": {"alibi": False}}, "without ALiBi"),
    ("GPT2Config", {"n_layer": 0}, "n_layer"),
    ("LlamaConfig", {"num_hidden_layers": -1}, "num_hidden_layers"),
    ("LlamaConfig", {"num_hidden_layers": "12"}, "num_hidden_layers"),
    ("LlamaConfig", {"model_type": None}, "model_type"),
]


@pytest.mark.parametrize(("config", "changes", "word"), REFUSED)
def test_what_is_refused(config: str, changes: dict[str, Any], word: str) -> None:
    """Each kind of model, as transformers itself would write its config.json, with its reason."""
    with pytest.raises(UserError) as caught:
        check_config("owner/model", {**getattr(transformers, config)().to_dict(), **changes})
    assert_one_sentence(caught.value, "owner/model", word)


@pytest.mark.parametrize("kind", HOOK_POINTS)
def test_every_family_of_the_table_is_suitable(kind: str) -> None:
    """With the configuration that transformers writes by default."""
    check_config("owner/model", transformers.AutoConfig.for_model(kind).to_dict())


def test_it_is_said_before_the_weights_are_read(tiny_folder: Folder, tmp_path: Path) -> None:
    """A folder whose weights are broken, too: the reason is the configuration."""
    folder = copy_folder(tiny_folder("gpt2"), tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"broken")
    change_config(folder, quantization_config={"quant_method": "bitsandbytes"})
    with pytest.raises(UserError, match="bitsandbytes"):
        load_model(str(folder))
