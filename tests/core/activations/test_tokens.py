"""Pieces put together are the text, whatever tokenizer cut it; what a cell shows has nothing unseen in it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from core.activations.tokens import cut_text, without_lone_surrogates
from core.report.readable import readable

SAMPLE = ["time people the walking to and then naïve Straße ﬁne 漢字 🙂 e\u0301 "] * 3
NASTY = "e\u0301 🙂🙂 漢字\r\n\x00\u202e ﬁ\u3000naïve\u200b👨\u200d👩\u200d👧  \ufffd x "


def byte_level(**normalizer: normalizers.Normalizer) -> Tokenizer:
    """GPT-2's way: bytes, in which an emoji is several tokens."""
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer["normalizer"]
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(SAMPLE, trainer)
    return tokenizer


def trimming() -> Tokenizer:
    """The same with a space put before the text, and with spaces left out of the offsets."""
    tokenizer = byte_level()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return tokenizer


def byte_fallback() -> Tokenizer:
    """Llama's way: characters, and bytes for those that the vocabulary lacks."""
    vocabulary = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "t", "i", "m", "e", "▁t"]
    numbered = {token: number for number, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.BPE(vocab=numbered, merges=[("▁", "t")], unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return tokenizer


def word_pieces() -> Tokenizer:
    """BERT's way: lower case without accents, spaces and controls dropped, one token for what is unknown."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=["[UNK]"], show_progress=False)
    tokenizer.train_from_iterator(SAMPLE, trainer)
    return tokenizer


TOKENIZERS = {
    "byte level": byte_level(),
    "composed": byte_level(normalizer=normalizers.NFC()),
    "decomposed": byte_level(normalizer=normalizers.NFKD()),
    "controls dropped": byte_level(normalizer=normalizers.Nmt()),
    "trimming": trimming(),
    "byte fallback": byte_fallback(),
    "word pieces": word_pieces(),
}


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(max_examples=150, deadline=None, derandomize=True)
@example(text=NASTY)
@given(text=st.text(st.one_of(st.sampled_from(NASTY), st.characters()), max_size=30))
def test_any_tokenizer_cuts_exactly(name: str, text: str) -> None:
    """One piece and one part a token, and together they are the text; only a text without tokens has none."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    encoding = TOKENIZERS[name].encode(text, add_special_tokens=False)
    pieces, parts = cut_text(text, encoding.offsets)
    assert len(pieces) == len(parts) == len(encoding.ids)
    assert "".join(pieces) == (text if encoding.ids else "")


def test_a_character_of_several_tokens_stands_in_the_first() -> None:
    """Its tokens are numbered; those that share no character are not."""
    assert cut_text("a🙂b", [(0, 1), (1, 2), (1, 2), (1, 2), (2, 3)]) == (
        ["a", "🙂", "", "", "b"],
        ["", "1/3", "2/3", "3/3", ""],
    )


def test_what_no_token_names_goes_to_the_next() -> None:
    """Spaces that a tokenizer trims; at the end of the text, to the last."""
    assert cut_text(" a  b ", [(1, 2), (4, 5)]) == ([" a", "  b "], ["", ""])


def test_half_surrogates_are_replaced_and_counted() -> None:
    """Each by one replacement mark; whole characters beyond the first plane stay."""
    assert without_lone_surrogates("a\ud83db🙂\udfff") == ("a\ufffdb🙂\ufffd", 2)
    assert without_lone_surrogates("🙂\ufffd") == ("🙂\ufffd", 0)


@pytest.mark.parametrize(
    ("piece", "part", "shown"),
    [
        (" time", "", "␣time"),
        ("\r\n\t\x00\x1b\x7f", "", "␍↵⇥␀␛␡"),
        ("🙂", "1/3", "🙂[1/3]"),
        ("", "2/3", "[2/3]"),
        ("\u202ex\u2028\x85\ufeff\u3000", "", "[U+202E]x[U+2028][U+0085][U+FEFF][U+3000]"),
        ("\U000e0041\ue000", "", "[U+E0041][U+E000]"),
        ("e\u0301❤\ufe0f<b>$x$", "", "e\u0301❤\ufe0f<b>$x$"),
    ],
)
def test_readable(piece: str, part: str, shown: str) -> None:
    """What cannot be seen has a sign or its number; what can be seen stays."""
    assert readable(piece, part) == shown


@settings(max_examples=300, deadline=None, derandomize=True)
@given(piece=st.text(st.characters(exclude_categories=())))
def test_nothing_unseen_is_left(piece: str) -> None:
    """Whatever the piece, its cell can be printed on one line, in one direction, and saved as UTF-8."""
    shown = readable(piece)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"}
    assert len(f"{shown}|".splitlines()) == 1
    assert len(shown.encode("utf-8")) >= len(piece)
