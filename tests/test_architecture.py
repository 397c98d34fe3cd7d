"""Imports run one way (the contracts in pyproject.toml), and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.sources import sources

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("core", "engine", "ui", "server", "grammar_neurons", "training", "benchmarks", "docs")
SHELL = ("app.py", "serve.py", "pages")
HEAVY = ("torch", "transformers", "scipy.stats")
# They define or load modules of torch, and so begin with it: imported inside functions only themselves,
# or by each other.
LATE = tuple(f"core.models.{name}" for name in ("fast_modules", "load_bundled", "load_transformers", "structure"))
# A notebook has none of these.
SERVER_ONLY = ("streamlit", "prometheus_client", "filelock", "starlette", "engine", "ui", "server")


def name_of(path: Path) -> str:
    """A file's name below the root, for messages."""
    return path.relative_to(ROOT).as_posix()


def imported(path: Path, *, at_start: bool = False) -> set[str]:
    """The dotted names that a file imports; ``at_start`` only those that run when it is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = _running_at_import(tree.body) if at_start else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} has a relative import, which these tests do not follow"
            # "from core.report import tables" imports core.report.tables.
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _running_at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes but those inside functions and under ``if TYPE_CHECKING``."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _running_at_import(node.orelse)
            continue
        yield node
        for block in ("body", "orelse", "finalbody"):
            yield from _running_at_import(getattr(node, block, []))
        for handler in getattr(node, "handlers", []):
            yield from _running_at_import(handler.body)


def is_of(name: str, package: str) -> bool:
    """Whether a dotted name is a package or something in it."""
    return name == package or name.startswith(f"{package}.")


# --- Which package imports which ---


def test_a_place_without_sources_is_a_mistake() -> None:
    """A package that was renamed must not make the tests below pass on nothing."""
    with pytest.raises(AssertionError, match="no_such_room has no Python file"):
        sources("core", "no_such_room")


def test_the_import_contracts_are_kept(tmp_path: Path) -> None:
    """As ``lint-imports`` says, which .ci/run runs, too."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-logo", "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_is_under_the_contracts() -> None:
    """A package that is added is added there."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(contracts["root_packages"]) == set(PACKAGES)


def test_core_knows_no_server() -> None:
    """Word for word, comments and strings included, but for the command line, which puts the parts together."""
    mention = re.compile(rf"(?:import|from) (?:{'|'.join(SERVER_ONLY)})\b")
    mentioned = {name_of(path): mention.findall(path.read_text(encoding="utf-8")) for path in sources("core")}
    assert {name: found for name, found in mentioned.items() if found and name != "core/__main__.py"} == {}


@pytest.mark.parametrize(
    ("place", "may_see"),
    [("app.py", {"ui"}), ("pages", {"ui", "engine", "core"}), ("serve.py", {"server"})],
)
def test_the_shell_sees_what_is_below_it(place: str, may_see: set[str]) -> None:
    """These are no packages, so that no contract can be written for them."""
    ours = {*PACKAGES, "app", "serve", "pages", "tests"}
    for path in sources(place):
        seen = {name.split(".")[0] for name in imported(path)} & ours
        assert seen <= may_see, f"{name_of(path)} imports {sorted(seen - may_see)}"


# Of a notebook's process: whatever asks for one of these modules, ours or a library's own.
NOTEBOOK = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {refused}:
            raise ModuleNotFoundError(f"{{name}} is not installed here", name=name)

sys.meta_path.insert(0, Refuse())

import numpy as np
from core import ContrastSpec, load_model, run_contrast, token_activations, word_activations

result = run_contrast(ContrastSpec.careful(layer=3, n_target=20, n_baseline=20))
lm = load_model("bundled")
words = word_activations(lm, ["time", "people"], layers=[3])
text = token_activations(lm, "A dog barks.", layer=3)
assert words.shape == (1, 2, lm.d_mlp) and "".join(text.pieces) == "A dog barks."
print(result.n_neurons, result.family_size, np.isfinite(text.values).all())
print(*[name for name in {refused} if name in sys.modules])
"""


