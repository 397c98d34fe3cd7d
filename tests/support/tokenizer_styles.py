"""Small tokenizers of every style that language models have, trained with the tokenizers library alone.

    tokenizer_in("prepend").encode("time")      # Llama's and Mistral's way
    save_model_with(tokenizer_in("prepend"), folder)

Nothing here is shared with ``core``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from benchmarks.tiny_models import TINY
from tests.support.tiny_models import WORDS

SAMPLE = [
    "time people the walking to and then a noun is a word while verbs go on to take time",
    "people take the time to go walking and then hello hello world 世界 café cafe\u0301 한국어 สวัสดี שלום مرحبا",
    *WORDS,
] * 3
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN = CL100K.replace(r"\p{N}{1,3}", r"\p{N}")


def byte_level(
    *, space: bool = False, trim: bool | None = None, normalizer: Any = None, regex: str | None = None
) -> Tokenizer:
    """GPT-2's way; with a regular expression, that of later models."""
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if regex is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=space)
    else:
        split = pre_tokenizers.Split(Regex(regex), "isolated")
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [split, pre_tokenizers.ByteLevel(add_prefix_space=space, use_regex=False)]
        )
    if trim is not None:
        tokenizer.post_processor = processors.ByteLevel(add_prefix_space=space, trim_offsets=trim)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=380,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=["<|endoftext|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(SAMPLE, trainer)
    return tokenizer


def _byte_fallback(tokenizer: Tokenizer) -> Tokenizer:
    """A tokenizer with the merges that Metaspace gave, and bytes for characters that its vocabulary lacks."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    letters = [text for text in SAMPLE if text.isascii()]
    trained.train_from_iterator(letters, trainers.BpeTrainer(vocab_size=120, show_progress=False))
    state = json.loads(trained.to_str())["model"]
    learnt = sorted(state["vocab"], key=state["vocab"].__getitem__)
    vocabulary = {token: number for number, token in enumerate(["<unk>", "<s>", "</s>", *BYTES, *learnt])}
    merges = [tuple(merge) for merge in state["merges"]]
    tokenizer.model = models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return tokenizer


def metaspace(scheme: str, *, split: bool = True) -> Tokenizer:
    """SentencePiece's BPE, as newer files write it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=split)
    return _byte_fallback(tokenizer)


def prepend(*, before: bool = True) -> Tokenizer:
    """SentencePiece's BPE, as Llama 2 and Mistral write it: a normaliser, and nothing that cuts the text."""
    tokenizer = Tokenizer(models.BPE())
    steps = [normalizers.Prepend("▁")] if before else []
    tokenizer.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", "▁")])
    return _byte_fallback(tokenizer)


def unigram() -> Tokenizer:
    """SentencePiece's Unigram, whose special tokens are pieces like all others."""
    trained = Tokenizer(models.Unigram())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    letters = [text for text in SAMPLE if text.isascii()]
    trained.train_from_iterator(letters, trainers.UnigramTrainer(vocab_size=90, show_progress=False))
    learnt = json.loads(trained.to_str())["model"]["vocab"]
    pieces = [(token, 0.0) for token in ("<unk>", "<s>", "</s>")]
    pieces += [(token, -20.0) for token in BYTES] + [(piece, score) for piece, score in learnt]
    known = {piece for piece, _ in pieces}
    pieces += [(letter, -15.0) for letter in "</s>" if letter not in known]  # so that a typed tag can be spelt
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return tokenizer


def word_pieces() -> Tokenizer:
    """BERT's way: lower case, no accents, spaces dropped."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=250, special_tokens=["[UNK]", "[CLS]"], show_progress=False)
    tokenizer.train_from_iterator(SAMPLE, trainer)
    return tokenizer


_TRAINED: dict[str, Callable[[], Tokenizer]] = {
    **{
        f"byte level, space {space}, trim {trim}": partial(byte_level, space=space, trim=trim)
        for space in (False, True)
        for trim in (None, False, True)
    },
    "byte level, NFC": partial(byte_level, normalizer=normalizers.NFC()),
    "byte level, NFKC, space": partial(byte_level, normalizer=normalizers.NFKC(), space=True, trim=True),
    "cl100k": partial(byte_level, regex=CL100K),
    "qwen": partial(byte_level, regex=QWEN, normalizer=normalizers.NFC(), trim=False),
    "metaspace always": partial(metaspace, "always"),
    "metaspace first": partial(metaspace, "first"),
    "metaspace never": partial(metaspace, "never"),
    "metaspace unsplit": partial(metaspace, "always", split=False),
    "prepend": prepend,
    "replace only": partial(prepend, before=False),
    "unigram": unigram,
    "word pieces": word_pieces,
}
STYLES = tuple(_TRAINED)


def tokenizer_in(style: str) -> Tokenizer:
    """A new tokenizer in one of ``STYLES``, always the same: to train twice may give other tokens."""
    return Tokenizer.from_str(_written(style))


@cache
def _written(style: str) -> str:
    return _TRAINED[style]().to_str()


def save_model_with(
    tokenizer: Tokenizer, folder: Path, *, architecture: str = "mistral", rows: int | None = None, **settings: Any
) -> Path:
    """Write a random model with this tokenizer.json, and ``settings`` as its tokenizer_config.json.

    ``rows`` is how many tokens it has embeddings for, if not as many as the tokenizer knows.
    """
    name, sizes = TINY[architecture]
    config = getattr(transformers, f"{name}Config")(
        **{**sizes, "vocab_size": rows or tokenizer.get_vocab_size(), "initializer_range": 0.1},
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    torch.manual_seed(7)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder
