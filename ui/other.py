"""Experiment B of the Compare page: like the sidebar's, A, but for a few changes.

``View.other`` has the changes as pairs of a field and its value. A link has each with ``b_`` before its name:
``b_layer=5&b_test=welch``. So B follows A in everything else. ``neuron`` is the neuron of B in the coloured text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.errors import UserError
from core.models.hub import canonical
from core.records import CUSTOM, MAX_WORDS, SIDES, WORD_SOURCES, ContrastSpec
from core.records.link import digest_of, fits, parse_field
from core.records.spec import COUNTS, FLAGS, check_field, quoted
from core.report.readable import as_chosen
from engine.limits import check_allowed, check_counts, limits
from engine.steps import layers_of
from ui.defaults import ALPHAS, LEAST_WORDS, same_depth, within_lists
from ui.link_names import MARK
from ui.link_values import MAX_VALUE, View, is_index

Changes = tuple[tuple[str, Any], ...]

NEURON = "neuron"
LISTS = tuple(f"{side}_{what}" for side in SIDES for what in ("words", "name"))
# What may differ, in the order of the page; then what belongs to a list of one's own.
FIELDS = (
    *("layer", "model", "hook_side", "target", "baseline", "n_target", "n_baseline", "word_source"),
    *("test", "unit", "correction", "family", "alpha", "shuffle_labels", "seed", "prefix", "leading_space"),
    *("drop_shared", "pooling", "dtype"),
)
_ORDER = (*FIELDS, *LISTS, NEURON)


def changed(other: Changes, **changes: Any) -> Changes:
    """The changes with some replaced, in the order of the page; a value of None takes a field out.

    Examples
    --------
    >>> changed((("test", "welch"), ("seed", 4)), layer=2, seed=None)
    (('layer', 2), ('test', 'welch'))
    """
    values = {**dict(other), **changes}
    return tuple((name, values[name]) for name in _ORDER if values.get(name) is not None)


def chosen_fields(other: Changes) -> tuple[str, ...]:
    """The fields that differ in B, without what belongs to lists and to the text."""
    return tuple(name for name, _ in other if name in FIELDS)


def spec_of(a: ContrastSpec, other: Changes) -> ContrastSpec:
    """B: the spec of A with the changes, with no more words than the lists have.

    With another model, and no layer of its own, B has the layer of the same relative depth.

    Raises
    ------
    UserError
        The values do not fit together, such as a paired test of unequal counts; or this server does not allow one.
    """
    changes = {name: value for name, value in other if name != NEURON}
    check_allowed(changes.get("model", a.model))
    if (source := changes.get("word_source", a.word_source)) not in WORD_SOURCES:
        raise UserError(f"word_source is {quoted(source)}; {' and '.join(WORD_SOURCES)} are allowed.")
    for side in SIDES:
        words = f"{side}_words"
        if changes.get(side, getattr(a, side)) != CUSTOM:
            changes |= {words: (), f"{side}_name": ""}
        elif words in changes:
            changes.setdefault(f"n_{side}", len(changes[words]))
    if changes.get("model", a.model) != a.model and "layer" not in changes:
        n_a, n_b = layers_of(a.model), layers_of(changes["model"])
        if n_a is not None and n_b is not None:
            changes["layer"] = same_depth(a.layer, n_a, n_b)
    spec = a.changed(**changes)
    check_counts(spec)
    return within_lists(spec)


def differing(a: ContrastSpec, b: ContrastSpec) -> Changes:
    """The changes that make B of A.

    Examples
    --------
    >>> differing(ContrastSpec(), ContrastSpec(layer=2, test="welch"))
    (('layer', 2), ('test', 'welch'))
    """
    names = [name for name in (*FIELDS, *LISTS) if getattr(a, name) != getattr(b, name)]
    if a.model != b.model and "layer" not in names:
        names.append("layer")  # else B's would move with the model
    found = {name: getattr(b, name) for name in names}
    for side in SIDES:
        if getattr(b, side) != CUSTOM:
            found = {name: value for name, value in found.items() if name not in (f"{side}_words", f"{side}_name")}
    return changed((), **found)


def swapped(view: View) -> View:
    """The view in which A and B have changed places, with the neuron of each.

    Raises
    ------
    UserError
        As ``spec_of``.
    """
    a, b, neuron = view.spec, spec_of(view.spec, view.other), dict(view.other).get(NEURON)
    back = changed(differing(b, a), neuron=view.neuron)
    # Where nothing differs, one equal field keeps the comparison open.
    return replace(view, spec=b, other=back or (("layer", a.layer),), neuron=neuron, pinned=())


def params_of(other: Changes) -> dict[str, str]:
    """The parameters of a link. Of a list that is too long for one there is the digest.

    Examples
    --------
    >>> params_of((("layer", 5), ("prefix", True)))
    {'b_layer': '5', 'b_prefix': '1'}
    """
    params = {}
    for name, value in other:
        if name.endswith("_words") and not fits(value):
            params[f"{MARK}{name.removesuffix('_words')}_digest"] = digest_of(value)
        elif name.endswith("_words"):
            params[MARK + name] = "\n".join(value)
        else:
            params[MARK + name] = str(int(value)) if isinstance(value, bool) else str(value)
    return params


def lists_of(other: Changes) -> dict[str, str]:
    """The lists of B as texts, for ``read``: a link may have only their digests."""
    return {MARK + name: "\n".join(value) for name, value in other if name.endswith("_words")}


def left_out(other: Changes) -> list[str]:
    """A sentence for each list of B that no link can hold."""
    return [
        f"B's custom {name.removesuffix('_words')} list is too long for a link. Save the settings as a file, which has "
        "it, and send that too."
        for name, value in other
        if name.endswith("_words") and not fits(value)
    ]


def read(params: Mapping[str, str], a: ContrastSpec, texts: Mapping[str, str], problems: list[str]) -> Changes:
    """The changes that a link names. One sentence is added for each value that is set aside.

    ``texts`` are lists of this session, by ``lists_of``, for those that a link names by their digests.
    """
    found: dict[str, Any] = {}
    source = params.get(f"{MARK}word_source", a.word_source)
    for name in (*FIELDS, *LISTS):
        if (text := params.get(MARK + name)) is None:
            continue
        try:
            found[name] = _value(name, text, source if source in WORD_SOURCES else a.word_source)
        except UserError as error:
            problems.append(f"{error} It was set aside for B.")
    for side in SIDES:
        digest = params.get(f"{MARK}{side}_digest")
        if not _find_list(side, found, a, digest, texts):
            found = {name: value for name, value in found.items() if name not in (side, f"{side}_words")}
            problems.append(
                f"The link names a custom {side} list for B without its words, so B has the {side} of A. Such a list "
                "is in the settings file of whoever made it."
            )
    if (text := params.get(MARK + NEURON)) is not None:
        if is_index(text):
            found[NEURON] = int(text)
        else:
            problems.append(
                f"{MARK}neuron is {quoted(text)}; a neuron's index is a whole number from 0. It was set aside for B."
            )
    return changed((), **found)


def _value(name: str, text: str, source: str) -> Any:
    """The value of a field in a link; UserError if it is not allowed here."""
    called, value = MARK + name, parse_field(name, text, called=MARK + name)
    if name == "model":
        value = canonical(value)
    check_field(name, value, word_source=source, called=called)
    if name == "model":
        check_allowed(value)
    if name == "word_source" and value not in WORD_SOURCES:
        raise UserError(f"{called} is {quoted(value)}; {' and '.join(WORD_SOURCES)} are allowed.")
    most = min(MAX_WORDS, limits().max_words)
    if name.startswith("n_") and not LEAST_WORDS <= value <= most:
        raise UserError(f"{called} is {quoted(value)}; a whole number from {LEAST_WORDS} to {most:,} is allowed here.")
    if name == "alpha" and not ALPHAS[0] <= value <= ALPHAS[1]:
        raise UserError(f"{called} is {quoted(as_chosen(value))}; here {ALPHAS[0]} to {ALPHAS[1]} are allowed.")
    return value


def _find_list(side: str, found: dict[str, Any], a: ContrastSpec, digest: str | None, texts: Mapping[str, str]) -> bool:
    """Find the words of a side, in place, if it is a list of one's own. False if they are nowhere."""
    words = f"{side}_words"
    if found.get(side, getattr(a, side)) != CUSTOM:
        for name in (words, f"{side}_name"):
            found.pop(name, None)
        return True
    if digest is None:
        return side not in found or bool(found.get(words) or getattr(a, words))
    known = (tuple(texts.get(MARK + words, "").split("\n")), getattr(a, words))
    own = next((each for each in known if digest_of(each) == digest), None)
    if own is not None:
        found[words] = own
    return own is not None


def from_file(value: object) -> Changes:
    """The changes in a settings file: a list of pairs. Their values are checked as those of a link.

    Raises
    ------
    UserError
        It is no such list.
    """
    if not isinstance(value, list) or len(value) > len(_ORDER):
        raise UserError(f"other is {quoted(value)}, which is not what a page has.")
    found: dict[str, Any] = {}
    for pair in value:
        name, of = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if not isinstance(name, str) or not may_be(name, of):
            raise UserError(f"other has {quoted(pair)}; a pair of a setting and its value is allowed.")
        if name in _ORDER:
            found[name] = tuple(of) if isinstance(of, list) else of
    return changed((), **found)


def may_be(name: str, value: object) -> bool:
    """Whether a value has a type that a link can have."""
    if name.endswith("_words"):
        return isinstance(value, list) and all(isinstance(word, str) for word in value)
    if name in COUNTS or name == NEURON:
        return type(value) is int
    if name in FLAGS:
        return isinstance(value, bool)
    if name == "alpha":
        return isinstance(value, float)
    return isinstance(value, str) and len(value) <= MAX_VALUE
