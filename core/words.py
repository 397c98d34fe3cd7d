"""Word lists: the notebook's (downloaded), the project's own (bundled), a folder's, or the user's own words.

    get_word_list("nouns", "notebook") -> WordList, most frequent first; its notes tell of every fallback
    take(word_list, 100)               -> the first hundred words

A user's mistake raises UserError with one sentence that a page can show as it is.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from core.records import CUSTOM, UserError, WordList
from core.wordlist_download import (
    BASE_URL,
    FILE_NAMES,
    DownloadError,
    cache_folder,
    cached,
    check_word_class,
    download,
    forget_failures,
    parse_lines,
    split_lines,
    unprintable_character,
)

__all__ = [
    "BASE_URL",
    "FILE_NAMES",
    "DownloadError",
    "bundled_classes",
    "bundled_list",
    "cache_folder",
    "cached",
    "custom_list",
    "download",
    "forget_failures",
    "get_word_list",
    "parse_lines",
    "shared_words",
    "take",
]

BUNDLED_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "words"

MAX_CUSTOM_WORDS = 10_000
MAX_LINE = 100  # characters
MAX_BYTES = 5_000_000
_SHOWN = 3  # examples in a note
_LONGEST_NAME = 80  # of a list, such as its file's, in messages


def get_word_list(word_class: str, source: str | Path, *, offline: bool = False) -> WordList:
    """The words of one class, most frequent first.

    Parameters
    ----------
    word_class : str
        "nouns", "verbs", ...: one of records.WORD_CLASSES or records.SHORT_WORD_CLASSES.
    source : str or Path
        "notebook" (cached, else downloaded, else the bundled list with a note), "bundled", or a folder that
        holds the original files or plain ones such as nouns.txt.
    offline : bool
        Never ask the network: "notebook" then means the cached list or the bundled one.

    Raises
    ------
    UserError
        No such class or source; no download and no bundled stand-in; a folder without the file, or with one
        that is no list.
    """
    check_word_class(word_class)
    if source == "notebook":
        return _notebook_list(word_class, offline)
    if source == "bundled":
        return bundled_list(word_class)
    return _folder_list(word_class, source)


def bundled_list(word_class: str) -> WordList:
    """The project's own list of a class; UserError, naming the classes that have one, if there is none."""
    check_word_class(word_class)
    available = bundled_classes()
    if word_class not in available:
        there_are = ", ".join(available) or "none at all"
        raise UserError(f"There is no bundled list of {word_class}; there are {there_are}.")
    words, notes = _read_list(BUNDLED_FOLDER / f"{word_class}.txt")
    return WordList(word_class, words, "bundled list", notes)


def bundled_classes() -> tuple[str, ...]:
    """The word classes that have a bundled list."""
    return tuple(name for name in FILE_NAMES if (BUNDLED_FOLDER / f"{name}.txt").is_file())


def custom_list(text_or_bytes: str | bytes, name: str) -> WordList:
    """The user's own words, pasted or from a file: one a line, an inner space allowed ("ice cream").

    Blank lines and repeated words are dropped, and the notes say so. Commas separate nothing.

    Raises
    ------
    UserError
        Bytes that are not UTF-8, an unprintable character, a line of more than 100 characters (the message
        gives its number), no word at all, or more than 10,000 words.
    """
    name = name.strip()[:_LONGEST_NAME] or CUSTOM
    words, notes = _checked_words(text_or_bytes, repr(name))
    if len(words) > MAX_CUSTOM_WORDS:
        raise UserError(f"{name!r} has {len(words):,} words; at most {MAX_CUSTOM_WORDS:,} are allowed.")
    with_commas = sum("," in word for word in words)
    if with_commas:
        lines = "One line holds" if with_commas == 1 else f"{with_commas:,} lines hold"
        notes += (f"{lines} commas: one word a line is expected.",)
    return WordList(name, words, "custom list", notes)


def take(word_list: WordList, n: int) -> tuple[str, ...]:
    """The first ``n`` words; UserError if n is below 1 or the list is shorter."""
    if n < 1:
        raise UserError(f"At least 1 word is needed; {n:,} were asked for.")
    if n > len(word_list.words):
        name = f"of {word_list.name}" if word_list.name in FILE_NAMES else repr(word_list.name)
        has = _count(len(word_list.words), "word")
        raise UserError(f"The list {name} has {has}; {n:,} were asked for.")
    return word_list.words[:n]


