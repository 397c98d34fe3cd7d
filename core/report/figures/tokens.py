"""How many tokens the words of both classes have: a share for each number of tokens."""

from __future__ import annotations

import numpy as np

from core.records import ContrastResult
from core.report.figures.style import BASELINE_COLOUR, LEGEND, MARGIN, TARGET_COLOUR, Picture, in_lines
from core.report.readable import readable_share
from core.report.sentences import class_names

MOST = 4  # from so many tokens on, words share one pair of bars


def shares_of_tokens(n_tokens: np.ndarray) -> np.ndarray:
    """The share of words with 1, 2, 3, and with ``MOST`` tokens or more: (MOST,).

    Parameters
    ----------
    n_tokens : ndarray of shape (n_words,)

    Examples
    --------
    >>> shares_of_tokens(np.array([1, 1, 2, 7])).tolist()
    [0.5, 0.25, 0.0, 0.25]
    """
    capped = np.minimum(n_tokens, MOST)
    return np.bincount(capped, minlength=MOST + 1)[1:] / max(1, len(capped))


def token_counts(result: ContrastResult, *, labels: bool = True) -> Picture:
    """Bars of the share of words of each class, by their number of tokens; with ``labels``, their heights as text."""
    ticks = [*map(str, range(1, MOST)), f"{MOST} or more"]
    bars = []
    counts = (result.target_tokens, result.baseline_tokens)
    for name, each, colour in zip(class_names(result.spec), counts, (TARGET_COLOUR, BASELINE_COLOUR), strict=True):
        shares = shares_of_tokens(each)
        bars.append(
            {
                "type": "bar",
                "x": ticks,
                "y": 100 * shares,
                "name": in_lines(f"{name} ({len(each):,})", 40),
                "marker": {"color": colour},
                **(_labels(shares, name) if labels else {"hoverinfo": "skip"}),
                "cliponaxis": False,
            }
        )
    layout = {
        "height": 300,
        "margin": {**MARGIN, "t": 46},
        "barmode": "group",
        "legend": LEGEND,
        "xaxis": {"title": {"text": "Tokens of a word"}, "type": "category"},
        "yaxis": {"title": {"text": "Words of the class, %"}, "range": [0, 112], "tickvals": [0, 25, 50, 75, 100]},
    }
    return {"data": bars, "layout": layout}


def _labels(shares: np.ndarray, name: str) -> Picture:
    return {
        "text": [readable_share(float(share)) for share in shares],
        "textposition": "outside",
        "hovertemplate": "%{text} of " + in_lines(name, 40) + "<br>tokens: %{x}<extra></extra>",
    }
