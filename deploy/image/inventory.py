"""List what is installed, and its licences: a software bill of materials, and the notices that licences ask for.

    python deploy/image/inventory.py FOLDER          # from the app's folder

Writes FOLDER/sbom.cdx.json (CycloneDX 1.6) and FOLDER/THIRD-PARTY-NOTICES of the environment that runs this: the
packages of requirements.txt that are really there, Python, the app's own word lists, texts and model, and what is baked
into the image (`HF_HOME`, `GRAMMAR_NEURONS_SEED`). The same environment gives the same bytes: there is no time in it.

The image's build hands over pip's reports, which name the file that each package came from, and its hash; and it asks
that nothing else be installed:

    python inventory.py FOLDER --nothing-else --report torch.json --report rest.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import sys
import uuid
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

APP = Path.cwd()
LOCKS = ("requirements.txt", "requirements-cuda.txt")

# SPDX's names of licences, for what packages wrote before these were the rule, and for what is ours.
_SPDX = {
    **{name: name for name in ("CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "PSF-2.0")},
    "Apache 2.0": "Apache-2.0",
    "Apache 2.0 License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "CC BY 4.0": "CC-BY-4.0",
    "ISC License": "ISC",
    "MIT": "MIT",
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "MPL-2.0": "MPL-2.0",
    "MPL-2.0 AND MIT": "MPL-2.0 AND MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
_LICENCE_FILE = re.compile(r"(LICEN[CS]E|NOTICE|COPYING|AUTHORS)", re.IGNORECASE)
# The repository's own data, below assets/ -> (what it is to CycloneDX, licence). The READMEs there say the same.
OWN = {
    "words": ("data", "MIT"),
    "texts": ("data", "MIT"),
    "pictures": ("data", "MIT"),
    "gold": ("data", "CC0-1.0"),
    "prose": ("data", "CC0-1.0"),
    "models/grammar-neo-9m": ("machine-learning-model", "CC-BY-4.0"),
}

Component = dict[str, Any]


def packages(lock: Iterable[Path], reports: Iterable[Path]) -> Iterator[tuple[metadata.Distribution, Component]]:
    """The installed packages that a lock names, in order of their names, each with its component."""
    locked = {name for path in lock for name in locked_names(path.read_text(encoding="utf-8"))}
    files = {name: hashes for path in reports for name, hashes in _hashes(path)}
    for name, found in sorted(installed().items()):
        if name in locked:
            component: Component = {
                "type": "library",
                "bom-ref": f"pkg:pypi/{name}@{found.version}",
                "name": name,
                "version": found.version,
                "purl": f"pkg:pypi/{name}@{found.version.replace('+', '%2B')}",
                "licenses": [_licence(found.metadata)],
            }
            if name in files:
                component["hashes"] = files[name]
            yield found, component


def installed() -> dict[str, metadata.Distribution]:
    """Every package in this environment, by its normalized name."""
    return {_normalized(found.metadata["Name"]): found for found in metadata.distributions()}


def locked_names(text: str) -> set[str]:
    """The packages that a lock names."""
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))


def data(version: str) -> Iterator[Component]:
    """Python, the app's own data, and the models and word lists that an image has baked in."""
    python = f"pkg:generic/python@{platform.python_version()}"
    yield _component("platform", "python", platform.python_version(), "PSF-2.0", python)
    for folder, (kind, licence) in OWN.items():
        name = f"grammar-neurons/{folder}"
        content = [{"alg": "SHA-256", "content": _digest(APP / "assets" / folder)}]
        yield _component(kind, name, version, licence, f"pkg:generic/{name}@{version}") | {"hashes": content}
    for snapshot in sorted(Path(os.environ.get("HF_HOME", "/nowhere"), "hub").glob("models--*/snapshots/*")):
        model = snapshot.parts[-3].removeprefix("models--").replace("--", "/")
        yield _component("machine-learning-model", model, snapshot.name, _licence_of_model(model),
                         f"pkg:huggingface/{model}@{snapshot.name}")  # fmt: skip
    lists = Path(os.environ.get("GRAMMAR_NEURONS_SEED", "/nowhere"), "wordlists")
    if lists.is_dir() and any(lists.iterdir()):
        name = "david47k/top-english-wordlists"
        content = [{"alg": "SHA-256", "content": _digest(lists)}]
        yield _component("data", name, "", "CC-BY-3.0", f"pkg:github/{name}") | {"hashes": content}


def bill(found: list[tuple[metadata.Distribution, Component]], version: str) -> dict[str, Any]:
    """The bill of materials as CycloneDX's JSON has it."""
    components = [component for _, component in found] + list(data(version))
    reference = {component["name"]: component["bom-ref"] for component in components}
    app = _component("application", "grammar-neurons", version, "MIT", f"pkg:generic/grammar-neurons@{version}")
    depends = [{"ref": app["bom-ref"], "dependsOn": sorted(reference.values())}]
    depends += [
        {"ref": component["bom-ref"], "dependsOn": sorted(reference[name] for name in _needs(one) & set(reference))}
        for one, component in found
    ]
    content = {"metadata": {"component": app}, "components": components, "dependencies": depends}
    number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(content, sort_keys=True))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        **content,
    }


