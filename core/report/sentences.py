"""Sentences about a contrast, for pages and the command line. ``**`` marks what stands out, as in Markdown.

"Differ" is said of significance, "tell apart" only of an AUC. No count stands without a size.
"""

from __future__ import annotations

from pathlib import PurePath
from unicodedata import category

import numpy as np

from core.records import STRONG_AUC, WORD_CLASSES, ContrastResult, ContrastSpec, ModelInfo
from core.records.effects import Marks
from core.records.names import spoken
from core.report.glossary import SIDE_WORDS
from core.report.readable import as_chosen, readable_share, to_decimals

SHUFFLED = ("shuffled A", "shuffled B")
# Names that are not a user's own: they have a singular, and a capital letter where a sentence begins.
_KNOWN = (*map(spoken, WORD_CLASSES), "custom words", "target words", "baseline words", *SHUFFLED)
_CLASS_BYTES, _MODEL_BYTES = 75, 30  # at most, in the name of a file
STRONG_FROM = to_decimals(STRONG_AUC, 2)
STRONG_LIMITS = f"AUC at least {STRONG_FROM} or at most {to_decimals(1 - STRONG_AUC, 2)}"


def class_names(spec: ContrastSpec) -> tuple[str, str]:
    """The names of target and baseline within a sentence. Those of shuffled labels are no word classes.

    Examples
    --------
    >>> class_names(ContrastSpec())
    ('nouns', 'verbs')
    >>> class_names(ContrastSpec(shuffle_labels=True))
    ('shuffled A', 'shuffled B')
    """
    return SHUFFLED if spec.shuffle_labels else spec.class_names


def class_titles(spec: ContrastSpec) -> tuple[str, str]:
    """The names of target and baseline as titles.

    Examples
    --------
    >>> class_titles(ContrastSpec())
    ('Nouns (target)', 'Verbs (baseline)')
    """
    target, baseline = map(capitalised, class_names(spec))
    return f"{target} (target)", f"{baseline} (baseline)"


def capitalised(name: str) -> str:
    """The name of a class at the beginning of a sentence. Those that users have given stay as they are.

    Examples
    --------
    >>> capitalised("nouns"), capitalised("iPhone words")
    ('Nouns', 'iPhone words')
    """
    return f"{name[0].upper()}{name[1:]}" if name in _KNOWN else name


def result_stem(spec: ContrastSpec) -> str:
    """The beginning of the names of a result's files: other settings have another one, and none is a path or hidden.

    It has both classes, the model, the layer, and six digits of the settings' digest, which the manifest has whole.

    Examples
    --------
    >>> words = {"target": "custom", "target_words": ("tea", "ale"), "target_name": "../Food & drink"}
    >>> result_stem(ContrastSpec(**words, layer=2, model="some/gpt")).rpartition("-")[0]
    'Food-drink-verbs-gpt-layer2'
    >>> spec = ContrastSpec(layer=3, shuffle_labels=True)
    >>> result_stem(spec) == f"nouns-verbs-bundled-layer3-shuffled-{spec.digest[:6]}"
    True
    """
    target, baseline = (_safe(name, _CLASS_BYTES) for name in spec.class_names)
    names = [target or "target", baseline or "baseline", _safe(PurePath(spec.model).name, _MODEL_BYTES) or "model"]
    shuffled = ["shuffled"] if spec.shuffle_labels else []
    return "-".join([*names, f"layer{spec.layer}", *shuffled, spec.digest[:6]])


def _safe(name: str, most: int) -> str:
    """The letters, marks and digits of a name, with hyphens for all others; not more than file systems take."""
    kept = "".join(char if char.isalnum() or category(char)[0] == "M" else " " for char in name)
    short = kept.encode()[:most].decode(errors="ignore")
    return "-".join(short.split())


