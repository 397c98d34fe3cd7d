"""Static files: compressed once, the same content, right headers; plotly is named with the pages that begin with it."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import brotli
import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient
from streamlit import file_util

from server import static_files
from server.preload import Preload, chart_link
from server.static_files import CompressedFiles, CompressedStaticFiles, accepted_codings

STATIC = Path(file_util.get_static_dir()) / "static"
SCRIPT = b"export const words = " + b"'the time and the people';" * 200


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of static files: one that can be compressed, one that is."""
    (tmp_path / "files" / "js").mkdir(parents=True)
    (tmp_path / "files" / "js" / "a.0f1e.js").write_bytes(SCRIPT)
    (tmp_path / "files" / "font.woff2").write_bytes(SCRIPT)
    return tmp_path / "files"


def client(root: Path, baked: Path | None = None) -> TestClient:
    """The middleware in front of Starlette's own static files."""
    plain = Starlette(routes=[Mount("/static", StaticFiles(directory=root))])
    return TestClient(CompressedStaticFiles(plain, CompressedFiles(root, baked), "/static/"))


def test_a_script_is_sent_compressed_and_has_its_content(root: Path) -> None:
    """httpx decompresses it; the length is that of what was sent."""
    answer = client(root).get("/static/js/a.0f1e.js", headers={"Accept-Encoding": "gzip, deflate"})
    assert (answer.status_code, answer.content) == (200, SCRIPT)
    assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) < len(SCRIPT) / 10
    assert "immutable" in answer.headers["cache-control"] and "javascript" in answer.headers["content-type"]


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "br"])
def test_a_browser_that_takes_no_gzip_gets_the_file_itself(root: Path, accepted: str) -> None:
    """A cache between must still know that the answer depends on the header."""
    answer = client(root).get("/static/js/a.0f1e.js", headers={"Accept-Encoding": accepted})
    assert answer.content == SCRIPT and "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding" and int(answer.headers["content-length"]) == len(SCRIPT)


def test_a_part_of_a_file_is_a_part_of_the_file_itself(root: Path) -> None:
    """A range counts the bytes of what is sent: compressed bytes must not mix with it."""
    headers = {"Accept-Encoding": "gzip", "Range": "bytes=7-11"}
    answer = client(root).get("/static/js/a.0f1e.js", headers=headers)
    assert (answer.status_code, answer.content) == (206, SCRIPT[7:12]) and "content-encoding" not in answer.headers


def test_head_has_the_headers_of_get_and_no_body(root: Path) -> None:
    """Length included."""
    asked = {"Accept-Encoding": "gzip"}
    head = client(root).head("/static/js/a.0f1e.js", headers=asked)
    assert head.headers == client(root).get("/static/js/a.0f1e.js", headers=asked).headers and not head.content


