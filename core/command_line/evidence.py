"""evidence, verify: take one neuron through the checks of a reviewer, and compute an evidence file again."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.command_line.files import add_output, check_files, outputs_of, write_text
from core.command_line.inputs import STDIN, content_of, shown_name, text_of
from core.command_line.options import LARGE, add_contrast_options, fetch_treebank, load
from core.command_line.output import Output, without_repeats
from core.command_line.parser import Parser, add_value, whole_number
from core.command_line.spec import spec_of
from core.command_line.status import DONE, REFUSED, UsageError, advised, status_of, typed
from core.errors import UserError, did_you_mean
from core.records import FAILS, HOLDS, ContrastSpec, GoldText
from core.words.entries import count_of

if TYPE_CHECKING:
    from core.evidence import Subject
    from core.records import Finding

DOES = "Take one neuron through the checks of a careful reviewer, and say what may be claimed."
EXAMPLES = (
    ("All checks of neuron 120 in layer 3 of the bundled model", "{prog} evidence --layer 3 --neuron 120"),
    (
        "One check, kept in a file, and computed again from it",
        "{prog} evidence --neuron 120 --checks both_sides --json evidence.json && {prog} verify evidence.json",
    ),
    ("With a treebank as the text", "{prog} evidence --neuron 120 --checks gold_text --gold ewt"),
)
VERIFIES = "Compute an evidence file again, and name the first number that differs."
VERIFY_EXAMPLES = (
    ("A file that evidence --json has written", "{prog} verify evidence.json"),
    ("With its tagged text in another place", "{prog} verify evidence.json --gold text.conllu"),
)
_GOLD_HELP = "tagged sentences instead of the project's: CoNLL-U files, or ewt or gum, treebanks that are downloaded"
_STYLES = {HOLDS: "good", FAILS: "bad"}


def add(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the parsers of both commands."""
    usage = "%(prog)s --neuron N [OPTIONS]"
    one = commands.add_parser("evidence", help=DOES, does=DOES, examples=EXAMPLES, usage=usage)
    one.set_defaults(command=evidence)
    what = one.add_argument_group("What is checked")
    about = "the neuron's index in the layer, 0-based: 0 is the first"
    add_value(what, "--neuron", convert=whole_number, required=True, metavar="N", help=about)
    about = "some checks, by name or its beginning, such as held_out,gold"
    add_value(what, "--checks", metavar="NAME,NAME", help=about, default="all")
    about = f"{_GOLD_HELP}; - is standard input"
    add_value(what, "--gold", nargs="+", metavar="FILE", help=about, default="the project's sentences")
    about = "write the evidence file, which verify and --spec read; - is standard output"
    add_output(what, "--json", "json", help=about)
    add_contrast_options(one)
    one.add_other_options()

    usage = "%(prog)s FILE [OPTIONS]"
    two = commands.add_parser("verify", help=VERIFIES, does=VERIFIES, examples=VERIFY_EXAMPLES, usage=usage)
    two.set_defaults(command=verify)
    about = "written by evidence --json FILE; - is standard input"
    two.add_argument("evidence_file", metavar="FILE", help=about)
    add_value(two, "--gold", nargs="+", metavar="FILE", help="where its CoNLL-U files are now", default="as in FILE")
    two.add_other_options()


def evidence(options: argparse.Namespace) -> int:
    """Run the checks of one neuron, print the verdicts and the claim, and write the evidence file.

    Return 1 if a check could not be run for now, as when memory runs out, and 3 if the network was missing: it is
    written as not run.
    """
    from core.evidence.document import document_text, evidence_document

    output, checks = options.output, _checks(options.checks or "all", options.output)
    check_files(options, outputs_of(options))
    gold = without_repeats(options.gold or [], "--gold", output, os.path.abspath)
    subject = _subject(options, spec_of(options, output), options.neuron, gold)
    shown = not (output.quiet and options.json)
    findings, status = _run(subject, checks, output, shown=shown)
    document = evidence_document(subject, findings, gold)
    if shown:
        output.show(f"\n{document['claim']}")
    write_text(output, options.json, lambda: document_text(document), "the evidence")
    return status


