"""The curated word lists keep the promises that their README makes."""

import re
from itertools import combinations, product
from pathlib import Path

import lemminflect
import pytest

from tests.support.spelling import other_spellings

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "words"
OPEN = {"nouns": 1200, "verbs": 1200, "adjectives": 500, "adverbs": 500}  # class -> the least number of words
CLOSED = {"pronouns": 60, "adpositions": 70, "conjunctions": 25, "determiners": 35, "numbers": 100, "particles": 10}
LEAST_WORDS = OPEN | CLOSED
OTHER_SHAPES = {"I", "n't", "'s"}
AUXILIARIES = re.compile(
    r"am|are|be|been|being|can|could|did|do|does|doing|done|had|has|have|having|is|may|might|must|ought|shall|should"
    r"|was|were|will|would"
)
# Nouns with a plural form that keep it as their lemma, in UD English EWT's convention.
PLURAL_LEMMAS = {"goods", "media", "statistics", "troops", "trousers"}
# Words that a spelling rule makes of each other, although they are not one word.
DIFFERENT_WORDS = {("four", "for"), ("our", "or"), ("they", "thy"), ("filled", "filed")}
# Words in -our, -ise and -yse that are spelled so in American English as well.
AMERICAN_TOO = (
    "advise advised arise arises despised enterprise four hour hours likewise noise otherwise our ours pour poured"
    " pouring praised precise promised raised raising revise sour wise your yours"
)
SPELLING_PAIRS = [
    ("colour", "color"),
    ("favourites", "favorites"),
    ("labouring", "laboring"),
    ("centre", "center"),
    ("defence", "defense"),
    ("realised", "realized"),
    ("organisations", "organizations"),
    ("analyse", "analyze"),
    ("travelled", "traveled"),
    ("counsellors", "counselors"),
    ("marvellous", "marvelous"),
    ("skilful", "skillful"),
    ("fulfil", "fulfill"),
    ("dialogue", "dialog"),
    ("grey", "gray"),
    ("learnt", "learned"),
    ("spelt", "spelled"),
    ("judgement", "judgment"),
    ("programme", "program"),
    ("cheque", "check"),
    ("plough", "plow"),
    ("enquire", "inquire"),
    ("afterwards", "afterward"),
    ("mediaeval", "medieval"),
    ("mould", "mold"),
]


def lines(name: str) -> list[str]:
    """The lines of one curated list, below its header."""
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()[2:]


def words(name: str) -> list[str]:
    """The words of one curated list, in file order."""
    return [line.partition("\t")[0] for line in lines(name)]


def lemmas(name: str) -> dict[str, str]:
    """The lemma of each word of one curated list. It is written only if it is not the word itself."""
    parts = (line.partition("\t") for line in lines(name))
    return {word: lemma or word for word, _, lemma in parts}


def form(word: str, lemma: str) -> str:
    """The form of a verb or noun, judged by its end and by its lemma."""
    if word == lemma:
        return "base"
    return next((end for end in ("ing", "s") if word.endswith(end)), "past")


@pytest.mark.parametrize("name", LEAST_WORDS)
def test_word_list_is_well_formed(name: str) -> None:
    raw = (FOLDER / f"{name}.txt").read_bytes()
    assert b"\r" not in raw, f"{name}.txt has carriage returns"
    assert raw.endswith(b"\n"), f"{name}.txt lacks its last newline"
    listed = words(name)
    assert len(listed) >= LEAST_WORDS[name], f"{name}.txt has only {len(listed)} words"
    shape = "[a-z]{2,}" if name in OPEN else "[a-z]+(-[a-z]+)?"
    parts = [part for line in lines(name) for part in line.split("\t")]
    odd = [part for part in parts if not re.fullmatch(shape, part) and not (name in CLOSED and part in OTHER_SHAPES)]
    assert not odd, f"{name}.txt has lines that are not plain words: {odd[:10]}"
    twice = sorted({word for word in listed if listed.count(word) > 1})
    assert not twice, f"{name}.txt repeats {twice[:10]}"


def test_every_list_says_what_it_is() -> None:
    """Also those that are added: a title that no other has, the source, and a plain name."""
    titles = []
    for path in FOLDER.glob("*.txt"):
        first, second = path.read_text(encoding="utf-8").splitlines()[:2]
        assert re.fullmatch(r"# title: [A-Z][^#]{1,39}", first), f"{path.name} begins with {first!r}"
        assert re.fullmatch(r"# source: \S.{1,199}", second), f"the second line of {path.name} is {second!r}"
        assert re.fullmatch("[a-z][a-z0-9-]*", path.stem), f"{path.name}: small letters, digits and - are expected"
        titles.append(first)
    assert len(set(titles)) == len(titles) >= len(LEAST_WORDS)


