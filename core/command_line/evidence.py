"""evidence, verify: take one neuron through the checks of a reviewer, and compute an evidence file again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.command_line.options import (
    LARGE,
    add_contrast_options,
    cannot_be_read,
    check_can_write,
    fetch_treebank,
    load,
    show_share,
    spec_of,
)
from core.errors import UserError
from core.records import ContrastSpec, GoldText
from core.words.entries import count_of

if TYPE_CHECKING:
    from core.evidence import Subject
    from core.records import Finding

_GOLD_HELP = "CoNLL-U instead of the project's sentences: files, or ewt or gum, treebanks that are downloaded"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parsers of both commands."""
    one = commands.add_parser("evidence", help="take one neuron through the checks of a careful reviewer")
    one.set_defaults(command=evidence)
    add_contrast_options(one)
    one.add_argument("--neuron", type=int, required=True, help="its index in the layer")
    one.add_argument("--checks", default="all", metavar="NAME,NAME", help="all, or some, such as gold,held_out")
    one.add_argument("--gold", nargs="+", default=[], metavar="FILE", help=_GOLD_HELP)
    one.add_argument("--json", type=Path, help="write the evidence file")

    two = commands.add_parser("verify", help="compute an evidence file again, and name the first number that differs")
    two.set_defaults(command=verify)
    two.add_argument("file", type=Path, metavar="FILE", help="written by: evidence --json FILE")
    two.add_argument("--gold", nargs="+", metavar="FILE", help="where its CoNLL-U files are now")


def evidence(options: argparse.Namespace) -> int:
    """Run the checks of one neuron, print the verdicts and the claim, and write the evidence file.

    Return 1 if a check could not be run for now, as when memory runs out: it is written as not run.
    """
    from core.evidence.document import evidence_document, write_document

    checks = _checks(options.checks)
    check_can_write(options.json)
    subject = _subject(options, spec_of(options), options.neuron, options.gold)
    findings = _run(subject, checks, shown=True)
    document = evidence_document(subject, findings, options.gold)
    print(f"\n{document['claim']}")
    if options.json:
        write_document(document, options.json)
        print(f"Wrote the evidence to {options.json}")
    return 0 if len(findings) == len(checks) else 1


def verify(options: argparse.Namespace) -> int:
    """Compute an evidence file again. Return 1 if a number, a word list, the text or the model is another."""
    from core.evidence import document as documents

    try:
        kept = documents.read_document(options.file.read_text(encoding="utf-8"), str(options.file))
    except UnicodeDecodeError:
        raise UserError(f"{options.file} is not UTF-8 text; an evidence file is expected.") from None
    named = kept["gold"]["files"]
    subject = _subject(options, documents.spec_of_document(kept), kept["neuron"], options.gold or named)
    now = documents.evidence_document(subject, {}, named)
    different = documents.differences(*({**each, "checks": {}, "claim": ""} for each in (kept, now)))
    if not different:  # else the numbers are those of something else, and need not be computed
        findings = _run(subject, documents.checks_of_document(kept), shown=False)
        now = documents.evidence_document(subject, findings, named)
        different = documents.differences(kept, now)
    for line in documents.other_versions(kept, now):
        print(f"note: {line}", file=sys.stderr)
    if different:
        n_more = len(different) - 1
        more = f" {count_of(n_more, 'more value')} {'differs' if n_more == 1 else 'differ'}." if n_more else ""
        print(f"{different[0]}{more}")
        return 1
    print(f"Every number of {options.file} is the same.")
    return 0


def _checks(names: str) -> list[str]:
    """The checks that were asked for, each by its name or the beginning of it."""
    from core.evidence import CHECKS

    if names == "all":
        return list(CHECKS)
    found = []
    for name in (part.strip() for part in names.split(",")):
        matching = [check for check in CHECKS if check == name] or [c for c in CHECKS if name and c.startswith(name)]
        if len(matching) != 1:
            raise UserError(f"There is no check “{name}”; there are {', '.join(CHECKS)}, or all.")
        found += matching
    return list(dict.fromkeys(found))


def _subject(options: argparse.Namespace, spec: ContrastSpec, neuron: int, gold: Sequence[str]) -> Subject:
    from core.evidence import read_subject

    options.limits.check_counts(spec)
    text = _gold(options, gold)  # before the model, which takes longer
    lm, store = load(options, spec.model, spec.dtype), options.folders.disk_store(min_bytes=LARGE)
    downloads = options.folders.downloads()
    return read_subject(spec, neuron, lm, gold=text, downloads=downloads, progress=show_share, store=store)


def _gold(options: argparse.Namespace, files: Sequence[str]) -> GoldText | None:
    """The gold-tagged text of some files or treebanks; None for the project's own."""
    from core.words import TREEBANKS, joined_gold, read_conllu

    if not files:
        return None
    contents = [fetch_treebank(options, file) if file in TREEBANKS else _content(file) for file in files]
    return joined_gold([read_conllu(content, Path(file).name) for file, content in zip(files, contents, strict=True)])


def _content(file: str) -> bytes:
    from core.words import TREEBANKS

    try:
        return Path(file).read_bytes()
    except FileNotFoundError:
        raise UserError(
            f"There is no file {file} with tagged sentences; --gold takes files, or {' or '.join(TREEBANKS)}."
        ) from None
    except (OSError, ValueError) as error:
        raise cannot_be_read(f"{file!r} with tagged sentences", error) from None


def _run(subject: Subject, checks: Sequence[str], shown: bool) -> dict[str, Finding]:
    """Run some checks, and print each verdict as it comes. A check that cannot be run for now is left out."""
    from core.evidence import run_check

    findings = {}
    for k, name in enumerate(checks):

        def watch(share: float, message: str, done: int = k, name: str = name) -> None:
            show_share(min((done + share) / len(checks), 0.999), f"{name}: {message}")

        try:
            findings[name] = run_check(name, subject, watch)
        except UserError as error:
            print(f"note: {name} was not run: {error}", file=sys.stderr)
            continue
        if shown:
            if sys.stderr.isatty():
                print("\r\033[K", end="", file=sys.stderr, flush=True)
            print(f"{findings[name].verdict:<18} {name:<16} {findings[name].sentence}", flush=True)
    return findings
