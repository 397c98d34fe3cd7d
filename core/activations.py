"""Run words or text through a model and read its MLP neurons.

    word_activations(lm, ["time", "people"], layers=[8])   # (1, 2, d_mlp)
    token_activations(lm, "A whole text.", layer=8)         # one row a token

A pass stops at the deepest layer asked for, and never reaches the language-model head (``core.passes``). Nothing is
ever padded, and what words share is computed once (``core.word_passes``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core import metrics
from core.limits import check_tokens, limits
from core.loaded_model import LoadedModel
from core.passes import read_layers
from core.queueing import Told as Waiting
from core.queueing import turns
from core.records import HOOK_SIDES, POOLINGS, TokenActivations, UserError
from core.tokens import cut_text, without_lone_surrogates
from core.word_passes import Reading, read_rows

if TYPE_CHECKING:
    import torch

Progress = Callable[[int, int], None]


def word_activations(
    lm: LoadedModel,
    words: Sequence[str],
    layers: Sequence[int] | None = None,
    *,
    side: str = "pre-activation",
    pooling: str = "mean",
    leading_space: bool = False,
    prefix: bool = False,
    progress: Progress | None = None,
    waiting: Waiting | None = None,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Read every neuron for every word, each word on its own.

    Parameters
    ----------
    lm : LoadedModel
    words : sequence of str
        At least one; a word may be several tokens.
    layers : sequence of int, optional
        0-based, in the order wanted; None is all layers. One pass serves them all.
    side : {"pre-activation", "activation"}
        Before the MLP's nonlinearity, or after it.
    pooling : {"mean", "last"}
        Over a word's tokens.
    leading_space : bool
        Give the model ``" word"``, as inside a sentence, rather than ``"word"``.
    prefix : bool
        Let the model read its beginning-of-text token first (or, where it has none, its end-of-text token). It is
        never pooled.
    progress : callable, optional
        Called with the number of words done and of all words, after each batch.
    waiting : callable, optional
        Called with the number of forward passes that go before the next one, while it waits for its turn.
    out : ndarray of shape (n_layers, n_words, d_mlp), float32, optional
        Filled and returned, such as a memory-mapped file; else a new array is made.

    Returns
    -------
    ndarray of shape (n_layers, n_words, d_mlp), float32

    Raises
    ------
    UserError
        No words, a word without tokens or longer than the model's context, a layer that the model lacks; on a
        busy server, a turn that did not come in time.
    """
    layers = range(lm.n_layers) if layers is None else layers
    _check_choices(lm, layers, side, pooling)
    ids, n_prefix = _encode_words(lm, words, leading_space, prefix)
    if out is None:
        out = np.empty((len(layers), len(words), lm.d_mlp), dtype=np.float32)
    done = 0
    for rows, values in read_rows(Reading(lm, layers, side, pooling, n_prefix, waiting), ids):
        for j, layer in enumerate(layers):
            out[j, rows] = values[layer]
        done += len(rows)
        if progress:
            progress(done, len(words))
    return out


def token_counts(lm: LoadedModel, words: Sequence[str], *, leading_space: bool = False) -> np.ndarray:
    """How many tokens each word is, without any prefix: int64 (n_words,)."""
    ids, _ = _encode_words(lm, words, leading_space, prefix=False)
    return np.array([len(row) for row in ids], dtype=np.int64)


def token_activations(
    lm: LoadedModel,
    text: str,
    layer: int,
    *,
    side: str = "pre-activation",
    prefix: bool = False,
    progress: Progress | None = None,
    waiting: Waiting | None = None,
) -> TokenActivations:
    """Read every neuron of one layer at every token of a running text.

    A text longer than the model's context is read in windows that overlap by half, and each token's values
    come from the window in which it has the most text before it (at least half a context, from the second
    window on). ``window_starts`` says where a new window takes over.

    Parameters are as in ``word_activations``; ``.values`` is float32 (n_tokens, d_mlp).

    Raises
    ------
    UserError
        The text is empty or longer than ``limits()`` allows; the model lacks the layer; on a busy server, a turn
        that did not come in time.
    """
    how: dict[str, Any] = {"side": side, "prefix": prefix, "progress": progress, "waiting": waiting}
    return text_activations(lm, text, [layer], **how)[layer]


