"""The bill of materials and the notices that deploy/image/inventory.py writes, of the environment that runs this."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import metadata

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing
from packageurl import PackageURL

from tests.server.test_locks import RUNTIME, locked_here
from tests.support.browser import ROOT
from tests.support.deploy_files import VERSION, instructions, lock_entries


def run(folder, *options, **surroundings):
    """Run the program as the image's build does; (what it did, the bill, the notices)."""
    command = [sys.executable, str(ROOT / "deploy" / "image" / "inventory.py"), str(folder), *map(str, options)]
    kept = {name: value for name, value in os.environ.items() if name not in ("HF_HOME", "GRAMMAR_NEURONS_SEED")}
    done = subprocess.run(
        command, cwd=ROOT, env=kept | surroundings, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        return done, None, None
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("sbom.cdx.json", "THIRD-PARTY-NOTICES")]
    return done, json.loads(texts[0]), texts[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(the bill, the notices, the bill's text)."""
    folder = tmp_path_factory.mktemp("inventory")
    done, bill, notices = run(folder)
    assert done.returncode == 0, done.stderr
    return bill, notices, (folder / "sbom.cdx.json").read_text(encoding="utf-8")


def parts(bill, kind="library"):
    """The components of a kind, by name."""
    return {component["name"]: component for component in bill["components"] if component["type"] == kind}


def test_the_bill_fits_the_schema_of_cyclonedx(made):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made[2]) is None
    broken = made[2].replace('"type": "library"', '"type": "book"', 1)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(broken) is not None


def test_every_package_that_is_locked_is_in_the_bill(made):
    found = {name: component["version"].split("+")[0] for name, component in parts(made[0]).items()}
    assert found == locked_here(RUNTIME)


def test_every_part_has_an_address_and_a_licence(made):
    references = [component["bom-ref"] for component in made[0]["components"]]
    assert len(set(references)) == len(references)
    for component in made[0]["components"]:
        address = PackageURL.from_string(component["purl"])
        assert f"{address.namespace}/{address.name}".removeprefix("None/") == component["name"]
        assert address.version == component["version"]
        (licence,) = component["licenses"]
        if "expression" in licence:
            assert not get_spdx_licensing().validate(licence["expression"], strict=True).errors
        else:  # what a package says in its own words
            assert licence["license"]["name"] == "BSD License", component["name"]


def test_dependencies_are_those_that_packages_name(made):
    needs = {item["ref"]: item["dependsOn"] for item in made[0]["dependencies"]}
    requests = next(ref for ref in needs if ref.startswith("pkg:pypi/requests@"))
    names = {re.match(r"pkg:pypi/(.+)@", ref)[1] for ref in needs[requests]}
    assert names == {"certifi", "charset-normalizer", "idna", "urllib3"}
    (app,) = (item for item in made[0]["dependencies"] if item["ref"].startswith("pkg:generic/grammar-neurons@"))
    assert len(app["dependsOn"]) == len(made[0]["components"])


def test_our_own_data_is_named_with_its_licence(made):
    own = parts(made[0], "data") | parts(made[0], "machine-learning-model")
    folders = {path.name for path in (ROOT / "assets").iterdir()} - {"models"}
    folders |= {f"models/{path.name}" for path in (ROOT / "assets" / "models").iterdir()}
    assert set(own) == {f"grammar-neurons/{folder}" for folder in folders}
    card = (ROOT / "assets/models/grammar-neo-9m/README.md").read_text(encoding="utf-8")
    (licence,) = re.findall(r"^license: (\S+)$", card, re.MULTILINE)
    assert own["grammar-neurons/models/grammar-neo-9m"]["licenses"][0]["expression"].lower() == licence
    for folder in ("gold", "prose"):
        assert "CC0" in (ROOT / "assets" / folder / "LICENSE").read_text(encoding="utf-8")
        assert own[f"grammar-neurons/{folder}"]["licenses"] == [{"expression": "CC0-1.0"}]
    assert {component["version"] for component in own.values()} == {VERSION}


def test_the_notices_have_every_package_and_its_texts(made):
    for name, version in locked_here(RUNTIME).items():
        assert re.search(rf"^{re.escape(name)} {re.escape(version)}(\+\w+)?: \S", made[1], re.MULTILINE), name
    for name in ("requests", "numpy", "torch"):
        files = [file for file in metadata.files(name) if file.name == "LICENSE" and "dist-info" in str(file)]
        assert files
        for file in files:
            assert file.locate().read_text(encoding="utf-8").strip() in made[1]
    assert "models/grammar-neo-9m 0.1.0: CC-BY-4.0" in made[1]


def test_the_same_environment_gives_the_same_bytes(made, tmp_path):
    run(tmp_path)
    assert (tmp_path / "sbom.cdx.json").read_text(encoding="utf-8") == made[2]


def test_what_pip_took_is_named_by_its_hash(tmp_path):
    """pip's own report, of a file of this test; the form that the build hands over."""
    (entry,) = lock_entries((ROOT / RUNTIME).read_text(encoding="utf-8"))["idna"]
    digest = re.findall(r"sha256:(\w+)", entry)[0]
    taken = {"archive_info": {"hash": f"sha256={digest}", "hashes": {"sha256": digest}}, "url": "file:///idna.whl"}
    report = {"version": "1", "install": [{"download_info": taken, "metadata": {"name": "idna", "version": "3"}}]}
    (tmp_path / "report.json").write_text(json.dumps(report))
    _, bill, _ = run(tmp_path, "--report", tmp_path / "report.json")
    assert parts(bill)["idna"]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None
    assert [name for name, component in parts(bill).items() if "hashes" in component] == ["idna"]


def test_what_no_lock_names_ends_the_build(tmp_path):
    done, *_ = run(tmp_path, "--nothing-else")
    assert done.returncode == 1
    assert "in no lock" in done.stderr and "pytest" in done.stderr
    assert not list(tmp_path.iterdir())


def test_what_is_baked_in_is_named(tmp_path):
    (tmp_path / "hub/hub/models--EleutherAI--gpt-neo-125m/snapshots/21def0189f57").mkdir(parents=True)
    (tmp_path / "hub/hub/models--someone--their-model/snapshots/abc").mkdir(parents=True)
    (tmp_path / "seed/wordlists").mkdir(parents=True)
    (tmp_path / "seed/wordlists/nouns.txt").write_text("time\n")
    _, bill, notices = run(tmp_path / "out", HF_HOME=str(tmp_path / "hub"), GRAMMAR_NEURONS_SEED=str(tmp_path / "seed"))
    models = parts(bill, "machine-learning-model")
    assert models["EleutherAI/gpt-neo-125m"]["version"] == "21def0189f57"
    assert models["EleutherAI/gpt-neo-125m"]["licenses"] == [{"expression": "MIT"}]
    assert "licenses" not in models["someone/their-model"]
    assert parts(bill, "data")["david47k/top-english-wordlists"]["licenses"] == [{"expression": "CC-BY-3.0"}]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None
    assert "someone/their-model abc: see its page on the hub" in notices


def test_the_build_makes_both_and_the_last_stage_has_them():
    (step,) = [rest for _, name, rest in instructions() if name == "RUN" and "inventory.py" in rest]
    assert "--nothing-else" in step and step.count("--report") == 2
    assert re.search(r"inventory\.py /opt/grammar-neurons ", step)
    assert "--from=app /opt/grammar-neurons /opt/grammar-neurons" in [rest for _, name, rest in instructions()]
