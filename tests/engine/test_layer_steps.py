"""What a page of all layers asks for: one reading of tagged text, whatever else is chosen."""

from __future__ import annotations

from typing import Any

import pytest

from core.records import CUSTOM, TESTS, ContrastSpec
from engine.layer_steps import _gold_layers_key, gold_request, why_no_gold
from engine.pipeline import Request


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize(
    "changes", [{}, {"target": "adjectives", "hook_side": "activation", "pooling": "last"}], ids=str
)
def test_the_request_of_a_page_has_the_key_of_its_experiment(test: str, changes: dict[str, Any]) -> None:
    spec = ContrastSpec.careful(test=test, unit="word", layer=4, alpha=0.01, **changes)
    assert _gold_layers_key(gold_request(spec), None) == _gold_layers_key(Request(spec), None)
    assert gold_request(spec) == gold_request(spec.changed(layer=0, alpha=0.2, family="layer"))


@pytest.mark.parametrize("changes", [{"shuffle_labels": True}, {"target": CUSTOM, "target_words": ("tea", "ale")}])
def test_classes_without_a_tag_have_a_reason(changes: dict[str, Any]) -> None:
    assert why_no_gold(ContrastSpec.careful(**changes)).endswith(".")
    assert why_no_gold(ContrastSpec.careful()) == ""
