"""docs/how-to/troubleshoot.md says what to do about each sentence of a mistake that the source has."""

from __future__ import annotations

import ast

from docs import sentences


def test_every_sentence_has_a_place_on_the_page() -> None:
    """Give it a line in ``docs.sentences.SECTIONS``, then run ``python docs/generate.py``."""
    assert [f"{one.file}:{one.line}: {one.text}" for one in sentences.homeless()] == []
    assert len(sentences.sentences()) > 200


def test_no_section_is_empty() -> None:
    assert [section for section in sentences.SECTIONS if not sentences.said(section)] == []


def test_sentences_are_found_however_they_are_written() -> None:
    code = """
BEGIN = "A model is "
def load(name, n, why):
    sentence = f"{name} is too large" if n > 1 else "It is small"
    if why:
        raise UserError(f"{name}: {n:,} of {why}" f" are missing.", about="model") from None
    refusal = f"{name} cannot be read, and %s."
    raise UserError(refusal % f"it is {why}")
    raise UserError(sentence + ".")
    raise UserError(BEGIN + "large.")
    raise UserError(_why(n))
    raise UserError(f"{sentence}{why}")
    parser.error(f"There is no option {name}.")
    log.error("no sentence of a mistake")
    raise UserError(str(why))

def _why(n):
    end = "Stop."
    if n:
        return f"{n} is odd. {end}"
    return BEGIN + end
"""
    tree = ast.parse(code)
    found = [sentences._texts(call.args[0], scope, tree) for call, scope in sentences._calls(tree, tree)]
    assert found == [
        ["…: … of … are missing."],
        ["… cannot be read, and it is …."],
        ["… is too large.", "It is small."],
        ["A model is large."],
        ["A model is Stop.", "… is odd. …"],
        ["… is too large…", "It is small…"],
        ["There is no option …."],
        ["…"],
    ]


def test_an_error_whose_words_are_not_found_has_no_place_either() -> None:
    code = """
def load(name, why):
    raise UserError(elsewhere.why(name))
    try:
        read(name)
    except OSError as error:
        raise UserError(f"{name}: {error}") from error
"""
    assert list(sentences._raised("core/words/new.py", ast.parse(code))) == [(sentences.GAP, 3)]
    assert sentences.section_of(sentences.Sentence(sentences.GAP, "core/words/new.py", 3)) is None


def test_a_new_sentence_without_a_place_is_found(monkeypatch) -> None:
    new = sentences.Sentence("Pages have … lines.", "core/pages/new.py", 3)
    monkeypatch.setattr(sentences, "sentences", lambda: (new,))
    assert sentences.homeless() == [new]
