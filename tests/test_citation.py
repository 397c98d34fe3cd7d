"""CITATION.cff and the issue forms: they are what GitHub reads, and they agree with the rest of the project."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from core import __version__
from tests.support.browser import ROOT

CITATION = ROOT / "CITATION.cff"
FORMS = ROOT / ".github" / "ISSUE_TEMPLATE"


def fits(schema: str, *files: Path) -> bool:
    """Whether files fit a schema that the package check-jsonschema brings along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_citation_fits_its_format(tmp_path):
    assert fits("citation-file-format", CITATION)
    wrong = tmp_path / "CITATION.cff"
    wrong.write_text(CITATION.read_text(encoding="utf-8").replace("authors:", "author:", 1), encoding="utf-8")
    assert not fits("citation-file-format", wrong)


def test_the_citation_says_what_the_package_does():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = read(CITATION)
    assert citation["version"] == __version__
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in project["authors"]]
    assert citation["authors"][0]["name"] == "Grammar Neurons contributors"
    assert citation["license"] == project["license"].split(" AND ")[0] == "MIT"
    assert citation["abstract"] == project["description"]
    assert citation["keywords"] == project["keywords"]
    course = citation["references"][0]
    assert (course["title"], course["authors"][0]["family-names"]) == (
        "A deep understanding of AI language model mechanisms",
        "Cohen",
    )


def test_the_changelog_has_this_version():
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:3] == "## "]
    assert headings[:2] == ["## Unreleased", f"## {__version__}"]


def test_the_issue_forms_fit_their_format():
    forms = [path for path in FORMS.glob("*.yml") if path.name != "config.yml"]
    assert {path.name for path in forms} == {"bug.yml", "question.yml"}
    assert fits("github-issue-forms", *forms)
    assert fits("github-issue-config", FORMS / "config.yml")


@pytest.mark.parametrize("name", ["bug.yml", "question.yml"])
def test_an_issue_asks_for_the_version_and_the_summary(name):
    fields = {field["id"]: field for field in read(FORMS / name)["body"] if "id" in field}
    assert fields["version"]["validations"]["required"] is True
    assert "grammar-neurons --version -v" in fields["version"]["attributes"]["description"]
    assert fields["summary"]["attributes"]["label"] == "Summary JSON"
