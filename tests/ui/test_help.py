"""The Help page: documents as they are in docs/, with links that lead somewhere, for whatever a browser sends."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.support import documents as markdown
from tests.support.pages import NEURONS, SMALL, go_to, open_page, said, settle
from ui import document_links, documents

HELP = "pages/11_Help.py"
OFFERED = documents.available()
LINKS = re.compile(r"\]\(([^()\s]+)\)")


@pytest.fixture(scope="module")
def at():
    return open_page(HELP)


def shown(at):
    return [element.value for element in at.main.markdown]


def test_it_opens_with_the_first_hour_and_has_no_settings(at):
    assert [head.value for head in at.header][:2] == ["Your first hour", "1. The question (5 minutes)"]
    assert not at.sidebar.selectbox and not at.sidebar.slider
    assert "For students." in shown(at)[0]


@pytest.mark.parametrize("name", OFFERED)
def test_each_document_has_all_its_headings_and_its_link(at, name):
    at.selectbox(key="help_document").set_value(name)
    settle(at)
    source = (documents.FOLDER / documents.DOCUMENTS[name][0]).read_text(encoding="utf-8")
    headings = re.findall(r"^#{1,4} (.+)$", re.sub(r"^```.*?^```", "", source, flags=re.M | re.S), re.M)
    drawn = [*at.header, *at.subheader]
    assert sorted(head.value for head in drawn) == sorted(documents._plainer(head, "methods.md") for head in headings)
    assert at.query_params.get("read", "first-hour") == name
    words = len(re.findall(r"\w+", "".join(shown(at))))
    assert words > 0.7 * len(re.findall(r"\w+", markdown.without_blocks(source)))


def test_a_link_opens_a_document_and_a_wrong_one_says_so():
    at = open_page(HELP, read="class-links")
    assert at.header[0].value == "Class links"
    at = open_page(HELP, read="../../etc/passwd")
    assert at.header[0].value == "Your first hour"
    assert any("read is “../../etc/passwd”" in sentence for sentence in said(at.warning))


def test_the_settings_stay_when_one_has_read():
    at = open_page(NEURONS, SMALL)
    go_to(at, HELP)
    at.selectbox(key="help_document").set_value("glossary")
    settle(at)
    link = next(target for text in shown(at) for target in LINKS.findall(text) if target.startswith("?"))
    assert parse_qs(link[1:].partition("#")[0])["layer"] == ["2"]
    go_to(at, NEURONS)
    assert at.slider(key="layer").value == 2 and at.query_params["read"] == "glossary"


@pytest.mark.parametrize("name", OFFERED)
def test_every_link_leads_to_a_document_a_heading_or_the_web(name):
    own = {part.anchor for part in documents.parts_of(name)}
    targets = [target for part in documents.parts_of(name) for target in LINKS.findall(part.text)]
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in own
        elif not target.startswith(("http://", "https://")):
            other, _, anchor = target.removeprefix("help:").partition("#")
            assert not anchor or anchor in {part.anchor for part in documents.parts_of(other)}
    source = (documents.FOLDER / documents.DOCUMENTS[name][0]).read_text(encoding="utf-8")
    assert {part.anchor for part in documents.parts_of(name) if part.level} <= markdown.anchors(source)
    pictures = [part.picture for part in documents.parts_of(name) if part.picture]
    assert all(picture.is_file() for picture in pictures) and len(pictures) == source.count("![")


@pytest.fixture
def written(monkeypatch, tmp_path):
    """A function that writes the glossary, and returns its parts."""
    monkeypatch.setattr(documents, "FOLDER", tmp_path)
    (tmp_path / "reference").mkdir()
    (tmp_path / "methods.md").write_text("# Methods\n", encoding="utf-8")

    def write(text: str):
        file = tmp_path / "reference" / "glossary.md"
        file.write_text(text, encoding="utf-8")
        return documents.parts_of("glossary")

    return write


def test_links_are_of_the_app_or_name_a_file(written):
    (part,) = written(
        "[a](../methods.md#p) [b](models.md#x) [`c.md`](../../c.md) [d](#d) [e](https://e.org) [f\ng](../methods.md)"
    )
    of_the_app = "[a](help:methods#p) b (`docs/reference/models.md`) `c.md`"
    assert part.text == f"{of_the_app} [d](#d) [e](https://e.org) [f\ng](help:methods)"


def test_what_only_streamlit_would_read_is_plain_and_code_stays(written):
    (part,) = written(
        "$x$ `$y$` :red[z] :material/home: :smile: at 8:30 `:red[q]`\n- [ ] tick\n\n```text\n$v$ - [ ] :red[w]\n```"
    )
    assert part.text.splitlines()[0] == r"\$x\$ `$y$` \:red[z] \:material/home: \:smile: at 8:30 `:red[q]`"
    assert "- ☐ tick" in part.text and "$v$ - [ ] :red[w]" in part.text


def test_a_comment_is_not_shown_and_a_heading_in_a_block_is_none(written):
    parts = written("# A\n<!-- x -->\nText\n\n```bash\n# no heading\n```\n## B + c\n")
    assert [(part.level, part.anchor) for part in parts] == [(1, "a"), (0, ""), (2, "b--c")]
    assert "x" not in parts[1].text.replace("Text", "") and "# no heading" in parts[1].text


def test_a_document_is_read_again_only_if_it_has_changed(written, monkeypatch):
    first = written("one\n")
    reads = []
    read_text = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda path, **given: reads.append(path) or read_text(path, **given))
    assert documents.parts_of("glossary") is first and not reads
    file = documents.FOLDER / "reference" / "glossary.md"
    file.write_text("two\n", encoding="utf-8")
    os.utime(file, ns=(1, 1))
    assert documents.parts_of("glossary")[0].text == "two" and len(reads) == 1


def test_an_installation_without_documents_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(documents, "FOLDER", tmp_path)
    at = open_page(HELP)
    assert any("no documents" in sentence for sentence in said(at.warning)) and not at.main.selectbox


@pytest.mark.parametrize(
    "sent",
    [
        None,
        7,
        {},
        {"read": 1, "anchor": ""},
        {"read": "methods"},
        {"read": "methods", "anchor": "x" * 201},
        {"read": "no", "anchor": ""},
    ],
)
def test_whatever_a_browser_sends_as_a_pressed_link_is_checked(monkeypatch, sent):
    state = {document_links.KEY: {"opened": sent}}
    monkeypatch.setattr(document_links.st, "session_state", state)
    document_links._open(lambda name: name in documents.DOCUMENTS)
    assert document_links._TARGET not in state
    state[document_links.KEY] = {"opened": {"read": "methods", "anchor": "p"}}
    document_links._open(lambda name: name in documents.DOCUMENTS)
    assert state[document_links._TARGET] == (1, "p")
