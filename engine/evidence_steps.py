"""The steps of the evidence about one neuron: the tagged text, its reading, and a finding of each check.

A request names the neuron (``marked``), the check and the tagged text. Findings are shared by all who ask the same.
They run in the background, one after another (``checks``), and each can be cancelled.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from core.activations import GoldActivations, gold_activations
from core.errors import UserError
from core.evidence import CHECKS, Subject, about, run_check
from core.evidence.document import document_text, evidence_document
from core.progress import Progress, unwatched
from core.records import CUSTOM, IMPOSSIBLE, ContrastResult, ContrastSpec, Finding, GoldText
from core.records.spec import NAMES
from core.report.sentences import capitalised, class_names
from core.words import bundled_gold, read_conllu, treebank
from engine.admission import admitted
from engine.fair_queue import FairQueue
from engine.folders import downloads
from engine.jobs import NotCached, to_the_end
from engine.limits import check_permutations, limits
from engine.pipeline import OWN_GOLD, Request, digest_of, resolve, results_of, step
from engine.sizes import parsing_of_tagged_text, reading_of_tagged_text
from engine.steps import activations, conclusion, model, tests, words, words_uncounted
from engine.turns import gate_of

# --- Keys ---


def _gold_key(request: Request, need: Any) -> Hashable:
    return request.gold.key


def _reading_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    spec = request.spec
    return spec.model, spec.dtype, spec.layer, spec.pooling, spec.prefix, request.gold.key


def _finding_key(request: Request, need: Any) -> tuple[Hashable, ...]:
    return _subject_key(request, need), request.check


def _subject_key(request: Request, need: Any) -> str:
    # A digest: thousands of findings are kept, and each key would have the words of custom lists.
    return digest_of(conclusion.key(_unnamed(request), need), request.marked, request.gold.key)


# --- Names of lists, which change nothing that is computed: findings are kept with others in their place ---

_STAND_INS = ("⟨target⟩", "⟨baseline⟩")
_STAND_IN = re.compile("|".join(_STAND_INS))


def _unnamed(request: Request) -> Request:
    return replace(request, spec=request.spec.unnamed())


def _with_stand_ins(result: ContrastResult) -> ContrastResult:
    return replace(result, spec=result.spec.changed(**dict(zip(NAMES, _STAND_INS, strict=True))))


def _with_names(finding: Finding, spec: ContrastSpec) -> Finding:
    """A finding that says what the spec calls its lists."""
    if CUSTOM not in (spec.target, spec.baseline):
        return finding
    names = dict(zip(_STAND_INS, class_names(spec), strict=True))

    def named(part: Any) -> Any:
        if isinstance(part, str):
            return _STAND_IN.sub(lambda found: names[found.group()], part)
        if isinstance(part, Mapping):
            return {key: named(value) for key, value in part.items()}
        return [named(value) for value in part] if isinstance(part, list) else part

    first = _STAND_IN.match(finding.sentence)
    begins = capitalised(names[first.group()]) if first else ""
    sentence = begins + named(finding.sentence[len(first.group()) if first else 0 :])
    return replace(finding, sentence=sentence, figures=named(finding.figures))


# --- Steps ---


@step(
    _gold_key,
    key_text="the treebank, or a digest of the text",
    entries=6,  # a text of 200,000 words takes 60 MB
)
def gold(request: Request, need: Any, progress: Progress) -> GoldText:
    """The sentences of a tagged text, with the part of speech of each word."""
    source = request.gold
    if source == OWN_GOLD:
        return bundled_gold()
    content = treebank(source.treebank, downloads(), to_the_end(progress)) if source.treebank else source.text
    with admitted(parsing_of_tagged_text(), progress):
        progress(0.0, "Reading the tagged text")
        return read_conllu(content, source.name)


@step(
    _reading_key,
    key_text="model, number format, layer, pooling, beginning-of-text token, the tagged text",
    needs=(model, gold),
    entries=32,
    share=0.2,
)
def gold_reading(request: Request, need: Any, progress: Progress) -> GoldActivations:
    """Every neuron of the spec's layer at every word of the tagged text, on both sides of the nonlinearity."""
    spec, text = request.spec, need(gold)
    with admitted(reading_of_tagged_text(need(model), text), progress):
        gate = gate_of(spec.model, "text", progress)
        how: dict[str, Any] = {"pooling": spec.pooling, "prefix": spec.prefix}
        return gold_activations(need(model), text, spec.layer, **how, progress=progress, gate=gate)


