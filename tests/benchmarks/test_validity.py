"""benchmarks.validity: its draws, counts and saving, and its claims in a quick form on the bundled model."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks import validity
from benchmarks.__main__ import main
from benchmarks.validity_draws import (
    Analysis,
    Groups,
    Situation,
    absolute_shifted,
    equal_means,
    lemma_halves,
    mixture,
    one_list,
    read_lists,
    without_signs,
)
from benchmarks.validity_runs import Measured, Saved, Shares, false_shares, measure
from core.models import load_model

HOLM = Analysis("welch", "holm")
MAX_T = Analysis("welch", "max_t")
RANKS = Analysis("mannwhitney", "holm")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def some_values(n_words: int, seed: int = 1) -> np.ndarray:
    """Two layers of three neurons, all values different."""
    return rng(seed).standard_normal((2, n_words, 3)).astype(np.float32)


def rows_in(part: np.ndarray, whole: np.ndarray) -> list[int]:
    """Which words of ``whole`` the words of ``part`` are, by their values."""
    return [int(np.flatnonzero((whole == word[:, None]).all(axis=(0, 2)))[0]) for word in part.transpose(1, 0, 2)]


# --- Draws ---


def test_two_groups_of_one_list_have_different_words_of_it():
    values = some_values(9)
    groups = one_list(values, 3, 5)(rng())
    rows = rows_in(groups.target, values), rows_in(groups.baseline, values)
    assert (len(rows[0]), len(rows[1]), len({*rows[0], *rows[1]})) == (3, 5, 8)
    assert not groups.differs.any() and groups.differs.shape == (2, 3)
    with pytest.raises(ValueError, match=r"4 \+ 6 different words cannot come from 9"):
        one_list(values, 4, 6)


@pytest.mark.parametrize("unit", ["word", "lemma"])
def test_halves_of_lemmas_keep_forms_together(unit):
    values = some_values(7)
    lemmas = ["go", "take", "go", "see", "go", "take", "be"]
    for seed in range(20):
        groups = lemma_halves(values, list("abcdefg"), lemmas, unit)(rng(seed))
        if unit == "word":
            sides = [{lemmas[row] for row in rows_in(part, values)} for part in (groups.target, groups.baseline)]
            assert not sides[0] & sides[1] and len(sides[0]) == len(sides[1]) == 2
            assert groups.target.shape[1] + groups.baseline.shape[1] == 7
        else:
            assert groups.target.shape == groups.baseline.shape == (2, 2, 3)
            together = np.concatenate([groups.target, groups.baseline], axis=1)
            mean_of_go = values[:, [0, 2, 4]].astype("f8").mean(axis=1)
            assert any(np.allclose(together[:, row], mean_of_go, rtol=1e-6) for row in range(4))


def test_shifted_lists_have_equal_means_and_their_own_shapes():
    target, baseline = some_values(40) + 3, some_values(30, seed=2) ** 3
    # So many draws that their means are those of the lists: words are drawn with replacement.
    groups = equal_means(target, baseline, 100_000, 100_000)(rng())
    np.testing.assert_allclose(groups.target.mean(1), target.mean(1), atol=0.03)
    np.testing.assert_allclose(groups.baseline.mean(1), target.mean(1), atol=0.06)
    np.testing.assert_allclose(groups.baseline.std(1), baseline.std(1), rtol=0.05)
    assert not groups.differs.any()


def test_a_mixture_shifts_the_neurons_that_differ_and_no_others():
    values = np.broadcast_to(rng().standard_normal((2, 60, 1)), (2, 60, 400)).astype(np.float32)
    groups = mixture(values, 20, 0.25)(rng(3))
    assert groups.differs.mean() == pytest.approx(0.25, abs=0.05)
    # All neurons of a layer have the same values, so a neuron that does not differ shows what was drawn.
    for layer in range(2):
        unshifted = groups.target[layer][:, np.flatnonzero(~groups.differs[layer])]
        shift = groups.target[layer] - unshifted[:, :1]
        assert np.abs(shift - shift[0]).max() < 1e-5  # the same shift at every word
        sizes = np.abs(shift[0]) / values[layer, :, 0].std()
        assert np.all((sizes > 0) == groups.differs[layer])
        assert sizes[groups.differs[layer]].min() >= 0.399 and sizes.max() <= 1.201


def test_absolute_values_lose_their_signs_before_means_are_made_equal(read):
    unsigned = without_signs(read)
    for side in ("pre-activation", "activation"):
        np.testing.assert_array_equal(unsigned.baseline[side], np.abs(read.baseline[side]))
    assert (read.target["pre-activation"] < 0).any(), "there were signs to lose"
    situation = next(each for each in absolute_shifted(read) if each.name == "500 + 500, before")
    groups = situation.draw(rng())
    baseline, target = (np.abs(each["pre-activation"]).mean(1) for each in (read.baseline, read.target))
    drawn = groups.baseline.mean(1) - target
    spread = np.abs(read.baseline["pre-activation"]).std(1) / 500**0.5
    assert np.abs(drawn / spread).mean() < 1 < np.abs((baseline - target) / spread).mean()


# --- Counts ---


def test_shares_of_false_findings_vs_scipy_and_statsmodels():
    from statsmodels.stats.multitest import multipletests

    groups = Groups(some_values(12), some_values(15, seed=2), np.array([[True, False, False], [False, False, True]]))
    groups.target[0, :, :2] += 4  # a true finding, and a false one
    groups.target[1, :, 1] += 4  # another false one
    # [n_layers, n_neurons] -> [n_tests]
    p = stats.ttest_ind(groups.target.astype("f8"), groups.baseline, axis=1, equal_var=False).pvalue.ravel()
    found = multipletests(p, 0.05, method="holm")[0]
    expected = (found & ~groups.differs.ravel()).sum() / found.sum()
    shares = false_shares(groups, [HOLM, RANKS, MAX_T, Analysis("welch", "holm", "layer")], seed=0)
    assert expected == pytest.approx(2 / 3)
    assert set(shares.values()) == {expected}
    nothing = Groups.alike(some_values(5), some_values(5, seed=2))
    assert set(false_shares(nothing, [HOLM, RANKS, MAX_T], seed=0).values()) == {0.0}


def test_bounds_are_alpha_and_two_standard_errors():
    binary = Shares(np.repeat([0.0, 1.0], [99, 1]))
    assert binary.mean == 0.01 and binary.bound == pytest.approx(0.05 + 2 * np.sqrt(0.05 * 0.95 / 100))
    continuous = Shares(np.linspace(0, 0.1, 100))
    assert continuous.bound == pytest.approx(0.05 + 2 * stats.sem(continuous.of_runs))


def test_a_stopped_measurement_goes_on_and_ends_as_one_that_was_not_stopped(tmp_path):
    values = some_values(30)
    path = tmp_path / "saved.json"
    draws = 0

    def draw(generator: np.random.Generator) -> Groups:
        nonlocal draws
        draws += 1
        if draws == 8:
            raise KeyboardInterrupt
        return mixture(values, 15, 0.5)(generator)

    situation = Situation("a", draw, (Analysis("welch", "fdr_bh"),), (HOLM,))
    measure("part", [situation], 5, Saved("these words", path))
    with pytest.raises(KeyboardInterrupt):
        measure("part", [situation], 12, Saved("these words", path))
    [stopped] = measure("part", [situation], 12, Saved("these words", path))
    assert draws == 8 + 7  # 5, then 2 that were not saved, then the one that stopped, then runs 5 to 11
    [whole] = measure("part", [situation], 12, Saved("these words"))
    for analysis in situation.analyses:
        np.testing.assert_array_equal(stopped.shares[analysis].of_runs, whole.shares[analysis].of_runs)
    assert len(set(whole.shares[HOLM].of_runs)) > 1  # the runs do differ
    assert Saved("other words", path).shares == {}


def test_a_table_has_shares_that_missed_in_bold_and_marks_for_what_must_hold():
    def measured(name: str, share: float, must_hold: bool) -> Measured:
        analyses = {HOLM: Shares(np.repeat([0.0, 1.0], [round(400 * (1 - share)), round(400 * share)]))}
        held = (HOLM,) if must_hold else ()
        return Measured(Situation(name, one_list(some_values(4), 2, 2), held, () if must_hold else (HOLM,)), analyses)

    found = [measured("good", 0.04, True), measured("bad", 0.2, True), measured("known", 0.9, False)]
    table = validity.share_table(found)
    assert "| good | 4.0% |" in table and "| bad | **20.0%** |" in table and "| known | **90.0%** |" in table
    assert [(mark.what, mark.met) for mark in validity.share_marks(found)] == [
        ("good, welch holm model", True),
        ("bad, welch holm model", False),
    ]


# --- On the bundled model ---


def once(measure: Callable[..., Any]) -> Callable[..., Any]:
    """A function that measures when it is called first, and later has the same to say."""
    said: list[Any] = []

    def measure_or_repeat(*arguments: Any) -> Any:
        if not said:
            said.append(measure(*arguments))
        return said[0]

    return measure_or_repeat


@pytest.fixture(scope="module")
def read():
    return read_lists(load_model("bundled"))


@pytest.mark.parametrize("side, sizes", [("pre-activation", (5, 100)), ("activation", (20, 500))])
def test_welch_finds_what_is_not_there_in_unequal_groups_but_max_t_and_ranks_do_not(read, side, sizes):
    n_runs = 40
    draw = one_list(read.target[side], *sizes)
    [measured] = measure("quick", [Situation("one list", draw, (RANKS, MAX_T), (HOLM,))], n_runs, Saved("quick"))
    most = stats.binom.ppf(0.999, n_runs, 0.05)
    assert measured.shares[RANKS].of_runs.sum() <= most
    assert measured.shares[MAX_T].of_runs.sum() <= most
    assert measured.shares[HOLM].mean > 0.5


def test_word_forms_of_a_lemma_are_not_independent_but_lemmas_are(read):
    n_runs = 40
    words, lemmas = read.words.baseline, read.words.baseline_lemmas
    assert len(set(lemmas)) < 0.8 * len(words)
    situations = [
        Situation(unit, lemma_halves(read.baseline["pre-activation"], words, lemmas, unit), (HOLM,))
        for unit in ("word", "lemma")
    ]
    by_word, by_lemma = measure("quick", situations, n_runs, Saved("quick"))
    assert by_word.shares[HOLM].mean > 0.4
    assert by_lemma.shares[HOLM].of_runs.sum() <= stats.binom.ppf(0.999, n_runs, 0.05)


def test_the_cases_of_the_cost_are_those_of_the_app(read):
    """The careful preset compares lemmas, of which a class has fewer than words: the groups are unequal."""
    words, lemmas, large = validity.cost_cases(read)
    assert [(len(layers), layers[0][0].shape, layers[0][1].shape) for _, layers, _ in (words, large)] == [
        (6, (500, 512), (500, 512)),
        (12, (100, 3_072), (100, 3_072)),
    ]
    counts = [len(set(of[:500])) for of in (read.words.target_lemmas, read.words.baseline_lemmas)]
    assert [group.shape for group in lemmas[1][0]] == [(n, 512) for n in counts]
    assert lemmas[0].startswith(f"{counts[0]} + {counts[1]} lemmas") and len(set(counts)) == 2


def test_the_section_runs_from_the_command_line_and_goes_on(read, tmp_path, monkeypatch, capsys):
    parts = {"shuffles": "one list", "lemma_splits": "lemmas", "shifted_lists": "lists"}
    parts |= {"absolute_shuffles": "no signs", "absolute_shifted": "no signs"}
    for part, name in parts.items():
        situation = Situation(name, one_list(read.target["pre-activation"], 5, 9), (HOLM,))
        monkeypatch.setattr(validity, part, lambda *arguments, situation=situation: [situation])
    monkeypatch.setattr(validity, "mixtures", lambda read: [])
    monkeypatch.setattr(validity, "read_lists", lambda lm: read)
    # Planting is tested in test_planted.py.
    monkeypatch.setattr(validity.planted, "read_planted", lambda words: rng().standard_normal((2, 90, 96)))
    # What is not saved is measured once, and not again when the section goes on.
    for whole, name in ((validity, "max_t_cost"), (validity.planted, "measure_power")):
        monkeypatch.setattr(whole, name, once(getattr(whole, name)))
    page, saved = tmp_path / "page.md", tmp_path / "saved.json"
    page.write_text("<!-- validity -->\n<!-- end validity -->\n")
    for _ in range(2):
        assert main(["validity", "--quick", "--results", str(saved), "--out", str(page)]) == 0
    said = capsys.readouterr()
    assert "one list: one list: 6 runs" in said.err and "one list: one list: 0 runs" in said.err
    assert "(careful preset), bundled model" in page.read_text() and "12 layers of 3,072" in page.read_text()
    assert "marks are met" in said.out and "| d = 0.2, theory |" in page.read_text()
    assert set(json.loads(saved.read_text())["shares"]) == {
        "one list: one list",
        "lemma halves: lemmas",
        "equal means: lists",
        "absolute, one list: no signs",
        "absolute, equal means: no signs",
    }
