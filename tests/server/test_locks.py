"""The locks: they are what is installed, whole, and pip keeps to them. No index is asked."""

from __future__ import annotations

import base64
import hashlib
import http.server
import os
import re
import runpy
import subprocess
import sys
import threading
import zipfile
from functools import partial
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.browser import ROOT
from tests.support.deploy_files import lock_entries

RUNTIME, CUDA, DEV = "requirements.txt", "requirements-cuda.txt", "requirements-dev.txt"
TOOLS = "deploy/image/tools.txt"


def lock(name):
    """The entries of one lock, by package."""
    return lock_entries((ROOT / name).read_text(encoding="utf-8"))


def asked_for(name):
    """What a file for people asks for, as requirements; files that it names count, too."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    files = [line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    own = [Requirement(line) for line in lines if line and not line.startswith("-r ")]
    return own + [requirement for file in files for requirement in asked_for(file)]


def locked_here(*names):
    """Package -> version, of all entries that count for this Python and system."""
    found = {}
    for entry in [entry for name in names for entries in lock(name).values() for entry in entries]:
        requirement = Requirement(entry.split("\\")[0].strip())
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.name not in found, f"{requirement.name} is locked twice"
            (only,) = requirement.specifier
            assert only.operator == "=="
            found[requirement.name] = only.version
    return found


def needed_here(requirements):
    """The names of all packages that these need here, their own needs and those of their extras included."""
    found, todo = set(), [(canonicalize_name(it.name), frozenset(it.extras)) for it in requirements]
    while todo:
        name, extras = one = todo.pop()
        if one in found:
            continue
        found.add(one)
        for text in metadata.requires(name) or []:
            it = Requirement(text)
            if it.marker is None or any(it.marker.evaluate({"extra": extra}) for extra in extras or {""}):
                todo.append((canonicalize_name(it.name), frozenset(it.extras)))
    return {name for name, _ in found}


@pytest.mark.parametrize(
    ("source", "locks"),
    [("requirements.in", [RUNTIME]), ("requirements-dev.in", [RUNTIME, DEV])],
    ids=["runtime", "dev"],
)
def test_a_lock_has_what_people_asked_for_and_all_that_it_needs(source, locks):
    asked = asked_for(source)
    assert all(re.fullmatch(r"==[\w.]+", str(requirement.specifier)) for requirement in asked)
    locked = locked_here(*locks)
    assert {canonicalize_name(it.name): str(it.specifier) for it in asked}.items() <= {
        name: f"=={version}" for name, version in locked.items()
    }.items()
    needed = needed_here(asked) - {"pip"}  # every environment has one already
    assert needed == set(locked), "run .ci/lock.py"


def test_what_runs_here_is_what_is_locked():
    for name, version in locked_here(RUNTIME, DEV).items():
        assert metadata.version(name).split("+")[0] == version, name


@pytest.mark.parametrize("name", [RUNTIME, CUDA, DEV, TOOLS])
def test_every_entry_has_a_version_and_hashes(name):
    entries = [entry for entries in lock(name).values() for entry in entries]
    assert entries
    for entry in entries:
        first, *hashes = entry.split(" \\\n")
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", first), first
        assert hashes, f"{first} has no hash"
        for each in hashes:
            assert re.fullmatch(r" +--hash=(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})", each), each
    text = (ROOT / name).read_text(encoding="utf-8")
    others = [line for line in text.splitlines() if not re.match(r"#| +#| +--hash=|[a-z0-9-]+==", line)]
    assert others == {RUNTIME: [f"-c {CUDA}"], DEV: [f"-r {RUNTIME}"]}.get(name, [])
    assert "/tmp/" not in text and "://" not in text


def test_cuda_is_for_linux_and_only_where_pytorch_asks_for_it():
    assert not [name for name in lock(RUNTIME) if re.match(r"nvidia|cuda|triton", name)]
    assert all("sys_platform == 'linux'" in entry for entries in lock(CUDA).values() for entry in entries)
    (torch,) = lock(RUNTIME)["torch"]
    assert len(re.findall("sha512:", torch)) == 8  # four Pythons, two processors
    assert "sha256:" in torch


def test_the_commands_of_the_readme_install_the_locks():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python3 -m venv.*$", readme, re.MULTILINE)
    assert [re.findall(r"install -q -r (\S+)", command) for command in commands] == [[RUNTIME], [DEV]]
    powershell = re.findall(r"```powershell\n(.*?)```", readme, re.DOTALL)
    assert [re.findall(r"install -q -r (\S+)", lines) for lines in powershell] == [[RUNTIME], [DEV]]
    lines = [line for block in powershell for line in block.splitlines()]
    assert all(re.match(r"py -m venv \.venv$|\.venv\\Scripts\\python -m \w+", line) for line in lines), lines


def test_to_write_the_locks_is_to_read_them():
    entries = runpy.run_path(str(ROOT / ".ci" / "lock.py"))["entries"]
    text = (ROOT / RUNTIME).read_text(encoding="utf-8")
    head = "".join(text.splitlines(keepends=True)[:2])
    assert head + "".join(entry for found in entries(text).values() for entry in found) == text


def test_pytorchs_entry_stays_while_its_version_does():
    """Its builds do not change, and to ask for their hashes again would fetch some gigabytes."""
    torch_entries = runpy.run_path(str(ROOT / ".ci" / "lock.py"))["torch_entries"]
    old = lock(RUNTIME)["torch"]
    assert torch_entries(["torch==2.13.0 \\\n    --hash=sha256:00\n"], old) == old


def test_a_new_version_takes_the_hashes_of_the_cpu_builds_from_pytorchs_index(tmp_path, monkeypatch):
    built = wheel(tmp_path / "torch", "2.0+cpu")
    digest = hashlib.sha256(built.read_bytes()).hexdigest()
    (tmp_path / "torch" / "index.html").write_text(f'<a href="{built.name}#sha256={digest}">{built.name}</a>')
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    cpu_builds = runpy.run_path(str(ROOT / ".ci" / "lock.py"))["_cpu_builds"]
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        address = f"ARG TORCH_INDEX=http://127.0.0.1:{server.server_port}\n"
        monkeypatch.setitem(cpu_builds.__globals__, "_text", {"Dockerfile": address}.__getitem__)
        assert cpu_builds("2.0") == {f"sha256:{digest}"}
        with pytest.raises(SystemExit, match=r"does not tell the hashes of torch 2\.1\+cpu"):
            cpu_builds("2.1")
        server.shutdown()


def wheel(folder, version):
    """A package without contents, as a file that pip installs; its path."""
    path = folder / f"torch-{version}-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    about = f"torch-{version}.dist-info"
    files = {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},{len(text)}"
        for name, text in files.items()
    ]
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{about}/RECORD", "\n".join([*rows, f"{about}/RECORD,,"]) + "\n")
    return path


def install(folder, lock_text, *options):
    """Let pip install a lock from an index and folders on this disk alone; (status, the version, what pip said)."""
    (folder / "lock.txt").write_text(lock_text)
    target = folder / f"target-{len(list(folder.iterdir()))}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "--isolated",
        "install",
        "--no-deps",
        "--no-cache-dir",
        f"--target={target}",
    ]
    index = f"--index-url={(folder / 'index').as_uri()}"
    done = subprocess.run(
        [*command, index, *options, "-r", str(folder / "lock.txt")], capture_output=True, text=True, check=False
    )
    versions = [path.name.split("-")[1].removesuffix(".dist") for path in target.glob("torch-*.dist-info")]
    return done.returncode, versions, done.stdout + done.stderr


@pytest.fixture
def two_builds(tmp_path):
    """(folder, hashes): 2.0 in an index that states its SHA-256, and 2.0+cpu in a folder that states nothing."""
    cuda, cpu = wheel(tmp_path / "index" / "torch", "2.0"), wheel(tmp_path / "folder", "2.0+cpu")
    sums = {
        f"{build} {kind}": hashlib.new(kind, path.read_bytes()).hexdigest()
        for build, path in (("cuda", cuda), ("cpu", cpu))
        for kind in ("sha256", "sha512")
    }
    page = f'<a href="{cuda.name}#sha256={sums["cuda sha256"]}">{cuda.name}</a>'
    (tmp_path / "index" / "torch" / "index.html").write_text(page)
    return tmp_path, sums


def test_pip_prefers_a_cpu_build_in_a_folder_to_one_for_cuda_in_an_index(two_builds):
    """What .ci/lock.py says of SHA-512, of the pip that runs these tests."""
    folder, sums = two_builds
    as_locked = f"torch==2.0 --hash=sha512:{sums['cuda sha512']} --hash=sha256:{sums['cpu sha256']}\n"
    beside = f"--find-links={folder / 'folder'}"
    assert install(folder, as_locked, beside)[:2] == (0, ["2.0+cpu"])
    otherwise = f"torch==2.0 --hash=sha256:{sums['cuda sha256']} --hash=sha256:{sums['cpu sha256']}\n"
    assert install(folder, otherwise, beside)[:2] == (0, ["2.0"])


def test_pip_takes_the_build_of_the_index_where_there_is_no_other(two_builds):
    folder, sums = two_builds
    text = f"torch==2.0 --hash=sha512:{sums['cuda sha512']} --hash=sha256:{sums['cpu sha256']}\n"
    assert install(folder, text)[:2] == (0, ["2.0"])


def test_pip_refuses_a_file_that_is_another(two_builds):
    folder, sums = two_builds
    status, versions, said = install(folder, f"torch==2.0 --hash=sha512:{sums['cpu sha512']}\n")
    assert status != 0 and not versions
    assert "DO NOT MATCH THE HASHES" in said


def test_no_host_of_an_index_is_named():
    """But PyTorch's, in the Dockerfile: everybody's pip asks the index that it is set up with."""
    hosts = r"pypi\.org|pythonhosted\.org|download\.pytorch\.org"
    files = [
        ROOT / ".ci" / "lock.py",
        *ROOT.glob("requirements*"),
        *(ROOT / "deploy").rglob("*"),
        ROOT / "compose.yaml",
    ]
    named = [str(path) for path in files if path.is_file() and re.search(hosts, path.read_text(encoding="utf-8"))]
    assert not named
    assert re.findall(hosts, Path(ROOT, "Dockerfile").read_text(encoding="utf-8")) == ["download.pytorch.org"]
