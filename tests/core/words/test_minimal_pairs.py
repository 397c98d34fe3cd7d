"""The project's minimal pairs, and one clear sentence where their file is damaged."""

from __future__ import annotations

import lemminflect
import pytest

from core.errors import UserError
from core.words.minimal_pairs import PHRASES_FILE, minimal_pairs, read_minimal_pairs
from tests.support.tiny_models import assert_one_sentence

GOOD = PHRASES_FILE.read_text(encoding="utf-8")


def test_every_word_is_a_noun_and_a_verb_and_ends_both_phrases():
    """By lemminflect's dictionary."""
    pairs = minimal_pairs()
    assert len({pair.form for pair in pairs}) == len(pairs) >= 24
    for pair in pairs:
        lemmas = lemminflect.getAllLemmas(pair.form)
        assert lemmas.get("NOUN") and lemmas.get("VERB"), pair.form
        (noun,), (verb,) = pair.nouns, pair.verbs
        assert noun.before != verb.before and 1 <= len(noun.before.split()) <= len(verb.before.split()) <= 2
        for context in (noun, verb):
            assert context.up_to_form == context.sentence == f"{context.before}{pair.form}"
    assert "CC0 1.0" in GOOD.splitlines()[1]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text: text.replace("form\tnoun", "word\tnoun"), "columns must be form, noun, verb"),
        (lambda text: text.replace("walk\tthe walk\t", "walk\tthe walks\t"), "does not end with the word “walk”"),
        (lambda text: text.replace("walk\tthe walk\t", "walk\twalk\t"), "does not end with the word “walk”"),
        (lambda text: text.replace("run\ta run\tto run", "run\ta run"), "has 2 values instead of 3"),
        (lambda text: text + "walk\tthe walk\tthey walk\n", "repeats “walk”"),
        (lambda text: "\n".join(text.splitlines()[:20]), "needs at least 24"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, damage, says):
    (tmp_path / "phrases.tsv").write_text(damage(GOOD), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_minimal_pairs(tmp_path / "phrases.tsv")
    assert_one_sentence(caught.value, "phrases.tsv", says)
