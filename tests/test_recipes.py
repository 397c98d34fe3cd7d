"""The recipes of CONTRIBUTING.md, applied to a copy of the repository: the suite passes there, and they can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.recipes import Block, Recipe, copy_of_repository, read_recipe, run

STATISTICS = ("Add a correction", "Add an evidence check", "Add a preset", "Add a test")
RECIPES = {
    title: read_recipe(title) for title in ("Add a word class", "Add a page", "Add an architecture", *STATISTICS)
}
# What each command of the recipes of statistics prints.
PRINTED = {
    "Add a correction": [" passed", "Welch's t-test, Hochberg over 3,072 tests"],
    "Add an evidence check": [
        *("Wrote docs/reference/numbers.md", " passed"),
        *("frequency_halves The AUC is", "Every number of neuron.json is the same."),
    ],
    "Add a preset": [" passed", "Mann–Whitney test, Holm over 3,072 tests"],
    "Add a test": [" passed", "Yuen's test, Holm over 3,072 tests"],
}
# The tests of what was added: those whose names have it, and those of lists, pages, tables and records as a whole.
SUITE = (
    "tests/core/activations/test_both_sides.py",
    "tests/core/activations/test_text.py",
    "tests/core/models/test_models.py",
    "tests/core/records/test_records.py",
    "tests/core/report/test_glossary.py",
    "tests/core/report/test_notebook.py",
    "tests/core/words/test_classes.py",
    "tests/core/words/test_pair.py",
    "tests/support/added_statistics.py",
    "tests/test_methods.py",
    "tests/test_word_lists.py",
    "tests/ui/test_app_pages.py",
    "tests/ui/test_neuron_everywhere.py",
    "tests/ui/test_page_links.py",
    "tests/ui/test_share.py",
    "tests/ui/test_word_settings.py",
    "tests/ui/test_added.py",
)
WANTED = " or ".join(
    (
        *("colours", "12_Overview", "ernie4_5", "added", "table", "every_kind_of_experiment"),
        *("test_classes", "test_glossary", "test_methods", "test_word_lists", "test_app_pages"),
    )
)
# What somebody would do with them; it becomes a file of the copy's tests.
USED = """
from core.models import load_model
from core.models.hook_points import HOOK_POINTS
from core.records import ContrastSpec
from deploy.image import slim
from tests.support.pages import HOME, SMALL, go_to, open_page, said
from ui.app_pages import PAGES

OVERVIEW = "pages/12_Overview.py"


def test_the_class_is_offered_on_the_new_page():
    at = open_page(OVERVIEW, SMALL.changed(target="colours", n_target=20))
    assert [title.value for title in at.title] == ["Overview"] and not at.error and not at.warning
    target = at.sidebar.selectbox(key="target")
    assert target.value == "colours" and "Colours" in target.options and at.get_by_key("layer_profile")
    assert "Overview" in [item.proto.page for item in at.sidebar.get("page_link")]
    go_to(at, HOME)
    assert "**Compare the layers**" in [item.proto.label for item in at.main.get("page_link")]


def test_the_notebook_s_source_says_that_it_has_no_such_list():
    at = open_page(OVERVIEW, SMALL.changed(target="colours", n_target=20, word_source="notebook"))
    assert any("The notebook has no list of colours" in note for note in said(at.info)), said(at.info)


