"""Step 7: many neurons are significant, and then? How large are the differences?"""

from __future__ import annotations

import numpy as np

from core.lesson import sizes
from core.lesson.step import Live, Number, Options, Reveal, Step
from core.lesson.t_test import check_has_lines
from core.records import STRONG_AUC, ContrastSpec
from core.report.readable import readable_auc, readable_share
from core.report.sentences import STRONG_FROM

_CODE = f"""\
n_pairs = target.shape[1] * baseline.shape[1]
u = stats.mannwhitneyu(target[at], baseline[at], axis=0, method="asymptotic").statistic
auc = u / n_pairs  # the share of pairs in which the target is higher; a tie counts one half
strong = significant & (np.maximum(auc, 1 - auc) >= {STRONG_AUC} - 1e-12)
print(100 * strong.sum() / significant.sum())  # percent of the significant neurons"""


def _guess(spec: ContrastSpec) -> Options:
    return Number(0, 100, whole=True, unit="%")


def _reveal(live: Live) -> Reveal:
    result = live.result
    n, n_strong = int(result.significant.sum()), int(result.strong.sum())
    if not n:
        sentence = f"No neuron of layer {live.spec.layer} is significant here, so there is no share of strong ones."
        return Reveal(None, float("nan"), f"{sentence} {sizes.separation(live)}")
    aucs = result.tests.auc[result.significant]
    clear = np.maximum(aucs, 1 - aucs)
    percent = 100 * n_strong / n
    sentence = (
        f"Of {n:,} significant neurons, {n_strong:,} ({readable_share(n_strong / n)}) are strong: their AUC is at "
        f"least {STRONG_FROM} for one class. Half of the significant ones have at most "
        f"{readable_auc(float(np.median(clear)))}, and the weakest has {readable_auc(float(clear.min()))}, where "
        f"chance is 0.5. {sizes.separation(live)}"
    )
    return Reveal(percent, percent, sentence)


def _code(live: Live) -> str:
    check_has_lines(live.spec)
    return _CODE


STEP = Step(
    name="effect-size",
    title="Significant, and then?",
    idea=(
        "A small p says that chance alone would rarely do this; it does not say that the difference is large.",
        "With enough words, even a tiny difference is significant.",
        "The AUC is an effect size: take one word of each class at random, and ask how often the target is higher.",
        "Half of the time is chance, and always or never means that the two groups do not overlap.",
        "So never name a count of significant neurons without a size beside it.",
    ),
    look_for="Compare how many points are beyond the line with how many are far out to the left or the right.",
    question="What percent of the significant neurons are strong?",
    hint="Take fewer words, or more. The number of significant neurons changes much; the AUC of each changes little.",
    page="pages/1_Neurons.py",
    controls=("n_target", "n_baseline", "layer"),
    figure="volcano",
    terms=("effect size", "AUC", "strong"),
    guess=_guess,
    reveal=_reveal,
    code=_code,
    builds_on=("hook", "tokens", "values", "t-test"),
)
