"""Class servers that several tests of one file share."""

from __future__ import annotations

import pytest

from tests.support.class_server import class_server
from tests.support.troubled_server import TROUBLED_APP, TROUBLED_SERVER


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A ready class server, started from another folder; ``said`` is what /readyz said until then."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with class_server({"GRAMMAR_NEURONS_MAX_UPLOAD_MB": "3"}, cwd=elsewhere) as running:
        running.health_at_first = running.get("/_stcore/health").status
        running.said = running.until_ready()
        yield running


@pytest.fixture(scope="module")
def troubled_command(tmp_path_factory):
    app = tmp_path_factory.mktemp("troubled") / "troubled.py"
    app.write_text(TROUBLED_APP, encoding="utf-8")
    return ("-c", TROUBLED_SERVER, str(app))


@pytest.fixture(scope="module")
def troubled(troubled_command):
    with class_server(command=troubled_command) as running:
        yield running
