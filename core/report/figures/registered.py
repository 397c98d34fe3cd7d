"""What was found after a lock: the AUC in both sets of data with intervals, and the smallest effect that counts."""

from __future__ import annotations

from core.records.registration import Registered
from core.report.figures.evidence.dots import axis_of_dots, dots
from core.report.figures.style import MARGIN, NEUTRAL_COLOUR, TARGET_COLOUR, Picture, literal
from core.report.readable import as_chosen

_TITLES = {"held_out": "Held-out words", "gold_text": "Tagged text"}


def registered_aucs(registered: Registered) -> Picture:
    """A dot with its 95% interval for each set of data that was opened, dotted lines at chance and at the effect.

    All AUCs are for the class that was registered as higher.
    """
    opening, registration = registered.opening, registered.registration
    rows = []
    for name, title in _TITLES.items():
        found = getattr(opening, name, None)
        if found is not None:
            counts = {"n_own": found.n_higher, "n_other": found.n_lower}
            rows.append((title, {"auc": found.auc, "low": found.auc_low, "high": found.auc_high, **counts}))
    smallest = registration.smallest_auc
    line = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1}
    looks = ((0.5, {"color": NEUTRAL_COLOUR, "dash": "dot"}), (smallest, {"color": NEUTRAL_COLOUR, "width": 2}))
    label = {"x": smallest, "y": 1, "yref": "y domain", "yanchor": "bottom", "xanchor": "right"}
    layout = {
        "height": 190,
        "showlegend": False,
        "margin": {**MARGIN, "l": 120, "t": 30},
        "shapes": [{**line, "x0": at, "x1": at, "line": look} for at, look in looks],
        "annotations": [
            {**label, "text": f"counts from {as_chosen(smallest)}", "showarrow": False, "font": {"size": 12}}
        ],
        "xaxis": {"title": {"text": f"AUC for {literal(registration.classes[0])}"}, "range": [0, 1.02]},
        "yaxis": axis_of_dots([title for title, _ in rows]),
    }
    return {"data": [dots(rows, "AUC", TARGET_COLOUR)], "layout": layout}
