"""Lists of one's own: what is cleaned, what is left, what is refused, and that cleaning again changes nothing."""

from __future__ import annotations

import json
import time
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import UserError
from core.words import custom_list
from core.words.cleaning.characters import repair
from core.words.entries import read_entries, written
from core.words.lists import BUNDLED_FOLDER, words_as_given
from tests.support.any_text import ALL_FRAGMENTS, quiet
from tests.support.own_lists import OWN_LISTS


def words_of(text: str | bytes) -> tuple[str, ...]:
    return custom_list(text, "x").words


@pytest.mark.parametrize("kind", OWN_LISTS)
def test_lists_as_people_have_them(kind: str) -> None:
    own = OWN_LISTS[kind]
    found = custom_list(own.content, "x")
    assert found.words == own.words and found.lemmas == own.lemmas
    for note in own.notes:
        assert any(each.startswith(note) for each in found.notes), found.notes
    again = custom_list("\n".join(written(found.words, found.lemmas)), "x")
    assert (again.words, again.lemmas, again.notes) == (own.words, own.lemmas, ())


@pytest.mark.parametrize("name", sorted(file.stem for file in BUNDLED_FOLDER.glob("*.txt")))
def test_nothing_is_cleaned_in_a_clean_list(name: str) -> None:
    """A bundled list, put into the box: the words and lemmas of the file, which another reader splits here."""
    text = Path(BUNDLED_FOLDER, f"{name}.txt").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines()[2:]]
    found = custom_list(text, "x")
    assert found.words == tuple(line[0] for line in lines)
    assert (found.lemmas or found.words) == tuple(line[-1] for line in lines)
    assert found.notes == (f"2 headers removed, such as “{text.splitlines()[0]}”.",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # numbers before words
        ("12) way\n13) day", "way day"),
        ("(1) way\n(2) day", "way day"),
        ("1.way\n2.day", "way day"),
        ("1:\tway\n2:\tday", "way day"),
        ("1 - way\n2 - day", "way day"),
        ("a) way\nb) day", "way day"),
        ("1\tway\n2\tday", "way day"),
        ("1 way\n2 day\n3 time", "way day time"),
        ("   120 way\n    80 day\n     3 time", "way day time"),
        ("1. Mai\nOstern\nPfingsten", "1. Mai|Ostern|Pfingsten"),  # a number that is part of a word
        ("3.5\n4.5", "3.5 4.5"),
        ("-ing\n-ness", "-ing -ness"),
        # columns
        ("way\t120\nday\t80", "way day"),
        ("way;120\nday;80", "way day"),
        ("way 120\nday 80\ntime 7", "way day time"),
        ("rank word count\n1 way 120\n2 day 80\n3 time 7", "way day time"),
        ("| Word | n |\n|---|---:|\n| way | 3 |\n| day | 2 |", "way day"),
        ("way,NOUN\nday,NOUN", "way day"),
        ("n,word\n120,way\n80,day", "way day"),
        # headers
        ("word\nway\nday", "way day"),
        ("Nouns\nway\nday", "way day"),
        ("My words:\nway\nday", "way day"),
        ("noun\nverb\nadjective", "noun verb adjective"),  # terms of grammar, not a header
        ("way\nword\nday", "way word day"),
        # quotes
        ("'way'\n\"day\"\n»time«\n「年」\n`man`", "way day time 年 man"),
        ("'tis\ndogs'\nrock'n'roll", "'tis dogs' rock'n'roll"),
        ("\"way\",\n'day',", "way day"),
        # several words in a line
        ("way, day\ntime", "way day time"),
        ("way day time man life", "way day time man life"),
        ("時間、人、道", "時間 人 道"),
        ("كتاب، بيت؛ باب", "كتاب بيت باب"),
        ("ice cream\nsoft drink", "ice cream|soft drink"),
        ("once upon a time\nin the long run", "once upon a time|in the long run"),
        ('"ice, cream", tea', "ice cream tea"),
        ("1,000\n2,500", "1,000|2,500"),
        (",\n;\n.\n-\n•", ", ; . - •"),  # a list of marks
        # slashes
        ("colour/color\ngrey / gray", "colour color grey gray"),
        ("and/or\nkm/h\n24/7", "and/or km/h 24/7"),
        # markup
        ("<unk>\n<s>\n[CLS]", "<unk> <s> [CLS]"),  # tokens, not tags
        ("a<b\nR&D\nAT&T", "a<b R&D AT&T"),
        ("&amp;amp;amp;eacute;t&eacute;\nway", "été way"),
        ("<table><tr><td>way</td><td>12</td></tr>\n<tr><td>day</td><td>8</td></tr></table>", "way day"),
        ("['way', 'day', \"time\"]", "way day time"),
        # characters
        ("ti\u200bme\nhou\ufeffse", "time house"),
        ("ते\u200dज\nक्\u200dष", "ते\u200dज|क्\u200dष"),  # joiners stay in Devanagari
        ("ti\u200dme\nday", "time day"),  # not in Latin
        ("خانه\u200cها\n\u200cبیت\u200c", "خانه\u200cها|بیت"),
        ("ന്\u200d\nway", "ന്\u200d|way"),  # a letter of Malayalam
        ("ice\u00a0cream\nhot  dog", "ice cream|hot dog"),
        ("way\u2028day\u000btime", "way day time"),
    ],
)
def test_marks_around_words(text: str, expected: str) -> None:
    assert words_of(text) == tuple(expected.split("|" if "|" in expected else " "))


