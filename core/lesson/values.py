"""Step 3: read every word. One number for each neuron and word, and the means of two classes."""

from __future__ import annotations

from core.lesson import lines, sizes
from core.lesson.step import Choice, Live, Options, Reveal, Step
from core.records import ContrastSpec
from core.report.readable import readable_number, readable_p
from core.report.sentences import class_names

EQUAL = "neither: the means are equal"

_READ = """\
def read_words(words):
    return np.stack([POOLED for word in words], axis=1)  # [layer, word, neuron]


target_values, baseline_values = read_words(target_words), read_words(baseline_words)"""
_FORMS = """\


def mean_of_forms(values, lemmas):  # walk, walks and walked are forms of one lemma
    lemmas = np.array(lemmas)
    return np.stack([values[:, lemmas == lemma].mean(axis=1) for lemma in dict.fromkeys(lemmas)], axis=1)


target = mean_of_forms(target_values, target_lemmas)
baseline = mean_of_forms(baseline_values, baseline_lemmas)"""
_WORDS = "\n\ntarget, baseline = target_values, baseline_values  # [layer, word, neuron]"
_ABSOLUTE = "\ntarget_values, baseline_values = np.abs(target_values), np.abs(baseline_values)"
_MEANS = "\nprint(target[at, :, neuron].mean() - baseline[at, :, neuron].mean())"


def _guess(spec: ContrastSpec) -> Options:
    return Choice((*class_names(spec), EQUAL))


def _reveal(live: Live) -> Reveal:
    tests, sizes_of = live.result.tests, live.result.effect_sizes
    difference = float(tests.mean_difference[live.neuron])
    if not sizes.varies(live):
        return Reveal(EQUAL if difference == 0 else None, difference, sizes.never_varies(live))
    target, baseline = sizes.names(live)
    higher, lower = (target, baseline) if difference > 0 else (baseline, target)
    g, low, high = (
        readable_number(float(each[live.neuron]))
        for each in (sizes_of.hedges_g, sizes_of.hedges_g_low, sizes_of.hedges_g_high)
    )
    means = (
        f"The mean of neuron {live.neuron} over {higher} is higher than over {lower} by "
        f"{readable_number(abs(difference))}"
        if difference
        else f"The means of neuron {live.neuron} over {target} and {baseline} are equal"
    )
    p = readable_p(float(live.result.log10_p_adjusted[live.neuron]))
    chance = (
        f"After the correction, p is {p}: significant"
        if live.result.significant[live.neuron]
        else f"After the correction, p is {p}: not significant, so chance may explain it"
    )
    sentence = (
        f"{means}, where Hedges' g is {g} (95% interval {low} to {high}; above zero: higher for {target}). {chance}. "
        f"{sizes.separation(live)}"
    )
    return Reveal(higher if difference else EQUAL, difference, sentence)


def pooled(live: Live, of: str) -> str:
    """The expression for a word's value: the mean over its tokens, or the value at the last one."""
    return f"{of}.mean(axis=1)" if live.spec.pooling == "mean" else f"{of}[:, -1]"


def _code(live: Live) -> str:
    words, parts = live.result.words, []
    lemmas = live.spec.unit == "lemma"
    if lemmas:
        parts += [
            lines.words_literal("target_lemmas", words.target_lemmas or words.target),
            lines.words_literal("baseline_lemmas", words.baseline_lemmas or words.baseline) + "\n\n",
        ]
    parts.append(_READ.replace("POOLED", pooled(live, "read(tokens_of(word))")))
    parts += [_ABSOLUTE] if live.spec.tested_by.absolute else []
    return "\n".join([*parts, _FORMS if lemmas else _WORDS, _MEANS])


STEP = Step(
    name="values",
    title="One number for each neuron and word",
    idea=(
        "We read each word by itself, and the hook gives one number for each neuron and each token.",
        "If a word has more than one token, we take one number for the whole word, such as the mean.",
        "Forms of one word, such as walk and walked, have much in common, so they may count as one unit by their mean.",
        "Then each neuron has two groups of numbers: one for each class.",
        "Two groups hardly ever have the same mean, so a difference in mean is only the first thing to look at.",
    ),
    look_for="Look at the two groups of points. How much do they overlap, and are a few words far from the rest?",
    question="For which class is the mean of this neuron higher?",
    hint="In the picture, each point is a word or a lemma. Find the middle of each group.",
    page="pages/1_Neurons.py",
    controls=("neuron", "layer", "unit"),
    figure="spread",
    terms=("unit", "mean difference", "Hedges' g"),
    guess=_guess,
    reveal=_reveal,
    code=_code,
    builds_on=("hook", "tokens"),
)
