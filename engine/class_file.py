"""One file that says how a class works with this server: class.toml, named by GRAMMAR_NEURONS_CLASS_FILE.

    if file := current():
        print(file.title, [each.title for each in file.texts])

It is read once, at the start. A mistake in it ends the start with one sentence: a class would otherwise meet other
settings than its instructor wanted. What only pages know, such as their titles, ``ui.class_settings`` checks.
docs/how-to/class-file.md has the form of the file, with an example.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import UserError, did_you_mean
from core.records import MAX_WORDS, ContrastSpec
from engine.limits import Limits, check_allowed, limits

_MOST_BYTES = 1_000_000  # of the file, with the texts in it
_MOST_TEXTS, _MOST_NAMES = 20, 60
_TITLE, _WELCOME, _VALUE = 80, 600, 10_000  # characters; a value of a setting may be as long as in a link
# A key of so many parts, such as a.a.a: tomllib takes the square of their number.
_DEEP_KEY = re.compile(r"""\s*\[*\s*[\w"'-]+(\s*\.\s*[\w"'-]+){32}""")
_MOST_SEATS, _LEAST_WORDS = 500, 2
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,30}[A-Za-z0-9]")
# What the sidebar has beside the fields of an experiment.
_MORE_CONTROLS = ("preset", "contrast", "swap", "settings_file")
CONTROLS = (
    *_MORE_CONTROLS,
    *(
        item.name
        for item in fields(ContrastSpec)
        if item.name != "seed" and not item.name.endswith(("_words", "_name"))
    ),
)


@dataclass(frozen=True)
class ClassText:
    """A sample text of the class: the title on pages, and the text."""

    title: str
    text: str


@dataclass(frozen=True)
class Study:
    """What a class repeats on its Class page; None, or an empty text, where the file says nothing.

    ``code`` is the class code, ``words`` how many words of each class a seat gets, ``seats`` how many seats there are.
    """

    code: str = ""
    model: str = ""
    layer: int | None = None
    neuron: int | None = None
    words: int | None = None
    seats: int | None = None


@dataclass(frozen=True)
class ClassFile:
    """What a class file says.

    ``name`` is the file's own name, for sentences. ``settings`` are pairs of a name and a value as in a link.
    ``pages`` are titles of pages, ``steps`` names of the lesson's steps; None for all of them.
    ``hidden`` are the controls that the sidebar does not show (``CONTROLS``).
    """

    name: str
    title: str = ""
    welcome: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    texts: tuple[ClassText, ...] = ()
    pages: tuple[str, ...] | None = None
    hidden: frozenset[str] = frozenset()
    steps: tuple[str, ...] | None = None
    study: Study | None = None


def current() -> ClassFile | None:
    """The class file of this server; None if it has none.

    It is read once in a process: to change it, start the server again.

    Raises
    ------
    UserError
        As ``read``.
    """
    path = os.environ.get("GRAMMAR_NEURONS_CLASS_FILE", "").strip()
    return _once(path, limits()) if path else None


@lru_cache(maxsize=4)
def _once(path: str, allowed: Limits) -> ClassFile:
    """Read a file once for the ``allowed`` limits: what it may say depends on them."""
    return read(Path(os.path.expanduser(path)))


def about(file: ClassFile) -> str:
    """What was read, in one line: for the start of a server, and ``python -m core check``.

    Examples
    --------
    >>> about(ClassFile("class.toml", "Nouns and verbs", texts=(ClassText("A walk", "We walk."),), pages=("Words",)))
    'class.toml: “Nouns and verbs”, 1 text, 1 page shown'
    """
    said = [f"“{file.title}”"] if file.title else []
    said += [_count(n, what) for n, what in ((len(file.settings), "setting"), (len(file.texts), "text")) if n]
    said += [] if file.pages is None else [f"{_count(len(file.pages), 'page')} shown"]
    said += [f"{_count(len(file.hidden), 'control')} hidden"] if file.hidden else []
    said += [] if file.steps is None else [f"{_count(len(file.steps), 'step')} of the lesson"]
    said += [f"study {file.study.code}".strip()] if file.study else []
    return f"{file.name}: {', '.join(said) or 'nothing is set'}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def read(path: Path) -> ClassFile:
    """Read and check a class file.

    Raises
    ------
    UserError
        The file cannot be read, or something in it is not allowed. The sentence names the file and the place in it,
        what came, and what is allowed.
    """
    content = _bytes_of(path, path.name, _MOST_BYTES)
    top = _Table(path.name, _parsed(content, path.name), _TOP)
    settings = top.table("settings")
    pages, controls, lesson = (top.table(name, each) for name, each in _LISTS.items())
    return ClassFile(
        name=path.name,
        title=top.text("title", _TITLE),
        welcome=top.text("welcome", _WELCOME),
        settings=tuple((name, settings.setting(name)) for name in settings.values),
        texts=_texts(top, path.parent),
        pages=pages.names("show"),
        hidden=_hidden(controls),
        steps=lesson.names("steps"),
        study=_study(top.table("study", _STUDY)) if "study" in top.values else None,
    )


_TOP = ("title", "welcome", "settings", "texts", "pages", "controls", "lesson", "study")
_LISTS = {"pages": ("show",), "controls": ("show", "hide"), "lesson": ("steps",)}
_STUDY = tuple(item.name for item in fields(Study))


@dataclass(frozen=True)
class _Table:
    """A table of the file: where it stands, its values, and the names that it may have (all, if there are none)."""

    where: str
    values: Mapping[str, Any]
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a name that is not allowed."""
        for name in self.values:
            if self.allowed and name not in self.allowed:
                near = did_you_mean(name, self.allowed) or f" Allowed are {', '.join(self.allowed)}."
                raise UserError(f"{self.where}: {shown(name)} is no name here.{near}")

    def table(self, name: str, allowed: tuple[str, ...] = ()) -> _Table:
        """A table in this one; an empty one if it is not there."""
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise UserError(f"{self.where}: {name} is {shown(value)}; a table is allowed, such as [{name}].")
        return _Table(f"{self.where}, [{name}]", value, allowed)

    def text(self, name: str, most: int) -> str:
        """A line of text; "" if it is not there."""
        value = self.values.get(name, "")
        if not isinstance(value, str):
            raise UserError(f"{self.where}: {name} is {shown(value)}; a text in quotes is allowed.")
        if len(value) > most:
            raise UserError(f"{self.where}: {name} has {len(value):,} characters; at most {most:,} are allowed.")
        if not value.isprintable():
            raise UserError(f"{self.where}: {name} holds characters that cannot be shown; one line of text is allowed.")
        return value.strip()

    def number(self, name: str, least: int, most: int) -> int | None:
        """A whole number; None if it is not there."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise UserError(
                f"{self.where}: {name} is {shown(value)}; a whole number from {least:,} to {most:,} is allowed."
            )
        return value

    def names(self, name: str) -> tuple[str, ...] | None:
        """A list of names, each once; None if it is not there."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise UserError(f"{self.where}: {name} is {shown(value)}; a list of names in quotes is allowed.")
        if not 0 < len(value) <= _MOST_NAMES:
            raise UserError(f"{self.where}: {name} has {len(value):,} names; 1 to {_MOST_NAMES} are allowed.")
        if twice := [each for each in value if value.count(each) > 1]:
            raise UserError(f"{self.where}: {name} has {shown(twice[0])} twice; name each once.")
        return tuple(value)

    def setting(self, name: str) -> str:
        """A value as a link has it: a list has its words in lines, or its numbers with commas between them."""
        value = self.values[name]
        parts = value if isinstance(value, list) else [value]
        if not parts or not all(isinstance(each, str | int | float) for each in parts):
            raise UserError(
                f"{self.where}: {shown(name)} is {shown(value)}; a text, a number, true, false or a list is allowed."
            )
        text = ("\n" if name.endswith("_words") else ",").join(map(_as_in_a_link, parts))
        if len(text) > _VALUE:
            raise UserError(
                f"{self.where}: {shown(name)} has {len(text):,} characters; at most {_VALUE:,} are allowed."
            )
        return text


def shown(value: object) -> str:
    """A value of the file for a sentence: short, and without what cannot be shown.

    Examples
    --------
    >>> shown("careful"), shown(True), shown({"a": 1}), shown([1, 2])
    ('“careful”', 'true', 'a table', 'a list')
    """
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        text = str(value)
    except ValueError:  # more digits than Python writes
        return "a number of too many digits"
    text = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text[:61])
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def _as_in_a_link(value: str | float) -> str:
    return str(int(value)) if isinstance(value, bool) else shown(value)[1:-1] if isinstance(value, int) else str(value)


def _bytes_of(path: Path, said: str, most: int) -> bytes:
    """What is in a file; UserError if it is none, cannot be read, or is too large."""
    try:
        if not path.is_file():  # a folder, a device or a pipe, too: to read that might never end
            raise UserError(f"{said} is no file that can be read.")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        if isinstance(error, UserError):
            raise
        raise UserError(f"{said} cannot be read.") from error
    if len(content) > most:
        raise UserError(f"{said} has more than {most:,} bytes, which is the most that is allowed.")
    return content


def _parsed(content: bytes, said: str) -> dict[str, Any]:
    import tomllib

    text = _decoded(content, said)
    if any(_DEEP_KEY.match(line) for line in text.split("\n")):
        raise UserError(f"{said} is no class file: a name in it has too many parts.")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UserError(f"{said} is no class file: its lists or tables are too deep.") from None
    except ValueError as error:  # also a number of too many digits
        raise UserError(f"{said} is not in the form of TOML: {str(error).rstrip('.')[:160]}.") from None


def _decoded(content: bytes, said: str) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UserError(f"{said} is not UTF-8 text; save it as plain text in UTF-8.") from None


def _texts(top: _Table, folder: Path) -> tuple[ClassText, ...]:
    """The sample texts, in the file itself or beside it."""
    entries = top.values.get("texts", [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise UserError(f"{top.where}: texts is {shown(entries)}; each text begins with [[texts]].")
    if len(entries) > _MOST_TEXTS:
        raise UserError(f"{top.where}: there are {len(entries):,} texts; at most {_MOST_TEXTS} are allowed.")
    texts: list[ClassText] = []
    for number, entry in enumerate(entries, 1):
        table = _Table(f"{top.where}, text {number}", entry, ("title", "text", "file"))
        title = table.text("title", _TITLE)
        if not title:
            raise UserError(f"{table.where}: it has no title; the page names the text by it.")
        if title in (each.title for each in texts):
            raise UserError(f"{table.where}: another text is called {shown(title)}, too; each has its own title.")
        texts.append(ClassText(title, _text(table, folder)))
    return tuple(texts)


def _text(table: _Table, folder: Path) -> str:
    """The text of one sample."""
    given = [name for name in ("text", "file") if name in table.values]
    if len(given) != 1:
        raise UserError(f"{table.where}: it has {' and '.join(given) or 'no text'}; either text or file is allowed.")
    value, most = table.values[given[0]], limits().max_characters
    if not isinstance(value, str):
        raise UserError(f"{table.where}: {given[0]} is {shown(value)}; a text in quotes is allowed.")
    text = _from_file(table, folder, value, most) if given == ["file"] else value.replace("\r\n", "\n")
    text = text.strip()
    if not text or len(text) > most:
        raise UserError(f"{table.where}: its text has {len(text):,} characters; 1 to {most:,} are allowed.")
    if any(not each.isprintable() and each not in "\n\t" and ord(each) < 160 for each in text):
        raise UserError(f"{table.where}: its text holds control characters; only line ends and tabs are allowed.")
    return text


def _from_file(table: _Table, folder: Path, name: str, most: int) -> str:
    """The text of a file in the folder of the class file, or below it; none elsewhere, whatever its name says."""
    said = f"{table.where}: file {shown(name)}"
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a null character, a loop of links
        inside = False
    if not name or os.path.isabs(name) or not inside:
        raise UserError(f"{said} is not in the folder of the class file; only a file there is allowed.")
    return _decoded(_bytes_of(path, said, 4 * most + 3), said)  # UTF-8 has at most four bytes a character


def _hidden(controls: _Table) -> frozenset[str]:
    """The controls that are not shown, from a list of those that are, or of those that are not."""
    listed = {name: controls.names(name) for name in ("show", "hide")}
    if all(listed.values()):
        raise UserError(f"{controls.where}: it has show and hide; one of them is allowed.")
    for each in (*(listed["show"] or ()), *(listed["hide"] or ())):
        if each not in CONTROLS:
            near = did_you_mean(each, CONTROLS) or f" Allowed are {', '.join(CONTROLS)}."
            raise UserError(f"{controls.where}: {shown(each)} is no control.{near}")
    if listed["show"] is not None:
        return frozenset(CONTROLS) - frozenset(listed["show"])
    hidden = frozenset(listed["hide"] or ())
    # Who hides both classes does not want them changed: so these two, which change nothing else, go with them.
    return hidden | {"contrast", "swap"} if {"target", "baseline"} <= hidden else hidden


def _study(table: _Table) -> Study:
    code = table.text("code", _TITLE)
    if code and not _CODE.fullmatch(code):
        raise UserError(
            f"{table.where}: code is {shown(code)}; 4 to 32 letters (a to z), digits and hyphens are allowed, with no "
            "hyphen first or last."
        )
    model = table.text("model", 200)
    if model:
        try:
            check_allowed(model)
        except UserError as error:
            raise UserError(f"{table.where}: {error}") from None
    return Study(
        code,
        model,
        table.number("layer", 0, 999),
        table.number("neuron", 0, 999_999),
        table.number("words", _LEAST_WORDS, min(MAX_WORDS, limits().max_words)),
        table.number("seats", 1, _MOST_SEATS),
    )
