"""The control: the same words, dealt at random, all forms of a lemma to one group, and nothing to find."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.experiment import run_contrast
from core.models import load_model
from core.records import CUSTOM, ContrastSpec, WordPair
from core.words import choose_words
from core.words.shuffle import deal

CAREFUL = ContrastSpec.careful(layer=3)
NOTEBOOK = ContrastSpec.notebook(layer=3, word_source="bundled")


def control(spec: ContrastSpec, seed: int = 0) -> WordPair:
    return choose_words(spec.changed(shuffle_labels=True, seed=seed))


def with_lemmas(words: WordPair) -> list[tuple[str, str]]:
    return [
        *zip(words.target, words.target_lemmas, strict=True),
        *zip(words.baseline, words.baseline_lemmas, strict=True),
    ]


@pytest.mark.parametrize("spec", [CAREFUL, CAREFUL.changed(n_target=30, n_baseline=400), NOTEBOOK])
@pytest.mark.parametrize("seed", range(5))
def test_the_same_words_in_groups_of_the_same_size(spec: ContrastSpec, seed: int) -> None:
    true, dealt = choose_words(spec), control(spec, seed)
    assert Counter(with_lemmas(dealt)) == Counter(with_lemmas(true))
    assert (len(dealt.target), len(dealt.baseline)) == (len(true.target), len(true.baseline))
    assert not {*dealt.target_lemmas} & {*dealt.baseline_lemmas}, "no lemma is in both groups"
    assert dealt.target != true.target and dealt.notes == true.notes
    place = {word: i for one in (true.baseline, true.target) for i, word in enumerate(one)}
    for group in (dealt.target, dealt.baseline):
        places = [place[word] for word in group]
        assert places == sorted(places), "the most frequent first, as in the lists"


def test_a_seed_is_a_shuffle() -> None:
    assert control(CAREFUL, 3).target == control(CAREFUL, 3).target != control(CAREFUL, 4).target
    assert choose_words(CAREFUL.changed(seed=4)).target == choose_words(CAREFUL).target, "no control, no shuffle"


def test_the_groups_are_the_lists_and_name_their_sources() -> None:
    """Whoever looks words up in the list of a class, finds those of its group."""
    dealt = control(CAREFUL)
    assert (dealt.target_list.words, dealt.target_list.lemmas) == (dealt.target, dealt.target_lemmas)
    assert (dealt.baseline_list.words, dealt.baseline_list.lemmas) == (dealt.baseline, dealt.baseline_lemmas)
    for one in (dealt.target_list, dealt.baseline_list):
        assert one.source == "nouns (bundled list) and verbs (bundled list), shuffled"


@pytest.mark.parametrize("drop_shared", [True, False])
def test_shared_words_are_those_of_the_groups_unless_they_were_dropped(tmp_path: Path, drop_shared: bool) -> None:
    """A word of both lists has one lemma here, so both copies go to one group."""
    (tmp_path / "nouns.txt").write_text("work\nmen\nhouses\nplay\ntime\n", encoding="utf-8")
    (tmp_path / "verbs.txt").write_text("went\nwork\nplay\nsee\ntake\n", encoding="utf-8")
    spec = CAREFUL.changed(word_source=str(tmp_path), n_target=5, n_baseline=5, drop_shared=drop_shared)
    dealt = control(spec)
    assert dealt.shared == (("work", "play") if drop_shared else ())
    assert Counter((*dealt.target, *dealt.baseline))["work"] == (0 if drop_shared else 2)


# --- How words are dealt ---

lemmas = st.lists(st.sampled_from("abcdefghij"), min_size=2, max_size=30)


@settings(max_examples=200, deadline=None)
@given(target=lemmas, baseline=lemmas, seed=st.integers(0, 9))
def test_any_lemmas_are_dealt_whole_and_as_evenly_as_they_can_be(
    target: list[str], baseline: list[str], seed: int
) -> None:
    """No group is empty, unless there is one lemma; the sizes are the best that whole lemmas allow."""
    one, other = deal(target, baseline, seed)
    assert sorted([*one, *other]) == list(range(len(target) + len(baseline)))
    dealt = [{(target + baseline)[i] for i in group} for group in (one, other)]
    assert not dealt[0] & dealt[1]
    sizes = [*Counter(target + baseline).values()]
    possible = {0}
    for size in sizes:
        possible |= {total + size for total in possible}
    possible -= {0, sum(sizes)} if len(sizes) > 1 else {0}
    assert abs(len(one) - len(target)) == min(abs(total - len(target)) for total in possible)
    equal = deal(target, baseline, seed, equal=True)
    assert len(equal[0]) == len(equal[1]) == min(len(one), len(other))
    assert [*equal[0]] == [*one[: len(equal[0])]]


def test_each_lemma_has_the_same_chance_whichever_class_it_is_of() -> None:
    """Verbs have more forms. Of lemmas with one form and with four, a quarter each goes to a target of a quarter."""
    target, baseline = [f"n{i}" for i in range(25)], [f"v{i // 4}" for i in range(60)] + [f"m{i}" for i in range(15)]
    of = np.array([*target, *baseline])
    shares = {kind: np.zeros(400) for kind in "nvm"}
    for seed in range(400):
        in_target = of[deal(target, baseline, seed)[0]]
        for kind, share in shares.items():
            share[seed] = np.char.startswith(in_target, kind).sum() / np.char.startswith(of, kind).sum()
    for kind, share in shares.items():
        assert abs(share.mean() - 0.25) < 4 * share.std() / 20, kind


# --- The paired test, and too few words ---


def test_the_paired_test_keeps_its_pairs() -> None:
    dealt = control(NOTEBOOK)
    assert len(dealt.target) == len(dealt.baseline) == 100 and dealt.notes == choose_words(NOTEBOOK).notes


def test_a_paired_test_that_lemmas_do_not_allow_leaves_words_out() -> None:
    """Two lemmas of two words and one of one, for groups of 3 and 3 of six words."""
    own = {"target": CUSTOM, "baseline": CUSTOM, "n_target": 3, "n_baseline": 3, "test": "paired", "unit": "word"}
    own |= {"target_words": ("a\tx", "b\tx", "c\ty"), "baseline_words": ("d\ty", "e\tz", "f\tz")}
    dealt = control(CAREFUL.changed(**own))
    assert len(dealt.target) == len(dealt.baseline) == 2
    assert dealt.notes[-1] == "The paired test needs groups of the same size: 2 words of each are used."


def test_words_of_one_lemma_cannot_be_shuffled() -> None:
    own = {"target": CUSTOM, "baseline": CUSTOM, "n_target": 2, "n_baseline": 2}
    own |= {"target_words": ("go\tgo", "goes\tgo"), "baseline_words": ("went\tgo", "gone\tgo")}
    with pytest.raises(UserError) as caught:
        control(CAREFUL.changed(**own))
    assert str(caught.value) == (
        "A comparison needs at least two words in each class; got 4 target words and 0 baseline words, after the "
        "labels were shuffled with all forms of a lemma together."
    )


# --- There is nothing to find ---


@pytest.mark.parametrize("test", ["welch", "mannwhitney"])
def test_shuffled_labels_leave_hardly_any_neuron(test: str) -> None:
    """Of the layer's 512 neurons, of which most differ between nouns and verbs, over eight seeds."""
    lm, spec = load_model("bundled"), CAREFUL.changed(test=test, n_target=200, n_baseline=200, family="layer")
    assert run_contrast(spec, lm).significant.sum() > 100
    found = [run_contrast(spec.changed(shuffle_labels=True, seed=seed), lm) for seed in range(8)]
    assert sum(result.significant.any() for result in found) <= 2
    assert sum(int(result.significant.sum()) for result in found) <= 3
    p = np.concatenate([result.tests.p_value for result in found])
    assert 0.02 < (p <= 0.05).mean() < 0.09, "one neuron alone is right in 5% of controls"


def test_the_notebooks_analysis_has_a_control_too() -> None:
    lm = load_model("bundled")
    found = [run_contrast(NOTEBOOK.changed(shuffle_labels=True, seed=seed), lm) for seed in range(8)]
    assert run_contrast(NOTEBOOK, lm).significant.sum() > 20
    assert sum(int(result.significant.sum()) for result in found) <= 8
    assert {result.spec.test for result in found} == {"paired"}
