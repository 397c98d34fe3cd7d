"""The image's recipe, compose.yaml and the Kubernetes manifests: against their schemas, each other and the code.

No container engine is needed: what is tested is what these files say. That the image works is proved by its own
build, which runs deploy/image/check.py.
"""

from __future__ import annotations

import ast
import fnmatch
import http.server
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from core.architectures import ARCHITECTURES
from core.limits import Limits, variable
from tests.browser import ROOT, free_port

DEPLOY = ROOT / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
MANIFESTS = sorted(path for path in (DEPLOY / "kubernetes").rglob("*.yaml") if path.name != "kustomization.yaml")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
OLDEST_KUBERNETES = "1.30"  # the first in which a container may sleep before it is stopped

# Variables of Python, of the system and of PyTorch, which no table of ours or of a library's lists.
GENERAL = {
    "PATH",
    "HOME",
    "USER",
    "XDG_CACHE_HOME",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "OMP_NUM_THREADS",
    "MALLOC_ARENA_MAX",
}


# --- Reading the files ---


def instructions(text=DOCKERFILE):
    """A Dockerfile's instructions as (stage, name, rest); continued lines are joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found, stage = [], -1
    for line in filter(str.strip, joined.splitlines()):
        name, rest = line.split(maxsplit=1)
        stage += name == "FROM"
        found.append((stage, name, rest))
    return found


def last_stage(name):
    """What the stage that runs says in all instructions of one name."""
    last = max(stage for stage, _, _ in instructions())
    return [rest for stage, instruction, rest in instructions() if stage == last and instruction == name]


def image_environment():
    """The variables that the image sets, build arguments not filled in."""
    pairs = re.findall(r"(\w+)=(\S*)", " ".join(last_stage("ENV")))
    return dict(pairs)


def copied():
    """The sources that are copied from the repository, by any stage."""
    copies = [rest.split() for _, name, rest in instructions() if name == "COPY" and "--from=" not in rest]
    return {source for words in copies for source in words[:-1]}


def ignored(path):
    """Whether .dockerignore keeps a path out of the build: the last line that matches it or a parent decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        candidates = [path, *(parent.as_posix() for parent in Path(path).parents if parent.name)]
        if pattern.startswith("**/"):
            candidates = [Path(candidate).name for candidate in candidates]
            pattern = pattern.removeprefix("**/")
        if any(c.count("/") == pattern.count("/") and fnmatch.fnmatchcase(c, pattern) for c in candidates):
            out = not line.startswith("!")
    return out


def interpolated(text=COMPOSE, **values):
    """compose.yaml as Compose reads it: ${NAME:-default} filled in."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda match: str(values.get(match[1], match[2])), text)


def services(**values):
    """The services of compose.yaml, by name."""
    return yaml.safe_load(interpolated(**values))["services"]


def traefik_pool(**environment):
    """deploy/traefik/pool.yaml with its one loop unrolled, as Traefik's templates would."""
    text = (DEPLOY / "traefik" / "pool.yaml").read_text(encoding="utf-8")
    loop = r'\n\{\{- range \$i := until \(env "(\w+)" \| atoi\) \}\}(.*?)\n\{\{- end \}\}'
    (count, body) = re.search(loop, text, re.DOTALL).groups()
    bodies = [body.replace("{{ add $i 1 }}", str(i + 1)) for i in range(int(environment[count]))]
    text = re.sub(loop, lambda match: "".join(bodies), text, flags=re.DOTALL)
    text = re.sub(r'\{\{ env "(\w+)" \}\}', lambda match: environment[match[1]], text)
    assert "{{" not in text
    return yaml.safe_load(text)["http"]


def manifest(kind):
    """The one Kubernetes manifest of a kind."""
    (found,) = (m for path in MANIFESTS if (m := yaml.safe_load(path.read_text(encoding="utf-8")))["kind"] == kind)
    return found


def pod():
    """What the Deployment says of a pod."""
    return manifest("Deployment")["spec"]["template"]["spec"]


def megabytes(text):
    """“3g” or “512m” as Compose, “3Gi” or “64Mi” as Kubernetes counts, in MB of 1,048,576 bytes."""
    number, unit = re.fullmatch(r"(\d+)([mMgG])i?", text).groups()
    return int(number) * (1 if unit in "mM" else 1024)


