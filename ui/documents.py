"""The documents that the app shows under *Help*: which there are, and their Markdown as the app can show it.

They lie in docs/. A link from one to another opens it in the app; a file that the app does not have is named instead.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from core.report.markdown import anchor

FOLDER = Path(__file__).resolve().parents[1] / "docs"
# By their names in a link: the file, and what the page calls it. The first is the one that Help opens with.
DOCUMENTS = {
    "first-hour": ("tutorials/first-hour.md", "Your first hour"),
    "pages": ("reference/pages.md", "What each page shows"),
    "method": ("explanation/method.md", "The method and its limits"),
    "methods": ("methods.md", "Every number, and what it does not say"),
    "glossary": ("reference/glossary.md", "Glossary"),
    "troubleshoot": ("how-to/troubleshoot.md", "Messages, and what to do"),
    "class-links": ("how-to/class-links.md", "Links for a class"),
    "report": ("how-to/reproduce-report-cite.md", "Reproduce, report, cite"),
    "class-file": ("how-to/class-file.md", "One file for a class"),
    "teaching": ("teaching.md", "Teach with it"),
    "teach": ("tutorials/teach-a-class.md", "Teach a class"),
}
_BY_FILE = {file: name for name, (file, _) in DOCUMENTS.items()}
_LINK = re.compile(r"(?<![!\\])\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_PICTURE = re.compile(r"^!\[(.*)\]\(([^()\s]+)\)$")
_HEADING = re.compile(r"^(#{1,4}) +(.+?) *#*$")
_FENCED = re.compile(r"^( *```.*?^ *```) *$", re.MULTILINE | re.DOTALL)
# What is between backticks is code, which is not read as Markdown.
_CODE = re.compile(r"(`[^`]*`)")
_STREAMLIT_ONLY = re.compile(r"\$|:(?=material/|[a-z-]+\[|[a-z][\w+-]*:)")


class Part(NamedTuple):
    """A part of a document: a heading, a picture, or Markdown between them.

    ``level`` is that of a heading (1 to 4), else 0. ``picture`` is the file of a picture, with the text for it.
    """

    text: str
    level: int = 0
    anchor: str = ""
    picture: Path | None = None


def available() -> dict[str, str]:
    """The titles of the documents that are in this installation, by their names."""
    return {name: title for name, (file, title) in DOCUMENTS.items() if (FOLDER / file).is_file()}


def parts_of(name: str) -> tuple[Part, ...]:
    """The parts of a document, with links as ``linked`` makes them still to be filled in.

    It is read again only if its file has changed.
    """
    file, _ = DOCUMENTS[name]
    stat = (FOLDER / file).stat()
    return _parts(file, stat.st_mtime_ns, stat.st_size)


def linked(text: str, address: Mapping[str, str | list[str]]) -> str:
    """Markdown with its links to other documents as addresses of this page, beside the parameters of ``address``.

    Examples
    --------
    >>> linked("See [t](help:methods#t).", {"layer": "3"})
    'See [t](?layer=3&read=methods#t).'
    """

    def open_here(found: re.Match[str]) -> str:
        name, _, place = found[1].partition("#")
        return f"](?{urlencode({**address, 'read': name}, doseq=True)}{'#' if place else ''}{place})"

    return re.sub(r"\]\(help:([\w-]+(?:#[\w-]*)?)\)", open_here, text)


@lru_cache(maxsize=2 * len(DOCUMENTS))
def _parts(file: str, _changed: int, _size: int) -> tuple[Part, ...]:
    text = re.sub(r"<!--.*?-->\n?", "", (FOLDER / file).read_text(encoding="utf-8"), flags=re.DOTALL)
    parts: list[Part] = []
    markdown: list[str] = []  # since the last heading or picture

    def close() -> None:
        if between := "\n".join(markdown).strip():
            parts.append(Part(between))
        markdown.clear()

    for place, piece in enumerate(_FENCED.split(text)):
        if place % 2:  # a fenced block
            markdown.append(piece)
            continue
        for line in _plainer(piece, file).splitlines():
            if heading := _HEADING.match(line):
                close()
                parts.append(Part(heading[2], len(heading[1]), anchor(heading[2])))
            elif picture := _PICTURE.match(line):
                close()
                place_of_file = posixpath.join(posixpath.dirname(file), picture[2])
                parts.append(Part(picture[1], picture=FOLDER / place_of_file))
            else:
                markdown.append(line)
    close()
    return tuple(parts)


def _plainer(text: str, file: str) -> str:
    """Markdown as Streamlit shows it: links that lead somewhere, and nothing that only Streamlit would read.

    Between dollar signs it would read a formula, and after a colon the name of a colour or an icon. A box to tick would
    be a control without a name.
    """
    pieces = _CODE.split(text)
    pieces[::2] = [_STREAMLIT_ONLY.sub(r"\\\g<0>", piece) for piece in pieces[::2]]
    without_boxes = re.sub(r"^(\s*)- \[ \] ", r"\1- ☐ ", "".join(pieces), flags=re.MULTILINE)
    return _LINK.sub(lambda found: _link(found[1], found[2], file), without_boxes)


def _link(label: str, target: str, file: str) -> str:
    """A link in a document: to elsewhere as it is, to a document of the app, or the name of a file that it has not."""
    url = urlsplit(target)
    if url.scheme or not url.path:
        return f"[{label}]({target})"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(file), url.path))
    if path in _BY_FILE and (FOLDER / path).is_file():
        return f"[{label}](help:{_BY_FILE[path]}{'#' if url.fragment else ''}{url.fragment})"
    name = posixpath.normpath(posixpath.join("docs", path))
    return f"{label} (`{name}`)" if posixpath.basename(name) not in label else f"`{name}`"
