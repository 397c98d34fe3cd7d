"""Emergence: one contrast at the checkpoints of a training run, one model in memory at a time.

checkpoints = checkpoints_of("runs/step0")                                 # core.models.checkpoints
curve = measure_checkpoints(ContrastSpec.careful(), checkpoints)
curve.strong("pre-activation"), curve.best_auc("pre-activation", layer=3)   # (n_checkpoints, 2) each
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from core.activations import read_words
from core.comparison import compare_neurons, correct, shuffled_values
from core.errors import UserError
from core.models import ANY_FOLDER, Folders, load_model
from core.models.checkpoints import Checkpoint, Checkpoints
from core.progress import Progress, unwatched
from core.records import HOOK_SIDES, ContrastSpec, ModelInfo, WordActivations
from core.records.checkpoint_names import STEPS
from core.records.emergence import CheckpointSummary, Emergence, FailedCheckpoint, SideSummary, largest
from core.records.layers import AllLayers
from core.report.layer_numbers import numbers_of
from core.stats.effect_size import auc
from core.whole_model import measure_layers
from core.words import DEFAULT_DOWNLOADS, Downloads, choose_words

Measured = tuple[Checkpoint, CheckpointSummary | UserError]


def summarise(
    spec: ContrastSpec, model: ModelInfo, activations: WordActivations, *, progress: Progress = unwatched
) -> CheckpointSummary:
    """Test every neuron of every layer at both sides of the nonlinearity, and keep little of it.

    Parameters
    ----------
    spec : ContrastSpec
        Its layer and side do not matter.
    model : ModelInfo
    activations : WordActivations
        Of ``read_words``, for all layers of this model.
    progress : callable
        Called with a share and a sentence.

    Returns
    -------
    CheckpointSummary
        Five bytes for each neuron at each side. Its numbers are those of ``measure_layers``, tested at each side.

    Examples
    --------
    >>> from core.models import load_model
    >>> lm, spec = load_model("bundled"), ContrastSpec.careful(n_target=50, n_baseline=50)
    >>> found = summarise(spec, lm.info, read_words(lm, choose_words(spec), spec, range(lm.n_layers)))
    >>> found.shape, found.at("activation").strong.shape
    ((6, 512), (6, 2))
    """
    sides = []
    for place, side in enumerate(HOOK_SIDES):

        def watch(share: float, sentence: str, place: int = place) -> None:
            progress((place + share) / len(HOOK_SIDES), sentence)

        at_side = spec.changed(hook_side=side)
        tests = compare_neurons(at_side, activations)
        adjusted = correct(at_side, tests, activations, watch)
        layers = measure_layers(at_side, model, activations, tests, adjusted, progress=watch)
        sides.append(_of_side(layers, _chance(at_side, activations)))
    return CheckpointSummary(model, sides[0], sides[1], (*model.notes, *activations.notes))


def _of_side(found: AllLayers, chance_auc: np.ndarray) -> SideSummary:
    """What is kept of all layers, tested at one side."""
    numbers = numbers_of(found)
    ways = numbers.higher, numbers.lower

    def both(name: str) -> np.ndarray:
        return np.stack([getattr(way, name) for way in ways], axis=-1)  # [n_layers, 2]

    return SideSummary(
        tested=numbers.tested,
        significant=both("significant"),
        strong=both("strong"),
        auc_ends=both("auc"),
        auc_neurons=both("auc_neuron"),
        g_ends=both("g"),
        g_neurons=both("g_neuron"),
        chance_auc=chance_auc,
        auc=found.tests.auc.astype(np.float32),
        is_significant=found.significant,
    )


def _chance(spec: ContrastSpec, activations: WordActivations) -> np.ndarray:
    """The largest own AUC of each layer with shuffled labels, (n_layers,); NaN if there are too few words."""
    found = []
    for at in range(len(activations.layers)):
        groups = shuffled_values(spec, activations, at)
        if groups is None:
            return np.full(len(activations.layers), np.nan)
        aucs = auc(*groups)  # [n_neurons]
        found.append(float(largest(np.maximum(aucs, 1 - aucs))))
    return np.array(found)


def assemble(spec: ContrastSpec, unit: str, measured: Iterable[Measured]) -> Emergence:
    """The curve of checkpoints that were measured, in any order; an error is a checkpoint that failed.

    A model of another shape than that of the last step has failed, too: its neurons are not those of the others.
    """
    read: list[tuple[Checkpoint, CheckpointSummary]] = []
    failed: list[FailedCheckpoint] = []
    for checkpoint, found in sorted(measured, key=lambda each: each[0].step):
        if isinstance(found, UserError):
            failed.append(FailedCheckpoint(checkpoint.step, checkpoint.name, str(found)))
        else:
            read.append((checkpoint, found))
    for checkpoint, found in [each for each in read if each[1].shape != read[-1][1].shape]:
        n_layers, n_neurons = found.shape
        why = f"It has {n_layers} layers of {n_neurons:,} neurons, and the last checkpoint has not."
        failed.append(FailedCheckpoint(checkpoint.step, checkpoint.name, why))
    read = [each for each in read if each[1].shape == read[-1][1].shape]
    failed.sort(key=lambda each: each.step)
    steps = tuple(checkpoint.step for checkpoint, _ in read)
    return Emergence(spec, unit, steps, tuple(found for _, found in read), tuple(failed))


def measure_checkpoints(
    spec: ContrastSpec,
    checkpoints: Checkpoints | Sequence[Checkpoint],
    *,
    folders: Folders = ANY_FOLDER,
    downloads: Downloads = DEFAULT_DOWNLOADS,
    progress: Progress = unwatched,
) -> Emergence:
    """Run one contrast at every layer of each checkpoint, one after another.

    Parameters
    ----------
    spec : ContrastSpec
        Its model, layer and side do not matter.
    checkpoints : Checkpoints or sequence of Checkpoint
    folders, downloads, progress
        As in ``load_model`` and ``run_contrast``.

    Returns
    -------
    Emergence
        A checkpoint that cannot be read has its sentence in ``failed``, and the others go on.

    Raises
    ------
    UserError
        The words cannot be had.

    Examples
    --------
    >>> spec = ContrastSpec.careful(n_target=40, n_baseline=40)
    >>> curve = measure_checkpoints(spec, [Checkpoint(0, "nowhere/at all", "0"), Checkpoint(9, "bundled", "9")])
    >>> curve.steps, [failed.step for failed in curve.failed], curve.best_auc("activation").shape
    ((9,), [0], (1, 2))
    """
    unit = checkpoints.unit if isinstance(checkpoints, Checkpoints) else STEPS
    them = checkpoints.found if isinstance(checkpoints, Checkpoints) else checkpoints
    words = choose_words(spec, downloads)
    measured: list[Measured] = []
    for number, each in enumerate(them):

        def watch(share: float, sentence: str, number: int = number) -> None:
            progress((number + share) / len(them), f"{number + 1} of {len(them)}: {sentence}")

        try:
            lm = load_model(each.name, spec.dtype, folders=folders, progress=watch)
            activations = read_words(lm, words, spec.changed(model=each.name), range(lm.n_layers), progress=watch)
            measured.append((each, summarise(spec, lm.info, activations, progress=watch)))
        except UserError as error:
            measured.append((each, error))
    return assemble(spec, unit, measured)