def test_the_architecture_is_read_by_the_table(tiny_folder, tmp_path):
    lm = load_model(str(tiny_folder("ernie4_5")))
    assert (lm.info.architecture, lm.info.notes, lm.hook_points) == ("ernie4_5", (), HOOK_POINTS["ernie4_5"])
    known = slim.architectures("core/models/hook_points.py")
    assert not slim.not_compiled(tmp_path, known).search("/transformers/models/ernie4_5/modeling_ernie4_5.py")
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository to which all recipes are applied, one after the other."""
    folder = copy_of_repository(tmp_path_factory.mktemp("recipes") / "copy")
    for recipe in RECIPES.values():
        recipe.apply(folder)
    return folder


def succeeds(copy: Path, command: str) -> str:
    """Run a command, and return what it has written."""
    done = run(copy, command)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_suite_passes_with_all_that_was_added(copy: Path) -> None:
    (copy / "tests/ui/test_added.py").write_text(USED, encoding="utf-8")
    options = '-v -p no:cacheprovider -o addopts="--import-mode=importlib --strict-markers" -W ignore'
    done = run(copy, f'python -m pytest {options} {" ".join(SUITE)} -k "{WANTED}"', timeout=840)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    for name in (
        "colours",
        "12_Overview",
        "ernie4_5",
        "test_added",
        "added_statistics",
    ):  # a name that is misspelt here would select nothing
        assert len(re.findall(rf"{name}.* PASSED", done.stdout)) >= 3, f"{name}: {done.stdout}"


@pytest.mark.timeout(300)
def test_the_class_is_used_as_its_recipe_says(copy: Path) -> None:
    (command,) = RECIPES["Add a word class"].commands
    said = succeeds(copy, command)
    assert "20 colours (19 lemmas) and 20 verbs" in said and "Target    colours: bundled list\n" in said


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("title", STATISTICS)
def test_the_commands_of_a_recipe_do_what_they_say(copy: Path, title: str) -> None:
    for command, text in zip(RECIPES[title].commands, PRINTED[title], strict=True):
        assert text in " ".join(succeeds(copy, command).split()), command


# --- The helper itself


RECIPE = """
## Add a tea

Teas are in `teas/`; `make` makes them. Write
`teas/green.txt`, which is new:

```text
green tea

# no heading
```

1. In `teas/all.txt`, add it:

   ```diff
    black
   +green
   -white
    red
   ```

```sh
python -m teas
```

### Notes

## Add a coffee
"""


def test_a_recipe_is_read_and_applied(tmp_path: Path) -> None:
    recipe = read_recipe("Add a tea", RECIPE.replace("`teas/`", "a folder"))
    assert [(block.path, block.language) for block in recipe.blocks] == [
        ("teas/green.txt", "text"),
        ("teas/all.txt", "diff"),
    ]
    assert recipe.commands == ("python -m teas",)
    (tmp_path / "teas").mkdir()
    (tmp_path / "teas/all.txt").write_text("black\nwhite\nred\nwhite\nred\n")
    recipe.apply(tmp_path)
    assert (tmp_path / "teas/all.txt").read_text() == "black\ngreen\nred\nwhite\nred\n"
    assert (tmp_path / "teas/green.txt").read_text() == "green tea\n\n# no heading\n"
    assert read_recipe("Add a coffee", RECIPE) == Recipe("Add a coffee", (), ())


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("black\nred\n", "do not stand in teas.txt exactly once"),
        ("black\nwhite\nred\nblack\nwhite\nred\n", "do not stand in teas.txt exactly once"),
    ],
)
def test_a_change_that_does_not_fit_is_an_error(tmp_path: Path, text: str, mistake: str) -> None:
    (tmp_path / "teas.txt").write_text(text)
    with pytest.raises(ValueError, match=mistake):
        Block("teas.txt", "diff", (" black", "+green", "-white", " red")).apply(tmp_path)
    assert (tmp_path / "teas.txt").read_text() == text


def test_other_mistakes_of_recipes(tmp_path: Path) -> None:
    (tmp_path / "teas.txt").write_text("black\n")
    with pytest.raises(ValueError, match=r"writes teas\.txt anew, and there is such a file"):
        Block("teas.txt", "text", ("green",)).apply(tmp_path)
    with pytest.raises(ValueError, match="begins with neither a space"):
        Block("teas.txt", "diff", ("black", "+green")).apply(tmp_path)
    with pytest.raises(ValueError, match="There is no heading “Add a juice”"):
        read_recipe("Add a juice", RECIPE)
    with pytest.raises(ValueError, match="names no file"):
        read_recipe("Add", "# Add\n\nDo this:\n\n```text\nx\n```\n")
