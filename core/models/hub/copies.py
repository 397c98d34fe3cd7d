"""The copy of a model in the hub's cache: whether it is there, whole, damaged or doubtful. The hub is not asked."""

from __future__ import annotations

from pathlib import Path

from core.errors import UserError
from core.models.hub.cache import (
    damaged_files,
    find_snapshot,
    is_complete,
    is_loadable,
    listing_of,
    missing_texts,
    storage_of,
)
from core.models.hub.failures import as_user_error
from core.models.hub.names import HubName, canonical, parse
from core.program import COMMAND


def find_copy(name: str) -> Path | None:
    """The folder of a model's files in the cache, complete or not; None if there is none. The hub is not asked.

    Parameters
    ----------
    name : str
        As in ``ensure_downloaded``.

    Raises
    ------
    UserError
        The name cannot be a hub id.
    OSError
        The cache cannot be read.

    Examples
    --------
    >>> find_copy("nobody/has-such-a-model") is None
    True
    """
    return find_snapshot(parse(canonical(name)))


def is_downloaded(name: str) -> bool:
    """Whether the cache has all files that are needed to load a model, as far as is known. The hub is not asked.

    Parameters
    ----------
    name : str
        As in ``ensure_downloaded``.

    Raises
    ------
    UserError
        The name cannot be a hub id.
    OSError
        The cache cannot be read.

    Examples
    --------
    >>> is_downloaded("nobody/has-such-a-model")
    False
    """
    name = canonical(name)
    if not storage_of(name.partition("@")[0]).is_dir():
        return False  # without the import that checks the name
    model = parse(name)
    copy = find_snapshot(model)
    if copy is None:
        return False
    listed = listing_of(model, copy.name)
    return is_loadable(copy) if listed is None else is_complete(copy, listed)


def revisions_here(model_id: str) -> set[str]:
    """The branches and tags of a model that the cache knows, complete or not. The hub is not asked.

    Examples
    --------
    >>> revisions_here("nobody/has-such-a-model")
    set()
    """
    refs = storage_of(model_id) / "refs"
    names = {file.relative_to(refs).as_posix() for file in refs.rglob("*") if file.is_file()}
    return {name for name in names if not name.endswith(".part")}


def note_on_copy(name: str, folder: Path) -> tuple[str, ...]:
    """A sentence about a copy that ``ensure_downloaded`` has returned though it may not be whole; none if it is whole.

    Parameters
    ----------
    name : str
        As in ``ensure_downloaded``.
    folder : Path
        The folder that it has returned.

    Raises
    ------
    UserError
        The name cannot be a hub id.
    OSError
        The cache cannot be read.
    """
    model = parse(canonical(name))
    missing = missing_texts(folder)
    if not missing or listing_of(model, folder.name) is not None:
        return ()
    return (
        f"The copy of {model} on this computer has no {' and no '.join(missing)}, and the hub could not be asked "
        "whether the model has: words may be split into other tokens, and the beginning-of-text token may be unknown.",
    )


def whole_copy(model: HubName) -> Path | None:
    """The folder of a complete copy; None if there is none; UserError if one of its files is damaged."""
    with as_user_error(model):  # no right to read it
        copy = find_snapshot(model)
        if copy is None:
            return None
        if damaged := damaged_files(copy):
            raise damaged_copy(model, damaged)
        return copy if is_complete(copy, listing_of(model, copy.name)) else None


def doubtful_copy(model: HubName) -> Path | None:
    """The folder of a copy that can be loaded, and may lack other files: what its repository has is not known."""
    with as_user_error(model):
        copy = find_snapshot(model)
        if copy is None or not is_loadable(copy):
            return None
        return copy if listing_of(model, copy.name) is None else None


def damaged_copy(model: HubName, damaged: list[Path]) -> UserError:
    """The error for a copy with damaged files, with the way to repair it."""
    files = ", ".join(file.name for file in damaged)
    return UserError(
        f"The copy of {model} in the cache is damaged: the checksum of {files} is wrong. "
        f"“{COMMAND} repair {model}” fetches it anew."
    )
