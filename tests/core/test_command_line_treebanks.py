"""The command line and treebanks: ``download --treebank``, and ``--gold`` with a name instead of a file."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.__main__ import main
from core.command_line.evidence import _gold
from core.command_line.output import Output
from core.command_line.status import NETWORK, USAGE
from core.errors import UserError
from core.words import bundled_gold, forget_failures
from core.words.conllu import GOLD_FILE
from engine import folders, limits
from tests.support.word_server import WordServer, body

Capture = pytest.CaptureFixture[str]
OPTIONS = Namespace(folders=folders, limits=limits, output=Output())  # as core.__main__ hands them in
NON_COMMERCIAL = "note: UD English GUM has the licence CC BY-NC-SA 4.0: not for commercial use;"


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[WordServer]:
    """A server whose treebanks are the project's own sentences, and an empty cache folder."""
    forget_failures()
    with WordServer() as running:
        running.replies = [body(GOLD_FILE.read_bytes())]
        monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("GRAMMAR_NEURONS_TREEBANKS_URL", running.url)
        yield running
    forget_failures()


def test_download_tells_the_licence_and_keeps_the_treebank(server: WordServer, tmp_path: Path, capsys: Capture) -> None:
    for _ in range(2):
        assert main(["download", "--treebank", "gum"]) == 0
        out, err = capsys.readouterr()
        assert err.startswith(NON_COMMERCIAL)
        assert out == f"{len(bundled_gold().sentences)} sentences of gum, ready in {tmp_path / 'cache'}.\n"
    assert server.paths == ["/lists/UD_English-GUM/r2.15/en_gum-ud-dev.conllu"]


def test_download_refuses_other_names_and_says_why_it_fails(server: WordServer, capsys: Capture) -> None:
    assert main(["download", "--treebank", "gun"]) == USAGE
    said = capsys.readouterr().err
    assert said.startswith("error: --treebank is “gun”; allowed are ewt, gum. Did you mean gum?\n")
    server.replies = [body(b"", status=404)]
    assert main(["download", "--treebank", "ewt"]) == NETWORK
    said = f"error: UD English EWT could not be downloaded ({server.host} answered with HTTP 404).\n"
    assert capsys.readouterr().err.endswith(said)


def test_gold_takes_treebanks_and_files(server: WordServer, capsys: Capture) -> None:
    text = _gold(OPTIONS, ["gum", str(GOLD_FILE)])
    assert text is not None and text.n_words == 2 * bundled_gold().n_words
    assert capsys.readouterr().err.startswith(NON_COMMERCIAL)
    assert len(server.paths) == 1
    assert _gold(OPTIONS, []) is None
    with pytest.raises(
        UserError, match=r"no file gun with tagged sentences; --gold takes files, or ewt or gum. Did you mean gum\?"
    ):
        _gold(OPTIONS, ["gun"])
