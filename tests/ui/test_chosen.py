"""What counts as a user's choice of a neuron, and what is only a late answer of the browser."""

from __future__ import annotations

import time

import pytest

from tests.support.pages import NEURONS, SMALL, open_page, settle
from ui import late


def box(at):
    return at.number_input(key="neuron")


def at_layers(*layers):
    """The Neurons page after a visit to some layers, and the neuron that the box had at each."""
    at = open_page(NEURONS, spec=SMALL.changed(layer=0))
    shown = []
    for layer in layers:
        at.slider(key="layer").set_value(layer)
        settle(at)
        shown.append(box(at).value)
    return at, shown


def test_is_stale_refuses_a_late_answer_after_a_step_there_and_back():
    """No setting differs any more, but the box still says what it was given on the way."""
    at, (here, there, back) = at_layers(1, 2, 1)
    assert here == back != there
    box(at).set_value(there)
    settle(at)
    assert box(at).value == here and "neuron" not in at.query_params


def test_is_stale_lets_a_number_through_that_nobody_but_the_user_has_given():
    at, shown = at_layers(1, 2, 1)
    typed = next(neuron for neuron in range(10) if neuron not in shown)
    box(at).set_value(typed)
    settle(at)
    assert box(at).value == typed and at.query_params["neuron"] == str(typed)


def test_is_stale_lets_a_number_through_at_once_that_code_has_set_long_before(monkeypatch: pytest.MonkeyPatch):
    at, (_, there, _) = at_layers(1, 2, 1)
    later = time.monotonic() + 60
    monkeypatch.setattr("time.monotonic", lambda: later)
    at.slider(key="layer").set_value(3)
    settle(at)
    assert box(at).value != there
    box(at).set_value(there)
    settle(at)
    assert box(at).value == there and at.query_params["neuron"] == str(there)


def test_a_user_may_go_there_and_back_as_fast_as_they_like():
    at, _ = at_layers(1)
    for typed in (3, 4, 3, 4):
        box(at).set_value(typed)
        settle(at)
        assert box(at).value == typed and at.query_params["neuron"] == str(typed)


def test_is_stale_lets_the_same_number_through_a_while_later(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(late, "_SECONDS", 0.0)
    at, (_, there, _) = at_layers(1, 2, 1)
    box(at).set_value(there)
    settle(at)
    assert box(at).value == there and at.query_params["neuron"] == str(there)


def test_is_stale_refuses_a_number_that_comes_with_another_layer():
    at, _ = at_layers(1)
    at.slider(key="layer").set_value(2)
    box(at).set_value(7)
    settle(at)
    assert box(at).value != 7 and "neuron" not in at.query_params


def test_a_button_counts_at_once_after_a_change_of_the_layer():
    at, (here, *_) = at_layers(1)
    smallest = next(button for button in at.button if button.key == "show_smallest")
    smallest.click()
    settle(at)
    assert box(at).value != here and at.query_params["neuron"] == str(box(at).value)
