"""The lesson's steps: five sentences each, easy to read, no number of a result, and an answer that may be guessed."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import UserError
from core.experiment import unit_values
from core.lesson import STEPS, Choice, Live, Number, Step, both_sides, lines, of_name, program, terms_at
from core.lesson.lines import from_folder
from core.lesson.reference import terms_of_lesson
from core.records import CORRECTIONS, TESTS, ContrastSpec, Finding, ShuffledPoints, TokenActivations
from core.report.glossary import GLOSSARY
from core.report.readable import readable_auc
from tests.support.made_results import MODEL, made_result

ROOT = Path(__file__).resolve().parents[3]
PATHS = replace(MODEL, hook_paths=("h.{}.mlp.c_fc", "h.{}.mlp.c_proj"), base_path="transformer")
PIECES = ["The", " dog", " runs"]
SPECS = (
    ContrastSpec(),
    ContrastSpec.careful(hook_side="activation"),
    ContrastSpec.careful(target="adverbs", baseline="plural-nouns", test="mannwhitney", correction="fdr_bh"),
    ContrastSpec(target="custom", target_words=("tea", "ale"), target_name="Drinks", test="welch"),
    ContrastSpec(shuffle_labels=True, correction="none"),
    ContrastSpec.careful(test="welch_absolute", correction="max_t"),
)


def texts_of(step: Step) -> list[str]:
    """All that a student reads before the answer."""
    guess = step.guess(ContrastSpec())
    return [f"{step.title}.", *step.idea, step.look_for, step.question, step.hint, *(getattr(guess, "options", ()))]


def made_live(spec: ContrastSpec, neuron: int = 0, **chosen: Any) -> Live:
    """A ``Live`` of made numbers; ``chosen`` replaces arrays of the result, or what the steps need beside it."""
    rng = np.random.default_rng(3)
    more = {
        "text": TokenActivations(PIECES, [""] * 3, [1, 2, 3], rng.normal(size=(3, 8)).astype(np.float32), spec.layer),
        "shuffled": ShuffledPoints(np.linspace(-0.5, 0.5, 8), np.linspace(-3, 0, 8)),
        "gold_text": Finding("holds", "a rule.", "It is so.", 0.8, (0.7, 0.9)),
        "causal": Finding("unclear", "a rule.", "It is so.", -0.01, (-0.02, 0.001)),
    }
    more |= {name: chosen.pop(name) for name in tuple(chosen) if name in more}
    return Live(spec, neuron, made_result(spec, model=PATHS, **chosen), "".join(PIECES), more)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_what_a_step_has(step: Step) -> None:
    assert of_name(step.name) is step
    assert (ROOT / "core" / "lesson" / f"{step.name.replace('-', '_')}.py").is_file()
    assert len(step.idea) == 5
    assert all(re.fullmatch(r"[A-Z][^.!?]+[.!?]", sentence) for sentence in step.idea)
    assert step.question.endswith("?")
    assert (ROOT / step.page).is_file()
    assert set(step.controls) <= {*ContrastSpec.__dataclass_fields__, "neuron", "sample"} and step.controls
    assert set(step.terms) <= set(GLOSSARY)


def test_no_step_says_a_number_of_a_result() -> None:
    for step in STEPS:
        written = [*step.idea, step.look_for, step.question, step.hint, step.title]
        assert not [text for text in written if re.search(r"\d", text)], step.name


def test_terms_stand_in_one_step_each() -> None:
    terms = [term for step in STEPS for term in step.terms]
    assert len(terms) == len(set(terms))
    assert {"c_fc", "hook", "pre-activation", "t", "p", "Bonferroni"} <= set(terms)


# --- Reading level ---


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end: more than the hyphenation dictionary finds."""
    groups = re.findall(r"[aeiouy]+", word)
    silent = word.endswith("e") and not word.endswith("le") and len(groups) > 1
    return max(1, len(groups) - silent)


def grade_by_vowels(text: str) -> float:
    """Flesch and Kincaid's grade, counted in a second way."""
    words = re.findall(r"[a-z]+(?:['’-][a-z]+)*", text.lower())
    n_sentences = len(re.findall(r"[.!?:](?=\s|$)", text))
    return 0.39 * len(words) / n_sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


@pytest.mark.filterwarnings("ignore:pkg_resources is deprecated")
def test_the_lesson_is_easy_to_read() -> None:
    """At most grade 9, in each step and in all, by textstat and by a second count; no sentence of over 30 words."""
    import textstat  # here, where its warning is expected

    by_step = {step.name: " ".join(re.sub(r"(?<![.!?])$", ".", text) for text in texts_of(step)) for step in STEPS}
    by_step["all steps"] = " ".join(by_step.values())
    grades = {
        name: (round(textstat.flesch_kincaid_grade(text), 1), round(grade_by_vowels(text), 1))
        for name, text in by_step.items()
    }
    assert {name: both for name, both in grades.items() if max(both) > 9} == {}
    sentences = [sentence for step in STEPS for text in texts_of(step) for sentence in re.split(r"(?<=[.!?]) ", text)]
    assert max(len(sentence.split()) for sentence in sentences) <= 30


