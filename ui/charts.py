"""Charts: a picture becomes what Streamlit sends, once for all who are shown it."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

import numpy as np
import plotly.io
from plotly.basedatatypes import BaseFigure

from core.figures import Picture


class Chart(BaseFigure):
    """A picture ready to be sent, which ``st.plotly_chart`` takes for a figure, and neither checks nor copies.

    Not to be changed: others are shown it too.
    """

    def __init__(self, picture: Picture) -> None:
        # Not BaseFigure's: it makes an object of every part, which takes longer than all the rest of a page.
        layout = {"template": _template(plotly.io.templates.default), **picture["layout"]}
        self._plain = _packed({"data": picture["data"], "layout": layout})

    def to_dict(self) -> Picture:
        """What plotly's JavaScript reads."""
        return self._plain


@lru_cache(maxsize=4)
def _template(name: str | None) -> Picture:
    """The look that plotly gives a figure which says nothing of it: Streamlit sets its own."""
    return plotly.io.templates[name].to_plotly_json() if name else {}


def _packed(part: Any) -> Any:
    """A part with each array as its bytes in base 64, which browsers read far faster than lists."""
    if isinstance(part, dict):
        return {name: _packed(inner) for name, inner in part.items()}
    if isinstance(part, list):
        return [_packed(inner) for inner in part] if part and isinstance(part[0], (dict, list)) else part
    if not isinstance(part, np.ndarray):
        return part
    packed = {"dtype": part.dtype.str[1:], "bdata": base64.b64encode(part.tobytes()).decode()}
    if part.ndim > 1:
        packed["shape"] = ", ".join(map(str, part.shape))
    return packed
