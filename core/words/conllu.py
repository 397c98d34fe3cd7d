"""Read running text with parts of speech in CoNLL-U, the format of Universal Dependencies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import UserError
from core.records import UPOS, GoldSentence, GoldText, GoldWord, LeftOutWord
from core.words.checks import split_lines
from core.words.entries import count_of

GOLD_FILE = Path(__file__).resolve().parents[2] / "assets" / "gold" / "english.conllu"

MAX_CONLLU_BYTES = 30_000_000  # the training part of UD English EWT has half of that
NOT_IN_TEXT = "not in the sentence's text"
UNTAGGED = "no part of speech"
_FORMAT = "CoNLL-U has ten columns with tabs between them, one word a line, and a blank line after each sentence"
_REACH = 200  # characters in which a word is looked for where tokens and text differ
_MAX_QUOTE = 80  # characters of a file that a message quotes


class _Token(NamedTuple):
    """What stands in the text: a word, or a multiword token with its words."""

    surface: str
    words: list[Mapping[str, Any]]
    space_after: bool


class _Place(NamedTuple):
    """The document and the genre in which a sentence is."""

    document: str = ""
    genre: str = ""


def read_conllu(text_or_bytes: str | bytes, what: str) -> GoldText:
    r"""The sentences of a CoNLL-U file, with the characters of each word.

    The text of a sentence is its line ``# text``. Without this line, it is made from the words and ``SpaceAfter=No``.
    Each token is found in the text after the one before it; width and kind of spaces do not count. A word that is not
    found is left out, and so is a word without a part of speech (``_``): both with a note. Empty nodes (``8.1``) stand
    for words that are not in the text; they are counted. Heads and relations are not read.

    The genre of a document is its line ``# meta::genre`` or ``# genre``; without these, its id up to the first hyphen
    (``# newdoc id = news-3``).

    Parameters
    ----------
    text_or_bytes : str or bytes
        Bytes are decoded as UTF-8.
    what : str
        The file's name in a UserError.

    Returns
    -------
    GoldText
        Offsets count characters (code points) of the sentence's text. ``n_words`` is the number of words in the file.

    Raises
    ------
    UserError
        The file is larger than ``MAX_CONLLU_BYTES``, is not UTF-8 or not CoNLL-U, has a part of speech that is not one
        of ``UPOS``, or has no tagged word in its text. The sentence has the number of the place.

    References
    ----------
    https://universaldependencies.org/format.html

    Examples
    --------
    >>> lines = ("# text = Dogs bark.", "1 Dogs dog NOUN", "2 bark bark VERB", "3 . . PUNCT")
    >>> gold = read_conllu("\n".join([lines[0], *(line.replace(" ", "\t") for line in lines[1:])]), "my file")
    >>> [(word.form, word.upos, word.start, word.end) for word in gold.sentences[0].words]
    [('Dogs', 'NOUN', 0, 4), ('bark', 'VERB', 5, 9), ('.', 'PUNCT', 9, 10)]
    """
    text = _decoded(text_or_bytes, what)
    sentences: list[GoldSentence] = []
    left_out: list[LeftOutWord] = []
    n_empty_nodes = 0
    place = _Place()
    for number, (comments, rows) in enumerate(_parsed(text, what), start=1):
        place = _place_of(place, comments)
        words = [row for row in rows if not _is_empty_node(row)]
        n_empty_nodes += len(rows) - len(words)
        tokens = _tokens(words, f"Sentence {number:,} of {what}")
        if tokens:
            sentence, without = _sentence(number, tokens, comments, place)
            sentences.append(sentence)
            left_out += without
    if not any(sentence.words for sentence in sentences):
        raise UserError(f"{what} holds no word with a part of speech in a text; {_FORMAT}.")
    return GoldText(tuple(sentences), tuple(left_out), n_empty_nodes, _notes(sentences, left_out))


def joined_gold(texts: Sequence[GoldText]) -> GoldText:
    """Several gold-tagged texts as one, in their order.

    Examples
    --------
    >>> joined_gold([bundled_gold(), bundled_gold()]).n_words == 2 * bundled_gold().n_words
    True
    """
    return GoldText(
        tuple(sentence for text in texts for sentence in text.sentences),
        tuple(word for text in texts for word in text.left_out),
        sum(text.n_empty_nodes for text in texts),
        tuple(note for text in texts for note in text.notes),
    )


@cache
def bundled_gold() -> GoldText:
    """The sentences that were written and tagged for this project (``assets/gold``).

    Examples
    --------
    >>> bundled_gold().sentences[2].text
    '“Somebody is knocking,” Marta whispered, and she lit the lamp.'
    """
    return read_conllu(GOLD_FILE.read_bytes(), GOLD_FILE.name)


def _decoded(text_or_bytes: str | bytes, what: str) -> str:
    """The text with plain line ends."""
    if len(text_or_bytes) > MAX_CONLLU_BYTES:
        raise UserError(f"{what} is too large for a tagged text; at most {MAX_CONLLU_BYTES:,} bytes are allowed.")
    if isinstance(text_or_bytes, bytes):
        try:
            text_or_bytes = text_or_bytes.decode("utf-8")
        except UnicodeDecodeError:
            raise UserError(f"{what} is not UTF-8 text; a CoNLL-U file is expected.") from None
    if not text_or_bytes.strip():
        raise UserError(f"{what} is empty; a CoNLL-U file is expected.")
    return "\n".join(split_lines(text_or_bytes))


def _parsed(text: str, what: str) -> Iterator[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """The comments and the rows of each sentence."""
    from io import StringIO

    from conllu import parse_incr  # late: few pages need it
    from conllu.exceptions import ParseException

    # Columns that are not needed are not parsed: this halves the time, and an odd value in them does no harm.
    unread = {name: lambda _line, _index: None for name in ("xpos", "feats", "head", "deprel", "deps")}
    n_read = 0
    try:
        for sentence in parse_incr(StringIO(text), field_parsers=unread):
            yield sentence.metadata, list(sentence)
            n_read += 1
    except (ParseException, ValueError) as error:  # ValueError: a number of thousands of digits
        reason = _quoted(str(error).rstrip("."))
        raise UserError(f"Sentence {n_read + 1:,} of {what} is not CoNLL-U ({reason}); {_FORMAT}.") from None


def _is_empty_node(row: Mapping[str, Any]) -> bool:
    number = row.get("id")
    return isinstance(number, tuple) and number[1] == "."


def _tokens(rows: Sequence[Mapping[str, Any]], where: str) -> list[_Token]:
    """The tokens of a sentence. Checks that words are numbered from 1, and that all have a form and an allowed tag."""
    tokens: list[_Token] = []
    expected, last_inside = 1, 0  # the number of the next word; the last word of the multiword token
    for row in rows:
        number, form = row.get("id"), row.get("form", "")
        if not form or "upos" not in row:
            raise UserError(f"{where} is not CoNLL-U (a line has no form or no part of speech); {_FORMAT}.")
        space_after = (row.get("misc") or {}).get("SpaceAfter") != "No"
        if isinstance(number, tuple):
            if number[0] != expected or expected <= last_inside:
                raise UserError(f"{where} is not CoNLL-U (the multiword token {_quoted(form)!r} is out of place).")
            last_inside = number[2]
            tokens.append(_Token(form, [], space_after))
            continue
        if number != expected:
            raise UserError(f"{where} is not CoNLL-U (expected word {expected}, got {number}).")
        if row["upos"] not in (*UPOS, "_"):
            got = f"the part of speech {_quoted(row['upos'])!r} at word {number}"
            raise UserError(f"{where} has {got}; allowed are {', '.join(UPOS)}.")
        if number > last_inside:
            tokens.append(_Token(form, [row], space_after))
        else:
            tokens[-1].words.append(row)
        expected += 1
    if expected <= last_inside:
        raise UserError(f"{where} is not CoNLL-U (a multiword token ends with word {last_inside}, which is not there).")
    return tokens


def _sentence(
    number: int, tokens: list[_Token], comments: Mapping[str, Any], place: _Place
) -> tuple[GoldSentence, list[LeftOutWord]]:
    """A sentence with the words that have a place in its text, and those that are left out."""
    text = comments.get("text") or "".join(token.surface + " " * token.space_after for token in tokens).rstrip()
    words: list[GoldWord] = []
    left_out: list[LeftOutWord] = []
    for token, span in zip(tokens, _spans(text, [token.surface for token in tokens]), strict=True):
        for row in token.words:
            form, lemma = row["form"], row.get("lemma", "_")
            if span is None or row["upos"] == "_":
                left_out.append(LeftOutWord(form, number, NOT_IN_TEXT if span is None else UNTAGGED))
            else:
                words.append(GoldWord(form, "" if lemma == "_" != form else lemma, row["upos"], *span))
    return GoldSentence(text, tuple(words), comments.get("sent_id") or "", place.genre, place.document), left_out


def _spans(text: str, surfaces: Sequence[str]) -> list[tuple[int, int] | None]:
    """The characters of each token, in order; None for a token that is not found.

    Text and tokens are compared without spaces. A token is expected where the last one ended. If something else is
    there, the token is looked for nearby together with the next one: alone, a short word would be found too often.
    """
    at = [index for index, char in enumerate(text) if not char.isspace()]  # where each letter is in the text
    letters = "".join(text[index] for index in at)
    squeezed = ["".join(surface.split()) for surface in surfaces]
    spans: list[tuple[int, int] | None] = []
    position = 0
    for index, (surface, token) in enumerate(zip(surfaces, squeezed, strict=True)):
        start = position
        if not letters.startswith(token, position):
            both = token + "".join(squeezed[index + 1 : index + 2])
            start = letters.find(both, position, position + _REACH + len(both))
        span = None
        if token and start >= 0:
            span = at[start], at[start + len(token) - 1] + 1
            position = start + len(token)
            if text[span[0] : span[1]].split() != surface.split():
                span = None  # the text has a space inside the word
        spans.append(span)
    return spans


def _place_of(before: _Place, comments: Mapping[str, Any]) -> _Place:
    """The document and genre of a sentence: its own comments', else those of the sentence before it."""
    new = "newdoc" in comments or "newdoc id" in comments
    document = comments.get("newdoc id") or "" if new else before.document
    from_id = document.partition("-")[0] if "-" in document else ""
    genre = comments.get("meta::genre") or comments.get("genre") or (from_id if new else before.genre)
    return _Place(document, genre)


def _notes(sentences: list[GoldSentence], left_out: list[LeftOutWord]) -> tuple[str, ...]:
    n_words = sum(len(sentence.words) for sentence in sentences) + len(left_out)
    notes = []
    for reason in (NOT_IN_TEXT, UNTAGGED):
        words = [word for word in left_out if word.reason == reason]
        if words:
            first = f"the first is {_quoted(words[0].form)!r} in sentence {words[0].sentence:,}"
            notes.append(f"{len(words):,} of {count_of(n_words, 'word')} left out: {reason} ({first}).")
    return tuple(notes)


def _quoted(got: str) -> str:
    """What a message quotes of a file, not longer than a line."""
    return got if len(got) <= _MAX_QUOTE else f"{got[:_MAX_QUOTE]}…"