# --- Guesses and answers ---


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.target}-{spec.test}-{spec.correction}")
def test_the_answer_is_among_what_may_be_guessed(spec: ContrastSpec) -> None:
    for neuron in (0, 3, 7):
        live = made_live(spec, neuron)
        for step in STEPS:
            guess, reveal = step.guess(spec), step.reveal(live)
            assert reveal.value is not None
            if isinstance(guess, Choice):
                assert reveal.value in guess.options and len(set(guess.options)) == len(guess.options) > 1
            else:
                assert isinstance(guess, Number) and guess.low <= reveal.value <= guess.high
            assert math.isfinite(reveal.number)
            assert reveal.sentence.endswith(".") and "nan" not in reveal.sentence and "**" not in reveal.sentence


def test_no_count_of_significant_neurons_without_an_effect_size() -> None:
    for step in STEPS:
        sentence = step.reveal(made_live(ContrastSpec())).sentence
        assert "AUC" in sentence or "|g|" in sentence or "tag" in sentence, step.name


def test_a_neuron_that_never_varies_has_no_answer() -> None:
    first = np.r_[np.nan, np.zeros(7)]
    nothing = {"statistic": first, "p_value": first + 0.5, "hedges_g": first, "p_adjusted": first + 1}
    impossible = Finding("cannot be run here", "a rule.", "Neuron 0 does not vary.")
    live = made_live(
        ContrastSpec(), 0, **nothing, mean_difference=np.zeros(8), gold_text=impossible, causal=impossible,
        text=TokenActivations(PIECES, [""] * 3, [1, 2, 3], np.zeros((3, 8), np.float32), 3),
    )  # fmt: skip
    answers = {step.name: step.reveal(live) for step in STEPS}
    assert answers["values"].value == "neither: the means are equal"
    assert "same value at all of these words" in answers["values"].sentence
    assert answers["t-test"].value == 0 and "none has a p" in answers["t-test"].sentence
    assert answers["colours"].value == 0 and "there is no colour" in answers["colours"].sentence
    for name in ("effect-size", "running-text", "both-sides", "ablation"):
        assert answers[name].value is None and math.isnan(answers[name].number), name
    assert "No neuron of layer 3 is significant" in answers["effect-size"].sentence
    assert answers["running-text"].sentence == "This cannot be answered here. Neuron 0 does not vary."


def test_too_few_words_to_shuffle() -> None:
    reveal = of_name("chance").reveal(made_live(ContrastSpec(), shuffled=None))
    assert reveal.value is None and "too few words" in reveal.sentence


def test_a_neuron_that_is_not_significant_is_said_to_be_none() -> None:
    live = made_live(ContrastSpec(), 3)
    assert "not significant, so chance may explain it" in of_name("values").reveal(live).sentence
    assert ", above alpha (0.05)" in of_name("t-test").reveal(live).sentence


# --- Lines of code ---


def test_settings_without_plain_lines_are_refused_in_one_sentence() -> None:
    absolute = made_live(ContrastSpec.careful(correction="max_t"))
    for name in ("t-test", "chance", "effect-size"):
        with pytest.raises(UserError, match=r"Max-T .* choose another, such as Holm"):
            of_name(name).code(absolute)
    untagged = made_live(ContrastSpec(target="custom", target_words=("tea", "ale"), test="welch"))
    for name in ("running-text", "ablation"):
        with pytest.raises(UserError, match="list of one's own"):
            of_name(name).code(untagged)
    long = TokenActivations(PIECES, [""] * 3, [1, 2, 3], np.ones((3, 8), np.float32), 3, window_starts=(0, 2))
    with pytest.raises(UserError, match="3 tokens, as the model reads at most 16 at once"):
        of_name("colours").code(made_live(ContrastSpec(), text=long))
    with pytest.raises(UserError, match="so few words"):
        of_name("chance").code(made_live(ContrastSpec(), shuffled=None))
    never = made_live(ContrastSpec(), 0, statistic=np.full(8, np.nan))
    for name in ("running-text", "both-sides", "ablation"):
        with pytest.raises(UserError, match="neuron 0"):
            of_name(name).code(never)


def test_a_program_has_only_the_lines_that_its_step_builds_on() -> None:
    live = made_live(ContrastSpec.careful(correction="max_t"))
    whole = program(of_name("both-sides"), live)
    titles = [line for line in whole.splitlines() if line.startswith("# ")]
    assert titles == [
        "# 1. Where to look: a hook on one MLP",
        "# 2. The words, and their tokens",
        "# 3. One number for each neuron and word",
        "# 9. Before and after the nonlinearity",
    ]
    shown = [of_name("hook"), of_name("both-sides")]
    assert "# 2. Before and after" in (short := program(shown[1], live, shown)) and "\n# The words, and" in short


