"""Which checkpoints of its training a model has: revisions on the hub, or folders beside each other.

    checkpoints_of("EleutherAI/pythia-70m@step1000").found     # 154 of them, the first step first
    checkpoints_of("runs/step0").found                         # those of runs/ that have its shape and its tokenizer

Nothing is downloaded and no weights are read: names, configurations and tokenizers are enough.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.models.catalogue import BUNDLED
from core.models.hub import canonical, is_offline, revisions_here
from core.models.hub.names import HubName, parse
from core.models.locate import ANY_FOLDER, Folders, find_folder, is_here, is_within
from core.models.safety import read_config
from core.records.checkpoint_names import STEPS, Position, position_of

# Biderman et al. (2023), Pythia, arXiv:2304.01373, section 2.1, and the model cards: 154 checkpoints of each size, as
# branches of this name. The branch main is the last one, which some sizes have under no other name.
PYTHIA_STEPS = (0, *(2**n for n in range(10)), *range(1_000, 143_001, 1_000))
_PYTHIA = re.compile(r"EleutherAI/pythia-(14m|31m|70m|160m|410m|1b|1\.4b|2\.8b|6\.9b|12b)(-deduped)?")

# What a configuration says of how it was written and is used, and not of the model's shape.
_NO_SHAPE = {"_name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache", "step", "_commit_hash"}
_TOKENIZERS = ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "vocab.txt")
_MOST = 2_000  # folders that are looked at
_MOST_NOTES = 8

Offered = Callable[[str], bool]


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint: how far its training was, its name for ``load_model``, and that among its kind."""

    step: int
    name: str
    label: str


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one training run, by their steps.

    ``unit`` is what their numbers count: steps, tokens read, or epochs. ``own`` is the number of the model that was
    asked about; None if it is not among them. ``notes`` are sentences about what was left out, a few at most.
    """

    found: tuple[Checkpoint, ...] = ()
    unit: str = STEPS
    own: int | None = None
    notes: tuple[str, ...] = ()


NONE = Checkpoints()


def checkpoints_of(name: str, folders: Folders = ANY_FOLDER, offered: Offered = lambda name: True) -> Checkpoints:
    """The checkpoints of the training run that a model is of; none if there are none, or if they are not known.

    Parameters
    ----------
    name : str
        As in ``load_model``; or a folder whose folders are checkpoints.
    folders : Folders
        Which folders may be looked at.
    offered : callable
        Whether a name may be loaded. Others are left out, and nothing is said of them.

    Returns
    -------
    Checkpoints
        Of a folder: those beside it with the same configuration and tokenizer. On the hub: those that are known, or
        are in its cache on this computer; without a network, these alone.

    Examples
    --------
    >>> checkpoints_of("bundled").found
    ()
    """
    name = canonical(name)
    if name == BUNDLED:
        return NONE
    try:
        folder = find_folder(name, folders)
        return _on_hub(parse(name), offered) if folder is None else _in_folder(name, folder, folders, offered)
    except (UserError, OSError, ValueError):
        return NONE  # load_model raises the error with its reason


def state_of(name: str, folders: Folders = ANY_FOLDER) -> str | None:
    """What ``checkpoints_of`` depends on, in short, of a folder: which are beside it or in it, and since when.

    It changes if one of them comes, goes, or has other files. None of a model that is in no folder.
    """
    try:
        folder = find_folder(canonical(name), folders)
    except UserError:
        return None
    if folder is None or not folder.is_dir():
        return None
    digest = hashlib.sha256()
    for place in (folder, folder.parent if (folder / "config.json").is_file() else folder):
        digest.update(f"{place}\0{place.stat().st_mtime_ns}\0".encode(errors="surrogateescape"))
        with os.scandir(place) as entries:
            for entry in islice(entries, 2 * _MOST):
                with contextlib.suppress(OSError):  # it is gone, or leads nowhere
                    digest.update(f"{entry.name}\0{entry.stat().st_mtime_ns}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def instead_of(name: str, folders: Folders = ANY_FOLDER, offered: Offered = lambda name: True) -> str:
    """The last checkpoint of a folder that is no model, but has some; empty if it has none."""
    found = checkpoints_of(name, folders, offered)
    return found.found[-1].name if found.found and found.own is None and found.found[-1].name != name else ""


# --- On the hub ---


def _on_hub(model: HubName, offered: Offered) -> Checkpoints:
    """The revisions of a model whose names say how far its training was."""
    own = position_of(model.revision) if model.revision else None
    found_at: dict[Position, Checkpoint] = {}
    # The one that was asked about is the last one, so that none of the same step takes its place.
    for label in (*sorted(revisions_here(model.id)), *([model.revision] if model.revision else [])):
        if position := position_of(label):
            found_at[position] = Checkpoint(position.step, f"{model.id}@{label}", label)
    if _PYTHIA.fullmatch(model.id):
        for step in PYTHIA_STEPS:
            found_at.setdefault(
                Position("step", step, STEPS), Checkpoint(step, f"{model.id}@step{step}", f"step{step}")
            )
        last = Position("step", PYTHIA_STEPS[-1], STEPS)
        if own != last:
            found_at[last] = Checkpoint(last.step, model.id, "main")
        own = own or (last if model.revision in (None, "main") else None)
    run = own.run if own else _most_common(found_at)
    found = [each for position, each in found_at.items() if position.run == run and offered(each.name)]
    notes: tuple[str, ...] = ()
    if is_offline():
        known, found = len(found), [each for each in found if is_here(each.name)]
        if len(found) < known:
            notes = (f"Without a network, only checkpoints on this computer can be read: {len(found):,} of {known:,}.",)
    return Checkpoints(_in_order(found), run[1], own.step if own else None, notes)


# --- In folders ---


def _in_folder(name: str, folder: Path, folders: Folders, offered: Offered) -> Checkpoints:
    """The folders beside a checkpoint, or in a folder of checkpoints, that are of the same run."""
    is_one = (folder / "config.json").is_file()
    asked = os.path.basename(os.path.abspath(folder)) if is_one else ""
    own = position_of(asked)
    if is_one and own is None:
        return NONE
    parent, place = (folder.parent, os.path.dirname(name.rstrip("/\\"))) if is_one else (folder, name)
    if folders.root is not None and not is_within(parent, folders.root):
        return NONE
    models, notes = _models_in(parent, place, asked, folders, offered)
    if not models:
        return NONE
    run = own.run if own else _most_common(position for position, _ in models)
    others = [each.label for position, each in models if position.run != run]
    models = [each for each in models if each[0].run == run]
    like = folder if is_one else parent / max(models, key=lambda each: each[0].step)[1].label
    found: list[Checkpoint] = []
    # The one that was asked about comes first, so that none of the same step takes its place.
    for position, each in sorted(models, key=lambda each: (each[1].label != asked, each[0].step)):
        if reason := _why_not(parent / each.label, like, [other.step for other in found], position.step):
            notes.append(f"“{each.label[:80]}” is left out: {reason}.")
        else:
            found.append(each)
    if others:
        shown = ", ".join(f"“{other[:80]}”" for other in others[:3]) + (", …" if len(others) > 3 else "")
        notes.append(f"Of another run by their names, and left out: {shown} ({len(others):,} in all).")
    if len(notes) > _MOST_NOTES:
        notes = [*notes[: _MOST_NOTES - 1], f"{len(notes) - _MOST_NOTES + 1:,} more are left out."]
    return Checkpoints(_in_order(found), run[1], own.step if own else None, tuple(notes))


def _models_in(
    parent: Path, place: str, own: str, folders: Folders, offered: Offered
) -> tuple[list[tuple[Position, Checkpoint]], list[str]]:
    """The models in a folder whose names say how far they were, and notes on the others. ``own`` is looked at first."""
    models: list[tuple[Position, Checkpoint]] = []
    notes = []
    entries = sorted(os.listdir(parent), key=lambda entry: (entry != own, _natural(entry)))
    if len(entries) > _MOST:
        notes.append(f"The folder has {len(entries):,} entries, and the first {_MOST:,} are looked at.")
    for entry in entries[:_MOST]:
        its_name = os.path.join(place, entry) if place else entry
        if not offered(its_name) or not _is_model(its_name, folders):
            continue
        if position := position_of(entry):
            models.append((position, Checkpoint(position.step, its_name, entry)))
        else:
            notes.append(f"“{entry[:80]}” is left out: its name does not say how far its training was.")
    return models, notes


def _is_model(name: str, folders: Folders) -> bool:
    """Whether a name is that of a folder that may be looked at, and has a configuration."""
    try:
        folder = find_folder(name, folders)
    except UserError:  # a link leads out of the root
        return False
    return folder is not None and (folder / "config.json").is_file()


def _why_not(folder: Path, like: Path, steps: list[int], step: int) -> str:
    """Why a folder is no checkpoint of the run of another one; empty if it is one."""
    if step in steps:
        return "another one is of the same step"
    ours, theirs = (_shape(each, _modified(each / "config.json")) for each in (folder, like))
    if ours is None or theirs is None:
        return "its config.json cannot be read"
    if differing := next((key for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)), ""):
        return f"its shape is another one ({differing} in its config.json)"
    if _tokenizer(folder) != _tokenizer(like):
        return "its tokenizer is another one"
    return ""


@lru_cache(maxsize=1024)
def _shape(folder: Path, modified: int) -> dict[str, Any] | None:
    """What a configuration says of the shape of its model; None if it cannot be read."""
    try:
        return {key: value for key, value in read_config(folder, folder.name).items() if key not in _NO_SHAPE}
    except UserError:
        return None


def _tokenizer(folder: Path) -> tuple[tuple[str, str], ...]:
    """The files of a tokenizer, and their digests."""
    there = [name for name in _TOKENIZERS if (folder / name).is_file()]
    return tuple((name, _digest(folder / name, _modified(folder / name))) for name in there)


@lru_cache(maxsize=4096)
def _digest(file: Path, modified: int) -> str:
    content = file.read_bytes()
    if file.suffix == ".json":  # the same vocabulary may be written with other spaces
        with contextlib.suppress(ValueError, RecursionError):  # one that is broken has its bytes
            content = json.dumps(json.loads(content), sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


def _modified(file: Path) -> int:
    return file.stat().st_mtime_ns if file.is_file() else 0


def _most_common(positions: Iterable[Position]) -> tuple[str, str]:
    counted = Counter(position.run for position in positions).most_common(1)
    return counted[0][0] if counted else ("", STEPS)


def _in_order(found: Iterable[Checkpoint]) -> tuple[Checkpoint, ...]:
    return tuple(sorted(found, key=lambda each: each.step))


def _natural(text: str) -> list[tuple[int, str]]:
    """A key by which step2 comes before step10."""
    return [(int(part), "") if part.isdigit() and part.isascii() else (-1, part) for part in re.split(r"(\d+)", text)]
