"""The picture of a check that has none of its own: its number, with its interval."""

from __future__ import annotations

from core.records import Finding
from core.report.figures.style import MARGIN, TARGET_COLOUR, Picture
from core.report.readable import readable_number


def plain_picture(finding: Finding, value: str) -> Picture:
    """A dot at the finding's number, which is called ``value``, with a bar over its interval.

    Examples
    --------
    >>> picture = plain_picture(Finding("holds", "", "", 0.9, (0.8, 0.95)), "AUC")
    >>> picture["data"][0]["error_x"]["array"], picture["layout"]["xaxis"]["title"]["text"]
    ([0.04999999999999993], 'AUC')
    """
    dots: dict[str, object] = {
        "type": "scatter",
        "x": [] if finding.value is None else [finding.value],
        "y": [] if finding.value is None else [value],
        "mode": "markers",
        "marker": {"color": TARGET_COLOUR, "size": 11},
        "hovertemplate": "%{y}: %{x}<extra></extra>",
    }
    if finding.value is not None and finding.interval is not None:
        low, high = finding.interval
        ends = {"array": [high - finding.value], "arrayminus": [finding.value - low]}
        dots["error_x"] = {"type": "data", "symmetric": False, "thickness": 2, **ends}
        dots["hovertemplate"] = f"%{{y}}: %{{x}} ({readable_number(low)} to {readable_number(high)})<extra></extra>"
    layout = {
        "height": 150,
        "showlegend": False,
        "margin": {**MARGIN, "l": 30},
        "xaxis": {"title": {"text": value}},
        "yaxis": {"showticklabels": False, "showgrid": False},
    }
    return {"data": [dots], "layout": layout}
