"""Read the MLP neurons at every word of a gold-tagged text.

gold_activations(lm, bundled_gold(), layer=3).at("activation")   # (n_words, d_mlp)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from core.activations.encode import check_choices, encode_text, start_ids
from core.activations.hooks import Gate, Point, Reduce
from core.activations.text import token_activations
from core.activations.tokens import Span, tokens_of_places, without_lone_surrogates
from core.activations.word_passes import Reading, read_plainly
from core.errors import UserError
from core.models.loaded import LoadedModel
from core.out_of_memory import memory_for
from core.progress import Progress, unwatched
from core.records import HOOK_SIDES, GoldActivations, GoldSentence, GoldText


@dataclass(frozen=True)
class _Row:
    """A sentence as token ids, its place in the text, and its words.

    ``words`` (n,) are their places in the sentence, ``covers`` the tokens of each, as they are in ``ids``, and
    ``place`` is where the first of them is among all words.
    """

    sentence: int
    ids: list[int]
    words: list[int]
    covers: list[np.ndarray]
    place: int

    def weights(self, pooling: str) -> np.ndarray:
        """How much of each token (n_words, n_tokens) is in a word's value: the mean, or the last token."""
        weights = np.zeros((len(self.words), len(self.ids)), dtype=np.float32)
        for row, tokens in zip(weights, self.covers, strict=True):
            pooled = tokens if pooling == "mean" else tokens[-1:]
            row[pooled] = 1 / len(pooled)
        return weights


def gold_activations(
    lm: LoadedModel,
    text: GoldText,
    layer: int,
    *,
    pooling: str = "mean",
    prefix: bool = False,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
) -> GoldActivations:
    """Read every neuron of a layer at each word of a tagged text, on both sides of the nonlinearity.

    Each sentence is a text of its own. A word has the tokens that share characters with it; a token of two words is in
    both. The words of a multiword token share all their characters, so they cannot be told apart: they are left out,
    with a note, and so are words of which the tokenizer makes no token.

    Parameters
    ----------
    lm : LoadedModel
    text : GoldText
    layer : int
        0-based.
    pooling, prefix, progress, gate
        As in ``word_activations``.

    Returns
    -------
    GoldActivations

    Raises
    ------
    UserError
        The model does not have the layer, cannot read a token, or has a token for no word; memory runs out.

    Examples
    --------
    >>> from core.models import load_model
    >>> from core.words import bundled_gold
    >>> gold = gold_activations(load_model("bundled"), bundled_gold(), layer=3)
    >>> gold.words[0].form, gold.at("activation").shape == (len(gold.words), 512)
    ('The', True)
    """
    check_choices(lm, [layer], "activation", pooling)
    start = start_ids(lm, prefix)
    rows, n_shared, n_unread = _rows(lm, text, start)
    if not rows:
        raise UserError(f"{lm.info.name} has no token for any word of the tagged text that stands alone.")
    n_words = sum(len(row.words) for row in rows)
    with memory_for(f"read {n_words:,} words of a text with {lm.info.name}", "a shorter text needs less"):
        values = {side: np.zeros((n_words, lm.d_mlp), dtype=np.float32) for side in HOOK_SIDES}
        passes = _Passes(lm, layer, pooling, gate, rows, values)
        short = [i for i, row in enumerate(rows) if len(row.ids) <= lm.info.context]
        passes.read_short(short, progress)
        for k, i in enumerate(sorted(set(range(len(rows))) - set(short)), start=1):
            passes.read_long(rows[i], text.sentences[rows[i].sentence], prefix)
            passes.report(len(short) + k, progress)
    return GoldActivations(
        text=text,
        layer=layer,
        sentence=np.repeat([row.sentence for row in rows], [len(row.words) for row in rows]),
        word=np.concatenate([row.words for row in rows]),
        n_tokens=np.array([len(tokens) for row in rows for tokens in row.covers]),
        pre_activation=values["pre-activation"],
        activation=values["activation"],
        notes=(*text.notes, *_notes(n_shared, n_unread)),
    )


