"""What the paired test and max-T add to the steps: words of their own where a list is short, and a limit."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import UserError
from core.experiment import run_contrast
from core.records import ContrastSpec
from engine import limits, steps
from engine.pipeline import Request, resolve
from tests.support.tiny_models import assert_one_sentence

pytestmark = pytest.mark.usefixtures("own_world")


@pytest.mark.parametrize("first", ["paired", "welch"])
def test_the_paired_test_of_a_short_list_has_words_of_its_own(first: str) -> None:
    """It takes as few nouns as there are numbers; Welch's test takes all nouns, whichever of them came first."""
    spec = ContrastSpec.careful(target="numbers", n_target=200, n_baseline=200, baseline="nouns", unit="word")
    second = {"paired": "welch", "welch": "paired"}[first]
    for test in (first, second):
        chosen = spec.changed(test=test, family="layer")
        result, alone = resolve(steps.conclusion, Request(chosen)), run_contrast(chosen)
        assert result.words.target == alone.words.target and result.words.baseline == alone.words.baseline
        assert (len(result.words.baseline) == 200) == (test == "welch")
        np.testing.assert_array_equal(result.tests.statistic, alone.tests.statistic)
        assert result.notes == alone.notes


def test_max_t_of_too_many_values_is_refused_and_the_layer_alone_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ContrastSpec.careful(n_target=20, n_baseline=20, correction="max_t")
    monkeypatch.setattr(limits, "_MOST_PERMUTED", 40 * 512)
    with pytest.raises(UserError) as caught:
        resolve(steps.adjusted, Request(spec))
    assert_one_sentence(caught.value, "40 units", "3,072 neurons", "122,880 values", "20,480 are allowed")
    assert caught.value.about == "permutations"
    adjusted = resolve(steps.adjusted, Request(spec.changed(family="layer")))
    assert adjusted.p_adjusted.shape == (6, 512)


def test_a_control_has_words_of_its_own_and_each_seed_others() -> None:
    """Whichever comes first; and the true labels' results are found again."""
    spec = ContrastSpec.careful(n_target=30, n_baseline=30, family="layer")
    control = spec.changed(shuffle_labels=True)
    found = {}
    for each in (spec, control, control.changed(seed=1), control, spec):
        result, alone = resolve(steps.conclusion, Request(each)), run_contrast(each)
        assert result.words.target == alone.words.target and result.notes == alone.notes
        np.testing.assert_array_equal(result.tests.statistic, alone.tests.statistic)
        assert found.setdefault(each, result) is result
    assert len({result.words.target for result in found.values()}) == 3


def test_another_correction_shuffles_nothing_again_and_another_seed_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec, shuffles = ContrastSpec.careful(n_target=30, n_baseline=30, family="layer"), []
    plain = steps.shuffled_points
    monkeypatch.setattr(steps, "shuffled_points", lambda *given: shuffles.append(given) or plain(*given))
    charts = [resolve(steps.volcano, Request(spec.changed(**change))) for change in ({}, {"correction": "none"})]
    assert len(shuffles) == 1 and charts[0] != charts[1]
    for change in ({"seed": 1}, {"layer": 2}, {"test": "mannwhitney"}):
        other = resolve(steps.volcano, Request(spec.changed(**change)))
        assert other["data"][1] != charts[0]["data"][1]
    assert len(shuffles) == 4


def test_another_name_of_a_list_reads_and_tests_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the result has the new name, in each order of asking."""
    food = ("bread", "milk", "rice", "soup", "meat", "fish")
    spec = ContrastSpec.careful(target="custom", target_words=food, n_target=6, n_baseline=20, layer=2)
    first = resolve(steps.conclusion, Request(spec))
    profile = resolve(steps.profile, Request(spec))
    for work in ("choose_words", "read_words", "compare_neurons", "correct", "measure_effects", "layer_counts"):
        monkeypatch.setattr(steps, work, None)  # not called again
    for name in ("Food", "Meals", ""):
        named = spec.changed(target_name=name)
        result = resolve(steps.conclusion, Request(named))
        assert result.spec == named and result.tests.statistic.tolist() == first.tests.statistic.tolist()
        assert resolve(steps.profile, Request(named)) is profile
        title = resolve(steps.scatter, Request(named))["layout"]["yaxis"]["title"]["text"]
        assert title == f"t ({name or 'custom words'} − verbs)"
