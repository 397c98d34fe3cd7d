"""Style that all figures share: colours of the classes (Okabe & Ito 2008), margins, position of the legend."""

from __future__ import annotations

from typing import Any

Picture = dict[str, Any]

TARGET_COLOUR = "#D55E00"
BASELINE_COLOUR = "#0072B2"
NEUTRAL_COLOUR = "#8A8F98"

# Large enough for titles, tick labels and two lines of a legend: if it is not, plotly finds that out after it has drawn
# everything, and draws everything again.
MARGIN = {"l": 76, "r": 20, "t": 20, "b": 68}
LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0}
