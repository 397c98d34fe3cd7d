"""Step 4: a t-test for every neuron, and a correction because there are so many."""

from __future__ import annotations

from core.errors import UserError
from core.lesson import sizes
from core.lesson.step import Live, Number, Options, Reveal, Step
from core.records import ContrastSpec
from core.records.corrections import ALL_CORRECTIONS
from core.report.glossary import TEST_NAMES, statistic_name
from core.report.notebook import testing
from core.report.readable import as_chosen, readable_number, readable_p, readable_share

_TESTS = {
    "paired": "stats.ttest_rel(one, other, axis=-2).pvalue  # word i of one list with word i of the other",
    "welch": "stats.ttest_ind(one, other, axis=-2, equal_var=False).pvalue",
    "welch_absolute": "stats.ttest_ind(one, other, axis=-2, equal_var=False).pvalue",
    "mannwhitney": 'stats.mannwhitneyu(one, other, axis=-2, method="asymptotic").pvalue',
}
_SHORT = {
    "none": "p_adjusted = p_value",
    "bonferroni": "p_adjusted = np.minimum(p_value * np.isfinite(p_value).sum(), 1)  # times the number of tests",
}
_TEST = """\
def p_of(one, other):
    return TEST


p_value = p_of(target, baseline)  # [layer, neuron]"""
_SAME = """\
both = np.concatenate([target, baseline], axis=1)
p_value[(both == both[:, :1]).all(axis=1)] = np.nan  # a neuron that never changes cannot be tested"""
_COUNT = """\
significant = p_adjusted[at] <= ALPHA
print(100 * significant.mean())  # percent of the layer's neurons"""


def check_has_lines(spec: ContrastSpec) -> None:
    """Raise UserError where a test or a correction has no few plain lines.

    Examples
    --------
    >>> check_has_lines(ContrastSpec(correction="max_t"))
    Traceback (most recent call last):
    core.errors.UserError: There are no short lines of code for the correction Max-T (permutation): choose another, \
such as Holm.
    """
    if spec.test not in _TESTS:
        others = " or ".join(TEST_NAMES[name] for name in _TESTS if name in ("paired", "welch"))
        raise UserError(f"There are no short lines of code for the test {spec.tested_by.label}: choose {others}.")
    if spec.corrected_by.permutes or testing.without_plain_version(spec):
        label, other = spec.corrected_by.label, ALL_CORRECTIONS["holm"].label
        raise UserError(
            f"There are no short lines of code for the correction {label}: choose another, such as {other}."
        )


def _guess(spec: ContrastSpec) -> Options:
    return Number(0, 100, whole=True, unit="%")


def _reveal(live: Live) -> Reveal:
    result, spec = live.result, live.spec
    n, n_strong = int(result.significant.sum()), int(result.strong.sum())
    percent = 100 * n / result.n_neurons
    strongly = f"{n_strong:,} of them {sizes.STRONGLY}" if n_strong else f"none of them {sizes.STRONGLY}"
    corrected = f"after {spec.corrected_by.label}" if spec.correction != "none" else "with no correction"
    count = (
        f"{n:,} of {result.n_neurons:,} neurons of layer {spec.layer} are significant {corrected} "
        f"({readable_share(n / result.n_neurons)}); {strongly if n else 'none has a p that is small enough'}."
    )
    return Reveal(percent, percent, f"{count} {_of_neuron(live)}")


def _of_neuron(live: Live) -> str:
    """What the test says of the chosen neuron."""
    if not sizes.varies(live):
        return sizes.never_varies(live)
    result, letter = live.result, statistic_name(live.spec.test)
    p, adjusted = (readable_p(float(each[live.neuron])) for each in (result.log10_p, result.log10_p_adjusted))
    is_significant = "at most" if result.significant[live.neuron] else "above"
    return (
        f"Neuron {live.neuron} has {letter} = {readable_number(float(result.tests.statistic[live.neuron]))} and p = "
        f"{p}; for all {result.family_size:,} tests together it is {adjusted}, {is_significant} alpha "
        f"({as_chosen(live.spec.alpha)}). {sizes.separation(live)}"
    )


def _code(live: Live) -> str:
    spec, result = live.spec, live.result
    check_has_lines(spec)
    n_layers = result.model.n_layers if spec.family == "model" else 1
    some_never_vary = result.family_size < n_layers * result.n_neurons
    correction = _SHORT.get(spec.correction) or f"\n\n{testing.correction_code(spec)}"
    return "\n".join(
        [
            _TEST.replace("TEST", _TESTS[spec.test]),
            *([_SAME] if some_never_vary else []),
            correction,
            _COUNT.replace("ALPHA", repr(spec.alpha)),
        ]
    )


STEP = Step(
    name="t-test",
    title="A test for every neuron",
    idea=(
        "A t-test asks if two means differ by more than chance would make them differ.",
        "Its t is the difference divided by how far it would vary by chance, and p says how rare so large a t is then.",
        "We test every neuron, and some of so many tests have a small p by chance alone.",
        "A correction takes care of this: Bonferroni multiplies each p by the number of tests.",
        "A neuron is called significant if its p is still at most alpha, the limit that we chose before.",
    ),
    look_for="Look at how many points are beyond the line. Then choose no correction, and look again.",
    question="What percent of the neurons of this layer are significant?",
    hint="With more words, a smaller difference is enough to be significant.",
    page="pages/1_Neurons.py",
    controls=("test", "correction", "n_target"),
    figure="scatter",
    terms=("t", "p", "Bonferroni", "alpha", "p adjusted", "family", "significant"),
    guess=_guess,
    reveal=_reveal,
    code=_code,
    builds_on=("hook", "tokens", "values"),
)