def test_a_notebook_needs_no_server() -> None:
    """The science runs in a process where nothing that a server needs can be imported, by us or by a library."""
    code = NOTEBOOK.format(refused=SERVER_ONLY)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["512 3072 True", "", ""]


# --- What is imported when ---


def test_nothing_heavy_at_the_top() -> None:
    """torch, transformers and scipy.stats take seconds: only inside functions, or for the type checker."""
    packages, found = (*HEAVY, *LATE), {}
    for path in sources("core", "engine", "ui", "server", "grammar_neurons", *SHELL):
        if ".".join(path.relative_to(ROOT).with_suffix("").parts) in LATE:
            continue  # that it comes late is up to whoever imports it, which is looked at here too
        heavy = {name for name in imported(path, at_start=True) for package in packages if is_of(name, package)}
        if heavy:
            found[name_of(path)] = heavy
    assert found == {}


@pytest.mark.parametrize(
    "module", ["core", "core.records", "core.experiment", "core.report", "ui.sidebar", "grammar_neurons"]
)
def test_importing_stays_light(module: str) -> None:
    """In a fresh process: what a page imports before it draws does not load the heavy libraries."""
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_list_of_models_needs_no_client(tmp_path: Path) -> None:
    """In a fresh process: which models are here is asked before the first page is drawn."""
    code = (
        "import sys; from core.models import CATALOGUE, is_here; print(*[name for name in CATALOGUE if is_here(name)]);"
        "print(*[name for name in ('httpx2', 'tqdm') if name in sys.modules])"
    )
    environment = os.environ | {"HF_HUB_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n") == ["bundled", "", ""]


@pytest.mark.parametrize(
    ("imports", "budget", "unwanted"),
    [
        ("serve", 250, ("torch", "transformers", "pandas", "pyarrow")),
        ("ui.shell, ui.panels.one_neuron, ui.panels.scatter, ui.panels.words_image", 460, ("torch", "transformers")),
        ("core.models.load_bundled", 1300, ("transformers", "sympy", "torch._dynamo", "pandas")),
    ],
)
def test_the_start_keeps_to_its_budget(imports: str, budget: int, unwanted: tuple[str, ...]) -> None:
    """So many modules more than Streamlit's own: the start waits for each. On a mark's edge, look before raising it."""
    code = (
        f"import sys, streamlit; own = set(sys.modules); import {imports}; more = set(sys.modules) - own;"
        f"print(len(more), *[name for name in {unwanted} if name in more])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    count, *found = done.stdout.split()
    assert int(count) <= budget and not found


def test_no_modules_of_the_pages_import_each_other_in_a_circle() -> None:
    """Nor inside a function, where a circle only hides. What is there for types alone does not count."""
    trees = {_module(path): ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "ui").rglob("*.py")}
    sees: dict[str, set[str]] = {name: set() for name in trees}
    for name, tree in trees.items():
        for_types = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node not in for_types:
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    sees[name].add(full if full in trees else node.module)
    ours = {name: {each for each in seen if each in trees and each != name} for name, seen in sees.items()}
    assert "ui.link_values" in ours["ui.other"] and len(ours) > 90
    list(TopologicalSorter(ours).static_order())  # CycleError names the modules of a circle


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


# --- Names and sizes ---


def test_only_tests_are_called_test() -> None:
    """pytest would collect any other function of that name, and a reader would take it for a test."""
    for path in sources(*PACKAGES, *SHELL):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                assert not node.name.startswith(("test_", "Test")), f"{name_of(path)} has a {node.name}"


@pytest.mark.parametrize("place", [*PACKAGES, *SHELL, "deploy", "tests", ".ci"])
def test_no_file_is_longer_than_a_sitting(place: str) -> None:
    """At most 300 lines in core, 400 elsewhere."""
    most = 300 if place == "core" else 400
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources(place)}
    assert not {name: n for name, n in lengths.items() if n > most}
