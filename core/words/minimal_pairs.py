"""The project's minimal pairs: two short phrases that end with the same word, a noun in one and a verb in the other.

minimal_pairs()[0].nouns[0].sentence   # 'the walk'
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from core.records import AmbiguousForm, Context
from core.words.ambiguous import damaged, table_lines

PHRASES_FILE = Path(__file__).resolve().parents[2] / "assets" / "gold" / "phrases.tsv"

_COLUMNS = "form\tnoun\tverb"
_MIN_PAIRS = 24  # a shorter file has lost some of its lines


@cache
def minimal_pairs() -> tuple[AmbiguousForm, ...]:
    """Words that can be noun and verb, each with one phrase in which it is a noun, and one in which it is a verb.

    The phrases were written for this project. The word is the last one of both, and each word comes once.

    Returns
    -------
    tuple of AmbiguousForm
        In the order of the file. Each has one context of each class.

    Raises
    ------
    UserError
        The file is missing or damaged; the sentence has the number of the line.

    Examples
    --------
    >>> walk = minimal_pairs()[0]
    >>> walk.form, walk.nouns[0].sentence, walk.verbs[0].sentence
    ('walk', 'the walk', 'they walk')
    """
    return read_minimal_pairs(PHRASES_FILE)


def read_minimal_pairs(path: Path) -> tuple[AmbiguousForm, ...]:
    """Read and check a file like ``assets/gold/phrases.tsv``.

    Lines that begin with ``#`` are comments. The first other line has the names of the columns: form, noun, verb.

    Raises
    ------
    UserError
        The file cannot be read; a line does not have three values; a phrase does not end with the form, after another
        word; a form comes twice; there are fewer than 24 pairs.
    """
    pairs: dict[str, AmbiguousForm] = {}
    for number, line in table_lines(path, _COLUMNS):
        cells = line.split("\t")
        if len(cells) != 3:
            raise damaged(path, f"line {number} has {len(cells)} values instead of 3")
        form, *phrases = cells
        if form in pairs:
            raise damaged(path, f"line {number} repeats “{form[:40]}”")
        for phrase in phrases:
            if not form or not phrase.removesuffix(form).endswith(" ") or not phrase.removesuffix(form).strip():
                raise damaged(path, f"line {number} has a phrase that does not end with the word “{form[:40]}”")
        noun, verb = (Context(phrase, len(phrase) - len(form), len(phrase)) for phrase in phrases)
        pairs[form] = AmbiguousForm(form, (noun,), (verb,))
    if len(pairs) < _MIN_PAIRS:
        raise damaged(path, f"it has {len(pairs)} pairs, and needs at least {_MIN_PAIRS}")
    return tuple(pairs.values())
