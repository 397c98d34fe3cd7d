"""Ten texts in ten scripts on the Text page: each character comes out again, coloured, and words are counted."""

from __future__ import annotations

import re
import unicodedata

import pytest

from core.activations import token_activations
from core.models import load_model
from core.records import CUSTOM
from tests.support.any_text import SCRIPTS
from tests.support.pages import SMALL, TEXT, heatmap, open_page, said, settle


def words_in(text: str) -> list[str]:
    """The words between spaces and marks, by the categories of characters."""
    inside = "".join(c if unicodedata.category(c)[0] in "LMN" or c in "'\u200c\u200d" else " " for c in text)
    return list(dict.fromkeys(inside.split()))


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_text_in_any_script(script):
    text = SCRIPTS[script]
    words = words_in(text)
    # The words of the text themselves are the target: a list in the same script, with a name in it.
    own = {"target": CUSTOM, "target_words": tuple(words), "n_target": len(words), "target_name": words[0][:40]}
    spec = SMALL.changed(**own) if len(words) > 1 else SMALL  # in Thai, spaces do not part words
    at = open_page(TEXT, spec)
    at.text_area(key="text").set_value(text)
    settle(at)
    assert not at.error and not at.exception, said(at.error)
    sent = heatmap(at)
    assert "".join(sent["pieces"]) == text
    alone = token_activations(load_model("bundled"), text, spec.layer, side=spec.hook_side, prefix=spec.prefix)
    assert sent["pieces"] == alone.pieces
    if spec is not SMALL:
        assert any(words[0] in block["title"] for block in sent["blocks"])
        counted = " ".join(said(at.caption))
        assert re.search(rf"{len(words)} words of {re.escape(words[0])}|{re.escape(words[0])} \(", counted)
