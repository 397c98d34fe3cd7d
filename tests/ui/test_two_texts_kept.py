"""Both texts of a pair outlive a reload, as the one text does."""

from __future__ import annotations

import pytest

from tests.support.pages import TEXT, open_page
from tests.support.tab import kept, reload
from tests.ui.test_two_texts import boxes, two
from ui.panels.text_pair_input import KEYS, first_pair

OWN = ("A platypus reads <b>this</b>.", "A platypus read 漢字.")


def test_both_texts_and_the_choice_are_there_again():
    new = reload(two(open_page(TEXT), OWN), TEXT)
    assert new.segmented_control(key="text_source").value == "two" and boxes(new) == OWN


def test_the_pair_that_the_page_opens_with_is_not_kept():
    at = two(open_page(TEXT))
    assert boxes(at) == first_pair() and not set(KEYS) & set(kept(at)["boxes"])


@pytest.mark.parametrize("texts", [(OWN[0], first_pair()[1]), (first_pair()[0], OWN[1])])
def test_one_changed_text_is_there_again_beside_the_first_other_one(texts):
    new = reload(two(open_page(TEXT), texts), TEXT)
    assert boxes(new) == texts
