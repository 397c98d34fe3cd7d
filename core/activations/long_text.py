"""Read one neuron at every token of long texts, in windows that do not overlap.

values_at_tokens(lm, ["A long text.", "Another."], layer=3, neuron=120)   # one TokenColumn for each text
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from core.activations.encode import check_choices, encode_text, start_ids
from core.activations.hooks import Gate, Point, Reduce
from core.activations.tokens import Span
from core.activations.word_passes import Reading, read_plainly
from core.errors import UserError
from core.models.loaded import LoadedModel
from core.out_of_memory import memory_for
from core.progress import Progress, unwatched

# Tokens of one window. Longer ones give the first tokens more context, and cost more.
WINDOW = 128


@dataclass(frozen=True, eq=False)
class TokenColumn:
    """One neuron's values at the tokens of a text: float32 (n_tokens,), in the units of the hook point.

    ``spans`` has the characters of each token, and ``windows`` (n_tokens,) the first token of its window: of the text,
    the model has read only what is from there on.
    """

    spans: list[Span]
    values: np.ndarray
    windows: np.ndarray


def values_at_tokens(
    lm: LoadedModel,
    texts: Sequence[str],
    layer: int,
    neuron: int,
    *,
    side: str = "pre-activation",
    prefix: bool = False,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
) -> list[TokenColumn]:
    """Read one neuron at every token of some texts.

    A text is read in windows of 128 tokens (or of the model's context, if that is shorter) that do not overlap: a token
    is read after 63.5 others on average. ``token_activations`` reads a text that fits into the context as a whole.

    Parameters
    ----------
    lm : LoadedModel
    texts : sequence of str
    layer, neuron : int
        0-based.
    side, prefix, progress, gate
        As in ``word_activations``. The beginning-of-text token is read at the beginning of each window.

    Returns
    -------
    list of TokenColumn
        One for each text.

    Raises
    ------
    UserError
        The model does not have the layer or the neuron; a text has no tokens, or one that the model cannot read.

    Examples
    --------
    >>> from core.models import load_model
    >>> [column] = values_at_tokens(load_model("bundled"), ["A dog barks."], layer=3, neuron=120)
    >>> len(column.spans), column.values.shape
    (5, (5,))
    """
    check_choices(lm, [layer], side)
    if not 0 <= neuron < lm.d_mlp:
        raise UserError(f"Neuron {neuron} was asked for; a layer of {lm.info.name} has 0 to {lm.d_mlp - 1}.")
    start = start_ids(lm, prefix)
    width = min(WINDOW, lm.info.context) - len(start)
    if width < 1:
        raise UserError(f"{lm.info.name} reads at most {lm.info.context:,} tokens: none is left after the first.")
    rows, places, columns = [], [], []
    for number, text in enumerate(texts):
        ids, spans = encode_text(lm, text, None)
        columns.append(TokenColumn(spans, np.empty(len(ids), np.float32), np.arange(len(ids)) // width * width))
        for first in range(0, len(ids), width):
            rows.append([*start, *ids[first : first + width]])
            places.append((number, first))

    def write(numbers: np.ndarray, point: Point, values: np.ndarray) -> None:  # (n,) and (n, pos)
        for number, of_row in zip(numbers, values, strict=True):
            text, first = places[number]
            columns[text].values[first : first + len(of_row)] = of_row

    def reduce_of(part: np.ndarray) -> Reduce:
        # [batch, pos, d_mlp] -> [batch, pos]; a copy, because a view would hold all neurons
        return lambda values: values[:, len(start) :, neuron].float().clone()

    n_tokens, n_read = sum(len(row) - len(start) for row in rows), 0
    with memory_for(f"read {n_tokens:,} tokens with {lm.info.name}", "a smaller model needs less"):
        reading = Reading(lm, [layer], [side], [side], "mean", len(start), write, gate)
        for n in read_plainly(reading, rows, range(len(rows)), reduce_of):
            n_read += n
            progress(n_read / len(rows), f"Reading {n_tokens:,} tokens of text: {n_read / len(rows):.0%}")
    return columns
