"""Imports run one way: serve and server, pages, ui, core; and nothing heavy is imported before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("app", "pages", "serve", "server", "ui", "core", "training", "benchmarks", "tests")
HEAVY = ("torch", "transformers", "scipy.stats")
# They define or load modules of torch, and so begin with it: imported inside functions only themselves,
# or by each other.
LATE = ("core.fast_modules", "core.gpt_neo", "core.transformers_models")

# What each module of core may import of core. A module that is not named here fails the test: decide, and add it.
MAY_SEE = {
    "__init__": set(),
    "records": set(),
    "neuron_blocks": set(),
    "row_sort": set(),
    "pairs_won": {"row_sort"},
    "ttest": {"records", "neuron_blocks", "pairs_won"},
    "correction": {"records"},
    "figures": {"records"},
    "tokens": {"records"},
    "colour_scales": {"records"},
    "wordlist_download": {"records"},
    "words": {"records", "wordlist_download"},
    "hub": {"records"},
    "limits": {"records"},
    "metrics": set(),
    "queueing": {"records", "limits", "metrics"},
    "array_store": set(),
    "architectures": set(),
    "loaded_model": {"records", "architectures"},
    "fast_modules": set(),
    "gpt_neo": {"fast_modules", "loaded_model"},
    "transformers_models": {"records", "hub", "fast_modules", "loaded_model"},
    "model_files": {"records"},
    "models": {
        *("records", "limits", "metrics", "hub", "architectures"),
        *("loaded_model", "model_files", "gpt_neo", "transformers_models"),
    },
    "prefix_tree": set(),
    "passes": {"loaded_model"},
    "word_passes": {"metrics", "loaded_model", "passes", "prefix_tree", "queueing"},
    "activations": {"records", "limits", "metrics", "queueing", "loaded_model", "tokens", "passes", "word_passes"},
    "export": {"records", "tokens"},
}
ALL_OF_CORE = {path.stem for path in (ROOT / "core").glob("*.py")}
MAY_SEE["experiment"] = ALL_OF_CORE - {"figures", "export", "__main__", "experiment"}
MAY_SEE["__main__"] = ALL_OF_CORE


def sources(*places: str) -> list[Path]:
    """The Python files of folders and files below the root; what does not exist (yet) has none."""
    found: list[Path] = []
    for place in places:
        path = ROOT / place
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path] * path.is_file()
    return found


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
            # "from core import figures" imports core.figures, "from core.records import CUSTOM" core.records.
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


def seen_of(path: Path, package: str) -> set[str]:
    """The modules directly under one of our packages that a file imports."""
    return {name.split(".")[1] for name in imported(path) if name.startswith(f"{package}.")}


@pytest.mark.parametrize("path", sources("core"), ids=name_of)
def test_core_runs_one_way(path: Path) -> None:
    """Each module of core sees only those that it may."""
    assert path.stem in MAY_SEE, f"{name_of(path)} is new: say in this test what it may import"
    too_much = seen_of(path, "core") - MAY_SEE[path.stem]
    assert not too_much, f"{name_of(path)} imports {sorted(too_much)}"


@pytest.mark.parametrize(
    ("place", "forbidden"),
    [
        ("core", ["ui", "pages", "app", "serve", "server", "training", "benchmarks", "tests", "streamlit"]),
        ("ui", ["pages", "app", "serve", "server", "training", "benchmarks", "tests"]),
        ("pages", ["pages", "app", "serve", "server", "training", "benchmarks", "tests"]),
        ("app.py", ["pages", "serve", "server", "training", "benchmarks", "tests"]),
        ("serve.py", ["pages", "app", "training", "benchmarks", "tests"]),
        ("server", ["pages", "app", "serve", "training", "benchmarks", "tests"]),
        ("training", ["ui", "pages", "app", "serve", "server", "benchmarks", "tests", "streamlit"]),
    ],
)
def test_rooms_do_not_look_back(place: str, forbidden: list[str]) -> None:
    """App and pages see ui, ui sees core, and nothing of the app sees the training."""
    for path in sources(place):
        back = {name for name in imported(path) for package in forbidden if is_of(name, package)}
        assert not back, f"{name_of(path)} imports {sorted(back)}"


@pytest.mark.parametrize("path", sources("core", "ui", "pages", "server", "app.py", "serve.py"), ids=name_of)
def test_nothing_heavy_at_the_top(path: Path) -> None:
    """torch, transformers and scipy.stats take seconds: only inside functions, or for the type checker."""
    if ".".join(path.relative_to(ROOT).with_suffix("").parts) in LATE:
        return  # that it comes late is up to whoever imports it, which is looked at here too
    packages = (*HEAVY, *LATE)
    heavy = {name for name in imported(path, at_start=True) for package in packages if is_of(name, package)}
    assert not heavy, f"{name_of(path)} imports {sorted(heavy)} at its top"


@pytest.mark.parametrize(
    "name",
    [
        "ttest",
        "neuron_blocks",
        "pairs_won",
        "row_sort",
        "correction",
        "figures",
        "records",
        "export",
        "words",
        "tokens",
    ],
)
def test_no_torch_where_arrays_will_do(name: str) -> None:
    """Not even inside a function or for a type."""
    used = {n for n in imported(ROOT / "core" / f"{name}.py") if is_of(n, "torch") or is_of(n, "transformers")}
    assert not used, f"core/{name}.py imports {sorted(used)}"


def test_only_tests_are_called_test() -> None:
    """pytest would collect any other function of that name, and a reader would take it for a test."""
    for path in sources(*OURS[:-1]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                assert not node.name.startswith(("test_", "Test")), f"{name_of(path)} has a {node.name}"


@pytest.mark.parametrize("module", ["core.records", "core.experiment", "core.figures", "ui.sidebar"])
def test_importing_stays_light(module: str) -> None:
    """In a fresh process: what a page imports before it draws does not load the heavy libraries."""
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
