"""One file that says how a class works with this server: class.toml, named by GRAMMAR_NEURONS_CLASS_FILE.

    if file := current():
        print(file.title, [each.title for each in file.texts])

It is read once, at the start. A mistake in it ends the start with one sentence: a class would otherwise meet other
settings than its instructor wanted. What only pages know, such as their titles, ``ui.class_settings`` checks.
docs/how-to/class-file.md has the form of the file, with an example.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from core.errors import UserError, did_you_mean
from core.records import ContrastSpec
from core.records.replication import MOST_SEATS, SEAT_WORDS, class_code
from engine.class_file_reader import Table, bytes_of, decoded, parsed, shown
from engine.limits import Limits, check_allowed, limits

_MOST_BYTES = 1_000_000  # of the file, with the texts in it
_MOST_TEXTS = 20
_TITLE, _WELCOME = 80, 600  # characters
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
class StudySettings:
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
    study: StudySettings | None = None


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
    said += [f"the study of {file.study.code}" if file.study.code else "a study"] if file.study else []
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
    content = bytes_of(path, path.name, _MOST_BYTES)
    top = Table(path.name, parsed(content, path.name), _TOP)
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
_STUDY = tuple(item.name for item in fields(StudySettings))


def _texts(top: Table, folder: Path) -> tuple[ClassText, ...]:
    """The sample texts, in the file itself or beside it."""
    entries = top.values.get("texts", [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise UserError(f"{top.where}: texts is {shown(entries)}; each text begins with [[texts]].")
    if len(entries) > _MOST_TEXTS:
        raise UserError(f"{top.where}: there are {len(entries):,} texts; at most {_MOST_TEXTS} are allowed.")
    texts: list[ClassText] = []
    for number, entry in enumerate(entries, 1):
        table = Table(f"{top.where}, text {number}", entry, ("title", "text", "file"))
        title = table.text("title", _TITLE)
        if not title:
            raise UserError(f"{table.where}: it has no title; the page names the text by it.")
        if title in (each.title for each in texts):
            raise UserError(f"{table.where}: another text is called {shown(title)}, too; each has its own title.")
        texts.append(ClassText(title, _text(table, folder)))
    return tuple(texts)


def _text(table: Table, folder: Path) -> str:
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


def _from_file(table: Table, folder: Path, name: str, most: int) -> str:
    """The text of a file in the folder of the class file, or below it; none elsewhere, whatever its name says."""
    said = f"{table.where}: file {shown(name)}"
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # a null character, a loop of links
        inside = False
    if not name or os.path.isabs(name) or not inside:
        raise UserError(f"{said} is not in the folder of the class file; only a file there is allowed.")
    return decoded(bytes_of(path, said, 4 * most + 3), said)  # UTF-8 has at most four bytes a character


def _hidden(controls: Table) -> frozenset[str]:
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


def _study(table: Table) -> StudySettings:
    """What the class repeats; ``ui.class_settings`` checks that its model has the neuron, and its lists the words."""
    code = table.text("code", _TITLE)
    model = table.text("model", 200)
    try:
        if code:
            class_code(code)
        if model:
            check_allowed(model)
    except UserError as error:
        raise UserError(f"{table.where}: {error}") from None
    least, most = SEAT_WORDS
    return StudySettings(
        code,
        model,
        table.number("layer", 0, 999),
        table.number("neuron", 0, 999_999),
        table.number("words", least, min(most, limits().max_words)),
        table.number("seats", 1, min(MOST_SEATS, limits().board_seats)),
    )
