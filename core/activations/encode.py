"""Words and texts as token ids, and checks of what a caller asks of a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.activations.tokens import without_lone_surrogates
from core.errors import UserError
from core.models.loaded import LoadedModel
from core.records import HOOK_SIDES, POOLINGS


def check_choices(lm: LoadedModel, layers: Sequence[int], side: str, pooling: str = "mean") -> None:
    """Raise UserError if a layer, the side or the pooling does not exist."""
    if len(layers) == 0:
        raise UserError("No layer was asked for.")
    for layer in layers:
        lm.info.check_layer(layer)
    for name, value, allowed in (("side", side, HOOK_SIDES), ("pooling", pooling, POOLINGS)):
        if value not in allowed:
            raise UserError(f"{name} is “{value}”; allowed are {', '.join(allowed)}.")


def start_ids(lm: LoadedModel, wanted: bool) -> list[int]:
    """The id of the beginning-of-text token in a list; an empty list if it is not wanted.

    Raises
    ------
    UserError
        It is wanted, and the model has no such token.
    """
    if not wanted:
        return []
    if lm.start_token is None:
        raise UserError(f"{lm.info.name} has no beginning-of-text or end-of-text token.", about="prefix")
    return [lm.start_token]


def encode_words(lm: LoadedModel, words: Sequence[str], leading_space: bool, start: Sequence[int]) -> list[list[int]]:
    """The token ids of each word. Each row begins with the ids in ``start``.

    Raises
    ------
    UserError
        There are no words; a word has no tokens, or more than the model's context.

    Examples
    --------
    >>> from core.models import load_model
    >>> [len(row) for row in encode_words(load_model("bundled"), ["time", "people"], True, start=[0])]
    [2, 2]
    """
    if len(words) == 0:
        raise UserError("No word was given.")
    texts = [without_lone_surrogates(f" {w}" if leading_space else w)[0] for w in words]
    rows = [encoding.ids for encoding in lm.tokenizer.encode_batch(texts, add_special_tokens=False)]
    for word, row in zip(words, rows, strict=True):
        if not row:
            raise UserError(f"The word “{word}” has no tokens.")
        if len(start) + len(row) > lm.info.context:
            raise UserError(
                f"The word “{word[:40]}…” is {len(row):,} tokens; {lm.info.name} reads at most {lm.info.context:,}."
            )
    return [[*start, *row] for row in rows]


def token_counts(lm: LoadedModel, words: Sequence[str], *, leading_space: bool = False) -> np.ndarray:
    """How many tokens each word has, without a beginning-of-text token.

    Parameters
    ----------
    lm : LoadedModel
    words : sequence of str
    leading_space : bool
        Count the tokens of ``" word"`` instead of ``"word"``.

    Returns
    -------
    ndarray of shape (n_words,), int64

    Raises
    ------
    UserError
        There are no words; a word has no tokens, or more than the model's context.

    Examples
    --------
    >>> from core.models import load_model
    >>> token_counts(load_model("bundled"), ["time", "people"], leading_space=True)
    array([1, 1])
    """
    return np.array([len(row) for row in encode_words(lm, words, leading_space, ())], dtype=np.int64)


def encode_text(lm: LoadedModel, text: str, max_tokens: int | None) -> tuple[list[int], list[tuple[int, int]]]:
    """The token ids of a text, and the (start, end) characters of each token.

    Raises
    ------
    UserError
        There are no tokens, or more than ``max_tokens``.
    """
    # A batch of one: unlike ``encode``, ``encode_batch`` releases the interpreter lock while it works.
    [encoding] = lm.tokenizer.encode_batch([text], add_special_tokens=False)
    ids = encoding.ids
    if not ids:
        raise UserError(
            f"The tokenizer of {lm.info.name} makes no token of this text; it may hold only characters that the model "
            "does not read."
        )
    if max_tokens is not None and len(ids) > max_tokens:
        raise UserError(
            f"The text is {len(ids):,} tokens long; at most {max_tokens:,} are allowed.", about="text_length"
        )
    return ids, encoding.offsets