@pytest.mark.parametrize(("one", "other"), [*combinations(OPEN, 2), *product(("nouns", "verbs", "adjectives"), CLOSED)])
def test_word_lists_are_disjoint(one: str, other: str) -> None:
    """No word is in two open classes. Adverbs may also be conjunctions or particles, as "so" and "away" are."""
    shared = sorted(set(words(one)) & set(words(other)))
    assert not shared, f"in both {one}.txt and {other}.txt: {shared[:10]}"


def test_verbs_hold_no_auxiliaries() -> None:
    found = [word for word in words("verbs") if AUXILIARIES.fullmatch(word)]
    assert not found, f"auxiliaries in verbs.txt: {found}"


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("nouns", "mind type box place face house water rain book party train"),
        ("verbs", "gone finding guess applied waiting operating drinking"),
    ],
)
def test_forms_of_two_classes_are_left_out(name: str, left_out: str) -> None:
    assert not set(words(name)) & set(left_out.split())


# --- spelling


@pytest.mark.parametrize(("british", "american"), SPELLING_PAIRS)
def test_the_rules_know_both_spellings(british: str, american: str) -> None:
    assert american in other_spellings(british)


def test_one_spelling_a_word() -> None:
    """No list, nor two lists together, has a word in two spellings."""
    known = {word for name in LEAST_WORDS for word in words(name)}
    two = {(word, other) for word in known for other in other_spellings(word) & known}
    assert two == DIFFERENT_WORDS


def test_the_spelling_is_american() -> None:
    known = {word for name in LEAST_WORDS for word in words(name)}
    assert not known & {british for british, _ in SPELLING_PAIRS}
    assert {"color", "labor", "defense", "traveled", "gray", "behavior", "theater", "realize"} <= known
    british = re.compile(r"[a-z]*(our|ours|oured|ouring|[iy]se[ds]?|[iy]sing|isations?)")
    parts = {part for word in known for part in word.split("-")}
    assert {part for part in parts if british.fullmatch(part)} == set(AMERICAN_TOO.split())


# --- lemmas


@pytest.mark.parametrize("name", LEAST_WORDS)
def test_lemmas_are_written_where_they_differ_and_are_their_own_lemmas(name: str) -> None:
    for line in lines(name):
        word, tab, lemma = line.partition("\t")
        assert bool(tab) == bool(lemma)
        assert lemma != word, f"{word!r} is its own lemma; nothing is to be written"
    known = lemmas(name)
    assert not {lemma for lemma in known.values() if known.get(lemma, lemma) != lemma}


@pytest.mark.parametrize(("name", "tag"), [("nouns", "NOUN"), ("verbs", "VERB")])
def test_lemmas_agree_with_a_lemmatizer(name: str, tag: str) -> None:
    differ = {word for word, lemma in lemmas(name).items() if lemma not in lemminflect.getLemma(word, upos=tag)}
    assert not differ
    first = {word for word, lemma in lemmas(name).items() if lemma != lemminflect.getLemma(word, upos=tag)[0]}
    assert first == (PLURAL_LEMMAS if name == "nouns" else set())


def test_lemmas_of_irregular_forms() -> None:
    verbs, nouns, pronouns = lemmas("verbs"), lemmas("nouns"), lemmas("pronouns")
    assert (verbs["went"], verbs["found"], verbs["saw"], verbs["lying"]) == ("go", "find", "see", "lie")
    assert (nouns["men"], nouns["teeth"], nouns["people"], nouns["news"]) == ("man", "tooth", "people", "news")
    assert (pronouns["me"], pronouns["them"], pronouns["these"]) == ("I", "they", "this")
    assert (lemmas("determiners")["an"], lemmas("particles")["n't"]) == ("a", "not")


# --- the README's figures


@pytest.mark.parametrize("name", LEAST_WORDS)
def test_readme_states_the_true_count(name: str) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    row = f"| `{name}.txt` | {len(words(name)):,} | {len(set(lemmas(name).values())):,} |"
    assert row in readme, f"the README's table has no row that starts {row!r}"


def test_readme_states_the_true_shares_of_forms() -> None:
    readme = " ".join((FOLDER / "README.md").read_text(encoding="utf-8").split())
    verbs, nouns = ([form(word, lemma) for word, lemma in lemmas(name).items()] for name in ("verbs", "nouns"))
    base, past, ing, s = (f"{verbs.count(each) / len(verbs):.0%}" for each in ("base", "past", "ing", "s"))
    assert f"about {base} base forms, {past} past forms (past tense and past participle), {ing} *-ing*" in readme
    assert f"{s} third-person *-s* forms" in readme
    assert f"about {1 - nouns.count('base') / len(nouns):.0%} are plural forms" in readme
    for name in ("nouns", "verbs"):
        first = list(lemmas(name).values())[:500]
        assert f"the first 500 {name} are forms of {len(set(first))} lemmas" in readme