def _rows(lm: LoadedModel, text: GoldText, start: list[int]) -> tuple[list[_Row], int, int]:
    """Each sentence that has a word to read; how many words share their characters, and how many have no token."""
    rows, n_shared, n_unread, place = [], 0, 0, 0
    for number, sentence in enumerate(text.sentences):
        if not sentence.words:
            continue
        ids, spans = encode_text(lm, without_lone_surrogates(sentence.text)[0], None, may_be_empty=True)
        words, covers = [], []
        for k, tokens in enumerate(tokens_in_sentence(sentence, spans)):
            if tokens is None:
                n_shared += 1
            elif not len(tokens):
                n_unread += 1
            else:
                words.append(k)
                covers.append(tokens + len(start))
        if words:
            rows.append(_Row(number, [*start, *ids], words, covers, place))
            place += len(words)
    return rows, n_shared, n_unread


def tokens_in_sentence(sentence: GoldSentence, spans: Sequence[Span]) -> list[np.ndarray | None]:
    """The tokens of each word; None where another word has the same characters."""
    places = [(word.start, word.end) for word in sentence.words]
    n_words = Counter(places)
    tokens = tokens_of_places(sentence.text, spans, places)
    return [its if n_words[place] == 1 else None for place, its in zip(places, tokens, strict=True)]


@dataclass(frozen=True, eq=False)
class _Passes:
    """How the sentences in ``rows`` are read. ``values`` has, for each side, where they go: (n_words, d_mlp)."""

    lm: LoadedModel
    layer: int
    pooling: str
    gate: Gate
    rows: Sequence[_Row]
    values: dict[str, np.ndarray]

    def read_short(self, short: Sequence[int], progress: Progress) -> None:
        """Read the sentences ``short``, which fit into the model's context, many in one pass."""
        rows = self.rows

        def write(numbers: np.ndarray, point: Point, pooled: np.ndarray) -> None:  # (n,) and (n, most words, d_mlp)
            for row, of_row in zip((rows[i] for i in numbers), pooled, strict=True):
                self.values[point[1]][row.place : row.place + len(row.words)] = of_row[: len(row.words)]

        reading = Reading(self.lm, [self.layer], HOOK_SIDES, HOOK_SIDES, self.pooling, 0, write, self.gate)
        n_read = 0
        for n in read_plainly(reading, [row.ids for row in rows], short, self._pool_of):
            n_read += n
            self.report(n_read, progress)

    def report(self, n_read: int, progress: Progress) -> None:
        """Say how many sentences have been read."""
        progress(n_read / len(self.rows), f"Reading tagged sentences: {n_read:,} of {len(self.rows):,}")

    def _pool_of(self, part: np.ndarray) -> Reduce:
        import torch

        rows = [self.rows[i] for i in part]  # of the same length
        weights = np.zeros((len(rows), max(len(row.words) for row in rows), len(rows[0].ids)), dtype=np.float32)
        for of_row, row in zip(weights, rows, strict=True):
            of_row[: len(row.words)] = row.weights(self.pooling)
        on_device = torch.from_numpy(weights).to(self.lm.info.device)  # [batch, word, pos]
        # [batch, word, pos] and [batch, pos, d_mlp] -> [batch, word, d_mlp]
        return lambda values: torch.einsum("bwp,bpd->bwd", on_device, values.float())

    def read_long(self, row: _Row, sentence: GoldSentence, prefix: bool) -> None:
        """Read a sentence that is longer than the model's context, in windows."""
        weights = row.weights(self.pooling)  # [word, pos]
        for side in HOOK_SIDES:
            how = {"side": side, "prefix": prefix, "gate": self.gate}
            tokens = token_activations(self.lm, sentence.text, self.layer, **how).values  # [pos without start, d_mlp]
            after_start = weights[:, weights.shape[1] - len(tokens) :]
            self.values[side][row.place : row.place + len(row.words)] = after_start @ tokens


def _notes(n_shared: int, n_unread: int) -> tuple[str, ...]:
    notes = []
    if n_shared:
        notes.append(f"{n_shared:,} words share their characters with another word, as in “don't”: left out.")
    if n_unread:
        notes.append(f"{n_unread:,} words are no token for this model: left out.")
    return tuple(notes)
