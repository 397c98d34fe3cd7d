"""Convert a spec to the parameters of a URL, and back.

to_params(ContrastSpec.careful(layer=3))["layer"]   # "3"
spec, problems = from_params({"layer": "3"}, default=ContrastSpec())
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from core.errors import UserError
from core.records.corrections import ALL_CORRECTIONS
from core.records.names import are_alike, names_of
from core.records.spec import COUNTS, CUSTOM, FLAGS, NAMES, SIDES, ContrastSpec, check_field, quoted
from core.records.statistical_tests import ALL_TESTS

# A link contains custom words up to this many characters: mail and chat programs cut longer links.
MAX_LINK_WORDS = 1_500
_LONG_LISTS = (
    f"Words of more than {MAX_LINK_WORDS:,} characters do not fit into a link: they are in the tab where the list was "
    "made, and in a settings file that was saved there."
)
# Few change these, and old links do not have them.
_LATER = ("dtype", "shuffle_labels", *NAMES)


def to_params(spec: ContrastSpec, *, spelled_out: bool = False) -> dict[str, str]:
    """A spec as URL parameters. Left out are float32, unshuffled labels, empty names, and words too long for a link.

    ``spelled_out`` leaves only the last two out: what is not there takes a default, which another version may change.

    Instead of such words there is their digest, such as ``target_digest``: a copy that is elsewhere can be told by it.

    Examples
    --------
    >>> to_params(ContrastSpec(layer=2, prefix=True))["prefix"]
    '1'
    >>> to_params(ContrastSpec(), spelled_out=True)["dtype"]
    'float32'
    """
    params = {}
    for name, value in asdict(spec).items():
        if name.endswith("_words"):
            side = name.removesuffix("_words")
            if getattr(spec, side) == CUSTOM and fits(value):
                params[name] = "\n".join(value)  # a word may contain a comma, but no newline
            elif getattr(spec, side) == CUSTOM:
                params[f"{side}_digest"] = digest_of(value)
        elif name in _LATER and value == getattr(ContrastSpec, name) and not (spelled_out and value != ""):
            continue
        else:
            params[name] = str(int(value)) if isinstance(value, bool) else str(value)
    return params


def fits(words: Sequence[str]) -> bool:
    """Whether a link contains these custom words."""
    return len("\n".join(words)) <= MAX_LINK_WORDS


def digest_of(words: Sequence[str]) -> str:
    """A short name of a list of words, eight hexadecimal digits.

    Examples
    --------
    >>> digest_of(["dog", "cat"]) == digest_of(["cat", "dog"])
    False
    """
    return hashlib.sha256("\n".join(words).encode("utf-8", "replace")).hexdigest()[:8]


def from_params(params: Mapping[str, str], default: ContrastSpec) -> tuple[ContrastSpec, list[str]]:
    """Read a spec from URL parameters. An invalid or missing value is replaced by the default's.

    Parameters
    ----------
    params : mapping of str to str
        Unknown names are ignored: they belong to other parts of a page.
    default : ContrastSpec

    Returns
    -------
    spec : ContrastSpec
    problems : list of str
        One sentence for each value that was replaced.

    Examples
    --------
    >>> spec, problems = from_params({"layer": "2", "alpha": "much"}, ContrastSpec())
    >>> spec.layer, problems
    (2, ["alpha is “much”, which is not a number. The link's value was set aside; “0.05” is used."])
    """
    values, problems, given = asdict(default), [], set[str]()
    if "test" in params:  # links that name all settings but this one are from before it: words were compared
        values["unit"] = "word"
    source = params["word_source"] if params.get("word_source", "").strip() else default.word_source
    for item in fields(ContrastSpec):
        if item.name not in params:
            continue
        try:
            value = parse_field(item.name, params[item.name])
            check_field(item.name, value, word_source=source)
        except UserError as error:
            used = quoted(values[item.name]) if values[item.name] != "" else "none"
            problems.append(f"{error} The link's value was set aside; {used} is used.")
        else:
            values[item.name] = value
            given.add(item.name)
    problems += _reconcile(values, given, default)
    return ContrastSpec(**values), problems


def _reconcile(values: dict[str, Any], given: set[str], default: ContrastSpec) -> list[str]:
    """Change, in place, values that are valid but do not fit together. Return a sentence for each change.

    What the link has given stays, if there is a choice.
    """
    problems = []
    for side in SIDES:
        try:
            check_field(side, values[side], word_source=values["word_source"])
        except UserError as error:  # the default's class is one of a folder, and the link does not take the folder
            values[side] = getattr(ContrastSpec, side)
            problems.append(f"{error} {values[side]} are used.")
        if values[side] == CUSTOM and not values[f"{side}_words"]:
            values[side] = _other_class(values, side, default)
            problems.append(
                f"The link names a custom {side} list without its words; {values[side]} are used. {_LONG_LISTS}"
            )
    if values["target"] == values["baseline"] != CUSTOM:
        side = "target" if "target" not in given and "baseline" in given else "baseline"
        both, values[side] = values[side], _other_class(values, side, default)
        problems.append(f"Target and baseline are both {both}; {values[side]} are used as {side}.")
    names = names_of(*(values[name] for name in (*SIDES, *NAMES)))
    if are_alike(names):
        problems.append(f"Target and baseline are both called {quoted(names[0])}; the lists' names were set aside.")
        values.update(dict.fromkeys(NAMES, ""))
    test = ALL_TESTS[values["test"]]
    if test.paired and values["n_target"] != values["n_baseline"]:
        used = values["n_baseline" if "n_target" not in given and "n_baseline" in given else "n_target"]
        problems.append(
            f"The link asks for a paired test of {values['n_target']:,} and {values['n_baseline']:,} words, "
            f"which needs equal counts; {used:,} of each are used."
        )
        values["n_target"] = values["n_baseline"] = used
    if test.paired and values["unit"] == "lemma":
        problems.append("The link asks for a paired test of lemmas; it pairs word i with word i, so words are used.")
        values["unit"] = "word"
    if ALL_CORRECTIONS[values["correction"]].permutes and not test.score:
        problems.append(
            f"The link asks for the correction {values['correction']}, which permutes the words; the test {test.name} "
            "cannot be permuted, so Holm's is used."
        )
        values["correction"] = "holm"
    return problems


def _other_class(values: Mapping[str, Any], side: str, default: ContrastSpec) -> str:
    """The word class to use for a side: the default's, unless that is a custom list or the other side's."""
    other = values["baseline" if side == "target" else "target"]
    candidates: tuple[str, ...] = (getattr(default, side), getattr(ContrastSpec, side), "nouns", "verbs")
    return next(name for name in candidates if name not in (CUSTOM, other))


def parse_field(name: str, text: str, called: str = "") -> Any:
    """Convert a URL parameter to the type of the spec's field ``name``; UserError if it is no number.

    ``called`` is its name in the sentence.

    Examples
    --------
    >>> parse_field("layer", "5"), parse_field("prefix", "1")
    (5, True)
    """
    try:
        if name in COUNTS:
            return int(text)
        if name == "alpha":
            return float(text)
    except ValueError:
        raise UserError(f"{called or name} is {quoted(text)}, which is not a number.") from None
    if name in FLAGS:
        return {"1": True, "true": True, "0": False, "false": False}.get(text.lower(), text)
    if name.endswith("_words"):
        return tuple(word for word in (part.strip() for part in text.split("\n")) if word)
    return text
