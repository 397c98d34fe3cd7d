"""The tagged sentences keep the promises that their README makes."""

from collections import Counter
from pathlib import Path

import lemminflect
import pytest

from core.records import UPOS, GoldSentence, GoldWord
from core.words import bundled_gold, bundled_list

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "assets" / "gold"
GENRES = {"fiction", "news", "instructions", "letters", "encyclopaedia"}
GOLD = bundled_gold()
README = " ".join((FOLDER / "README.md").read_text(encoding="utf-8").split())


def tagged(*tags: str, sentences: tuple[GoldSentence, ...] = GOLD.sentences) -> list[GoldWord]:
    return [word for sentence in sentences for word in sentence.words if word.upos in tags]


def lower(word: GoldWord) -> str:
    return word.form.lower().replace("’", "'")


def plain(text: str) -> str:
    """A text without what may differ between two copies of it."""
    return "".join(char for char in text.lower() if char.isalnum())


def test_there_is_enough() -> None:
    assert len(GOLD.sentences) >= 160 and len(tagged("NOUN")) >= 650 and len(tagged("VERB")) >= 430
    assert {sentence.genre for sentence in GOLD.sentences} == GENRES
    assert {word.upos for word in tagged(*UPOS)} == set(UPOS) - {"X"}


def test_every_word_has_its_characters() -> None:
    assert not GOLD.left_out and not GOLD.notes and not GOLD.n_empty_nodes
    for sentence in GOLD.sentences:
        spans = Counter((word.start, word.end) for word in sentence.words)
        for word in sentence.words:
            text = sentence.text[word.start : word.end]
            assert word.form == text if spans[word.start, word.end] == 1 else word.form in text
        covered = {index for start, end in spans for index in range(start, end)}
        assert {sentence.text[index] for index in range(len(sentence.text)) if index not in covered} <= {" "}
        joined = {text: "" for text in spans}
        for word in sentence.words:
            joined[word.start, word.end] += word.form
        assert all(form == sentence.text[start:end] for (start, end), form in joined.items())


def test_sentences_are_named_after_their_documents() -> None:
    seen: Counter[str] = Counter()
    for sentence in GOLD.sentences:
        seen[sentence.document] += 1
        assert sentence.sent_id == f"{sentence.document}-{seen[sentence.document]:02d}"
        assert sentence.document.rpartition("-")[0] == sentence.genre


def test_the_file_is_plain_text_with_ten_columns() -> None:
    raw = (FOLDER / "english.conllu").read_bytes()
    assert b"\r" not in raw and raw.endswith(b"\n\n")
    rows = [line for line in raw.decode("utf-8").split("\n") if line and not line.startswith("#")]
    assert {row.count("\t") for row in rows} == {9}
    assert {tuple(row.split("\t")[4:9]) for row in rows} == {("_",) * 5}


def test_no_sentence_is_there_twice_or_in_another_text() -> None:
    texts = [plain(sentence.text) for sentence in GOLD.sentences]
    assert len(set(texts)) == len(texts)
    others = [*ROOT.glob("assets/texts/*"), *ROOT.glob("assets/words/*"), *ROOT.glob("training/*.*")]
    assert len(others) > 15
    elsewhere = [plain(path.read_text(encoding="utf-8")) for path in others]
    assert not [text for text in texts if any(text in other for other in elsewhere)]


@pytest.mark.parametrize("tag", ["NOUN", "VERB"])
def test_lemmas_agree_with_a_lemmatizer(tag: str) -> None:
    same = {"people", "species", "clothes", "handlebars", "g", "cm", "MB"}
    words = [word for word in tagged(tag) if word.lemma not in same]
    assert not {(lower(word), word.lemma) for word in words if word.lemma not in lemminflect.getLemma(lower(word), tag)}


def test_closed_classes_have_closed_lemmas() -> None:
    auxiliaries = {*("be", "have", "do"), *("will", "would", "can", "could", "may", "must", "shall", "should")}
    assert {word.lemma for word in tagged("AUX")} == auxiliaries
    assert {word.lemma for word in tagged("PART")} == {"to", "not", "'s"}
    assert {word.lemma for word in tagged("DET")} <= set(
        ["the", "a", "this", "that", "all", "both", "each", "every", "no", "any", "some", "neither"]
    )
    assert not {word.form for word in tagged("PUNCT") if any(char.isalnum() for char in word.form)}
    assert all(word.form[0].isupper() for word in tagged("PROPN"))


def test_readme_states_the_true_counts() -> None:
    documents = {genre: {each.document for each in GOLD.sentences if each.genre == genre} for genre in GENRES}
    for genre in GENRES:
        own = tuple(sentence for sentence in GOLD.sentences if sentence.genre == genre)
        counts = [len(tagged(*tags, sentences=own)) for tags in (UPOS, ("NOUN",), ("VERB",))]
        assert " | ".join(map(str, [f"| {genre}", len(documents[genre]), len(own), *counts])) + " |" in README
    total = (
        f"**{len(GOLD.sentences)}** | **{GOLD.n_words:,}** | **{len(tagged('NOUN'))}** | **{len(tagged('VERB'))}** |"
    )
    assert total in README and f"has {len(GOLD.sentences)} English sentences in fifteen short texts" in README
    assert sum(map(len, documents.values())) == 15


def test_readme_states_what_makes_it_hard() -> None:
    nouns, verbs = tagged("NOUN"), tagged("VERB")
    both = {lower(word) for word in nouns} & {lower(word) for word in verbs}
    assert f"{len(both)} forms are both noun and verb" in README and {"dust", "plants", "water"} <= both
    ing = Counter(word.upos for word in tagged("NOUN", "VERB", "ADJ") if lower(word).endswith("ing"))
    assert f"{ing['VERB']} times a verb, {ing['NOUN']} times a noun" in README
    assert f"{ing['ADJ']} times an adjective" in README
    listed = {word for name in ("nouns", "verbs") for word in bundled_list(name).words}
    new = [sum(lower(word) not in listed for word in words) for words in (nouns, verbs)]
    expected = f"{new[0]} of the {len(nouns)} nouns and {new[1]} of the {len(verbs)} verbs are forms that neither"
    assert expected in README
