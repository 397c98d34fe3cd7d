"""Charts in words: the numbers are those of the result, counted here anew, and no count stands without a size."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.experiment import run_contrast
from core.records import ContrastSpec, ShuffledPoints
from core.report import alternatives, figures
from tests.support.made_results import made_result

# The made result: statistics 9, 6, 2, 0.1, -0.2, -2, -6, -9; AUC 0.98, 0.95, ..., 0.05, 0.02; four are significant.
EXTREMES = "Largest: neuron 0, t = +9.00, AUC 0.980; smallest: neuron 7, t = −9.00, AUC 0.020."


def test_the_scatter_says_how_many_differ_how_strongly_and_the_extremes() -> None:
    assert alternatives.of_scatter(made_result()) == (
        "Scatter of the t (nouns minus verbs) of 8 neurons of layer 3: 2 significantly higher for nouns (2 strongly), "
        f"2 for verbs (2 strongly). {EXTREMES}"
    )


def test_a_weak_neuron_is_significant_and_not_strong() -> None:
    said = alternatives.of_scatter(made_result(auc=np.array([0.98, 0.8, 0.7, 0.5, 0.5, 0.3, 0.2, 0.15])))
    assert "2 significantly higher for nouns (1 strongly), 2 for verbs (0 strongly)" in said


def test_ranks_have_z() -> None:
    said = alternatives.of_scatter(made_result(ContrastSpec.careful(n_target=4, n_baseline=5, test="mannwhitney")))
    assert said.startswith("Scatter of the z ") and "z = +9.00" in said and "t =" not in said


def test_the_volcano_says_what_chance_reaches() -> None:
    chance = ShuffledPoints(np.array([0.1, -0.75, np.nan, 0.3]), np.array([-0.1, -2.0, np.nan, -0.5]))
    said = alternatives.of_volcano(made_result(), chance)
    assert EXTREMES in said and "(2 strongly)" in said
    assert said.endswith("no g is farther from 0 than 0.750, and no p is below 0.010.")
    assert alternatives.of_volcano(made_result(), None).endswith(EXTREMES)


def test_the_layers_are_all_named_and_the_strong_ones_of_the_shown_layer() -> None:
    said = alternatives.of_layers(made_result(), np.array([1200, 0, 3, 2]), np.array([4, 0, 6, 2]))
    assert re.findall(r"[Ll]ayer (\d): ([\d,]+) and ([\d,]+)", said) == [
        ("0", "1,200", "4"),
        ("1", "0", "0"),
        ("2", "3", "6"),
        ("3", "2", "2"),
    ]
    assert "whatever their effect size" in said
    assert said.endswith("In layer 3, 2 are strongly higher for nouns and 2 for verbs.")


def test_a_neuron_has_its_means_and_both_aucs() -> None:
    tested = (np.array([1.0, 2.0, 3.0]), np.array([-1.0, -3.0]))
    values = {"pre-activation": tested, "activation": (np.array([0.5]), np.array([0.25]))}
    said = alternatives.of_spread(made_result(), 6, values)
    assert "before the nonlinearity, which was tested, mean 2.00 over 3 nouns and −2.00 over 2 verbs, AUC 0.050" in said
    assert "after the nonlinearity, mean 0.500 over 1 noun and 0.250 over 1 verb, AUC 0.040" in said


def test_the_image_says_how_many_words_it_has() -> None:
    said = alternatives.of_words_image(made_result(), 100, 6)
    assert said.startswith("Image of 6 neurons at 4 nouns above and at 5 verbs below: ") and said.endswith(EXTREMES)
    few = alternatives.of_words_image(made_result(), 2, 6)
    assert "at 2 nouns above and at 2 verbs below" in few


@pytest.mark.parametrize("unit", ["word", "lemma"])
def test_the_means_say_where_they_are_farthest_apart(unit: str) -> None:
    result = run_contrast(ContrastSpec.careful(layer=1, n_target=60, n_baseline=50, unit=unit))
    points = figures.mean_activations(result)["data"][0]  # drawn from the activations, not from the tests
    apart = points["y"].astype(float) - points["x"]
    widest = int(np.argmax(np.abs(apart)))
    said = alternatives.of_means(result)
    assert said.startswith(f"Scatter of the mean pre-activation of {apart.size} neurons, over nouns against over verbs")
    assert f"({int(result.strong[result.tests.statistic > 0].sum())} strongly)" in said
    neuron, by = re.search(r"farthest apart at neuron (\d+), by (\S+), AUC [\d.]+\.$", said).groups()
    assert int(neuron) == widest
    assert float(by.replace("−", "-")) == pytest.approx(apart[widest], rel=6e-3), "three digits"


def test_names_of_users_stay_as_they_are() -> None:
    """An alternative is plain text: whoever puts it into a page escapes it there."""
    spec = ContrastSpec(target="custom", target_words=("tea", "ale"), target_name="<b>*Drinks*</b>")
    assert "higher for <b>*Drinks*</b> (" in alternatives.of_scatter(made_result(spec))
