"""What `pip install .` gives: a wheel that has what the app needs and nothing else, and a command that runs anywhere.

The wheel is built once, without a network, and installed into a folder that is not in the checkout.
"""

from __future__ import annotations

import csv
import os
import re
import runpy
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from streamlit.proto.NewSession_pb2 import Config

from core import ContrastSpec, __version__, program, run_contrast, version
from grammar_neurons import __main__ as command
from tests.support.browser import ROOT
from tests.support.class_server import ClassServer, Tab, class_server, elements

TREE = "grammar_neurons/tree"
COMMIT = "core/commit.txt"
# What the app is made of. All else at the top of the repository is below: something new belongs to one of the two.
PACKED = {"app.py", "serve.py", ".streamlit", "pages", "ui", "server", "engine", "core", "assets", "docs"}
NOT_PACKED = {
    *("tests", "benchmarks", "training", "deploy", ".ci", ".github", "conftest.py", "hatch_build.py", "pyproject.toml"),
    *(".dockerignore", ".gitattributes", ".gitignore", "Dockerfile", "compose.yaml"),
    *("requirements.in", "requirements.txt", "requirements-cuda.txt", "requirements-dev.in", "requirements-dev.txt"),
    *("README.md", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE"),
}
IN_ARCHIVES_TOO = {
    "hatch_build.py",
    "pyproject.toml",
    "requirements.in",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
}


def run(*arguments: str, cwd: Path = ROOT, **environment: str) -> str:
    """Run Python; what it printed. Where it fails, the test does, with its complaints."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--no-deps", "--no-build-isolation", "--no-index")
    run("-m", "pip", "--isolated", "wheel", "-q", str(ROOT), *offline, "--wheel-dir", str(folder), cwd=folder)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel in it, and the command in its ``bin``."""
    folder = tmp_path_factory.mktemp("installed") / "site packages"
    options = ("--no-deps", "--no-index", "--no-compile", "--target", str(folder))
    run("-m", "pip", "--isolated", "install", "-q", *options, str(wheel), cwd=folder.parent)
    return folder


@pytest.fixture(scope="module")
def script(installed: Path) -> str:
    name = "grammar-neurons.exe" if os.name == "nt" else "grammar-neurons"
    return str(installed / "bin" / name)


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> dict[str, list[str]]:
    """The fields of the wheel's metadata; each may be there several times."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        read = Parser().parsestr(archive.read(name).decode("utf-8"))
    return {field: read.get_all(field, []) for field in read}


def git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def project_files() -> Iterator[str]:
    """The project's files, whether they are committed yet or not, without deleted ones and what writes documents."""
    for name in git("-c", "core.quotepath=off", "ls-files", "--cached", "--others", "--exclude-standard"):
        if (ROOT / name).is_file() and name != ".venv" and not re.match(r"docs/\w+\.py$", name):
            yield name


# --- What is in it ---


def test_a_wheel_has_the_files_that_the_app_needs_byte_for_byte(wheel):
    files = set(project_files())
    tops = {name.split("/")[0] for name in files}
    assert tops <= PACKED | NOT_PACKED | {"grammar_neurons"}, "new at the top: does a wheel need it?"
    expected = {f"{TREE}/{name}": name for name in files if name.split("/")[0] in PACKED}
    expected |= {name: name for name in files if name.startswith("grammar_neurons/")}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert names - {f"{TREE}/{COMMIT}"} == set(expected)
        assert not [name for name, source in expected.items() if archive.read(name) != (ROOT / source).read_bytes()]
    for name in ("models/grammar-neo-9m/model.safetensors", "words/nouns.txt", "gold/english.conllu", "gold/LICENSE"):
        assert f"{TREE}/assets/{name}" in names
    assert {Path(name).suffix for name in names} >= {".js", ".css", ".svg", ".txt", ".tsv", ".toml", ".json", ".md"}


def test_a_wheel_puts_one_name_beside_other_packages(wheel):
    """`core`, `ui`, `server` and `pages` are names that others have, too."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert tops == {"grammar_neurons", f"grammar_neurons-{__version__}.dist-info"}


def test_a_source_archive_has_what_the_wheel_is_made_from(tmp_path):
    run("-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path))
    (archive,) = tmp_path.iterdir()
    with tarfile.open(archive) as packed:
        names = {name.split("/", 1)[1] for name in packed.getnames()}
    tops = PACKED | IN_ARCHIVES_TOO | {"grammar_neurons"}
    expected = {name for name in project_files() if name.split("/")[0] in tops}
    assert names - {COMMIT} == expected | {"PKG-INFO", ".gitignore"}


def test_the_metadata_repeat_nothing(metadata):
    """Dependencies, version and licences come from the files that have them."""
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    asked = {str(Requirement(line)).lower().replace("_", "-") for line in lines if line and line[0] != "#"}
    assert {line.lower().replace("_", "-") for line in metadata["Requires-Dist"]} == asked
    assert metadata["Version"] == [__version__]
    assert metadata["Requires-Python"] == [">=3.11"]
    assert all((ROOT / name).is_file() for name in metadata["License-File"])
    assert metadata["License-Expression"] == ["MIT AND CC-BY-4.0 AND CC0-1.0"]


def test_the_build_is_pinned_as_the_tests_are():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (builder,) = project["build-system"]["requires"]
    assert f"\n{builder}\n" in (ROOT / "requirements-dev.in").read_text(encoding="utf-8")


def test_a_wheel_knows_its_commit(wheel):
    """Where its files are those of the commit; a checkout that somebody works in has none."""
    with zipfile.ZipFile(wheel) as archive:
        found = [archive.read(name).decode("utf-8") for name in archive.namelist() if name == f"{TREE}/{COMMIT}"]
    assert found == ([] if git("status", "--porcelain") else [f"{git('rev-parse', 'HEAD')[0]}\n"])
    assert not (ROOT / COMMIT).exists()


def test_the_commit_is_that_of_clean_files_alone(tmp_path):
    commit_of = runpy.run_path(str(ROOT / "hatch_build.py"))["commit_of"]
    assert commit_of(tmp_path) == ""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert commit_of(tmp_path) == ""
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", str(tmp_path), *who, "commit", "-q", "--allow-empty", "-m", "One"], check=True)
    assert re.fullmatch("[0-9a-f]{40}", commit_of(tmp_path))
    (tmp_path / "inside").mkdir()
    assert commit_of(tmp_path / "inside") == "", "it belongs to the project around it"
    (tmp_path / "new.txt").touch()
    assert commit_of(tmp_path) == ""


# --- What it does, from a folder that is no checkout ---


def test_the_command_computes_what_the_checkout_does(script, installed, tmp_path):
    code = "import grammar_neurons, core.program; print(core.__file__, core.program.COMMAND, sep='\\n')"
    where, called = run("-c", code, cwd=tmp_path, PYTHONPATH=str(installed)).splitlines()
    assert Path(where) == installed / TREE / "core" / "__init__.py"
    assert called == "grammar-neurons"
    options = ("--preset", "careful", "--layer", "3", "--words", "30", "--csv", "out.csv")
    run(script, "contrast", *options, cwd=tmp_path, PYTHONPATH=str(installed))
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as rows:
        statistics = [float(row["statistic"]) for row in csv.DictReader(rows)]
    expected = run_contrast(ContrastSpec.careful(layer=3, n_target=30, n_baseline=30)).tests.statistic
    assert statistics == pytest.approx(expected.tolist(), rel=1e-4)


@pytest.mark.parametrize("name", ["app", "serve"])
def test_the_command_shows_a_page(name, script, installed, tmp_path):
    """The app with its own settings, though the working directory has none."""
    with class_server({"PYTHONPATH": str(installed)}, command=(script, name), cwd=tmp_path) as server:
        if name == "serve":
            server.until_ready()
        check_page(server)
    assert not list(tmp_path.iterdir())


def check_page(server: ClassServer) -> None:
    with Tab(server.url) as tab:
        sent = tab.run("Neurons", "n_target=20&n_baseline=20")
        (new, *_) = [message.new_session for message in sent if message.WhichOneof("type") == "new_session"]
        assert new.config.toolbar_mode == Config.MINIMAL, "the project's config.toml is not read"
        assert new.custom_theme.base_radius == "0.375rem"
        assert not elements(sent, "exception")
        titles = [heading.body for heading in elements(sent, "heading")]
        assert "Neurons" in titles, titles


def test_another_package_called_core_is_named(installed, tmp_path):
    (tmp_path / "core.py").write_text("")
    code = "import core, sys; sys.path.insert(0, sys.argv[1]); import grammar_neurons"
    done = subprocess.run(
        [sys.executable, "-c", code, str(installed)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "ImportError: Another package called “core” is imported already, from" in done.stderr


# --- The command itself ---


def ended(*arguments: str) -> object:
    """The exit status of the command."""
    with pytest.raises(SystemExit) as caught:
        command.run(arguments)
    return caught.value.code


@pytest.mark.parametrize("arguments", [[], ["--help"], ["help"]])
def test_the_help_names_all_commands(arguments, capsys):
    assert ended(*arguments) == 0
    said = capsys.readouterr().out
    for name in ("app", "serve", "contrast", "text", "evidence", "verify", "check", "download", "repair"):
        assert re.search(rf"^ +(grammar-neurons )?{name} ", said, re.MULTILINE), name
    assert "python -m core" not in said


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("serv", "serve"), ("help servee", "serve"), ("--help apps", "app"), ("contrst", "contrast")],
)
def test_a_misspelt_command(typed, meant, capsys):
    """One sentence with all commands, those of core and the two of this one."""
    assert ended(*typed.split()) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"error: There is no command “{typed.split()[-1]}”; there are contrast, ")
    assert said[0].endswith(f", help, app, serve. Did you mean {meant}?")
    assert said[1:] == ["For help: grammar-neurons --help"]


@pytest.mark.parametrize("typed", ["app --help", "help app", "--help app"])
def test_the_help_of_a_command_is_asked_for_in_three_ways(typed, capsys):
    assert ended(*typed.split()) == 0
    assert capsys.readouterr().out.startswith("usage: grammar-neurons app")


def test_the_app_says_its_version(capsys):
    assert ended("app", "--version") == 0
    assert capsys.readouterr().out == f"{version.version_line('grammar-neurons')}\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("--prot 8600", "--port"), ("--server.prot=1", "--server.port"), ("--versoin", "--version")]
)
def test_a_misspelt_option_of_the_app(typed, meant, capsys):
    """One of its own, or one of Streamlit's: the program that is named is the one that was typed."""
    assert ended("app", *typed.split()) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"error: There is no option {re.split('[ =]', typed)[0]}. Did you mean {meant}?",
        "For help: grammar-neurons app --help",
    ]


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_that_there_is_not(port, capsys):
    assert ended("app", f"--port={port}") == 2
    assert f"--port: got {port}; 1 to 65535 are allowed" in capsys.readouterr().err


def test_the_checkout_has_the_command_too():
    assert run("-m", "grammar_neurons", "app", "--help").startswith("usage: grammar-neurons app")
    assert program.COMMAND == "python -m core"
