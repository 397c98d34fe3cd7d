"""Which checkpoints of its training a model has: revisions on the hub, or folders beside each other.

    checkpoints_of("EleutherAI/pythia-70m@step1000").found     # 154 of them, the first step first
    checkpoints_of("runs/step0").found                         # those of runs/ that have its shape and its tokenizer

Nothing is downloaded and no weights are read: names, configurations and tokenizers are enough.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import UserError
from core.models.catalogue import BUNDLED
from core.models.hub import canonical, revisions_here
from core.models.hub.names import HubName, parse
from core.models.locate import ANY_FOLDER, Folders, find_folder, is_here, is_within
from core.models.safety import read_config

STEPS, TOKENS = "step", "token"  # what the number of a checkpoint counts

# Biderman et al. (2023), Pythia, arXiv:2304.01373, section 2.1, and the model cards: 154 checkpoints of each size, as
# branches of this name. The branch main is the last one, which some sizes have under no other name.
PYTHIA_STEPS = (0, *(2**n for n in range(10)), *range(1_000, 143_001, 1_000))
_PYTHIA = re.compile(r"EleutherAI/pythia-(14m|31m|70m|160m|410m|1b|1\.4b|2\.8b|6\.9b|12b)(-deduped)?")

_STEP = re.compile(
    r"(?:^|[^a-z0-9])(?:global[-_]?step|step|checkpoint|ckpt|iteration|iter)s?[-_]?(\d{1,15})(?![\d.]*\d|[a-z])",
    re.IGNORECASE | re.ASCII,
)
_TOKENS = re.compile(r"(?:tokens?[-_]?)?(\d{1,6}(?:\.\d{1,3})?)([KMBT])(?:[-_]?tokens?)?", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_THOUSANDS = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
# What a configuration says of how it was written and is used, and not of the model's shape.
_NO_SHAPE = {"_name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache", "step", "_commit_hash"}
_TOKENIZERS = ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "vocab.txt")
_MOST = 2_000  # folders that are looked at

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

    ``unit`` is what their numbers count: steps, or tokens read. ``own`` is the number of the model that was asked
    about; None if it is not among them. ``notes`` are sentences about what was left out.
    """

    found: tuple[Checkpoint, ...] = ()
    unit: str = STEPS
    own: int | None = None
    notes: tuple[str, ...] = ()


NONE = Checkpoints()


def position_of(label: str) -> tuple[int, str] | None:
    """How far the training of a checkpoint was, by its name: a number, and what it counts. None if it does not say.

    Examples
    --------
    >>> [position_of(label) for label in ("step1000", "checkpoint-500", "global_step500", "iter_0000020", "1000")]
    [(1000, 'step'), (500, 'step'), (500, 'step'), (20, 'step'), (1000, 'step')]
    >>> position_of("step1000-tokens4B"), position_of("300B"), position_of("v1.5"), position_of("step2-checkpoint-3")
    ((1000, 'step'), (300000000000, 'token'), None, None)
    """
    if _NUMBER.fullmatch(label):
        return int(label), STEPS
    numbers = {int(number) for number in _STEP.findall(label)}
    if numbers:
        return (numbers.pop(), STEPS) if len(numbers) == 1 else None
    if tokens := _TOKENS.fullmatch(label):
        return round(float(tokens[1]) * _THOUSANDS[tokens[2].upper()]), TOKENS
    return None


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


def instead_of(name: str, folders: Folders = ANY_FOLDER, offered: Offered = lambda name: True) -> str:
    """The last checkpoint of a folder that is no model, but has some; empty if it has none."""
    found = checkpoints_of(name, folders, offered)
    return found.found[-1].name if found.found and found.own is None and found.found[-1].name != name else ""


