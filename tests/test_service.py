"""The class server as a service of systemd: what the unit says, and that the installation page fits it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from server.options import MISUSED
from tests.support.browser import ROOT
from tests.support.deploy_files import megabytes, services

UNIT = (ROOT / "deploy" / "systemd" / "grammar-neurons.service").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")


def values(name: str) -> list[str]:
    """All values of one setting."""
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


def test_the_service_has_the_limits_of_the_container():
    app = services()["app"]
    assert megabytes(values("MemoryMax")[0].lower()) == megabytes(app["mem_limit"])
    assert values("MemorySwapMax") == ["0"] and app["memswap_limit"] == app["mem_limit"]
    assert int(values("TasksMax")[0]) == int(app["pids_limit"])
    assert int(values("LimitNOFILE")[0]) == int(app["ulimits"]["nofile"])
    assert int(values("TimeoutStopSec")[0]) == int(app["stop_grace_period"].removesuffix("s"))
    assert values("RestartPreventExitStatus") == [str(MISUSED)]


def test_the_service_is_confined():
    assert values("DynamicUser") == ["yes"] and values("CapabilityBoundingSet") == [""]
    assert values("NoNewPrivileges") == values("ProtectHome") == values("PrivateTmp") == ["yes"]
    assert values("ProtectSystem") == ["strict"]
    written = {
        line.split("=", 1)[1] for line in values("Environment") if line.startswith(("HOME", "GRAMMAR_NEURONS_CACHE"))
    }
    assert written == {f"/var/cache/{values('CacheDirectory')[0]}"}


def test_the_page_installs_what_the_unit_starts():
    (command,) = values("ExecStart")
    folder = command.removesuffix("/bin/grammar-neurons serve")
    assert f"sudo python3 -m venv {folder}\n" in PAGE and f"sudo {folder}/bin/pip install" in PAGE
    assert "sudo cp deploy/systemd/grammar-neurons.service /etc/systemd/system/" in PAGE
    assert values("EnvironmentFile")[0].removeprefix("-") in PAGE
    read_only = dict(line.split("=", 1) for line in values("Environment"))
    assert f"HF_HOME={read_only['HF_HOME']} {folder}/bin/grammar-neurons download" in PAGE
    assert f"GRAMMAR_NEURONS_CACHE={read_only['GRAMMAR_NEURONS_SEED']} {folder}/bin/grammar-neurons download" in PAGE


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize(("old", "new", "right"), [("", "", True), ("ProtectHome", "ProtectHomes", False)])
def test_systemd_understands_every_line(tmp_path, old, new, right):
    text = UNIT.replace("/opt/grammar-neurons/bin/grammar-neurons", sys.executable).replace(old, new)
    file = tmp_path / "grammar-neurons.service"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if file.name in line]
    assert (complaints == []) is right, done.stderr
