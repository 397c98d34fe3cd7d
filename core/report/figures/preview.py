"""A still picture of the scatter, for the seconds before the browser has the plotting library."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from core.report.figures.style import Picture

# Points are whole numbers of these units in each direction.
_UNITS = 1000


def scatter_preview(picture: Picture) -> str:
    """The points of the packed picture of ``neuron_scatter`` as an SVG image, in a ``data:`` address.

    It is what is between the margins, and stretches to any size. Every point is a dot in its colour. There is no text.
    """
    points, layout = picture["data"][0], picture["layout"]
    marker = points["marker"]
    neurons = range(len(points["y"]))
    across, up = _along(neurons, layout["xaxis"]["range"]), _along(points["y"], layout["yaxis"]["range"])
    dots: list[list[str]] = [[] for _ in marker["colorscale"]]
    last = [(0, 0) for _ in dots]
    for kind, x, y in zip(marker["color"], across, up, strict=True):
        if x is not None and y is not None:
            dots[kind].append(f"m{x - last[kind][0]} {_UNITS - y - last[kind][1]}h0")  # relative is shorter
            last[kind] = x, _UNITS - y
    paths = "".join(
        f'<path d="{"".join(its)}" stroke="{colour}" vector-effect="non-scaling-stroke"/>'
        for its, (_, colour) in zip(dots, marker["colorscale"], strict=True)
    )
    return "data:image/svg+xml," + quote(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_UNITS} {_UNITS}" preserveAspectRatio="none">'
        f'<g stroke-width="6" stroke-linecap="round" stroke-opacity=".9">{paths}</g></svg>',
        safe=" /=:;,.-()",
    )


def _along(values: Iterable[float | None], ends: list[float]) -> list[int | None]:
    """How far values are from one end of an axis to the other."""
    low, high = ends
    return [None if value is None else round(_UNITS * (value - low) / (high - low)) for value in values]
