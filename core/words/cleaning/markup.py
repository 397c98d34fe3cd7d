"""Lists inside JSON and HTML: their words, without the markup."""

from __future__ import annotations

import html
import json
import re

from core.errors import UserError
from core.words.cleaning.changes import Changes, shown

# Tags that end a line, and tags within one. Others, such as <unk>, may be words.
_BLOCK = (
    "!doctype|article|blockquote|body|br|caption|dd|div|dl|dt|footer|h[1-6]|head|header|hr|html|li|main|nav|ol|option|"
    "p|pre|section|select|table|tbody|tfoot|thead|title|tr|ul"
)
_INLINE = "a|abbr|b|bdi|big|cite|code|em|font|i|img|input|kbd|label|link|mark|meta|q|small|span|strong|sub|sup|u"
# None of these backtracks: what is between < and > has neither.
_TAG = re.compile(
    rf"<!--[^<>]*-->|</?(?:(?P<block>{_BLOCK})|(?P<cell>td|th)|(?:{_INLINE}))(?=[\s/>])[^<>]*>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_NESTED = re.compile(r"&(?:amp;)+(?=(?:#\d|#[xX]|[A-Za-z])[A-Za-z0-9]*;)")  # an entity that was escaped again
_NO_TEXT = ("script", "style")
_QUOTES = "\"'“”‘’„"


def without_json(text: str, what: str, changes: Changes) -> str:
    """The words of a JSON array of strings, one a line; another text as it is. Python's quotes are read too.

    Raises
    ------
    UserError
        It is another JSON value than an array of strings.
    """
    stripped = text.strip()
    if (stripped[:1], stripped[-1:]) not in (("[", "]"), ("{", "}")):
        return text
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        inner = stripped[1:-1].strip()
        if stripped[0] == "{" or inner[:1] not in _QUOTES or not inner:
            return text
        changes.add("arrays", shown(stripped))
        return inner  # its commas and quotes are those of any list
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise UserError(f'{what} is JSON, but no array of words; such as ["time", "people"] is allowed.')
    changes.add("arrays", shown(stripped))
    return "\n".join(value)


def without_elements(text: str) -> str:
    """A text without the scripts and styles of HTML. Their line breaks stay, so that lines keep their numbers."""
    for name in _NO_TEXT:
        begin, end = (re.compile(rf"<{slash}{name}\b[^<>]*>", re.IGNORECASE) for slash in ("", "/"))
        parts, at = [], 0
        while (first := begin.search(text, at)) and (last := end.search(text, first.end())):
            parts += [text[at : first.start()], "\n" * text.count("\n", first.start(), last.end())]
            at = last.end()
        text = "".join((*parts, text[at:]))
    return text


def without_html(line: str, changes: Changes) -> list[str]:
    """A line without tags and entities: several lines, if tags end some.

    Examples
    --------
    >>> without_html("<li>caf&eacute;</li><li>tea</li>", Changes())
    ['café', 'tea']
    """
    bare = line
    if "<" in line:
        bare, n = _TAG.subn(_instead, line)
        if n:
            changes.add("tags", shown(line), n)
    plain = _ENTITY.sub(lambda found: html.unescape(found.group()), _NESTED.sub("&", bare)) if "&" in bare else bare
    if plain != bare:
        changes.add("entities", shown(bare), sum(html.unescape(each) != each for each in _ENTITY.findall(bare)))
    if bare == line == plain:
        return [line]
    return [part.strip("\t") for part in plain.split("\n") if part.strip()]


def _instead(tag: re.Match[str]) -> str:
    if tag["cell"]:
        return "\t" if tag.group().startswith("</") else ""
    return "\n" if tag["block"] else ""
