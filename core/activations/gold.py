"""Read the MLP neurons at every word of a gold-tagged text.

gold_activations(lm, bundled_gold(), layer=3).at("activation")   # (n_words, d_mlp)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.activations.encode import check_choices, encode_text, start_ids
from core.activations.hooks import Gate, Point, Reduce
from core.activations.text import token_activations
from core.activations.tokens import Span, tokens_of_places, without_lone_surrogates
from core.activations.word_passes import Reading, read_plainly
from core.errors import UserError
from core.models.loaded import LoadedModel
from core.out_of_memory import memory_for
from core.progress import Progress, part_of, unwatched
from core.records import HOOK_SIDES, GoldActivations, GoldSentence, GoldText

# Most floats of a reading of several layers at a time (256 MB).
MAX_FLOATS = 64_000_000


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
        values: dict[Point, np.ndarray] = {
            (layer, side): np.zeros((n_words, lm.d_mlp), dtype=np.float32) for side in HOOK_SIDES
        }
        _Passes(lm, [layer], HOOK_SIDES, pooling, prefix, gate, rows, values).read(text, progress)
    return GoldActivations(
        text=text,
        layer=layer,
        sentence=np.repeat([row.sentence for row in rows], [len(row.words) for row in rows]),
        word=np.concatenate([row.words for row in rows]),
        n_tokens=np.array([len(tokens) for row in rows for tokens in row.covers]),
        pre_activation=values[layer, "pre-activation"],
        activation=values[layer, "activation"],
        notes=(*text.notes, *_notes(n_shared, n_unread)),
    )


@dataclass(frozen=True, eq=False)
class LayeredGoldValues:
    """Words of a tagged text at one side of every layer.

    ``tags`` (n_words,) are their parts of speech. ``by_layer`` yields float32 (n_words, d_mlp) of one layer after
    another, once: it reads them when it is asked.
    """

    tags: np.ndarray
    by_layer: Iterator[np.ndarray]
    notes: tuple[str, ...]


def gold_values_of_layers(
    lm: LoadedModel,
    text: GoldText,
    *,
    side: str,
    upos: Collection[str],
    pooling: str = "mean",
    prefix: bool = False,
    max_floats: int = MAX_FLOATS,
    progress: Progress = unwatched,
    gate: Gate = nullcontext,
) -> LayeredGoldValues:
    """Read every neuron of every layer at the words of a tagged text that have some parts of speech.

    The values of a layer are those of ``gold_activations``. As many layers are read together as fit into
    ``max_floats``, so that the passes are few and the memory is bounded.

    Parameters
    ----------
    lm, text, pooling, prefix, progress, gate
        As in ``gold_activations``.
    side : str
        One side of the nonlinearity.
    upos : collection of str
        Which words are read, of ``core.records.UPOS``.
    max_floats : int
        Most values in memory at a time, at least those of one layer.

    Raises
    ------
    UserError
        As in ``gold_activations``; reading begins with the first layer that is asked for.

    Examples
    --------
    >>> from core.models import load_model
    >>> from core.words import bundled_gold
    >>> lm = load_model("bundled")
    >>> gold = gold_values_of_layers(lm, bundled_gold(), side="activation", upos=("NOUN", "VERB"))
    >>> len([values.shape for values in gold.by_layer]) == lm.n_layers
    True
    """
    check_choices(lm, [0], side, pooling)
    rows, n_shared, n_unread = _rows(lm, text, start_ids(lm, prefix), upos)
    words = [text.sentences[row.sentence].words[k] for row in rows for k in row.words]

    def by_layer() -> Iterator[np.ndarray]:
        at_once = max(1, max_floats // (max(1, len(words)) * lm.d_mlp))
        for first in range(0, lm.n_layers, at_once):
            layers = range(first, min(lm.n_layers, first + at_once))
            with memory_for(f"read {len(words):,} words of a text with {lm.info.name}", "a shorter text needs less"):
                values: dict[Point, np.ndarray] = {
                    (layer, side): np.zeros((len(words), lm.d_mlp), dtype=np.float32) for layer in layers
                }
                watch = part_of(progress, first / lm.n_layers, (layers[-1] + 1) / lm.n_layers)
                _Passes(lm, layers, (side,), pooling, prefix, gate, rows, values).read(text, watch)
            for layer in layers:
                yield values.pop((layer, side))

    notes = (*text.notes, *_notes(n_shared, n_unread))
    return LayeredGoldValues(np.array([word.upos for word in words]), by_layer(), notes)


def _rows(lm: LoadedModel, text: GoldText, start: list[int], upos: Collection[str] = ()) -> tuple[list[_Row], int, int]:
    """Each sentence that has a word to read; how many words share their characters, and how many have no token.

    Without ``upos``, all words are to be read.
    """
    rows, n_shared, n_unread, place = [], 0, 0, 0
    for number, sentence in enumerate(text.sentences):
        if not any(not upos or word.upos in upos for word in sentence.words):
            continue
        ids, spans = encode_text(lm, without_lone_surrogates(sentence.text)[0], None, may_be_empty=True)
        words, covers = [], []
        for k, tokens in enumerate(tokens_in_sentence(sentence, spans)):
            if upos and sentence.words[k].upos not in upos:
                continue
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
    """How the sentences in ``rows`` are read. ``values`` has, for each point, where they go: (n_words, d_mlp)."""

    lm: LoadedModel
    layers: Sequence[int]
    sides: Sequence[str]
    pooling: str
    prefix: bool
    gate: Gate
    rows: Sequence[_Row]
    values: dict[Point, np.ndarray]

    def read(self, text: GoldText, progress: Progress) -> None:
        """Read all rows: many in one pass, but for those that are longer than the model's context."""
        short = [i for i, row in enumerate(self.rows) if len(row.ids) <= self.lm.info.context]
        self.read_short(short, progress)
        for k, i in enumerate(sorted(set(range(len(self.rows))) - set(short)), start=1):
            self.read_long(self.rows[i], text.sentences[self.rows[i].sentence])
            self.report(len(short) + k, progress)

    def read_short(self, short: Sequence[int], progress: Progress) -> None:
        """Read the sentences ``short``, which fit into the model's context, many in one pass."""
        rows = self.rows

        def write(numbers: np.ndarray, point: Point, pooled: np.ndarray) -> None:  # (n,) and (n, most words, d_mlp)
            for row, of_row in zip((rows[i] for i in numbers), pooled, strict=True):
                self.values[point][row.place : row.place + len(row.words)] = of_row[: len(row.words)]

        reading = Reading(self.lm, self.layers, self.sides, self.sides, self.pooling, 0, write, self.gate)
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

    def read_long(self, row: _Row, sentence: GoldSentence) -> None:
        """Read a sentence that is longer than the model's context, in windows."""
        weights = row.weights(self.pooling)  # [word, pos]
        for layer, side in self.values:
            how: dict[str, Any] = {"side": side, "prefix": self.prefix, "gate": self.gate}
            tokens = token_activations(self.lm, sentence.text, layer, **how).values  # [pos without start, d_mlp]
            after_start = weights[:, weights.shape[1] - len(tokens) :]
            self.values[layer, side][row.place : row.place + len(row.words)] = after_start @ tokens


def _notes(n_shared: int, n_unread: int) -> tuple[str, ...]:
    notes = []
    if n_shared:
        notes.append(f"{n_shared:,} words share their characters with another word, as in “don't”: left out.")
    if n_unread:
        notes.append(f"{n_unread:,} words are no token for this model: left out.")
    return tuple(notes)
