"""On a student's own laptop: a checkout with CRLF, odd folders, a home that cannot be written, a narrow console."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.browser import ROOT, running_app
from tests.support.class_server import Tab, class_server, elements

WHOLE = ("app.py", "serve.py", "pages", "ui", "engine", "core", "server", "assets", ".streamlit")
TEXT = {".py", ".txt", ".css", ".js", ".svg", ".json", ".toml", ".md", ".tsv", ".conllu", ""}
CONTRAST = ("contrast", "--preset", "careful", "--layer", "3", "--words", "30")
READ_ALL = """
import hashlib
from core.models import load_model
from core.records import WORD_CLASSES
from core.words.ambiguous import ambiguous_forms
from core.words.conllu import bundled_gold
from core.words.lists import bundled_list
from core.words.prose import bundled_prose
from ui import page, pictures, token_heatmap, verdicts
from ui.panels import text_input
read = {
    "words": [bundled_list(name).words for name in WORD_CLASSES],
    "gold": bundled_gold(), "forms": ambiguous_forms(), "prose": bundled_prose(), "sample": text_input.first_sample(),
    "styles": (page._STYLE, verdicts._STYLE, token_heatmap.STYLE, token_heatmap.SCRIPT),
    "picture": pictures._coloured("experiment", "light"), "model": load_model("bundled").info,
}
for name, value in read.items():
    print(name, len(repr(value)), hashlib.sha256(repr(value).encode()).hexdigest())
"""


def copied(folder: Path, line_end: bytes = b"\n") -> Path:
    """The app as somebody has unpacked it into a folder, perhaps with other ends of lines."""
    folder.mkdir(parents=True)
    for name in WHOLE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    for path in folder.rglob("*") if line_end != b"\n" else ():
        if path.is_file() and path.suffix in TEXT:
            path.write_bytes(path.read_bytes().replace(b"\n", line_end))
    return folder


def python(*arguments: str, cwd: Path = ROOT, **environment: str) -> tuple[int, bytes, str]:
    """Run Python; its status, the very bytes it printed, and its complaints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", **environment},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def statistics(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as rows:
        return [row["statistic"] for row in csv.DictReader(rows)]


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> list[str]:
    """The statistics of CONTRAST, of this checkout, in a file at a usual place."""
    file = tmp_path_factory.mktemp("usual") / "out.csv"
    status, _, complaints = python("-m", "core", *CONTRAST, "--csv", str(file))
    assert status == 0, complaints
    return statistics(file)


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> Path:
    """The app in a folder whose name has spaces, signs of addresses, and letters of three scripts."""
    return copied(tmp_path_factory.mktemp("laptop") / "Grammatik Übung 日本" / "app 1 (Kopie) #2 %41")


def test_a_checkout_with_crlf_reads_the_same_as_one_with_lf(tmp_path):
    copy = copied(tmp_path / "crlf", b"\r\n")
    assert (copy / "assets/words/nouns.txt").read_bytes().count(b"\r\n") > 1000
    here, there = (python("-c", READ_ALL, cwd=folder) for folder in (ROOT, copy))
    assert here[0] == there[0] == 0, there[2]
    assert there[1].decode() == here[1].decode()
    assert len(here[1].splitlines()) == 8


def test_git_keeps_lf_in_every_checkout():
    """Whatever ``core.autocrlf`` is: scripts run in containers, and digests are of bytes."""
    rules = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert "* text=auto eol=lf" in rules
    assert {"*.png binary", "*.safetensors binary", "assets/models/** -text"} <= set(rules)


def test_the_command_line_works_in_an_odd_folder(odd, expected):
    (odd / "Wörter 名詞.txt").write_text("time\nyear\npeople\nway\nday\nman\n", encoding="utf-8")
    status, printed, complaints = python(
        "-m", "core", *CONTRAST, "--csv", "Ergebnis é 1.csv", cwd=odd, GRAMMAR_NEURONS_CACHE=str(odd / "Zwischen lager")
    )
    assert status == 0, complaints
    assert "Wrote 512 neurons to Ergebnis é 1.csv" in complaints
    assert statistics(odd / "Ergebnis é 1.csv") == expected
    status, printed, complaints = python(
        "-m", "core", *CONTRAST, "--target-words", "Wörter 名詞.txt", "--target-name", "名詞", cwd=odd
    )
    assert status == 0, complaints
    assert re.search(r"^Words +6 words of 名詞 ", printed.decode(), re.MULTILINE)


def test_the_app_and_the_class_server_start_in_an_odd_folder(odd):
    environment = {"PYTHONPATH": str(odd), "GRAMMAR_NEURONS_CACHE": str(odd / "Zwischen lager")}
    with running_app(odd / "app.py", environment) as url, urllib.request.urlopen(f"{url}/Neurons") as answer:
        assert answer.status == 200
    with class_server(environment, command=("serve.py",), cwd=odd) as server:
        server.until_ready()
        with Tab(server.url) as tab:
            shown = tab.run("Neurons")
        assert any("neurons in layer" in text.body for text in elements(shown, "markdown"))
        assert not elements(shown, "exception")


@pytest.fixture
def homeless(tmp_path) -> dict[str, str]:
    """An environment whose home is no folder: nothing can be kept there, not even by root."""
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    home = str(tmp_path / "home")
    ours = {"GRAMMAR_NEURONS_CACHE": "", "XDG_CACHE_HOME": "", "HF_HOME": f"{home}/huggingface"}
    return {"HOME": home, "USERPROFILE": home, "LOCALAPPDATA": f"{home}/local", **ours}


def test_where_home_is_no_folder_the_command_line_computes_all_the_same(homeless, expected, tmp_path):
    status, _, complaints = python("-m", "core", *CONTRAST, "--csv", str(tmp_path / "out.csv"), **homeless)
    assert status == 0, complaints
    assert statistics(tmp_path / "out.csv") == expected


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="/proc, where not even root makes a folder, is Linux's")
def test_where_home_is_not_there_and_cannot_be_made_the_class_server_answers_all_the_same(homeless):
    """Streamlit itself does not start where home is a file; this is the home of a user who has none."""
    none = "/proc/no-home"
    with class_server({**homeless, "HOME": none, "HF_HOME": f"{none}/huggingface"}) as server:
        server.until_ready()
        with Tab(server.url) as tab:
            shown = tab.run("Neurons", "model=bundled")
        assert any("neurons in layer" in text.body for text in elements(shown, "markdown"))
        assert not elements(shown, "exception")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_what_a_console_cannot_show_is_written_plainly(encoding, tmp_path):
    (tmp_path / "名詞.txt").write_text("time\nyear\npeople\nway\n", encoding="utf-8")
    status, printed, complaints = python(
        "-m", "core", *CONTRAST, "--target-words", str(tmp_path / "名詞.txt"), "--target-name", "名詞 é",
        PYTHONUTF8="0", PYTHONIOENCODING=encoding,
    )  # fmt: skip
    assert status == 0, complaints
    text = printed.decode(encoding)
    name = {"utf-8": "名詞 é", "cp1252": r"\u540d\u8a5e é", "ascii": r"\u540d\u8a5e \xe9"}[encoding]
    assert re.search(rf"^Words +4 words of {re.escape(name)} ", text, re.MULTILINE), text
    assert f"{'α' if encoding == 'utf-8' else 'alpha'} = 0.05" in text
