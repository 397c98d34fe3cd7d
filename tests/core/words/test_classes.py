"""A word class is a file in a folder: of any name, in the project's folder or in one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UserError
from core.records import CUSTOM, WORD_CLASSES, ContrastSpec
from core.records.link import from_params, to_params
from core.records.word_classes import NOTEBOOK_CLASSES, classes_in, is_class_name
from core.words import (
    Downloads,
    bundled_classes,
    choose_words,
    class_title,
    custom_list,
    get_word_list,
    list_length,
    lists,
)
from core.words.download import download
from tests.support.word_server import NOWHERE

COLOURS = "# title: Colour words\n# Source:  Berlin and Kay (1969) \nred\nreddish\tred\nblue\n"


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The project's folder with two more classes, as after a new start."""
    folder = tmp_path / "words"
    folder.mkdir()
    (folder / "verbs.txt").write_text("# title: Verbs\n# source: this project\ngo\nsee\n", encoding="utf-8")
    (folder / "colours.txt").write_text(COLOURS, encoding="utf-8")
    (folder / "animals.txt").write_text("cat\ndog\n", encoding="utf-8")
    (folder / "README.md").write_text("No list.\n", encoding="utf-8")
    classes = (*NOTEBOOK_CLASSES, "animals", "colours")
    monkeypatch.setattr(lists, "BUNDLED_FOLDER", folder)
    for module in ("core.words.checks", "core.records.spec"):
        monkeypatch.setattr(f"{module}.WORD_CLASSES", classes)
    for cached in (class_title, list_length):
        cached.cache_clear()
    yield folder
    for cached in (class_title, list_length):
        cached.cache_clear()


# --- The project's folder


def test_the_classes_are_the_files_those_of_the_notebook_first(shipped: Path) -> None:
    assert bundled_classes() == ("verbs", "animals", "colours")
    assert WORD_CLASSES[:10] == NOTEBOOK_CLASSES


def test_an_added_class_has_its_words_title_and_source(shipped: Path) -> None:
    colours = get_word_list("colours", "bundled")
    assert (colours.name, colours.words, colours.lemmas) == (
        "colours",
        ("red", "reddish", "blue"),
        ("red", "red", "blue"),
    )
    assert (colours.source, colours.notes) == ("bundled list: Berlin and Kay (1969)", ())
    assert get_word_list("verbs", "bundled").source == get_word_list("animals", "bundled").source == "bundled list"
    assert [class_title(name) for name in ("colours", "verbs", "animals", "pronouns")] == [
        "Colour words",
        "Verbs",
        "Animals",
        "Pronouns",
    ]


def test_the_notebook_has_no_list_of_an_added_class(shipped: Path) -> None:
    """The bundled list is used, with a note, and nothing is asked of the network."""
    colours = get_word_list("colours", "notebook", Downloads(shipped / "cache", base_url=NOWHERE))
    assert colours.words == ("red", "reddish", "blue")
    assert colours.notes == ("The notebook has no list of colours: the bundled list is used.",)
    assert list_length("colours", "notebook") == list_length("colours", "bundled") == 3
    with pytest.raises(UserError, match=r"^The notebook has no list of colours; it has nouns, verbs, adjectives"):
        download("colours", Downloads(shipped / "cache", base_url=NOWHERE))


def test_a_spec_and_a_link_name_an_added_class(shipped: Path) -> None:
    spec = ContrastSpec.careful(target="colours", n_target=3, n_baseline=2, unit="word")
    assert choose_words(spec).target == ("red", "reddish", "blue")
    assert from_params(to_params(spec), ContrastSpec()) == (spec, [])


def test_a_class_that_there_is_not_is_one_sentence() -> None:
    further = len(WORD_CLASSES) - len(NOTEBOOK_CLASSES)
    allowed = f"{', '.join((*NOTEBOOK_CLASSES, CUSTOM))}, and {further} more. Did you mean plural-nouns?"
    with pytest.raises(UserError) as caught:
        ContrastSpec(target="plural-nuons")
    assert str(caught.value) == f"target is “plural-nuons”; allowed are {allowed}"
    spec, problems = from_params({"target": "plural-nuons", "layer": "2"}, ContrastSpec())
    assert (spec.target, spec.layer) == ("nouns", 2)
    assert problems == [
        f"target is “plural-nuons”; allowed are {allowed} The link's value was set aside; “nouns” is used."
    ]


