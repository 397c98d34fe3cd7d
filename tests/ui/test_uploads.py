"""Files that are uploaded: an empty one takes nothing away, and none is held longer than it is needed."""

from __future__ import annotations

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from core.records import CUSTOM
from core.words.conllu import GOLD_FILE
from tests.support.pages import EVIDENCE, SECRET, TEXT, WORDS, go_to, heatmap, open_page, said, settle, type_list

TAGGED = GOLD_FILE.read_text(encoding="utf-8")[:4_000].rpartition("\n\n")[0] + "\n\n"


@pytest.fixture
def held(monkeypatch):
    """The files that sessions hold, by their names: those that came, without those that were let go."""
    names = {}
    add, remove = MemoryUploadedFileManager.add_file, MemoryUploadedFileManager.remove_file

    def note(self, session_id, file):
        names[file.file_id] = file.name
        add(self, session_id, file)

    def forget(self, session_id, file_id):
        names.pop(file_id, None)
        remove(self, session_id, file_id)

    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", note)
    monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", forget)
    return names


def give(at, key, name, raw):
    at.file_uploader(key=key).set_value((name, raw, "text/plain"))
    at.run()
    return at


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b" \n\t\r\n"])
def test_an_empty_file_leaves_the_text(raw):
    at = open_page(TEXT)
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    give(at, "text_file", "nothing.txt", raw)
    assert said(at.error) == ["nothing.txt is empty: the box keeps its text."]
    assert at.text_area(key="text").value == SECRET == "".join(heatmap(at)["pieces"])


def test_an_empty_file_leaves_the_list():
    at = open_page(WORDS)
    type_list(at, "dog\ncat")
    give(at, "target_file", "nothing.txt", b"")
    assert at.text_area(key="target_text").value == "dog\ncat"
    for _ in range(2):  # as long as the box lists the file, the sentence stands below it
        assert len(at.error) == 1 and "holds no word" in said(at.error)[0]
        settle(at)
    give(at, "target_file", "words.txt", b"plum\ncherry")
    assert not at.error and at.text_area(key="target_text").value == "plum\ncherry"


@pytest.mark.parametrize(
    ("page", "key", "name", "raw"),
    [
        (TEXT, "text_file", "good.txt", SECRET.encode()),
        (TEXT, "text_file", "good.conllu", TAGGED.encode()),
        (TEXT, "text_file", "bad.txt", b"\xff"),
        (TEXT, "text_file", "bad.conllu", b"no columns"),
        (TEXT, "text_file", "empty.txt", b""),
        (EVIDENCE, "gold_upload", "good.conllu", TAGGED.encode()),
        (EVIDENCE, "gold_upload", "bad.conllu", b"\xff"),
        (WORDS, "settings_file", "bad.json", b"{"),
        (WORDS, "target_file", "good.txt", b"dog\ncat"),
        (WORDS, "target_file", "bad.txt", b"\x00"),
    ],
)
def test_no_file_is_held_once_it_was_looked_at(held, page, key, name, raw):
    at = open_page(page)
    if key == "target_file":
        at.selectbox(key="target").set_value(CUSTOM)
    if key == "gold_upload":
        at.selectbox(key="gold_choice").set_value("file")
    settle(at)
    give(at, key, name, raw)
    assert held == {}
    assert bool(at.error) == (not name.startswith("good"))
    go_to(at, page)
    assert not at.exception


def test_a_tagged_file_stays_in_use():
    at = give(open_page(TEXT), "text_file", "mine.conllu", TAGGED.encode())
    settle(at)
    text = "".join(heatmap(at)["pieces"])
    at.slider(key="layer").set_value(3)
    settle(at)
    assert "".join(heatmap(at)["pieces"]) == text and at.selectbox(key="passage").value.startswith("mine")
