"""Cut a text into one readable piece for each token.

A byte-level tokenizer may split one character into several tokens. To decode each token by itself would give
replacement characters (U+FFFD). So the text is cut at the tokenizer's character offsets: nothing is lost or added.
"""

from __future__ import annotations

from collections.abc import Sequence


def without_lone_surrogates(text: str) -> tuple[str, int]:
    """Replace lone surrogates by U+FFFD, because UTF-8 cannot encode them. Return the text and their number.

    Examples
    --------
    >>> without_lone_surrogates("a\\ud800")
    ('a�', 1)
    """
    count = sum(0xD800 <= ord(c) <= 0xDFFF for c in text)
    if not count:
        return text, 0
    return "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text), count


def cut_text(text: str, offsets: Sequence[tuple[int, int]]) -> tuple[list[str], list[str]]:
    """Cut a text into one exact piece for each token.

    Parameters
    ----------
    text : str
        The text that was tokenised.
    offsets : sequence of (start, end)
        The characters of each token, in order. Tokens that share a character all have it in their spans. A character
        that is in no span (some tokenizers drop spaces) goes to the next token.

    Returns
    -------
    pieces, parts : list of str
        ``"".join(pieces) == text``. A character that k tokens share is in the piece of the first one; the ``parts``
        of these tokens are ``"1/k"`` to ``"k/k"``. All other parts are empty.

    Examples
    --------
    >>> cut_text("a é", [(0, 1), (1, 3), (2, 3)])
    (['a', ' é', ''], ['', '1/2', '2/2'])
    """
    pieces = []
    position = 0
    for _, end in offsets:
        pieces.append(text[position:end])  # empty if an earlier token already has the character
        position = max(position, end)
    if pieces:
        pieces[-1] += text[position:]
    return pieces, _parts(offsets)


def _parts(offsets: Sequence[tuple[int, int]]) -> list[str]:
    """Number the tokens in each run of overlapping spans: they are the parts of one character."""
    parts = [""] * len(offsets)
    first = 0
    for i in range(1, len(offsets) + 1):
        if i < len(offsets) and offsets[i][0] < offsets[i - 1][1]:
            continue
        if (k := i - first) > 1:
            parts[first:i] = [f"{j + 1}/{k}" for j in range(k)]
        first = i
    return parts
