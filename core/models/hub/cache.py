"""The files of a hub model in the Hugging Face cache: find them, check them, remove damaged ones.

The cache belongs to the user, and other programs use it too. A file is removed only by ``remove`` and
``remove_parts``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Collection
from pathlib import Path

from core.models.hub.files import CONFIG, INDEX, TEXTS, WEIGHTS, has_vocabulary, needed_files
from core.models.hub.names import HubName

_COMMIT = re.compile("[0-9a-f]{40}")
_DIGEST_NAME = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_verified: set[tuple[str, int, int, int]] = set()  # files whose checksum this process has found correct


def find_snapshot(model: HubName) -> Path | None:
    """The folder of a model's revision in the cache, complete or not; None if there is none.

    Raises
    ------
    OSError
        The cache cannot be read.
    """
    storage = storage_of(model.id)
    revision = model.revision or "main"
    if not _COMMIT.fullmatch(revision):
        try:
            revision = (storage / "refs" / revision).read_text(encoding="utf-8").strip()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None
    folder = storage / "snapshots" / revision
    return folder if folder.is_dir() else None


def remember_revision(model: HubName, commit: str) -> None:
    """Write which commit a branch or tag is now, as the library does, so that the cache answers without the hub."""
    revision = model.revision or "main"
    file = storage_of(model.id) / "refs" / revision
    if revision == commit or (file.is_file() and file.read_text(encoding="utf-8").strip() == commit):
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_text(commit, encoding="utf-8")
    part.replace(file)


def is_complete(snapshot: Path, listed: Collection[str] | None = None) -> bool:
    """Whether a snapshot has all that is needed to load it.

    Parameters
    ----------
    snapshot : Path
    listed : collection of str or None
        The files of the repository. If they are not known, because another program has fetched the files, all must be
        there that most repositories have: also ``tokenizer_config.json``, which names the beginning-of-text token.
    """
    names = _names_in(snapshot)
    if listed is None:
        return is_loadable(snapshot) and not missing_texts(snapshot)
    texts = {name for name in needed_files(listed, []) if name in TEXTS}
    return CONFIG in names and has_weights(snapshot) and names >= texts


def is_loadable(snapshot: Path) -> bool:
    """Whether a snapshot has the least that can be loaded: a configuration, weights and any vocabulary."""
    names = _names_in(snapshot)
    return CONFIG in names and has_weights(snapshot) and has_vocabulary(names)


def missing_texts(snapshot: Path) -> list[str]:
    """The files of a tokenizer that most repositories have, and a snapshot lacks."""
    names = _names_in(snapshot)
    expected = ["tokenizer_config.json"]
    if "vocab.json" in names and "tokenizer.json" not in names:
        expected.append("merges.txt")
    return [name for name in expected if name not in names]


def has_weights(snapshot: Path) -> bool:
    """Whether a snapshot has weights, with every shard in its index."""
    if (snapshot / WEIGHTS).exists():
        return True
    shards = shards_of(snapshot)
    return bool(shards) and all((snapshot / shard).exists() for shard in shards)


def shards_of(snapshot: Path) -> set[str]:
    """The files that a snapshot's index of weights names; none if it has no index, or a broken one."""
    try:
        shards = json.loads((snapshot / INDEX).read_text(encoding="utf-8"))["weight_map"].values()
        return {shard for shard in shards if isinstance(shard, str)}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return set()


def listing_of(model: HubName, commit: str) -> dict[str, int] | None:
    """The files of a revision and their bytes, as the library has kept them; None if it has not."""
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError

    try:
        return {file.path: file.size for file in get_cached_repo_tree(model.id, revision=commit)}
    except (CachedRepoTreeNotFoundError, OSError, ValueError):
        return None


def damaged_files(snapshot: Path) -> list[Path]:
    """The files of a snapshot that may be read and whose content does not match its checksum.

    The library compares only lengths. In its cache, a file is a link to its content. The name of the content is its
    SHA-256, or the git SHA-1 of a small file. On a system without links there is no checksum to compare. A broken
    link is a missing file, not a damaged one.
    """
    weights = {WEIGHTS} if (snapshot / WEIGHTS).is_symlink() else shards_of(snapshot)
    files = [file for file in sorted(snapshot.iterdir()) if file.is_symlink() and file.name in TEXTS | weights]
    return [file for file in files if not _is_as_named(content_of(file))]


def content_of(file: Path) -> Path:
    """The target of a snapshot's link."""
    return Path(os.path.normpath(file.parent / os.readlink(file)))


def contents(model: HubName) -> set[Path]:
    """All contents of a model in the cache, of all its revisions."""
    return set((storage_of(model.id) / "blobs").glob("*"))


def remove(file: Path) -> None:
    """Remove a file of a snapshot and its content. Content that other models share stays.

    Raises
    ------
    OSError
        The cache is not writable.
    """
    content = content_of(file)
    file.unlink(missing_ok=True)
    if not content.is_symlink():
        content.unlink(missing_ok=True)


def remove_parts(model: HubName) -> None:
    """Remove partial files of this model that no process is writing.

    The library gives each partial file a new name, and never continues one.
    """
    from huggingface_hub.utils import WeakFileLock

    storage = storage_of(model.id)
    for part in (storage / "blobs").glob("*.incomplete"):
        lock = storage.parent / ".locks" / storage.name / f"{part.name.partition('.')[0]}.lock"
        with contextlib.suppress(OSError), WeakFileLock(lock, timeout=0.1):  # OSError: a process is writing it
            part.unlink()


def _is_as_named(file: Path) -> bool:
    """Whether a file's name is the checksum of its content. True for a name that is no checksum."""
    if not _DIGEST_NAME.fullmatch(file.name):
        return True
    try:
        with file.open("rb") as stream:
            state = os.fstat(stream.fileno())
            seen = (file.name, state.st_ino, state.st_size, state.st_mtime_ns)
            if seen in _verified:
                return True
            git = b"blob %d\0" % state.st_size
            long = len(file.name) == 64
            digest = hashlib.sha256() if long else hashlib.sha1(git, usedforsecurity=False)
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if digest.hexdigest() == file.name:
        _verified.add(seen)
        return True
    return False


def _names_in(snapshot: Path) -> set[str]:
    """The files of a snapshot whose content is there."""
    return {file.name for file in snapshot.iterdir() if file.exists()}


def storage_of(model_id: str) -> Path:
    """The folder of a model in the cache, whether it is there or not.

    The library's own function for its name would import the library's client: a page asks this before it is drawn.
    """
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE).expanduser() / f"models--{model_id.replace('/', '--')}"


def is_offline() -> bool:
    """Whether the hub is switched off, by HF_HUB_OFFLINE."""
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)
