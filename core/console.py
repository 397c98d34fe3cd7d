"""What is printed reaches every console and file. Windows' code page 1252, for one, has no α and no 漢."""

from __future__ import annotations

import codecs
import io
import sys

_HANDLER = "grammar-neurons.plain"
# What our own sentences use beyond ASCII, as people type it.
_TYPED = {
    "α": "alpha", "χ": "chi", "−": "-", "–": "-", "—": "-", "×": "x", "·": "|", "…": "...", "±": "+/-",
    "≤": "<=", "≥": ">=", "≈": "~", "→": "->", "←": "<-", "▲": "^", "▼": "v", "’": "'", "‘": "'", "“": '"', "”": '"',
    "∞": "inf", "²": "^2", "✓": "yes", "✗": "no", "š": "s", "Š": "S", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
}  # fmt: skip


def print_anything() -> None:
    """From now on, a letter that standard output or error cannot show is written plainly, and is no error.

    Signs of our own sentences become what one types for them, such as ``alpha``; any other letter becomes its
    number, such as ``\\u6f22``, so that nothing is lost. A console that shows all letters is left as it is.

    Examples
    --------
    >>> print_anything()
    >>> "α = 0.05, 漢 and café".encode("cp1252", "grammar-neurons.plain")
    b'alpha = 0.05, \\\\u6f22 and caf\\xe9'
    """
    codecs.register_error(_HANDLER, _plainly)
    for stream in (sys.stdout, sys.stderr):  # None where there is no console at all, as with pythonw
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """The text in place of what cannot be encoded, and where encoding goes on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    plain = (_TYPED.get(letter) or letter.encode("ascii", "backslashreplace").decode("ascii") for letter in letters)
    return "".join(plain), error.end
