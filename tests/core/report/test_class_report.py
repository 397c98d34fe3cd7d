"""What is said and drawn of a class: one seat, two, all equal, many; names from outside are never markup."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from core.records.replication import SeatEffect
from core.report.figures.forest import forest_plot
from core.report.replication import about_pooled, about_seat, of_forest, seats_table
from core.stats.meta_analysis import pool_of_one_size, sign_agreement

NAMES = ("nouns", "verbs")


def _seats(n, seed=0):
    rng = np.random.default_rng(seed)
    return tuple(SeatEffect(k + 1, float(g), 0.25, 0.7, 12, 12) for k, g in enumerate(rng.normal(0.9, 0.7, n)))


def _together(effects):
    g = np.array([each.g for each in effects])
    found = pool_of_one_size(g, np.array([each.variance for each in effects]))
    return found, sign_agreement(g, found.estimate, sum(each.includes_zero for each in effects))


def _said(*g):
    effects = [SeatEffect(seat, value, 0.25, 0.7, 12, 12) for seat, value in enumerate(g, 1)]
    return " ".join(about_pooled(*_together(effects), NAMES))


def test_each_number_of_seats_has_its_sentence():
    assert _said(1.0) == "One seat is on the board, so nothing can be pooled yet."
    two = _said(1.0, 1.2)
    assert "Pooled over 2 seats: " in two and "what a third would find cannot be said" in two
    equal = _said(-0.5, -0.5, -0.5)
    assert "higher for verbs" in equal and "All effects are equal" in equal and "3 of 3 seats have the sign" in equal
    assert "differ no more than samples of this size do anyway (τ² = 0, I² = 0%" in _said(0.9, 1.0, 1.1)
    wide = _said(-2.0, 1.0, 3.0, 4.0)
    assert "true effects vary with a variance of τ² = " in wide and "3 of 4 seats" in wide
    assert "No seat has an interval that includes zero." in wide
    assert "1 seat has an interval" in _said(0.2, 3.0, 3.1)


def test_a_seat_in_words():
    assert "the interval includes zero" in about_seat(SeatEffect(4, -0.5, 0.25, 0.4, 12, 12), NAMES)
    assert about_seat(SeatEffect(4, 0.0, 0.25, 0.5, 12, 12), NAMES).endswith(
        "equal for both classes; the interval includes zero."
    )


@pytest.mark.parametrize("n", [1, 2, 3, 20, 60, 200])
def test_the_forest_plot(n):
    effects = _seats(n)
    found, agreement = _together(effects)
    picture = forest_plot(effects, found, NAMES, own=n, order="effect")
    go.Figure(picture)
    places = {}
    for trace in picture["data"]:
        if trace["name"] not in ("Pooled", "Prediction", "Your seat"):
            places |= dict(zip(trace["x"], trace["y"], strict=True))
    by_place = [g for g, _ in sorted(places.items(), key=lambda item: item[1])]
    assert len(places) == n and by_place == sorted(places, reverse=True)
    names = [trace["name"] for trace in picture["data"]]
    assert ("Pooled" in names) is (n > 1) and ("Prediction" in names) is (n > 2) and "Your seat" in names
    axis = picture["layout"]["yaxis"]
    assert f"<b>Seat {n}, you</b>" in axis["ticktext"] and len(axis["tickvals"]) == len(set(axis["tickvals"]))
    # No two labels stand closer than a line of text.
    per_row = (picture["layout"]["height"] - 140) / (axis["range"][0] - axis["range"][1])
    assert np.diff(sorted(axis["tickvals"])).min(initial=9) * per_row > 11
    assert max(each.high for each in effects) < picture["layout"]["xaxis"]["range"][1]
    assert f"of {n:,} seats" in of_forest(effects, found, agreement, NAMES, n) and f"Yours is seat {n}" in of_forest(
        effects, found, agreement, NAMES, n
    )


def test_no_name_is_markup_and_no_order_is_made_up():
    effects = _seats(3)
    drawn = json.dumps(forest_plot(effects, _together(effects)[0], ("<b>%{x}", "$x$")), ensure_ascii=False)
    assert "<b>%{x}" not in drawn and "$x$" not in drawn
    with pytest.raises(ValueError, match="unknown order"):
        forest_plot(effects, _together(effects)[0], NAMES, order="size")


def test_the_table_has_every_seat_with_all_digits():
    effects = _seats(4)
    rows = json.loads(seats_table(effects).json())
    assert [row["seat"] for row in rows] == [1, 2, 3, 4] and rows[2]["hedges_g"] == effects[2].g
    assert rows[0]["normal_low"] == effects[0].low