def log_spaced(steps: Iterable[int], most: int = 10, keep: int | None = None) -> tuple[int, ...]:
    """At most so many steps, the first and the last among them, and about evenly apart on a logarithmic scale.

    ``keep`` is one that is chosen in any case, if it is there.

    Examples
    --------
    >>> log_spaced(PYTHIA_STEPS)
    (0, 2, 16, 64, 256, 1000, 3000, 10000, 38000, 143000)
    >>> log_spaced([0, 500, 1000]), log_spaced(range(0, 100, 10), most=3, keep=40)
    ((0, 500, 1000), (0, 40, 90))
    """
    left = sorted(set(steps))
    if len(left) <= most:
        return tuple(left)
    places = np.linspace(math.log1p(left[0]), math.log1p(left[-1]), most)
    chosen = {min(left, key=lambda step: abs(math.log1p(step) - place)) for place in places}
    if keep in left and keep not in chosen:
        between = chosen - {left[0], left[-1]}
        if len(chosen) == most and between:
            chosen.remove(min(between, key=lambda step: abs(math.log1p(step) - math.log1p(keep))))
        chosen.add(keep)
    return tuple(sorted(chosen))


# --- On the hub ---


def _on_hub(model: HubName, offered: Offered) -> Checkpoints:
    """The revisions of a model whose names say how far its training was."""
    by_position: dict[tuple[int, str], Checkpoint] = {}
    for label in revisions_here(model.id) | ({model.revision} if model.revision else set()):
        if position := position_of(label):
            by_position[position] = Checkpoint(position[0], f"{model.id}@{label}", label)
    own = position_of(model.revision) if model.revision else None
    if _PYTHIA.fullmatch(model.id):
        for step in PYTHIA_STEPS:
            by_position.setdefault((step, STEPS), Checkpoint(step, f"{model.id}@step{step}", f"step{step}"))
        last = PYTHIA_STEPS[-1], STEPS
        if own != last:
            by_position[last] = Checkpoint(last[0], model.id, "main")
        own = own or (last if model.revision in (None, "main") else None)
    unit = own[1] if own else _most_common(unit for _, unit in by_position)
    found = [each for (_, its), each in by_position.items() if its == unit and offered(each.name)]
    notes: tuple[str, ...] = ()
    if _is_offline():
        known, found = len(found), [each for each in found if is_here(each.name)]
        if len(found) < known:
            notes = (f"Without a network, only checkpoints on this computer can be read: {len(found):,} of {known:,}.",)
    return Checkpoints(_in_order(found), unit, own[0] if own else None, notes)


def _is_offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


# --- In folders ---


def _in_folder(name: str, folder: Path, folders: Folders, offered: Offered) -> Checkpoints:
    """The folders beside a checkpoint, or in a folder of checkpoints, that are of the same run."""
    is_one = (folder / "config.json").is_file()
    own = position_of(os.path.basename(os.path.abspath(folder))) if is_one else None
    if is_one and own is None:
        return NONE
    parent, place = (folder.parent, os.path.dirname(name.rstrip("/\\"))) if is_one else (folder, name)
    if folders.root is not None and not is_within(parent, folders.root):
        return NONE
    models, notes = [], []
    for entry in sorted(os.listdir(parent), key=_natural)[:_MOST]:
        its_name = os.path.join(place, entry) if place else entry
        if not offered(its_name) or not _is_model(its_name, folders):
            continue
        position = position_of(entry)
        if position is None:
            notes.append(f"“{entry[:80]}” is left out: its name does not say at which step it is.")
        else:
            models.append((position, Checkpoint(position[0], its_name, entry)))
    unit = own[1] if own else _most_common(unit for (_, unit), _ in models)
    models = [(position, each) for position, each in models if position[1] == unit]
    if not models:
        return NONE
    like = folder if is_one else parent / max(models, key=lambda each: each[0])[1].label
    found: list[Checkpoint] = []
    for _, each in sorted(models, key=lambda each: each[0]):
        if reason := _why_not(parent / each.label, like, [other.step for other in found], each.step):
            notes.append(f"“{each.label[:80]}” is left out: {reason}.")
        else:
            found.append(each)
    return Checkpoints(tuple(found), unit, own[0] if own else None, tuple(notes))


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


def _most_common(units: Iterable[str]) -> str:
    counted = Counter(units).most_common(1)
    return counted[0][0] if counted else STEPS


def _in_order(found: Iterable[Checkpoint]) -> tuple[Checkpoint, ...]:
    return tuple(sorted(found, key=lambda each: each.step))


def _natural(text: str) -> list[tuple[int, str]]:
    """A key by which step2 comes before step10."""
    return [(int(part), "") if part.isdigit() and part.isascii() else (-1, part) for part in re.split(r"(\d+)", text)]
