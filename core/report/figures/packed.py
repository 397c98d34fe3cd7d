"""Arrays of a picture as JSON can hold them."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np


def packed(part: Any) -> Any:
    """A part of a picture in which each array is replaced: by a list, or by its bytes in base 64 if it has more axes.

    Browsers read bytes much faster than lists. But of a plain row of bytes, plotly.js does not see that it is the one
    that is drawn already, and draws it again (``getDiffFlags`` of its ``plot_api.js``).

    Examples
    --------
    >>> packed({"y": np.array([0.1, np.nan], dtype=np.float32), "z": np.array([[1], [2]], dtype=np.int8)})
    {'y': [0.1, None], 'z': {'dtype': 'i1', 'bdata': 'AQI=', 'shape': '2, 1'}}
    """
    if isinstance(part, dict):
        return {name: packed(inner) for name, inner in part.items()}
    if isinstance(part, list):
        return [packed(inner) for inner in part] if part and isinstance(part[0], (dict, list)) else part
    if not isinstance(part, np.ndarray):
        return part
    if part.ndim == 1:
        return _listed(part)
    shape = ", ".join(map(str, part.shape))  # the bytes are flat: plotly restores the shape from this
    return {"dtype": part.dtype.str[1:], "bdata": base64.b64encode(part.tobytes()).decode(), "shape": shape}


def _listed(row: np.ndarray) -> list[Any]:
    """The values of a row, floats with as few digits as tell them apart, and NaN as None."""
    if row.dtype.kind != "f":
        return list(row.tolist())
    shortest = row.astype(str).astype(np.float64).tolist()
    return [None if math.isnan(value) else value for value in shortest]
