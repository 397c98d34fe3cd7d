"""Where each family of models keeps its MLP neurons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """Where one family of models keeps its MLP neurons.

    ``mlp`` is the module path of a layer's MLP below the base model, ``expand`` its expansion layer (whose
    output is the pre-activation) and ``contract`` its down-projection (whose input is the activation; in
    gated models the gated product, while the pre-activation is the gate's).
    """

    mlp: str
    expand: str
    contract: str


ARCHITECTURES = {
    "gpt_neo": Architecture("h.{}.mlp", "c_fc", "c_proj"),
    "gpt2": Architecture("h.{}.mlp", "c_fc", "c_proj"),
    "gptj": Architecture("h.{}.mlp", "fc_in", "fc_out"),
    "gpt_neox": Architecture("layers.{}.mlp", "dense_h_to_4h", "dense_4h_to_h"),
    "llama": Architecture("layers.{}.mlp", "gate_proj", "down_proj"),
    "mistral": Architecture("layers.{}.mlp", "gate_proj", "down_proj"),
    "qwen2": Architecture("layers.{}.mlp", "gate_proj", "down_proj"),
    "qwen3": Architecture("layers.{}.mlp", "gate_proj", "down_proj"),
}
