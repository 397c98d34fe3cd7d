"""Evidence files: what they hold, and that a change of anything is named when they are computed again."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from core.__main__ import main
from core.errors import UserError
from core.evidence import CHECKS
from core.evidence.document import (
    checks_of_document,
    differences,
    other_versions,
    read_document,
    spec_of_document,
)
from core.records import ContrastSpec
from core.report.json_fields import MODEL, VERSIONS

CHOSEN = "input_grid,multiplicity"
OPTIONS = ["--preset", "careful", "--layer", "3", "--words", "60", "--neuron", "120", "--checks", CHOSEN]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("evidence") / "out.json"
    assert main(["evidence", *OPTIONS, "--json", str(path)]) == 0
    return path


@pytest.fixture
def kept(file):
    return json.loads(file.read_text(encoding="utf-8"))


def written(kept: dict, folder: Path, path: list, value: object) -> Path:
    """The file with another value at a path."""
    place = kept
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    file = folder / "changed.json"
    file.write_text(json.dumps(kept), encoding="utf-8")
    return file


def test_the_contract_of_the_file(kept) -> None:
    assert kept["neuron"] == 120
    assert ContrastSpec(**{k: tuple(v) if isinstance(v, list) else v for k, v in kept["spec"].items()}).layer == 3
    assert {"grammar_neurons", "python", "torch", "numpy"} <= set(kept["versions"])
    assert tuple(kept["checks"]) == CHECKS
    for name, found in kept["checks"].items():
        assert set(found) == {"verdict", "rule", "value", "interval", "figures", "sentence"}
        assert found["rule"]
        assert (found["verdict"] == "not run") == (name not in CHOSEN.split(","))
    assert kept["checks"]["input_grid"]["verdict"] == "holds"
    assert "neuron 120 of layer 3" in kept["claim"]
    assert spec_of_document(kept).n_target == 60


def test_every_field_is_in_the_index_of_numbers(kept) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "numbers.md").read_text(encoding="utf-8")
    index = page.split("## The evidence file\n")[1].split("####")[0]
    both = "words.target, words.baseline"
    found = {name for name in kept} | {f"gold.{name}" for name in kept["gold"]}
    found |= {f"{both}: {name}" for words in kept["words"].values() for name in words}
    found |= {f"checks.NAME.{name}" for check in kept["checks"].values() for name in check}
    assert {name for name in found if f"| `{name}` |" not in index} == set()
    assert set(kept["model"]) - {"config_sha256"} <= set(MODEL)
    assert set(kept["versions"]) - {"processor"} <= set(VERSIONS)


def test_verify_computes_the_same(file, capsys) -> None:
    assert main(["verify", str(file)]) == 0
    assert "Every number" in capsys.readouterr().out


def test_a_file_from_before_a_check_was_added_is_verified(kept) -> None:
    """What it does not know was not run then."""
    assert "causal" not in CHOSEN
    older = {**kept, "checks": {name: found for name, found in kept["checks"].items() if name != "causal"}}
    read = read_document(json.dumps(older), "older.json")
    assert differences(read, kept) == [] and "causal" not in checks_of_document(read)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ((["checks", "input_grid", "value"], 0.123), "checks.input_grid.value is 0.123 in the file, and 0."),
        ((["checks", "multiplicity", "figures", "added"], 3), "checks.multiplicity.figures.added is 3 in the file"),
        (
            (["checks", "input_grid", "verdict"], "unclear"),
            'checks.input_grid.verdict is "unclear" in the file, and "ho',
        ),
        ((["checks", "input_grid", "figures", "ways", 2, "auc"], 0.5), "checks.input_grid.figures.ways[2].auc is 0.5"),
        ((["words", "target", "sha256"], "0" * 64), "words.target.sha256"),
        ((["gold", "sha256"], "0" * 64), "gold.sha256"),
        ((["model", "revision"], "other"), "model.revision"),
        ((["model", "config_sha256"], "other"), "model.config_sha256"),
        ((["claim"], "It is a noun neuron."), "claim is"),
        ((["spec", "alpha"], 1e-9), "checks.multiplicity.verdict"),
        ((["checks", "multiplicity", "value"], True), "checks.multiplicity.value is true in the file"),
        ((["checks", "input_grid", "value"], 10**400), "checks.input_grid.value is 1000"),
        ((["neuron"], 121), "checks."),
    ],
)
def test_a_changed_value_is_named(kept, tmp_path, capsys, change, named) -> None:
    file = written(kept, tmp_path, *change)
    assert main(["verify", str(file)]) == 1
    assert named in capsys.readouterr().out


def test_another_version_is_named_and_alone_is_no_difference(kept, tmp_path, capsys) -> None:
    file = written(kept, tmp_path, ["versions", "torch"], "1.0")
    assert main(["verify", str(file)]) == 0
    assert 'versions.torch is "1.0" in the file' in capsys.readouterr().err


HERE = {"versions": {"torch": "1"}, "checks": {"x": {"value": 0.5, "n": 1000, "p": 1e-12, "interval": [0.1, 0.2]}}}
HERE["checks"]["x"]["figures"] = {"token": " a", "n": 3}


def changed(name: str, value: object, **more: object) -> dict:
    now = copy.deepcopy(HERE) | more
    now["checks"]["x"][name] = value
    return now


@pytest.mark.parametrize(
    ("name", "value", "here", "elsewhere"),
    [
        ("value", 0.5 * (1 + 1e-8), True, True),  # last bits
        ("value", 0.50001, False, True),  # an AUC jumps by a rank
        ("value", 0.51, False, False),
        ("n", 1001, False, True),
        ("n", 1004, False, False),
        ("p", 1e-60, False, True),
        ("p", 1e-5, False, False),
        ("interval", [0.1, 0.2, 0.3], False, False),
        ("figures", {"token": " b", "n": 3}, False, True),  # two contexts change places
        ("figures", {"token": " a", "n": 5}, False, False),
        ("figures", {"token": 3, "n": 3}, False, False),
        ("value", None, False, False),
    ],
)
def test_what_counts_as_the_same(name, value, here, elsewhere) -> None:
    assert (differences(HERE, changed(name, value)) == []) == here
    other = changed(name, value, versions={"torch": "2"})
    assert len(other_versions(HERE, other)) == 1
    assert (differences(HERE, other) == []) == elsewhere


def test_sentences_are_compared_without_their_numbers_elsewhere_only() -> None:
    one, other = (
        {"versions": {"torch": "1"}, "claim": f"The AUC is {auc} (−1.5 to 1e-7)."} for auc in ("0.91", "0.92")
    )
    assert len(differences(one, other)) == 1
    assert differences(one, other | {"versions": {}}) == []
    assert len(differences(one, {"versions": {}, "claim": "The mean is 0.91 (−1.5 to 1e-7)."})) == 1
    digests = ({"versions": {"torch": v}, "gold": {"sha256": f"{v}ab"}} for v in "12")
    assert len(differences(*digests)) == 1


def test_what_a_file_writes_to_the_terminal_is_printable() -> None:
    bad = "\x1b[31m\ud800"
    lines = differences({"checks": {bad: bad}}, {"checks": {}}) + other_versions({"versions": {bad: bad}}, {})
    assert len(lines) == 2 and all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not an evidence file"),
        ('{"format": 2}', "is not an evidence file"),
        ("9" * 5_000, "is not JSON"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_another_file_is_refused(text, sentence) -> None:
    with pytest.raises(UserError, match=sentence):
        read_document(text, "a.json")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ((["checks", "causal"], None), "has checks that do not exist, or are no objects"),
        ((["checks", "luck"], {}), "has checks that do not exist"),
        ((["versions"], None), "has no object under versions"),
        ((["spec"], []), "has no object under spec"),
        ((["gold", "files"], 5), "has no list of names under gold.files"),
        ((["gold", "files"], [{}]), "has no list of names under gold.files"),
        ((["neuron"], True), "has true as its neuron"),
        ((["neuron"], "120"), 'has "120" as its neuron'),
        ((["spec", "layer"], "3"), "layer"),
        ((["spec", "model"], "a\0b"), "a"),
        ((["spec", "luck"], 1), "A spec is a JSON object with the fields"),
    ],
)
def test_a_file_with_other_shapes_gets_a_sentence(kept, tmp_path, capsys, change, sentence) -> None:
    file = written(kept, tmp_path, *change)
    assert main(["verify", str(file)]) == 1
    assert sentence in capsys.readouterr().err


def test_a_check_that_runs_out_of_memory_does_not_cost_the_others(tmp_path, capsys, monkeypatch) -> None:
    from core.evidence import input_grid

    def run_out(subject, progress):
        raise UserError("There is not enough memory.", about="memory")

    monkeypatch.setattr(input_grid, "check", run_out)
    path = tmp_path / "out.json"
    assert main(["evidence", *OPTIONS, "--json", str(path)]) == 1
    assert "input_grid was not run: There is not enough memory." in capsys.readouterr().err
    verdicts = {name: found["verdict"] for name, found in json.loads(path.read_text())["checks"].items()}
    assert (verdicts["input_grid"], verdicts["multiplicity"]) == ("not run", "holds")


def test_unknown_checks_and_neurons_are_refused(capsys) -> None:
    assert main(["evidence", "--neuron", "1", "--layer", "3", "--checks", "gold,luck"]) == 2
    assert "There is no check “luck”; there are test_choice, both_sides" in capsys.readouterr().err
    assert main(["evidence", "--neuron", "512", "--layer", "3", "--preset", "careful", "--checks", "input"]) == 2
    assert "Layer 3 has neurons 0 to 511; got 512." in capsys.readouterr().err


def test_a_missing_or_broken_gold_file_gets_a_sentence(tmp_path, capsys) -> None:
    start = ["evidence", "--neuron", "1", "--layer", "3", "--checks", "gold", "--gold"]
    assert main([*start, str(tmp_path / "none.conllu")]) == 2
    assert "none.conllu with tagged sentences; --gold takes files, or ewt or gum." in capsys.readouterr().err
    (tmp_path / "bad.conllu").write_text("no table\n", encoding="utf-8")
    assert main([*start, str(tmp_path / "bad.conllu")]) == 1
    assert "bad.conllu is not CoNLL-U" in capsys.readouterr().err