def about_control(spec: ContrastSpec) -> str:
    """What a control with shuffled labels is, and what may be said of it.

    Examples
    --------
    >>> about_control(ContrastSpec(shuffle_labels=True, seed=3)).partition(", all")[0]
    'The labels are shuffled: nouns and verbs were dealt to two groups at random (seed 3)'
    """
    target, baseline = spec.class_names
    return (
        f"The labels are shuffled: {target} and {baseline} were dealt to two groups at random (seed "
        f"{spec.seed}), all forms of a lemma to the same one. The groups mean nothing: whatever is found is chance."
    )


def where(side: str) -> str:
    """Where a side is.

    Examples
    --------
    >>> where("activation")
    'after the nonlinearity'
    """
    return f"{SIDE_WORDS[side]} the nonlinearity"


def headline(result: ContrastResult) -> str:
    """How many neurons differ (or are in the top share), how many of these strongly, and on the other side too."""
    if result.top is not None:
        from core.report.selection import top_headline  # the start needs none of it

        return top_headline(result, result.top)
    masks = (result.significant, result.strong, result.strong_on_both_sides, result.strong_reversed)
    n, n_strong, n_both, n_reversed = (int(found.sum()) for found in masks)
    verb = "differs" if n == 1 else "differ"
    sentence = (
        f"{'With shuffled labels, ' if result.spec.shuffle_labels else ''}**{n:,} of {result.n_neurons:,}** neurons in "
        f"layer **{result.spec.layer}** {verb}{_in_what(result.spec)}"
    )
    if not n:
        return f"{sentence}."
    sentence += f"; **{n_strong:,}** strongly ({STRONG_LIMITS})" if n_strong else f"; none strongly ({STRONG_LIMITS})"
    if not n_strong:
        return f"{sentence}."
    there = where(result.other_side.side)
    if n_strong == 1:
        also = "and also" if n_both else "and reversed" if n_reversed else "but not"
        return f"{sentence}, {also} {there}."
    sentence += f"; {f'**{n_both:,}**' if n_both else 'none'} of these also {there}"
    return f"{sentence}, and **{n_reversed:,}** reversed." if n_reversed else f"{sentence}."


def _in_what(spec: ContrastSpec) -> str:
    """In what a significant neuron differs: max-T with a t tests equal distributions, so it does not say."""
    finds = spec.tested_by.finds
    return f" in {finds}" if finds and not (finds.startswith("mean") and spec.corrected_by.permutes) else ""


def compared(result: ContrastResult) -> str:
    """What was compared: the words and lemmas that were used, the unit, and the side of the nonlinearity."""
    spec = result.spec
    one, other = (_counted(result, side) for side in (0, 1))
    unit = f"{spec.unit}, as absolute values" if spec.tested_by.absolute else spec.unit
    return f"{one} and {other}, compared by {unit}, {where(spec.hook_side)}"


def read_at(result: ContrastResult) -> str:
    """Where in the model neurons were read, such as "read at the output of transformer.h.8.mlp.c_fc".

    "" where the paths are not known, as in a result of an early version.
    """
    side = result.spec.hook_side
    path = result.model.hook_path(result.spec.layer, side)
    return f"read at the {'output' if side == 'pre-activation' else 'input'} of {path}" if path else ""


def read_as(result: ContrastResult) -> str:
    """How each word was read: with a leading space or without, and after which token."""
    space = "with a leading space" if result.spec.leading_space else "without a leading space"
    return f"{space}{after_start(result.model, result.spec.prefix)}"


def after_start(model: ModelInfo, prefix: bool) -> str:
    """After which token words and texts are read, by its name; nothing without ``prefix``.

    Examples
    --------
    >>> model = ModelInfo("own", "r1", "gpt2", 6, 512, 64, 9, "cpu", "float32", start_token="<s>")
    >>> after_start(model, True), after_start(model, False)
    (' after the beginning-of-text token <s>', '')
    """
    if not prefix:
        return ""
    if model.start_token_is_end_of_text:
        return f" after the end-of-text token {model.start_token}, as the model has no beginning-of-text token"
    return f" after the beginning-of-text token {model.start_token}"


