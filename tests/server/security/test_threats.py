"""The page on security names for each threat the tests that prove what stops it; each test here stands beside one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.support.browser import ROOT

HERE = ROOT / "tests" / "server" / "security"


def threats() -> list[list[str]]:
    """The rows of the threat table in the page on security: who could try what, what stops it, which tests prove it."""
    lines = (ROOT / "docs" / "explanation" / "security.md").read_text(encoding="utf-8").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("| Who could try what"))
    rows = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def names_in(file: str) -> set[str]:
    """The names of the test functions in a file below tests/; none where there is no such file."""
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_threat_names_tests_that_exist() -> None:
    rows = threats()
    assert len(rows) >= 20
    for row in rows:
        assert len(row) == 3 and all(row), row
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", row[2])
        assert named, f"no test is named for: {row[0]}"
        missing = [f"{file}::{name}" for file, name in named if name not in names_in(file)]
        assert not missing, f"{missing} for: {row[0]}"


def test_every_test_of_this_room_stands_beside_a_threat() -> None:
    named = " ".join(row[2] for row in threats())
    files = sorted(path for path in HERE.glob("test_*.py") if path != Path(__file__))
    assert len(files) >= 5
    alone = []
    for path in files:
        file = path.relative_to(ROOT / "tests").as_posix()
        alone += [name for name in names_in(file) if f"`{file}::{name}`" not in named]
    assert not alone