@step(
    _finding_key,
    key_text="a digest of the key of the conclusion without the names of lists, the neuron, the tagged text; the check",
    needs=(model, words, activations, tests, conclusion, gold, gold_reading),
    entries=2048,
)
def finding(request: Request, need: Any, progress: Progress) -> Finding:
    """What one check has found about one neuron."""
    if request.check == "multiplicity":
        try:
            _check_multiplicity(need(conclusion))
        except UserError as error:
            return Finding(IMPOSSIBLE, about(request.check).RULE, str(error))
    subject = _subject(request, need, progress)
    return run_check(request.check, replace(subject, result=_with_stand_ins(subject.result)), progress)


# --- What a page asks ---


def found(request: Request) -> dict[str, Finding]:
    """The findings about the request's neuron that are cached, by the names of their checks, in their order.

    A page asks this every second while checks run. So the metrics do not count it, and the keys are computed once.
    """
    chosen = words_uncounted(request)  # the keys of the findings need them
    subject, findings = _subject_key(request, {words: chosen}.__getitem__), {}
    for name in CHECKS:
        try:
            findings[name] = _with_names(results_of(finding).get((subject, name)), request.spec)
        except NotCached:
            continue
    return findings


def of_check(request: Request, name: str) -> Request:
    """The request of one check of the same neuron.

    Raises
    ------
    UserError
        There is no such check.
    """
    if name not in CHECKS:
        raise UserError(f"There is no check “{name}”; there are {', '.join(CHECKS)}.")
    return replace(request, check=name)


def missing(request: Request) -> list[Request]:
    """The requests of all checks that have no finding yet about the request's neuron, in the order of the checks."""
    done = found(request)
    return [of_check(request, name) for name in CHECKS if name not in done]


def document(request: Request, shown: Iterable[str]) -> bytes:
    """The evidence file of a neuron, as the command line writes it, computed when its button is pressed.

    ``shown`` are the checks whose findings the page shows; others are written as not run.

    Raises
    ------
    UserError
        A finding is no longer kept, or is another one by now, as the word lists come from elsewhere.
    """
    kept = found(request)
    if gone := [name for name in shown if name not in kept]:
        raise UserError(f"What was found by {', '.join(gone)} is no longer kept: run it again.")
    findings = {name: kept[name] for name in shown}
    subject = _subject(request, lambda needed: resolve(needed, request), unwatched)
    files = () if request.gold == OWN_GOLD else (request.gold.name,)
    return document_text(evidence_document(subject, findings, files)).encode()


def _subject(request: Request, need: Any, progress: Progress) -> Subject:
    if request.marked is None:
        raise UserError("No neuron was named.")
    return Subject(
        lm=need(model),
        neuron=request.marked,
        result=need(conclusion),
        activations=need(activations),
        tests=need(tests),
        gold=need(gold),
        read_gold=lambda watch: need(gold_reading),
        gate=gate_of(request.spec.model, "words", progress),
    )


def _check_multiplicity(result: ContrastResult) -> None:
    """Raise UserError if one layer has more values than this server permutes: the check takes one after the other."""
    check_permutations(len(result.words.target) + len(result.words.baseline), result.n_neurons)


def new_queue() -> FairQueue:
    """A queue in which findings are computed."""

    def work(request: Request, progress: Progress) -> Finding:
        return resolve(finding, request, progress)

    return FairQueue(
        work,
        lambda: limits().checks_at_once,
        most=lambda: limits().queue_length,
        what="checks",
        kept_as=lambda request: request.digest,
    )


checks = new_queue()
