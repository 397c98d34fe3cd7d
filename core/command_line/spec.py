"""From what was typed to a ContrastSpec: a preset or a file with settings, and what was typed beside it."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from typing import Any

from core.command_line.inputs import content_of, shown_name, text_of
from core.command_line.output import Output
from core.command_line.status import UsageError, typed
from core.errors import UserError, did_you_mean, reason_of
from core.records import ALL_TESTS, CUSTOM, DEFAULT_PRESET, PRESETS, SIDES, WORD_SOURCES, ContrastSpec
from core.records.names import check_name
from core.records.spec import check_field, quoted

_FIELDS = tuple(item.name for item in fields(ContrastSpec))
_OF_LISTS = tuple(f"{side}_{part}" for side in SIDES for part in ("words", "name"))
_TYPED = tuple(name for name in _FIELDS if name not in _OF_LISTS)  # fields that have an option of their own


def spec_of(options: argparse.Namespace, output: Output) -> ContrastSpec:
    """The values of the file or the preset, replaced where the command line gives others.

    Raises
    ------
    UsageError
        A value is not allowed, or a file cannot be read; a name is for no list; a contrast stands beside a class.
    UserError
        A file of words is no list; a file with settings has none, or one that is not allowed.
    """
    options = _with_classes(options)
    kept = read_spec(options.spec, output) if options.spec else None
    given = {name: value for name in _TYPED if (value := getattr(options, name)) is not None}
    base = _base(options, kept, given, output)
    for side in SIDES:
        if side in given:
            with typed():
                check_field(side, given[side], given.get("word_source", base["word_source"]), f"--{side}")
    lists = {side: _own_list(options, side, kept, output) for side in SIDES}
    if kept is None or options.preset:
        base |= _within_lists(base | {name: value for name, value in given.items() if not name.startswith("n_")})
    values = base | _counts(options, given, lists, given.get("test", base["test"])) | given
    for side in SIDES:
        if given.get(side, CUSTOM) != CUSTOM:  # a word class in place of the file's list
            values |= {f"{side}_words": (), f"{side}_name": ""}
        values |= lists[side]
    with typed():
        return ContrastSpec(**values)


def _with_classes(options: argparse.Namespace) -> argparse.Namespace:
    """The options with the two classes of ``--contrast`` as if these had been typed."""
    from core.records.contrasts import contrast_named

    if options.contrast is None:
        return options
    for side in SIDES:
        for name in (side, f"{side}_words"):
            if getattr(options, name) is not None:
                flag = f"--{name.replace('_', '-')}"
                raise UsageError(
                    f"--contrast is “{options.contrast}”, which names both classes, and {flag} gives one: leave one of "
                    "them out."
                )
    contrast = contrast_named("--contrast", options.contrast)
    return argparse.Namespace(**{**vars(options), "target": contrast.target, "baseline": contrast.baseline})


def _counts(
    options: argparse.Namespace, given: dict[str, Any], lists: dict[str, dict[str, Any]], test: str
) -> dict[str, int]:
    """The numbers of words that --words and lists of one's own say, where no option says that of a side."""
    if options.words is not None:
        return dict.fromkeys((f"n_{side}" for side in SIDES), options.words)
    of_lists = {side: len(words) for side in SIDES if (words := lists[side].get(f"{side}_words"))}
    counts = {f"n_{side}": n for side, n in of_lists.items()}
    if ALL_TESTS[test].paired:  # as many of the other class as the list has
        for side, other in (SIDES, SIDES[::-1]):
            if side in of_lists and not lists[other]:
                counts[f"n_{other}"] = given.get(f"n_{side}", of_lists[side])
    return counts


def _base(
    options: argparse.Namespace, kept: ContrastSpec | None, given: dict[str, Any], output: Output
) -> dict[str, Any]:
    """The values where nothing was typed: the file's, then the preset's, if one is asked for or there is no file."""
    preset = options.preset
    if preset is None and kept is None:
        preset = DEFAULT_PRESET
        if "test" in given and ALL_TESTS[given["test"]].paired:  # which careful cannot have: its unit is the lemma
            preset = "notebook"
            if not set(PRESETS[preset]) <= {*given, *(("n_target", "n_baseline") if options.words else ())}:
                output.note(
                    "The test is paired, as the notebook's, so all that you did not set is as in --preset notebook. "
                    "For the careful settings: --preset careful --unit word."
                )
    base = {} if kept is None else {name: getattr(kept, name) for name in _FIELDS}
    lengths = {f"n_{side}": len(base[f"{side}_words"]) for side in SIDES if base.get(f"{side}_words")}
    return {**base, **PRESETS[preset], **lengths} if preset else base


