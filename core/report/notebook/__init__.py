"""A contrast as a Jupyter notebook in plain PyTorch: it reads the same words, and compares its numbers with the app's.

    notebook_json(result, "Bonferroni")     # the text of an .ipynb file

The notebook imports nothing of this project, and needs the folder of a model that no hub has. It has the
steps of the course notebook, each with a sentence or two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from core.errors import UserError
from core.records import STRONG_AUC, ContrastResult
from core.records.contrasts import what_else_differs
from core.report import sentences
from core.report.glossary import GLOSSARY, statistic_name
from core.report.markdown import plain
from core.report.notebook import answers, reading, testing
from core.report.palette import palette
from core.report.summary import library_versions

_SURROGATE = re.compile("[\ud800-\udfff]")
_LISTED = 10  # words in a line of the lists

_PLOT = """\
colours = np.where(~significant, "GREY", np.where(statistic[at] > 0, "ORANGE", "BLUE"))
plt.figure(figsize=(10, 4))
plt.scatter(range(D_MLP), statistic[at], c=colours, s=8)
plt.axhline(0, color="GREY", linewidth=0.5)
plt.xlabel(f"Neuron of layer {LAYER}")
plt.ylabel("STATISTIC: positive is higher for the target")
plt.title(f"{significant.sum():,} of {D_MLP:,} neurons are significant, {strong.sum():,} of them strongly "
          f"(AUC at least {STRONG} or at most {1 - STRONG:.2g})")
plt.show()"""

_STRONG = """\
significant = p_adjusted[at] <= ALPHA
strong = significant & (np.maximum(area, 1 - area) >= STRONG - 1e-9)
for name, neuron in (("largest", np.nanargmax(statistic[at])), ("smallest", np.nanargmin(statistic[at]))):
    print(f"{name} STATISTIC: neuron {neuron}, {statistic[at, neuron]:.2f}, adjusted p {p_adjusted[at, neuron]:.2g}, "
          f"d {d[neuron]:.2f}, AUC {area[neuron]:.3f}")"""

Cell = tuple[str, str]  # "markdown" or "code", and its text


def notebook_json(result: ContrastResult, correction: str, chosen: Sequence[int] = ()) -> str:
    """A notebook that reproduces a contrast, in nbformat 4.5.

    Parameters
    ----------
    result : ContrastResult
    correction : str
        The label of the correction.
    chosen : sequence of int
        Neurons whose numbers are compared, beside the extreme and the strongest ones; those that do not exist are left
        out.

    Returns
    -------
    str
        JSON. Its last cell raises an error if a number is farther from the app's than its tolerance.

    Raises
    ------
    UserError
        The test or the correction has no plain version (``without_plain_version``).
    """
    if missing := testing.without_plain_version(result.spec):
        raise UserError(missing)
    cells = [*_reading(result, correction), *_testing(result, correction), *_comparing(result, chosen)]
    book = {
        "cells": [_cell(number, *cell) for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "grammar_neurons": {"digest": result.spec.digest, "versions": library_versions()},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    """A cell as nbformat writes it: its text as lines that keep their ends."""
    more: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    readable = _SURROGATE.sub("\ufffd", text)  # of a path or a name: UTF-8 cannot write half a character
    return {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": readable.splitlines(True), **more}


def _reading(result: ContrastResult, label: str) -> list[Cell]:
    """The cells from the settings to what is compared."""
    spec = result.spec
    target, baseline = (plain(name) for name in sentences.class_names(spec))
    lemma = " Forms of one lemma are not independent, so their mean counts once." if spec.unit == "lemma" else ""
    gate = "the output of the expansion layer" if spec.hook_side == "pre-activation" else "the input of the projection"
    after = plain(sentences.read_as(result))
    return [
        ("markdown", _title(result, label)),
        ("code", reading.IMPORTS),
        ("markdown", "## The settings\n\nAll other cells read these names in capital letters."),
        ("code", answers.settings_code(result, label)),
        ("markdown", f"## 1. The words\n\n{_about_words(result)}"),
        ("code", _word_code(result)),
        ("markdown", "## 2. The model\n\nIn evaluation mode, with the tokenizer of its own file, and nothing trained."),
        ("code", reading.load(result)),
        (
            "markdown",
            "## 3. A hook on every MLP\n\nA neuron is one coordinate of the MLP's expanded space. A hook catches "
            f"{gate}: {_lowered(GLOSSARY[spec.hook_side])}",
        ),
        ("code", reading.hooks(result)),
        (
            "markdown",
            f"## 4. Read each word\n\nEach word is a text of its own, {after}. Over its tokens, "
            f"{'the mean' if spec.pooling == 'mean' else 'the value at the last one'} is taken.",
        ),
        ("code", reading.read(result)),
        ("markdown", f"## 5. What is compared\n\nThe unit is the {spec.unit}: {target} against {baseline}.{lemma}"),
        ("code", reading.units(result)),
    ]


def _testing(result: ContrastResult, label: str) -> list[Cell]:
    """The cells of the test, the correction, the control and the plot."""
    spec, name, light = result.spec, statistic_name(result.spec.test), palette("light")
    drawn = {"GREY": light["neutral"], "ORANGE": light["target"], "BLUE": light["baseline"], "STATISTIC": name}
    plot = _PLOT
    for what, value in drawn.items():
        plot = plot.replace(what, value)
    how_many = f"Of {result.family_size:,} tests, some are extreme by chance alone"
    return [
        (
            "markdown",
            f"## 6. Test every neuron\n\n{spec.tested_by.label}: {GLOSSARY[name]} Two sizes say how large the "
            "difference is: Cohen's d in standard deviations, and the AUC, the probability that a random unit of the "
            "target is above one of the baseline.",
        ),
        ("code", testing.statistic_code(spec)),
        (
            "markdown",
            f"## 7. Correct for many tests\n\n{how_many}: {sentences.correction_name(spec.correction, label)}."
            + (" The permutations are the app's, by the same seed." if spec.corrected_by.permutes else ""),
        ),
        ("code", testing.correction_code(spec)),
        ("markdown", f"## 8. The extreme neurons, and all of them\n\nStrong: {_lowered(GLOSSARY['strong'])}"),
        ("code", f"STRONG = {STRONG_AUC!r}\n" + _STRONG.replace("STATISTIC", name)),
        ("code", plot),
        (
            "markdown",
            "## 9. A control\n\nThe units of both classes are dealt to two groups at random (another deal than the "
            "app's). Whatever is found now is chance.",
        ),
        ("code", testing.CONTROL),
    ]


def _comparing(result: ContrastResult, chosen: Sequence[int]) -> list[Cell]:
    """The cells that hold the app's numbers, and compare."""
    close = "5%, as bfloat16 rounds every value" if result.spec.dtype == "bfloat16" else "0.1%"
    about = (
        "## 10. The same numbers?\n\nThe numbers that the app has shown, and how near they must be. The last digits "
        "of a model's values depend on the computer, so a statistic or an effect size may differ by "
        f"{close} (of 1, if it is smaller), and a p-value by as much as follows from that. The cell below raises an "
        "error if one differs more."
    )
    return [
        ("markdown", about),
        ("code", f"{answers.shown_code(result, chosen)}\n{answers.tolerances_code(result)}"),
        ("code", answers.compare_code(result)),
    ]


