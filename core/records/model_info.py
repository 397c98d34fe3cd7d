"""Facts about a loaded model."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UserError


@dataclass(frozen=True)
class ModelInfo:
    """Facts about a loaded model that a reader needs to reproduce a result.

    ``processor`` is the GPU's name, or the widest arithmetic of the CPU, such as "AVX512": last bits depend on it.
    ``start_token`` is the name of the beginning-of-text token, or of the end-of-text token if there is no other, or
    None. ``hook_paths`` are the modules of the base model that are read before and after the nonlinearity, with ``{}``
    for the layer: ``("h.{}.mlp.c_fc", "h.{}.mlp.c_proj")``, the output of the first and the input of the second.
    ``base_path`` is where the base model is within the causal one, such as ``"transformer"``.
    """

    name: str
    revision: str
    architecture: str
    n_layers: int
    d_mlp: int
    context: int
    n_parameters: int
    device: str
    dtype: str
    notes: tuple[str, ...] = ()
    start_token: str | None = None
    start_token_is_end_of_text: bool = False
    processor: str = ""
    hook_paths: tuple[str, str] = ("", "")
    base_path: str = ""

    def hook_path(self, layer: int, side: str) -> str:
        """The full path of the module at which one side of a layer is read, within the causal model.

        Its output is the pre-activation, its input the activation. Empty if the paths are not known.

        Examples
        --------
        >>> paths = {"hook_paths": ("h.{}.mlp.c_fc", "h.{}.mlp.c_proj"), "base_path": "transformer"}
        >>> model = ModelInfo("own", "r1", "gpt_neo", 6, 512, 64, 9, "cpu", "float32", **paths)
        >>> model.hook_path(3, "pre-activation")
        'transformer.h.3.mlp.c_fc'
        """
        path = self.hook_paths[0 if side == "pre-activation" else 1].format(layer)
        return f"{self.base_path}.{path}" if self.base_path and path else path

    def check_layer(self, layer: int) -> None:
        """Raise UserError if the model does not have this layer (0-based)."""
        if not 0 <= layer < self.n_layers:
            raise UserError(
                f"Layer {layer} was asked for; {self.name} has layers 0 to {self.n_layers - 1}.", about="layer"
            )
