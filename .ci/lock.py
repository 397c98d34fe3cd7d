"""Write the locks: every package that is installed, at one version, with the hashes of its files.

    .venv/bin/python .ci/lock.py              # after a change to requirements.in, requirements-dev.in or tools.in
    .venv/bin/python .ci/lock.py --upgrade    # the newest versions of what no .in file pins, as well

The versions that the locks already name stay where they still fit. One lock serves Linux, macOS and Windows, and all
Pythons from 3.11 on. `uv` looks up versions and hashes; what it cannot know is added here:

- PyTorch for Linux comes from two places. The package index has builds that need NVIDIA's libraries (CUDA); PyTorch's
  own index has smaller ones that do not, and their hashes are in the lock too.
- CUDA's packages are in requirements-cuda.txt, which requirements.txt names as constraints: pip installs and checks
  them only where the PyTorch that it has found needs them.
- The builds for CUDA are listed by SHA-512. An index states SHA-256; pip prefers a file whose stated hash is in the
  lock to a file in a folder, which states none. So a CPU build in a folder (`--find-links`) is taken if there is one.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.txt": "requirements.in",
    "requirements-dev.txt": "requirements-dev.in",
    "deploy/image/tools.txt": "deploy/image/tools.in",
}
CUDA = "requirements-cuda.txt"
_HEAD = (
    "# Written by .ci/lock.py from {source}: do not edit. docs/how-to/containers.md tells what the hashes are for.\n"
)
_OF_CUDA = re.compile(r"(nvidia|cuda)-|triton$")
_UV = ("pip", "compile", "--quiet", "--universal", "--python-version=3.11", "--generate-hashes", "--no-header")
_PYTHONS, _PROCESSORS = ("311", "312", "313", "314"), ("x86_64", "aarch64")

Lock = dict[str, list[str]]  # a package -> its entries; two where versions differ by Python or system


def main(options: list[str]) -> None:
    """Write all locks."""
    with tempfile.TemporaryDirectory() as folder:
        everything = Path(folder, "everything.txt")
        everything.write_text("".join(_text(name) for name in (*LOCKS, CUDA)), encoding="utf-8")
        found = _resolve("requirements-dev.in", everything, *options)
        runtime = _resolve("requirements.in", Path(folder, "runtime.txt"), f"--constraints={everything}")
        tools = _resolve("deploy/image/tools.in", Path(folder, "tools.txt"), f"--constraints={everything}")
    runtime["torch"] = torch_entries(runtime["torch"], entries(_text("requirements.txt")).get("torch", []))
    cuda = {name: runtime.pop(name) for name in list(runtime) if _OF_CUDA.match(name)}
    found.pop("pip", None)  # pip-audit wants one, which every environment has already
    extra = {name: found[name] for name in found if name not in runtime and name not in cuda}
    _write("requirements.txt", f"-c {CUDA}\n", runtime)
    _write("requirements-dev.txt", "-r requirements.txt\n", extra)
    _write("deploy/image/tools.txt", "", tools)
    about = "# What PyTorch's builds for CUDA need, on Linux. Other builds, and other systems, need nothing of it.\n"
    _write(CUDA, about, cuda, source="requirements.in")


def entries(text: str) -> Lock:
    """The entries of a lock, by package: a line with a version, and the indented lines below it.

    >>> entries("a==1 \\\\\\n    --hash=sha256:00\\n    # via b\\nb==2\\n")
    {'a': ['a==1 \\\\\\n    --hash=sha256:00\\n    # via b\\n'], 'b': ['b==2\\n']}
    """
    found: Lock = {}
    for entry in re.findall(r"^[A-Za-z0-9][^\n]*\n(?:[ ]+[^\n]*\n)*", text, re.MULTILINE):
        found.setdefault(entry.split("==")[0], []).append(entry)
    return found


def torch_entries(new: list[str], old: list[str]) -> list[str]:
    """PyTorch's entry with the hashes of all its builds: the old one where the version is the same, else made anew."""
    if old and _version(old) == _version(new):
        return old
    version = _version(new)
    (entry,) = new
    hashes = set(_hashes(entry)) | _cpu_builds(version)
    for by_sha256, by_sha512 in _cuda_builds(version):
        hashes = hashes - {by_sha256} | {by_sha512}
    lines = " \\\n".join([f"torch=={version}", *(f"    --hash={value}" for value in sorted(hashes))])
    return [f"{lines}\n    # via -r requirements.in\n"]


def _cpu_builds(version: str) -> set[str]:
    """The hashes of the builds in PyTorch's own index, whose address the Dockerfile has."""
    (index,) = re.findall(r"^ARG TORCH_INDEX=(\S+)", _text("Dockerfile"), re.MULTILINE)
    command = ["uv", *_UV, "-", "--no-deps", f"--default-index={index}"]
    done = subprocess.run(command, input=f"torch=={version}+cpu", capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{index} does not tell the hashes of torch {version}+cpu:\n{done.stderr}")
    return set(_hashes(done.stdout))


def _cuda_builds(version: str) -> Iterable[tuple[str, str]]:
    """(SHA-256, SHA-512) of each build for Linux in the package index. Fetches all of them, one after another."""
    surroundings = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    for python in _PYTHONS:
        for processor in _PROCESSORS:
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
                command += [f"--python-version={python}", f"--platform=manylinux_2_28_{processor}", f"--dest={folder}"]
                subprocess.run([*command, f"torch=={version}"], env=surroundings, check=True)
                (wheel,) = Path(folder).iterdir()
                sums = [hashlib.file_digest(wheel.open("rb"), kind).hexdigest() for kind in ("sha256", "sha512")]
            yield f"sha256:{sums[0]}", f"sha512:{sums[1]}"


def _resolve(source: str, output: Path, *options: str) -> Lock:
    """What a file asks for, with all that it needs; versions in ``output`` stay where they fit."""
    subprocess.run(["uv", *_UV, source, f"--output-file={output}", *options], cwd=ROOT, check=True)
    text = re.sub(r"^    #   -c .*\n", "", output.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return entries(text)


def _version(of: list[str]) -> str:
    return re.split(r"[\s;]", of[0].split("==")[1])[0]


def _hashes(entry: str) -> list[str]:
    return re.findall(r"--hash=(\S+)", entry)


def _text(name: str) -> str:
    """A file's text, and none where there is no file yet."""
    path = ROOT / name
    return re.sub(r"^-[cr] .*\n", "", path.read_text(encoding="utf-8"), flags=re.M) if path.exists() else ""


def _write(name: str, first: str, lock: Lock, source: str = "") -> None:
    text = _HEAD.format(source=source or LOCKS[name]) + first + "".join(entry for name in lock for entry in lock[name])
    (ROOT / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(lock)} packages")


if __name__ == "__main__":
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # uv, of this environment
    main(sys.argv[1:])