# --- The image ---


def test_the_image_runs_as_a_numbered_user_without_rights():
    (user,) = last_stage("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    after = [name for stage, name, _ in instructions()][::-1]
    assert "RUN" not in after[: after.index("USER")]  # nothing is done in its name while building


def test_everything_that_is_copied_exists_and_reaches_the_build():
    sources = copied()
    assert {"core", "app.py", "serve.py", "requirements.txt"} <= sources
    for source in sources:
        path = ROOT / source
        assert path.exists(), f"the Dockerfile copies {source}, which does not exist"
        files = [f for f in path.rglob("*") if "__pycache__" not in f.parts] if path.is_dir() else [path]
        kept_out = [name for f in files if ignored(name := f.relative_to(ROOT).as_posix())]
        assert not kept_out, f".dockerignore keeps out {kept_out}"


def test_nothing_else_reaches_the_build():
    wanted = {Path(source).parts[0] for source in copied()}
    reached = {path.name for path in ROOT.iterdir() if not ignored(path.name)}
    assert reached <= wanted
    for path in (".git/config", ".env", "tests/conftest.py", "deploy/kubernetes/service.yaml", "core/x.pyc", "key.pem"):
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
    assert default == f"python:{python}-slim"


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
    done = subprocess.run(["sh", "-c", step], env=environment, capture_output=True, check=False)
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


# --- Making the image small ---


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
    unread = ["torch/_inductor/a.py", "transformers/models/bert/modeling_bert.py"]
    read = ["torch/nn/a.py", "streamlit/app.py"]
    read += [f"transformers/models/{name}/modeling_{name}.py" for name in [*ARCHITECTURES, "auto"]]
    for name in unread + read:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("answer = 42\n")
    (tmp_path / "torch" / "nn" / "py312_only.py").write_text("def f[T](): ...\n")
    assert slim.compile_all(tmp_path) > 0
    compiled = {Path(importlib.util.source_from_cache(str(path))) for path in tmp_path.rglob("*.pyc")}
    assert compiled == {tmp_path / name for name in read}
    (tmp_path / "broken.py").write_text("def\n")
    with pytest.raises(SystemExit):
        slim.compile_all(tmp_path)


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
    assert {"torch", "pyarrow", "streamlit", "transformers"} <= {name.parts[0] for name in names}
    (packages,) = {line.split("/site-packages/")[0] for line in loaded}
    removed = {
        path.relative_to(f"{packages}/site-packages")
        for pattern in script("slim").REMOVED
        for path in Path(packages, "site-packages").glob(pattern)
    }
    assert Path("torch/include") in removed
    missed = [str(name) for name in names if removed & {name, *name.parents}]
    assert not missed, f"slim.py removes what the app loads: {missed}"


# --- The health check ---


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


# --- Settings: each means something, and all places agree ---


def environment_tables():
    """(where, name, value) of every variable that the image, Compose or Kubernetes sets."""
    for name, value in image_environment().items():
        yield "Dockerfile", name, value
    for service in ("app", "replica"):
        for name, value in services()[service]["environment"].items():
            yield f"compose.yaml, {service}", name, value
    for name, value in manifest("ConfigMap")["data"].items():
        yield "limits.yaml", name, value


def names_in_our_code():
    """All strings of core and server that look like a variable of ours."""
    strings = set()
    for file in [*(ROOT / "core").glob("*.py"), *(ROOT / "server").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                strings.add(node.value)
    return {name for name in strings if re.fullmatch(r"GRAMMAR_NEURONS_[A-Z_]+[A-Z]", name)}


def test_every_variable_is_one_that_somebody_reads():
    from huggingface_hub import constants
    from streamlit import config

    known = GENERAL | names_in_our_code() | {variable(item.name) for item in fields(Limits)}
    known |= {option.env_var for option in config.get_config_options().values()}
    known |= set(re.findall(r"\bHF_[A-Z_]+\b", Path(constants.__file__).read_text(encoding="utf-8")))
    unknown = {(where, name) for where, name, _ in environment_tables() if name not in known}
    assert not unknown


def test_every_limit_is_set_and_allowed():
    limits = {variable(item.name) for item in fields(Limits)} - {"GRAMMAR_NEURONS_MODEL_ROOT"}  # a folder of one's own
    compose = services()["app"]["environment"]
    kubernetes = manifest("ConfigMap")["data"]
    assert limits <= set(compose)
    assert compose["GRAMMAR_NEURONS_MODELS"] is None  # else what the image was built with would not count
    assert limits - {"GRAMMAR_NEURONS_MODELS"} == {name for name in kubernetes if name.startswith("GRAMMAR")}
    values = {name: str(value) for name, value in compose.items() if value is not None}
    assert values == kubernetes
    assert Limits.from_environment(values) == Limits(models=Limits().models)  # the defaults, until somebody measures
    assert services(GRAMMAR_NEURONS_MAX_WORDS=500)["replica"]["environment"]["GRAMMAR_NEURONS_MAX_WORDS"] == 500


def test_caches_fit_their_room():
    limits = Limits.from_environment(manifest("ConfigMap")["data"])
    volumes = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in pod()["volumes"]}
    assert limits.disk_cache_mb < megabytes(volumes["cache"])
    memory = min(megabytes(services()["app"]["mem_limit"]), megabytes(container()["resources"]["limits"]["memory"]))
    assert limits.memory_cache_mb + megabytes(volumes["tmp"]) < memory / 2  # the rest is for models and passes


def test_pages_have_a_processor_beside_the_forward_pass():
    app = services()["app"]
    assert float(app["environment"]["OMP_NUM_THREADS"]) == float(app["cpus"]) - 1
    threads, processors = manifest("ConfigMap")["data"]["OMP_NUM_THREADS"], container()["resources"]["limits"]["cpu"]
    assert int(threads) == int(processors) - 1


def test_the_manual_names_every_knob():
    manual = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    arguments = {rest.split("=")[0] for _, name, rest in instructions() if name == "ARG"}
    ours = set(re.findall(r"\$\{(\w+):-", COMPOSE)) - {variable(item.name) for item in fields(Limits)}
    missing = {name for name in arguments | ours - {"COMPOSE_PROJECT_NAME"} if f"`{name}" not in manual}
    assert not missing


# --- Compose ---


@pytest.mark.parametrize("text", [COMPOSE, interpolated()], ids=["as written", "interpolated"])
def test_compose_fits_the_specification(tmp_path, text):
    assert checked_by_schema(tmp_path, text) == 0


def test_the_schema_would_notice(tmp_path):
    assert checked_by_schema(tmp_path, COMPOSE.replace("read_only: true", "readonly: true")) != 0


def checked_by_schema(folder, text):
    """The exit status of a validation against the Compose specification's schema, which the package brings along."""
    (folder / "compose.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, str(folder / "compose.yaml")], capture_output=True, check=False).returncode


@pytest.mark.parametrize("name", ["app", "replica", "proxy"])
def test_each_container_is_confined(name):
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"] == service["memswap_limit"]
    assert float(service["cpus"]) > 0
    assert service["pids_limit"] > 0
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["healthcheck"]["test"][0] == "CMD"  # not CMD-SHELL
    assert not {"privileged", "network_mode", "pid", "ipc", "devices"} & service.keys()
    assert all("noexec" in mount and "size=" in mount for mount in service["tmpfs"])
    assert not any("docker.sock" in volume for volume in service["volumes"])
    writable = [volume for volume in service["volumes"] if not volume.endswith(":ro")]
    assert writable == ([] if name == "proxy" else ["cache:/cache"])
    assert re.fullmatch(r"[\w.-]+:v?\d+\.\d+\.\d+", service["image"])


def test_without_a_profile_there_is_one_server():
    assert [name for name, service in services().items() if "profiles" not in service] == ["app"]
    assert services()["app"]["mem_limit"] == "3g"
    assert services()["app"]["ports"] == ["8501:8501"]


def test_replicas_are_the_same_server_behind_the_proxy():
    app, replica = services()["app"], services(REPLICAS=4)["replica"]
    assert replica["profiles"] == ["scaled"]
    assert replica["scale"] == 4
    assert "ports" not in replica
    own = {"ports", "profiles", "scale", "depends_on"}
    assert {k: v for k, v in app.items() if k not in own} == {k: v for k, v in replica.items() if k not in own}


def test_compose_and_the_image_ask_health_alike():
    test = services()["app"]["healthcheck"]
    (rest,) = last_stage("HEALTHCHECK")
    assert json.loads(rest.split("CMD", 1)[1]) == test["test"][1:]
    options = dict(re.findall(r"--([\w-]+)=(\w+)", rest))
    assert options == {
        "interval": test["interval"],
        "timeout": test["timeout"],
        "start-period": test["start_period"],
        "retries": str(test["retries"]),
    }


def test_the_proxy_keeps_a_browser_at_one_server():
    proxy = services(REPLICAS=3)["proxy"]
    pool = traefik_pool(**{name: str(value) for name, value in proxy["environment"].items()})
    balancer = pool["services"]["pool"]["loadBalancer"]
    project = yaml.safe_load(COMPOSE)["name"]
    replicas = [f"http://{project}-replica-{i}:8501" for i in (1, 2, 3)]
    assert [server["url"] for server in balancer["servers"]] == ["http://app:8501", *replicas]
    assert balancer["sticky"]["cookie"]["httpOnly"] is True
    assert balancer["sticky"]["cookie"]["sameSite"] == "lax"
    assert balancer["healthCheck"]["path"] == "/readyz"


def test_the_proxy_has_one_entrance_and_no_dashboard():
    settings = yaml.safe_load((DEPLOY / "traefik" / "traefik.yaml").read_text(encoding="utf-8"))
    assert "api" not in settings
    assert settings["global"] == {"checkNewVersion": False, "sendAnonymousUsage": False}
    (entrance,) = settings["entryPoints"]
    assert services()["proxy"]["ports"][0].split(":")[1] == settings["entryPoints"][entrance]["address"].strip(":")
    assert settings["providers"].keys() == {"file"}
    (router,) = traefik_pool(REPLICAS="1", PROJECT="x")["routers"].values()
    assert router["entryPoints"] == [entrance]
    assert "!PathPrefix(`/metrics`)" in router["rule"]
    mount = services()["proxy"]["volumes"][0].split(":")
    assert settings["providers"]["file"]["filename"] == f"{mount[1]}/pool.yaml"
    assert (ROOT / mount[0] / "pool.yaml").is_file()


# --- Kubernetes ---


def container():
    """The pod's one container."""
    (only,) = pod()["containers"]
    return only


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, kubernetes_validate.latest_version()])
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_manifests_fit_their_schemas(path, version):
    kubernetes_validate.validate(yaml.safe_load(path.read_text(encoding="utf-8")), version, strict=True)


