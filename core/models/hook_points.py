"""The modules at which the MLP neurons of each architecture are read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HookPoints:
    """The module paths, in the base model of one architecture, at which MLP neurons are read.

    ``mlp`` is the MLP of a layer, or the layer if that holds the MLP's modules itself. ``expand`` is its expansion
    layer; the output is the pre-activation. ``contract`` is its down-projection; the input is the activation. In a
    gated model, the pre-activation is the gate's, and the activation is the gated product. ``nonlinearity`` is the
    module between the two; None in a gated model, whose activation does not follow from its pre-activation. A gated
    model may compute gate and product in one layer: then the gate is the first half of the output of ``expand``.
    """

    mlp: str
    expand: str
    contract: str
    nonlinearity: str | None

    def path(self, layer: int, side: str) -> str:
        """The path of the module at which one side of a layer is read.

        Examples
        --------
        >>> HOOK_POINTS["gpt_neo"].path(3, "pre-activation")
        'h.3.mlp.c_fc'
        """
        return self.template(side).format(layer)

    def template(self, side: str) -> str:
        """The path of the module at which one side is read, with ``{}`` for the layer.

        Examples
        --------
        >>> HOOK_POINTS["gpt_neo"].template("activation")
        'h.{}.mlp.c_proj'
        """
        return f"{self.mlp}.{self.expand if side == 'pre-activation' else self.contract}"

    def layer_path(self, layer: int) -> str:
        """The path of a whole layer.

        Examples
        --------
        >>> HOOK_POINTS["mpt"].layer_path(3)
        'blocks.3'
        """
        return self.mlp[: self.mlp.index("{}") + 2].format(layer)


_GPT2 = HookPoints("h.{}.mlp", "c_fc", "c_proj", "act")
_GPT_NEOX = HookPoints("layers.{}.mlp", "dense_h_to_4h", "dense_4h_to_h", "act")
_GPT_J = HookPoints("h.{}.mlp", "fc_in", "fc_out", "act")
_LLAMA = HookPoints("layers.{}.mlp", "gate_proj", "down_proj", None)

# By the model_type of config.json.
HOOK_POINTS = {
    "bloom": HookPoints("h.{}.mlp", "dense_h_to_4h", "dense_4h_to_h", "gelu_impl"),
    "codegen": _GPT_J,
    "cohere": _LLAMA,
    "cohere2": _LLAMA,
    "falcon": HookPoints("h.{}.mlp", "dense_h_to_4h", "dense_4h_to_h", "act"),
    "gemma": _LLAMA,
    "gemma2": _LLAMA,
    "gemma3_text": _LLAMA,
    "gpt2": _GPT2,
    "gpt_bigcode": _GPT2,
    "gpt_neo": _GPT2,
    "gpt_neox": _GPT_NEOX,
    "gptj": _GPT_J,
    "granite": _LLAMA,
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "modernbert-decoder": HookPoints("layers.{}.mlp", "Wi", "Wo", None),  # Wi: gate and product in one layer
    "mpt": HookPoints("blocks.{}.ffn", "up_proj", "down_proj", "act"),
    "nemotron": HookPoints("layers.{}.mlp", "up_proj", "down_proj", "act_fn"),
    "olmo": _LLAMA,
    "olmo2": _LLAMA,
    # Its layers, like XGLM's, have no module for the MLP, and see all tokens of a batch in one row.
    "opt": HookPoints("decoder.layers.{}", "fc1", "fc2", "activation_fn"),
    "phi": HookPoints("layers.{}.mlp", "fc1", "fc2", "activation_fn"),
    "phi3": HookPoints("layers.{}.mlp", "gate_up_proj", "down_proj", None),
    "qwen2": _LLAMA,
    "qwen3": _LLAMA,
    "smollm3": _LLAMA,
    "stablelm": _LLAMA,
    "starcoder2": HookPoints("layers.{}.mlp", "c_fc", "c_proj", "act"),
    "xglm": HookPoints("layers.{}", "fc1", "fc2", "activation_fn"),
}
