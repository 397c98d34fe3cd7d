"""Which files of a model's repository are needed: configuration, tokenizer, and one set of safetensors weights."""

from __future__ import annotations

from collections.abc import Collection

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"  # names the shards of weights that are in several files
ADAPTER = "adapter_config.json"

_TOKENIZER = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
_TOKENIZER += ["vocab.json", "vocab.txt", "merges.txt"]
_SENTENCEPIECE = ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model"]
_VOCABULARIES = {"tokenizer.json", "vocab.json", "vocab.txt", *_SENTENCEPIECE}
TEXTS = {CONFIG, INDEX, *_TOKENIZER, *_SENTENCEPIECE}  # all that may be needed but weights


def tokenizer_files(names: Collection[str]) -> list[str]:
    """The files of the tokenizer. ``tokenizer.json`` has all that a sentencepiece model has.

    Examples
    --------
    >>> tokenizer_files(["config.json", "tokenizer.json", "tokenizer.model", "README.md"])
    ['tokenizer.json']
    """
    known = _TOKENIZER if "tokenizer.json" in names else _TOKENIZER + _SENTENCEPIECE
    return [name for name in known if name in names]


def has_vocabulary(names: Collection[str]) -> bool:
    """Whether the files include a tokenizer's vocabulary."""
    return not _VOCABULARIES.isdisjoint(names)


def needed_files(names: Collection[str], shards: Collection[str]) -> list[str]:
    """All files that are needed to load a model.

    If there are both ``model.safetensors`` and an index, transformers loads the former: no shard is needed.

    Parameters
    ----------
    names : collection of str
        The files of the repository, without those in sub-folders.
    shards : collection of str
        The files that the index names.

    Examples
    --------
    >>> needed_files(["config.json", "model.safetensors", "model.fp16.safetensors", "tokenizer.json"], [])
    ['config.json', 'tokenizer.json', 'model.safetensors']
    """
    weights = [WEIGHTS] if WEIGHTS in names else [INDEX, *sorted(set(shards))] if INDEX in names else []
    return [CONFIG, *tokenizer_files(names), *weights]
