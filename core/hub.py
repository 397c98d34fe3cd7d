"""Fetch a model's files from the Hugging Face hub into its cache: safetensors and text files only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.records import UserError

# Weights as safetensors, the configuration, the tokenizer; no pickles, no code, no other frameworks' files.
ALLOW_PATTERNS = ["*.safetensors", "*.safetensors.index.json", "config.json", "tokenizer*", "vocab*", "merges.txt"]
ALLOW_PATTERNS += ["special_tokens_map.json", "added_tokens.json"]
IGNORE_PATTERNS = ["*/*"]  # sub-folders hold exports for other runtimes

Progress = Callable[[float, str], None]


def ensure_downloaded(name: str, progress: Progress) -> tuple[Path, str]:
    """The folder of a hub model's files and its revision (a commit hash), downloaded where needed.

    A complete copy in the cache is used as it is, without asking the hub: a class keeps its numbers, and
    needs no network. The cache is the hub library's own (``HF_HOME``), the address ``HF_ENDPOINT``.

    Raises
    ------
    UserError
        The name cannot be a hub id; the hub does not know it or does not give it to everyone; there is no
        network and no copy; the model has no safetensors weights.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    _check_name(name)
    try:
        path = _fetch(snapshot_download, name, local_files_only=True)
    except LocalEntryNotFoundError:
        pass
    else:
        if _is_complete(path):
            return path, path.name
    path = _fetch(_download, name, progress=progress)
    if not _is_complete(path):
        raise UserError(f"The copy of {name} in the cache is not complete, and the hub could not be reached.")
    return path, path.name


def _check_name(name: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        shown = f"{name[:80]}…" if len(name) > 80 else name
        raise UserError(
            f"“{shown}” is neither a folder here nor a hub id; a hub id looks like EleutherAI/gpt-neo-125m."
        ) from error


def _download(name: str, *, progress: Progress, **options: Any) -> str:
    """Ask the hub what there is, refuse a model without safetensors, then fetch with progress."""
    from huggingface_hub import snapshot_download

    progress(0.0, f"Asking the hub for {name}")
    listing = snapshot_download(name, dry_run=True, **options)
    if not any(item.filename.endswith(".safetensors") for item in listing):
        raise UserError(
            f"{name} offers no .safetensors weights; other formats are not loaded, because they can run code."
        )
    size = sum(item.file_size or 0 for item in listing if item.will_download)
    return snapshot_download(name, tqdm_class=_progress_bar(progress, name, size), **options)


def _fetch(download: Callable[..., str], name: str, **options: Any) -> Path:
    """Call a download function; its many errors become one sentence each."""
    import httpx2
    from huggingface_hub import errors

    options |= {"allow_patterns": ALLOW_PATTERNS, "ignore_patterns": IGNORE_PATTERNS}
    try:
        return Path(download(name, **options))
    except (errors.HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        if isinstance(error, errors.LocalEntryNotFoundError) and options.get("local_files_only"):
            raise
        raise UserError(_refusal(name, error)) from error


def _refusal(name: str, error: Exception) -> str:
    """One sentence on why the hub library did not bring a model."""
    from huggingface_hub import errors

    cause = error.__cause__ or error
    if isinstance(error, errors.DryRunError) and isinstance(cause, errors.RepositoryNotFoundError):
        error = cause
    if isinstance(error, errors.GatedRepoError):
        return f"{name} is given only to those who accept its terms on the hub; log in there, or choose another."
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"The hub knows no model named {name} (or it is private)."
    if isinstance(error, (errors.LocalEntryNotFoundError, errors.DryRunError)):
        return (
            f"{name} is not in the cache, and the hub cannot be reached ({reason_of(cause)}). "
            "The bundled model needs no network."
        )
    return f"The download of {name} failed: {reason_of(error)}. Files that have arrived whole are kept; try again."


def reason_of(error: BaseException) -> str:
    """The first line of a library's message, cut where it is long and without its full stop."""
    line = str(error).strip().split("\n")[0].rstrip(" .:!") or type(error).__name__
    return f"{line[:120]}…" if len(line) > 120 else line


def _is_complete(folder: Path) -> bool:
    """Whether a snapshot holds a configuration and weights, with every shard that its index names."""
    import json

    if not (folder / "config.json").exists():
        return False
    index = folder / "model.safetensors.index.json"
    if index.exists():
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        return all((folder / shard).exists() for shard in shards)
    return (folder / "model.safetensors").exists()


def _progress_bar(progress: Progress, name: str, size: int) -> type:
    """A progress-bar class for the hub library that reports the bytes received to ``progress``.

    The library makes two of them, for bytes received and for bytes written, and moves them from several
    threads: whichever is ahead is told, so that the share never falls.
    """
    from huggingface_hub.utils import tqdm

    told = 0
    lock = threading.Lock()

    class Reporter(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._counts_bytes = kwargs.get("unit") == "B"
            self._received = 0
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            nonlocal told
            with lock:
                self._received += int(n or 0)
                if self._counts_bytes and size and self._received > told:
                    told = self._received
                    share = min(1.0, told / size)
                    progress(share, f"Downloading {name}: {told / 1e6:,.0f} of {size / 1e6:,.0f} MB")

    return Reporter
