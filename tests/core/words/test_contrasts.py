"""The contrasts that the bundled lists are made for: both sides are as alike as the README says.

Lengths and tokens are counted here anew. The counts of the training texts are not in the repository; the number of a
token in the bundled vocabulary stands in for them, because a vocabulary is built from the most frequent pairs on.
"""

from __future__ import annotations

import doctest
import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import fmean

import lemminflect
import pytest
from tokenizers import Tokenizer

from core.records import WORD_CLASSES, ContrastSpec
from core.records.contrasts import CONTRASTS, Contrast
from core.words import bundled_list, choose_words
from tests.support.spelling import other_spellings

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "assets" / "words" / "README.md").read_text(encoding="utf-8")
VOCABULARY = Tokenizer.from_file(str(ROOT / "assets" / "models" / "grammar-neo-9m" / "tokenizer.json"))
PRONOUNS = {"first-person-pronouns": 11, "third-person-pronouns": 17}  # all that English has
SAME_LEMMAS = ("singular-plural", "present-past")
ADDED = [contrast for contrast in CONTRASTS if contrast.name not in ("nouns-verbs", "adjectives-adverbs")]
MATCHED = ("count-mass", "transitive-intransitive", "concrete-abstract")
FACTORS = [("count-nouns", "mass-nouns"), ("concrete-nouns", "abstract-nouns")]
# Words with the ends of British spellings that are American as well.
AMERICAN_TOO = "arise arises devised devour devoured flour hour hours our ours praised raised revise"


def words(name: str) -> tuple[str, ...]:
    return bundled_list(name).words


def lemmas(name: str) -> tuple[str, ...]:
    return bundled_list(name).lemmas


@cache
def tokens(word: str) -> list[int]:
    """The tokens of a word in a sentence, so with the space before it."""
    return VOCABULARY.encode(f" {word}").ids


def length(name: str) -> float:
    return fmean(map(len, words(name)))


def single(name: str) -> float:
    """The share of the words that are one token."""
    return fmean(len(tokens(word)) == 1 for word in words(name))


def vocabulary_place(name: str) -> float:
    """The mean common logarithm of the place in the vocabulary: lower for frequent words. Of single tokens alone."""
    return fmean(math.log10(tokens(word)[0]) for word in words(name) if len(tokens(word)) == 1)


def gap(contrast: Contrast, measure: Callable[[str], float]) -> float:
    return measure(contrast.target) - measure(contrast.baseline)


@pytest.fixture(params=ADDED, ids=[contrast.name for contrast in ADDED])
def added(request: pytest.FixtureRequest) -> Contrast:
    return request.param


def contrast(name: str) -> Contrast:
    return next(each for each in CONTRASTS if each.name == name)


# --- the records


def test_every_class_exists_and_every_record_is_whole() -> None:
    assert len({each.name for each in CONTRASTS}) == len({each.label for each in CONTRASTS}) == len(CONTRASTS) == 8
    for each in CONTRASTS:
        assert {each.target, each.baseline} <= set(WORD_CLASSES)
        assert re.fullmatch("[a-z]+(-[a-z]+)+", each.name)
        assert 60 < len(each.confounds) < 260 and each.confounds.endswith(".")
        assert 1 <= len(re.findall(r"\.( |$)", each.confounds)) <= 2
        assert f"| {each.label} |" in README


def test_the_readme_s_example_runs() -> None:
    [example] = re.findall(r"```pycon\n(.*?)```", README, re.S)
    runner = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest(example, {}, "README.md", None, 0))
    assert (runner.failures, runner.tries) == (0, 5)


def test_every_contrast_can_be_compared(added: Contrast) -> None:
    """The 500 words of the careful preset: all of the list are used, and none is dropped for standing in both."""
    chosen = choose_words(ContrastSpec.careful(target=added.target, baseline=added.baseline))
    assert chosen.shared == ()
    assert (chosen.target, chosen.baseline) == (words(added.target), words(added.baseline))


# --- the lists


def test_a_list_is_long_well_formed_and_apart_from_the_other(added: Contrast) -> None:
    for name in (added.target, added.baseline):
        assert len(words(name)) == PRONOUNS[name] if name in PRONOUNS else len(words(name)) >= 150
        assert all(re.fullmatch("[a-z]+|I", word) for word in (*words(name), *lemmas(name)))
    assert not set(words(added.target)) & set(words(added.baseline))


def test_one_spelling_a_word() -> None:
    known = {word for each in ADDED for name in (each.target, each.baseline) for word in words(name)}
    assert not {(word, other) for word in known for other in other_spellings(word) & known}
    british = re.compile("[a-z]*(our|ours|oured|tre|[iy]se[ds]?)")
    assert {word for word in known if british.fullmatch(word)} == set(AMERICAN_TOO.split())