def test_a_program_says_where_its_files_are() -> None:
    live = made_live(ContrastSpec.careful())
    said = {name: program(of_name(name), live).partition("\n\n")[0] for name in ("hook", "running-text")}
    assert said["hook"].startswith("# 1. ") != from_folder(live)
    assert "TAGGED_TEXT" in said["running-text"] and said["running-text"].count("\n") == 1


def test_a_word_is_explained_where_a_shortened_lesson_first_has_it() -> None:
    shown = [of_name("hook"), of_name("chance"), of_name("effect-size"), of_name("running-text")]
    assert {"p", "alpha"} < set(terms_at(shown[1], shown)) and "AUC" not in terms_at(shown[3], shown)
    assert not {"p", "alpha"} & {*terms_at(shown[2], shown), *terms_at(shown[3], shown)}
    assert all(terms_at(step, STEPS) == step.terms for step in STEPS)


def test_no_class_is_claimed_where_the_interval_has_chance_in_it() -> None:
    finding = replace(made_live(ContrastSpec()).more["gold_text"], value=0.489, interval=(0.45, 0.53))
    assert str(of_name("running-text").reveal(made_live(ContrastSpec(), gold_text=finding)).value).startswith(
        "not clear"
    )
    live = made_live(ContrastSpec())
    _, low, high = both_sides.auc_there(live)
    columns = unit_values(live.result, 0, live.result.other_side.side)
    if not live.result.favours_target(0):
        columns = columns[::-1]
    deviation = np.sqrt(
        np.var(placements(*columns), ddof=1) / len(columns[0])
        + np.var(1 - placements(*columns[::-1]), ddof=1) / len(columns[1])
    )
    assert low < np.mean(placements(*columns)) < high and high - low > deviation
    assert f"interval {readable_auc(low)} to {readable_auc(high)}" in of_name("both-sides").reveal(live).sentence


def placements(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """For each value, the share of the other group that is below it."""
    return np.mean(one[:, None] > other[None], axis=1)


def test_sizes_by_chance_are_of_finite_numbers() -> None:
    def sentence(hedges_g: np.ndarray) -> str:
        points = ShuffledPoints(hedges_g, np.full(8, -3.0))
        return of_name("chance").reveal(made_live(ContrastSpec(), shuffled=points)).sentence

    one = sentence(np.r_[np.nan, np.inf, 0.25, -0.75, np.full(4, np.nan)])
    assert "|g| of at most 0.500, and the largest is 0.750" in one
    none = sentence(np.full(8, np.nan))
    assert "all of this is chance. Over" in none and "not a number" not in one + none


def test_no_line_imports_this_project_or_leaves_a_gap() -> None:
    for spec in SPECS:
        for step in STEPS:
            try:
                code = step.code(made_live(spec))
            except UserError:
                continue
            compile(code, step.name, "exec")
            assert "print(" in code.splitlines()[-1]
            assert not re.search(r"^\s*(from|import) (core|engine|ui)\b", code, re.M)
            assert not re.search(r"\b(POOLED|CAUGHT|PATH|ALPHA|SEED|VALUES|OWN_\w+|OTHER_\w+)\b", code)
            assert max(map(len, code.splitlines())) <= 120


def test_words_and_texts_of_any_kind_are_literals() -> None:
    words = ["tea", "ice cream", 'a "b"', "back\\slash", "naïve", "🙂", "it's", "{x}", "tab\there", '"""']
    text = "One “two”,\nthree 'four'. " + "word " * 60 + "x" * 300 + "\r\n\u2028end\\"
    names: dict[str, Any] = {}
    code = "\n".join(
        [lines.words_literal("plain", ["it's", "tea"] * 40), lines.words_literal("words", words * 9),
         lines.text_literal("text", text), lines.text_literal("none", "")]
    )  # fmt: skip
    exec(code, names)
    assert names["plain"] == ["it's", "tea"] * 40
    assert names["words"] == words * 9
    assert names["text"] == text and names["none"] == ""
    assert max(map(len, code.splitlines())) <= 120
    assert lines.quoted("a\ud800") == '"a\ufffd"'


def test_every_test_and_correction_has_lines_or_is_refused() -> None:
    refused = set()
    for test in TESTS:
        for correction in CORRECTIONS:
            live = made_live(ContrastSpec(test=test, correction=correction))
            try:
                compile(of_name("t-test").code(live), "t-test", "exec")
            except UserError as error:
                assert str(error).startswith("There are no short lines of code for the ")
                refused.add((test, correction))
    ours = product(("paired", "welch", "mannwhitney", "welch_absolute"), set(CORRECTIONS) - {"max_t"})
    assert refused.isdisjoint(ours) and ("welch", "max_t") in refused


def test_an_instructor_has_the_words_that_the_lesson_explains() -> None:
    rows = terms_of_lesson().splitlines()[2:]
    assert len(rows) == sum(len(step.terms) for step in STEPS)
