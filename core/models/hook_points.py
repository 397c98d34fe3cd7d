"""The modules at which the MLP neurons of each architecture are read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HookPoints:
    """The module paths, in the base model of one architecture, at which MLP neurons are read.

    ``mlp`` is the MLP of a layer. ``expand`` is its expansion layer; the output is the pre-activation. ``contract`` is
    its down-projection; the input is the activation. In a gated model, the pre-activation is the gate's, and the
    activation is the gated product. ``nonlinearity`` is the module between the two; None in a gated model, whose
    activation does not follow from its pre-activation.
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
        return f"{self.mlp.format(layer)}.{self.expand if side == 'pre-activation' else self.contract}"


HOOK_POINTS = {
    "gpt_neo": HookPoints("h.{}.mlp", "c_fc", "c_proj", "act"),
    "gpt2": HookPoints("h.{}.mlp", "c_fc", "c_proj", "act"),
    "gptj": HookPoints("h.{}.mlp", "fc_in", "fc_out", "act"),
    "gpt_neox": HookPoints("layers.{}.mlp", "dense_h_to_4h", "dense_4h_to_h", "act"),
    "llama": HookPoints("layers.{}.mlp", "gate_proj", "down_proj", None),
    "mistral": HookPoints("layers.{}.mlp", "gate_proj", "down_proj", None),
    "qwen2": HookPoints("layers.{}.mlp", "gate_proj", "down_proj", None),
    "qwen3": HookPoints("layers.{}.mlp", "gate_proj", "down_proj", None),
}
