"""The list of environment variables: as long as the source says, checked at every start, and in the documents."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from core.errors import UserError
from core.nearest import nearest
from engine.limits import Limits, variable
from engine.variables import VARIABLES, as_table, check
from tests.support.browser import ROOT
from tests.support.tiny_models import assert_one_sentence

NAMES = {each.name for each in VARIABLES}
# Where a variable may be read, set or described. Tests and the history of changes may name others.
PLACES = (
    *("core", "engine", "ui", "server", "pages", "deploy", "benchmarks", "training", "docs", ".streamlit"),
    *("Dockerfile", "compose.yaml", "README.md", "app.py", "serve.py", "conftest.py"),
)
# Written where it is said that they are not read.
EXAMPLES = {"GRAMMAR_NEURONS_MAXWORDS", "GRAMMAR_NEURONS_PORT", "GRAMMAR_NEURONS_SERVICE"}


def written() -> dict[str, set[str]]:
    """Each name of a variable that the source has, and in which files."""
    found: dict[str, set[str]] = {}
    for place in PLACES:
        path = ROOT / place
        assert path.exists(), place
        for file in [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]:
            if file.suffix not in (".png", ".safetensors", ".pyc", ".gz", ".br"):
                for name in re.findall(r"GRAMMAR_NEURONS_[A-Z_]*[A-Z]", file.read_text("utf-8", "ignore")):
                    found.setdefault(name, set()).add(file.relative_to(ROOT).as_posix())
    return found


def refusal(**environment: str) -> str:
    with pytest.raises(UserError) as caught:
        check(environment)
    assert_one_sentence(caught.value, *environment)
    assert caught.value.about == "variable"
    return str(caught.value)


def test_every_name_in_the_source_is_in_the_list() -> None:
    unknown = {name: files for name, files in written().items() if name not in NAMES | EXAMPLES}
    assert not unknown


def test_every_variable_of_the_list_is_read() -> None:
    """Limits are read by their fields' names; all others stand in the source as they are."""
    files = {name: {file for file in each if file.startswith(("core/", "engine/"))} for name, each in written().items()}
    limits = {variable(item.name) for item in fields(Limits)}
    assert limits <= NAMES
    assert {name for name in NAMES - limits if files.get(name)} == NAMES - limits
    assert len(NAMES) == len(VARIABLES)


def test_each_says_what_it_is() -> None:
    for each in VARIABLES:
        assert each.meaning and each.meaning[-1] != "." and len(each.meaning) < 80, each.name
        assert each.allowed and each.default and each.group and each.read_by, each.name
        assert re.fullmatch("[A-Z]+", each.value) and (each.value == "N") == each.allowed[:1].isdigit(), each.name
        assert each.details == "" or each.details.endswith((".", "`.")), each.name
        assert each.option == "--" + each.name.removeprefix("GRAMMAR_NEURONS_").lower().replace("_", "-")


def test_the_table_has_every_name_and_no_star_that_begins_italics() -> None:
    rows = as_table().splitlines()[2:]
    assert [re.findall(r"GRAMMAR_NEURONS_[A-Z_]*[A-Z]", row)[0] for row in rows] == [each.name for each in VARIABLES]
    assert not re.search(r" \*[ .]", as_table()) and "`*`" in as_table()


def test_the_commands_read_what_the_store_of_activations_is_bounded_by(monkeypatch, tmp_path: Path) -> None:
    """``contrast`` and ``evidence`` keep activations as the app does."""
    from engine import folders

    read: set[str] = set()

    class Noting(Limits):
        def __getattribute__(self, name: str) -> object:
            read.add(name)
            return super().__getattribute__(name)

    monkeypatch.setattr(folders, "limits", Noting)
    monkeypatch.setattr(folders, "cache_folder", lambda: tmp_path)
    folders.disk_store()
    readers = {each.name: each.read_by for each in VARIABLES}
    names = {item.name for item in fields(Limits)} & read
    assert names and {readers[variable(name)] for name in names} == {"server, app, commands"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GRAMMAR_NEURONS_MAXWORDS", "GRAMMAR_NEURONS_MAX_WORDS"),
        ("grammar_neurons_max_words", "GRAMMAR_NEURONS_MAX_WORDS"),
        ("GRAMMAR_NEURON_CACHE", "GRAMMAR_NEURONS_CACHE"),
        ("GRAMMAR_NEURONS_MODEL", "GRAMMAR_NEURONS_MODELS"),
        ("GRAMMAR_NEURONS_WORDLIST_URL", "GRAMMAR_NEURONS_WORDLISTS_URL"),
        ("GRAMMAR_NEURONS_PORT", "STREAMLIT_SERVER_PORT"),
        ("GRAMMAR_NEURONS_HOST", "STREAMLIT_SERVER_ADDRESS"),
    ],
)
def test_a_name_that_is_nearly_one_is_refused(name: str, meant: str) -> None:
    assert refusal(**{name: "1"}).endswith(f"Did you mean {meant}?")


def test_a_name_that_is_near_nothing_is_refused_too() -> None:
    assert "serve.py --help" in refusal(GRAMMAR_NEURONS_XYZZY="1")


