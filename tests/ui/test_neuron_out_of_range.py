"""A number that no neuron has: why stands below the box, which keeps it, and the selected neuron is shown."""

from __future__ import annotations

import pytest

from tests.support.pages import EVIDENCE, NEURONS, link, neuron_shown, open_page, said, settle


def typed(at, number):
    at.number_input(key="neuron").set_value(number)
    return settle(at)


def why(at):
    return [text for text in said(at.markdown) if "is out of range" in text]


@pytest.mark.parametrize("number", [-1, 512, 99_999])
@pytest.mark.parametrize("page", [NEURONS, EVIDENCE])
def test_a_number_that_no_neuron_has_says_why_and_stays(page, number):
    at = typed(open_page(page, neuron="17"), number)
    assert why(at) == [f":small[:red[{number:,} is out of range: neurons 0 to 511 are allowed. Neuron 17 is shown.]]"]
    assert at.number_input(key="neuron").value == number and link(at)["neuron"] == "17" and not at.error
    typed(at, 44)
    assert not why(at) and link(at)["neuron"] == "44"


def test_it_goes_with_another_choice_or_another_layer():
    at = typed(open_page(NEURONS, neuron="17"), 512)
    at.button(key="show_smallest").click()
    settle(at)
    assert not why(at) and at.number_input(key="neuron").value == neuron_shown(at)
    typed(at, 512)
    at.slider(key="layer").set_value(3)
    settle(at)
    assert not why(at) and at.number_input(key="neuron").value == neuron_shown(at)
