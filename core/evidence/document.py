"""An evidence file: one neuron's findings with all that is needed to compute them again; and its verification.

written = evidence_document(subject, findings, gold_files=())
differences(kept, computed_again)   # one sentence for each value that is another
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import UserError, reason_of
from core.evidence.checks import CHECKS, about
from core.evidence.claim import claim_of
from core.evidence.subject import Subject
from core.records import NOT_RUN, ContrastSpec, Finding, GoldText
from core.records.evidence import plain
from core.records.spec import NAMES
from core.report.manifest import hash_of_text
from core.report.summary import library_versions
from core.words.lists import OWN_LIST

_FORMAT = 1
# How far numbers may be apart, relative to the larger one. The last bits of float32 sums depend on the processor and on
# libraries, and an AUC jumps where two values change places.
_SAME_MACHINE, _OTHER_MACHINE = 1e-6, 2e-3
_NEARLY = 1e-6  # on another machine, numbers also count as equal that differ by less
_NUMBER = re.compile(r"[+−-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
# The parts of a document that its numbers follow from, in the order in which differences are named.
_GIVEN = ("format", "neuron", "spec", "model", "words", "gold")


def evidence_document(
    subject: Subject, findings: Mapping[str, Finding], gold_files: Sequence[str] = ()
) -> dict[str, Any]:
    """The findings about a neuron, and what they were computed from, as an object of JSON.

    Parameters
    ----------
    subject : Subject
    findings : mapping from the name of a check to its finding
        Checks that are missing are written as not run.
    gold_files : sequence of str
        The files of the gold-tagged text; none for the project's own.

    Returns
    -------
    dict
        ``neuron``, ``spec``, ``model``, ``versions``, ``words`` and ``gold`` (with SHA-256), ``checks`` and ``claim``.
    """
    words = subject.result.words
    lists = {"target": (words.target_list, words.target), "baseline": (words.baseline_list, words.baseline)}
    return {
        "format": _FORMAT,
        "neuron": subject.neuron,
        "spec": plain(asdict(subject.spec)),
        "model": _model(subject),
        "versions": {**library_versions(), "processor": subject.result.model.processor},
        "words": {
            side: {"source": one.source, "n": len(used), "sha256": hash_of_text("\n".join(used))}
            for side, (one, used) in lists.items()
        },
        "gold": {"files": list(gold_files), **_gold(subject.gold)},
        "checks": {
            name: findings[name].to_plain() if name in findings else Finding(NOT_RUN, about(name).RULE, "").to_plain()
            for name in CHECKS
        },
        "claim": claim_of(subject.result, subject.neuron, findings),
    }


def read_document(text: str, what: str) -> dict[str, Any]:
    """Read an evidence file; UserError if it is none. ``what`` is its name in the sentence."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or nesting without end
        raise UserError(f"{what} is not JSON: {reason_of(error)}.") from None
    needed = (*_GIVEN, "versions", "checks", "claim")
    if not isinstance(document, dict) or document.get("format") != _FORMAT or not set(needed) <= set(document):
        raise UserError(f"{what} is not an evidence file: an object with {', '.join(needed)} is expected.")
    for name in ("spec", "model", "versions", "words", "gold", "checks"):
        if not isinstance(document[name], dict):
            raise UserError(f"{what} has no object under {name}.")
    checks, files = document["checks"], document["gold"].get("files")
    if not set(checks) <= set(CHECKS) or not all(isinstance(found, dict) for found in checks.values()):
        raise UserError(f"{what} has checks that do not exist, or are no objects; there are {', '.join(CHECKS)}.")
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise UserError(f"{what} has no list of names under gold.files.")
    _bring_up_to_date(document)
    if type(document["neuron"]) is not int:
        raise UserError(f"{what} has {shown(document['neuron'])} as its neuron; a number is expected.")
    return document


def _bring_up_to_date(document: dict[str, Any]) -> None:
    """Change what an earlier version wrote otherwise: no names of lists, another name of their source, fewer checks."""
    document["spec"] = {**dict.fromkeys(NAMES, ""), **document["spec"]}
    for side, its_words in document["words"].items():
        if isinstance(its_words, dict) and its_words.get("source") == "custom list":
            document["words"][side] = {**its_words, "source": OWN_LIST}
    document["checks"] = {name: Finding(NOT_RUN, about(name).RULE, "").to_plain() for name in CHECKS} | document[
        "checks"
    ]


