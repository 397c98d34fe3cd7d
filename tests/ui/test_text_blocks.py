"""Blocks of coloured text from made numbers: neurons whose class means contradict their statistic."""

from __future__ import annotations

import numpy as np
import pytest

from core.records import BothSides, ContrastSpec, TokenActivations
from tests.support.made_results import made_result
from ui.panels.text_blocks import blocks_of
from ui.token_heatmap import BOTH

SPEC = ContrastSpec.careful(n_target=4, n_baseline=5, hook_side="pre-activation", unit="word")
TEXT = TokenActivations(
    ["Dogs", " bark", "."], [""] * 3, [1, 2, 3], np.arange(24, dtype=np.float32).reshape(3, 8), layer=0
)


def result(*contradicting):
    """Neurons 0 to 3 are higher for nouns by the statistic, 4 to 7 for verbs; some by their means for the other class.

    Of a neuron, half of a class's words are 1 higher than the other half, so that no class is constant.
    """
    signs = np.array([1, 1, 1, 1, -1, -1, -1, -1], dtype=np.float32)
    signs[list(contradicting)] *= -1
    sides = []
    for n_words, sign in ((4, signs), (5, -signs)):
        values = 3 * np.tile(sign, (n_words, 1)) + (np.arange(n_words) % 2)[:, None]
        nothing = np.empty((0, 8), np.float32)
        sides.append(BothSides(values.astype(np.float32), nothing, np.array([], dtype=np.int64), np.tanh))
    return made_result(SPEC, target_sides=sides[0], baseline_sides=sides[1])


def test_a_neuron_is_in_the_chart_only_if_its_means_have_the_order_of_its_statistic():
    shown = blocks_of(result(0), TEXT, [0, 1, 7])
    both, *others = shown.blocks
    assert both.role == BOTH and "neuron 1 against neuron 7" in both.title and shown.no_both == ""
    assert [block.line is None for block in others] == [True, False, False]
    middle, half = others[1].line
    assert half > 0
    for neuron, block in ((1, others[1]), (7, others[2])):
        own, other = (
            each.pre_activation[:, neuron].mean() for each in (result(0).target_sides, result(0).baseline_sides)
        )
        if neuron == 7:
            own, other = other, own
        middle, half = block.line
        assert (middle + half, middle - half) == pytest.approx((own, other), abs=0.2), "own class above"


@pytest.mark.parametrize(
    ("contradicting", "said"),
    [
        ([0], "by the statistic, neuron 0 is higher for nouns, but not by the means of the two classes."),
        ([7], "by the statistic, neuron 7 is higher for verbs, but not by the means of the two classes."),
        ([0, 7], "neuron 0 is higher for nouns"),
    ],
)
def test_the_page_says_whose_means_leave_nothing_to_show_in_one(contradicting, said):
    shown = blocks_of(result(*contradicting), TEXT, [0, 7])
    assert [block.role for block in shown.blocks] == ["target", "baseline"]
    assert shown.no_both.startswith("Both cannot be seen in one: ") and said in shown.no_both


def test_several_such_neurons_are_all_named():
    assert "neurons 0, 1 are higher for nouns" in blocks_of(result(0, 1), TEXT, [0, 1, 7]).no_both
    assert blocks_of(result(0), TEXT, [0]).no_both == ""
    assert "With one that is higher for verbs" in blocks_of(result(), TEXT, [0, 1]).no_both
