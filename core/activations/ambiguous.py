"""Read forms that are a noun in some sentences and a verb in others.

ambiguous_activations(lm, forms, layers=[3])   # (1, n_forms, 2, d_mlp): as a noun, as a verb
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from core.activations.encode import check_choices, encode_text, start_ids
from core.activations.hooks import Gate, Point, Reduce
from core.activations.tokens import covering
from core.activations.word_passes import Reading, read_plainly
from core.errors import UserError
from core.models.loaded import LoadedModel
from core.out_of_memory import memory_for
from core.progress import Progress, unwatched
from core.records import AmbiguousForm


@dataclass(frozen=True)
class _Row:
    """A context as token ids, and where its values go.

    ``weights`` has one number for each token: 1/k at the k tokens of the form, else 0. ``share`` is one part of the
    contexts of its form and class.
    """

    ids: list[int]
    weights: list[float]
    form: int
    word_class: int
    share: float


def ambiguous_activations(
    lm: LoadedModel,
    forms: Sequence[AmbiguousForm],
    layers: Sequence[int] | None = None,
    *,
    side: str = "pre-activation",
    prefix: bool = False,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
) -> np.ndarray:
    """Read every neuron at each form as a noun and as a verb.

    Of each context, the text up to the form and the form are read: a causal model cannot see what comes after it. The
    values are averaged over the form's tokens, then over the contexts of a class.

    Parameters
    ----------
    lm : LoadedModel
    forms : sequence of AmbiguousForm
        At least one, such as ``core.words.ambiguous_forms()``.
    layers, side, prefix, progress, gate
        As in ``word_activations``.

    Returns
    -------
    ndarray of shape (n_layers, n_forms, 2, d_mlp), float32
        In the units of the hook point. On the third axis, 0 is the form as a noun, and 1 as a verb.

    Raises
    ------
    UserError
        There are no forms; the tokenizer makes no token of a form; a context is longer than the model's, or has a token
        that the model cannot read; the model does not have a layer; memory runs out.

    Examples
    --------
    The forms are the units of a paired test of noun minus verb:

    >>> from core.models import load_model
    >>> from core.stats.ttest import paired_ttest
    >>> from core.words import ambiguous_forms
    >>> values = ambiguous_activations(load_model("bundled"), ambiguous_forms()[:5], layers=[3])
    >>> values.shape
    (1, 5, 2, 512)
    >>> paired_ttest(values[:, :, 0], values[:, :, 1]).statistic.shape
    (1, 512)
    """
    layers = range(lm.n_layers) if layers is None else layers
    check_choices(lm, layers, side)
    start = start_ids(lm, prefix)
    rows = _rows(lm, forms, start)
    less = "fewer layers or a smaller model need less"
    with memory_for(f"read {len(rows):,} sentences with {lm.info.name}", less):
        out = np.zeros((len(layers), len(forms), 2, lm.d_mlp), dtype=np.float32)

        def add(numbers: np.ndarray, point: Point, values: np.ndarray) -> None:  # (n,) and (n, d_mlp)
            for j in np.flatnonzero(np.equal(layers, point[0])):
                for row, of_row in zip((rows[i] for i in numbers), values, strict=True):
                    out[j, row.form, row.word_class] += of_row * np.float32(row.share)

        _read(Reading(lm, layers, [side], [side], "mean", len(start), add, gate), rows, progress)
    return out


def _rows(lm: LoadedModel, forms: Sequence[AmbiguousForm], start: list[int]) -> list[_Row]:
    """Every context of every form, as token ids that begin with ``start``."""
    if len(forms) == 0:
        raise UserError("No form was given.")
    rows = []
    for k, form in enumerate(forms):
        for word_class, contexts in enumerate((form.nouns, form.verbs)):
            for context in contexts:
                ids, spans = encode_text(lm, context.up_to_form, None)
                if len(start) + len(ids) > lm.info.context:
                    raise UserError(
                        f"The context “{context.up_to_form[:40]}…” is {len(start) + len(ids):,} tokens; {lm.info.name} "
                        f"reads at most {lm.info.context:,}."
                    )
                covers = covering(spans, context.sentence, context.start, context.end)
                if not any(covers):
                    raise UserError(f"The tokenizer of {lm.info.name} makes no token of “{form.form}”.")
                weights = [0.0] * len(start) + [each / sum(covers) for each in covers]
                rows.append(_Row([*start, *ids], weights, k, word_class, 1 / len(contexts)))
    return rows


def _read(reading: Reading, rows: Sequence[_Row], progress: Progress) -> None:
    """Read all rows, and write each row's mean over the form's tokens."""
    import torch

    def pool_of(part: np.ndarray) -> Reduce:
        weights = torch.tensor([rows[i].weights for i in part], device=reading.lm.info.device)  # [batch, pos]
        # [batch, pos] and [batch, pos, d_mlp] -> [batch, d_mlp]
        return lambda values: torch.einsum("bp,bpd->bd", weights, values.float())

    n_read = 0
    for n in read_plainly(reading, [row.ids for row in rows], range(len(rows)), pool_of):
        n_read += n
        progress(n_read / len(rows), f"Reading sentences: {n_read:,} of {len(rows):,}")
