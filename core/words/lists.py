"""Word lists: the notebook's (downloaded), the project's (bundled), those in a folder, or a user's own words.

get_word_list("nouns", "notebook") -> WordList, most frequent first; its notes name every fallback
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from core.errors import UserError
from core.records import CUSTOM, WordList
from core.records.names import spoken
from core.records.word_classes import BUNDLED_FOLDER, ENDING, NAME_RULE, classes_in, is_class_name
from core.words.checks import check_word_class
from core.words.download import cached, download
from core.words.entries import HEADER_BYTES, MAX_BYTES, Entries, Header, header_of, read_entries, read_file
from core.words.failures import DownloadError
from core.words.source import DEFAULT_DOWNLOADS, FILE_NAMES, LENGTHS, Downloads

OWN_LIST = "own list"  # the source of a user's own words
THIS_PROJECT = "this project"  # the source in the header of a list that was written for it
MAX_CUSTOM_WORDS = 10_000
_MAX_NAME = 80  # characters of a list's name (such as a file's) in messages


def get_word_list(word_class: str, source: str | Path, downloads: Downloads = DEFAULT_DOWNLOADS) -> WordList:
    """The words of one class, most frequent first.

    Parameters
    ----------
    word_class : str
        "nouns", "verbs", ...: one of records.WORD_CLASSES. In a folder, the name of a file without ``.txt``.
    source : str or Path
        "notebook" (from the cache, else downloaded, else the bundled list with a note), "bundled", or a folder with
        the original files or plain ones such as nouns.txt. A line of such a file is a word, or a word, a tab and its
        lemma; the first two may be a header (``core.words.entries.read_file``). If no line has a lemma, the result's
        ``lemmas`` is empty.
    downloads : Downloads
        The cache folder and the address of the notebook's lists.

    Returns
    -------
    WordList

    Raises
    ------
    UserError
        There is no such class or source; the download failed, and there is no bundled list; the folder has no such
        file, or the file is not a word list.

    Examples
    --------
    >>> get_word_list("nouns", "bundled").words[:3]
    ('time', 'people', 'man')
    """
    if source == "notebook":
        return _notebook_list(word_class, downloads)
    if source == "bundled":
        return bundled_list(word_class)
    return _folder_list(word_class, source)


def bundled_list(word_class: str) -> WordList:
    """The project's own list of a class; its ``lemmas`` has the lemma of each word.

    Raises
    ------
    UserError
        It is none of ``WORD_CLASSES``, or its file was removed.
    """
    check_word_class(word_class)
    file = _bundled_file(word_class)
    if not file.is_file():
        raise UserError(f"There is no bundled list of {word_class}: its file, {file.name}, is missing.")
    header, found = _read_list(file)
    return _as_list(word_class, _source("bundled list", header), found._replace(lemmas=found.lemmas or found.words))


def _bundled_file(word_class: str) -> Path:
    return BUNDLED_FOLDER / f"{word_class}{ENDING}"


@cache
def class_title(word_class: str) -> str:
    """What a choice calls a word class: the title in its bundled file, else its name with a capital letter.

    Examples
    --------
    >>> class_title("nouns")
    'Nouns'
    """
    title = ""
    if is_class_name(word_class):
        # A page asks for all titles, so the words are not read here. Whoever reads them says what is wrong.
        with contextlib.suppress(OSError), open(_bundled_file(word_class), "rb") as file:
            title = header_of(file.read(HEADER_BYTES).decode("utf-8", "ignore"))[0].title
    return title or f"{word_class[:1].upper()}{word_class[1:]}"


def folder_classes(folder: str | Path) -> tuple[str, ...]:
    """The word classes that a folder of lists has, by the names of its files."""
    originals = {name.removesuffix(ENDING): word_class for word_class, name in FILE_NAMES.items()}
    found = dict.fromkeys(originals.get(name, name) for name in classes_in(folder))
    return (*(name for name in FILE_NAMES if name in found), *(name for name in found if name not in FILE_NAMES))


@cache
def list_length(word_class: str, source: str) -> int:
    """How many words the list of a class has, without the network.

    Parameters
    ----------
    word_class : str
        One of the word classes, not a custom list.
    source : {"notebook", "bundled"}

    Raises
    ------
    UserError
        There is no bundled list of this class.

    Examples
    --------
    >>> list_length("pronouns", "notebook")
    10000
    """
    if source == "notebook" and word_class in LENGTHS:
        return LENGTHS[word_class]
    return len(bundled_list(word_class).words)


def custom_list(text_or_bytes: str | bytes, name: str) -> WordList:
    """A user's own words, pasted or from a file, as people have them (``core.words.cleaning``). Each change has a note.

    One word a line is plainest. A word may contain spaces ("ice cream"). A line may have the word's lemma after a
    tab, as in a file of a folder.

    Parameters
    ----------
    text_or_bytes : str or bytes
        Bytes are decoded as UTF-8.
    name : str
        The name of the list in messages and in the record.

    Returns
    -------
    WordList

    Raises
    ------
    UserError
        The bytes are not UTF-8; a line has a control character, more than 100 characters, two tabs, or a tab
        without a lemma (the sentence has the line's number); there is no word, or there are more than 10,000.

    Examples
    --------
    >>> words = custom_list("ice cream\\ntea\\ntea", "drinks")
    >>> words.words, words.notes
    (('ice cream', 'tea'), ('1 repeated word dropped: tea.',))
    >>> custom_list("- tea\\n- milk", "drinks").notes
    ('2 bullets removed, such as “- tea”.',)
    """
    return _cleaned(text_or_bytes, name)


# A page asks several times in each run.
@lru_cache(maxsize=8)
def _cleaned(text_or_bytes: str | bytes, name: str) -> WordList:
    from core.words.cleaning import read_own_list  # late: a server starts without a list of one's own

    return _own_list(text_or_bytes, name, read_own_list)


def words_as_given(words: Sequence[str], name: str) -> WordList:
    r"""A user's own words as a spec has them, with nothing cleaned: each is a word, or a word, a tab and its lemma.

    Raises
    ------
    UserError
        As ``custom_list``.

    Examples
    --------
    >>> words_as_given(["“tea”", "went\tgo"], "mine").words
    ('“tea”', 'went')
    """
    return _own_list("\n".join(words), name, read_entries)


def _own_list(text_or_bytes: str | bytes, name: str, read: Callable[[str | bytes, str], Entries]) -> WordList:
    name = name.strip()[:_MAX_NAME] or CUSTOM
    found = read(text_or_bytes, repr(name))
    if len(found.words) > MAX_CUSTOM_WORDS:
        raise UserError(f"{name!r} has {len(found.words):,} words; at most {MAX_CUSTOM_WORDS:,} are allowed.")
    return _as_list(name, OWN_LIST, found)


def shared_words(a: WordList | tuple[str, ...], b: WordList | tuple[str, ...]) -> tuple[str, ...]:
    """The words that are in both lists, each once, in the order of ``a``.

    Examples
    --------
    >>> shared_words(("work", "time", "play"), ("play", "work"))
    ('work', 'play')
    """
    in_a, in_b = (x.words if isinstance(x, WordList) else x for x in (a, b))
    wanted = frozenset(in_b)
    return tuple(dict.fromkeys(word for word in in_a if word in wanted))


def _notebook_list(word_class: str, downloads: Downloads) -> WordList:
    check_word_class(word_class)
    if word_class not in FILE_NAMES:
        bundled = bundled_list(word_class)
        note = f"The notebook has no list of {spoken(word_class)}: the bundled list is used."
        return replace(bundled, notes=(note, *bundled.notes))
    word_list = cached(word_class, downloads)
    if word_list is not None:
        return word_list
    try:
        return download(word_class, downloads)
    except DownloadError as error:
        return _fallback(word_class, error)


def _fallback(word_class: str, failure: DownloadError) -> WordList:
    """The bundled list instead of the notebook's, with a note; UserError if the class has no bundled list."""
    reason = str(failure).rstrip(".")
    if not _bundled_file(word_class).is_file():
        raise UserError(f"{reason}, and no bundled list of {word_class} can stand in.") from failure
    bundled = bundled_list(word_class)
    note = f"{reason}; the project's own bundled list stands in, so numbers differ from the notebook's."
    return replace(bundled, source="bundled list (stand-in)", notes=(note, *bundled.notes))


def _folder_list(word_class: str, folder: str | Path) -> WordList:
    # os.path, not pathlib: it returns False, not OSError, for a path that is too long or contains a NUL.
    path = os.path.expanduser(folder)
    if not str(folder) or not os.path.isdir(path):
        raise UserError(
            f"The word source {str(folder)!r} is not a folder; allowed are 'notebook', 'bundled'"
            " or the path of a folder."
        )
    if not is_class_name(word_class):
        raise UserError(f"{word_class!r} is no word class; the name of a list in a folder has {NAME_RULE}.")
    names = [FILE_NAMES[word_class]] if word_class in FILE_NAMES else []
    for name in (*names, f"{word_class}{ENDING}"):
        if os.path.isfile(os.path.join(path, name)):
            header, found = _read_list(Path(path, name))
            return _as_list(word_class, _source(f"folder {folder}, file {name}", header), found)
    looked_for = " and no ".join((*names, f"{word_class}{ENDING}"))
    has = ", ".join(folder_classes(path)) or "none"
    raise UserError(f"The folder {str(folder)!r} has no list of {word_class}: there is no {looked_for}. It has {has}.")


def _source(place: str, header: Header) -> str:
    """Where a list is, and where its words are from if its file says so."""
    return place if header.source in ("", THIS_PROJECT) else f"{place}: {header.source}"


def _as_list(name: str, source: str, found: Entries) -> WordList:
    return WordList(name, found.words, source, found.notes, found.lemmas, found.n_repeated)


def _read_list(path: Path) -> tuple[Header, Entries]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be read: {error.strerror or type(error).__name__}.") from error
    return read_file(raw, repr(str(path)))