@pytest.mark.parametrize("name", ["singular-nouns", "plural-nouns", "count-nouns", "mass-nouns"])
def test_lemmas_of_nouns(name: str) -> None:
    for word, lemma in zip(words(name), lemmas(name), strict=True):
        assert lemma in lemminflect.getLemma(word, upos="NOUN"), (word, lemma)
        assert (word == lemma) is (name != "plural-nouns")


@pytest.mark.parametrize("name", ["present-verbs", "past-verbs", "transitive-verbs", "intransitive-verbs"])
def test_lemmas_of_verbs(name: str) -> None:
    for word, lemma in zip(words(name), lemmas(name), strict=True):
        assert lemma in lemminflect.getLemma(word, upos="VERB"), (word, lemma)


def test_forms_are_what_their_list_says() -> None:
    """Against a dictionary of inflections, which had no part in the lemma column's order."""
    for tag, name in (("NNS", "plural-nouns"), ("VBZ", "present-verbs"), ("VBD", "past-verbs")):
        for word, lemma in zip(words(name), lemmas(name), strict=True):
            assert word in lemminflect.getInflection(lemma, tag), (word, lemma)


@pytest.mark.parametrize("name", SAME_LEMMAS)
def test_row_by_row_the_same_lemma(name: str) -> None:
    """So the paired test compares the two forms of one word."""
    pair = contrast(name)
    assert lemmas(pair.target) == lemmas(pair.baseline)
    assert len(set(lemmas(pair.target))) == len(words(pair.target))


def test_the_lemmas_of_pronouns_are_those_of_the_list_of_pronouns() -> None:
    known = dict(zip(words("pronouns"), lemmas("pronouns"), strict=True))
    for name in PRONOUNS:
        for word, lemma in zip(words(name), lemmas(name), strict=True):
            assert lemma == known.get(word, word)
    assert set(words("first-person-pronouns")) <= set(known)


def test_count_and_mass_cross_concrete_and_abstract() -> None:
    """Each noun is in one list of each pair, and the four cells are equally large: neither difference is the other."""
    together = [set(words(one)) | set(words(other)) for one, other in FACTORS]
    assert together[0] == together[1]
    cells = {len(set(words(one)) & set(words(other))) for one in FACTORS[0] for other in FACTORS[1]}
    assert cells == {85}


def test_transitive_and_intransitive_have_as_many_base_forms() -> None:
    pair = ("transitive-verbs", "intransitive-verbs")
    base, other = (sum(map(str.__eq__, words(name), lemmas(name))) for name in pair)
    assert base == other


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("present-verbs", "lives leaves needs works plays shows remains means runs moves uses"),  # plural nouns too
        ("past-verbs", "used tired married left found felt united limited put read thought"),  # of other classes too
        ("mass-nouns", "news people police work love water beer glass paper"),  # plural, a verb, or counted
        ("intransitive-verbs", "run grow stop open eat drink read sing drive"),  # with an object as often
        ("count-nouns", "stone paper cake room time glass"),  # stuff as well
    ],
)
def test_words_of_two_classes_are_left_out(name: str, left_out: str) -> None:
    assert not set(words(name)) & set(left_out.split())


def test_the_most_frequent_are_first(added: Contrast) -> None:
    """The vocabulary has more of the first half whole."""
    for name in {added.target, added.baseline} - set(PRONOUNS):
        whole = [len(tokens(word)) == 1 for word in words(name)]
        half = len(whole) // 2
        assert sum(whole[:half]) > sum(whole[half:])


# --- balance


@pytest.mark.parametrize("name", MATCHED)
def test_matched_sides_are_alike(name: str) -> None:
    pair = contrast(name)
    assert abs(gap(pair, length)) <= 0.7
    assert abs(gap(pair, single)) <= 0.03
    assert abs(gap(pair, vocabulary_place)) <= 0.1


def test_singular_and_plural_differ_by_the_ending() -> None:
    pair = contrast("singular-plural")
    assert -1.3 <= gap(pair, length) <= -0.8
    assert abs(gap(pair, single)) <= 0.05
    assert abs(gap(pair, vocabulary_place)) <= 0.2


def test_present_and_past_differ_in_frequency_as_the_record_says() -> None:
    pair = contrast("present-past")
    assert abs(gap(pair, length)) <= 0.5
    assert -0.5 <= gap(pair, single) <= -0.3
    assert "five times as frequent" in pair.confounds


def test_persons_differ_in_number_and_length() -> None:
    pair = contrast("first-third-person")
    assert -1.2 <= gap(pair, length) <= 0 and abs(gap(pair, single)) <= 0.1


def test_the_readme_states_the_true_figures() -> None:
    for each in ADDED:
        for name in (each.target, each.baseline):
            counts = f"{len(words(name))} | {len(set(lemmas(name)))}"
            row = f"| `{name}.txt` | {counts} | {length(name):.1f} | {single(name):.0%} |"
            assert row in README, f"the README's table has no row that starts {row!r}"
