"""Every style of tokenizer: words as they stand inside a sentence, and pieces that are what the tokens cover."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, pre_tokenizers

from core.activations import read_words, token_activations, token_counts, word_activations
from core.activations.encode import about_spaces, encode_text, encode_words, start_ids
from core.activations.tokens import cut_text
from core.errors import UserError
from core.models import LoadedModel, load_model
from core.models.load_tokenizer import configure_tokenizer
from core.records import ContrastSpec, WordList, WordPair
from core.words.lists import get_word_list
from tests.support.tiny_models import WORDS, Reference, assert_close, assert_one_sentence
from tests.support.tokenizer_styles import STYLES, save_model_with, tokenizer_in

BYTE_LEVEL = [name for name in STYLES if "byte level" in name or name in ("cl100k", "qwen")]
# The styles in which a word's tokens do not depend on a leading space.
UNCHANGED = [
    *(name for name in BYTE_LEVEL if "space True" in name or name.endswith("space")),
    *("metaspace always", "metaspace first", "metaspace unsplit", "prepend", "unigram", "word pieces"),
]
# Latin with marks, Hangul by its letters, Thai, Hebrew with points, Arabic, Devanagari, Chinese, emoji.
GRAPHEMES = [*"abet hm.1 ", "e\u0301", "é", "q\u0301", "\u1112\u1161\u11ab", "\u1100\u1173", "한", "ก", "ำ", "ที่", "สวั"]
GRAPHEMES += ["שׁ", "ש", "م", "بِ", "क्षि", "漢", "界", "🙂", "👨\u200d👩\u200d👧", "👍🏽", "🇫🇷", "❤\ufe0f"]
GRAPHEMES += ["\n", "\t", "  "]


@cache
def tokenizer_of(style: str) -> Tokenizer:
    return configure_tokenizer(tokenizer_in(style))


@pytest.fixture
def reads(lm: LoadedModel) -> Callable[[str], LoadedModel]:
    """The tiny model with another tokenizer: what is asked of it here are tokens, not values."""
    return lambda style: replace(lm, tokenizer=tokenizer_of(style), n_embeddings=10_000)


# --- Words ---


@pytest.mark.parametrize("style", STYLES)
def test_words_are_read_as_inside_a_sentence(style: str, reads: Callable[[str], LoadedModel]) -> None:
    """Whatever word stands before, the sentence ends with the very ids that are read, and begins with the others."""
    rows = encode_words(reads(style), WORDS, True, [])
    for before in ("people to", "take", "then a"):
        alone = tokenizer_in(style).encode(before, add_special_tokens=False).ids
        for word, row in zip(WORDS, rows, strict=True):
            sentence = tokenizer_in(style).encode(f"{before} {word}", add_special_tokens=False).ids
            assert sentence == [*alone, *row], (before, word)


@pytest.mark.parametrize("style", STYLES)
def test_bare_words_are_read_as_they_are_encoded_alone(style: str, reads: Callable[[str], LoadedModel]) -> None:
    expected = [tokenizer_in(style).encode(word, add_special_tokens=False).ids for word in WORDS]
    assert encode_words(reads(style), WORDS, False, []) == expected


@pytest.mark.parametrize("style", [name for name in BYTE_LEVEL if name not in UNCHANGED])
def test_without_an_added_space_the_word_is_read_after_a_space(style: str, reads: Callable[[str], LoadedModel]) -> None:
    """In these styles nothing changes: a word inside a sentence is the word after a space, and a bare one is other."""
    expected = [tokenizer_in(style).encode(f" {word}", add_special_tokens=False).ids for word in WORDS]
    assert encode_words(reads(style), WORDS, True, []) == expected != encode_words(reads(style), WORDS, False, [])


@pytest.mark.parametrize("word_class", ["nouns", "verbs"])
def test_the_bundled_words_have_the_tokens_that_they_had(word_class: str) -> None:
    """Of the bundled model, over a whole list."""
    words, lm = get_word_list(word_class, "bundled").words, load_model("bundled")
    for leading_space, texts in ((True, [f" {word}" for word in words]), (False, words)):
        expected = [encoding.ids for encoding in lm.tokenizer.encode_batch(list(texts), add_special_tokens=False)]
        assert encode_words(lm, words, leading_space, []) == expected


@pytest.mark.parametrize("style", STYLES)
def test_a_setting_that_changes_nothing_is_named(style: str, reads: Callable[[str], LoadedModel]) -> None:
    """Where a leading space gives the same tokens; in one sentence."""
    notes = about_spaces(reads(style), WORDS)
    assert len(notes) == (style in UNCHANGED)
    assert all("Leading space" in note and "\n" not in note for note in notes)


@pytest.fixture(scope="session")
def mistral(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Mistral with its tokenizer: a normaliser puts a space before every text."""
    return save_model_with(
        tokenizer_in("prepend"), tmp_path_factory.mktemp("mistral"), tokenizer_class="LlamaTokenizer", bos_token="<s>"
    )