def verify(options: argparse.Namespace) -> int:
    """Compute an evidence file again. Return 1 if a number, a word list, the text or the model is another."""
    from core.evidence import document as documents

    output, file = options.output, shown_name(options.evidence_file)
    check_files(options, [])
    content = content_of(options.evidence_file, file)
    try:
        text = text_of(content, file)
    except UserError:
        raise UserError(f"{file} is not UTF-8 text; an evidence file is expected.") from None
    kept = documents.read_document(text, file)
    named = kept["gold"]["files"]
    if STDIN in named and not options.gold:
        raise UsageError(f"The tagged text of {file} was read from standard input: --gold FILE names it now.")
    subject = _subject(options, documents.spec_of_document(kept), kept["neuron"], options.gold or named)
    now = documents.evidence_document(subject, {}, named)
    different = documents.differences(*({**each, "checks": {}, "claim": ""} for each in (kept, now)))
    if not different:  # else the numbers are those of something else, and need not be computed
        findings, _ = _run(subject, documents.checks_of_document(kept), output, shown=False)
        now = documents.evidence_document(subject, findings, named)
        different = documents.differences(kept, now)
    for line in documents.other_versions(kept, now):
        output.note(line)
    if different:
        n_more = len(different) - 1
        more = f" {count_of(n_more, 'more value')} {'differs' if n_more == 1 else 'differ'}." if n_more else ""
        output.show(f"{different[0]}{more}")
        return REFUSED
    output.show(f"Every number of {file} is the same.")
    return DONE


def _checks(names: str, output: Output) -> list[str]:
    """The checks that were asked for, each by its name or the beginning of it."""
    from core.evidence import CHECKS

    if names == "all":
        return list(CHECKS)
    found = []
    for name in (part.strip() for part in names.split(",")):
        matching = [check for check in CHECKS if check == name] or [c for c in CHECKS if name and c.startswith(name)]
        if len(matching) != 1:
            near = did_you_mean(name, CHECKS)
            raise UsageError(f"--checks: There is no check “{name}”; there are {', '.join(CHECKS)}, or all.{near}")
        found += matching
    return without_repeats(found, "--checks", output)


def _subject(options: argparse.Namespace, spec: ContrastSpec, neuron: int, gold: Sequence[str]) -> Subject:
    from core.evidence import read_subject

    with typed():
        options.limits.check_counts(spec)
    text = _gold(options, gold)  # before the model, which takes longer
    lm, store = load(options, spec.model, spec.dtype), options.folders.disk_store(min_bytes=LARGE)
    downloads, progress = options.folders.downloads(), options.output.progress
    return read_subject(spec, neuron, lm, gold=text, downloads=downloads, progress=progress, store=store)


def _gold(options: argparse.Namespace, files: Sequence[str]) -> GoldText | None:
    """The gold-tagged text of some files or treebanks; None for the project's own."""
    from core.words import TREEBANKS, joined_gold, read_conllu

    if not files:
        return None
    contents = [fetch_treebank(options, file) if file in TREEBANKS else _tagged(file) for file in files]
    names = [Path(shown_name(file)).name for file in files]
    return joined_gold([read_conllu(content, name) for content, name in zip(contents, names, strict=True)])


def _tagged(file: str) -> bytes:
    from core.words import TREEBANKS

    if file != STDIN and "\0" not in file and not os.path.lexists(file):
        kinds = f"--gold takes files, or {' or '.join(TREEBANKS)}"
        near = did_you_mean(file, TREEBANKS)
        raise UsageError(f"There is no file {file} with tagged sentences; {kinds}.{near}")
    return content_of(file, f"{shown_name(file)!r} with tagged sentences")


def _run(subject: Subject, checks: Sequence[str], output: Output, shown: bool) -> tuple[dict[str, Finding], int]:
    """Run some checks, and show each verdict. A check that cannot be run for now is left out, and gives the status."""
    from core.evidence import run_check

    findings, status = {}, DONE
    for k, name in enumerate(checks):

        def watch(share: float, message: str, done: int = k, name: str = name) -> None:
            output.progress(min((done + share) / len(checks), 0.999), f"{name}: {message}")

        try:
            findings[name] = run_check(name, subject, watch)
        except UserError as error:
            output.note(f"{name} was not run: {advised(error)}")
            status = max(status, status_of(error))
            continue
        if shown:
            found = findings[name]
            verdict = f"{found.verdict:<18}"
            output.show(f"{verdict} {name:<16} {found.sentence}", _STYLES.get(found.verdict, ""), len(found.verdict))
    return findings, status
