"""The folders of this server, read from environment variables."""

from __future__ import annotations

import os
import platform
import tempfile
from functools import lru_cache
from pathlib import Path

from core.models import Folders
from core.words import Downloads
from core.words.source import BASE_URL, TREEBANKS_URL
from engine.limits import limits
from engine.private_arrays import MakeRoom
from engine.store import ArrayStore

# Another that computes the same array is waited for so long: whoever waits has a place that others wait for.
_LOCK_SECONDS = 60.0


def cache_folder() -> Path:
    """The folder of downloads and activations: $GRAMMAR_NEURONS_CACHE, else in the user's cache folder."""
    configured = os.environ.get("GRAMMAR_NEURONS_CACHE", "").strip()
    if configured:
        return Path(os.path.abspath(os.path.expanduser(configured)))
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(xdg):  # the XDG specification says to ignore a relative path
        return Path(xdg) / "grammar-neurons"
    system = platform.system()
    if system == "Windows" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "grammar-neurons"
    home = os.path.expanduser("~/Library/Caches" if system == "Darwin" else "~/.cache")
    if home.startswith("~"):  # a user without a home folder, as in a container
        home = tempfile.gettempdir()
    return Path(home) / "grammar-neurons"


def seed_folder() -> Path | None:
    """The read-only folder of what a container image has from its build: $GRAMMAR_NEURONS_SEED."""
    seed = os.environ.get("GRAMMAR_NEURONS_SEED", "").strip()
    return Path(seed) if seed else None


def downloads() -> Downloads:
    """The folders of downloads, and the addresses of the notebook's word lists and of treebanks."""
    lists = os.environ.get("GRAMMAR_NEURONS_WORDLISTS_URL", "").strip()
    treebanks = os.environ.get("GRAMMAR_NEURONS_TREEBANKS_URL", "").strip()
    return Downloads(cache_folder(), seed_folder(), lists or BASE_URL, treebanks or TREEBANKS_URL)


def model_folders() -> Folders:
    """Which folders may be loaded as models: those below the root; any folder if any model may be loaded."""
    allowed = limits()
    return Folders(allowed.model_root, allowed=allowed.model_root is not None or allowed.any_model)


def disk_store(min_bytes: float = 0, make_room: MakeRoom | None = None) -> ArrayStore:
    """The store of activations in the cache folder, with the current limits.

    Arrays of fewer bytes than ``min_bytes`` stay in memory. ``make_room`` lets arrays in use go (``PrivateArrays``).
    """
    now, folder = limits(), cache_folder() / "activations"
    bounds = now.disk_cache_mb * 1e6, now.disk_cache_entries
    return _store_at(folder, *bounds, min(now.queue_seconds, _LOCK_SECONDS), min_bytes, make_room=make_room)


_store_at = lru_cache(maxsize=8)(ArrayStore)
