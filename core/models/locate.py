"""Find the files of a model: in this repository, in a folder, or on the hub."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import UserError
from core.models.catalogue import BUNDLED
from core.models.hub import ensure_downloaded, find_copy, is_downloaded
from core.models.safety import checked_digest, read_config, weights_digest
from core.models.suitability import LAYER_COUNTS
from core.progress import Progress

BUNDLED_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "models" / "grammar-neo-9m"


@dataclass(frozen=True)
class Folders:
    """Which folders may be loaded as models: any (the default), none, or only those below ``root``."""

    root: Path | None = None
    allowed: bool = True


ANY_FOLDER = Folders()


def locate(name: str, folders: Folders, progress: Progress) -> tuple[Path, str]:
    """The folder of a model's files, and its revision. A hub model is downloaded if it is not in the cache.

    Parameters
    ----------
    name : str
        As in ``load_model``.
    folders : Folders
    progress : callable

    Returns
    -------
    (Path, str)
        The revision is a commit hash, or ``sha256:`` and 12 digits of the weights' digest.

    Raises
    ------
    UserError
        There is no such model; for a hub model, as ``core.models.hub.ensure_downloaded``.
    """
    if name == BUNDLED:
        return BUNDLED_FOLDER, f"sha256:{checked_digest(BUNDLED_FOLDER)[:12]}"
    folder = find_folder(name, folders)
    if folder is None:
        return ensure_downloaded(name, progress)
    if not (folder / "config.json").is_file():
        raise UserError(f"The folder {name} is no model: it holds no config.json.", about="no_config")
    return folder, f"sha256:{weights_digest(folder, name)[:12]}"


def count_layers(name: str, folders: Folders = ANY_FOLDER) -> int | None:
    """How many layers a model has, without loading it; None if its configuration is not on this computer.

    Examples
    --------
    >>> count_layers("bundled")
    6
    """
    try:
        folder = find_folder(name, folders)
        if folder is None:
            folder = find_copy(name)
        return None if folder is None else _layers_in(folder, (folder / "config.json").stat().st_mtime_ns)
    except (UserError, ValueError, OSError):
        return None  # load_model raises the error with its reason


def is_here(name: str, folders: Folders = ANY_FOLDER) -> bool:
    """Whether all files of a model are on this computer. Nothing is read but a few names of files.

    Examples
    --------
    >>> is_here("bundled")
    True
    """
    try:
        if find_folder(name, folders) is not None:
            return True
        return is_downloaded(name)
    except (UserError, ValueError, OSError):
        return False  # load_model raises the error with its reason


@lru_cache(maxsize=64)
def _layers_in(folder: Path, modified: int) -> int | None:
    """The number of layers in a configuration, read once for each version of the file."""
    config = read_config(folder, folder.name)
    return next((config[key] for key in LAYER_COUNTS if type(config.get(key)) is int and config[key] > 0), None)


def find_folder(name: str, folders: Folders) -> Path | None:
    """The folder that a name means; None if the name can only be a hub id.

    With a root, names are relative to it, and neither a name nor a link may lead out of it.

    Raises
    ------
    UserError
        The name, or a link in the folder, leads out of the root.
    """
    if name == BUNDLED:
        return BUNDLED_FOLDER
    if not folders.allowed:
        return None
    root = folders.root
    # os.path, not pathlib: it returns False, not an error, for any text that a link or a user may give.
    path = os.path.expanduser(name) if root is None else os.path.join(root, name)
    if root is not None and not is_within(path, root):
        raise UserError(f"“{name[:80]}” is outside the folder that models are kept in.")
    if not os.path.isdir(path):
        return None
    if root is not None:
        _check_links(path, root, name)
    return Path(path)


def _check_links(folder: str, root: Path, name: str) -> None:
    """Raise UserError if a link in a model's folder leads out of the root."""
    try:
        entries = sorted(os.listdir(folder))
    except OSError as error:
        raise UserError(f"The folder {name[:80]} cannot be read: {error.strerror}.") from error
    for entry in entries:
        if not is_within(os.path.join(folder, entry), root):
            raise UserError(
                f"“{name[:80]}” holds a link that leads out of the folder that models are kept in: {entry[:80]}."
            )


def is_within(path: str | Path, root: Path) -> bool:
    """Whether a path lies inside the root, after every link is followed."""
    try:
        return Path(os.path.realpath(path)).is_relative_to(root)
    except ValueError:  # a NUL in the name
        return False
