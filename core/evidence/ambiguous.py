"""Does the neuron separate the same form as a noun and as a verb?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.activations import ambiguous_activations
from core.errors import UserError
from core.evidence.gold_words import gold_words
from core.evidence.rules import by_interval
from core.evidence.subject import Subject
from core.progress import Progress, part_of, unwatched
from core.records import CLEAR_AUC, ENOUGH_WORDS, AmbiguousForm, Context, Finding, GoldActivations
from core.report.readable import readable_auc, readable_share
from core.report.sentences import class_names
from core.stats.cluster_bootstrap import auc_interval
from core.stats.effect_intervals import effect_sizes
from core.stats.ttest import paired_ttest
from core.words import ambiguous_forms

PLACE = 120
TITLE = "The same form as noun and as verb"
QUESTION = "Does the neuron separate “the walk” from “they walk”, where the word is the same?"
RULE = (
    f"Holds if the 95% interval of the AUC for its own class, over forms that are both noun and verb, is at or above "
    f"{CLEAR_AUC}; does not hold if it is below; else unclear."
)
VALUE = "AUC"
LIMITS = (
    "A causal model sees only what comes before: it can know the class of such a form from these words alone, so the "
    "neuron may follow the context and not the form. The same difference at the word before the form shows how much."
)


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Compare the neuron at the same forms as nouns and as verbs, in sentences written for it and in tagged text.

    A form's value in a class is the mean over its tokens, and over its contexts of this class (the spec's pooling does
    not count). The tests are paired by form: Student (1908); g_z is Hedges' g of the differences (1981).

    Returns
    -------
    Finding
        ``value`` is the AUC of the forms in the neuron's own class over the forms in the other one; ``interval`` its
        95% interval, from draws of whole forms. ``figures``:

        ``own``, ``other``
            The names of both classes.
        ``at_form``, ``before_form``
            At the form, and at the word before it: ``n_forms``, ``difference`` (mean, own minus other), ``t``,
            ``degrees_of_freedom``, ``p``, ``g_z`` with ``g_z_low`` and ``g_z_high``, ``share`` of the forms that are
            higher in the own class (an equal one counts one half), and ``auc`` with ``low`` and ``high``.
        ``added``
            What the form adds: its difference minus that at the word before, in the same numbers but the AUC.
        ``text``
            As ``at_form``, for the forms that the tagged text has in both classes; None if these are fewer than 10. A
            token of the text has the value of the spec's pooling here: the mean over its tokens, or the last one's.
        ``forms``
            For each form its name (``form``) and its values: ``own``, ``other``, ``before_own``, ``before_other``.

    Raises
    ------
    UserError
        The classes are not nouns and verbs.
    """
    if not subject.has_tags or {subject.own, subject.other} != {"nouns", "verbs"}:
        compared = " and ".join(class_names(subject.spec))
        raise UserError(f"The forms are nouns and verbs; {compared} are compared here.")
    forms = ambiguous_forms()
    own, other = _read(subject, forms, part_of(progress, 0.0, 0.2))
    before_own, before_other = _read(subject, _words_before(forms), part_of(progress, 0.2, 0.4))
    gold = subject.read_gold(part_of(progress, 0.4, 0.9))
    progress(0.95, "Comparing forms that are both noun and verb")
    seed = subject.spec.seed
    at_form = {**_paired(own, other), **_separated(own, other, seed)}
    text = _in_text(subject, gold)
    columns = {"own": own, "other": other, "before_own": before_own, "before_other": before_other}
    figures = {
        "own": subject.own,
        "other": subject.other,
        "at_form": at_form,
        "before_form": {**_paired(before_own, before_other), **_separated(before_own, before_other, seed)},
        "added": _paired(own - other, before_own - before_other),
        "text": None if text is None else {**_paired(*text), **_separated(*text, seed)},
        "forms": [
            {"form": form.form, **{name: values[k] for name, values in columns.items()}} for k, form in enumerate(forms)
        ],
    }
    low, high = at_form["low"], at_form["high"]
    return Finding(by_interval(low, high), RULE, _sentence(figures), at_form["auc"], (low, high), figures)


