"""Write the generated sections of the documents: ``python docs/generate.py``; with ``--check``, name stale pages.

A section stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``. What makes it lies where its data lie; this
script only puts the sections into the pages. To add one, add a line to ``SECTIONS`` and the two marks to a page.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from docs import sentences  # noqa: E402 - the line above finds it

_MARKED = re.compile(r"(<!-- generated: (?P<name>[^>]+) -->\n)(?P<content>.*?)(<!-- end -->)", re.S)


def _from(path: str) -> Callable[[], str]:
    """The function ``module.function``, imported when it is called."""
    module, _, function = path.rpartition(".")
    return lambda: str(getattr(import_module(module), function)())


def _command_line() -> str:
    from core.__main__ import parser
    from core.command_line.reference import command_line

    return command_line(parser())


def _steps() -> str:
    from engine.pipeline import table

    for module in sorted((ROOT / "engine").glob("*steps.py")):  # each declares its steps when it is imported
        import_module(f"engine.{module.stem}")

    return table()


def _packages() -> str:
    """Each package with the first line of its docstring."""
    from core.report.markdown import table

    rows = []
    for root in _contracts()["root_packages"]:
        for file in sorted([ROOT / root / "__init__.py", *(ROOT / root).glob("*/__init__.py")]):
            about = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            rows.append((f"`{file.parent.relative_to(ROOT).as_posix()}`", about.partition("\n")[0].replace("``", "`")))
    return table(("package", "what it is"), rows)


def _imports() -> str:
    """Which package may import which, as the contracts of import-linter have it."""
    from core.report.markdown import table

    chains, rows = [], []
    for contract in _contracts()["contracts"]:
        if contract["type"] == "layers":
            within = f"{contract['containers'][0]}: " if "containers" in contract else ""
            chains.append(f"{within}{' → '.join(contract['layers'])}")
        elif contract["type"] == "forbidden":
            rows.append([", ".join(f"`{name}`" for name in contract[f"{which}_modules"]) for which in _SIDES])
    layers = "\n".join(chains)
    return f"```text\n{layers}\n```\n\n{table(('these', 'never import'), rows)}"


_SIDES = ("source", "forbidden")


def _contracts() -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: dict[str, Any] = settings["tool"]["importlinter"]
    return contracts


def _said(section: str) -> Callable[[], str]:
    """The sentences of a section of docs/how-to/troubleshoot.md."""
    return lambda: sentences.said(section)


SECTIONS: dict[str, Callable[[], str]] = {
    "presets": _from("ui.settings_reference.presets_table"),
    "settings": _from("ui.settings_reference.settings_table"),
    "choices on pages": _from("ui.settings_reference.choices_table"),
    "command line": _command_line,
    "exit statuses": _from("core.command_line.reference.exit_statuses"),
    "server variables": _from("engine.variables.as_table"),
    "columns": _from("core.report.columns.columns_table"),
    "figures on pages": _from("core.report.reference.figures_on_pages"),
    "columns of tables": _from("core.report.reference.columns_of_tables"),
    "summary": _from("core.report.reference.summary_fields"),
    "manifest": _from("core.report.reference.manifest_fields"),
    "comparison": _from("core.report.reference.comparison_fields"),
    "registrations": _from("core.report.reference.registration_fields"),
    "evidence": _from("core.evidence.reference.evidence_fields"),
    "terms of the lesson": _from("core.lesson.reference.terms_of_lesson"),
    "answers of the lesson": _from("docs.lesson_answers.answers_section"),
    "models": _from("core.models.catalogue.catalogue_table"),
    "steps": _steps,
    "packages": _packages,
    "imports": _imports,
    **{f"says: {section}": _said(section) for section in sentences.SECTIONS},
}


def written(text: str) -> str:
    """A page's text with all of its sections made anew.

    Raises
    ------
    KeyError
        The page has a section of a name that is not in ``SECTIONS``.
    """
    return _MARKED.sub(lambda found: f"{found[1]}\n{SECTIONS[found['name']]()}\n\n{found[4]}", text)


def pages() -> dict[Path, str]:
    """The pages that have such sections, with their text."""
    texts = {page: page.read_text(encoding="utf-8") for page in sorted(ROOT.glob("docs/**/*.md"))}
    return {page: text for page, text in texts.items() if _MARKED.search(text)}


def stale() -> list[str]:
    """The pages, below the root, that differ from what the code says now."""
    return [page.relative_to(ROOT).as_posix() for page, text in pages().items() if written(text) != text]


def main(arguments: list[str] | None = None) -> int:
    """Run the command. Return 1 if ``--check`` finds a stale page."""
    parser = argparse.ArgumentParser(description="Write the generated sections of the documents.")
    parser.add_argument("--check", action="store_true", help="write nothing; name the pages that are not up to date")
    if parser.parse_args(arguments).check:
        found = stale()
        for name in found:
            print(f"{name} is not up to date: run python docs/generate.py", file=sys.stderr)
        return 1 if found else 0
    for page, text in pages().items():
        if (new := written(text)) != text:
            page.write_text(new, encoding="utf-8")
            print(f"Wrote {page.relative_to(ROOT).as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
