"""Charts: turn a picture into the object that Streamlit sends to the browser."""

from __future__ import annotations

from functools import lru_cache

import plotly.io
from plotly.basedatatypes import BaseFigure

from core.report.figures import Picture, packed


class Chart(BaseFigure):
    """A picture for ``st.plotly_chart``, which accepts it as a figure, but neither validates nor copies it.

    Do not change it: other sessions show the same object.
    """

    def __init__(self, picture: Picture) -> None:
        # BaseFigure.__init__ is not called: it makes an object for every part, which takes longer than the whole page.
        layout = {"template": _template(plotly.io.templates.default), **picture["layout"]}
        self._plain = packed({"data": picture["data"], "layout": layout})

    def to_dict(self) -> Picture:
        """The dictionary that plotly's JavaScript reads."""
        return self._plain


@lru_cache(maxsize=4)
def _template(name: str | None) -> Picture:
    """plotly's default template. Streamlit replaces it by its own."""
    return plotly.io.templates[name].to_plotly_json() if name else {}
