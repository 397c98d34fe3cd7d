"""What readers see is written by core.report.readable alone: no other number format in these folders."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.support.browser import ROOT
from tests.support.sources import sources

PLACES = ("core/report", "core/evidence", "ui")
HOME = "core/report/readable.py"
# A format of Python's that rounds: "{:.2f}", "{:+.3g}", "{:.1%}", "{:g}". Counts ("{:,}", "{:d}") are not meant.
_ROUNDS = re.compile(r"[<>^]?[+ -]?#?\d*,?(?:\.\S+)?[eEfFgG%]")
_FIELD = re.compile(r"(?<!%)\{\w*:([^{}]+)\}")
# One that plotly reads, in a hover ("%{x:.2f}"): it writes a hyphen for the minus sign. printf's ("%.2f") too.
_IN_TEXT = re.compile(r"%\{[^}]*?:([^}]*)\}|%[-+ #]?\d*(?:\.\d+)[eEfFgG]")
# What may stay, and why.
EXCEPTIONS = {
    ("core/report/figures/points.py", "%{customdata[0]:.6~f}"): "an AUC of thousands of points, which has no sign",
    ("core/report/figures/points.py", "%{customdata[1]:.6~f}"): "the same on the other side",
    ("core/report/figures/points.py", "%{customdata[2]:.1%}"): "a share of thousands of points, which has no sign",
    ("core/report/figures/points.py", "%{customdata[3]:.1%}"): "the same of the other class",
    ("core/report/figures/agreement.py", "%{customdata[0]:.6~f}"): "an AUC of thousands of points, which has no sign",
    ("core/report/figures/agreement.py", "%{customdata[1]:.6~f}"): "the same in B",
    ("core/report/figures/agreement.py", "%{customdata:.1%}"): "a share of a thousand points, which has no sign",
    ("core/report/figures/agreement.py", "%{y:.2%}"): "a share of neurons, which has no sign",
    ("core/report/figures/spread.py", ".6g"): "shortens what is sent to the browser, which rounds it once more",
    ("core/report/figures/spread.py", ".0f"): "the path of a drawing",
    ("ui/panels/table.py", "%.2f"): "a column that sorts by its numbers: Streamlit has no format with a true minus",
    ("ui/panels/table.py", "%.3g"): "the same",
    ("ui/panels/table.py", "%.6g"): "an AUC in such a column, which must read neither 0 nor 1",
    ("ui/panels/finder_table.py", "%.2f"): "the same as ui/panels/table.py",
    ("ui/panels/finder_table.py", "%.3g"): "the same",
    ("ui/panels/finder_table.py", "%.6g"): "the same",
    ("ui/sidebar.py", "%.4g"): "what is typed into a box",
    ("ui/panels/compare_choices.py", "%.4g"): "what is typed into a box",
    ("ui/panels/preregister.py", "%.2f"): "what is typed into a box",
    ("ui/panels/lesson_code.py", ".6g"): "a number as the lesson's code prints it",
    ("core/report/notebook/answers.py", ".2g"): "code of the notebook, which does not have readable_number",
    ("core/report/notebook/answers.py", ">10.3g"): "the same",
    ("core/report/notebook/answers.py", ">10.4f"): "the same",
}


def formats(source: str) -> Iterator[str]:
    """All formats of numbers in a file that are not whole numbers'."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            # A nested part, as the digits of f"{x:.{digits}f}", is read as a number.
            spec = "".join(text_of(part) or "0" for part in node.format_spec.values)
            yield from [spec] if _ROUNDS.fullmatch(spec) else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "format":
            yield from (text_of(spec) for spec in node.args[1:] if _ROUNDS.fullmatch(text_of(spec)))
        elif text := text_of(node):
            yield from (found.group() for found in _IN_TEXT.finditer(text) if found.group(1) != "d")
            yield from (spec for spec in _FIELD.findall(text) if _ROUNDS.fullmatch(spec))


def text_of(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def found() -> set[tuple[str, str]]:
    """Each file with each format in it."""
    files = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sources(*PLACES)}
    return {(name, each) for name, text in files.items() if name != HOME for each in formats(text)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('f"{x:.2f} and {n:,} or {x:+.3g}"', [".2f", "+.3g"]),
        ('f"{x:.{digits}f}"', [".0f"]),
        ('f"{share:.1%} {x:g} {x!r} {x:>8} {n:d} {n:02x}"', [".1%", "g"]),
        ('"%{y:.2f} of %{x:d}"', ["%{y:.2f}"]),
        ('f"%{{y:.2f}} of {name}"', ["%{y:.2f}"]),
        ('"{:g}".format(x)', ["g"]),
        ('"%.3g"', ["%.3g"]),
        ('format(x, ".3g")', [".3g"]),
    ],
)
def test_formats_are_found(source: str, expected: list[str]) -> None:
    assert [*formats(source)] == expected


def test_no_number_is_written_elsewhere() -> None:
    assert not found() - EXCEPTIONS.keys(), "write it with core.report.readable, or say in EXCEPTIONS why not"


def test_no_exception_is_for_what_is_gone() -> None:
    assert not EXCEPTIONS.keys() - found(), "take it out of EXCEPTIONS"


def test_no_minus_sign_is_made_elsewhere() -> None:
    made = re.compile(r"""replace\(\s*["']-["'],\s*(?:["']−|MINUS)""")
    files = [path for path in sources(*PLACES) if path != ROOT / HOME]
    assert not [path.name for path in files if made.search(path.read_text(encoding="utf-8"))]


def test_the_number_of_a_neuron_is_a_name_without_a_comma():
    with_comma = re.compile(r"[Nn]euron \{[^{}]*:,\}|\{[\w.]*neuron:,\}")
    assert with_comma.search('f"Neuron {neuron:,} is shown."') and with_comma.search('f"got {self.neuron:,}"')
    files = [path for path in sources(*PLACES, "core/records", "engine") if with_comma.search(path.read_text("utf-8"))]
    assert not files


def test_why_only_one_layer_is_there_is_said_in_one_way():
    files = sources("core", "engine", "ui", "pages")
    said = [path.relative_to(ROOT).as_posix() for path in files if "With so many words" in path.read_text("utf-8")]
    assert said == ["core/report/one_layer.py"]
