"""What was changed in a list, kind by kind: how often, and the first example."""

from __future__ import annotations

from core.records.names import JOINERS

_MAX_EXAMPLE = 30  # characters

# Each kind: what it is called once and several times, and what was done to it. In the order in which notes are shown.
_KINDS = {
    "arrays": ("list in brackets", "lists in brackets", "read"),
    "tags": ("HTML tag", "HTML tags", "removed"),
    "entities": ("HTML entity", "HTML entities", "replaced"),
    "mojibake": ("wrongly decoded line", "wrongly decoded lines", "repaired"),
    "invisible": ("invisible character", "invisible characters", "removed"),
    "composed": ("line", "lines", "with separate accents composed (NFC)"),
    "spaces": ("line", "lines", "with unusual spaces or line breaks made plain"),
    "headers": ("header", "headers", "removed"),
    "columns": ("column", "columns", "set aside"),
    "bullets": ("bullet", "bullets", "removed"),
    "numbering": ("line number", "line numbers", "removed"),
    "split": ("line", "lines", "split into words"),
    "slashes": ("line", "lines", "with slashes split into words"),
    "quotes": ("pair of quotes", "pairs of quotes", "removed"),
    "emphasis": ("pair of Markdown marks", "pairs of Markdown marks", "removed"),
    "separators": ("stray comma or semicolon", "stray commas or semicolons", "removed"),
    "apostrophes": ("word", "words", "with a curly apostrophe made straight"),
    "slashes_left": ("line", "lines", "with a slash left as they are"),
}


class Changes:
    """Counts changes of each kind, and keeps the first example of each.

    Examples
    --------
    >>> changes = Changes()
    >>> changes.add("bullets", "“• time”")
    >>> changes.add("bullets", "“• way”")
    >>> changes.sentences()
    ('2 bullets removed, such as “• time”.',)
    """

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, str]] = {}

    def add(self, kind: str, example: str, n: int = 1) -> None:
        """Count ``n`` changes of a kind. ``example`` is what a note shows, as ``shown`` writes it."""
        before, first = self._found.get(kind, (0, example))
        self._found[kind] = (before + n, first)

    def forget(self, kind: str) -> None:
        """Count a kind anew: of what is left as it is, each round of cleaning finds all again."""
        self._found.pop(kind, None)

    def sentences(self) -> tuple[str, ...]:
        """A note for each kind."""
        return tuple(_sentence(kind, *self._found[kind]) for kind in _KINDS if kind in self._found)


def _sentence(kind: str, n: int, example: str) -> str:
    one, several, done = _KINDS[kind]
    if n == 1:
        return f"1 {one} {done.replace('as they are', 'as it is')}: {example}."
    return f"{n:,} {several} {done}, such as {example}."


def shown(text: str) -> str:
    """A text in quotation marks for a note: short, on one line, and without characters that cannot be seen.

    Examples
    --------
    >>> shown("time\\u202e\\tway")
    '“time way”'
    """
    text = "".join(char if char.isprintable() or char in JOINERS else " " for char in text[: 2 * _MAX_EXAMPLE])
    text = " ".join(text.split())
    text = f"{text[:_MAX_EXAMPLE]}…" if len(text) > _MAX_EXAMPLE else text
    return text if text.startswith(("“", "„")) else f"“{text}”"
