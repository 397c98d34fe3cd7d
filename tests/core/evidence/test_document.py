"""Evidence files: what they hold, and that a change of anything is named when they are computed again."""

from __future__ import annotations

import copy
import json

import pytest

from core.__main__ import main
from core.errors import UserError
from core.evidence import CHECKS
from core.evidence.document import differences, other_versions, read_document, spec_of_document
from core.records import ContrastSpec

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


def test_verify_computes_the_same(file, capsys) -> None:
    assert main(["verify", str(file)]) == 0
    assert "Every number" in capsys.readouterr().out


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
        ((["spec", "alpha"], 0.01), None),
        ((["neuron"], 121), "checks."),
    ],
)
def test_a_changed_value_is_named(kept, tmp_path, capsys, change, named) -> None:
    (path, value), place = change, kept
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(kept), encoding="utf-8")
    status, out = main(["verify", str(changed)]), capsys.readouterr().out
    if named is None:  # what follows from another alpha is the same for these checks, or is named
        assert status in (0, 1)
    else:
        assert status == 1
        assert named in out


def test_another_version_is_named_and_alone_is_no_difference(kept, tmp_path, capsys) -> None:
    kept["versions"]["torch"] = "1.0"
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(kept), encoding="utf-8")
    assert main(["verify", str(changed)]) == 0
    assert "versions.torch is 1.0 in the file" in capsys.readouterr().err


def test_last_bits_are_no_difference_but_a_digit_is() -> None:
    kept = {"versions": {"torch": "1"}, "checks": {"x": {"value": 0.5, "n": 3, "interval": [0.1, 0.2]}}}
    now = copy.deepcopy(kept)
    now["checks"]["x"]["value"] = 0.5 * (1 + 1e-8)
    assert differences(kept, now) == []
    now["checks"]["x"]["value"] = 0.50001
    assert len(differences(kept, now)) == 1
    now["versions"]["torch"] = "2"  # other last bits: an AUC may jump by a rank
    assert differences(kept, now) == [] and len(other_versions(kept, now)) == 1
    now["checks"]["x"] = {"value": 0.5, "n": 4, "interval": [0.1, 0.2, 0.3]}
    assert [line.split()[0] for line in differences(kept, now)] == ["checks.x.n", "checks.x.interval"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not an evidence file"),
        ('{"format": 2}', "is not an evidence file"),
    ],
)
def test_another_file_is_refused(text, sentence) -> None:
    with pytest.raises(UserError, match=sentence):
        read_document(text, "a.json")


def test_unknown_checks_and_neurons_are_refused(capsys) -> None:
    assert main(["evidence", "--neuron", "1", "--layer", "3", "--checks", "gold,luck"]) == 2
    assert "There is no check “luck”; there are test_choice, both_sides" in capsys.readouterr().err
    assert main(["evidence", "--neuron", "512", "--layer", "3", "--preset", "careful", "--checks", "input"]) == 2
    assert "Layer 3 has neurons 0 to 511; 512 came." in capsys.readouterr().err


def test_a_missing_or_broken_gold_file_gets_a_sentence(tmp_path, capsys) -> None:
    start = ["evidence", "--neuron", "1", "--layer", "3", "--checks", "gold", "--gold"]
    assert main([*start, str(tmp_path / "none.conllu")]) == 2
    assert "none.conllu: No such file" in capsys.readouterr().err
    (tmp_path / "bad.conllu").write_text("no table\n", encoding="utf-8")
    assert main([*start, str(tmp_path / "bad.conllu")]) == 2
    assert "bad.conllu is not CoNLL-U" in capsys.readouterr().err
