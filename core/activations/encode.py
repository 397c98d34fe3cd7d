"""Words and texts as token ids, and checks of what a caller asks of a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.activations.tokens import Span, characters_of, without_lone_surrogates
from core.errors import UserError
from core.models.loaded import LoadedModel
from core.records import HOOK_SIDES, POOLINGS

# Any word will do that is a token of its own. In training texts, hardly a token joins this one with the next.
_WORD_BEFORE = "x"


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
        It is wanted, and the model has no such token, or no embedding for it.
    """
    if not wanted:
        return []
    if lm.start_token is None:
        raise UserError(f"{lm.info.name} has no beginning-of-text or end-of-text token.", about="prefix")
    _check_embedded(lm, [lm.start_token], "The beginning of a text", about="prefix")
    return [lm.start_token]


def _check_embedded(lm: LoadedModel, ids: Sequence[int], of: str, about: str = "") -> None:
    """Raise UserError if the network cannot read a token: on a GPU, it would end the use of the device."""
    if (largest := max(ids)) >= lm.n_embeddings:
        raise UserError(
            f"{of} has the token “{lm.tokenizer.id_to_token(largest)}” with number {largest:,}; {lm.info.name} reads "
            f"only tokens 0 to {lm.n_embeddings - 1:,}.",
            about=about,
        )


def encode_words(lm: LoadedModel, words: Sequence[str], leading_space: bool, start: Sequence[int]) -> list[list[int]]:
    """The token ids of each word. Each row begins with the ids in ``start``.

    Without ``leading_space``, a word is encoded alone. With it, the ids are those that the word has inside a sentence,
    with the space before it: tokenizers differ in what they do at the beginning of a text.

    Raises
    ------
    UserError
        There are no words; a word has no tokens, more than the model's context, or one that has no embedding.

    Examples
    --------
    >>> from core.models import load_model
    >>> [len(row) for row in encode_words(load_model("bundled"), ["time", "people"], True, start=[0])]
    [2, 2]
    """
    if len(words) == 0:
        raise UserError("No word was given.")
    texts = [without_lone_surrogates(word)[0] for word in words]
    rows = _inside_a_sentence(lm, texts) if leading_space else _alone(lm, texts)
    for word, row in zip(words, rows, strict=True):
        if not row:
            raise UserError(f"The word “{word}” has no tokens.")
        _check_embedded(lm, row, f"The word “{word[:40]}”")
        if len(start) + len(row) > lm.info.context:
            raise UserError(
                f"The word “{word[:40]}…” is {len(row):,} tokens; {lm.info.name} reads at most {lm.info.context:,}."
            )
    return [[*start, *row] for row in rows]


def _alone(lm: LoadedModel, texts: Sequence[str]) -> list[list[int]]:
    return [encoding.ids for encoding in lm.tokenizer.encode_batch(texts, add_special_tokens=False)]


def _inside_a_sentence(lm: LoadedModel, words: Sequence[str]) -> list[list[int]]:
    """The ids of each word after another word: what follows the other word's tokens."""
    before, *encodings = lm.tokenizer.encode_batch(
        [_WORD_BEFORE, *(f"{_WORD_BEFORE} {word}" for word in words)], add_special_tokens=False
    )
    n, rows = len(before.ids), []
    for encoding in encodings:
        first = n
        if encoding.ids[:n] != before.ids:  # a token has characters of both words
            first = next((i for i, (_, end) in enumerate(encoding.offsets) if end > len(_WORD_BEFORE)), len(encoding))
        rows.append(encoding.ids[first:])
    return rows


def about_spaces(lm: LoadedModel, words: Sequence[str]) -> tuple[str, ...]:
    """A sentence for the reader if no word's tokens depend on a leading space; else nothing.

    Examples
    --------
    >>> from core.models import load_model
    >>> about_spaces(load_model("bundled"), ["time", "people"])
    ()
    """
    texts = [without_lone_surrogates(word)[0] for word in words]
    # For most tokenizers, the first word shows it.
    if any(_alone(lm, part) != _inside_a_sentence(lm, part) for part in (texts[:1], texts[1:])):
        return ()
    return (
        f"The tokenizer of {lm.info.name} gives each of these words the same tokens with and without a leading space: "
        "the setting “Leading space” changes nothing here.",
    )


def token_counts(lm: LoadedModel, words: Sequence[str], *, leading_space: bool = False) -> np.ndarray:
    """How many tokens each word has, without a beginning-of-text token.

    Parameters
    ----------
    lm : LoadedModel
    words : sequence of str
    leading_space : bool
        Count the tokens that a word has inside a sentence, with the space before it, instead of those of the word
        alone.

    Returns
    -------
    ndarray of shape (n_words,), int64

    Raises
    ------
    UserError
        As ``word_activations``.

    Examples
    --------
    >>> from core.models import load_model
    >>> token_counts(load_model("bundled"), ["time", "people"], leading_space=True)
    array([1, 1])
    """
    return np.array([len(row) for row in encode_words(lm, words, leading_space, ())], dtype=np.int64)


def encode_text(
    lm: LoadedModel, text: str, max_tokens: int | None, *, may_be_empty: bool = False
) -> tuple[list[int], list[Span]]:
    """The token ids of a text, and the (start, end) characters that each token covers.

    Raises
    ------
    UserError
        There are no tokens (unless the text ``may_be_empty``), more than ``max_tokens``, or one that has no embedding.
    """
    # A batch of one: unlike ``encode``, ``encode_batch`` releases the interpreter lock while it works.
    [encoding] = lm.tokenizer.encode_batch([text], add_special_tokens=False)
    ids = encoding.ids
    if not ids:
        if may_be_empty:
            return [], []
        raise UserError(
            f"The tokenizer of {lm.info.name} makes no token of this text; it may hold only characters that the model "
            "does not read."
        )
    if max_tokens is not None and len(ids) > max_tokens:
        raise UserError(
            f"The text is {len(ids):,} tokens long; at most {max_tokens:,} are allowed.", about="text_length"
        )
    _check_embedded(lm, ids, "The text")
    return ids, characters_of(text, encoding.offsets, encoding.tokens)
