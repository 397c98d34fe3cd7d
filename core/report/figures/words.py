"""Words by neurons: one image of both classes, in which each neuron is standardised over all words in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from core.records import ContrastResult
from core.report.colours import N_STEPS, blend, ramp
from core.report.figures.style import MARGIN, NEUTRAL_COLOUR, Picture, in_lines, literal
from core.report.glossary import statistic_name
from core.report.palette import palette
from core.report.readable import HOVER, MINUS, SIGNED_HOVER, as_chosen, signed
from core.report.sentences import class_names, class_titles

BOUND = 2.5  # standard deviations: the ends of the colours

_GAP = 0.02  # between the two classes, as a share of the height
_LEAST = 0.22  # of the height, for a class of a few words
_MOST_LETTERS = 14  # of a word beside the image; the hover has it whole
_LINE = 18  # pixels for a line of a class's name
_ABOVE = 60  # pixels above the image, for the legend of its colours


def image_columns(statistic: np.ndarray, of_each_sign: int | None = None) -> list[int | None]:
    """The neurons of the image from left to right, by their statistic, the largest first; None is an empty column.

    Parameters
    ----------
    statistic : ndarray of shape (n_neurons,)
        NaN for a neuron that was not tested.
    of_each_sign : int, optional
        At most so many of the largest above zero, and of the smallest below zero, with an empty column between them.
        Where every statistic is zero or NaN, twice as many of them.
        None is all neurons, those that were not tested last.

    Examples
    --------
    >>> image_columns(np.array([0.5, -3.0, np.nan, 7.0, -1.0]), 1)
    [3, None, 1]
    >>> image_columns(np.array([0.5, -3.0, np.nan, 7.0, -1.0]))
    [3, 0, 4, 1, 2]
    >>> image_columns(np.zeros(5), 1)
    [0, 1]
    """
    order = np.argsort(-statistic, kind="stable")  # NaN is sorted last
    if of_each_sign is None:
        return list(order.tolist())
    above, below = order[statistic[order] > 0], order[statistic[order] < 0]
    high, low = above[:of_each_sign].tolist(), below[max(0, len(below) - of_each_sign) :].tolist()
    if not high and not low:  # no difference at all: both lists have the same values
        return list(order[: 2 * of_each_sign].tolist())
    return [*high, *([None] if high and low else []), *low]


def standardised(target: np.ndarray, baseline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values of each neuron in standard deviations from its mean, over the words of both classes together.

    The standard deviation is that of these words (divided by their number, not by one less).

    Parameters
    ----------
    target, baseline : ndarray of shape (n_words, n_neurons)
        In the units of the hook point.

    Returns
    -------
    two ndarrays of the same shapes, float32
        NaN for a neuron whose values do not vary.

    Examples
    --------
    >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[2.0, 5.0]]))[0].round(2)
    array([[-1.22,   nan],
           [ 1.22,   nan]], dtype=float32)
    """
    both = np.concatenate([target, baseline]).astype(np.float64)  # [all words, n_neurons]
    varies = np.ptp(both, axis=0) > 0
    spread = np.where(varies, both.std(axis=0), np.nan)
    z = ((both - both.mean(axis=0)) / spread).astype(np.float32)
    return z[: len(target)], z[len(target) :]


def words_image(
    result: ContrastResult, n_words: int, columns: Sequence[int | None], *, theme: str = "light"
) -> Picture:
    """An image of words by neurons: the target's words above the baseline's, with one range of colours.

    A value is standardised over all words in use, also those that are not drawn. Above the neuron's mean it has the
    target's hue, below it the baseline's; at ``BOUND`` standard deviations the colours end.

    Parameters
    ----------
    result : ContrastResult
    n_words : int
        How many words of each class, the first ones.
    columns : sequence of int or None
        The neurons from left to right, from ``image_columns``.
    theme : {"light", "dark"}
        Zero has the colour of the page.
    """
    drawn = np.array([neuron is not None for neuron in columns], dtype=bool)
    neurons = np.array([neuron for neuron in columns if neuron is not None], dtype=np.int64)
    sides = (result.target_sides, result.baseline_sides)
    # 2 arrays [its words, n_drawn neurons]
    values = [result.spec.tested_by.compared(side.columns(result.spec.hook_side, neurons)) for side in sides]
    statistics = [signed(result.tests.statistic[each]) if each is not None else "" for each in columns]
    classes = zip(standardised(*values), values, (result.words.target, result.words.baseline), strict=True)
    traces = [
        {
            "type": "heatmap",
            "x": _unique(["" if neuron is None else str(neuron) for neuron in columns]),
            **_words_of(its_words[:n_words]),
            "z": _spread_out(z[:n_words], drawn),
            "zhoverformat": SIGNED_HOVER,
            "customdata": _spread_out(np.abs(its_values[:n_words]), drawn),
            "text": _before_values(statistics, _spread_out(its_values[:n_words], drawn)),
            "xaxis": f"x{n}",
            "yaxis": f"y{n}",
            "coloraxis": "coloraxis",
            "hoverongaps": False,
        }
        for n, (z, its_values, its_words) in zip(("", "2"), classes, strict=True)
    ]
    for trace, name in zip(traces, class_names(result.spec), strict=True):
        trace["hovertemplate"] = _hover(result, trace, name)
    return {"data": traces, "layout": _layout(result, [len(trace["y"]) for trace in traces], theme)}