def _within_lists(values: dict[str, Any]) -> dict[str, int]:
    """A preset's numbers of words, no larger than the lists of the classes: nobody has asked for more."""
    from core.words import list_length

    if values["word_source"] not in WORD_SOURCES:
        return {}
    counts = {}
    for side in SIDES:
        n, word_class = values[f"n_{side}"], values.get(side, getattr(ContrastSpec, side))
        counts[f"n_{side}"] = min(n, list_length(word_class, values["word_source"])) if word_class != CUSTOM else n
    if ALL_TESTS[values["test"]].paired:
        counts = dict.fromkeys(counts, min(counts.values()))
    return counts


def _own_list(options: argparse.Namespace, side: str, kept: ContrastSpec | None, output: Output) -> dict[str, Any]:
    """The fields of a spec for a list of one's own, with a note of what was changed in it; none without a list."""
    from core.words import custom_list
    from core.words.entries import MAX_BYTES, count_of, written

    file, name = getattr(options, f"{side}_words"), getattr(options, f"{side}_name")
    word_class = getattr(options, side)
    if name is not None:
        with typed():
            check_name(f"--{side}-name", name)
    if file is None:
        if kept is not None and getattr(kept, side) == CUSTOM and word_class in (None, CUSTOM):
            return {} if name is None else {f"{side}_name": name}
        if name is not None:
            raise UsageError(f"--{side}-name is “{name}”, but no list is given: --{side}-words FILE names its file.")
        if word_class == CUSTOM:
            raise UsageError(f"--{side} is {CUSTOM}, but no list is given: --{side}-words FILE names its file.")
        return {}
    if word_class not in (None, CUSTOM):
        raise UsageError(f"--{side} is “{word_class}”, and --{side}-words gives a list: leave one of them out.")
    shown = shown_name(file)
    content = content_of(file, f"The list {shown!r}", MAX_BYTES)
    if not content.strip():
        raise UserError(f"The list {shown!r} is empty; one word a line is expected.")
    words = custom_list(content, shown)
    if len(words.words) < 2:
        raise UserError(f"The list {shown!r} has {count_of(len(words.words), 'word')}; at least 2 are needed.")
    for note in words.notes:
        output.note(f"{shown}: {note}")
    return {side: CUSTOM, f"{side}_words": written(words.words, words.lemmas), f"{side}_name": name or ""}


def read_spec(file: str, output: Output) -> ContrastSpec:
    """The settings of a file: a spec, or what ``contrast --json``, ``evidence --json`` or the app wrote.

    What the file leaves out is as in ``ContrastSpec()``: the settings of the notebook. A note says which these are.

    Raises
    ------
    UserError
        It is no JSON, has a field that a spec has not, or a value that is not allowed.
    UsageError
        The file cannot be read.
    """
    shown = f"--spec {shown_name(file)}"
    text = text_of(content_of(file, shown), shown)
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or nesting without end
        raise UserError(f"{shown} is not JSON: {reason_of(error)}.") from None
    if not isinstance(record, dict):
        raise UserError(f"{shown} holds no settings: an object is expected, such as what contrast --json writes.")
    values = next((record[name] for name in ("spec", "settings") if isinstance(record.get(name), dict)), record)
    for name in values:
        if name not in _FIELDS:
            raise UserError(f"{shown} has the field {quoted(name)}, which is no setting.{did_you_mean(name, _FIELDS)}")
    try:
        values = {**values, **_lists_of_app(record, values)}
        spec = ContrastSpec.from_json(json.dumps(values))
    except UserError as error:
        raise UserError(f"{shown}: {error}", about=error.about) from None
    if missing := [name for name in _FIELDS if name not in (*values, *_OF_LISTS)]:
        output.note(f"{shown} leaves out {', '.join(missing)}: as in the notebook preset.")
    return spec


def _lists_of_app(record: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The words of lists of one's own in a settings file of the app, which keeps them apart, as they were typed."""
    from core.words import custom_list
    from core.words.entries import written
    from core.words.lists import words_as_given

    lists, given = record.get("lists"), record.get("as_given", [])
    found: dict[str, Any] = {}
    if not isinstance(lists, dict) or not isinstance(given, list):
        return found
    for side in SIDES:
        lines = lists.get(side)
        if values.get(side) != CUSTOM or f"{side}_words" in values or not isinstance(lines, list) or not lines:
            continue
        if not all(isinstance(line, str) for line in lines):
            raise UserError(f"lists.{side} is no list of words.")
        name = f"lists.{side}"
        words = words_as_given(lines, name) if side in given else custom_list("\n".join(lines), name)
        found[f"{side}_words"] = list(written(words.words, words.lemmas))
    return found
