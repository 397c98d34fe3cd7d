"""The steps of emergence: one contrast at the checkpoints of a training run.

A page asks for some checkpoints. They are read in the background, one after another, so that one model is loaded at a
time; of each, a small summary is kept. Whoever asks again, for the same words, gets what is done already.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import lru_cache
from typing import Any

from core.errors import UserError
from core.models import Folders
from core.models.checkpoints import Checkpoint, Checkpoints, checkpoints_of, state_of
from core.progress import Progress
from core.records import ContrastSpec
from core.records.emergence import CheckpointSummary, Emergence
from core.report.one_layer import one_layer_read
from engine.admission import admitted
from engine.fair_queue import FairQueue
from engine.folders import model_folders
from engine.jobs import NotCached
from engine.limits import Limits, check_allowed, limits
from engine.pipeline import Request, resolve, results_of, step
from engine.sizes import correction_of
from engine.steps import activations, model_info, reads_all_layers, sources, words, words_uncounted


def _checkpoint_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    return _of_any_layer(request.spec), sources(need(words))


def _of_any_layer(spec: ContrastSpec) -> ContrastSpec:
    """The spec without what a summary does not depend on."""
    return spec.changed(layer=0, hook_side="pre-activation").unnamed()


@step(
    _checkpoint_key,
    key_text="the spec without its layer, side and the names of its lists, and the sources of the words",
    needs=(words, activations, model_info),
    entries=512,
    share=0.05,
)
def checkpoint(request: Request, need: Any, progress: Progress) -> CheckpointSummary:
    """A summary of every layer of one checkpoint, tested at both sides of the nonlinearity."""
    from core.emergence import summarise

    if not reads_all_layers(request.spec):
        raise UserError(one_layer_read("all checkpoints"))
    read = need(activations)
    with admitted(correction_of(request.spec, read), progress):
        return summarise(request.spec, need(model_info), read, progress=progress)


# --- What a page asks ---


def offered_checkpoints(model: str) -> Checkpoints:
    """The checkpoints of the training run that a model is of, as far as this server offers them."""
    if not _is_offered(model):
        return Checkpoints()
    folders = model_folders()
    if (state := state_of(model, folders)) is None:
        return checkpoints_of(model, folders, _is_offered)
    return _of_folder(model, folders, limits(), state)


@lru_cache(maxsize=64)
def _of_folder(model: str, folders: Folders, allowed: Limits, state: str) -> Checkpoints:
    """As ``offered_checkpoints``: a page asks it in each run, and a folder may have hundreds of tokenizers."""
    return checkpoints_of(model, folders, _is_offered)


def _is_offered(model: str) -> bool:
    try:
        check_allowed(model)
    except UserError:
        return False
    return True


def request_of(spec: ContrastSpec, name: str) -> Request:
    """What is asked of the queue for a checkpoint: the same for each layer and side."""
    return Request(_of_any_layer(spec).changed(model=name))


def found(spec: ContrastSpec, names: Iterable[str]) -> dict[str, CheckpointSummary]:
    """The summaries that are cached, by the names of their checkpoints.

    A page asks this every second while checkpoints are read. So the metrics do not count it.
    """
    chosen, summaries = words_uncounted(Request(spec)), {}  # the keys need the words
    for name in names:
        try:
            key = _checkpoint_key(request_of(spec, name), {words: chosen}.__getitem__)
            summaries[name] = results_of(checkpoint).get(key)
        except NotCached:
            continue
    return summaries


def curve(spec: ContrastSpec, unit: str, asked: Iterable[Checkpoint]) -> Emergence:
    """The curve of the checkpoints that were asked for, as far as they are done; with those that failed."""
    from core.emergence import assemble

    asked = tuple(asked)
    done = found(spec, (each.name for each in asked))
    errors = {each.name: error_of(spec, each.name) for each in asked if each.name not in done}
    measured = [(each, done.get(each.name) or errors.get(each.name)) for each in asked]
    return assemble(spec, unit, [(each, result) for each, result in measured if result is not None])


def error_of(spec: ContrastSpec, name: str) -> UserError | None:
    """Why a checkpoint could not be read when it was last asked for; None if it could, or was not."""
    error = checkpoints.error_of(request_of(spec, name))
    if error is None or isinstance(error, UserError):
        return error
    return UserError(f"It could not be read: an unexpected error ({type(error).__name__}), which the server's log has.")


def new_queue() -> FairQueue:
    """A queue in which checkpoints are read: one at a time, since each has a model of its own."""
    return FairQueue(
        lambda request, progress: resolve(checkpoint, request, progress),
        lambda: 1,
        most=lambda: limits().queue_length,
        what="checkpoints",
        kept_as=lambda request: request.digest,
    )


checkpoints = new_queue()