def _spread_out(rows: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Rows of drawn columns with NaN in the empty ones: float32 (n_rows, n_drawn) -> (n_rows, n_columns)."""
    spread = np.full((len(rows), len(drawn)), np.nan, dtype=np.float32)
    spread[:, drawn] = rows
    return spread


def _before_values(statistics: Sequence[str], values: np.ndarray) -> list[list[str]]:
    """What a hover says before a value's digits: the statistic of its neuron, a line end, and the sign of the value.

    The browser writes the digits (as text, they would be most of the figure's bytes), but a hyphen for a minus sign.
    (n_rows, n_columns) floats -> as many texts.
    """
    plus, minus = (np.array([f"{each}<br>{sign}" for each in statistics], dtype=object) for sign in ("", MINUS))
    return list(np.where(values < 0, minus, plus).tolist())  # [n_columns] twice -> [n_rows, n_columns]


def _words_of(words: Sequence[str]) -> Picture:
    """The labels of some words, each another one, as short as the margin is; and the whole words if one is shortened.

    plotly draws rows of the same label on each other. A word can be there twice: in both lists, with shuffled labels.
    """
    short = [word if len(word) <= _MOST_LETTERS else f"{word[: _MOST_LETTERS - 1]}…" for word in words]
    labels = _unique([literal(word) for word in short])
    return {"y": labels} if short == list(words) else {"y": labels, "hovertext": [literal(word) for word in words]}


def _unique(labels: Sequence[str]) -> list[str]:
    """Labels with as many invisible characters at their ends as it takes for each to be another one."""
    seen: Counter[str] = Counter()
    made = []
    for label in labels:
        made.append(label + "\u200b" * (seen[label] + (not label)))
        seen[label] += 1
    return made


def _hover(result: ContrastResult, trace: Picture, name: str) -> str:
    """What a hover says; whole words, which are listed once, are put into a cell for each column."""
    word = "%{y}"
    if "hovertext" in trace:
        n_columns = len(trace["x"])
        trace["hovertext"] = [[whole] * n_columns for whole in trace["hovertext"]]
        word = "%{hovertext}"
    return (
        f"<b>{word}</b> ({in_lines(name, 40)})<br>neuron %{{x}}, {statistic_name(result.spec.test)} = "
        f"%{{text}}%{{customdata:{HOVER}}} ({result.spec.hook_side})<br>"
        "%{z} standard deviations from its mean<extra></extra>"
    )


def _layout(result: ContrastResult, heights: list[int], theme: str) -> Picture:
    """The two axes for words above each other, the line between them, their titles at the right, the colours above."""
    height = min(620, max(380, 170 + 12 * sum(heights)))
    inner = height - _ABOVE - MARGIN["b"]
    top = min(max(heights[0] / sum(heights), _LEAST), 1 - _LEAST) * (1 - _GAP)
    domains = [(1 - top, 1.0), (0.0, 1 - top - _GAP)]
    titles = [
        in_lines(title, max(8, int((high - low) * inner / 8)))
        for title, (low, high) in zip(class_titles(result.spec), domains, strict=True)
    ]
    lines = max(title.count("<br>") for title in titles) + 1
    return {
        "height": height,
        "margin": {**MARGIN, "r": 8 + _LINE * lines, "t": _ABOVE},
        "coloraxis": _colour_axis(theme),
        **_axes(domains, f"Neurons, the largest {statistic_name(result.spec.test)} first"),
        "annotations": [_title(title, sum(domain) / 2) for title, domain in zip(titles, domains, strict=True)],
        "shapes": [_line_across(1 - top - _GAP / 2)],
    }


def _axes(domains: Sequence[tuple[float, float]], across_title: str) -> Picture:
    """The axes of both classes, the target's above the baseline's: one zoom, and one title under both."""
    across = {"type": "category", "showgrid": False, "tickfont": {"size": 10}, "tickangle": -90}
    vertical = {"type": "category", "autorange": "reversed", "showgrid": False, "tickfont": {"size": 10}}
    return {
        "xaxis": {**across, "anchor": "y", "matches": "x2", "showticklabels": False, "ticks": ""},
        "xaxis2": {**across, "anchor": "y2", "title": {"text": across_title}},
        "yaxis": {**vertical, "anchor": "x", "domain": list(domains[0])},
        "yaxis2": {**vertical, "anchor": "x2", "domain": list(domains[1])},
    }


def _title(text: str, middle: float) -> Picture:
    """The name of a class at the right of its words, whose middle is at this share of the height."""
    place = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 4, "y": middle, "yref": "paper", "yanchor": "middle"}
    return {"text": text, "textangle": 90, **place, "showarrow": False, "font": {"size": 14}}


def _line_across(y: float) -> Picture:
    """A line between the classes, at this share of the height."""
    ends = {"xref": "paper", "yref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y}
    return {"type": "line", **ends, "line": {"color": NEUTRAL_COLOUR, "width": 1}}


def _colour_axis(theme: str) -> Picture:
    """From the baseline's hue to the target's, with the colour of the page at its centre, and a legend above."""
    # Opaque ones: between a colour and a transparent one, plotly draws grey.
    page = palette(theme)["page"].lower()
    colours = [blend(background, page) for background, _ in ramp("oranges", theme=theme, below="blues")]
    ticks = [-BOUND, -1.0, 0.0, 1.0, BOUND]
    texts = [f"≤ {as_chosen(-BOUND)}", as_chosen(-1.0), "0", "1", f"≥ {as_chosen(BOUND)}"]
    return {
        "colorscale": [[step / (N_STEPS - 1), colours[step]] for step in range(0, N_STEPS, (N_STEPS - 1) // 20)],
        "cmin": -BOUND,
        "cmax": BOUND,
        "colorbar": {
            "orientation": "h",
            "x": 0.5,
            "y": 1.0,
            "yanchor": "bottom",
            "ypad": 6,
            "len": 1.0,
            "thickness": 8,
            "outlinewidth": 0,
            "tickvals": ticks,
            "ticktext": texts,
            "title": {"text": "Standard deviations from the neuron's mean", "side": "top", "font": {"size": 12}},
        },
    }
