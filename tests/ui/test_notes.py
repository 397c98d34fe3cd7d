"""Notes about fallbacks: said on every page whose result uses what fell back, and folded where they are many."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.records import ContrastSpec
from tests.support.pages import EVIDENCE, HOME, NEURONS, PAGES, TEXT, WORDS, open_page, said

# The notebook's lists are downloaded; without a network, the bundled ones stand in.
FALLEN_BACK = ContrastSpec.notebook(layer=2, n_target=40, n_baseline=40)


def notes_of(at):
    """The notes of a page, those that are folded too, without the escapes of Markdown."""
    folded = [line for box in at.expander for item in box.markdown for line in item.value.splitlines()]
    return [note.replace("\\", "") for note in (*said(at.info), *(line.removeprefix("- ") for line in folded))]


@pytest.mark.parametrize("page", [HOME, NEURONS, WORDS, TEXT, EVIDENCE])
def test_every_page_says_which_lists_stand_in(page, contrast):
    expected = contrast(FALLEN_BACK).notes
    assert sum("bundled list stands in" in note for note in expected) == 2
    shown = notes_of(open_page(page, FALLEN_BACK))
    for note in expected:
        beginning = note.partition(" (")[0]  # the address of the lists follows, which is another one here
        assert sum(each.startswith(beginning) for each in shown) == 1, (note, shown)


def test_two_texts_say_it_too(contrast):
    at = open_page(TEXT, FALLEN_BACK)
    at.segmented_control(key="text_source").set_value("two").run()
    shown = notes_of(at)
    assert sum("bundled list stands in" in note for note in shown) == 2


def test_there_is_no_note_where_nothing_fell_back():
    for page in PAGES:
        assert not notes_of(open_page(page)), page


def folding(notes):
    def script(notes):
        from ui.page import show_notes

        show_notes(notes)

    return AppTest.from_function(script, kwargs={"notes": notes}).run()


def test_two_notes_stand_as_they_are():
    at = folding(("One is so.", "Two is so.", "One is so."))
    assert [item.value for item in at.info] == ["One is so.", "Two is so."] and not at.expander


def test_three_fold_into_one_line_that_begins_with_the_first():
    first = "The *noun* list could not be downloaded, so the bundled list stands in for it, as for all others."
    at = folding((first, "Two is so.", "Three is so."))
    (box,) = at.expander
    assert box.label.startswith("3 notes on this result: The \\*noun\\* list could not be downloaded,")
    assert box.label.endswith("…") and len(box.label) < 120 and not at.info
    (inside,) = box.markdown
    assert inside.value.splitlines()[1:] == ["- Two is so.", "- Three is so."]
