"""The settings file: all settings, both custom lists and the chosen neurons, for another day or another computer.

It has what a link has, and lists of any length. Whoever made it is not known, so it is checked like a link.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial
from typing import Any, NamedTuple

import streamlit as st

from core.errors import UserError
from core.records import CUSTOM, SIDES, WORD_SOURCES, ContrastSpec
from core.records.link import MAX_LINK_WORDS, fits
from core.records.names import MAX_NAME
from core.records.spec import quoted
from core.report.sentences import result_stem
from engine.limits import check_list
from ui import kept_in_tab, link, link_values, page, settings, uploads
from ui.custom_words import custom_words, words_in
from ui.link_values import View
from ui.values import values_of

FORMAT, VERSION = "Grammar Neurons, settings", 1
MAX_BYTES = 8_000_000  # two lists of the longest words, in a script of three bytes a character
_UPLOAD = "file"  # the tagged text of one's own, as the view has it
_NO_UPLOAD = (
    "The Evidence page had a tagged text of your own, which is not in a settings file: the project's sentences are "
    "used until you upload it again."
)
_PARTS = {"settings": dict, "lists": dict, "view": dict}


def draw() -> None:
    """Draw what saves the settings in a file, and what opens one."""
    with st.expander("Settings file"):
        about = "All settings, both custom lists and the chosen neurons: for another day, or another computer."
        st.caption(f"{about} Saved are the last valid settings." if settings.current().mistake else about)
        draw_save("save_settings", "Save")
        uploads.draw_box("Open", ["json"], "settings_file", _open)


def draw_save(key: str, label: str) -> None:
    """Draw the button that saves the settings in a file. ``key`` is its own."""
    now = settings.current()
    st.download_button(
        label,
        partial(content, now.view, dict(now.values), now.as_given),
        f"settings-{result_stem(now.view.spec)}.json",
        "application/json",
        key=key,
        icon=":material/download:",
        on_click="ignore",
    )


def draw_advice(words: Sequence[str], key: str) -> None:
    """Below a custom list that is too long for a link: say so, and where it is kept. ``key`` is that of its box."""
    if not fits(words):
        joined = "\n".join(words)
        room = f"{len(joined):,} characters, and there is room for {MAX_LINK_WORDS:,}"
        lost = "This tab cannot keep them either: a reload loses them. To keep them, or for"
        kept = lost if kept_in_tab.is_left_out(key) else "Only this tab keeps them. For"
        st.caption(
            f"**Too long for a link** ({room}): the address of this page does not have the words. {kept} another "
            "browser or another day, save a *settings file*, below."
        )


def content(view: View, typed: Mapping[str, Any], as_given: Collection[str] = ()) -> bytes:
    """The file of a view, and of the two custom lists as they were typed, by the keys of their boxes.

    ``as_given`` has the texts in which nothing is cleaned.
    """
    texts = values_of(view.spec, typed, as_given)
    given = [side for side in SIDES if texts[f"{side}_text"] and _is_given(side, view, texts, as_given)]
    spec = {name: value for name, value in asdict(view.spec).items() if not name.endswith("_words")}
    choices = {item.name: getattr(view, item.name) for item in fields(View) if item.name != "spec"}
    names = {side: texts[f"{side}_name"] for side in SIDES if texts[f"{side}_name"]}
    lists = {side: texts[f"{side}_text"].split("\n") if texts[f"{side}_text"] else [] for side in SIDES}
    parts = {"format": FORMAT, "version": VERSION, "settings": spec, "lists": lists, "view": choices}
    parts |= {"names": names} if names else {}
    parts |= {"as_given": given} if given else {}
    return json.dumps(parts, ensure_ascii=False, indent=1).encode()


def _is_given(side: str, view: View, texts: Mapping[str, str], as_given: Collection[str]) -> bool:
    """Whether the list of a class, as the file has it, is to be read as it is: cleaned, it would be another one."""
    text, words = texts[f"{side}_text"], getattr(view.spec, f"{side}_words")
    return words_in(side, text) != words if words else text in as_given


class Opened(NamedTuple):
    """What a settings file has.

    ``texts`` are the custom lists as they were typed and their names, by the keys of their boxes; ``as_given`` has the
    texts in which nothing is cleaned. ``problems`` has a sentence for each value that is not allowed here, and was
    replaced.
    """

    view: View
    texts: dict[str, str]
    problems: list[str]
    as_given: frozenset[str]


def read(raw: bytes, name: str) -> Opened:
    """Read a file that ``content`` wrote.

    Parameters
    ----------
    raw : bytes
    name : str
        The file's, for sentences.

    Returns
    -------
    Opened

    Raises
    ------
    UserError
        It is no such file, or a value in it is not allowed. The sentence says which.
    """
    parts = _parts(raw, name)
    try:
        texts = {f"{side}_text": _text(side, parts["lists"].get(side, [])) for side in SIDES}
        given = _given(parts.get("as_given", []), texts)
        texts |= _names(parts.get("names", {}))
        chosen, of_choices = _choices(parts["view"])
        view = View(_spec(parts["settings"], texts, given), **chosen)
    except UserError as error:
        raise UserError(f"{name} was not opened: {error}") from error
    lists = {f"b_{name}": "\n".join(value) for name, value in view.other if name.endswith("_words")}
    read, problems = link.read(link.params_of(view), {**texts, **lists})
    return Opened(read, texts, [*problems, *of_choices], given)


def _parts(raw: bytes, name: str) -> dict[str, Any]:
    """The parts of a file of this format."""
    if len(raw) > MAX_BYTES:
        raise UserError(f"{name} has {len(raw):,} bytes; a settings file has at most {MAX_BYTES:,}.")
    try:
        parts = json.loads(raw)
        json.dumps(parts, ensure_ascii=False).encode()  # an escape may be half of a character, which no page can show
    except (ValueError, RecursionError):  # a ValueError is also what is no UTF-8, or a number of thousands of digits
        raise UserError(f"{name} is not JSON, which a settings file is.") from None
    if not isinstance(parts, dict) or parts.get("format") != FORMAT:
        raise UserError(f"{name} is no settings file of this app: its “format” is not “{FORMAT}”.")
    if parts.get("version") != VERSION:
        raise UserError(f"{name} has version {quoted(parts.get('version'))}; this app reads version {VERSION}.")
    for part, kind in _PARTS.items():
        if not isinstance(parts.get(part), kind):
            raise UserError(f"{name} was not opened: its “{part}” are missing, or no JSON object.")
    return parts


def _text(side: str, lines: object) -> str:
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise UserError(f"the {side} list is no list of words.")
    text = "\n".join(lines)
    check_list(text, f"{side} list")
    return text


def _given(sides: object, texts: Mapping[str, str]) -> frozenset[str]:
    """The lists that are read as they are. Earlier versions named none."""
    if not isinstance(sides, list) or not all(side in SIDES for side in sides):
        raise UserError(f"its “as_given” is {quoted(sides)}; a list of {' and '.join(SIDES)} is allowed.")
    return frozenset(texts[f"{side}_text"] for side in sides) - {""}


def _names(values: object) -> dict[str, str]:
    """What the lists are called, also those that are not in use. Earlier versions named none of these."""
    if not isinstance(values, dict) or not set(values) <= set(SIDES):
        raise UserError(f"its “names” are {quoted(values)}; those of {' and '.join(SIDES)} are allowed.")
    for side, name in values.items():
        # A mistake is as it was typed, so it opens too: the name's box says it.
        if not isinstance(name, str) or len(name) > MAX_NAME:
            raise UserError(
                f"the name of the {side} list is {quoted(name)}; at most {MAX_NAME} characters are allowed."
            )
    return {f"{side}_name": name for side, name in values.items()}


def _spec(values: Mapping[str, Any], texts: Mapping[str, str], as_given: Collection[str]) -> ContrastSpec:
    known = {item.name for item in fields(ContrastSpec) if not item.name.endswith("_words")}
    if unknown := sorted(set(values) - known):
        raise UserError(f"it has the setting {quoted(unknown[0])}, which this version of the app does not know.")
    if values.get("word_source", WORD_SOURCES[0]) not in WORD_SOURCES:
        raise UserError(
            f"its word source is {quoted(values['word_source'])}; {' and '.join(WORD_SOURCES)} are offered."
        )
    own = {side: custom_words(side, texts[f"{side}_text"], as_given) for side in SIDES if values.get(side) == CUSTOM}
    words: dict[str, Any] = {f"{side}_words": of for side, of in own.items()}
    return ContrastSpec(**{**values, **words, **{f"n_{side}": len(of) for side, of in own.items()}})


def _choices(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The choices on pages: a neuron, neurons, or a word; and a sentence for each word that is not offered here.

    Choices that this version does not know are left out.
    """
    chosen: dict[str, Any] = {}
    problems: list[str] = []
    for item in fields(View):
        if item.name == "spec" or item.name not in values:
            continue
        value, default = values[item.name], item.default
        if item.name == "other":
            from ui import other

            chosen["other"] = other.from_file(value)
            continue
        if isinstance(default, tuple):
            allowed = isinstance(value, list) and all(type(each) is int and each >= 0 for each in value)
        elif default is None:
            allowed = value is None or (type(value) is int and value >= 0)
        else:
            allowed = isinstance(value, str)
        if not allowed:
            raise UserError(f"{item.name} is {quoted(value)}, which is not what a page has.")
        if item.name == "gold" and value == _UPLOAD:
            problems.append(_NO_UPLOAD)
        elif item.name in link_values.OPTIONS:
            chosen[item.name] = link_values.option(item.name, {item.name: value}, problems)
        else:
            chosen[item.name] = tuple(value) if isinstance(default, tuple) else value
    return chosen, problems


def _open(name: str, raw: bytes) -> None:
    """Use the settings of an uploaded file. Of any other file nothing is used: UserError."""
    settings.open_view(*read(raw, name))
    page.show_toast(f"The settings of {name} are in use.")