# --- A folder of one's own


@pytest.mark.parametrize("name", ["colours", "Body parts", "prénoms", "動物", "class_2"])
def test_a_file_of_any_name_in_a_folder_is_a_class(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.txt").write_text(COLOURS, encoding="utf-8")
    (tmp_path / "verbs.txt").write_text("go\nsee\n", encoding="utf-8")
    spec = ContrastSpec.careful(target=name, word_source=str(tmp_path), n_target=3, n_baseline=2)
    words = choose_words(spec)
    assert words.target == ("red", "reddish", "blue")
    assert words.target_list.source == f"folder {tmp_path}, file {name}.txt: Berlin and Kay (1969)"
    assert spec.class_names == (name, "verbs")
    assert ContrastSpec.from_json(spec.to_json()) == spec == from_params(to_params(spec), ContrastSpec())[0]


def test_a_folder_without_the_class_says_which_it_has(tmp_path: Path) -> None:
    (tmp_path / "colours.txt").write_text(COLOURS, encoding="utf-8")
    (tmp_path / "top_english_verbs_lower_10000.txt").write_text("go\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"has no list of color: there is no color\.txt\. It has verbs, colours\.$"):
        get_word_list("color", tmp_path)


@pytest.mark.parametrize(
    "name", ["../nouns", "a/b", "a\\b", ".hidden", "", " nouns", "nouns ", "x" * 41, "a:b", "a\0", 3]
)
def test_a_path_is_no_class(tmp_path: Path, name: str) -> None:
    assert not is_class_name(name)
    with pytest.raises(UserError, match="the name of a list in a folder has letters, digits, spaces, - and _"):
        ContrastSpec(target=name, word_source=str(tmp_path))
    with pytest.raises(UserError, match="is no word class"):
        get_word_list(name, tmp_path)


def test_a_folder_class_in_a_link_without_its_folder_is_set_aside(tmp_path: Path) -> None:
    default = ContrastSpec(target="some tints", word_source=str(tmp_path))
    spec, problems = from_params({"word_source": "bundled"}, default)
    assert (spec.target, spec.word_source) == ("nouns", "bundled")
    assert problems[0].startswith("target is “some tints”; allowed are nouns")


def test_classes_of_no_folder() -> None:
    assert classes_in("/no/such/folder") == classes_in("a\0b") == ()


# --- The header


@pytest.mark.parametrize(
    ("text", "words", "title"),
    [
        ("﻿# title: A\r\n# source: b\r\nred\r\n", ("red",), "A"),
        ("# source: b\n# title: A\nred\n", ("red",), "A"),
        ("#TITLE:A\nred\n", ("red",), "A"),
        ("# title: A\n# title: B\nred\n", ("# title: B", "red"), "A"),
        ("red\n# title: A\n", ("red", "# title: A"), ""),
        ("# colours\nred\n", ("# colours", "red"), ""),
        ("#\nred\n", ("#", "red"), ""),
    ],
)
def test_only_a_header_is_no_word(tmp_path: Path, text: str, words: tuple[str, ...], title: str) -> None:
    (tmp_path / "colours.txt").write_text(text, encoding="utf-8", newline="")
    assert get_word_list("colours", tmp_path).words == words
    assert lists._read_list(tmp_path / "colours.txt")[0].title == title


def test_a_mistake_below_a_header_has_the_number_of_its_line(tmp_path: Path) -> None:
    (tmp_path / "colours.txt").write_text("# title: A\n# source: b\nred\na\tb\tc\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"^Line 4 of '.*colours\.txt' has 2 tabs"):
        get_word_list("colours", tmp_path)
    (tmp_path / "colours.txt").write_text("# title: A\n# source: b\n", encoding="utf-8")
    with pytest.raises(UserError, match="holds no word"):
        get_word_list("colours", tmp_path)


def test_a_header_in_a_list_of_ones_own_is_said() -> None:
    own = custom_list(COLOURS, "mine")
    assert own.words == ("red", "reddish", "blue")
    assert own.notes[0] == "2 headers removed, such as “# title: Colour words”."
    assert custom_list("#1 song\n#metoo", "mine").words[1] == "#metoo"
