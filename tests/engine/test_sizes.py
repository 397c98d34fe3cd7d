"""What is reserved before work begins is what its arrays then take."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from core.activations import values_shape
from core.activations.mapped import mapping_of
from core.errors import UserError
from core.records import ContrastSpec
from engine import evidence_steps, layer_steps, sizes, steps
from engine.admission import Work, admitted
from engine.folders import cache_folder
from engine.jobs import bytes_in_memory
from engine.pipeline import Request, forget_everything, resolve, results_of
from tests.support.arrays import npy_files
from tests.support.faults import fill_up, small_disk

pytestmark = pytest.mark.usefixtures("own_world")

SPEC = ContrastSpec.careful(n_target=60, n_baseline=60, layer=2)
TEXT = "The old mill stands by the river, and 🙂 the miller's dog barks. " * 20


class Works(list[Work]):
    """``peaks`` has the bytes that each took at most, where memory is traced."""

    def __init__(self) -> None:
        super().__init__()
        self.peaks: list[int] = []


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Works:
    """What was admitted, in order."""
    works = Works()

    @contextmanager
    def listening(work: Work, progress: Any) -> Iterator[None]:
        works.append(work)
        if tracemalloc.is_tracing():
            tracemalloc.reset_peak()
        with admitted(work, progress):
            before, _ = tracemalloc.get_traced_memory()
            try:
                yield
            finally:
                works.peaks.append(tracemalloc.get_traced_memory()[1] - before)

    for module in (steps, evidence_steps, layer_steps):
        monkeypatch.setattr(module, "admitted", listening)
    return works


@pytest.mark.parametrize("pooling", ["mean", "last"])
@pytest.mark.parametrize("leading_space", [True, False])
def test_words_in_memory_take_what_is_reserved(
    asked: list[Work], monkeypatch: pytest.MonkeyPatch, pooling: str, leading_space: bool
) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_DISK_CACHE_MB", "0")
    spec = SPEC.changed(pooling=pooling, leading_space=leading_space)
    read = resolve(steps.activations, Request(spec))
    stored = len(read.target_sides.stored_words) + len(read.baseline_sides.stored_words)
    n_bytes = 4 * 6 * (len(read.words.target) + len(read.words.baseline) + stored) * 512
    assert values_shape(resolve(steps.model, Request(spec)), read.words, spec, range(6))[1] * 4 * 6 * 512 == n_bytes
    assert asked[-1].n_bytes == 2 * n_bytes, "the array, and as much between passes"


def test_words_on_disk_take_no_more_than_what_is_between_passes(asked: list[Work]) -> None:
    read = resolve(steps.activations, Request(SPEC))
    assert bytes_in_memory(read) < 100_000 and asked[0].n_bytes < 2_500_000


@pytest.mark.parametrize("is_stored", [True, False])
def test_without_room_on_the_disk_the_memory_is_reserved_before_anything_is_read(
    asked: Works, monkeypatch: pytest.MonkeyPatch, is_stored: bool
) -> None:
    """A full disk: the array would be in memory, beside those of all others who found it full; a copy of it, too."""
    cache_folder().mkdir()
    with small_disk(cache_folder() / "activations", "16m") as disk:
        expected = resolve(steps.activations, Request(SPEC)).target.copy()
        forget_everything()
        (entry,) = npy_files(disk)
        if not is_stored:
            entry.unlink()
        fill_up(disk)
        tracemalloc.start()
        try:
            read = resolve(steps.activations, Request(SPEC))
        finally:
            tracemalloc.stop()
        np.testing.assert_array_equal(read.target, expected)
        assert [work.n_bytes for work in asked[1:]] == [asked[0].n_bytes, 2 * asked[0].n_bytes]
        assert 3 * asked.peaks[1] < asked[0].n_bytes < asked.peaks[2], "and nothing of it before"
        assert mapping_of(read.target_sides.pre_activation) is None
        forget_everything()
        monkeypatch.setattr(sizes, "_FLOAT", 40_000)
        with pytest.raises(UserError, match=r"may take [0-9,]+ MB of memory") as caught:
            resolve(steps.activations, Request(SPEC))
        assert caught.value.about == "memory"


@pytest.mark.parametrize("layer", [0, 3])
def test_a_text_takes_what_is_reserved(asked: list[Work], layer: int) -> None:
    """All layers that the passes read."""
    request = Request(SPEC.changed(layer=layer), TEXT)
    found = resolve(steps.text, request)
    kept = [job.size for job in results_of(steps.text)._jobs.values()]
    assert len(kept) == layer + 1 and asked[-1].n_bytes == sum(kept) == (layer + 1) * found.values.nbytes


def test_a_long_text_has_room_for_its_layer_alone(asked: list[Work], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_MEMORY_CACHE_MB", "16")
    found = resolve(steps.text, Request(SPEC.changed(layer=3), TEXT * 2))
    assert asked[-1].n_bytes == found.values.nbytes


def test_a_tagged_text_takes_what_is_reserved(asked: list[Work]) -> None:
    read = resolve(evidence_steps.gold_reading, Request(SPEC, marked=0))
    n_bytes = read.at("activation").nbytes + read.at("pre-activation").nbytes
    assert n_bytes <= asked[-1].n_bytes < 1.2 * n_bytes


@pytest.mark.parametrize(("test", "n_together"), [("welch_absolute", 1), ("welch", 4)])
def test_a_tagged_text_at_every_layer_takes_what_is_reserved(
    asked: Works, monkeypatch: pytest.MonkeyPatch, test: str, n_together: int
) -> None:
    request = layer_steps.gold_request(SPEC.changed(test=test))
    text = resolve(evidence_steps.gold, request)
    n_words = sum(word.upos in ("NOUN", "VERB") for sentence in text.sentences for word in sentence.words)
    of_layer = 4 * n_words * 512
    monkeypatch.setenv("GRAMMAR_NEURONS_MEMORY_CACHE_MB", str(max(16, round(5.5 * n_together * of_layer / 1e6))))
    resolve(steps.model, request)
    tracemalloc.start()
    try:
        resolve(layer_steps.gold_of_layers, request)
    finally:
        tracemalloc.stop()
    reserved, peak = asked[-1].n_bytes, asked.peaks[-1]
    assert (n_together + 1) * of_layer < peak <= reserved < peak + of_layer + 5_000_000, (
        "its values, not those of one layer"
    )


def test_what_a_model_reads_for_more_than_a_second_or_two_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = resolve(steps.model, Request(SPEC))
    n_tokens = len(resolve(steps.text, Request(SPEC, TEXT)).pieces)
    for products, is_slow in ((n_tokens, False), (n_tokens - 1, True)):
        monkeypatch.setattr(sizes, "_SHORT_PRODUCTS", products * lm.info.n_parameters)
        assert sizes.reading_of_text(lm, TEXT, 1, 1e9).is_slow == is_slow
