"""The tokenizer is the one of the file, whatever class a model names; tags are text; the start token has a name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from core.activations import token_activations, word_activations
from core.errors import UserError
from core.models import load_model
from core.models.load_tokenizer import load_tokenizer
from tests.support.tiny_models import END_OF_TEXT, TEXT, WORDS, assert_one_sentence
from tests.support.tokenizer_styles import STYLES, save_model_with, tokenizer_in

TEXTS = (TEXT, *WORDS, " time", "it's 1234567 words", "two  spaces\n\nlines", "naïve cafe\u0301 世界 🙂", "THEY'RE ok")
# Styles, and the architecture and class under which transformers builds another tokenizer than the file's.
REBUILT = [
    ("cl100k", "gpt2", "GPT2Tokenizer"),
    ("qwen", "gpt2", "GPT2Tokenizer"),
    ("cl100k", "gpt_neox", None),
    ("cl100k", "qwen3", None),
    ("replace only", "llama", "LlamaTokenizer"),
    ("metaspace never", "llama", "LlamaTokenizer"),
    ("prepend", "mistral", "LlamaTokenizer"),
    *((style, "qwen2", name) for style in ("cl100k", "qwen", "byte level, space True, trim True", "prepend") for name in
      (None, "Qwen2Tokenizer")),
]  # fmt: skip


@pytest.mark.parametrize(("style", "architecture", "class_name"), REBUILT)
def test_tokens_are_those_of_the_file(style: str, architecture: str, class_name: str | None, tmp_path: Path) -> None:
    """Of words and texts, also where transformers rebuilds the tokenizer by the rules of a class."""
    more = {"tokenizer_class": class_name} if class_name else {}
    folder = save_model_with(tokenizer_in(style), tmp_path, architecture=architecture, **more)
    lm, file = load_model(str(folder)), Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in TEXTS:
        ids = file.encode(text, add_special_tokens=False).ids
        assert lm.tokenizer.encode(text, add_special_tokens=False).ids == ids
        assert token_activations(lm, text, 0).token_ids == ids
        assert "".join(token_activations(lm, text, 0).pieces) == text


def word_level() -> Tokenizer:
    """Whole words between spaces: a typed tag is a word."""
    words = ["<unk>", "<s>", "</s>", "a", "time"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return tokenizer


def ignoring_merges() -> Tokenizer:
    """Llama 3's way: a piece that is in the vocabulary is a token, whatever the merges say."""
    state = json.loads(tokenizer_in("prepend").to_str())
    state["model"]["ignore_merges"] = True
    return Tokenizer.from_str(json.dumps(state))


def merging() -> Tokenizer:
    """A tag that merges put together."""
    state = json.loads(tokenizer_in("metaspace never").to_str())
    vocabulary = state["model"]["vocab"]
    for piece in ("<", "/", "s", ">", "</", "s>"):
        vocabulary.setdefault(piece, len(vocabulary))
    state["model"]["merges"] += [["<", "/"], ["s", ">"], ["</", "s>"]]
    return Tokenizer.from_str(json.dumps(state))


def not_special() -> Tokenizer:
    """A tag that the file does not mark as special."""
    tokenizer = tokenizer_in("cl100k")
    tokenizer.add_tokens([AddedToken("<s>", special=False), AddedToken("</s>", special=False)])
    return tokenizer


TAGGED = {name: lambda name=name: tokenizer_in(name) for name in STYLES} | {
    function.__name__: function for function in (word_level, ignoring_merges, merging, not_special)
}


@pytest.mark.parametrize("style", TAGGED)
def test_a_typed_tag_is_text(style: str, tmp_path: Path) -> None:
    """In every style: no typed tag is read as the token, the tokens of other texts are the file's, numbers stay."""
    tokenizer = TAGGED[style]()
    if tokenizer.token_to_id("<s>") is None:
        tokenizer.add_special_tokens(["<s>", "</s>"])
    names = {"bos_token": "<s>", "eos_token": "</s>", "tokenizer_class": "PreTrainedTokenizerFast"}
    folder = save_model_with(tokenizer, tmp_path, **names)
    lm = load_model(str(folder))
    start, end = (tokenizer.token_to_id(tag) for tag in ("<s>", "</s>"))
    assert (lm.start_token, lm.info.start_token) == (start, "<s>") and not lm.info.start_token_is_end_of_text
    for text in ("</s>", "<s>", " </s>", "a</s>a", "<s> time </s>", "</s></s>"):
        found = token_activations(lm, text, 0)
        assert not {start, end} & {*found.token_ids}, text
        assert "".join(found.pieces) == text
    word_activations(lm, ["</s>", "time"], leading_space=True)
    for text in TEXTS:
        assert lm.tokenizer.encode(text).ids == tokenizer.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"bos_token": "<s>", "eos_token": "</s>"}, ("<s>", False)),
        ({"eos_token": "</s>"}, ("</s>", True)),
        ({"bos_token": "<|nowhere|>", "eos_token": "</s>"}, ("</s>", True)),  # the file does not have it
        ({"bos_token": "</s>", "eos_token": "</s>"}, ("</s>", False)),
        ({"bos_token": "<|nowhere|>"}, None),
        ({}, None),
    ],
)
def test_the_start_token(settings: dict[str, str], expected: tuple[str, bool] | None, tmp_path: Path) -> None:
    """Its number is the file's; what the model has read in training is in the file."""
    folder = save_model_with(tokenizer_in("prepend"), tmp_path, tokenizer_class="PreTrainedTokenizerFast", **settings)
    _, start = load_tokenizer(folder, "made")
    file = Tokenizer.from_file(str(folder / "tokenizer.json"))
    info = load_model(str(folder)).info
    if expected is None:
        assert start is None and info.start_token is None and not info.start_token_is_end_of_text
    else:
        assert start is not None and (start.name, start.is_end_of_text) == expected
        assert start.id == file.token_to_id(expected[0])
        assert (info.start_token, info.start_token_is_end_of_text) == expected


def test_the_bundled_models_start_token() -> None:
    """As its files say."""
    assert load_model("bundled").info.start_token == END_OF_TEXT


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({}, "it has no tokenizer"),
        ({"tokenizer.model": "x"}, "only tokenizer.model"),
        ({"spiece.model": "x"}, "only spiece.model"),
        ({"tokenizer.json": "{"}, "broken"),
        ({"tokenizer.json": "{}"}, "broken"),
        ({"tokenizer.json": ""}, "broken"),
    ],
)
def test_files_that_are_no_tokenizer(files: dict[str, str], part: str, tmp_path: Path) -> None:
    """One sentence of our own, without the folder's place on this computer, before any weights are read."""
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(UserError) as caught:
        load_tokenizer(tmp_path, "some/model")
    assert_one_sentence(caught.value, "some/model", part)
    assert str(tmp_path) not in str(caught.value)