def spec_of_document(document: Mapping[str, Any]) -> ContrastSpec:
    """The experiment of an evidence file; UserError if a field is not allowed."""
    return ContrastSpec.from_json(json.dumps(document["spec"]))


def checks_of_document(document: Mapping[str, Any]) -> list[str]:
    """The checks that were run for an evidence file."""
    return [name for name, found in document["checks"].items() if found.get("verdict") != NOT_RUN]


def differences(kept: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Each value of an evidence file that is another one when it is computed again, in the order of the file.

    Numbers are the same within 1e-6 of their size, counts if they are equal. If the processor or a library is another,
    numbers are the same within 0.002 of their size, or 0.000001, counts also if they differ by one; sentences are
    compared without their numbers, which are rounded from figures, and texts within figures not at all: two contexts
    with nearly one value change places. Other versions alone are no difference (``other_versions`` names them).

    Examples
    --------
    >>> differences({"checks": {"causal": {"value": 0.5}}}, {"checks": {"causal": {"value": 0.25}}})
    ['checks.causal.value is 0.5 in the file, and 0.25 now.']
    """
    elsewhere = bool(other_versions(kept, now))
    parts = [name for name in (*_GIVEN, "checks", "claim") if name in kept]
    return [line for name in parts for line in _compare(kept[name], now.get(name), name, elsewhere)]


def other_versions(kept: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Each library, or the processor, that is another one than in the file."""
    before, after = kept.get("versions", {}), now.get("versions", {})
    names = sorted({*before, *after})
    return [
        f"versions.{printable(name)} is {shown(before.get(name))} in the file, and {shown(after.get(name))} now."
        for name in names
        if before.get(name) != after.get(name)
    ]


def _compare(kept: Any, now: Any, path: str, elsewhere: bool) -> Iterator[str]:
    if isinstance(kept, Mapping) and isinstance(now, Mapping):
        for key in [*kept, *(key for key in now if key not in kept)]:
            yield from _compare(kept.get(key), now.get(key), f"{path}.{printable(key)}", elsewhere)
    elif isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        for i, (one, other) in enumerate(zip(kept, now, strict=True)):
            yield from _compare(one, other, f"{path}[{i}]", elsewhere)
    elif not (_same(kept, now, elsewhere) or (elsewhere and ".figures." in path and _texts(kept, now))):
        yield f"{path} is {shown(kept)} in the file, and {shown(now)} now."


def _same(kept: Any, now: Any, elsewhere: bool) -> bool:
    """Whether two values that hold no others are the same, on this machine or ``elsewhere``."""
    if kept == now and isinstance(kept, bool) == isinstance(now, bool):
        return True
    if isinstance(kept, str) and isinstance(now, str) and elsewhere:
        return " " in kept and _NUMBER.sub("#", kept) == _NUMBER.sub("#", now)  # a digest has no space
    if not all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in (kept, now)):
        return False
    counts = isinstance(kept, int) and isinstance(now, int)
    if counts and not elsewhere:
        return False
    nearly = (1 if counts else _NEARLY) if elsewhere else 0
    try:
        return math.isclose(kept, now, rel_tol=_OTHER_MACHINE if elsewhere else _SAME_MACHINE, abs_tol=nearly)
    except OverflowError:  # an integer that no float holds
        return False


def _texts(kept: Any, now: Any) -> bool:
    return isinstance(kept, str) and isinstance(now, str)


def shown(value: Any) -> str:
    """A value of a file for a terminal, not longer than a few lines, without control characters."""
    written = printable(json.dumps(value, ensure_ascii=False))
    return written if len(written) <= 200 else f"{written[:200]}…"


def printable(text: str) -> str:
    """A text of a file for a terminal: what cannot be printed is escaped.

    Examples
    --------
    >>> print(printable("a" + chr(27) + "[31m"))
    a\\x1b[31m
    """
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _model(subject: Subject) -> dict[str, Any]:
    info = subject.result.model
    return {
        "name": info.name,
        "revision": info.revision,
        "architecture": info.architecture,
        "config_sha256": subject.lm.config_digest,
        "dtype": info.dtype,
        "n_layers": info.n_layers,
        "d_mlp": info.d_mlp,
    }


def _gold(gold: GoldText) -> dict[str, Any]:
    return {"n_sentences": len(gold.sentences), "n_words": gold.n_words, "sha256": gold.digest}


def document_text(document: Mapping[str, Any]) -> str:
    """The text of an evidence file."""
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def write_document(document: Mapping[str, Any], path: Path) -> None:
    """Write an evidence file."""
    path.write_text(document_text(document), encoding="utf-8")
