"""The benchmarks' own arithmetic and helpers, and two sections end to end on a tiny model."""

from __future__ import annotations

import math
import random
import re
import subprocess
import sys

import pytest

from benchmarks import arithmetic, costs, words
from benchmarks.__main__ import SECTIONS, main
from benchmarks.inputs import ROOT
from benchmarks.models import Shape
from benchmarks.options import Options
from benchmarks.readers import Peer, padded_transformers
from benchmarks.table import Mark, Section, markdown, replace_between, update_page
from benchmarks.timing import Times, number, slope, take_turns
from core.errors import UserError

SHAPE = Shape("by hand", n_layers=2, d_model=3, d_mlp=5, n_heads=1, n_vocab=7, context=11, window=1)


def test_operations_of_a_case_worked_by_hand():
    """Layer 0 sees everything, layer 1 only the token itself; the deepest layer's contraction is not run."""
    # A layer's projections are 4 x 9 = 36 multiply-adds, an expansion or a contraction 15, attention 6 a token seen.
    # The first token needs neither its query nor attention's products, and alone not its key either.
    assert arithmetic.operations(SHAPE, [1], 0) == 2 * (36 - 9 + 15)
    assert arithmetic.operations(SHAPE, [1], 0, n_single=1) == 2 * (36 - 18 + 15)
    assert arithmetic.operations(SHAPE, [1], 1) == 2 * (2 * (36 - 9 + 15) + 15)
    assert arithmetic.operations(SHAPE, [2, 1], 1) == 2 * (3 * 117 - 2 * 2 * 9 + 6 * (2 + 1))
    assert arithmetic.operations(SHAPE, [2, 1], 1, n_single=1) == 2 * (3 * 117 - 3 * 2 * 9 + 6 * (2 + 1))


def test_distinct_prefixes_against_brute_force():
    rng = random.Random(1)
    rows = [[rng.randrange(3) for _ in range(rng.randint(1, 6))] for _ in range(200)]
    found = arithmetic.nodes_by_depth(rows)
    for length in range(1, 7):
        assert found[length - 1] == len({str(row[:length]) for row in rows if len(row) >= length})


def test_first_tokens_that_nothing_follows():
    assert arithmetic.single_tokens([[7], [7], [8], [9, 1], [9], [5, 5]]) == 2


def test_parameters_are_the_published_ones():
    """What the models' cards say, to the last parameter."""
    counts = {model.shape.name: arithmetic.parameters(model.shape) for model in costs.MODELS}
    assert counts == {
        "GPT-Neo 125M": 125_198_592,
        "GPT-Neo 1.3B": 1_315_575_808,
        "GPT-Neo 2.7B": 2_651_307_520,
        "Pythia 6.9B": 6_857_302_016,
    }


def test_costs_of_a_text_are_its_tokens_through_every_layer():
    assert costs.text_operations(SHAPE, 2) == arithmetic.operations(SHAPE, [1, 1], 1)
    assert costs.words_operations(SHAPE, 10) == arithmetic.operations(SHAPE, [10, 1], 1)


def test_every_way_has_its_rounds_and_they_alternate():
    called: list[str] = []
    ways = {name: lambda name=name: called.append(name) for name in "abc"}
    times = take_turns(ways, {"a": 3, "b": 2, "c": 1})
    assert "".join(called) == "abc" + "ba" + "a"
    assert [len(times[name].seconds) for name in "abc"] == [3, 2, 1]


def test_median_spread_and_slope():
    times = Times((3.0, 1.0, 2.5))
    assert times.median == 2.5 and times.spread == "1.00–3.00" and Times((1.0,)).spread == "one run"
    assert slope([1, 10, 100], [2.0, 20.0, 200.0]) == pytest.approx(1.0)
    assert slope([1, 2, 4], [3.0, 12.0, 48.0]) == pytest.approx(2.0)
    assert math.isnan(slope([1, 2], [0.0, 1.0]))
    assert [number(x) for x in (0.01234, 1.234, 12.34, 1234.5)] == ["0.0123", "1.23", "12.3", "1,234"]