def test_what_is_not_sure_is_left_and_said() -> None:
    assert custom_list("km/h\nand/or\nway", "x").notes == ("2 lines with a slash left as they are, such as “km/h”.",)
    assert custom_list("km/h\nway", "x").notes == ("1 line with a slash left as it is: “km/h”.",)


def test_a_note_shows_one_short_line() -> None:
    noted = custom_list("• " + "a" * 60 + "\n• \u202eb\u202c", "x").notes
    assert noted[0] == "2 invisible characters removed, such as U+202E in “• b”."
    assert noted[1] == f"2 bullets removed, such as “• {'a' * 28}…”."


def test_each_kind_has_one_note_however_many_lines() -> None:
    text = "Word,Count\n" + "\n".join(f"“word{n}”,{n}" for n in range(500))
    assert len(custom_list(text, "x").notes) == 3


WORDS = ("café", "déjà", "naïve", "Ångström", "Žižek", "straße", "việt")
WORDS += ("дом", "время", "λόγος", "שלום", "كتاب", "日本", "한국")
RIGHT = ("ÉCOLE", "Ñandú", "Spaß…", "café”…", "CAFÉ”", "CAFÉ»", "déjà»…", "ÇA", "São", "ÅÄÖ", "å°", "Ã", "Â©", "Æ“")
MARKS = ("“", '"', "<b", "<!--", "<style>", "&", "&amp;", "&#38;", "1.", "- ", "[", "*", "_", ",", "/", "Ã", "a\u0301")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize("word", WORDS)
def test_wrongly_decoded_words_are_repaired(word: str, encoding: str) -> None:
    """Their bytes are read by Python's codecs here; five bytes are nothing in Windows-1252."""
    wrong = "".join(bytes([byte]).decode(encoding, errors="ignore") or chr(byte) for byte in word.encode("utf-8"))
    assert repair(wrong) == word
    twice = "".join(bytes([b]).decode(encoding, errors="ignore") or chr(b) for b in wrong.encode("utf-8"))
    assert words_of(f"{twice}\nway") == (word, "way")


@pytest.mark.parametrize("word", WORDS + RIGHT)
def test_words_that_are_right_are_not_repaired(word: str) -> None:
    assert repair(word) == word


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"time": 12}', "is JSON, but no array of words"),
        ('[["time"], ["way"]]', "is JSON, but no array of words"),
        ("[1, 2]", "is JSON, but no array of words"),
        ("[]", "'x' holds no word"),
        ("<ul></ul>", "'x' holds no word"),
        ("way\n<b>a\x00b</b>", "Line 2 of 'x' holds the unprintable character U+0000"),
        ("way\n\n- " + "y" * 101, "Line 3 of 'x' has 101 characters"),
        ("way, " + "y" * 101, "Line 1 of 'x' has 101 characters"),
        ("went\tgo\nsaw\t12\nran\trun", "Line 2 of 'x' has '12' after the tab"),  # a number is never a lemma
        ("[" * 100_000 + "]" * 100_000, "'x'"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_refused(content: str, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        custom_list(content, "x")
    assert expected in str(caught.value)


@quiet(300)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(ALL_FRAGMENTS),
            st.sampled_from(["time", "1. way", "• day", "a, b", "x/y", "word", "Word,Count", "“q”", "cafÃ©", "a\tb"]),
            st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8),
        ),
        min_size=1,
        max_size=6,
    )
)
@example(["word", "word", "way"])
@example(["''''a''''", "b"])
@example(["&amp;#38;lt;b&gt;", "c"])
@example(["1. 2. 3. way", "1) 2) day"])
def test_what_was_cleaned_is_clean(lines: list[str]) -> None:
    """The same words and lemmas come out again, with no note but for what was left on purpose."""
    try:
        first = custom_list("\n".join(lines), "x")
    except UserError:
        return
    again = custom_list("\n".join(written(first.words, first.lemmas)), "x")
    assert (again.words, again.lemmas) == (first.words, first.lemmas)
    assert all("left as" in note for note in again.notes)
    for word in first.words:
        assert unicodedata.is_normalized("NFC", word) and word == word.strip()


def test_words_of_a_spec_are_read_as_they_are() -> None:
    given_words = ("“tea”", "1. Mai", "a, b", "went\tgo", "word")
    assert words_as_given(given_words, "x").words == ("“tea”", "1. Mai", "a, b", "went", "word")
    assert words_as_given(given_words, "x").words == read_entries("\n".join(given_words), "x").words


@pytest.mark.parametrize("pattern", MARKS)
def test_cleaning_takes_no_more_than_linear_time(pattern: str) -> None:
    """A great many marks in the worst arrangement: the work is done, or refused, in seconds."""
    for text in ((pattern * 200_000)[:200_000], "\n".join([(pattern * 90)[:90]] * 9_000)):
        started = time.process_time()
        with suppress(UserError):
            custom_list(text, "x")
        assert time.process_time() - started < 10.0


def test_a_json_array_of_many_words() -> None:
    words = [f"w{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(2_000)]
    assert words_of(json.dumps(words)) == tuple(words)
