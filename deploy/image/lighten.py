"""Make light copies of Streamlit's static files, for server/static_files.py.

    python lighten.py FOLDER          # from the app's folder

Scripts and styles are compressed as small as can be: gzip, and brotli for https. The icons' font, the largest file of a
first visit but one, keeps only the icons that Streamlit and the app name. The image's build runs this; it takes half a
minute. The server finds the copies in $GRAMMAR_NEURONS_SEED/static/VERSION.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from string import ascii_lowercase, digits

import brotli
import deflate
import streamlit
from fontTools import subset
from fontTools.ttLib import TTFont

sys.path.insert(0, str(Path.cwd()))
from server.static_files import COMPRESSIBLE, SUFFIXES

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda content: bytes(brotli.compress(content, quality=11)),
    "gzip": lambda content: bytes(deflate.gzip_compress(content, 12)),
}
_ICON = re.compile(r":material/([a-z0-9_]+)")
_SOURCES = {".py", ".js"}


def compress(root: Path, folder: Path) -> tuple[int, int]:
    """Write copies of all files below ``root``. Returns the bytes of the files and of their gzip copies."""
    before = after = 0
    for path in sorted(path for path in root.rglob("*") if path.suffix in COMPRESSIBLE):
        content = path.read_bytes()
        for coding, compressed in COMPRESS.items():
            copy = folder / f"{path.relative_to(root).as_posix()}{SUFFIXES[coding]}"
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(compressed(content))
        if gzip.decompress(copy.read_bytes()) != content:
            raise SystemExit(f"The compressed copy of {path.name} has other content.")
        before, after = before + len(content), after + copy.stat().st_size
    return before, after


def icons_named(folders: Iterable[Path]) -> set[str]:
    """The icons that sources name as ``:material/home:``."""
    files = (path for folder in folders for path in folder.rglob("*") if path.suffix in _SOURCES)
    return {name for path in files for name in _ICON.findall(path.read_text(encoding="utf-8"))}


def reduce_icons(font: Path, names: set[str], copy: Path) -> set[str]:
    """Write a copy of the font with these icons. Returns the names of those that the font does not have.

    The name of an icon is a ligature: what a browser draws for the letters of the name. Letters keep their glyphs.
    """
    with TTFont(font) as icons:
        glyphs = _ligatures(icons)
        options = subset.Options(flavor="woff2", layout_features=["*"], layout_closure=False, notdef_outline=True)
        subsetter = subset.Subsetter(options)
        subsetter.populate(glyphs=[glyphs[name] for name in names & glyphs.keys()], text=f"{ascii_lowercase}{digits}_")
        subsetter.subset(icons)
        copy.parent.mkdir(parents=True, exist_ok=True)
        subset.save_font(icons, copy, options)
    return names - glyphs.keys()


def _ligatures(font: TTFont) -> dict[str, str]:
    """The glyph of each sequence of letters that the font draws as one."""
    letters = {glyph: chr(code) for code, glyph in font.getBestCmap().items()}
    tables = (
        getattr(table, "ExtSubTable", table)
        for lookup in font["GSUB"].table.LookupList.Lookup
        for table in lookup.SubTable
    )
    return {
        "".join(letters[glyph] for glyph in (first, *ligature.Component)): ligature.LigGlyph
        for table in tables
        for first, ligatures in getattr(table, "ligatures", {}).items()
        for ligature in ligatures
    }


def main(folder: Path) -> None:
    """Write all copies. An icon of the app that the font does not have is an error."""
    package, app = Path(streamlit.__file__).parent, Path.cwd()
    static, copies = package / "static" / "static", folder / streamlit.__version__
    whole, small = compress(static, copies)
    print(f"static files: {whole / 1e6:.1f} MB, as gzip {small / 1e6:.1f} MB")
    ours = icons_named([app / "ui", app / "pages", app / "server"])
    (font,) = (static / "media").glob("MaterialSymbols*.woff2")
    copy = copies / "media" / font.name
    unknown = reduce_icons(font, ours | icons_named([package]), copy)
    if unknown & ours:
        raise SystemExit(f"The font has no icon for: {', '.join(sorted(unknown & ours))}.")
    print(f"icons' font: {font.stat().st_size / 1e3:.0f} kB, with the icons named {copy.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