def test_marks_and_tables():
    assert str(Mark("speed", 51.0, 50, "×")) == "≥ 50×: met"
    assert str(Mark("memory", 1.6, 1.5, " GB", least=False)) == "≤ 1.5 GB: **missed**"
    assert not Mark("nothing", math.nan, 1).met
    assert markdown(("a", "n"), [("x|y", "1.5"), ("z", "2–3")]) == "| a | n |\n|---|---:|\n| x\\|y | 1.5 |\n| z | 2–3 |"
    with pytest.raises(ValueError, match="2 cells"):
        markdown(("a", "b"), [("x",)])


def test_a_page_is_changed_between_its_markers_only(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- words -->\nold\n<!-- end words -->\nAfter <!-- text --><!-- end text -->\n")
    update_page(page, [Section("words", "Words", ("new",))])
    expected = "Before\n<!-- words -->\n\nnew\n\n<!-- end words -->\nAfter <!-- text --><!-- end text -->\n"
    assert page.read_text() == expected
    with pytest.raises(UserError, match="end growth"):
        replace_between(page.read_text(), "growth", "")


def test_each_section_finds_its_page_in_a_folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.md").write_text(f"{name}\n<!-- {name} -->\n<!-- end {name} -->\n")
    update_page(tmp_path, [Section("b", "B", ("new b",)), Section("a", "A", ("new a",))])
    assert (tmp_path / "a.md").read_text() == "a\n<!-- a -->\n\nnew a\n\n<!-- end a -->\n"
    assert "new b" in (tmp_path / "b.md").read_text() and "new a" not in (tmp_path / "b.md").read_text()
    with pytest.raises(UserError, match="<!-- c -->"):
        update_page(tmp_path, [Section("a", "A", ("newer",)), Section("c", "C", ("",))])
    assert "newer" not in (tmp_path / "a.md").read_text()
    (empty := tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no page in"):
        update_page(empty, [])


def test_the_results_have_a_place_for_every_section():
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "benchmarks" / "results").glob("*.md"))
    for name in SECTIONS:
        assert "| new |" in replace_between(pages, name, "| new |")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    from tests.support.tiny_models import save_tiny

    return save_tiny("gpt_neo", tmp_path_factory.mktemp("benchmarks"))


def test_words_and_text_run_from_the_command_line(small, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(words, "PEERS", ())
    page = tmp_path / "page.md"
    page.write_text("".join(f"<!-- {name} -->\n<!-- end {name} -->\n" for name in ("words", "costs")))
    assert main(["words", "costs", "--quick", "--model", str(small), "--out", str(page)]) == 0
    said = capsys.readouterr().out
    assert "the notebook's loop" in said and "distinct prefixes" in said and "marks are met" in said
    assert "the notebook's loop" in page.read_text() and "Pythia 6.9B" in page.read_text()


def test_other_values_are_found_and_an_absent_library_told(small):
    def wrong(folder):
        right = padded_transformers(folder)
        return lambda ids, mask, layers: [value + 0.01 for value in right(ids, mask, layers)]

    peers = (Peer("right", padded_transformers), Peer("wrong", wrong), Peer("absent", wrong, "no-such-package"))
    section = words.section(Options(True, small), peers)
    assert section.wrong and all(sentence.startswith("wrong") for sentence in section.wrong)
    assert "absent: not installed (benchmarks/requirements.txt)" in str(section)


@pytest.mark.parametrize(("wrong", "code"), [((), 0), (("Other values.",), 1)])
def test_wrong_values_make_the_exit_code(wrong, code, monkeypatch, capsys):
    monkeypatch.setattr(costs, "section", lambda options: Section("costs", "Costs", ("table",), wrong=wrong))
    assert main(["costs", "--quick"]) == code
    assert ("Other values." in capsys.readouterr().out) == bool(wrong)


def test_a_mistake_is_one_sentence(tmp_path, capsys):
    assert main(["words", "--quick", "--model", str(tmp_path)]) == 2
    assert "holds no model" in capsys.readouterr().err


def test_what_pages_import_loads_no_heavy_library():
    """In a fresh process, all that app.py and the pages import of ours: neither torch nor transformers comes along."""
    pages = [ROOT / "app.py", *(ROOT / "pages").glob("*.py")]
    lines = {line for page in pages for line in re.findall(r"^from (?:ui|core).*import.*$", page.read_text(), re.M)}
    code = "\n".join([*sorted(lines), "import sys; print(*{'torch', 'transformers'} & set(sys.modules))"])
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert lines and done.stdout.strip() == ""
