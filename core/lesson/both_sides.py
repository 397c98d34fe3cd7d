"""Step 9: before and after the nonlinearity. What the neuron passes on is not what the hook on c_fc shows."""

from __future__ import annotations

import math

import numpy as np

from core.experiment import unit_values
from core.lesson import lines, sizes
from core.lesson.step import Choice, Live, Options, Reveal, Step
from core.records import CLEAR_AUC, ContrastSpec
from core.report.readable import readable_auc
from core.report.sentences import where
from core.stats.effect_intervals import effect_sizes

CLEARLY, HARDLY, UNCLEAR, OTHER = OPTIONS = (
    f"yes, with an AUC of at least {CLEAR_AUC:g}",
    f"yes, but with an AUC below {CLEAR_AUC:g}",
    "not clear, as the interval of the AUC has 0.5 in it",
    "no, the other class is higher",
)

_CODE = """\
passed_on = []  # what the other hook has copied of this neuron, pass by pass


def copy(module, inputs, output):
    values = CAUGHT.double().cpu().numpy()
    passed_on.append(values[len(start) :, neuron])


model.get_submodule(PATH).register_forward_hook(copy)


def other_side(words):
    passed_on.clear()
    for word in words:
        read(tokens_of(word))
    return np.array([POOLED for values in passed_on])


own, other = other_side(OWN_words), other_side(OTHER_words)"""
_ABSOLUTE = "own, other = np.abs(own), np.abs(other)"
_FORMS = """\
own = mean_of_forms(own[None, :, None], OWN_lemmas).ravel()
other = mean_of_forms(other[None, :, None], OTHER_lemmas).ravel()"""
_PRINT = 'print(stats.mannwhitneyu(own, other, method="asymptotic").statistic / (len(own) * len(other)))  # the AUC'


def _guess(spec: ContrastSpec) -> Options:
    return Choice(OPTIONS)


def option_of(auc: float, low: float, high: float) -> str:
    """The option that an AUC and its interval are in: a class is claimed only where the interval leaves 0.5 out.

    Examples
    --------
    >>> option_of(0.489, 0.46, 0.52)
    'not clear, as the interval of the AUC has 0.5 in it'
    >>> option_of(0.3, 0.2, 0.4)
    'no, the other class is higher'
    """
    if low <= 0.5 <= high:
        return UNCLEAR
    return OTHER if auc < 0.5 else CLEARLY if auc >= CLEAR_AUC else HARDLY


def auc_there(live: Live) -> tuple[float, float, float]:
    """The neuron's AUC on the other side, for the class for which it is higher, and its 95% interval."""
    there = live.result.other_side
    target, baseline = unit_values(live.result, live.neuron, there.side)
    if live.spec.tested_by.absolute:
        target, baseline = np.abs(target), np.abs(baseline)
    found = effect_sizes(target[:, None], baseline[:, None], paired=False)  # [n_units] -> [n_units, 1]
    auc, low, high = (float(each) for each in (there.auc[live.neuron], found.auc_low[0], found.auc_high[0]))
    return (auc, low, high) if live.result.favours_target(live.neuron) else (1 - auc, 1 - high, 1 - low)


def _with_interval(auc: float, low: float, high: float) -> str:
    return f"{readable_auc(auc)} (95% interval {readable_auc(low)} to {readable_auc(high)})"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _reveal(live: Live) -> Reveal:
    result = live.result
    if not sizes.varies(live):
        return Reveal(None, float("nan"), sizes.never_varies(live))
    auc, low, high = auc_there(live)
    if not math.isfinite(auc):
        return Reveal(None, float("nan"), f"There is no AUC {where(result.other_side.side)} to compare with.")
    answer = option_of(auc, low, high)
    counts = (result.strong, result.strong_on_both_sides, result.strong_reversed)
    n_strong, n_both, n_reversed = (int(each.sum()) for each in counts)
    layer = (
        f"Strong neurons of this layer on the side that was tested: {n_strong:,}. Of these, {n_both:,} "
        f"{_is(n_both)} strong on the other side too, and {n_reversed:,} {_is(n_reversed)} strong for the other class "
        "there."
        if n_strong
        else "No neuron of this layer is strong on the side that was tested."
    )
    sentence = (
        f"{where(result.other_side.side).capitalize()}, the AUC of neuron {live.neuron} for {sizes.own(live)} is "
        f"{_with_interval(auc, low, high)}; {where(live.spec.hook_side)}, it is "
        f"{_with_interval(*result.own_auc(live.neuron))}. {layer}"
    )
    return Reveal(answer, auc, sentence)


def _code(live: Live) -> str:
    sizes.check_varies(live)
    spec = live.spec
    own, other = ("target", "baseline") if live.result.favours_target(live.neuron) else ("baseline", "target")
    code = "\n".join(
        [
            _CODE,
            *([_ABSOLUTE] if spec.tested_by.absolute else []),
            *([_FORMS] if spec.unit == "lemma" else []),
            _PRINT,
        ]
    )
    parts = {
        "CAUGHT": lines.caught(live, spec.other_side),
        "PATH": lines.hook_path(live, spec.other_side),
        "POOLED": "values.mean()" if spec.pooling == "mean" else "values[-1]",
        "OWN_": f"{own}_",
        "OTHER_": f"{other}_",
    }
    for name, value in parts.items():
        code = code.replace(name, value)
    return code


STEP = Step(
    name="both-sides",
    title="Before and after the nonlinearity",
    idea=(
        "After the wide part comes a bend, the nonlinearity: it lets high values pass, and makes low ones small.",
        "Only what comes out of it reaches the rest of the model.",
        "Two classes can be far apart below zero, and yet the neuron passes on almost nothing for both.",
        "In a gated model, the value is also multiplied by that of another branch, so its sign can turn around.",
        "So look at a neuron on both sides before you say that it passes a difference on.",
    ),
    look_for="Compare the two pictures. Are the classes in the same order on both sides, and as far apart?",
    question="On the other side of the nonlinearity, is the same class still higher for this neuron?",
    hint="Look at where zero is. A neuron that is below zero for nearly all words has little to pass on.",
    page="pages/1_Neurons.py",
    controls=("hook_side", "neuron"),
    figure="both_sides",
    terms=("nonlinearity", "above zero", "silent", "reverses"),
    guess=_guess,
    reveal=_reveal,
    code=_code,
    builds_on=("hook", "tokens", "values"),
)
