"""CONTRIBUTING.md's correction, evidence check and test are added to a copy of the repository, and used there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.recipes import ROOT, Recipe, copy_of_repository, read_recipe, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TITLES = ("Add a correction", "Add an evidence check", "Add a test")
RECIPES = {title: read_recipe(title) for title in TITLES}
# Tests of the suite that read all records, beside those that the recipes name.
READ_ALL = (
    "tests/core/report/test_glossary.py",
    "tests/core/report/test_notebook.py::test_every_kind_of_experiment_is_a_valid_notebook",
    "tests/test_methods.py",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with all three."""
    folder = copy_of_repository(tmp_path_factory.mktemp("added") / "copy")
    shutil.copytree(ROOT / "benchmarks", folder / "benchmarks", dirs_exist_ok=True)  # tests make their models by it
    for recipe in RECIPES.values():
        recipe.apply(folder)
    return folder


def succeeds(copy: Path, command: str) -> str:
    """Run a command, and return what it has written."""
    done = run(copy, command, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=TITLES)
def test_the_commands_of_a_recipe_do_what_they_say(copy: Path, recipe: Recipe) -> None:
    tests, *shown = (succeeds(copy, command) for command in recipe.commands)
    assert " passed" in tests
    expected = {
        TITLES[0]: ["Welch's t-test, Hochberg over 3,072 tests"],
        TITLES[1]: ["frequency_halves The AUC is", "Every number of neuron.json is the same."],
        TITLES[2]: ["Yuen's test, Holm over 3,072 tests"],
    }[recipe.title]
    for text, said in zip(expected, shown, strict=True):
        assert text in " ".join(said.split())


def test_the_app_and_the_suite_know_them(copy: Path) -> None:
    shown = succeeds(copy, f"python -m pytest -n0 tests/support/added_statistics.py {' '.join(READ_ALL)}")
    assert " passed" in shown
