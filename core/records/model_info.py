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

    def check_layer(self, layer: int) -> None:
        """Raise UserError if the model does not have this layer (0-based)."""
        if not 0 <= layer < self.n_layers:
            raise UserError(
                f"Layer {layer} was asked for; {self.name} has layers 0 to {self.n_layers - 1}.", about="layer"
            )