def test_what_kubernetes_and_others_set_is_passed_over() -> None:
    """A Service called grammar-neurons puts these into every container beside it."""
    service = {
        "GRAMMAR_NEURONS_SERVICE_HOST": "10.0.0.7",
        "GRAMMAR_NEURONS_SERVICE_PORT": "80",
        "GRAMMAR_NEURONS_SERVICE_PORT_HTTP": "80",
        "GRAMMAR_NEURONS_PORT": "tcp://10.0.0.7:80",
        "GRAMMAR_NEURONS_PORT_80_TCP": "tcp://10.0.0.7:80",
        "GRAMMAR_NEURONS_PORT_80_TCP_PROTO": "tcp",
        "GRAMMAR_NEURONS_PORT_80_TCP_ADDR": "10.0.0.7",
    }
    check({**service, "GRAMMARLY_TOKEN": "x", "PATH": "/bin", "GRAMMAR": "x", "GRAMMAR_NEURONSX": "x"})


@pytest.mark.parametrize(
    "item", [item for item in fields(Limits) if "least" in item.metadata], ids=lambda item: item.name
)
def test_every_number_is_checked(item) -> None:
    check({variable(item.name): str(item.metadata["most"])})
    assert "is allowed" in refusal(**{variable(item.name): str(item.metadata["most"] + 1)})


def test_folders_and_addresses_are_checked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check({"GRAMMAR_NEURONS_CACHE": str(tmp_path / "new" / "folder"), "GRAMMAR_NEURONS_SEED": str(tmp_path)})
    check({"GRAMMAR_NEURONS_CACHE": "", "GRAMMAR_NEURONS_SEED": " ", "GRAMMAR_NEURONS_WORDLISTS_URL": ""})
    check({"GRAMMAR_NEURONS_WORDLISTS_URL": "http://127.0.0.1:9/", "GRAMMAR_NEURONS_TREEBANKS_URL": "https://a.edu/x"})
    for path in ("file", "file/below"):
        assert "“file” is a file; a folder" in refusal(GRAMMAR_NEURONS_CACHE=str(tmp_path / path))
    for path in ("file", "nowhere"):
        assert "which is not a folder" in refusal(GRAMMAR_NEURONS_SEED=str(tmp_path / path))
    for text in ("ftp://a.edu/", "a.edu", "https://", "file:///etc", "http://a:b/", "http://a b/", "http://[::1"):
        for name in ("GRAMMAR_NEURONS_WORDLISTS_URL", "GRAMMAR_NEURONS_TREEBANKS_URL"):
            assert "begins with https:// or http://" in refusal(**{name: text})


def test_nearest_prefers_equal_letters_and_knows_when_nothing_is_near() -> None:
    assert nearest("N-TARGET", ["target", "n_target"]) == "n_target"
    assert nearest("", ["a"]) is None and nearest("_", ["a"]) is None and nearest("x" * 5_000, ["x" * 5_000]) is None
    assert nearest("campaign", ["target", "baseline", "layer"]) is None


DATABASE = "GRAMMAR_NEURONS_BOARD_URL"
LACKS = "lacks a host, a port that is a number, or a database"
RIGHT = "postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE is allowed."


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("s3cret-quince", f"has no scheme; {RIGHT}"),
        ("board:s3cret-quince@db/board", f"has no scheme; {RIGHT}"),
        ("sqlite:///s3cret-quince.db", f"begins with “sqlite://”; {RIGHT}"),
        ("postgres://board:s3cret-quince@db/board", f"begins with “postgres://”; {RIGHT}"),
        (
            "postgresql+psycopg://board:s3cret-quince@db:port/board",
            LACKS,
        ),
        ("postgresql+psycopg://board:s3cret/quince@db/board", LACKS),
        ("postgresql+psycopg://board:s3cret#quince@db/board", LACKS),
        ("postgresql+psycopg://board:s3cret-quince@db", LACKS),
        (
            "postgresql+psycopg://b:s3cret-quince@db/board?timeout=3",
            "has the parameter “timeout”; channel_binding,",
        ),
    ],
)
def test_what_is_no_database_is_one_sentence_without_a_password(url: str, sentence: str) -> None:
    """Whatever was typed in its place: only a scheme and the name of a parameter are told."""
    said = refusal(**{DATABASE: url})
    assert said.startswith(f"{DATABASE} {sentence}") and "s3cret" not in said and "quince" not in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://board:s3cret@db.example.edu:5432/board?sslmode=verify-full&sslrootcert=system",
        "postgresql+psycopg://board@/board?host=/run/postgresql",
        "postgresql+psycopg://board:p%40ss%2Fword@[::1]:5432/board",
    ],
)
def test_addresses_of_databases_are_those_that_its_library_reads(url: str) -> None:
    from sqlalchemy import make_url

    check({DATABASE: url})
    assert make_url(url).database == "board"


def test_the_file_of_a_password_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret")
    check({"GRAMMAR_NEURONS_BOARD_PASSWORD_FILE": str(tmp_path / "password")})
    assert refusal(GRAMMAR_NEURONS_BOARD_PASSWORD_FILE=str(tmp_path)).endswith("which is not a file.")
