"""The generated sections of the documents say what the code says now: else run ``python docs/generate.py``."""

from __future__ import annotations

import pytest

from docs import generate


def test_no_page_is_stale() -> None:
    assert generate.stale() == [], "run python docs/generate.py"


def test_every_section_is_on_a_page() -> None:
    shown = "".join(generate.pages().values())
    assert [name for name in generate.SECTIONS if f"<!-- generated: {name} -->" not in shown] == []


def test_a_stale_page_is_found_and_written(tmp_path, monkeypatch, capsys) -> None:
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    page.write_text("# A page\n\n<!-- generated: numbers -->\nold\n<!-- end -->\n\nThe rest.\n", encoding="utf-8")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setitem(generate.SECTIONS, "numbers", lambda: r"| a \1 | b |")
    assert generate.main(["--check"]) == 1
    assert "docs/page.md is not up to date" in capsys.readouterr().err
    assert generate.main([]) == 0 and generate.main(["--check"]) == 0
    new = "# A page\n\n<!-- generated: numbers -->\n\n| a \\1 | b |\n\n<!-- end -->\n\nThe rest.\n"
    assert page.read_text(encoding="utf-8") == new


def test_a_section_of_another_name_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="nothing"):
        generate.written("<!-- generated: nothing -->\n<!-- end -->\n")
