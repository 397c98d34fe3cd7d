"""Step 9: before and after the nonlinearity. What the neuron passes on is not what the hook on c_fc shows."""

from __future__ import annotations

import math

from core.errors import UserError
from core.lesson import lines, sizes
from core.lesson.step import Choice, Guess, Live, Reveal, Step
from core.records import CLEAR_AUC, ContrastSpec
from core.report.readable import readable_auc
from core.report.sentences import where

CLEARLY, HARDLY, OTHER = OPTIONS = (
    f"yes, clearly: an AUC of {CLEAR_AUC:g} or more",
    f"hardly: from 0.5 to {CLEAR_AUC:g}",
    "no, the other class is higher: below 0.5",
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


def _guess(spec: ContrastSpec) -> Guess:
    return Choice(OPTIONS)


def _reveal(live: Live) -> Reveal:
    result = live.result
    if not sizes.varies(live):
        return Reveal(None, float("nan"), sizes.never_varies(live))
    there = float(result.other_side.auc[live.neuron])
    auc = there if result.favours_target(live.neuron) else 1 - there
    if not math.isfinite(auc):
        return Reveal(None, float("nan"), f"There is no AUC {where(result.other_side.side)} to compare with.")
    answer = CLEARLY if auc >= CLEAR_AUC else HARDLY if auc >= 0.5 else OTHER
    counts = (result.strong, result.strong_on_both_sides, result.strong_reversed)
    n_strong, n_both, n_reversed = (int(each.sum()) for each in counts)
    layer = (
        f"Of {n_strong:,} strong neurons of this layer, {n_both:,} are strong on the other side too, and "
        f"{n_reversed:,} are strong for the other class there."
        if n_strong
        else "No neuron of this layer is strong on the side that was tested."
    )
    sentence = (
        f"{where(result.other_side.side).capitalize()}, the AUC of neuron {live.neuron} for {sizes.own(live)} is "
        f"{readable_auc(auc)}; {where(live.spec.hook_side)}, it is {readable_auc(result.own_auc(live.neuron)[0])}. "
        f"{layer}"
    )
    return Reveal(answer, auc, sentence)


def _code(live: Live) -> str:
    if not sizes.varies(live):
        raise UserError(f"There are no lines of code for neuron {live.neuron}: it has one value at all of the words.")
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
