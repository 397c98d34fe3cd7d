"""The image's recipe: what it copies, sets, fetches and leaves out. That it works is proved by its own build."""

from __future__ import annotations

import ast
import http.server
import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from transformers.models.auto.configuration_auto import model_type_to_module_name

from core.models.hook_points import HOOK_POINTS
from core.version import COMMIT_FILE, commit
from engine.limits import Limits
from tests.support.browser import ROOT, free_port
from tests.support.deploy_files import (
    DEPLOY,
    DIGEST,
    DOCKERFILE,
    VERSION,
    copied,
    ignored,
    image_environment,
    instructions,
    last_stage,
    lock_entries,
    services,
)


def test_the_image_runs_as_a_numbered_user_without_rights():
    (user,) = last_stage("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    after = [name for stage, name, _ in instructions()][::-1]
    assert "RUN" not in after[: after.index("USER")]  # nothing is done in its name while building


def test_everything_that_is_copied_exists_and_reaches_the_build():
    sources = copied()
    assert {"core", "app.py", "serve.py", "requirements.txt", "requirements-cuda.txt"} <= sources
    for source in sources:
        path = ROOT / source
        assert path.exists(), f"the Dockerfile copies {source}, which does not exist"
        files = [f for f in path.rglob("*") if "__pycache__" not in f.parts] if path.is_dir() else [path]
        kept_out = {name for f in files if ignored(name := f.relative_to(ROOT).as_posix())}
        writers = {
            name for name in kept_out if Path(name).match("docs/*.py")
        }  # of the documents: nobody runs them there
        assert kept_out == writers, f".dockerignore keeps out {kept_out - writers}"


def test_nothing_else_reaches_the_build():
    wanted = {Path(source).parts[0] for source in copied()}
    reached = {path.name for path in ROOT.iterdir() if not ignored(path.name)}
    assert reached <= wanted
    for path in (
        ".git/config",
        ".env",
        "tests/conftest.py",
        "deploy/kubernetes/service.yaml",
        "core/x.pyc",
        "key.pem",
        "docs/generate.py",
    ):
        assert ignored(path), path


def test_every_package_of_ours_that_the_app_imports_is_in_the_image():
    ours = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    files = [file for source in copied() for file in [ROOT / source, *(ROOT / source).rglob("*.py")]]
    imported = set()
    for file in (file for file in files if file.suffix == ".py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    assert {"core", "ui"} <= imported & ours <= {Path(source).stem for source in copied()}


@pytest.mark.parametrize("name", ["CMD", "HEALTHCHECK"])
def test_no_shell_is_needed(name):
    (rest,) = last_stage(name)
    command = json.loads(rest.split("CMD", 1)[-1])
    assert command[0] == "python"
    program = Path(command[-1])
    places = {"/opt/grammar-neurons": DEPLOY / "image", ".": ROOT}
    assert (places[str(program.parent)] / program.name).is_file()


def test_base_images_are_named_with_a_version():
    bases = [rest for _, name, rest in instructions() if name == "FROM"]
    assert [base.split()[0] for base in bases] == ["${PYTHON_IMAGE}", "environment", "${PYTHON_IMAGE}"]
    (default,) = re.findall(r"ARG PYTHON_IMAGE=(\S+)", DOCKERFILE)
    python = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["python_version"]
    assert re.fullmatch(re.escape(f"python:{python}-slim") + DIGEST, default)  # the tag is for people


def test_no_file_is_installed_unchecked():
    """pip's own words for it, in every step that installs anything from an index."""
    steps = [rest for _, name, rest in instructions() if name == "RUN" and re.search(r"\bpip\b.* install\b", rest)]
    assert steps
    for step in steps:
        installs = re.findall(r"\bpip\b[^&|;\"]* install\b[^&|;\"]*", step)
        assert all("--require-hashes" in install for install in installs), installs


@pytest.mark.parametrize("index_has_it", [True, False])
def test_the_build_installs_what_the_locks_say(tmp_path, index_has_it):
    """The step that fills the environment, with a pip that only notes what it is asked."""
    (step,) = [rest for _, name, rest in instructions() if name == "RUN" and "torch.txt" in rest]
    (tmp_path / "bin").mkdir()
    (tmp_path / "opt/tools/bin").mkdir(parents=True)
    refuse = "" if index_has_it else 'case "$*" in *--index-url*) exit 1;; esac\n'
    for name in ("bin/python", "opt/tools/bin/python", "opt/tools/bin/pip"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{Path(name).name} $*" >> notes\n{refuse}')
        (tmp_path / name).chmod(0o755)
    (tmp_path / "requirements.txt").write_text((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    surroundings = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "TORCH_INDEX": "https://index.example"}
    step = step.replace("/opt/", f"{tmp_path}/opt/")
    subprocess.run(["sh", "-c", step], cwd=tmp_path, env=surroundings, check=True, capture_output=True)
    installed = [note for note in (tmp_path / "notes").read_text().splitlines() if " install " in note]
    assert all("--require-hashes" in note for note in installed)
    read = [re.search(r"-r (\S+)$", note)[1] for note in installed]
    assert read == ["tools.txt", "torch.txt", *["torch.txt"] * (not index_has_it), "requirements.txt"]
    (torch,) = lock_entries((tmp_path / "torch.txt").read_text())["torch"]
    assert [torch] == lock_entries((ROOT / "requirements.txt").read_text(encoding="utf-8"))["torch"]


def test_only_the_cache_and_tmp_are_written_to():
    environment = image_environment()
    assert last_stage("VOLUME") == ["/cache"]
    assert {environment[name] for name in ("GRAMMAR_NEURONS_CACHE", "XDG_CACHE_HOME")} == {"/cache"}
    assert environment["HOME"] == "/tmp"
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"


def test_the_image_asks_no_hub():
    environment = image_environment()
    assert environment["HF_HUB_OFFLINE"] == "1"
    for stage, name, rest in instructions():
        if name == "COPY" and f" {environment['HF_HOME']}" in rest:
            assert "--from=app" in rest, (stage, rest)
    assert not environment["HF_HOME"].startswith("/cache")


@pytest.mark.parametrize(
    ("baked", "offered"),
    [("", ("bundled",)), ("EleutherAI/gpt-neo-125m,gpt2", ("bundled", "EleutherAI/gpt-neo-125m", "gpt2"))],
)
def test_the_models_baked_in_are_the_ones_offered(baked, offered):
    filled = subprocess.run(  # the shell's own rules for ${MODELS:+,}, which Dockerfiles follow
        ["sh", "-c", f"echo {image_environment()['GRAMMAR_NEURONS_MODELS']}"],
        env={"MODELS": baked},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    limits = Limits.from_environment({"GRAMMAR_NEURONS_MODELS": filled})
    assert limits.models == offered
    assert limits.default_model == "bundled"


def test_versions_are_in_step():
    image = services()["app"]["image"]
    (kustomized,) = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))["images"]
    (argument,) = re.findall(r"ARG VERSION=(\S+)", DOCKERFILE)
    assert (image, kustomized["newTag"], argument) == (f"grammar-neurons:{VERSION}", VERSION, VERSION)


def run_step(folder, containing, *, python_exits=0, **arguments):
    """Run one RUN of the Dockerfile below a folder, with a python that only notes what it is asked; (status, notes)."""
    (step,) = [rest for _, name, rest in instructions() if name == "RUN" and containing in rest]
    notes = folder / "notes"
    python = folder / "bin" / "python"
    python.parent.mkdir()
    python.write_text(
        f'#!/bin/sh\necho "$*" "${{HF_HOME:-$GRAMMAR_NEURONS_CACHE}}" "$HF_ENDPOINT" >> {notes}\nexit {python_exits}\n'
    )
    python.chmod(0o755)
    environment = {"PATH": f"{python.parent}:{os.environ['PATH']}", **arguments}
    step = re.sub(r"(?<![\w.])/(opt|tmp)/", rf"{folder}/\1/", step)
    done = subprocess.run(["sh", "-c", step], cwd=folder, env=environment, capture_output=True, check=False)
    return done.returncode, notes.read_text().splitlines() if notes.exists() else []


@pytest.mark.parametrize(
    ("asked", "python_exits", "builds", "tried"),
    [
        ("optional", 0, True, True),
        ("optional", 2, True, True),
        ("required", 0, True, True),
        ("required", 2, False, True),
        ("none", 0, True, False),
        ("Required", 0, False, False),
    ],
)
def test_word_lists_as_asked(tmp_path, asked, python_exits, builds, tried):
    status, notes = run_step(tmp_path, "--words", python_exits=python_exits, WORD_LISTS=asked)
    assert (status == 0, bool(notes)) == (builds, tried)
    seed = image_environment()["GRAMMAR_NEURONS_SEED"]
    assert notes == [f"-m core download --words {tmp_path}{seed} "] * tried
    assert Path(f"{tmp_path}{seed}").is_dir()  # an empty one too is copied on


@pytest.mark.parametrize(
    ("models", "python_exits", "builds", "fetched"),
    [
        ("", 0, True, []),
        ("a/one,two", 0, True, ["a/one", "two"]),
        ("a/one, two", 0, True, ["a/one", "two"]),
        ("a/one,two", 2, False, ["a/one"]),
    ],
)
def test_models_are_fetched_into_the_image(tmp_path, models, python_exits, builds, fetched):
    status, notes = run_step(
        tmp_path, "$MODELS", python_exits=python_exits, MODELS=models, HF_ENDPOINT="https://hub.example"
    )
    assert (status == 0) == builds
    home = image_environment()["HF_HOME"]
    assert notes == [f"-m core download {name} {tmp_path}{home} https://hub.example" for name in fetched]
    assert Path(f"{tmp_path}{home}").is_dir()


@pytest.mark.parametrize(
    ("revision", "known"),
    [("0123456789abcdef" * 2 + "01234567", True), ("a" * 64, True), ("unknown", False), ("", False), ("a" * 41, False)],
)
def test_the_image_knows_the_commit_it_was_made_from(tmp_path, revision, known):
    file = tmp_path / "core" / COMMIT_FILE.name
    file.parent.mkdir()
    assert run_step(tmp_path, "$REVISION", REVISION=revision) == (0, [])
    assert commit(tmp_path, file) == (revision if known else None)
    assert file.exists() == known


def script(name):
    """A program of deploy/image, as a module."""
    spec = importlib.util.spec_from_file_location(name, DEPLOY / "image" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_slimming_removes_what_is_named_and_nothing_else(tmp_path):
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    gone = ["torch/test/a/b.so", "torch/bin/protoc", "torch/bin/test_api", "torch/include/x.h", "pandas/tests/t.py"]
    gone += ["pandas/tests/io/tests/t.py", "numpy/random/lib/libnpyrandom.a", "pyarrow/libarrow_flight.so.2600"]
    kept = ["torch/bin/torch_shm_manager", "torch/testing/__init__.py", "torch/lib/libc10.so", "pandas/_testing.py"]
    kept += ["streamlit/testing/v1/app_test.py", "pyarrow/libarrow.so.2600", "other/tests/t.py", "plotly/io.py"]
    for name in gone + kept:
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_bytes(b"#" * 10)
    freed = dict(script("slim").remove(packages))
    left = {path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file()}
    assert left == set(kept)
    assert sum(freed.values()) == 10 * len(gone)


def test_slimming_compiles_what_is_left(tmp_path):
    slim = script("slim")
    known = slim.architectures(ROOT / "core" / "models" / "hook_points.py")
    assert set(known) == set(HOOK_POINTS)
    unread = ["torch/_inductor/a.py", "transformers/models/bert/modeling_bert.py"]
    read = ["torch/nn/a.py", "streamlit/app.py"]
    folders = [model_type_to_module_name(name) for name in HOOK_POINTS]  # of gemma3_text: gemma3
    assert {"gemma3", "modernbert_decoder"} <= set(folders)
    read += [f"transformers/models/{name}/modeling_{name}.py" for name in [*folders, "auto"]]
    for name in unread + read:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("answer = 42\n")
    (tmp_path / "torch" / "nn" / "py312_only.py").write_text("def f[T](): ...\n")
    assert slim.compile_all(tmp_path, known) > 0
    compiled = {Path(importlib.util.source_from_cache(str(path))) for path in tmp_path.rglob("*.pyc")}
    assert compiled == {tmp_path / name for name in read}
    (tmp_path / "broken.py").write_text("def\n")
    with pytest.raises(SystemExit):
        slim.compile_all(tmp_path, known)


def test_nothing_that_the_app_loads_is_removed(tmp_path):
    """What check.py loads, modules and shared libraries, in the environment that runs these tests."""
    if not Path("/proc/self/maps").exists():
        pytest.skip("the list of loaded libraries is Linux's")
    code = (
        "import runpy, sys\n"
        "runpy.run_path(sys.argv[1], run_name='__main__')\n"
        "files = {str(getattr(m, '__file__', '')) for m in list(sys.modules.values())}\n"
        "files |= {line.split()[-1] for line in open('/proc/self/maps')}\n"
        "print('LOADED', *files, sep='\\n')\n"
    )
    check = DEPLOY / "image" / "check.py"
    environment = {**os.environ, "GRAMMAR_NEURONS_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(check)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    loaded = [line for line in done.stdout.split("LOADED\n")[1].splitlines() if "/site-packages/" in line]
    names = [Path(line.split("/site-packages/")[1]) for line in loaded]
    expected = {"torch", "pyarrow", "streamlit", "transformers", "psycopg_binary.libs"}
    assert expected <= {name.parts[0] for name in names}
    (packages,) = {Path(line.split("/site-packages/")[0]).resolve() for line in loaded}  # it may be a link
    removed = {
        path.relative_to(f"{packages}/site-packages")
        for pattern in script("slim").REMOVED
        for path in Path(packages, "site-packages").glob(pattern)
    }
    assert Path("torch/include") in removed
    missed = [str(name) for name in names if removed & {name, *name.parents}]
    assert not missed, f"slim.py removes what the app loads: {missed}"


@contextmanager
def server_that_answers(status):
    """A server on a loopback port that answers every GET with a status."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    asked = []
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_port, asked
        server.shutdown()


def is_ready(port):
    """What the health check's program says, behind a proxy that does not exist."""
    environment = {"STREAMLIT_SERVER_PORT": str(port), "http_proxy": "http://127.0.0.1:9/"}
    program = [sys.executable, "-I", "-S", str(DEPLOY / "image" / "ready.py")]
    return subprocess.run(program, env=environment, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False), (404, False)])
def test_healthy_means_ready(status, ready):
    with server_that_answers(status) as (port, asked):
        assert is_ready(port) == ready
    assert asked == ["/readyz"]


def test_a_server_that_is_not_there_is_not_healthy():
    assert not is_ready(free_port())
