"""Read the MLP neurons at every token of a running text.

token_activations(lm, "A whole text.", layer=8).values   # (n_tokens, d_mlp)

A pass ends at the deepest layer (``core.activations.hooks``). The language-model head never runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core.activations.encode import check_choices, encode_text, start_ids
from core.activations.hooks import Gate, read_layers
from core.activations.tokens import Span, cut_text, without_lone_surrogates
from core.errors import UserError
from core.models.loaded import LoadedModel
from core.out_of_memory import memory_for
from core.progress import Progress, unwatched
from core.records import TokenActivations

if TYPE_CHECKING:
    import torch


def token_activations(lm: LoadedModel, text: str, layer: int, **how: Any) -> TokenActivations:
    """Read every neuron of one layer at every token of a running text.

    A text that is longer than the model's context is read in windows, which overlap by half. The values of a token
    come from the window in which most text precedes it. From the second window on, that is at least half a context.
    ``window_starts`` has the first token of each window's values.

    Parameters
    ----------
    lm : LoadedModel
    text : str
    layer : int
        0-based.
    **how
        ``side``, ``prefix``, ``max_tokens``, ``progress`` and ``gate``, as in ``layered_token_activations``.

    Returns
    -------
    TokenActivations
        ``.pieces`` are the parts of the text, one for each token. ``.values`` is float32 (n_tokens, d_mlp), in the
        units of the hook point.

    Raises
    ------
    UserError
        The text is empty, has no tokens, or is too long; the model does not have the layer.

    Examples
    --------
    >>> from core.models import load_model
    >>> activations = token_activations(load_model("bundled"), "A dog barks.", layer=3)
    >>> "".join(activations.pieces), activations.values.shape == (len(activations.pieces), 512)
    ('A dog barks.', True)
    """
    return layered_token_activations(lm, text, [layer], **how)[layer]


def layered_token_activations(
    lm: LoadedModel,
    text: str,
    layers: Sequence[int],
    *,
    side: str = "pre-activation",
    prefix: bool = False,
    max_tokens: int | None = None,
    max_floats: float = float("inf"),
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
) -> dict[int, TokenActivations]:
    """Read several layers at every token of a running text, in the same passes.

    The layers share no array, so the memory of one layer can be freed without the others.

    Parameters
    ----------
    lm, text
        As in ``token_activations``.
    layers : sequence of int
        0-based.
    side, prefix, progress, gate
        As in ``word_activations``. ``progress`` is called after each window.
    max_tokens : int, optional
        A longer text is refused.
    max_floats : float
        If the values of all layers together are more numbers than this, only the deepest layer is read.

    Returns
    -------
    dict of layer -> TokenActivations

    Raises
    ------
    UserError
        The text is empty, has no tokens, or more than ``max_tokens``; the model does not have a layer; values of a
        layer are not finite; memory runs out.

    Examples
    --------
    >>> from core.models import load_model
    >>> by_layer = layered_token_activations(load_model("bundled"), "A dog barks.", [1, 3])
    >>> {layer: activations.values.shape for layer, activations in by_layer.items()}
    {1: (5, 512), 3: (5, 512)}
    """
    import torch

    check_choices(lm, layers, side)
    text, n_replaced, ids, offsets = _encoded(lm, text, max_tokens)
    if len(layers) * len(ids) * lm.d_mlp > max_floats:
        layers = [max(layers)]
    start = start_ids(lm, prefix)
    if lm.info.context <= len(start):
        raise UserError(
            f"{lm.info.name} reads at most {lm.info.context:,} tokens: none is left after the first.", about="prefix"
        )
    windows = _windows(len(ids), lm.info.context - len(start))
    less = "a shorter text or a smaller model needs less"
    with memory_for(f"read {len(ids):,} tokens with {lm.info.name}", less):
        values = {layer: np.empty((len(ids), lm.d_mlp), dtype=np.float32) for layer in layers}
        for k, (first, keep_from, last) in enumerate(windows):
            row = torch.tensor([start + ids[first:last]])  # [batch = 1, pos]
            skip = len(start) + keep_from - first
            with gate():
                captured = read_layers(lm, row, layers, [side], partial(_rows_from, skip))
                for layer in layers:
                    values[layer][keep_from:last] = captured.pop((layer, side)).cpu().numpy()  # [n_kept, d_mlp]
            progress((k + 1) / len(windows), f"Reading the text: window {k + 1:,} of {len(windows):,}")
    for layer in layers:
        _check_finite(values[layer], lm.info.name, layer)
    pieces, parts = cut_text(text, offsets)
    notes = _notes(n_replaced, len(ids), len(windows), lm.info.context)
    starts = tuple(keep_from for _, keep_from, _ in windows)
    return {layer: TokenActivations(pieces, parts, ids, values[layer], layer, starts, notes) for layer in layers}


def n_tokens_of(lm: LoadedModel, text: str, max_tokens: int | None = None) -> int:
    """How many tokens ``token_activations`` reads of a text.

    Raises
    ------
    UserError
        The text is empty, has no tokens, or more than ``max_tokens``.

    Examples
    --------
    >>> from core.models import load_model
    >>> n_tokens_of(load_model("bundled"), "A dog barks.")
    5
    """
    return len(_encoded(lm, text, max_tokens)[2])


def _encoded(lm: LoadedModel, text: str, max_tokens: int | None) -> tuple[str, int, list[int], list[Span]]:
    """The text that can be read, how many of its characters were replaced, and its tokens with their characters."""
    if not text.strip():
        raise UserError("The text is empty: at least one word is needed.")
    text, n_replaced = without_lone_surrogates(text)
    return text, n_replaced, *encode_text(lm, text, max_tokens)


def _check_finite(values: np.ndarray, name: str, layer: int) -> None:
    """Raise UserError if values (n_tokens, d_mlp) are not finite, as those of broken weights are."""
    if not np.isfinite(values).all():
        n_bad = int((~np.isfinite(values)).any(axis=1).sum())
        raise UserError(
            f"Layer {layer} of {name} has values that are not finite (NaN or infinity) at {n_bad:,} of {len(values):,} "
            "tokens; its weights may be damaged.",
            about="model",
        )


def _rows_from(first: int, values: torch.Tensor) -> torch.Tensor:
    return values[0, first:]  # [batch = 1, pos, d_mlp] -> [n_kept, d_mlp]


def _windows(n_tokens: int, context: int) -> list[tuple[int, int, int]]:
    """The windows of a text as (first token read, first token kept, end). Each token is kept exactly once."""
    windows = [(0, 0, min(n_tokens, context))]
    while (end := windows[-1][2]) < n_tokens:
        last = min(n_tokens, end + max(1, context // 2))
        windows.append((last - context, end, last))
    return windows


def _notes(n_replaced: int, n_tokens: int, n_windows: int, context: int) -> tuple[str, ...]:
    notes = []
    if n_replaced:
        notes.append(f"{n_replaced} broken character(s) (half surrogates) were replaced by �.")
    if n_windows > 1:
        notes.append(
            f"The text is {n_tokens:,} tokens, the model's context {context:,}: it was read in {n_windows} overlapping "
            "windows."
        )
    return tuple(notes)
