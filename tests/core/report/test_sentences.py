"""Sentences about a contrast: right numbers, right side, right grammar."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.records import CUSTOM, Caution, ContrastResult, ContrastSpec, Remedy
from core.report import layer_sentences, sentences
from core.report.summary import summary_json
from core.report.terminal import terminal_summary
from tests.support.made_results import made_result

SMALL = {"n_target": 4, "n_baseline": 5}


def headline(**chosen) -> str:
    return sentences.headline(made_result(**chosen)).replace("**", "")


def significant(*neurons: int) -> np.ndarray:
    return np.isin(np.arange(8), neurons)


def test_the_headline_has_a_count_its_strength_and_the_other_side() -> None:
    """Made: 4 of 8 are significant, all with a strong AUC; 0 and 6 are strong on the other side too."""
    strength = "strongly (AUC at least 0.90 or at most 0.10)"
    assert headline() == (
        f"4 of 8 neurons in layer 3 differ in mean; 4 {strength}; 2 of these also after the nonlinearity."
    )
    assert headline(significant=significant(1, 7)).endswith("; none of these also after the nonlinearity.")
    assert headline(significant=significant(2, 5)) == f"2 of 8 neurons in layer 3 differ in mean; none {strength}."
    assert headline(significant=significant()) == "0 of 8 neurons in layer 3 differ in mean."


@pytest.mark.parametrize(
    ("changes", "is_end", "expected"),
    [
        ({}, False, "without a leading space"),
        ({"leading_space": True}, False, "with a leading space"),
        ({"leading_space": True, "prefix": True}, False, "with a leading space after the beginning-of-text token <s>"),
        (
            {"prefix": True},
            True,
            "without a leading space after the end-of-text token <s>, as the model has no beginning-of-text token",
        ),
    ],
)
def test_how_words_were_read_names_the_token(changes: dict[str, bool], is_end: bool, expected: str) -> None:
    """On pages and in the terminal; the JSON has the name and whether it stands in."""
    model = replace(made_result().model, start_token_is_end_of_text=is_end)
    result = replace(made_result(ContrastSpec.notebook(**SMALL | {"test": "welch"}, **changes)), model=model)
    assert sentences.read_as(result) == expected
    assert f"Read      each word on its own, {expected}\n" in terminal_summary(result, "Holm")
    written = json.loads(summary_json(result))["model"]
    assert (written["start_token"], written["start_token_is_end_of_text"]) == ("<s>", is_end)


def test_the_headline_of_one_neuron() -> None:
    one = "1 of 8 neurons in layer 3 differs in mean; 1 strongly (AUC at least 0.90 or at most 0.10), "
    assert headline(significant=significant(0)) == f"{one}and also after the nonlinearity."
    assert headline(significant=significant(1)) == f"{one}but not after the nonlinearity."


def test_strong_in_opposite_directions_is_reversed_and_not_strong_on_both_sides() -> None:
    assert "and reversed after" in headline(significant=significant(0), other_auc=np.full(8, 0.03))
    several = made_result(other_auc=np.full(8, 0.03))
    n_high, n_low = (
        int((several.strong & found).sum()) for found in (several.tests.auc > 0.5, several.tests.auc < 0.5)
    )
    assert sentences.headline(several).endswith(
        f"; **{n_low}** of these also after the nonlinearity, and **{n_high}** reversed."
    )


def test_ranks_and_the_other_side() -> None:
    spec = ContrastSpec.careful(test="mannwhitney", hook_side="activation", layer=1, **SMALL)
    assert headline(spec=spec).startswith("4 of 8 neurons in layer 1 differ in rank;")
    assert headline(spec=spec).endswith("2 of these also before the nonlinearity.")
    assert "differ in rank;" in headline(spec=spec.changed(correction="max_t"))


def test_max_t_with_a_t_does_not_say_in_what_neurons_differ() -> None:
    """It tests equal distributions, not equal means."""
    spec = ContrastSpec.careful(correction="max_t", **SMALL)
    assert headline(spec=spec).startswith("4 of 8 neurons in layer 3 differ; 4 strongly")
    assert headline(spec=spec, significant=significant(0)).startswith("1 of 8 neurons in layer 3 differs; 1 strongly")
    assert headline(spec=spec, significant=significant()) == "0 of 8 neurons in layer 3 differ."


def test_what_was_compared_is_what_was_used() -> None:
    """The words that are left, not those that were asked for; with their lemmas."""
    spec = ContrastSpec.careful(n_target=500, n_baseline=500)
    compared = "4 nouns (3 lemmas) and 5 verbs (3 lemmas), compared by lemma, before the nonlinearity"
    assert sentences.compared(made_result(spec)) == compared
    by_word = made_result(spec.changed(unit="word", hook_side="activation"))
    assert sentences.compared(by_word).endswith("compared by word, after the nonlinearity")


def test_the_test_and_its_correction() -> None:
    result = made_result()
    assert sentences.tested(result, "Holm") == "Welch's t-test, Holm over 48 tests, α = 0.05"
    none = made_result(ContrastSpec.careful(correction="none", **SMALL), family_size=1)
    assert sentences.tested(none, "None") == "Welch's t-test, no correction over 1 test, α = 0.05"


def test_names_of_custom_lists() -> None:
    own = {"target": CUSTOM, "target_words": ("a", "b")}
    assert sentences.class_names(ContrastSpec(**own)) == ("custom words", "verbs")
    both = ContrastSpec(**own, baseline=CUSTOM, baseline_words=("c", "d"))
    assert sentences.class_names(both) == ("target words", "baseline words")


CONTROL = {"shuffle_labels": True, "seed": 3}


def test_no_sentence_of_a_control_passes_for_one_of_word_classes() -> None:
    """On pages and in the terminal, wherever the classes of the experiment are named."""
    true = made_result(significant=significant(0, 7))
    result = made_result(ContrastSpec.careful(**SMALL, **CONTROL), significant=significant(0, 7))
    assert sentences.class_names(result.spec) == ("shuffled A", "shuffled B")
    assert sentences.class_titles(result.spec) == ("Shuffled A (target)", "Shuffled B (baseline)")
    assert sentences.headline(result) == f"With shuffled labels, {sentences.headline(true)}"
    assert sentences.counted_words(result) == ("4 words in shuffled A", "5 words in shuffled B")
    assert sentences.compared(result).startswith("4 words in shuffled A (3 lemmas) and 5 words in shuffled B (3 lem")
    assert sentences.higher_for(result, 7) == "shuffled B"
    control = sentences.about_control(result.spec)
    assert control.startswith("The labels are shuffled: nouns and verbs were dealt to two groups")
    first, *others = summary(result).split("\n")
    assert first == f"Control   {control}" and "(seed 3)" in first
    assert not any("nouns" in line or "verbs" in line for line in others)
    assert "Control" not in summary(true)


def test_the_control_of_custom_lists_names_them() -> None:
    own = {"target": CUSTOM, "target_words": ("a", "b"), **CONTROL}
    assert "shuffled: custom words and verbs" in sentences.about_control(ContrastSpec(**own))


def test_marks_with_their_numbers() -> None:
    """Neuron 7 is higher for verbs before, for nouns after the nonlinearity, and silent."""
    result = made_result()
    assert sentences.marks(result, 7) == ("silent", "reverses") and sentences.marks(result, 0) == ()
    assert sentences.mark_texts(result) == [", ".join(sentences.marks(result, i)) for i in range(result.n_neurons)]
    said = sentences.about_marks(result, 7)
    assert "above zero on 0% of nouns and 0.2% of verbs" in said["silent"]
    assert said["reverses"] == "Its mean after the nonlinearity is higher for nouns."
    assert sentences.marks(result, 1) == ("silent",)
    assert sentences.higher_for(result, 7) == "verbs"


def test_counts_of_strong_neurons_by_direction() -> None:
    assert sentences.n_strongly(made_result(significant=significant(0, 1, 6))) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "corrected together: the chance of any false finding in all layers is at most 0.05"),
        ({"correction": "fdr_bh"}, "the expected share of false findings in all layers is at most 0.05"),
        ({"family": "layer"}, "at most 0.05 in one layer, but up to 0.3 in the 6 layers together"),
        ({"family": "layer", "alpha": 0.5}, "but up to 1 in the 6 layers together"),
        ({"family": "layer", "correction": "max_t"}, "up to 0.3 in the 6 layers"),
        ({"family": "layer", "correction": "fdr_by"}, "the expected share of false findings is at most 0.05 in one"),
        ({"correction": "none", "alpha": 0.25}, "about 2 neurons of each layer would be significant by chance if"),
    ],
)
def test_what_the_bars_of_all_layers_mean(changes: dict, said: str) -> None:
    """The bound over n layers that are corrected alone is Bonferroni's: n times alpha, and never above 1."""
    assert said in layer_sentences.of_result(made_result(ContrastSpec.careful(**SMALL, **changes)))


