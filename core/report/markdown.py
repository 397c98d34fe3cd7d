"""Text from outside, such as a word or a name, in Markdown."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#!|$~:^&])")
_ADDRESS = re.compile(r"((?<=www)\.|//|@)", re.IGNORECASE)


def plain(text: str) -> str:
    """A text that Markdown shows as it is: it must not become an image, a formula, a tag or an address.

    Markdown has no escape for addresses. An invisible word joiner prevents the link.

    Examples
    --------
    >>> plain("<b>*x*")
    '\\\\<b\\\\>\\\\*x\\\\*'
    """
    escaped = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    return _ADDRESS.sub("\u2060\\1", escaped)
