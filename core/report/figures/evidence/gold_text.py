"""The AUC in a tagged text and in its parts, beside simple baselines; below it, the neuron's values by tag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.report.figures.evidence.dots import ROW_HEIGHT, axis_of_dots, dots, label_of, lines_at_chance_and_clear
from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, TARGET_COLOUR, Picture
from core.report.readable import HOVER, readable_share

_GAP = 90  # between both parts, for titles


def picture(figures: Mapping[str, Any]) -> Picture:
    """A dot with an interval for each part of the text and each baseline, and a row of shares for each tag."""
    whole = {**figures["whole"], "n_own": figures["n_own"], "n_other": figures["n_other"]}
    parts = [("all words", whole), *((_short(row["name"]), row) for row in figures["groups"])]
    parts += [(label_of(f"genre: {row['name']}"), row) for row in figures["genres"]]
    counted = [(_short(f"{row['name']} ({row['counted_in']})"), row) for row in figures["baselines"]]
    labels = [label for label, _ in (*parts, *counted)]
    tags = _tags(figures)

    upper, lower = ROW_HEIGHT * len(labels), ROW_HEIGHT * len(tags)
    total = upper + _GAP + lower
    threshold = figures["threshold"]["value"]
    across = {"type": "line", "xref": "x2", "yref": "y2 domain", "x0": threshold, "x1": threshold, "y0": 0, "y1": 1}
    layout = {
        "height": total + MARGIN["t"] + MARGIN["b"] + 30,
        "margin": {**MARGIN, "l": 170, "t": MARGIN["t"] + 30},
        "legend": LEGEND,
        "shapes": [*lines_at_chance_and_clear(), {**across, "line": {"color": TARGET_COLOUR, "dash": "dash"}}],
        "xaxis": {"title": {"text": "AUC for its own class"}, "range": [0, 1.02], "anchor": "y"},
        "yaxis": {**axis_of_dots(labels), "domain": [1 - upper / total, 1]},
        "xaxis2": {"title": {"text": "Value (dashed: threshold)"}, "anchor": "y2", "hoverformat": HOVER},
        "yaxis2": {"domain": [0, lower / total], "autorange": "reversed", "showgrid": False, "anchor": "x2"},
    }
    traces = [
        dots(parts, "neuron", TARGET_COLOUR),
        dots(counted, "simple baseline", BASELINE_COLOUR, "square"),
        _values_by_tag(figures, tags),
    ]
    return {"data": traces, "layout": layout}


def before(figures: Mapping[str, Any]) -> Picture:
    """The values by tag alone, without an AUC."""
    whole, tags = picture(figures), _tags(figures)
    axes = {
        "xaxis": {**whole["layout"]["xaxis2"], "anchor": "y"},
        "yaxis": {**whole["layout"]["yaxis2"], "anchor": "x", "domain": [0, 1]},
    }
    threshold = {**whole["layout"]["shapes"][-1], "xref": "x", "yref": "y domain"}
    values = {**whole["data"][-1], "xaxis": "x", "yaxis": "y"}
    height = ROW_HEIGHT * len(tags) + MARGIN["t"] + MARGIN["b"] + 30
    layout = {"height": height, "margin": whole["layout"]["margin"], "shapes": [threshold], **axes}
    return {"data": [values], "layout": layout}


def _tags(figures: Mapping[str, Any]) -> list[str]:
    """The tags that the text has: its own class, the other one, then the rest."""
    first = [*figures["own_tags"], *figures["other_tags"]]
    counts = figures["histogram"]["counts"]
    return [*first, *(tag for tag in counts if tag not in first and sum(counts[tag]))]


def _values_by_tag(figures: Mapping[str, Any], tags: list[str]) -> dict[str, Any]:
    """The share of a tag's words in each bin, as a shade."""
    edges, counts = figures["histogram"]["edges"], figures["histogram"]["counts"]
    shares = [[count / max(sum(counts[tag]), 1) for count in counts[tag]] for tag in tags]
    return {
        "type": "heatmap",
        "xaxis": "x2",
        "yaxis": "y2",
        "x": edges,
        "y": [f"{tag} ({sum(counts[tag]):,})" for tag in tags],
        "z": [[share / (max(row) or 1) for share in row] for row in shares],  # the fullest bin of a tag is the darkest
        "text": [[f"{readable_share(share)} of its words" for share in row] for row in shares],
        "colorscale": [[0, f"{BASELINE_COLOUR}00"], [1, f"{BASELINE_COLOUR}FF"]],
        "showscale": False,
        "ygap": 2,
        "hovertemplate": "%{y}, value near %{x}: %{text}<extra></extra>",
    }


_SHORT = {
    "not the first word of a sentence": "not the first word",
    "the first word of a sentence": "first word of a sentence",
    "directly after a determiner": "after a determiner",
    "form in the word lists": "in the word lists",
    "form not in the word lists": "not in the word lists",
    "the last three letters (the word lists)": "last 3 letters, from lists",
    "the last three letters (other documents)": "last 3 letters, from text",
    "the word before (other documents)": "word before, from text",
    "the last three letters and the word before (other documents)": "both, from text",
}


def _short(name: str) -> str:
    """A label that fits beside the plot."""
    name = name.replace("other sentences", "other documents")
    return _SHORT.get(name, label_of(name))