def tested(result: ContrastResult, correction: str) -> str:
    """The test, the correction (its label) and alpha."""
    spec, n = result.spec, result.family_size
    tests = "1 test" if n == 1 else f"{n:,} tests"
    corrected = f"{correction_name(spec.correction, correction)} over {tests}"
    return f"{spec.tested_by.label}, {corrected}, α = {as_chosen(spec.alpha)}"


def correction_name(correction: str, label: str) -> str:
    """The label of the correction within a sentence.

    Examples
    --------
    >>> correction_name("none", "None")
    'no correction'
    """
    return "no correction" if correction == "none" else label


def _counted(result: ContrastResult, side: int) -> str:
    """Such as "500 nouns (471 lemmas)". Without lemmas: "500 nouns"."""
    lemmas = (result.words.target_lemmas, result.words.baseline_lemmas)[side]
    n_lemmas, written = len(set(lemmas)), counted_words(result)[side]
    return f"{written} ({n_lemmas:,} {'lemma' if n_lemmas == 1 else 'lemmas'})" if lemmas else written


def counted_words(result: ContrastResult) -> tuple[str, str]:
    """How many words of target and baseline were used, such as "500 nouns", or "20 words of Food"."""
    words, names = result.words, class_names(result.spec)
    return _of_class(len(words.target), names[0]), _of_class(len(words.baseline), names[1])


def _of_class(n: int, name: str) -> str:
    of = " words in " if name in SHUFFLED else " " if name in _KNOWN else " words of "
    return f"{n:,}{of}{name}"


def higher_for(result: ContrastResult, neuron: int) -> str:
    """The class for which a neuron's statistic is higher."""
    return own_and_other(result, neuron)[0]


def own_and_other(result: ContrastResult, neuron: int) -> tuple[str, str]:
    """The class for which a neuron's statistic is higher, and the other one."""
    target, baseline = class_names(result.spec)
    return (target, baseline) if result.favours_target(neuron) else (baseline, target)


def singular(name: str) -> str:
    """The name of a class for one of its words. Names that users have given stay as they are.

    Examples
    --------
    >>> singular("plural nouns"), singular("custom words"), singular("Countries")
    ('plural noun', 'custom word', 'Countries')
    """
    regular = name in _KNOWN and not name.endswith(("ies", "ss", "ses", "xes", "ches", "shes"))
    return name.removesuffix("s") if regular else name


def n_strongly(result: Marks) -> tuple[int, int]:
    """How many strong neurons are higher for the target, and for the baseline."""
    strong, statistic = result.strong, result.tests.statistic
    return int((strong & (statistic > 0)).sum()), int((strong & (statistic < 0)).sum())


def marks(result: ContrastResult, neuron: int) -> tuple[str, ...]:
    """The marks of a neuron: silent, reverses."""
    return tuple(name for name in ("silent", "reverses") if getattr(result, name)[neuron])


def mark_texts(result: ContrastResult) -> list[str]:
    """The marks of each neuron as text: mostly none."""
    texts = {(False, False): "", (True, False): "silent", (False, True): "reverses", (True, True): "silent, reverses"}
    return [texts[pair] for pair in zip(result.silent.tolist(), result.reverses.tolist(), strict=True)]


def silent_or_reverses(result: ContrastResult) -> np.ndarray:
    """Which neurons have a mark: bool (n_neurons,)."""
    return result.silent | result.reverses


def about_marks(result: ContrastResult, neuron: int) -> dict[str, str]:
    """A sentence for each mark of a neuron, with its numbers."""
    spec, other = result.spec, result.other_side
    target, baseline = class_names(spec)
    sentences = {}
    if result.silent[neuron]:
        sentences["silent"] = (
            f"Its pre-activation is above zero on {readable_share(other.above_zero_target[neuron])} of {target} and "
            f"{readable_share(other.above_zero_baseline[neuron])} of {baseline}, so it passes on little or nothing."
        )
    if result.reverses[neuron]:
        there = target if other.mean_difference[neuron] > 0 else baseline
        sentences["reverses"] = f"Its mean {where(other.side)} is higher for {there}."
    return sentences