@pytest.mark.parametrize("family", ["model", "layer"])
def test_a_warning_of_the_p_values_does_not_hide_what_is_corrected_together(family: str) -> None:
    spec = ContrastSpec.careful(family=family)
    said = layer_sentences.about_layers(spec, 6, 512, cautious=True)
    assert said.startswith(layer_sentences.about_layers(spec, 6, 512))
    assert ("up to 0.3 in the 6 layers together" in said) is (family == "layer")
    assert said.endswith("only if the p-values are right, and they may be too low: see the warning above.")


def test_all_layers_say_what_is_marked_where_p_does_not_select() -> None:
    said = layer_sentences.about_layers(ContrastSpec.of_preset("localiser"), 6, 512, cautious=True)
    assert said.startswith("All layers are corrected together: the expected share of false findings")
    assert said.endswith("is so by p; this protocol selects the top 1% by t instead.")


# --- The same on a terminal ---


def summary(result: ContrastResult) -> str:
    return terminal_summary(result, "Holm")


def test_a_terminal_shows_sizes_beside_every_count() -> None:
    shown = summary(made_result())
    assert "Significantly higher for nouns: 2 (2 strongly); for verbs: 2 (2 strongly)." in shown
    assert "neuron 0: t = +9.00, df = 6.50, adjusted p = 8.0e−12, Hedges' g (d_av) = +4.29 [+3.29, +5.29]" in shown
    assert "AUC 0.980 [0.010, 0.990], after the nonlinearity 0.970\n" in shown
    assert "AUC 0.020 [0.010, 0.990], after the nonlinearity 0.520; silent; reverses" in shown
    assert "**" not in shown


def test_a_terminal_shows_cautions_with_options_and_the_permutations() -> None:
    changes = (("n_target", 5), ("correction", "max_t"))
    spec = ContrastSpec.careful(test="mannwhitney", correction="max_t", seed=7, **SMALL)
    shown = summary(
        made_result(
            spec,
            cautions=(Caution("Too few words.", (Remedy("Do this", changes),)),),
            null_maxima=np.arange(1.0, 102.0),
            degrees_of_freedom=np.full(8, np.inf),
            notes=("A note.",),
        )
    )
    assert "Caution   Too few words.\n          Do this: --n-target 5 --correction max_t\n" in shown
    assert "In 95% of 101 permutations (seed 7), every |z| is below 96.0." in shown
    assert "z = +9.00, adjusted p" in shown and shown.endswith("Note      A note.")
    infinite = np.r_[np.ones(90), np.full(10, np.inf)]
    assert "Null" not in summary(made_result(spec, null_maxima=infinite)), "nothing is said of an infinite quantile"