@pytest.mark.parametrize("prefix", [False, True])
def test_no_stray_space_is_in_the_mean(mistral: Path, prefix: bool) -> None:
    """The careful preset's words, against the whole model on the tokens that follow another word."""
    lm, reference, words = load_model(str(mistral)), Reference(mistral), ["time", "people", "🙂"]
    found = word_activations(lm, words, leading_space=True, prefix=prefix)
    head = [Tokenizer.from_file(str(mistral / "tokenizer.json")).token_to_id("<s>")] if prefix else []
    for i, word in enumerate(words):
        ids = reference.ids(f"take {word}")[len(reference.ids("take")) :]
        expected = reference.read_all([*head, *ids], "pre-activation")[:, len(head) :].mean(axis=1)
        assert_close(found[:, i], expected)
    spaced = reference.ids(" time")
    stray = reference.read_all([*head, *spaced], "pre-activation")[:, len(head) :].mean(axis=1)
    assert np.abs(found[:, 0] - stray).max() > 0.05, "the tokens of “ time” alone have one more space"


def test_the_note_comes_with_the_activations(mistral: Path) -> None:
    """So that it reaches the result, whatever reads it."""
    nouns, verbs = WordList("nouns", ("time", "word"), "own"), WordList("verbs", ("go", "take"), "own")
    pair = WordPair(nouns.words, verbs.words, nouns, verbs, shared=())
    lm = load_model(str(mistral))
    for leading_space in (False, True):
        activations = read_words(lm, pair, ContrastSpec(leading_space=leading_space), [1])
        assert len(activations.notes) == 1 and "Leading space" in activations.notes[0]
    assert read_words(load_model("bundled"), pair, ContrastSpec(), [1]).notes == ()


# --- Tokens without an embedding ---


@pytest.fixture(scope="session")
def short_of_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose tokenizer knows more tokens than it has embeddings: an added word, and a token of its own."""
    tokenizer = tokenizer_in("cl100k")
    tokenizer.add_tokens(["zebra"])
    tokenizer.add_special_tokens(["<|start|>"])
    rows = tokenizer.get_vocab_size() - 2
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|start|>"}
    return save_model_with(tokenizer, tmp_path_factory.mktemp("short"), rows=rows, **settings)


@pytest.mark.parametrize(
    ("act", "names"),
    [
        (lambda lm: word_activations(lm, ["time", "zebra"]), ["zebra", "380", "379"]),
        (lambda lm: word_activations(lm, ["zebra"], leading_space=True), ["zebra", "380", "379"]),
        (lambda lm: token_counts(lm, ["zebra"]), ["zebra", "380", "379"]),
        (lambda lm: token_activations(lm, "a zebra walks", 1), ["zebra", "380", "379"]),
        (lambda lm: word_activations(lm, ["time"], prefix=True), ["<|start|>", "381", "379"]),
        (lambda lm: token_activations(lm, "time", 1, prefix=True), ["<|start|>", "381", "379"]),
    ],
)
def test_a_token_without_an_embedding(
    act: Callable[[LoadedModel], object], names: list[str], short_of_rows: Path
) -> None:
    """One sentence that names the token, and the numbers that the model reads; nothing is read."""
    lm = load_model(str(short_of_rows))
    with pytest.raises(UserError) as caught:
        act(lm)
    assert_one_sentence(caught.value, *names)
    assert np.isfinite(word_activations(lm, ["time"])).all()


def test_the_advice_for_a_start_token_without_an_embedding(short_of_rows: Path) -> None:
    """The page's advice is that for a model without such a token."""
    with pytest.raises(UserError) as caught:
        start_ids(load_model(str(short_of_rows)), True)
    assert caught.value.about == "prefix"


# --- Pieces ---


def _clusters(text: str, style: str) -> list[tuple[str, str]]:
    """A text as pairs: some characters, and what the style's normaliser makes of them together."""
    form = {"qwen": "NFC", "byte level, NFC": "NFC", "byte level, NFKC, space": "NFKC"}.get(style)
    clusters: list[tuple[str, str]] = []
    for character in text:
        if form and clusters:
            whole = clusters[-1][0] + character
            apart = unicodedata.normalize(form, clusters[-1][0]) + unicodedata.normalize(form, character)
            if unicodedata.normalize(form, whole) != apart:
                clusters[-1] = (whole, unicodedata.normalize(form, whole))
                continue
        clusters.append((character, unicodedata.normalize(form, character) if form else character))
    return clusters