def test_the_schemas_would_notice():
    wrong = manifest("Deployment")
    wrong["spec"]["template"]["spec"]["enableServiceLink"] = False
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, OLDEST_KUBERNETES, strict=True)


def test_the_kustomization_names_every_manifest():
    kustomization = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text(encoding="utf-8"))
    beside = {path.name for path in MANIFESTS if path.parent.name == "kubernetes"}
    assert set(kustomization["resources"]) == beside
    assert kustomization["namespace"] == manifest("Namespace")["metadata"]["name"]
    assert kustomization["images"][0]["name"] == container()["image"]


@pytest.mark.parametrize("component", [None, "shared-cache"])
def test_kustomize_builds_it(tmp_path, component):
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl on the PATH")
    folder = shutil.copytree(DEPLOY / "kubernetes", tmp_path / "kubernetes")
    if component:
        with (folder / "kustomization.yaml").open("a", encoding="utf-8") as file:
            file.write(f"components: [{component}]\n")
    command = ["kubectl", "kustomize", str(folder)]
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    objects = {item["kind"]: item for item in yaml.safe_load_all(built)}
    for item in objects.values():
        kubernetes_validate.validate(item, OLDEST_KUBERNETES, strict=True)
    spec = objects["Deployment"]["spec"]["template"]["spec"]
    assert spec["containers"][0]["image"] == f"grammar-neurons:{VERSION}"
    cache = next(volume for volume in spec["volumes"] if volume["name"] == "cache")
    if component:
        claimed = objects["PersistentVolumeClaim"]
        assert cache["persistentVolumeClaim"]["claimName"] == claimed["metadata"]["name"]
        assert claimed["spec"]["accessModes"] == ["ReadWriteMany"]
    else:
        assert "emptyDir" in cache


