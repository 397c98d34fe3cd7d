"""The project's sentences in which the same form is a noun or a verb.

ambiguous_forms()[0].form   # 'walk', with its noun contexts and its verb contexts
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from core.errors import UserError
from core.records import AmbiguousForm, Context

AMBIGUOUS_FILE = Path(__file__).resolve().parents[2] / "assets" / "gold" / "ambiguous.tsv"

_COLUMNS = "form\tclass\tsentence\tstart"
_CLASSES = ("NOUN", "VERB")
_MIN_FORMS = 60  # a shorter file has lost some of its lines
_MIN_CONTEXTS = 2  # of each class


@cache
def ambiguous_forms() -> tuple[AmbiguousForm, ...]:
    """English forms that are common as a noun and as a verb, each with sentences in which it is one or the other.

    The sentences were written for this project. The words before the form decide its class. No two forms share a lemma.

    Returns
    -------
    tuple of AmbiguousForm
        In the order of the file. Each has at least two contexts of each class.

    Raises
    ------
    UserError
        The file is missing or damaged; the sentence has the number of the line.

    Examples
    --------
    >>> walk = ambiguous_forms()[0]
    >>> walk.form, walk.nouns[0].before, walk.verbs[0].before
    ('walk', 'After lunch she took a long ', 'After lunch she likes to ')
    """
    return read_ambiguous_forms(AMBIGUOUS_FILE)


def read_ambiguous_forms(path: Path) -> tuple[AmbiguousForm, ...]:
    """Read and check a file like ``assets/gold/ambiguous.tsv``.

    Lines that begin with ``#`` are comments. The first other line has the names of the columns: form, class (NOUN or
    VERB), sentence, start (the character at which the form begins in the sentence).

    Raises
    ------
    UserError
        The file cannot be read; a line does not have these four values; the form does not stand at ``start`` as a whole
        word, with text before it; a sentence comes twice; there are fewer than 60 forms, or fewer than two contexts of
        a class.
    """
    contexts: dict[str, dict[str, list[Context]]] = {}
    for number, line in table_lines(path, _COLUMNS):
        try:
            form, word_class, context = _parse(line)
            of_class = contexts.setdefault(form, {name: [] for name in _CLASSES})
            if any(context in others for others in of_class.values()):
                raise ValueError(f"repeats a sentence of “{form}”")
        except ValueError as error:
            raise damaged(path, f"line {number} {error}") from error
        of_class[word_class].append(context)
    if len(contexts) < _MIN_FORMS:
        raise damaged(path, f"it has {len(contexts)} forms, and needs at least {_MIN_FORMS}")
    for form, by_class in contexts.items():
        for word_class, found in by_class.items():
            if len(found) < _MIN_CONTEXTS:
                raise damaged(path, f"“{form}” as a {word_class} has {len(found)} of {_MIN_CONTEXTS} contexts")
    return tuple(AmbiguousForm(form, *(tuple(found[name]) for name in _CLASSES)) for form, found in contexts.items())


def table_lines(path: Path, columns: str) -> list[tuple[int, str]]:
    """The lines of a table after the names of its columns, with their numbers, without comments and blank lines.

    Raises
    ------
    UserError
        The file cannot be read, or has other columns than these, which are named with tabs between them.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise damaged(path, "it is not UTF-8") from error
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror or type(error).__name__}.") from error
    lines = [(k, line) for k, line in enumerate(text.split("\n"), 1) if line.strip() and not line.startswith("#")]
    if not lines or lines[0][1] != columns:
        raise damaged(path, f"its columns must be {', '.join(columns.split())}")
    return lines[1:]


def _parse(line: str) -> tuple[str, str, Context]:
    """The form, the class and the context of a line; ValueError says what is wrong with it, after "line 7"."""
    cells = line.split("\t")
    if len(cells) != 4:
        raise ValueError(f"has {len(cells)} values instead of 4")
    form, word_class, sentence, start = cells
    if word_class not in _CLASSES:
        raise ValueError(f"has the class “{word_class[:40]}”; allowed are {' and '.join(_CLASSES)}")
    if not (start.isascii() and start.isdigit()):
        raise ValueError(f"has the start “{start[:40]}” instead of a number")
    context = Context(sentence, int(start), int(start) + len(form))
    if not form or sentence[context.start : context.end] != form:
        raise ValueError(f"does not have “{form[:40]}” at character {start[:40]}")
    after = sentence[context.end : context.end + 1]
    if not context.before.strip() or context.before[-1].isalnum() or after.isalnum():
        raise ValueError(f"does not have “{form[:40]}” as a whole word after other words")
    return form, word_class, context


def damaged(path: Path, what: str) -> UserError:
    """The error of a file of the project that is not as it was written; ``what`` says where."""
    return UserError(f"{path.name} is damaged: {what}.")