def _units(text: str, style: str) -> list[int | None]:
    """What the tokens' names spell, unit by unit: the number of the cluster that it belongs to; None: it was added."""
    clusters = _clusters(text, style)
    normal = "".join(made for _, made in clusters)
    if style in BYTE_LEVEL:  # a name has one letter for each byte
        added = style in UNCHANGED and not normal.startswith(" ")
        units: list[int | None] = [i for i, (_, made) in enumerate(clusters) for _ in made.encode()]
    else:
        added = style == "prepend" or (style in UNCHANGED and not normal.startswith((" ", "▁")))
        units = [*range(len(clusters))]
    return [None, *units] if added else units


def _lengths(tokens: list[str], clusters: list[tuple[str, str]], units: list[int | None]) -> list[list[int | None]]:
    """The clusters of each token. Where a name is ``<0xE4>``, it is one of the bytes of a character."""
    found, at, of_bytes = [], 0, 0
    for token in tokens:
        if not (token.startswith("<0x") and len(token) == 6):
            found.append(units[at : at + len(token)])
            at += len(token)
            continue
        number = units[at]
        assert number is not None
        found.append([number])
        of_bytes += 1
        if of_bytes == len(clusters[number][0].encode()):
            at, of_bytes = at + 1, 0
    assert at == len(units)
    return found


@pytest.mark.parametrize("style", [name for name in STYLES if name != "word pieces"])
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])
@given(graphemes=st.lists(st.sampled_from(GRAPHEMES), min_size=1, max_size=8))
def test_pieces_are_what_the_tokens_cover(style: str, graphemes: list[str], lm: LoadedModel) -> None:
    """By the tokens' own names: a piece has the characters that begin in its token; what was added has none."""
    text = "".join(graphemes)
    encoding = tokenizer_of(style).encode(text, add_special_tokens=False)
    clusters = _clusters(text, style)
    covered = _lengths(encoding.tokens, clusters, _units(text, style))
    seen: set[int] = set()
    expected = []
    for numbers in covered:
        new = [number for number in dict.fromkeys(numbers) if number is not None and number not in seen]
        seen.update(new)
        expected.append("".join(clusters[number][0] for number in new))
    _, spans = encode_text(replace(lm, tokenizer=tokenizer_of(style), n_embeddings=10_000), text, None)
    pieces, parts = cut_text(text, spans)
    assert pieces == expected and "".join(pieces) == text
    split = [bool(a and b and a[-1] is not None and a[-1] == b[0]) for a, b in pairwise(covered)]
    for i, part in enumerate(parts):
        if all(number is None for number in covered[i]):
            assert part == "added"
        else:
            assert ("/" in part) == any(split[max(i - 1, 0) : i + 1]), (i, parts)
            assert pieces[i] or part


@pytest.mark.parametrize(
    ("style", "text", "pieces", "parts"),
    [
        ("prepend", "m 世", ["", "m", " ", "世", "", ""], ["added", "", "", "1/3", "2/3", "3/3"]),
        ("metaspace always", "🙂", ["", "🙂", "", "", ""], ["added", "1/4", "2/4", "3/4", "4/4"]),
        ("prepend", " 🙂", ["", " ", "🙂", "", "", ""], ["added", "", "1/4", "2/4", "3/4", "4/4"]),
        ("byte level, space True, trim True", "  m", [" ", " ", "m"], ["", "", ""]),
        ("byte level, NFC", "cafe\u0301 time", ["c", "af", "e\u0301", " time"], [""] * 4),
    ],
)
def test_pieces_by_hand(
    style: str, text: str, pieces: list[str], parts: list[str], reads: Callable[[str], LoadedModel]
) -> None:
    """Cases that were wrong."""
    assert cut_text(text, encode_text(reads(style), text, None)[1]) == (pieces, parts)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(text=st.lists(st.sampled_from(GRAPHEMES), min_size=1, max_size=8).map("".join).filter(str.strip))
def test_word_pieces_join_marks_to_their_letter(text: str) -> None:
    """Accents that the tokenizer drops stay with the letter, never with the next token."""
    tokenizer = tokenizer_of("word pieces")
    pieces, _ = cut_text(text, tokenizer.encode(text, add_special_tokens=False).offsets)
    assert "".join(pieces) == text
    starts = [piece for piece in pieces[1:] if piece]
    assert not any(unicodedata.combining(piece[0]) for piece in starts)


def test_byte_level_letters_are_as_many_as_bytes() -> None:
    """What the reference above rests on."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    assert len(alphabet) == 256 and all(len(letter) == 1 for letter in alphabet)