def _read(subject: Subject, forms: Sequence[AmbiguousForm], progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """The neuron at each form in its own class and in the other one: float64 (n_forms,) twice."""
    how: dict[str, Any] = {"side": subject.side, "prefix": subject.spec.prefix}
    read = ambiguous_activations(subject.lm, forms, [subject.layer], progress=progress, gate=subject.gate, **how)
    # [1, n_forms, 2, d_mlp] -> [n_forms, 2], nouns first
    nouns, verbs = subject.spec.tested_by.compared(read[0, :, :, subject.neuron]).astype(np.float64).T
    return (nouns, verbs) if subject.own == "nouns" else (verbs, nouns)


def _words_before(forms: Sequence[AmbiguousForm]) -> list[AmbiguousForm]:
    """The same sentences, with the place of the word before the form."""
    return [
        AmbiguousForm(form.form, tuple(map(_before, form.nouns)), tuple(map(_before, form.verbs))) for form in forms
    ]


def _before(context: Context) -> Context:
    """A context with the place of the word before its form: what stands between the last two spaces before it."""
    word = re.search(r"\S+(?=\s*$)", context.before)
    if word is None:
        raise UserError(f"No word stands before the form in “{context.sentence}”.")
    return Context(context.sentence, *word.span())


def _in_text(subject: Subject, gold: GoldActivations) -> tuple[np.ndarray, np.ndarray] | None:
    """The mean values of the forms that a text has in both classes, float64 (n_forms,) twice; None if too few."""
    words = gold_words(subject, gold, subject.tags(subject.own), subject.tags(subject.other))
    forms = np.array([gold.words[k].form.lower() for k in words.place])
    both = np.intersect1d(forms[words.is_own], forms[~words.is_own])
    if len(both) < ENOUGH_WORDS:
        return None
    values = words.values.astype(np.float64)
    own, other = (
        np.array([values[(forms == form) & (words.is_own == is_own)].mean() for form in both])
        for is_own in (True, False)
    )
    return own, other


def _paired(one: np.ndarray, other: np.ndarray) -> dict[str, Any]:
    """The paired test of two values of each form (n_forms,)."""
    columns = one[:, None], other[:, None]
    tests, sizes = paired_ttest(*columns), effect_sizes(*columns, paired=True)
    return {
        "n_forms": len(one),
        "difference": tests.mean_difference[0],
        "t": tests.statistic[0],
        "degrees_of_freedom": tests.degrees_of_freedom[0],
        "p": tests.p_value[0],
        "g_z": sizes.hedges_g[0],
        "g_z_low": sizes.hedges_g_low[0],
        "g_z_high": sizes.hedges_g_high[0],
        "share": float(((one > other) + 0.5 * (one == other)).mean()),
    }


def _separated(one: np.ndarray, other: np.ndarray, seed: int) -> dict[str, float]:
    """The AUC of the forms in one class over the forms in the other one; both values of a form are drawn together."""
    n = len(one)
    is_one = np.arange(2 * n) < n
    auc, low, high = auc_interval(np.concatenate([one, other]), is_one, np.arange(2 * n) % n, seed=seed)
    return {"auc": auc, "low": low, "high": high}


def _sentence(figures: dict[str, Any]) -> str:
    """What is found at the form, and how much of it is there already at the word before."""
    form, before, added = figures["at_form"], figures["before_form"], figures["added"]
    own, other = figures["own"], figures["other"]
    size = "larger" if added["g_z_low"] > 0 else "smaller" if added["g_z_high"] < 0 else "about as large"
    low, high = (readable_auc(form[name]) for name in ("low", "high"))
    return (
        f"{readable_share(form['share'])} of {form['n_forms']} forms are higher as {own} than as {other}: AUC "
        f"{readable_auc(form['auc'])} (95% interval {low} to {high}). A causal model sees only what comes before: at "
        f"the word before the form, the AUC is {readable_auc(before['auc'])}, and the difference at the form is {size}."
    )
