"""The map of a model: every neuron of every layer in one picture, for a browser that draws the points by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.records import STRONG_AUC
from core.records.layers import AllLayers
from core.report.figures.points import LAYOUT, legend_entry, with_room
from core.report.figures.style import (
    BASELINE_COLOUR,
    MARGIN,
    NEUTRAL_COLOUR,
    TARGET_COLOUR,
    Picture,
    in_lines,
)
from core.report.glossary import SIDE_WORDS, statistic_name
from core.report.sentences import STRONG_LIMITS, class_names

# What a map can show: each neuron by its index, in a band for each layer; or its statistic against its AUC.
VIEWS = ("layers", "auc")
# How a neuron looks, by its kind: the colour's role in the palette, its symbol, its size in pixels, its opacity. Kinds
# are not significant; significantly higher for target and baseline; the same, and strong. Later ones are on top.
LOOKS = (
    ("neutral", "circle", 3.5, 0.5),
    ("target", "up", 5.5, 0.65),
    ("baseline", "down", 5.5, 0.65),
    ("target", "up", 10, 1),
    ("baseline", "down", 10, 1),
)
SILENT, REVERSES = 1, 2  # bits of a neuron's marks
HALF_BAND = 0.46  # of the distance between two layers: where the model's largest statistic is in its band
EVEN_UP_TO = 3.0  # the absolute statistic up to which the scale of a band is nearly even
_LEGEND_LINE = 48  # characters: a phone is no wider
_LEAST, _MOST, _BAND = 520, 900, 30  # pixels: heights of the picture, and of a layer's band
_MOST_TICKS = 16


@dataclass(frozen=True, eq=False)
class NeuronMap:
    """A map: its axes and legend, and its points.

    ``frame`` is a picture without points. ``points`` are bytes that ``ui/point_cloud`` reads: a header with the names
    of the columns, and each column of numbers, one for each neuron of each layer (``encoded``). ``drawn`` says in a few
    characters what the map shows, and ``largest`` is the absolute statistic that the edge of a layer's band stands for.
    """

    frame: Picture
    points: bytes
    drawn: str
    largest: float


def neuron_map(found: AllLayers, view: str) -> NeuronMap:
    """The map of all neurons of all layers.

    Parameters
    ----------
    found : AllLayers
    view : str
        One of ``VIEWS``. ``layers``: the index to the right, the layers upward. A neuron is above the middle line of
        its layer's band if it is higher for the target, and the farther the larger its statistic is (``band_heights``).
        All bands have the same scale. ``auc``: the AUC at the tested side to the right, the statistic upward.

    Returns
    -------
    NeuronMap
        Point ``i`` is neuron ``i % n_neurons`` of the layer at ``i // n_neurons``. A neuron that was not tested has a
        NaN, and is not drawn. Nothing in it depends on the spec's layer.

    Raises
    ------
    ValueError
        The view is unknown.
    """
    if view not in VIEWS:
        raise ValueError(f"unknown view {view!r}; there are {', '.join(VIEWS)}")
    columns = _columns(found)
    if view == "layers":
        columns["height"] = band_heights(found)
    tested = "before" if found.spec.hook_side == "pre-activation" else "after"
    drawn = f"{found.spec.changed(layer=0).digest}-{view}"
    header = {
        "drawn": drawn,
        "layers": list(found.layers),
        "neurons": found.n_neurons,
        "axes": ["neuron", "height"] if view == "layers" else [tested, "statistic"],
        "letter": statistic_name(found.spec.test),
        "looks": [dict(zip(("role", "symbol", "size", "opacity"), look, strict=True)) for look in LOOKS],
    }
    return NeuronMap(_frame(found, view), encoded(header, columns), drawn, largest_statistic(found))


def band_heights(found: AllLayers) -> np.ndarray:
    """Where neurons are in the view by layers: (n_layers, n_neurons), NaN for one that was not tested.

    The scale of a band is the inverse hyperbolic sine of the statistic over ``EVEN_UP_TO``: nearly even up to there,
    and logarithmic beyond. On an even scale, the model's largest statistic would press all others to the middle.
    """
    middle, statistic = np.array(found.layers, dtype=np.float64)[:, None], found.tests.statistic
    return middle + HALF_BAND * np.arcsinh(statistic / EVEN_UP_TO) / np.arcsinh(largest_statistic(found) / EVEN_UP_TO)


def largest_statistic(found: AllLayers) -> float:
    """The largest absolute statistic of the model, which the edge of a band stands for; 1 if there is none."""
    statistic = np.abs(found.tests.statistic)
    return float(statistic.max(where=np.isfinite(statistic), initial=0.0)) or 1.0


def kinds(found: AllLayers) -> np.ndarray:
    """The kind of each neuron, whose look is in ``LOOKS``: uint8 (n_layers, n_neurons)."""
    higher = np.where(found.tests.statistic > 0, 1, 2)
    return np.where(~found.significant, 0, higher + 2 * found.strong).astype(np.uint8)


def encoded(header: Mapping[str, Any], columns: Mapping[str, np.ndarray]) -> bytes:
    """Columns of numbers as bytes: little-endian float32, or uint8.

    Four bytes have the length of the header, which is JSON, padded so that it ends at a multiple of four. It names the
    columns, of four bytes first and of one byte last, and has a digest of all (``content``), by which a browser sees
    that it has drawn them.

    Examples
    --------
    >>> points = encoded({"drawn": "x"}, {"y": np.array([[0.5, 2.0]]), "kind": np.array([3, 1], dtype=np.uint8)})
    >>> size = int.from_bytes(points[:4], "little")
    >>> json.loads(points[4 : 4 + size])["columns"], np.frombuffer(points[4 + size :], "<f4", 2)
    ({'y': 4, 'kind': 1}, array([0.5, 2. ], dtype=float32))
    """
    kept = {name: column.astype("u1" if column.dtype == np.uint8 else "<f4") for name, column in columns.items()}
    kept = dict(sorted(kept.items(), key=lambda item: -item[1].itemsize))
    body = b"".join(column.tobytes() for column in kept.values())
    sizes = {name: column.itemsize for name, column in kept.items()}
    known = {**header, "columns": sizes, "n": next(iter(kept.values())).size}
    content = hashlib.blake2b(json.dumps(known).encode() + body, digest_size=8).hexdigest()
    text = json.dumps({**known, "content": content}).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + body


def _columns(found: AllLayers) -> dict[str, np.ndarray]:
    """The numbers that a hover shows, and what a neuron looks like: each (n_layers, n_neurons)."""
    return {
        "statistic": found.tests.statistic,
        "g": found.hedges_g,
        "before": _never_quite(found.auc_before),
        "after": _never_quite(found.auc_after),
        "log10_p": found.log10_p_adjusted,
        "kind": kinds(found),
        "marks": (SILENT * found.silent + REVERSES * found.reverses).astype(np.uint8),
    }


def _never_quite(auc: np.ndarray) -> np.ndarray:
    """AUCs that float32 does not make 0 or 1 if they are not exactly that."""
    return np.where((auc == 0) | (auc == 1), auc, auc.clip(1e-6, 1 - 1e-6))


def _frame(found: AllLayers, view: str) -> Picture:
    """Axes, legend and lines: a picture without points."""
    layout = _by_layers(found) if view == "layers" else _by_auc(found)
    shared = {**LAYOUT, "margin": MARGIN}
    # A trace without points, because plotly draws no axes without one.
    empty = {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "showlegend": False, "hoverinfo": "skip"}
    return {"data": [empty, *_legend(found)], "layout": {**shared, **layout}}


def _by_layers(found: AllLayers) -> Picture:
    every = -(-found.n_layers // _MOST_TICKS)
    lowest, highest = min(found.layers), max(found.layers)
    return {
        "height": int(np.clip(_BAND * found.n_layers + 170, _LEAST, _MOST)),
        "xaxis": {
            "title": {"text": "Neuron of the layer"},
            "zeroline": False,
            "range": with_room(0, found.n_neurons - 1),
        },
        "yaxis": {
            "title": {"text": "Layer"},
            "zeroline": False,
            "tickvals": list(found.layers[::every]),
            "ticktext": [str(layer) for layer in found.layers[::every]],
            "range": [lowest - 0.6, highest + 0.6],
        },
    }


def _by_auc(found: AllLayers) -> Picture:
    (target, baseline), spec = class_names(found.spec), found.spec
    statistic = found.tests.statistic[np.isfinite(found.tests.statistic)]
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1}
    look = {"dash": "dot", "width": 1, "color": NEUTRAL_COLOUR}
    side = SIDE_WORDS[spec.hook_side]
    return {
        "xaxis": {
            "title": {"text": in_lines(f"AUC of {target} over {baseline}, {side} the nonlinearity", 52)},
            "zeroline": False,
            "range": [-0.03, 1.03],
        },
        "yaxis": {
            "title": {"text": in_lines(f"{statistic_name(spec.test)} ({target} − {baseline})", 52)},
            "zeroline": True,
            "range": with_room(float(statistic.min(initial=0.0)), float(statistic.max(initial=0.0))),
        },
        "shapes": [{**line, "x0": at, "x1": at, "line": look} for at in (1 - STRONG_AUC, STRONG_AUC)],
    }


def _legend(found: AllLayers) -> list[Picture]:
    """Traces without points, which explain the points."""
    names = class_names(found.spec)
    higher = [in_lines(f"Significantly higher for {name}", _LEGEND_LINE) for name in names]
    entries = [
        (higher[0], TARGET_COLOUR, "triangle-up", 7),
        (higher[1], BASELINE_COLOUR, "triangle-down", 7),
        (f"Large: strong, {STRONG_LIMITS}", NEUTRAL_COLOUR, "triangle-up", 11),
        ("Not significant", NEUTRAL_COLOUR, "circle", 5),
    ]
    if (found.significant & (found.silent | found.reverses)).any():
        entries.insert(3, ("Hollow: silent or reverses", NEUTRAL_COLOUR, "triangle-up-open", 8))
    return [
        legend_entry(name, {"color": colour, "symbol": symbol, "size": size}) for name, colour, symbol, size in entries
    ]
