"""Figures: records in, pictures out. One file for each figure.

Colours are safe for colour-blind readers, and shapes or places repeat what colours show. The page sets fonts and
backgrounds. Plotly interprets tags in labels, so every text that a user may have typed is escaped.

A ``Picture`` is the dictionary that plotly's JavaScript reads. To build it with plotly's classes takes ten times as
long. ``go.Figure(picture)`` validates it, as the tests do. Those of all layers (``every_layer``) are imported where
they are drawn, which is late.
"""

from core.report.figures.layers import layer_profile
from core.report.figures.means import mean_activations
from core.report.figures.packed import packed
from core.report.figures.preview import scatter_preview
from core.report.figures.scatter import neuron_scatter, waiting
from core.report.figures.spread import neuron_spread
from core.report.figures.style import Picture
from core.report.figures.volcano import neuron_volcano
from core.report.figures.words import BOUND, image_columns, words_image

__all__ = [
    "BOUND",
    "Picture",
    "image_columns",
    "layer_profile",
    "mean_activations",
    "neuron_scatter",
    "neuron_spread",
    "neuron_volcano",
    "packed",
    "scatter_preview",
    "waiting",
    "words_image",
]
