"""The claim that the checks of a neuron support, with every number filled in, and the words that they refuse."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.evidence.checks import CHECKS, about
from core.records import FAILS, HOLDS, NOT_RUN, UNCLEAR, ContrastResult, Finding
from core.report.readable import readable_auc, readable_number, readable_p
from core.report.sentences import compared, own_and_other, read_as, singular, where
from core.report.sentences import tested as how_tested
from core.stats.correction import LABELS
from core.words import bundled_gold


def claim_of(result: ContrastResult, neuron: int, findings: Mapping[str, Finding]) -> str:
    """A paragraph that a reader may copy.

    It says what was found on the word lists, then only what the verdicts support. Three wordings need a check that
    holds: "tells … from … in running text" needs ``gold_text``, "a noun neuron" needs ``one_versus_rest`` too, and "the
    model uses it" needs ``causal``. Each wording that is refused is named, with the reason.

    Parameters
    ----------
    result : ContrastResult
    neuron : int
        0-based.
    findings : mapping from the name of a check to its finding
        Checks that are missing count as not run.

    Returns
    -------
    str

    Examples
    --------
    >>> from core.experiment import run_contrast
    >>> from core.records import ContrastSpec
    >>> result = run_contrast(ContrastSpec.careful(layer=3, n_target=50, n_baseline=50))
    >>> "“tells nouns from verbs” (gold_text was not run)" in claim_of(result, 120, {})
    True
    """
    verdicts = {name: findings[name].verdict if name in findings else NOT_RUN for name in CHECKS}
    own, other = own_and_other(result, neuron)
    sentences = [_on_word_lists(result, neuron), *(caution.sentence for caution in result.cautions)]
    sentences += _borne((own, other), where(result.spec.hook_side), findings, verdicts)
    sentences += [_listed("Of the other checks, these hold", verdicts, HOLDS)]
    sentences += [_listed("These do not hold", verdicts, FAILS), _listed("Unclear", verdicts, UNCLEAR)]
    sentences += [_refused(wordings(own, other), verdicts)]
    return " ".join(sentence for sentence in sentences if sentence)


def wordings(own: str, other: str) -> dict[str, tuple[str, ...]]:
    """The wordings about two classes that must be supported, and the checks that each needs.

    Examples
    --------
    >>> list(wordings("verbs", "nouns"))
    ['tells verbs from nouns', 'verb neuron', 'the model uses it']
    """
    return {
        f"tells {own} from {other}": ("gold_text",),
        f"{singular(own)} neuron": ("gold_text", "one_versus_rest"),
        "the model uses it": ("causal",),
    }


def _on_word_lists(result: ContrastResult, neuron: int) -> str:
    """What was compared and found on the words, with effect sizes for the neuron's own class."""
    model, g = result.model, float(result.effect_sizes.hedges_g[neuron])
    own, other = own_and_other(result, neuron)
    g = g if result.favours_target(neuron) else -g
    auc, low, high = map(readable_auc, result.own_auc(neuron))
    significant = "significantly" if result.significant[neuron] else "not significantly"
    p = readable_p(float(result.log10_p_adjusted[neuron]))
    about_p = f"p {p}" if result.spec.correction == "none" else f"adjusted p {p}"
    size = f"Hedges' g {readable_number(g)}" if np.isfinite(g) else "Hedges' g not known"
    return (
        f"On word lists ({compared(result)}, read {read_as(result)}), neuron {neuron} of layer {result.spec.layer} of "
        f"{model.name} (revision {model.revision}) is {significant} higher for {own} than for {other}: AUC {auc} (95% "
        f"interval {low} to {high}), {size}, {about_p} ({how_tested(result, LABELS[result.spec.correction])})."
    )


def _borne(
    classes: tuple[str, str], place: str, findings: Mapping[str, Finding], verdicts: Mapping[str, str]
) -> list[str]:
    """A sentence for each wording whose checks hold. ``place`` is before or after the nonlinearity."""
    own, other = classes
    sentences = []
    if verdicts["gold_text"] == HOLDS:
        found = findings["gold_text"]
        name = f", so we call it a {singular(own)} neuron" if verdicts["one_versus_rest"] == HOLDS else ""
        sentences.append(
            f"{place.capitalize()}, it tells {own} from {other} in tagged running text too: {_number(found)}, "
            f"{_where_tagged(found)}{name}."
        )
    if verdicts["causal"] == HOLDS:
        sentences.append(f"The model uses it: {findings['causal'].sentence}")
    return sentences


def _number(found: Finding) -> str:
    if found.value is None or found.interval is None:
        return "AUC not known"
    return f"AUC {readable_auc(found.value)} (95% interval {' to '.join(map(readable_auc, found.interval))})"


def _where_tagged(found: Finding) -> str:
    """The tagged text that a finding is about."""
    numbers = found.numbers
    own = numbers["text"] == bundled_gold().digest
    return (
        f"{numbers['n_own']:,} against {numbers['n_other']:,} words in {numbers['n_sentences']:,} sentences of "
        f"{'this project' if own else 'a tagged text with SHA-256 ' + numbers['text'][:12] + '…'}"
    )


def _listed(what: str, verdicts: Mapping[str, str], verdict: str) -> str:
    """A sentence with the checks that have a verdict; the wordings that are supported have named theirs already."""
    said = ("gold_text", "one_versus_rest", "causal") if verdict == HOLDS else ()
    names = [about(name).TITLE.lower() for name, found in verdicts.items() if found == verdict and name not in said]
    return f"{what}: {', '.join(names)}." if names else ""


def _refused(needs: Mapping[str, tuple[str, ...]], verdicts: Mapping[str, str]) -> str:
    """The wordings that the checks do not support, with the first check that is missing."""
    reasons = []
    for wording, needed in needs.items():
        missing = next((name for name in needed if verdicts[name] != HOLDS), None)
        if missing:
            verdict = verdicts[missing]
            said = {NOT_RUN: "was not run", UNCLEAR: "is unclear"}.get(verdict, verdict)
            reasons.append(f"“{wording}” ({missing} {said})")
    return f"The checks do not support: {'; '.join(reasons)}." if reasons else ""
