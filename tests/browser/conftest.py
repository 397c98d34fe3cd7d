"""Every test in this folder drives a browser; those of one module share it, and so a worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import one_chromium, require_browser
from tests.support.visits import whole_app


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="module", autouse=True)
def browser():
    """One Chromium for the tests of a module, each with contexts of its own."""
    require_browser()
    with one_chromium():
        yield


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The address of the whole app, one for all modules of a worker: to start it takes seconds.

    What other visitors have asked for is there. A test of a first result asks for counts of words of its own.
    """
    with whole_app(tmp_path_factory.mktemp("words")) as url:
        yield url