def shared_words(a: WordList | tuple[str, ...], b: WordList | tuple[str, ...]) -> tuple[str, ...]:
    """The words that both hold, each once, in the order of ``a``."""
    in_a, in_b = (x.words if isinstance(x, WordList) else x for x in (a, b))
    wanted = frozenset(in_b)
    return tuple(dict.fromkeys(word for word in in_a if word in wanted))


def _notebook_list(word_class: str, offline: bool) -> WordList:
    kept = cached(word_class)
    if kept is not None:
        return kept
    if offline:
        return _stand_in(word_class, DownloadError(word_class, "downloads are switched off"))
    try:
        return download(word_class)
    except DownloadError as error:
        return _stand_in(word_class, error)


def _stand_in(word_class: str, failure: DownloadError) -> WordList:
    """The bundled list in the place of the notebook's, saying so; UserError if the class has none."""
    lost = str(failure).rstrip(".")
    if word_class not in bundled_classes():
        raise UserError(f"{lost}, and no bundled list of {word_class} can stand in.") from failure
    bundled = bundled_list(word_class)
    note = f"{lost}; the project's own bundled list stands in, so numbers differ from the notebook's."
    return WordList(word_class, bundled.words, "bundled list (stand-in)", (note, *bundled.notes))


def _folder_list(word_class: str, folder: str | Path) -> WordList:
    # os.path rather than pathlib: it answers False, not OSError, to a path too long or with a NUL in it.
    path = os.path.expanduser(folder)
    if not str(folder) or not os.path.isdir(path):
        raise UserError(
            f"The word source {str(folder)!r} is not a folder; allowed are 'notebook', 'bundled'"
            " or the path of a folder."
        )
    names = (FILE_NAMES[word_class], f"{word_class}.txt")
    for name in names:
        if os.path.isfile(os.path.join(path, name)):
            words, notes = _read_list(Path(path, name))
            return WordList(word_class, words, f"folder {folder}, file {name}", notes)
    looked_for = " nor ".join(names)
    raise UserError(f"The folder {str(folder)!r} has no list of {word_class}: neither {looked_for}.")


def _read_list(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be read: {error.strerror or type(error).__name__}.") from error
    return _checked_words(raw, repr(str(path)))


def _checked_words(text_or_bytes: str | bytes, what: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(words, notes) of a list somebody wrote; ``what`` names it in the message of a UserError."""
    if len(text_or_bytes) > MAX_BYTES:
        raise UserError(f"{what} is too large for a word list; at most {MAX_BYTES:,} bytes are allowed.")
    text = text_or_bytes if isinstance(text_or_bytes, str) else _decoded(text_or_bytes, what)
    # strip() alone would also take away control characters, unseen.
    lines = [line.strip(" \t") for line in split_lines(text)]
    _check_lines(lines, what)
    words = parse_lines(text)
    if not words:
        raise UserError(f"{what} holds no word; one word a line is expected.")
    return tuple(dict.fromkeys(words)), _blank_lines_note(lines) + _repeated_words_note(words)


def _decoded(raw: bytes, what: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{what} is not UTF-8 text; plain text is expected, one word a line.") from None


def _check_lines(lines: list[str], what: str) -> None:
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            raise UserError(
                f"Line {number:,} of {what} has {len(line):,} characters; at most {MAX_LINE} are allowed,"
                " one word a line."
            )
        strange = unprintable_character(line)
        if strange is not None:
            raise UserError(
                f"Line {number:,} of {what} holds the unprintable character U+{ord(strange):04X};"
                " plain text is expected, one word a line."
            )


def _blank_lines_note(lines: list[str]) -> tuple[str, ...]:
    last = max(number for number, line in enumerate(lines) if line.strip())  # nothing is skipped after it
    blank = sum(not line.strip() for line in lines[:last])
    return (f"{_count(blank, 'blank line')} skipped.",) if blank else ()


def _repeated_words_note(words: tuple[str, ...]) -> tuple[str, ...]:
    repeated = [word for word, times in Counter(words).items() if times > 1]
    if not repeated:
        return ()
    dropped = len(words) - len(set(words))
    among = "among them " if len(repeated) > _SHOWN else ""
    return (f"{_count(dropped, 'repeated word')} dropped: {among}{', '.join(repeated[:_SHOWN])}.",)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
