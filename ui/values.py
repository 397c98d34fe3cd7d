"""The values of the settings' widgets: from a spec, and back to one.

A browser can send any value, so they are checked like those of a link.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from core.errors import UserError
from core.records import CUSTOM, SIDES, WORD_SOURCES, ContrastSpec
from core.records.names import clean_name
from core.records.spec import FLAGS, NAMES, quoted
from core.report.readable import as_chosen
from core.stats.correction import LABELS
from engine.limits import check_allowed, limits
from ui.custom_words import custom_words, words_in
from ui.defaults import ALPHAS, LEAST_WORDS, length_of
from ui.labels import TEST_LABELS, UNIT_LABELS, model_label

FIELDS = tuple(item.name for item in fields(ContrastSpec) if item.name != "seed" and not item.name.endswith("_words"))
TEXTS = tuple(f"{side}_text" for side in SIDES)
WIDGETS = (*FIELDS, *TEXTS)

# What is said of a value that is not one of its own words, such as "100 target words".
_SAID = {
    "target": "target {}",
    "baseline": "baseline {}",
    "n_target": "{:,} target words",
    "n_baseline": "{:,} baseline words",
}
_LABELS = {"test": TEST_LABELS, "unit": UNIT_LABELS, "correction": LABELS}


def values_of(spec: ContrastSpec, texts: Mapping[str, Any], as_given: Collection[str] = ()) -> dict[str, Any]:
    """The values of the settings' widgets for a spec, by widget key.

    ``texts`` are the custom lists as they were typed and their names, by the keys of their boxes: a box keeps its text
    if the spec has the same words, or none, and its name if the spec has no list. ``as_given`` has the texts in which
    nothing is cleaned.
    """
    values = {name: getattr(spec, name) for name in FIELDS}
    for side, key in zip(SIDES, TEXTS, strict=True):
        words, typed = getattr(spec, f"{side}_words"), texts.get(key) or ""
        values[key] = typed if not words or words_in(side, typed, as_given) == words else "\n".join(words)
        if getattr(spec, side) != CUSTOM:
            values[f"{side}_name"] = texts.get(f"{side}_name") or ""
    return values


def spec_of(values: Mapping[str, Any], last: ContrastSpec, as_given: Collection[str] = ()) -> ContrastSpec:
    """The spec for the widgets' values, with what they do not say taken from the last one; UserError for a mistake.

    ``as_given`` is as in ``values_of``.
    """
    check_allowed(str(values["model"]))
    # Folders of lists are only for the command line: a visitor must not choose which files the server reads.
    if values["word_source"] not in WORD_SOURCES:
        shown = str(values["word_source"])[:80]
        raise UserError(f"The word source “{shown}” is not offered here; choose {' or '.join(WORD_SOURCES)}.")
    for sentence in out_of_range(values).values():
        raise UserError(sentence)
    chosen = {name: values[name] for name in FIELDS}
    for side in SIDES:
        words = custom_words(side, values[f"{side}_text"] or "", as_given) if values[side] == CUSTOM else ()
        chosen |= {f"{side}_words": words} | ({f"n_{side}": len(words)} if words else {})
        if values[side] != CUSTOM:  # the name's box is hidden: a mistake in it could not be mended
            chosen[f"{side}_name"] = ""
    return last.changed(**chosen)


def out_of_range(values: Mapping[str, Any]) -> dict[str, str]:
    """Why a number is not allowed, for each that is not, by widget key: the page says it beside the number's box.

    The boxes have no bounds of their own: a browser would keep a number beyond them in the box, and not send it.
    """
    sentences, most = {}, limits().max_words
    for side in SIDES:
        n = values[f"n_{side}"]
        if values[side] != CUSTOM and isinstance(n, int) and not LEAST_WORDS <= n <= most:
            there = min(most, length_of(values[side], values["word_source"]) or most)
            sentences[f"n_{side}"] = f"{n:,} is out of range: {LEAST_WORDS} to {there:,} {side} words are allowed."
    alpha = values["alpha"]
    if isinstance(alpha, float) and not ALPHAS[0] <= alpha <= ALPHAS[1]:
        sentences["alpha"] = f"{as_chosen(alpha)} is out of range: {ALPHAS[0]} to {ALPHAS[1]} are allowed for alpha."
    return sentences


def differences(spec: ContrastSpec, values: Mapping[str, Any], as_given: Collection[str] = ()) -> str:
    """What a spec has and the widgets' values do not, such as "target nouns, alpha 0.05"; empty if they agree."""
    return ", ".join(said(name, spec) for name in FIELDS if _differs(name, spec, values, as_given))


def _differs(name: str, spec: ContrastSpec, values: Mapping[str, Any], as_given: Collection[str]) -> bool:
    if name in SIDES and values[name] == CUSTOM == getattr(spec, name):
        words = getattr(spec, f"{name}_words")
        return words_in(name, values[f"{name}_text"] or "", as_given) != words
    if name.startswith("n_") and CUSTOM in (values[name[2:]], getattr(spec, name[2:])):
        return False  # the class says it
    if name in NAMES and CUSTOM not in (values[name.removesuffix("_name")], getattr(spec, name.removesuffix("_name"))):
        return False  # it is not in use
    if name in NAMES:  # as it is typed, "Food " is "Food"
        return clean_name(values[name]) != getattr(spec, name)
    return bool(values[name] != getattr(spec, name))


def said(name: str, spec: ContrastSpec) -> str:
    """What a spec has in a field, in words.

    Examples
    --------
    >>> said("test", ContrastSpec(test="welch")), said("n_target", ContrastSpec())
    ("test Welch's t-test", '100 target words')
    """
    value = getattr(spec, name)
    if name in SIDES and value == CUSTOM:
        return f"the custom {name} list of {getattr(spec, f'n_{name}'):,} words"
    if name in _LABELS:
        return f"{name} {_LABELS[name][value]}"
    if name == "model":
        return f"model {model_label(value)}"
    if name in NAMES:
        return f"{name.replace('_', ' ')} {quoted(value)}" if value else f"no {name.replace('_', ' ')}"
    if name in FLAGS:
        return f"{name.replace('_', ' ')} {'on' if value else 'off'}"
    shown = as_chosen(value) if name == "alpha" else value
    return _SAID.get(name, name.replace("_", " ") + " {}").format(shown)