def test_pods_have_no_rights():
    assert pod()["automountServiceAccountToken"] is False
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod().keys()
    assert all("emptyDir" in volume for volume in pod()["volumes"])
    labels = manifest("Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_pods_run_as_the_image_does():
    user, group = map(int, last_stage("USER")[0].split(":"))
    context = pod()["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (user, group, group)
    assert {mount["mountPath"] for mount in container()["volumeMounts"]} == {"/cache", "/tmp"}
    (port,) = container()["ports"]
    assert str(port["containerPort"]) == image_environment()["STREAMLIT_SERVER_PORT"] == last_stage("EXPOSE")[0]


def test_kubernetes_puts_no_variables_among_ours():
    """A Service named grammar-neurons would give every pod a GRAMMAR_NEURONS_PORT."""
    assert pod()["enableServiceLinks"] is False


def test_probes_ask_the_right_addresses():
    asked = {name: container()[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert asked == {"startup": "/readyz", "readiness": "/readyz", "liveness": "/_stcore/health"}
    assert all(container()[f"{name}Probe"]["httpGet"]["port"] == "http" for name in asked)
    startup, liveness = container()["startupProbe"], container()["livenessProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 180
    assert liveness["periodSeconds"] * liveness["failureThreshold"] >= 60


def test_resources_are_bounded():
    resources = container()["resources"]
    assert resources["limits"].keys() == resources["requests"].keys() == {"cpu", "memory", "ephemeral-storage"}
    assert megabytes(resources["limits"]["memory"]) == megabytes(services()["app"]["mem_limit"])
    room = sum(megabytes(volume["emptyDir"]["sizeLimit"]) for volume in pod()["volumes"] if volume["name"] == "cache")
    assert room < megabytes(resources["limits"]["ephemeral-storage"])


def test_pods_stop_and_are_replaced_gently():
    rolling = manifest("Deployment")["spec"]["strategy"]["rollingUpdate"]
    assert (rolling["maxUnavailable"], rolling["maxSurge"]) == (0, 1)
    sleep = container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    compose = int(services()["app"]["stop_grace_period"].removesuffix("s"))
    assert pod()["terminationGracePeriodSeconds"] >= sleep + compose
    replicas = manifest("Deployment")["spec"]["replicas"]
    assert 1 <= manifest("PodDisruptionBudget")["spec"]["maxUnavailable"] < replicas


@pytest.mark.parametrize(
    "selector",
    [
        manifest("Deployment")["spec"]["selector"]["matchLabels"],
        manifest("Service")["spec"]["selector"],
        manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        pod()["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    ],
    ids=["deployment", "service", "budget", "network", "spread"],
)
def test_selectors_select_the_pods(selector):
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert selector
    assert selector.items() <= labels.items()


def test_nothing_leaves_a_pod_but_questions_for_names():
    policy = manifest("NetworkPolicy")["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    (egress,) = policy["egress"]
    assert {(port["protocol"], port["port"]) for port in egress["ports"]} == {("UDP", 53), ("TCP", 53)}
    assert egress["to"]
    (ingress,) = policy["ingress"]
    assert ingress["ports"] == [{"protocol": "TCP", "port": "http"}]


def test_the_ingress_is_sticky_as_the_proxy_is():
    annotations = manifest("Service")["metadata"]["annotations"]
    start = "traefik.ingress.kubernetes.io/service.sticky.cookie"
    cookie = traefik_pool(REPLICAS="1", PROJECT="x")["services"]["pool"]["loadBalancer"]["sticky"]["cookie"]
    assert annotations[start] == "true"
    assert annotations[f"{start}.name"] == cookie["name"]
    assert annotations[f"{start}.httponly"] == "true"
    assert annotations[f"{start}.samesite"] == cookie["sameSite"]
    (rule,) = manifest("Ingress")["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == manifest("Service")["metadata"]["name"]
    assert backend["port"]["name"] in {port["name"] for port in manifest("Service")["spec"]["ports"]}
    assert "sessionAffinity" not in manifest("Service")["spec"]  # by address: a class behind one router is one address


def test_the_configuration_reaches_the_pods():
    (source,) = container()["envFrom"]
    assert source["configMapRef"]["name"] == manifest("ConfigMap")["metadata"]["name"]