def text_activations(
    lm: LoadedModel,
    text: str,
    layers: Sequence[int],
    *,
    side: str = "pre-activation",
    prefix: bool = False,
    most_floats: float = float("inf"),
    progress: Progress | None = None,
    waiting: Waiting | None = None,
) -> dict[int, TokenActivations]:
    """The same for several layers, by the passes that the deepest of them takes anyway.

    Where all layers' values would be more than ``most_floats`` numbers, the deepest layer alone is read. Each layer
    has arrays of its own, so that one may be forgotten without the others.
    """
    import torch

    _check_choices(lm, layers, side, "mean")
    text, n_replaced = check_text(text)
    ids, offsets = _encode_text(lm, text)
    pieces, parts = cut_text(text, offsets)
    if len(layers) * len(ids) * lm.d_mlp > most_floats:
        layers = [max(layers)]
    head = _prefix_ids(lm, prefix)
    windows = _windows(len(ids), lm.info.context - len(head))
    values = {layer: np.empty((len(ids), lm.d_mlp), dtype=np.float32) for layer in layers}
    for k, (first, keep_from, last) in enumerate(windows):
        row = torch.tensor([head + ids[first:last]])
        skip = len(head) + keep_from - first
        with turns().take(waiting):
            captured = read_layers(lm, row, layers, side, partial(_rows_from, skip))
            metrics.FORWARD_PASSES.labels("text").inc()
            for layer in layers:
                values[layer][keep_from:last] = captured.pop(layer).cpu().numpy()
        if progress:
            progress(k + 1, len(windows))
    notes = _text_notes(n_replaced, len(ids), len(windows), lm.info.context)
    starts = tuple(keep_from for _, keep_from, _ in windows)
    return {layer: TokenActivations(pieces, parts, ids, values[layer], layer, starts, notes) for layer in layers}


def _encode_text(lm: LoadedModel, text: str) -> tuple[list[int], list[tuple[int, int]]]:
    """Token ids of a text, and the characters that each stands for."""
    # As a batch of one, which alone leaves the interpreter to others for as long as it takes.
    [encoding] = lm.tokenizer.encode_batch([text], add_special_tokens=False)
    ids = encoding.ids
    if not ids:
        raise UserError(
            f"The tokenizer of {lm.info.name} makes no token of this text; it may hold only characters that the model "
            "does not read."
        )
    check_tokens(len(ids))
    return ids, encoding.offsets


def _text_notes(n_replaced: int, n_tokens: int, n_windows: int, context: int) -> tuple[str, ...]:
    notes = []
    if n_replaced:
        notes.append(f"{n_replaced} broken character(s) (half surrogates) were replaced by �.")
    if n_windows > 1:
        notes.append(
            f"The text is {n_tokens:,} tokens, the model's context {context:,}: it was read in {n_windows} overlapping "
            "windows."
        )
    return tuple(notes)


def _rows_from(first: int, values: torch.Tensor) -> torch.Tensor:
    return values[0, first:]  # [batch, pos, d_mlp] -> [pos, d_mlp]


def check_text(text: str) -> tuple[str, int]:
    """The text as it can be tokenised, and how many lone surrogates were replaced; raises UserError."""
    if not text.strip():
        raise UserError("The text is empty: paste or type at least one word.")
    most = limits().max_characters
    if len(text) > most:
        raise UserError(f"The text has {len(text):,} characters; at most {most:,} are allowed. Shorten it.")
    return without_lone_surrogates(text)


def _check_choices(lm: LoadedModel, layers: Sequence[int], side: str, pooling: str) -> None:
    if len(layers) == 0:
        raise UserError("No layer was asked for.")
    for layer in layers:
        lm.check_layer(layer)
    for name, value, allowed in (("side", side, HOOK_SIDES), ("pooling", pooling, POOLINGS)):
        if value not in allowed:
            raise UserError(f"{name} is “{value}”; allowed are {', '.join(allowed)}.")


def _prefix_ids(lm: LoadedModel, prefix: bool) -> list[int]:
    """The token that the model reads first, where it is asked for."""
    if not prefix:
        return []
    if lm.start_token is None:
        raise UserError(f"{lm.info.name} has no beginning-of-text or end-of-text token; switch the prefix off.")
    return [lm.start_token]


def _encode_words(
    lm: LoadedModel, words: Sequence[str], leading_space: bool, prefix: bool
) -> tuple[list[list[int]], int]:
    """Token ids of each word, prefix included, and the position of the first token to pool."""
    if len(words) == 0:
        raise UserError("No word was given.")
    given = [without_lone_surrogates(f" {w}" if leading_space else w)[0] for w in words]
    head = _prefix_ids(lm, prefix)
    rows = [encoding.ids for encoding in lm.tokenizer.encode_batch(given, add_special_tokens=False)]
    for word, row in zip(words, rows, strict=True):
        if not row:
            raise UserError(f"The word “{word}” has no tokens.")
        if len(head) + len(row) > lm.info.context:
            raise UserError(
                f"The word “{word[:40]}…” is {len(row):,} tokens; {lm.info.name} reads at most {lm.info.context:,}."
            )
    return [head + row for row in rows], len(head)


def _windows(n_tokens: int, context: int) -> list[tuple[int, int, int]]:
    """Windows of a long text as (first token read, first token kept, end): each token is kept once."""
    windows = [(0, 0, min(n_tokens, context))]
    while (end := windows[-1][2]) < n_tokens:
        last = min(n_tokens, end + context // 2)
        windows.append((last - context, end, last))
    return windows
