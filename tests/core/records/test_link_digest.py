"""A link that lacks the words of a list has their digest."""

from __future__ import annotations

import hashlib

from core.records import CUSTOM, ContrastSpec
from core.records.link import MAX_LINK_WORDS, to_params


def test_a_link_has_the_words_or_their_digest() -> None:
    short = ("x" * MAX_LINK_WORDS,)
    spec = ContrastSpec.careful(
        target=CUSTOM, target_words=short, baseline=CUSTOM, baseline_words=("dog", "x" * MAX_LINK_WORDS)
    )
    params = to_params(spec)
    assert params["target_words"] == short[0] and "target_digest" not in params
    expected = hashlib.sha256(f"dog\n{'x' * MAX_LINK_WORDS}".encode()).hexdigest()[:8]
    assert params["baseline_digest"] == expected and "baseline_words" not in params
    assert not {"target_digest", "baseline_digest"} & set(to_params(ContrastSpec(target_words=("dog",) * 400)))
