"""The forms that are nouns and verbs: the project's file, and one clear sentence where it is damaged."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import lemminflect
import pytest

from core.errors import UserError
from core.words import ambiguous_forms
from core.words.ambiguous import AMBIGUOUS_FILE, read_ambiguous_forms
from tests.support.tiny_models import assert_one_sentence

FORMS = ambiguous_forms()


def noun_and_verb_lemmas(form: str) -> tuple[set[str], set[str]]:
    """By lemminflect's dictionary."""
    lemmas = lemminflect.getAllLemmas(form)
    return set(lemmas.get("NOUN", ())), set(lemmas.get("VERB", ()))


def test_the_file_is_read_whole() -> None:
    """Against a plain reading of its lines."""
    rows = [line.split("\t") for line in AMBIGUOUS_FILE.read_text(encoding="utf-8").splitlines() if line[0] != "#"][1:]
    flat = [
        [form.form, word_class, context.sentence, str(context.start)]
        for form in FORMS
        for word_class, contexts in (("NOUN", form.nouns), ("VERB", form.verbs))
        for context in contexts
    ]
    assert flat == rows and len(FORMS) >= 70
    assert AMBIGUOUS_FILE.read_text(encoding="utf-8").splitlines()[1].endswith("CC0 1.0 (public domain dedication).")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.form)
def test_contexts_of_a_form(form) -> None:
    """The form stands once, after three to ten words; noun and verb contexts begin alike."""
    assert len(form.nouns) == len(form.verbs) >= 2
    for context in (*form.nouns, *form.verbs):
        assert re.search(rf"\b{form.form}\b", context.sentence).span() == (context.start, context.end)
        assert 3 <= len(context.before.split()) <= 10 and len(context.sentence) < 80
        assert context.sentence[0].isupper() and context.sentence[-1] in ".?"
    for noun, verb in zip(form.nouns, form.verbs, strict=True):
        assert noun.before.split()[0] == verb.before.split()[0]
        assert abs(len(noun.before.split()) - len(verb.before.split())) <= 2


def test_every_form_is_a_noun_and_a_verb_of_its_own_lemma() -> None:
    """By lemminflect's dictionary: forms of one lemma would not be independent units."""
    lemmas = {form.form: noun_and_verb_lemmas(form.form) for form in FORMS}
    assert [form for form, (noun, verb) in lemmas.items() if not noun or not verb] == []
    verbs = [next(iter(verb)) for _, verb in lemmas.values()]
    assert len(set(verbs)) == len(verbs)
    assert sum(form.endswith("ing") for form in lemmas) >= 8
    assert sum(form.endswith("s") and form not in verb for form, (_, verb) in lemmas.items()) >= 8


def test_the_classes_are_balanced() -> None:
    """Equal lengths on average, no sentence twice, and words before the form of many kinds."""
    nouns = [context for form in FORMS for context in form.nouns]
    verbs = [context for form in FORMS for context in form.verbs]
    assert abs(mean(c.start for c in nouns) - mean(c.start for c in verbs)) < 1
    assert abs(mean(len(c.before.split()) for c in nouns) - mean(len(c.before.split()) for c in verbs)) < 0.2
    assert len({c.sentence for c in (*nouns, *verbs)}) == len(nouns) + len(verbs)
    for contexts in (nouns, verbs):
        before = [context.before.split()[-1].lower() for context in contexts]
        assert len(set(before)) > 50
        assert max(before.count(word) for word in before) < len(before) / 4


HEAD = "# a comment\nform\tclass\tsentence\tstart\n"
WALK = ["walk\tNOUN\tI like a walk.\t9\n", "walk\tNOUN\tI like the walk.\t11\n"]
WALK += ["walk\tVERB\tI like to walk.\t10\n", "walk\tVERB\tWe can walk.\t7\n"]
GOOD = AMBIGUOUS_FILE.read_text(encoding="utf-8")


def one_line(old: str, new: str) -> Callable[[str], str]:
    def damage(text: str) -> str:
        assert text.count(old) == 1
        return text.replace(old, new)

    return damage


LINE = "walk\tNOUN\tAfter lunch she took a long walk by the river.\t28\n"


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        (lambda text: "", ["columns", "form, class, sentence, start"]),
        (one_line("form\tclass\t", "form\t"), ["columns"]),
        (one_line(LINE, ""), ["“walk” as a NOUN has 1 of 2"]),
        (one_line(LINE, LINE.replace("\t28", "")), ["line 10 has 3 values instead of 4"]),
        (one_line(LINE, LINE.replace("28", "29")), ["line 10", "“walk” at character 29"]),
        (one_line(LINE, LINE.replace("28", "-5")), ["line 10", "start “-5”"]),
        (one_line(LINE, LINE.replace("28", "²")), ["line 10", "start “²”"]),
        (one_line(LINE, LINE.replace("NOUN", "ADJ")), ["line 10", "“ADJ”", "NOUN and VERB"]),
        (one_line(LINE, LINE.replace("walk by", "walks by")), ["line 10", "whole word"]),
        (one_line(LINE, LINE.replace("long walk", "longwalk").replace("28", "27")), ["line 10", "whole word"]),
        (one_line(LINE, "walk\tNOUN\twalk by the river.\t0\n"), ["line 10", "after other words"]),
        (one_line(LINE, LINE * 2), ["line 11", "repeats", "walk"]),
        (one_line(LINE, LINE.replace("walk\tN", "\tN")), ["line 10", "“”"]),
        (lambda text: text[: len(text) // 3], ["is damaged"]),
        (lambda text: HEAD + "".join(WALK), ["it has 1 forms", "60"]),
    ],
)
def test_a_damaged_file(damage: Callable[[str], str], names: list[str], tmp_path: Path) -> None:
    (tmp_path / "ambiguous.tsv").write_text(damage(GOOD), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_ambiguous_forms(tmp_path / "ambiguous.tsv")
    assert_one_sentence(caught.value, "ambiguous.tsv", *names)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "ambiguous.tsv").write_bytes(b"\xff\xfe\x00form")
    with pytest.raises(UserError, match="not UTF-8"):
        read_ambiguous_forms(tmp_path / "ambiguous.tsv")
    with pytest.raises(UserError, match="cannot be read: No such file"):
        read_ambiguous_forms(tmp_path / "missing.tsv")


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    """As git may write them there."""
    (tmp_path / "ambiguous.tsv").write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert read_ambiguous_forms(tmp_path / "ambiguous.tsv") == FORMS
