"""The profile of layers: how many neurons of each layer are significant, in each direction."""

from __future__ import annotations

import numpy as np

from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, TARGET_COLOUR, Picture, in_lines, literal


def layer_profile(higher: np.ndarray, lower: np.ndarray, layer: int, target: str, baseline: str) -> Picture:
    """Bars of the significant neurons of each layer: those higher for the target up, for the baseline down.

    Parameters
    ----------
    higher, lower : ndarray of shape (n_layers,)
        Counts, from ``core.experiment.layer_counts``.
    layer : int
        The layer to emphasise.
    target, baseline : str
        Names of the word classes.
    """
    layers = np.arange(len(higher), dtype=np.int32)
    bars = [
        {
            "type": "bar",
            "x": layers,
            "y": (sign * counts).astype(np.int32),
            "name": in_lines(f"Significantly higher for {name}", 48),
            "marker": {"color": colour, "opacity": np.where(layers == layer, 1.0, 0.45)},
            "text": [f"{count:,}" for count in counts],
            "textposition": "outside",
            "hovertemplate": "Layer %{x}: %{text} neurons<br>significantly higher for "
            + literal(name)
            + "<extra></extra>",
            "cliponaxis": False,
        }
        for name, counts, sign, colour in ((target, higher, 1, TARGET_COLOUR), (baseline, lower, -1, BASELINE_COLOUR))
    ]
    bound = 1.25 * max(1, int(max(higher.max(initial=0), lower.max(initial=0))))
    title = {"text": "Significant neurons"}
    layout = {
        "height": 300,
        "margin": {**MARGIN, "t": 46},
        "barmode": "relative",
        "legend": LEGEND,
        "dragmode": False,  # a press goes to a layer
        "hovermode": "x",  # of a layer without significant neurons too
        "xaxis": {"title": {"text": "Layer"}, "tickmode": "linear", "dtick": 1},
        "yaxis": {"title": title, "showticklabels": False, "showgrid": False, "range": [-bound, bound]},
    }
    return {"data": bars, "layout": layout}
