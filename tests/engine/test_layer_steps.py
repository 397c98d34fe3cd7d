"""What a page of all layers asks for: one reading of tagged text, whatever else is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from core.errors import UserError
from core.records import ALL_PRESETS, CUSTOM, TESTS, ContrastSpec
from core.records.gold import why_no_tags
from engine import layer_steps, limits
from engine.admission import Work
from engine.layer_steps import _gold_layers_key, gold_if_there, gold_of_layers, gold_request
from engine.pipeline import Request, resolve


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
    """Also where the same classes have been read: no other step's key may pass for theirs."""
    resolve(gold_of_layers, gold_request(ContrastSpec.careful()))
    spec = ContrastSpec.careful(**changes)
    with pytest.raises(UserError) as caught:
        resolve(gold_of_layers, Request(spec))
    assert str(caught.value) == why_no_tags(spec) and gold_if_there(spec) is None


def test_a_protocol_that_permutes_is_admitted_and_kept_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presets are one file that a reader extends: one with max-T has the limits of an experiment with max-T."""
    own = replace(
        ALL_PRESETS["careful"],
        name="own",
        label="Own",
        settings={**ALL_PRESETS["careful"].settings, "correction": "max_t", "family": "layer"},
    )
    monkeypatch.setitem(ALL_PRESETS, "own", own)
    works: list[Work] = []

    @contextmanager
    def listening(work: Work, progress: Any) -> Iterator[None]:
        works.append(work)
        yield

    monkeypatch.setattr(layer_steps, "admitted", listening)
    spec = ContrastSpec.careful(n_target=40, n_baseline=40, seed=11)
    found = resolve(layer_steps.protocols, Request(spec))
    assert found is not None and "Own" in [one.preset.label for one in found.found]
    assert works[-1].what.startswith("Max-T over")

    monkeypatch.setattr(limits, "_MOST_PERMUTED", 1_000)
    found = resolve(layer_steps.protocols, Request(spec.changed(seed=12)))
    assert found is not None and len(found.found) == len(ALL_PRESETS) - 1
    [(label, why)] = found.not_run
    assert label == "Own" and "is too large for this server" in why and not works[-1].what.startswith("Max-T")