def notices(found: list[tuple[metadata.Distribution, Component]], version: str) -> str:
    """Every package and data set with its licence, and the texts that the packages bring; equal texts once."""
    parts = [f"Grammar Neurons {version} is under the MIT licence (LICENSE). What comes with it:\n"]
    for component in data(version):
        parts.append(f"{component['name']} {component['version']}: {licence_name(component)}".replace(" :", ":"))
    parts.append("\nThe base image's own packages have theirs in /usr/share/doc/*/copyright.\n")
    printed: dict[str, str] = {}
    for one, component in found:
        head = f"{component['name']} {component['version']}: {licence_name(component)}"
        parts.append(f"{'=' * 100}\n{head}\n{_page(one.metadata)}")
        texts = list(_texts(one))
        parts.extend(_once(printed, file, text) for file, text in texts)
        if not texts:
            parts.append("The package brings no text of its licence.\n")
    return "\n".join(parts)


def licence_name(component: Component) -> str:
    """What a component says of its licence, as one string."""
    (only,) = component.get("licenses") or [{"expression": "see its page on the hub"}]
    return str(only.get("expression") or only["license"]["name"])


def _once(printed: dict[str, str], file: str, text: str) -> str:
    if text in printed:
        return f"--- {file}: the same text as {printed[text]}\n"
    printed[text] = file
    return f"--- {file}\n\n{text}\n"


def _texts(one: metadata.Distribution) -> Iterator[tuple[str, str]]:
    """(name, text) of the licence files among a package's metadata, in order of their names."""
    files = [file for file in one.files or [] if ".dist-info" in str(file) and _LICENCE_FILE.search(file.name)]
    for file in sorted(files, key=str):
        path = Path(str(one.locate_file(file)))
        if path.is_file():
            yield str(file), path.read_text(encoding="utf-8", errors="replace").strip()


def _licence(about: Any) -> dict[str, Any]:
    """A package's licence: SPDX's expression where it gives one or what it gives is known, else its own words."""
    classifiers = [name for name in about.get_all("Classifier", []) if name.startswith("License :: OSI Approved :: ")]
    stated = [about.get("License-Expression"), about.get("License"), *(n.rpartition(" :: ")[2] for n in classifiers)]
    stated = [text.strip() for text in stated if text and text.strip() not in ("", "UNKNOWN")]
    if about.get("License-Expression"):
        return {"expression": stated[0]}
    known = [text for text in stated if text in _SPDX]
    own_words = stated[-1] if classifiers else stated[0].splitlines()[0] if stated else "not stated"
    return _as_licence(known[0] if known else own_words)


def _as_licence(text: str) -> dict[str, Any]:
    return {"expression": _SPDX[text]} if text in _SPDX else {"license": {"name": text}}


def _licence_of_model(model: str) -> str:
    sys.path.insert(0, str(APP))
    from core.models.catalogue import CATALOGUE

    return CATALOGUE[model].licence if model in CATALOGUE else ""


def _component(kind: str, name: str, version: str, licence: str, purl: str) -> Component:
    component: Component = {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl}
    return component | ({"licenses": [_as_licence(licence)]} if licence else {})


def _hashes(report: Path) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """(package, hashes of the file that it was installed from) for what a report of `pip install --report` names."""
    for item in json.loads(report.read_text(encoding="utf-8"))["install"]:
        hashes = item["download_info"]["archive_info"]["hashes"]
        yield (
            _normalized(item["metadata"]["name"]),
            [{"alg": f"SHA-{kind.removeprefix('sha')}", "content": value} for kind, value in sorted(hashes.items())],
        )


def _needs(one: metadata.Distribution) -> set[str]:
    """The packages that a package needs here, without its extras."""
    needed = map(Requirement, one.requires or [])
    return {_normalized(it.name) for it in needed if it.marker is None or it.marker.evaluate({"extra": ""})}


def _page(about: Any) -> str:
    pages = [text.partition(", ")[2] for text in about.get_all("Project-URL", [])]
    return next(iter(filter(None, [about.get("Home-page"), *pages])), "no page named")


def _digest(folder: Path) -> str:
    """The SHA-256 of a folder's files, names and contents, in order of their names."""
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return hashlib.sha256("".join(sums).encode()).hexdigest()


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: list[str]) -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--locks", type=Path, default=APP, help="the folder of the locks")
    parser.add_argument("--report", type=Path, action="append", default=[], help="a report of pip install")
    parser.add_argument("--version", default="0.1.0", help="the app's version")
    parser.add_argument("--nothing-else", action="store_true", help="fail where a package is not locked")
    options = parser.parse_args(arguments)
    found = list(packages([options.locks / name for name in LOCKS], options.report))
    strange = sorted(set(installed()) - {component["name"] for _, component in found})
    if options.nothing_else and strange:
        raise SystemExit(f"Installed, but in no lock: {', '.join(strange)}.")
    options.folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(bill(found, options.version), indent=1, ensure_ascii=False) + "\n"
    (options.folder / "sbom.cdx.json").write_text(text, encoding="utf-8")
    (options.folder / "THIRD-PARTY-NOTICES").write_text(notices(found, options.version), encoding="utf-8")
    print(f"{len(found)} packages, {len(list(data(options.version)))} other parts")


if __name__ == "__main__":
    main(sys.argv[1:])
