"""The image's recipe, compose.yaml and the Kubernetes manifests, read as what they say."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import yaml

from core.version import __version__
from tests.support.browser import ROOT

DEPLOY = ROOT / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
MANIFESTS = sorted(path for path in (DEPLOY / "kubernetes").rglob("*.yaml") if path.name != "kustomization.yaml")
DIGEST = r"@sha256:[0-9a-f]{64}"
VERSION = __version__
OLDEST_KUBERNETES = "1.30"  # the first in which a container may sleep before it is stopped

# Variables of Python, of the system, of PyTorch and of uvicorn, which no table of ours or of a library's lists.
GENERAL = {
    "PATH",
    "HOME",
    "USER",
    "XDG_CACHE_HOME",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "OMP_NUM_THREADS",
    "MALLOC_ARENA_MAX",
    "FORWARDED_ALLOW_IPS",
}


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


def manifests():
    """All Kubernetes manifests, and by which path each can be told."""
    return {path: yaml.safe_load(path.read_text(encoding="utf-8")) for path in MANIFESTS}


def manifest(kind, name="grammar-neurons"):
    """The one Kubernetes manifest of a kind; where there are more, the one with a name."""
    found = [each for each in manifests().values() if each["kind"] == kind]
    (only,) = found if len(found) == 1 else [each for each in found if each["metadata"]["name"] == name]
    return only


def pod():
    """What the Deployment says of a pod."""
    return manifest("Deployment")["spec"]["template"]["spec"]


def megabytes(text):
    """“3g” or “512m” as Compose, “3Gi” or “64Mi” as Kubernetes counts, in MB of 1,048,576 bytes."""
    number, unit = re.fullmatch(r"(\d+)([mMgG])i?", text).groups()
    return int(number) * (1 if unit in "mM" else 1024)


def lock_entries(text):
    """The entries of a lock, by package: the line with the version, and its hashes below it, without comments."""
    found = {}
    for entry in re.findall(r"^[a-z0-9][^\n]*(?:\n +--hash=[^\n]*)*", text, re.MULTILINE):
        found.setdefault(entry.split("==")[0], []).append(entry)
    return found
