"""Help for tests of the repository's Markdown files: their prose, links, headings, blocks and commands."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.support.browser import ROOT

_FENCE = re.compile(r"^([ ]*)```(\w*)[^\n]*\n(.*?)^\1```[ ]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^()]*\))?)\)")
_PICTURE_LINE = re.compile(r"^!\[.*\]\(.*\)$")
_BEGINS = re.compile(r"\s*(?:[-*] (?:\[ \] )?|\d+\. |> )?")


class Block(NamedTuple):
    """A fenced block: its language, and its text."""

    language: str
    text: str


def documents() -> list[Path]:
    """All Markdown files of the repository, by their paths in it.

    Left out are environments and caches, whose names begin with a dot, and templates of files that lie elsewhere.
    """
    folders = [path for path in ROOT.iterdir() if path.is_dir() and (path.name == ".github" or path.name[0] != ".")]
    found = [*ROOT.glob("*.md"), *(path for folder in folders for path in folder.rglob("*.md"))]
    return sorted(path.relative_to(ROOT) for path in found if not path.stem.endswith("_template"))


def read(document: Path | str) -> str:
    """The text of a document, by its path in the repository."""
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a text.

    >>> blocks("See:\\n\\n```bash\\nls\\n```\\n")
    [Block(language='bash', text='ls\\n')]
    """
    return [Block(language, body) for _, language, body in _FENCE.findall(text)]


def without_blocks(text: str) -> str:
    """A text without fenced blocks, comments and what stands in backticks."""
    text = re.sub(r"<!--.*?-->", "", _FENCE.sub("", text), flags=re.DOTALL)
    return re.sub(r"`[^`\n]*`", "code", text)


def links(text: str) -> list[str]:
    """The targets of a text's links and pictures.

    >>> links("[One](a.md#b), ![two](c.png), `[no](d.md)`")
    ['a.md#b', 'c.png']
    """
    readable = without_blocks(text)
    pictures_in_links = re.findall(r"\[(!\[[^\]]*\]\([^)]*\))\]", readable)
    return [target for part in (readable, *pictures_in_links) for target in _LINK.findall(part)]


def anchors(text: str) -> set[str]:
    """The anchors of a text's headings, as GitHub makes them.

    >>> sorted(anchors("# A + b\\n## `c`: d\\n## `c`: d\\n"))
    ['a--b', 'c-d', 'c-d-1']
    """
    seen: Counter[str] = Counter()
    found = set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", _FENCE.sub("", text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def prose(text: str) -> list[str]:
    """What one reads, by paragraphs and items of lists: no blocks, tables, pictures, addresses and marks."""
    lines = [line for line in without_blocks(text).splitlines() if line[:1] != "|" and not _PICTURE_LINE.match(line)]
    parts = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", "\n".join(lines))
    plain = [re.sub(r"<?https?://[^\s>)]*>?", "", re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", part)) for part in parts]
    found = [" ".join(re.sub(r"[#>*]", " ", _BEGINS.sub("", part, count=1)).split()) for part in plain]
    return [part for part in found if re.search(r"\w", part)]


def n_words(text: str) -> int:
    """How many words the prose of a text has."""
    return sum(len(part.split()) for part in prose(text))


def reading_ease(text: str) -> float:
    """The reading ease of the prose, by Flesch (1948): 206.835 − 1.015 words per sentence − 84.6 syllables per word.

    It is the formula of textstat's ``flesch_reading_ease``, but syllables are counted as groups of vowels, without a
    silent e, where textstat has rules for hyphens or a dictionary. Of the prose of README.md, docs/README.md and the
    tutorials, textstat 0.7.2 says between six points less and two points more.

    >>> round(reading_ease("The cat sat on the mat."))
    116
    """
    paragraphs = prose(text)
    sentences = sum(max(1, len(re.findall(r"[.!?:](?=\s|$)", part))) for part in paragraphs)
    words = [word for part in paragraphs for word in re.findall(r"[a-z]+", part.lower())]
    syllables = sum(_syllables(word) for word in words)
    return 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)


def _syllables(word: str) -> int:
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$|[^aeiouysxzcg]es$", word) is not None
    return max(1, groups - silent)


def commands(block: str) -> list[str]:
    """The commands of a block for a shell: continued lines joined, without comments. One with a here-document is whole.

    >>> commands("# Why\\nls \\\\\\n  -l   # all\\n\\npwd\\n")
    ['ls   -l', 'pwd']
    """
    if "<<" in block:
        return [block]
    joined = re.sub(r"\\\n", "", block)
    lines = [re.sub(r"(?:^|\s+)#(?=\s|$).*", "", line).strip() for line in joined.splitlines()]
    return [line for line in lines if line]
