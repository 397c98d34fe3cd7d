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
from fnmatch import fnmatch
from pathlib import Path

# Weights as safetensors, the configuration, the tokenizer; no pickles, no code, no other frameworks' files.
ALLOW_PATTERNS = ["*.safetensors", "*.safetensors.index.json", "config.json", "tokenizer*", "vocab*", "merges.txt"]
ALLOW_PATTERNS += ["special_tokens_map.json", "added_tokens.json"]
IGNORE_PATTERNS = ["*/*"]  # sub-folders hold exports for other runtimes

_DIGEST_NAME = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_verified: set[tuple[str, int, int, int]] = set()  # files whose checksum this process has found correct


def find_snapshot(name: str) -> Path | None:
    """The folder of a model's newest revision in the cache, complete or not; None if there is none.

    Raises
    ------
    OSError
        The cache cannot be read.
    """
    storage = _storage(name)
    try:
        revision = (storage / "refs" / "main").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    folder = storage / "snapshots" / revision
    return folder if folder.is_dir() else None


def is_complete(snapshot: Path) -> bool:
    """Whether a snapshot has a configuration and weights, with every shard in its index."""
    if not (snapshot / "config.json").exists():
        return False
    index = snapshot / "model.safetensors.index.json"
    if not index.exists():
        return (snapshot / "model.safetensors").exists()
    try:
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        return all((snapshot / shard).exists() for shard in shards)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False  # the file is not an index


def damaged_files(snapshot: Path) -> list[Path]:
    """The files of a snapshot whose content does not match its checksum.

    The library compares only lengths. In its cache, a file is a link to its content. The name of the content is its
    SHA-256, or the git SHA-1 of a small file. On a system without links there is no checksum to compare. A broken
    link is a missing file, not a damaged one.
    """
    return [file for file in sorted(snapshot.iterdir()) if _is_ours(file) and not _is_as_named(content_of(file))]


def content_of(file: Path) -> Path:
    """The target of a snapshot's link."""
    return Path(os.path.normpath(file.parent / os.readlink(file)))


def contents(name: str) -> set[Path]:
    """All contents of a model in the cache, of all its revisions."""
    return set((_storage(name) / "blobs").glob("*"))


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


def remove_parts(name: str) -> None:
    """Remove partial files of this model that no process is writing.

    The library gives each partial file a new name, and never continues one.
    """
    from huggingface_hub.utils import WeakFileLock

    storage = _storage(name)
    for part in (storage / "blobs").glob("*.incomplete"):
        lock = storage.parent / ".locks" / storage.name / f"{part.name.partition('.')[0]}.lock"
        with contextlib.suppress(OSError), WeakFileLock(lock, timeout=0.1):  # OSError: a process is writing it
            part.unlink()


def _is_ours(file: Path) -> bool:
    return file.is_symlink() and any(fnmatch(file.name, pattern) for pattern in ALLOW_PATTERNS)


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


def _storage(name: str) -> Path:
    """The folder of a model in the cache."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE).expanduser() / repo_folder_name(repo_id=name, repo_type="model")
