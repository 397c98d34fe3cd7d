"""A model's nonlinearity as a function of arrays.

activation = Nonlinearity(module)(pre_activation)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

# Values in one step: all intermediate arrays of a step fit in the CPU's cache.
_STEP = 1 << 18


class Nonlinearity:
    """The function that a module computes for each value alone. It holds the module, but not the network.

    Parameters
    ----------
    module : Module
        Without parameters, such as ``torch.nn.GELU``.

    Examples
    --------
    >>> from torch import nn
    >>> Nonlinearity(nn.ReLU())(np.array([-1.0, 2.0], dtype=np.float32))
    array([0., 2.], dtype=float32)
    """

    def __init__(self, module: torch.nn.Module) -> None:
        self._module = module

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """A new float32 array of the same shape. ``values`` may be read-only; it does not change."""
        import torch

        # The copy is what the function is computed in: PyTorch warns about read-only arrays, such as mapped files.
        out = np.array(values, dtype=np.float32, order="C")
        flat = torch.from_numpy(out.reshape(-1))
        with torch.inference_mode():
            for step in flat.split(_STEP):
                step.copy_(self._module(step))
        return out