def test_a_known_tag_is_answered_without_the_file(root: Path) -> None:
    """Weakened by a proxy too, and among others; another coding has another tag."""
    asked = {"Accept-Encoding": "gzip"}
    tag = client(root).get("/static/js/a.0f1e.js", headers=asked).headers["etag"]
    assert tag != client(root).get("/static/js/a.0f1e.js", headers={"Accept-Encoding": ""}).headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = client(root).get("/static/js/a.0f1e.js", headers={**asked, "If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert client(root).get("/static/js/a.0f1e.js", headers={**asked, "If-None-Match": '"other"'}).content == SCRIPT


@pytest.mark.parametrize(
    "path", ["/static/font.woff2", "/static/js/none.js", "/static/../files/js/a.0f1e.js", "/js/a.0f1e.js"]
)
def test_all_else_is_answered_by_the_app(root: Path, path: str) -> None:
    """Fonts, files that do not exist, other paths."""
    asked = {"Accept-Encoding": "gzip"}
    plain = TestClient(Starlette(routes=[Mount("/static", StaticFiles(directory=root))])).get(path, headers=asked)
    answer = client(root).get(path, headers=asked)
    assert (answer.status_code, answer.content, answer.headers) == (plain.status_code, plain.content, plain.headers)


def test_other_methods_are_answered_by_the_app(root: Path) -> None:
    """Nothing can be posted to a file."""
    assert client(root).post("/static/js/a.0f1e.js").status_code == 405


def test_copies_that_an_image_has_are_sent(root: Path, tmp_path: Path) -> None:
    """Brotli before gzip, where the browser takes it."""
    (tmp_path / "baked" / "js").mkdir(parents=True)
    (tmp_path / "baked" / "js" / "a.0f1e.js.br").write_bytes(b"brotli")
    (tmp_path / "baked" / "js" / "a.0f1e.js.gz").write_bytes(gzip.compress(b"baked"))
    baked = client(root, tmp_path / "baked")
    with baked.stream("GET", "/static/js/a.0f1e.js", headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.headers["content-encoding"] == "br" and b"".join(answer.iter_raw()) == b"brotli"
    assert baked.get("/static/js/a.0f1e.js", headers={"Accept-Encoding": "gzip"}).content == b"baked"


def test_a_font_with_less_in_it_is_sent_and_asked_for_again(root: Path, tmp_path: Path) -> None:
    """Its name has the hash of the whole font: a browser may have that one, or an older one with fewer icons."""
    (tmp_path / "baked").mkdir()
    (tmp_path / "baked" / "font.woff2").write_bytes(b"few icons")
    baked = client(root, tmp_path / "baked")
    answer = baked.get("/static/font.woff2", headers={"Accept-Encoding": "gzip, br"})
    assert answer.content == b"few icons" and "content-encoding" not in answer.headers
    assert answer.headers["cache-control"] == "no-cache" and answer.headers["content-type"] == "font/woff2"
    assert baked.get("/static/font.woff2", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert client(root).get("/static/font.woff2").content == SCRIPT, "without copies, the file itself"


def test_the_images_font_has_the_icons_that_are_named(tmp_path: Path) -> None:
    """With the same outlines as in the whole font; other icons are gone."""
    (font,) = (STATIC / "media").glob("MaterialSymbols*.woff2")
    copy = tmp_path / "copy" / "icons.woff2"
    code = "import lighten, pathlib, sys; lighten.reduce_icons(*map(eval, sys.argv[1:]))"
    arguments = [f"pathlib.Path({str(font)!r})", "{'home', 'scatter_plot', 'no_icon'}", f"pathlib.Path({str(copy)!r})"]
    environment = {**os.environ, "PYTHONPATH": "deploy/image"}
    subprocess.run([sys.executable, "-c", code, *arguments], env=environment, check=True)
    assert copy.stat().st_size < 10_000
    whole, reduced = icons(font), icons(copy)
    assert len(whole) > 1000 and reduced.keys() == {"home", "home_filled", "scatter_plot"}  # two names of one
    assert all(reduced[name] == whole[name] for name in reduced)


def icons(font: Path) -> dict[str, list[object]]:
    """The outline of each name that the font draws as one glyph, as pen strokes."""
    opened = TTFont(font)
    letters = {glyph: chr(code) for code, glyph in opened.getBestCmap().items()}
    outlines = {}
    for lookup in opened["GSUB"].table.LookupList.Lookup:
        for table in (getattr(each, "ExtSubTable", each) for each in lookup.SubTable):
            for first, ligatures in table.ligatures.items():
                for ligature in ligatures:
                    pen = RecordingPen()
                    opened.getGlyphSet()[ligature.LigGlyph].draw(pen)
                    outlines["".join(letters[glyph] for glyph in [first, *ligature.Component])] = pen.value
    return outlines


def test_a_large_copy_is_sent_in_pieces_and_only_as_fast_as_it_is_read(tmp_path: Path) -> None:
    """What a slow reader has not taken is not copied for it: each piece waits until the one before is taken."""
    (tmp_path / "a.0f1e.js").write_bytes(os.urandom(300_000))
    files, sent = CompressedFiles(tmp_path), []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if len(sent) == 3:  # the head and two pieces: the third is never taken
            await asyncio.Event().wait()

    async def ask(seconds: float | None, take: Any) -> None:
        scope = {"type": "http", "method": "GET", "path": "/a.0f1e.js", "headers": [(b"accept-encoding", b"gzip")]}
        answer = CompressedStaticFiles(None, files, "/")(scope, None, take)  # type: ignore[arg-type]
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(answer, seconds)

    asyncio.run(ask(2, send))
    assert [len(message["body"]) for message in sent[1:]] == [65_536, 65_536]
    pieces: list[dict[str, Any]] = []

    async def take(message: dict[str, Any]) -> None:
        pieces.append(message)

    asyncio.run(ask(None, take))
    body = b"".join(message["body"] for message in pieces[1:])
    assert gzip.decompress(body) == (tmp_path / "a.0f1e.js").read_bytes()
    assert int(dict(pieces[0]["headers"])[b"content-length"]) == len(body)
    assert [message["more_body"] for message in pieces[1:]] == [True] * 4 + [False]


def test_a_file_is_compressed_once_however_many_ask(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty browsers at the same moment."""
    compress, calls = gzip.compress, []

    def counted(*args: object, **kwargs: object) -> bytes:
        calls.append(threading.get_ident())
        return compress(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(static_files.gzip, "compress", counted)
    files = CompressedFiles(root)
    with ThreadPoolExecutor(30) as pool:
        copies = {copy.body for copy in pool.map(lambda _: files.get("js/a.0f1e.js", "gzip"), range(30)) if copy}
    assert len(calls) == 1 and [gzip.decompress(body) for body in copies] == [SCRIPT]


def test_the_headers_of_accept_encoding_are_read() -> None:
    """Weights and spaces, as RFC 9110 has them."""
    assert accepted_codings("gzip, deflate, br, zstd") == {"gzip", "deflate", "br", "zstd"}
    assert accepted_codings("GZIP ; q=0.001,br;q=0.000, zstd;q=0") == {"gzip"}


def test_every_script_of_streamlit_keeps_its_content() -> None:
    """And all of them together are less than half as large."""
    files = CompressedFiles(STATIC)
    files.make_all()
    whole = small = 0
    for path in (path for path in STATIC.rglob("*") if path.suffix in static_files.COMPRESSIBLE):
        copy = files.get(path.relative_to(STATIC).as_posix(), "gzip")
        assert copy and gzip.decompress(copy.body) == path.read_bytes()
        whole, small = whole + path.stat().st_size, small + len(copy.body)
    assert small < whole / 2


def test_the_image_compresses_them_further(root: Path, tmp_path: Path) -> None:
    """The script of the image's build, on a folder of ours: both codings, with the same content."""
    code = "import lighten, pathlib, sys; lighten.compress(*map(pathlib.Path, sys.argv[1:]))"
    environment = {**os.environ, "PYTHONPATH": "deploy/image"}
    subprocess.run([sys.executable, "-c", code, root, tmp_path / "out"], env=environment, check=True)
    copy = tmp_path / "out" / "js" / "a.0f1e.js"
    assert gzip.decompress(Path(f"{copy}.gz").read_bytes()) == SCRIPT
    assert brotli.decompress(Path(f"{copy}.br").read_bytes()) == SCRIPT


def test_the_pages_that_begin_with_a_chart_name_plotly() -> None:
    """One module, which exists; other pages and other paths name nothing."""
    link = chart_link(STATIC)
    assert link.count("modulepreload") == 1
    assert (STATIC / link.partition(">")[0].removeprefix("<./static/")).is_file()
    pages = Starlette(routes=[Route("/{rest:path}", lambda request: PlainTextResponse("page"))])
    answers = TestClient(Preload(pages, link, "/base"))
    for path, expected in (("/base/Neurons", link), ("/base/Words", link), ("/base/", None), ("/Neurons", None)):
        assert answers.get(path).headers.get("link") == expected, path
    assert "link" not in TestClient(Preload(pages, "")).get("/Neurons").headers


def test_a_websocket_passes_both() -> None:
    """Other kinds of connections are the app's."""
    seen: list[str] = []

    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        seen.append(scope["type"])

    both = Preload(CompressedStaticFiles(app, CompressedFiles(STATIC), "/static/"), "link")
    for kind in ("websocket", "lifespan"):
        asyncio.run(both({"type": kind, "path": "/Neurons"}, None, None))  # type: ignore[arg-type]
    assert seen == ["websocket", "lifespan"]


def test_the_image_and_the_tests_compress_with_the_same_versions() -> None:
    """Both are pinned."""
    pinned = [
        re.findall(r"^(?:brotli|deflate|fonttools)==\S+", Path(name).read_text(encoding="utf-8"), re.MULTILINE)
        for name in ("requirements-dev.txt", "deploy/image/tools.txt")
    ]
    assert len(pinned[0]) == 3 and pinned[0] == pinned[1]
