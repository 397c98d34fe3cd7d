"""Compress Streamlit's scripts and styles as small as can be, for server/static_files.py: gzip, and brotli for https.

    python compress.py FOLDER          # from the app's folder

The image's build runs it; it takes half a minute. The server finds the copies in $GRAMMAR_NEURONS_SEED/static/VERSION.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import brotli
import deflate
import streamlit
from streamlit import file_util

sys.path.insert(0, str(Path.cwd()))
from server.static_files import COMPRESSIBLE, SUFFIXES

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda content: bytes(brotli.compress(content, quality=11)),
    "gzip": lambda content: bytes(deflate.gzip_compress(content, 12)),
}


def compress(root: Path, folder: Path) -> tuple[int, int]:
    """Write copies of all files below ``root``. Returns the bytes of the files and of their gzip copies."""
    before = after = 0
    for path in sorted(path for path in root.rglob("*") if path.suffix in COMPRESSIBLE):
        content = path.read_bytes()
        for coding, suffix in SUFFIXES.items():
            copy = folder / f"{path.relative_to(root).as_posix()}{suffix}"
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(COMPRESS[coding](content))
        if gzip.decompress(copy.read_bytes()) != content:
            raise SystemExit(f"The compressed copy of {path.name} has other content.")
        before, after = before + len(content), after + copy.stat().st_size
    return before, after


if __name__ == "__main__":
    whole, small = compress(Path(file_util.get_static_dir()) / "static", Path(sys.argv[1]) / streamlit.__version__)
    print(f"static files: {whole / 1e6:.1f} MB, as gzip {small / 1e6:.1f} MB")