def _title(result: ContrastResult, label: str) -> str:
    """What the notebook is, what was found, and what made it."""
    spec, model = result.spec, result.model
    target, baseline = (plain(name) for name in sentences.class_names(spec))
    versions = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    lines = [
        f"# Which neurons of {plain(model.name)} tell {target} from {baseline}?",
        "This notebook repeats one experiment of *Grammar Neurons* in plain PyTorch, and compares its numbers with "
        "those that the app has shown. It needs torch, transformers, numpy, scipy and matplotlib, not the app. "
        f"{_where_from(result)}",
        f"**What the app has shown.** {sentences.headline(result)} Compared were "
        f"{plain(sentences.compared(result))}: {sentences.tested(result, label)}.",
    ]
    if spec.shuffle_labels:
        lines.append(f"**A control.** {plain(sentences.about_control(spec))}")
    if differs := what_else_differs(spec):
        lines.append(plain(differs))
    lines += [f"**Caution.** {plain(caution.sentence)}" for caution in result.cautions]
    lines += [f"**Note.** {plain(note)}" for note in result.notes]
    lines.append(
        "A difference on word lists is a candidate, and no evidence of what a neuron does in running text. "
        f"(Made with {versions}.)"
    )
    return "\n\n".join(lines)


def _lowered(sentence: str) -> str:
    """A sentence that goes on after a colon; its abbreviations keep their capitals."""
    return sentence[:1].lower() + sentence[1:]


def _where_from(result: ContrastResult) -> str:
    """What must be there of the model: nothing, if the hub has it."""
    if not result.model.revision.startswith("sha256:"):
        return "The model is downloaded from the Hugging Face hub."
    folder = answers.model_name(result)
    whose = " of the project, which the hub does not have; no code of it" if result.spec.model == "bundled" else ""
    return (
        f"It also needs the model's folder ({plain(folder)}{whose}), in this folder or in one above it, or where "
        "the environment variable MODEL\\_FOLDER says."
    )


def _about_words(result: ContrastResult) -> str:
    words = result.words
    names = zip(sentences.class_names(result.spec), (words.target_list, words.baseline_list), strict=True)
    listed = "; ".join(f"{plain(name)} from {plain(each.source)}" for name, each in names)
    return f"The lists as they were used, most frequent first: {listed}."


def _word_code(result: ContrastResult) -> str:
    """Code with all words, and all lemmas if these are compared."""
    words = result.words
    lists: dict[str, Sequence[str]] = {"target_words": words.target, "baseline_words": words.baseline}
    if result.spec.unit == "lemma":
        lists["target_lemmas"] = words.target_lemmas or words.target
        lists["baseline_lemmas"] = words.baseline_lemmas or words.baseline
    parts = [f"{name} = [\n{_in_rows(entries)}]" for name, entries in lists.items()]
    return "\n".join([*parts, 'print(len(target_words), "and", len(baseline_words), "words")'])


def _in_rows(entries: Sequence[str]) -> str:
    readable = [repr(_SURROGATE.sub("\ufffd", entry)) for entry in entries]
    return "".join(f"    {', '.join(readable[i : i + _LISTED])},\n" for i in range(0, len(readable), _LISTED))
