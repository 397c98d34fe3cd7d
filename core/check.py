"""Check this computer's reading of a model against plain PyTorch: what an instructor runs before a class.

    for comparison in check_reading("bundled"):
        print(comparison.what, comparison.side, comparison.relative)

The plain reading has none of our shortcuts: transformers loads the model anew, each word passes alone through the whole
network, without a cache, with eager attention, and hooks read what the modules see. It finds its hook points itself, by
what the layers compute (``core.models.structure``). Only the token ids are taken as given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from core.activations import layered_token_activations, word_activations
from core.activations.encode import encode_words, start_ids
from core.errors import UserError
from core.experiment import run_contrast
from core.models import LoadedModel, load_model
from core.models.locate import ANY_FOLDER, Folders, locate
from core.progress import Progress, unwatched
from core.records import HOOK_SIDES, Comparison, ContrastSpec, ModelInfo, NotebookComparison
from core.words import Downloads

WORDS = ["time", "people", "walk", "go", "Tuesday", "understanding", "antidisestablishmentarianism", "don't", "café"]
WORDS += ["🙂"]
TEXT = (
    "On Tuesday the baker's dog, a very old one, slept under the table until the bread was ready. Then it stood up, "
    "walked to the door and barked twice.\n“Not yet,” said the baker: 3 more minutes!"
)


def check_reading(
    name: str, *, folders: Folders = ANY_FOLDER, progress: Progress = unwatched
) -> tuple[ModelInfo, list[Comparison]]:
    """Read ten words and a text in both ways, every layer, both sides of the nonlinearity.

    Parameters
    ----------
    name, folders, progress
        As in ``load_model``.

    Returns
    -------
    info : ModelInfo
    comparisons : list of Comparison

    Raises
    ------
    UserError
        As ``load_model``.

    Examples
    --------
    >>> info, comparisons = check_reading("bundled")
    >>> len(comparisons), all(comparison.same for comparison in comparisons)
    (6, True)
    """
    lm = load_model(name, folders=folders, progress=progress)
    info = lm.info
    read = list(_read(lm))
    del lm  # so that memory holds one copy of the model
    progress(1.0, "Reading the same with plain PyTorch")
    plain = _Plain(locate(name, folders, unwatched)[0], info, read[-1].rows[0])
    comparisons = [comparison for reading in read for comparison in _compare(plain, reading)]
    return info, sorted(comparisons, key=lambda each: HOOK_SIDES.index(each.side))


def check_notebook(
    spec: ContrastSpec, downloads: Downloads, *, folders: Folders = ANY_FOLDER, progress: Progress = unwatched
) -> NotebookComparison:
    """Run the course notebook's own loop, and our notebook preset, on the same model and words.

    Raises
    ------
    UserError
        As ``run_contrast``.
    """
    from scipy import stats
    from transformers import AutoTokenizer

    lm = load_model(spec.model, folders=folders, progress=progress)
    result = run_contrast(spec, lm, downloads=downloads, progress=progress)
    del lm
    folder = locate(spec.model, folders, unwatched)[0]
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    plain = _Plain(folder, result.model, tokenizer(TEXT)["input_ids"])
    classes = []
    for words in (result.words.target, result.words.baseline):
        rows = []
        for number, word in enumerate(words):
            rows.append(plain.read(tokenizer(word)["input_ids"])["pre-activation"][spec.layer].mean(axis=0))
            progress((number + 1) / len(words), f"The notebook's loop: {number + 1} of {len(words)}")
        classes.append(np.stack(rows))
    test = stats.ttest_1samp(classes[0] - classes[1], 0.0)
    return NotebookComparison(result, test.statistic, test.pvalue < spec.alpha / result.n_neurons)


@dataclass(frozen=True)
class _Reading:
    """Our values by side (n_layers, n_words or n_tokens, d_mlp), and the token ids of each word, or of the text.

    The first ``n_start`` ids are read, but not pooled. Words are pooled by their mean.
    """

    what: str
    values: dict[str, np.ndarray]
    rows: list[list[int]]
    n_start: int = 0


def _read(lm: LoadedModel) -> Iterator[_Reading]:
    """Read words alone, words as the careful preset reads them, and a text; on both sides."""
    values = {side: word_activations(lm, WORDS, side=side) for side in HOOK_SIDES}
    yield _Reading("words", values, encode_words(lm, WORDS, False, ()))
    start = start_ids(lm, lm.start_token is not None and lm.start_token < lm.n_embeddings)
    how: dict[str, Any] = {"leading_space": True, "prefix": bool(start)}
    values = {side: word_activations(lm, WORDS, side=side, **how) for side in HOOK_SIDES}
    yield _Reading("words as inside a sentence", values, encode_words(lm, WORDS, True, start), len(start))
    values = {}  # not the same dictionary again
    first = slice(lm.info.context)  # the first window: the plain network reads no longer text
    for side in HOOK_SIDES:
        by_layer = layered_token_activations(lm, TEXT, range(lm.n_layers), side=side)
        values[side] = np.stack([by_layer[layer].values[first] for layer in range(lm.n_layers)])
    yield _Reading("a text", values, [by_layer[0].token_ids[first]])


def _compare(plain: _Plain, ours: _Reading) -> Iterator[Comparison]:
    read = [plain.read(row) for row in ours.rows]
    for side, values in ours.values.items():
        if ours.what == "a text":
            expected = read[0][side]
        else:  # [n_layers, n_tokens, d_mlp] for each word -> [n_layers, n_words, d_mlp]
            expected = np.stack([tokens[side][:, ours.n_start :].mean(axis=1) for tokens in read], axis=1)
        yield Comparison(ours.what, side, values.size, _largest_share(values, expected))


def _largest_share(values: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference as a share of its neuron's largest value, or of what is usual in the layer."""
    # [n_layers, n_words or n_tokens, d_mlp] -> [n_layers, d_mlp]
    difference, largest = np.abs(values - expected).max(axis=1), np.abs(expected).max(axis=1)
    scale = np.maximum(largest, np.median(largest, axis=1, keepdims=True))
    # A layer that is all zeros is right only if nothing differs.
    shares = np.divide(difference, scale, out=np.where(difference > 0, np.inf, 0.0), where=scale > 0)
    return float(shares.max())


