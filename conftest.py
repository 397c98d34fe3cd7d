"""What every test stands on: no network, caches of the tests' own, and tiny models made once a session."""

from __future__ import annotations

import gc
import os
import socket
import tempfile
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest


def _free_port() -> int:
    """A port that nothing listens on, below those that the system hands out by itself."""
    for port in range(20_000 + os.getpid() % 5_000, 32_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError("No free port.")


# huggingface_hub reads these once, when it is first imported: hence here, before any test module is.
# Nothing listens at the endpoint until tests/core/models/test_hub.py puts its stand-in there.
_home = tempfile.TemporaryDirectory(prefix="grammar-neurons-tests-")
os.environ |= {
    "HF_ENDPOINT": f"http://127.0.0.1:{_free_port()}",
    "HF_HOME": str(Path(_home.name) / "huggingface"),
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "NO_PROXY": "127.0.0.1,localhost",
    # Of the processes that tests start, too: where all cores are busy, the threads of a pass burn time to wait for each
    # other, and a contrast takes several times the work.
    "OMP_NUM_THREADS": "1",
    "GRAMMAR_NEURONS_CACHE": str(Path(_home.name) / "words"),
    "GRAMMAR_NEURONS_WORDLISTS_URL": "http://127.0.0.1:9/",
    "GRAMMAR_NEURONS_TREEBANKS_URL": "http://127.0.0.1:9/",
}
for _name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN", "no_proxy"):
    os.environ.pop(_name, None)


# Folders whose tests start a server or a browser: marked so, and given more time.
_MARKS = {"tests/browser/": "browser", "tests/server/": "server"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests of folders that start a server or a browser, and give them more time; spread browsers out."""
    for item in items:
        for mark in (mark for folder, mark in _MARKS.items() if _place(item, config).startswith(folder)):
            item.add_marker(mark)
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(300))
    items[:] = _browsers_spread_out(items, config)


def _place(item: pytest.Item, config: pytest.Config) -> str:
    return item.path.relative_to(config.rootpath).as_posix()


def _browsers_spread_out(items: list[pytest.Item], config: pytest.Config) -> list[pytest.Item]:
    """The files in an order in which two workers seldom drive a browser at once, and no long file is left for the end.

    Workers take files from the front. Those with a browser, which are the longest, come evenly among the other tests;
    the examples in docstrings, each of which takes no time, come last.
    """
    kinds: dict[str, list[list[pytest.Item]]] = {"browser": [], "other": [], "example": []}
    for place, group in groupby(items, key=lambda item: _place(item, config)):
        kind = "browser" if place.startswith("tests/browser/") else "other" if place.startswith("tests/") else "example"
        kinds[kind].append(list(group))
    browsers, others = kinds["browser"], kinds["other"]
    every = 0.9 * len(others) / max(len(browsers), 1)  # the last tenth has none
    placed = [(k * every, group) for k, group in enumerate(browsers)]
    placed += [(k + 0.5, group) for k, group in enumerate(others)]
    files = [group for _, group in sorted(placed, key=lambda pair: pair[0])] + kinds["example"]
    return [item for group in files for item in group]


def pytest_collection_finish() -> None:
    """Leave what the libraries and the tests themselves have made out of all later collections of garbage.

    It lives as long as the process, and Streamlit collects all garbage after each run of a page.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from an architecture's name to a hub-layout folder with a tiny random model of it."""
    from tests.support.tiny_models import save_tiny

    made: dict[str, Path] = {}

    def folder(architecture: str) -> Path:
        if architecture not in made:
            made[architecture] = save_tiny(architecture, tmp_path_factory.mktemp(architecture))
        return made[architecture]

    return folder
