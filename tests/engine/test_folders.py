"""Where a server keeps files: as the environment says, else where the user's system keeps such things."""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path

import numpy as np
import pytest

from core.models import Folders
from core.words.source import BASE_URL, TREEBANKS_URL
from engine.folders import cache_folder, disk_store, downloads, model_folders

NAMES = (
    "CACHE",
    "SEED",
    "WORDLISTS_URL",
    "TREEBANKS_URL",
    "MODELS",
    "MODEL_ROOT",
    "DISK_CACHE_MB",
    "DISK_CACHE_ENTRIES",
)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"GRAMMAR_NEURONS_{name}", raising=False)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(platform, "system", lambda: "Linux")


# --- The cache folder


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    for given, expected in (
        (str(tmp_path / "ours"), tmp_path / "ours"),
        ("~/ours", tmp_path / "home" / "ours"),
        ("ours", Path.cwd() / "ours"),
        (f"{tmp_path}/a/../ours", tmp_path / "ours"),
        ("", tmp_path / "xdg" / "grammar-neurons"),
    ):
        monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", given)
        assert cache_folder() == expected


def test_a_relative_xdg_folder_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == tmp_path / "home" / ".cache" / "grammar-neurons"


@pytest.mark.parametrize(
    ("system", "local", "expected"),
    [
        ("Linux", "", "home/.cache"),
        ("Linux", "local", "home/.cache"),
        ("Darwin", "", "home/Library/Caches"),
        ("Windows", "local", "local"),
        ("Windows", "", "home/.cache"),
    ],
)
def test_the_cache_is_where_a_system_keeps_such_things(
    system: str, local: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    if local:
        monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / local))
    assert cache_folder() == tmp_path / expected / "grammar-neurons"


def test_a_user_without_a_home_has_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number that no user has."""
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert cache_folder() == Path(tempfile.gettempdir()) / "grammar-neurons"


def test_looking_for_folders_makes_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path / "cache"))
    cache_folder(), downloads(), model_folders(), disk_store()
    assert list(tmp_path.iterdir()) == []


# --- What is looked for there


def test_word_lists_come_from_the_mirror_and_the_seed_of_an_image(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path / "cache"))
    assert (downloads().folders, downloads().base_url) == ([tmp_path / "cache" / "wordlists"], BASE_URL)
    monkeypatch.setenv("GRAMMAR_NEURONS_SEED", str(tmp_path / "seed"))
    monkeypatch.setenv("GRAMMAR_NEURONS_WORDLISTS_URL", "http://mirror.example/lists")
    assert downloads().folders == [tmp_path / place / "wordlists" for place in ("cache", "seed")]
    assert downloads().base_url == "http://mirror.example/lists/"
    assert downloads().treebanks_url == TREEBANKS_URL
    assert downloads().treebank_folders == [tmp_path / place / "treebanks" for place in ("cache", "seed")]
    monkeypatch.setenv("GRAMMAR_NEURONS_TREEBANKS_URL", "http://mirror.example/ud")
    assert downloads().treebanks_url == "http://mirror.example/ud/"
    assert downloads() == downloads(), "what is remembered of failures is found again"


def test_folders_are_models_where_any_model_is_or_below_the_root(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert model_folders() == Folders(None, allowed=True)
    monkeypatch.setenv("GRAMMAR_NEURONS_MODELS", "bundled")
    assert model_folders() == Folders(None, allowed=False)
    monkeypatch.setenv("GRAMMAR_NEURONS_MODEL_ROOT", str(tmp_path))
    assert model_folders() == Folders(tmp_path, allowed=True)
    monkeypatch.delenv("GRAMMAR_NEURONS_MODELS")
    assert model_folders() == Folders(tmp_path, allowed=True)


def test_activations_are_kept_in_the_cache_within_the_limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path))
    store = disk_store()
    assert disk_store() is store, "one for all readings: it knows what it has checked"
    made = store.obtain("key", (2, 3), lambda out: out.fill(1))
    assert made.sum() == 6 and len(list((tmp_path / "activations").glob("*.npy"))) == 1

    monkeypatch.setenv("GRAMMAR_NEURONS_DISK_CACHE_ENTRIES", "1")
    disk_store().obtain("other", (2, 3), lambda out: out.fill(2))
    assert len(list((tmp_path / "activations").glob("*.npy"))) == 1

    monkeypatch.setenv("GRAMMAR_NEURONS_DISK_CACHE_MB", "0")
    np.testing.assert_array_equal(disk_store().obtain("third", (2,), lambda out: out.fill(3)), [3, 3])
    assert len(list((tmp_path / "activations").glob("*.npy"))) == 1


@pytest.mark.parametrize(("queue_seconds", "expected"), [("600", 60.0), ("5", 5.0)])
def test_another_that_makes_the_same_array_is_waited_for_a_minute_at_most(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, queue_seconds: str, expected: float
) -> None:
    """Whoever waits has a place, and others wait for that."""
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path))
    monkeypatch.setenv("GRAMMAR_NEURONS_QUEUE_SECONDS", queue_seconds)
    assert disk_store()._lock_seconds == expected


def test_small_arrays_need_not_go_to_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path))
    disk_store(min_bytes=25).obtain("key", (2, 3), lambda out: out.fill(1))
    assert not list(tmp_path.rglob("*.npy"))
    disk_store(min_bytes=24).obtain("key", (2, 3), lambda out: out.fill(1))
    assert len(list(tmp_path.rglob("*.npy"))) == 1