class _Plain:
    """A whole model, loaded by transformers alone; one row at a time passes through all of it."""

    def __init__(self, folder: Path, info: ModelInfo, some_ids: Sequence[int]) -> None:
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM
        from transformers.utils import logging

        from core.models.structure import find_hook_points

        logging.disable_progress_bar()
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        # transformers' eager attention adds Falcon's ALiBi twice, in the mask and to the scores.
        twice = config.model_type == "falcon" and config.alibi
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            attn_implementation="sdpa" if twice else "eager",
        )
        self._model, self._info = model.eval(), info
        points = find_hook_points(model.base_model, info.n_layers, some_ids[:64])
        if points is None:
            raise UserError(f"No MLP neurons were found in the layers of {info.name} as transformers loads it.")
        self._points = points

    def read(self, ids: Sequence[int]) -> dict[str, np.ndarray]:
        """The neurons of every layer at every token, by side: (n_layers, n_tokens, d_mlp)."""
        import torch

        from core.models.structure import recording

        layers = range(self._info.n_layers)
        paths = {side: [self._points.path(layer, side) for layer in layers] for side in HOOK_SIDES}
        with torch.no_grad(), recording(self._model.base_model, {*chain(*paths.values())}) as seen:
            self._model(torch.tensor([list(ids)]), use_cache=False)
        read = {}
        for side, places in paths.items():
            which = 1 if side == "pre-activation" else 0  # the expansion's output, the down-projection's input
            read[side] = np.stack([seen[path][which][:, : self._info.d_mlp].numpy() for path in places])
        return read
