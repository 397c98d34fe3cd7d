"""Step 6: why correct. With shuffled labels there is nothing to find, and yet some p-values are small."""

from __future__ import annotations

import numpy as np

from core.comparison import chance_seed
from core.errors import UserError
from core.lesson import lines
from core.lesson.step import Live, Number, Options, Reveal, Step
from core.lesson.t_test import check_has_lines
from core.records import ContrastSpec, ShuffledPoints
from core.records.spec import SIDES
from core.report.readable import as_chosen, readable_number, readable_share
from core.report.sentences import STRONG_FROM

_DEAL = """\
# Deal the lemmas to two groups at random, as many words to each as before.
names = [lemma.casefold() for lemma in TARGET_LEMMAS + BASELINE_LEMMAS]
lemma_of_word = np.unique(names, return_inverse=True)[1]
n_forms = np.bincount(lemma_of_word)
rng = np.random.default_rng(SEED)
for _ in range(200):  # until a random order has just as many words in its first lemmas
    order = rng.permutation(len(n_forms))
    miss = np.abs(n_forms[order].cumsum()[:-1] - len(target_words))
    if miss.min() == 0:
        break
in_first = np.isin(lemma_of_word, order[: miss.argmin() + 1])

values = np.concatenate([target_values, baseline_values], axis=1)[at]  # [word, neuron]"""
_GROUPS = """\
first, second = values[in_first], values[~in_first]"""
_PAIRED = """\
place = np.concatenate([np.arange(len(target_words)), np.arange(len(baseline_words))])
by_place = np.argsort(place, kind="stable")  # pairs are of words that are as frequent
n = min(in_first.sum(), (~in_first).sum())
first, second = (values[by_place[group[by_place]]][:n] for group in (in_first, ~in_first))"""
_FORMS = """\
words_lemma = np.array(TARGET_LEMMAS + BASELINE_LEMMAS)
first, second = (
    mean_of_forms(values[None, group], words_lemma[group])[0] for group in (in_first, ~in_first)
)"""
_PRINT = """\
p_by_chance = p_of(first, second)
print(100 * np.mean(p_by_chance[np.isfinite(p_value[at])] <= ALPHA))  # percent, with no correction"""


def _guess(spec: ContrastSpec) -> Options:
    return Number(0, 100, whole=True, unit="%")


def _reveal(live: Live) -> Reveal:
    shuffled: ShuffledPoints | None = live.more["shuffled"]
    alpha = live.spec.alpha
    if shuffled is None:
        few = "With labels shuffled, a group has fewer than two units: there are too few words to test."
        return Reveal(None, float("nan"), few)
    tested = np.isfinite(live.result.log10_p)
    small = tested & (shuffled.log10_p <= np.log10(alpha))
    n, of = int(small.sum()), int(tested.sum())
    percent = 100 * n / of
    real = tested & (live.result.log10_p <= np.log10(alpha))
    strong = int((live.result.strong).sum())
    with_labels = "With the labels of this control" if live.spec.shuffle_labels else "With the real labels"
    sentence = (
        f"With shuffled labels and no correction, {n:,} of {of:,} neurons ({readable_share(n / of)}) have a p of at "
        f"most {as_chosen(alpha)}, and all of this is chance{_sizes(shuffled.hedges_g[small])}. Over many "
        f"shuffles, about {readable_share(alpha)} would. {with_labels}, {int(real.sum()):,} have such a p"
        f"{_sizes(live.result.effect_sizes.hedges_g[real])}. After the correction, {strong:,} are strong (AUC at least "
        f"{STRONG_FROM} for a class)."
    )
    return Reveal(percent, percent, sentence)


def _sizes(hedges_g: np.ndarray) -> str:
    """The middle and the largest size of these effects (n,), as the end of a sentence; empty if there is none."""
    known = np.abs(hedges_g[np.isfinite(hedges_g)])
    if not known.size:
        return ""
    if known.size == 1:
        return f"; its effect size |g| is {readable_number(float(known[0]))}"
    middle, largest = readable_number(float(np.median(known))), readable_number(float(known.max()))
    return f"; half of these have an effect size |g| of at most {middle}, and the largest is {largest}"


def _code(live: Live) -> str:
    spec, words = live.spec, live.result.words
    check_has_lines(spec)
    if live.more.get("shuffled", True) is None:
        raise UserError(
            "There are no short lines of code for so few words: with shuffled labels, a group has under two."
        )
    lemmas = spec.unit == "lemma"
    known = words.target_lemmas or words.target, words.baseline_lemmas or words.baseline
    parts, named = [], []
    for side, of_side, own in zip(SIDES, known, (words.target, words.baseline), strict=True):
        named.append(f"{side}_lemmas" if lemmas or of_side != own else f"{side}_words")
        if not lemmas and of_side != own:
            parts.append(lines.words_literal(named[-1], of_side))
    groups = _FORMS if lemmas else _PAIRED if spec.tested_by.paired else _GROUPS
    code = "\n".join([*parts, _DEAL, groups, _PRINT])
    for name, value in (
        ("TARGET_LEMMAS", named[0]),
        ("BASELINE_LEMMAS", named[1]),
        ("SEED", str(chance_seed(spec))),
        ("ALPHA", repr(spec.alpha)),
    ):
        code = code.replace(name, value)
    return code


STEP = Step(
    name="chance",
    title="Why correct: what chance makes",
    idea=(
        "Put the words of both classes in one bag, and deal them to two groups at random.",
        "These groups mean nothing, so whatever differs between them is chance.",
        "Still, if we test every neuron, some have a p below alpha.",
        "On average, alpha is about the share of neurons that this happens to; in one deal it can be far more or less.",
        "That is because neurons of one layer are not independent: a deal that fools one may fool many.",
    ),
    look_for="Look at the points below zero, which are the neurons with shuffled labels. How many are beyond the "
    "line at alpha?",
    question="With shuffled labels and no correction, what percent of the neurons have a p of at most alpha?",
    hint="Alpha itself is a good guess. Other seeds deal the words in other ways.",
    page="pages/1_Neurons.py",
    controls=("seed", "alpha"),
    figure="volcano",
    terms=("shuffled labels", "volcano"),
    needs=("shuffled",),
    guess=_guess,
    reveal=_reveal,
    code=_code,
    builds_on=("hook", "tokens", "values", "t-test"),
)
