"""CoNLL-U files: every word is in its sentence with the right characters, or is left out by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.records import UPOS, GoldText
from core.words import conllu, read_conllu
from tests.support.browser import ROOT

EWT = ROOT.parent / "shared" / "ud_english_ewt" / "en_ewt-ud-dev.conllu"


def row(number: int | str, form: str, upos: str = "NOUN", misc: str = "_", lemma: str = "_") -> str:
    return "\t".join([str(number), form, lemma, upos, *"_____", misc])


def read(*lines: str) -> GoldText:
    return read_conllu("\n".join(lines) + "\n", "my file")


def complaint(text_or_bytes: str | bytes) -> str:
    with pytest.raises(UserError) as caught:
        read_conllu(text_or_bytes, "my file")
    return str(caught.value)


def words(gold: GoldText) -> list[tuple[str, str]]:
    """Each word, and what the text has at its characters."""
    return [(word.form, each.text[word.start : word.end]) for each in gold.sentences for word in each.words]


def left_out(gold: GoldText) -> list[tuple[str, int, str]]:
    return [(word.form, word.sentence, word.reason) for word in gold.left_out]


# --- the text and the words


def test_a_multiword_token_gives_its_characters_to_all_its_words() -> None:
    gold = read(
        "# text = I don't wait.",
        *(row(1, "I", "PRON"), row("2-3", "don't", "_"), row(2, "do", "AUX", lemma="do"), row(3, "n't", "PART")),
        *(row(4, "wait", "VERB"), row(5, ".", "PUNCT")),
    )
    (sentence,) = gold.sentences
    assert [(word.form, word.start, word.end) for word in sentence.words] == [
        *(("I", 0, 1), ("do", 2, 7), ("n't", 2, 7), ("wait", 8, 12), (".", 12, 13))
    ]
    assert [word.lemma for word in sentence.words] == ["", "do", "", "", ""]
    assert gold.n_words == 5 and not gold.left_out and not gold.notes


def test_empty_nodes_are_counted_and_are_no_words() -> None:
    gold = read(
        "# text = Sue likes tea and Bo coffee",
        *(
            row(1, "Sue", "PROPN"),
            row(2, "likes", "VERB"),
            row(3, "tea"),
            row(4, "and", "CCONJ"),
            row(5, "Bo", "PROPN"),
        ),
        *(row("5.1", "likes", "VERB"), row("5.2", "_", "_"), row(6, "coffee")),
    )
    assert (gold.n_words, gold.n_empty_nodes) == (6, 2)
    assert [form for form, _ in words(gold)] == ["Sue", "likes", "tea", "and", "Bo", "coffee"]


@pytest.mark.parametrize("first", [[], ["# text ="], ["# text"]])
def test_without_a_text_line_the_text_is_made_from_the_words(first: list[str]) -> None:
    gold = read(
        *first,
        *(row("1-2", "It's", "_"), row(1, "It", "PRON", "SpaceAfter=No"), row(2, "'s", "AUX", "SpaceAfter=No")),
        *(row(3, "late", "ADJ", "SpaceAfter=No|Gloss=x"), row(4, "!", "PUNCT", "SpacesAfter=\\n")),
    )
    assert gold.sentences[0].text == "It's late!"
    assert [text for _, text in words(gold)] == ["It's", "It's", "late", "!"]


def test_a_word_may_have_spaces_of_any_kind() -> None:
    gold = read(
        "# text = In 10\u00a0000  B.C. we went", row(1, "In"), row(2, "10 000"), row(3, "B.C."), row(4, "we went")
    )
    assert [text for _, text in words(gold)] == ["In", "10\u00a0000", "B.C.", "we went"]


def test_an_underscore_may_be_a_word() -> None:
    gold = read("# text = the _ key", row(1, "the"), row(2, "_", "SYM"), row(3, "key"))
    assert [(word.form, word.lemma, word.start) for word in gold.sentences[0].words] == [
        *(("the", "", 0), ("_", "_", 4), ("key", "", 6))
    ]


def test_a_byte_order_mark_and_foreign_line_ends_change_nothing() -> None:
    lines = ["# text = Café bars.", row(1, "Café"), row(2, "bars"), row(3, ".", "PUNCT"), ""]
    plain = read(*lines)
    for end in ("\r\n", "\r"):
        assert read_conllu(("\ufeff" + end.join(lines)).encode(), "my file") == plain
    assert words(plain)[1:] == [("bars", "bars"), (".", ".")]


# --- what the text does not have


def test_a_word_that_is_not_in_the_text_is_left_out_by_name() -> None:
    """The words after it are found again, also short ones that occur earlier in the text."""
    gold = read(
        "# text = He teh a tea and a pea.",
        *(row(1, "He", "PRON"), row(2, "the", "DET"), row(3, "a", "DET"), row(4, "tea"), row(5, "and"), row(6, "a")),
        *(row(7, "pea"), row(8, ".", "PUNCT")),
    )
    assert left_out(gold) == [("the", 1, "not in the sentence's text")]
    assert [(word.form, word.start) for word in gold.sentences[0].words] == [
        *(("He", 0), ("a", 7), ("tea", 9), ("and", 13), ("a", 17), ("pea", 19), (".", 22))
    ]
    assert gold.notes == ("1 of 8 words left out: not in the sentence's text (the first is 'the' in sentence 1).",)


def test_a_text_of_another_sentence_leaves_all_its_words_out() -> None:
    one = ("# text = Dogs bark", row(1, "Dogs"), row(2, "bark", "VERB"))
    gold = read(*one, "", "# text = Something else", row(1, "Cats"), row(2, "purr", "VERB"))
    assert [form for form, _, _ in left_out(gold)] == ["Cats", "purr"] and gold.n_words == 4
    assert gold.sentences[1].words == () and len(gold.notes) == 1


def test_a_text_with_a_space_inside_a_word_does_not_have_the_word() -> None:
    gold = read("# text = an other day", row(1, "another", "DET"), row(2, "day"))
    assert left_out(gold) == [("another", 1, "not in the sentence's text")] and words(gold) == [("day", "day")]


def test_an_untagged_word_is_left_out_by_name() -> None:
    gold = read("# text = Dogs bark", row(1, "Dogs"), row(2, "bark", "_"))
    assert left_out(gold) == [("bark", 1, "no part of speech")] and words(gold) == [("Dogs", "Dogs")]
    assert gold.notes == ("1 of 2 words left out: no part of speech (the first is 'bark' in sentence 1).",)


LETTERS = st.text(st.sampled_from("ab'é😀.-"), min_size=1, max_size=4)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[tuple[str, int, int]]]:
    """A sentence with multiword tokens and odd spaces, and each word with its characters, counted as it is written."""
    lines, text, expected, number = [], "", [], 0
    for token in draw(st.lists(st.lists(LETTERS, min_size=1, max_size=3), min_size=1, max_size=8)):
        surface = "".join(token)
        span = (len(text), len(text) + len(surface))
        if len(token) > 1:
            lines.append(row(f"{number + 1}-{number + len(token)}", surface, "_"))
        for form in token:
            number += 1
            lines.append(row(number, form))
            expected.append((form, *span))
            if draw(st.booleans()):
                lines.append(row(f"{number}.1", "gone"))
        text += surface + draw(st.sampled_from(["", " ", "\u00a0", "  "]))
    return "\n".join([f"# text = {text}", *lines]), expected


@given(files())
@settings(deadline=None)
def test_the_characters_are_those_that_were_written(file: tuple[str, list[tuple[str, int, int]]]) -> None:
    gold = read_conllu(file[0], "my file")
    assert [(word.form, word.start, word.end) for word in gold.sentences[0].words] == file[1]
    assert not gold.left_out


@given(st.lists(LETTERS, min_size=1, max_size=12), st.text("ab'é😀.- ", min_size=1, max_size=30))
@settings(deadline=None)
def test_whatever_the_text_is_every_word_is_accounted_for(forms: list[str], text: str) -> None:
    """A word of the first sentence is found, so that there is something to read."""
    other = "\n".join([f"# text = {text}", *(row(number, form) for number, form in enumerate(forms, start=1))])
    gold = read_conllu(f"{row(1, 'word')}\n\n{other}\n", "my file")
    assert len(words(gold)) + len(gold.left_out) == gold.n_words == 1 + len(forms)
    assert sorted(["word", *forms]) == sorted([form for form, _ in words(gold)] + [form for form, *_ in left_out(gold)])
    assert all(form == text for form, text in words(gold))
    starts = [word.start for word in gold.sentences[1].words]
    assert starts == sorted(set(starts))


# --- documents and genres


def test_document_and_genre_hold_until_the_next_document() -> None:
    gold = read(
        *("# newdoc id = GUM_letter_1", "# meta::genre = letter", "# sent_id = one", row(1, "Dogs"), ""),
        *("# sent_id = two", row(1, "Cats"), ""),
        *("# newdoc id = weblog-site-7", row(1, "Birds"), ""),
        *(
            "# newdoc id = n01",
            row(1, "Bees"),
            "",
            "# newdoc",
            "# genre = talk",
            row(1, "Ants"),
            "",
            "# newdoc",
            row(1, "Owls"),
        ),
    )
    assert [(each.sent_id, each.document, each.genre) for each in gold.sentences] == [
        *(("one", "GUM_letter_1", "letter"), ("two", "GUM_letter_1", "letter"), ("", "weblog-site-7", "weblog")),
        *(("", "n01", ""), ("", "", "talk"), ("", "", "")),
    ]


def test_a_document_may_begin_with_comments_alone() -> None:
    gold = read("# newdoc id = news-1", "", row(1, "Dogs"))
    assert [each.genre for each in gold.sentences] == ["news"] and gold.n_words == 1


# --- files that cannot be read

FORMAT = conllu._FORMAT


@pytest.mark.parametrize(
    ("got", "sentence"),
    [
        (b"\xff\xfe1\t", "my file is not UTF-8 text; a CoNLL-U file is expected."),
        (" \n\n", "my file is empty; a CoNLL-U file is expected."),
        ("# text = a\n", f"my file holds no word with a part of speech in a text; {FORMAT}."),
        (row(1, "Dogs", "_"), f"my file holds no word with a part of speech in a text; {FORMAT}."),
        (
            "Dogs bark.",
            "Sentence 1 of my file is not CoNLL-U (Invalid line format, line must contain either tabs or two spaces);"
            f" {FORMAT}.",
        ),
        (
            f"{row(1, 'Dogs')}\n\nword\tcount\ndog\t7",
            f"Sentence 2 of my file is not CoNLL-U (Failed parsing field 'id': 'word' is not a valid ID); {FORMAT}.",
        ),
        ("1\tDogs", f"Sentence 1 of my file is not CoNLL-U (a line has no form or no part of speech); {FORMAT}."),
        (row(2, "Dogs"), "Sentence 1 of my file is not CoNLL-U (expected word 1, got 2)."),
        (
            "\n".join([row("1-2", "ab", "_"), row(1, "a")]),
            "Sentence 1 of my file is not CoNLL-U (a multiword token ends with word 2, which is not there).",
        ),
        (
            "\n".join([row("1-2", "ab", "_"), row(1, "a"), row("2-3", "bc", "_"), row(2, "b"), row(3, "c")]),
            "Sentence 1 of my file is not CoNLL-U (the multiword token 'bc' is out of place).",
        ),
        (
            row(1, "Dogs", "NNS"),
            f"Sentence 1 of my file has the part of speech 'NNS' at word 1; allowed are {', '.join(UPOS)}.",
        ),
    ],
)
def test_a_file_that_cannot_be_read_has_one_clear_sentence(got: str | bytes, sentence: str) -> None:
    assert complaint(got) == sentence


def test_a_number_of_thousands_of_digits_is_no_crash() -> None:
    said = complaint(row("9" * 5000, "Dogs"))
    assert said.startswith("Sentence 1 of my file is not CoNLL-U (Exceeds the limit") and len(said) < 300


def test_a_file_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    file = row(1, "Dogs")
    monkeypatch.setattr(conllu, "MAX_CONLLU_BYTES", len(file))
    assert read_conllu(file, "my file").n_words == 1
    monkeypatch.setattr(conllu, "MAX_CONLLU_BYTES", 11)
    assert complaint(file) == "my file is too large for a tagged text; at most 11 bytes are allowed."


# --- the English Web Treebank


def plain_words(path: Path) -> list[list[tuple[str, str, int, int]]]:
    """Form, tag and characters of each word, made without the text line: by adding up tokens and their spaces."""
    sentences = []
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        found, position, end, inside = [], 0, 0, 0
        for line in block.split("\n"):
            if line.startswith("#") or re.match(r"\d+\.", line):
                continue
            number, form, _, upos, *_, misc = line.split("\t")
            if "-" in number or int(number) > inside:
                start, end = position, position + len(form)
                position = end + ("SpaceAfter=No" not in misc)
                inside = int(number.partition("-")[2] or 0)
            if "-" not in number:
                found.append((form, upos, start, end))
        sentences.append(found)
    return sentences


@pytest.mark.skipif(not EWT.is_file(), reason="UD English EWT is not here")
def test_every_word_of_the_web_treebank_as_an_independent_alignment_has_it() -> None:
    gold = read_conllu(EWT.read_bytes(), EWT.name)
    ours = [[(word.form, word.upos, word.start, word.end) for word in each.words] for each in gold.sentences]
    assert ours == plain_words(EWT)
    assert gold.n_words == sum(map(len, ours)) > 25_000 and not gold.left_out and gold.n_empty_nodes > 0
    assert {each.genre for each in gold.sentences} == {"answers", "email", "newsgroup", "reviews", "weblog"}
