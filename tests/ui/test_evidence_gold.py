"""The tagged text of the Evidence page: a file, a treebank, a link, and what is said of one that is refused."""

from __future__ import annotations

import json

import pytest

from core.words import bundled_gold
from core.words.conllu import GOLD_FILE
from engine import evidence_steps
from engine.evidence_steps import found
from engine.pipeline import GoldSource, Request, forget_everything
from tests.support.evidence_page import chips, click, is_there, run_check
from tests.support.fake_checks import verdict_of
from tests.support.pages import EVIDENCE, NEURONS, SMALL, go_to, link, open_page, said, settle
from tests.support.word_server import WordServer, body


@pytest.fixture(autouse=True)
def _nothing_found():
    forget_everything()
    yield
    forget_everything()


def test_an_uploaded_text_is_what_the_checks_read(fake_checks):
    text = GOLD_FILE.read_text(encoding="utf-8")[:4_000].rpartition("\n\n")[0] + "\n\n"
    at = open_page(EVIDENCE, neuron="17")
    at.selectbox(key="gold_choice").set_value("file")
    settle(at)
    assert any(caption.startswith("Until then, the project") for caption in said(at.caption))
    at.file_uploader(key="gold_upload").upload("my *own*.conllu", text.encode(), "text/plain")
    settle(at)
    n = text.count("# text =")
    assert any(f"my *own*.conllu: {n} sentences" in caption for caption in said(at.caption))
    run_check(at, "gold_text")
    go_to(at, NEURONS)
    at = go_to(at, EVIDENCE)
    assert at.selectbox(key="gold_choice").value == "file" and chips(at)["gold_text"] == verdict_of("gold_text")
    at.selectbox(key="gold_choice").set_value("own")
    assert chips(settle(at))["gold_text"] == "not run", "another text has findings of its own"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"A dog barks.", "notes.conllu is not CoNLL-U"), (b"\xff\xfe\x00", "notes.conllu is not UTF-8 text")],
)
def test_a_file_that_is_no_tagged_text_is_told_and_the_page_works(content, sentence):
    at = open_page(EVIDENCE)
    at.selectbox(key="gold_choice").set_value("file")
    settle(at)
    at.file_uploader(key="gold_upload").upload("notes.conllu", content, "text/plain").run()
    at.run()
    assert len(at.error) == 1 and sentence in said(at.error)[0] and chips(at)
    at.file_uploader(key="gold_upload").upload("other.conllu", b"\xff", "text/plain").run()
    assert len(at.error) == 1 and "other.conllu is not UTF-8 text" in said(at.error)[0]
    assert any(caption.startswith("A link cannot hold a file") for caption in said(at.caption))
    assert "gold" not in link(at)


def test_a_link_opens_with_its_treebank():
    at = open_page(EVIDENCE, neuron="17", gold="gum")
    assert at.selectbox(key="gold_choice").value == "gum" and link(at)["gold"] == "gum"
    at.selectbox(key="gold_choice").set_value("own")
    assert "gold" not in link(settle(at))


def test_a_treebank_is_downloaded_once_its_licence_was_seen(fake_checks, monkeypatch):
    with WordServer() as server:
        server.replies = [body(b"", status=500), body(GOLD_FILE.read_bytes())]
        monkeypatch.setenv("GRAMMAR_NEURONS_TREEBANKS_URL", server.url)
        at = open_page(EVIDENCE, neuron="17")
        at.selectbox(key="gold_choice").set_value("gum")
        settle(at)
        assert any("not for commercial use" in caption for caption in said(at.caption)) and server.paths == []
        click(at, "download_treebank")
        settle(at)
        assert "UD English GUM could not be downloaded" in said(at.error)[0] and "HTTP 500" in said(at.error)[0]
        click(at, "try_treebank")
        settle(at)
        assert not at.error and not is_there(at, "download_treebank") and len(server.paths) == 2
        assert any(caption.startswith(f"{len(bundled_gold().sentences)} sentences") for caption in said(at.caption))
        run_check(at, "gold_text")
        request = Request(SMALL, marked=17, gold=GoldSource.of_treebank("gum"))
        assert list(found(request)) == ["gold_text"] and found(Request(SMALL, marked=17)) == {}
        assert json.loads(evidence_steps.document(request, ["gold_text"]))["gold"]["files"] == ["gum"]
        assert not is_there(open_page(EVIDENCE), "download_treebank"), "it is here now"
        assert len(server.paths) == 2
