"""Words: shared prefixes and early stop change nothing; one word at a time through the whole model is the judge."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.activations import token_counts, word_activations, word_passes
from core.errors import UserError
from core.models import LoadedModel, load_model
from core.progress import unwatched
from core.records import HOOK_SIDES, POOLINGS
from tests.support.tiny_models import (
    ABSOLUTE,
    CONTEXT,
    END_OF_TEXT,
    N_LAYERS,
    PATHS,
    WORDS,
    Reference,
    assert_close,
    assert_one_sentence,
)

Folder = Callable[[str], Path]


def n_hooks(lm: LoadedModel) -> int:
    """How many forward hooks hang in the network."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in lm.network.modules())


# --- Words: equal to the whole model, one word at a time ---


@pytest.mark.parametrize("architecture", PATHS)
def test_words_equal_the_whole_model(architecture: str, tiny_folder: Folder) -> None:
    """Every architecture, both sides, both poolings, with and without space and prefix."""
    folder = tiny_folder(architecture)
    lm, reference = load_model(str(folder)), Reference(folder)
    assert (lm.n_layers, lm.info.architecture) == (N_LAYERS, architecture.partition(" ")[0])
    for leading_space, prefix in ((False, False), (True, False), (True, True)):
        how: dict[str, Any] = {"leading_space": leading_space, "prefix": prefix}
        for side in HOOK_SIDES:
            alone = [reference.word(word, side, **how) for word in WORDS]
            pooled = {
                "mean": np.stack([tokens.mean(axis=1) for tokens in alone], axis=1),
                "last": np.stack([tokens[:, -1] for tokens in alone], axis=1),
            }
            for pooling in POOLINGS:
                assert_close(word_activations(lm, WORDS, side=side, pooling=pooling, **how), pooled[pooling])


def test_the_two_sides_differ(lm: LoadedModel) -> None:
    """The comparison above would not pass on any numbers: sides, poolings, spaces and prefixes all matter."""
    plain = word_activations(lm, WORDS)
    for change in ({"side": "activation"}, {"pooling": "last"}, {"leading_space": True}, {"prefix": True}):
        assert np.abs(word_activations(lm, WORDS, **change) - plain).max() > 0.1, change  # type: ignore[arg-type]


def test_order_and_neighbours_do_not_matter(lm: LoadedModel) -> None:
    """A word's row is the same wherever it stands, and a repeated word has the same row twice."""
    plain = word_activations(lm, WORDS)
    order = np.random.default_rng(3).permutation(len(WORDS))
    assert_close(word_activations(lm, [WORDS[i] for i in order]), plain[:, order])
    for i, word in enumerate(WORDS):
        np.testing.assert_allclose(plain[:, WORDS.index(word)], plain[:, i], rtol=0, atol=ABSOLUTE)


@pytest.mark.parametrize("limit", [1, 20_000, 60_000])
def test_batch_size_does_not_matter(lm: LoadedModel, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One prefix a pass, a few, or whole levels: the same numbers."""
    plain = word_activations(lm, WORDS)
    monkeypatch.setattr(word_passes, "_MAX_PASS_FLOATS", limit)
    monkeypatch.setattr(word_passes, "_MAX_STATE_FLOATS", 10 * limit)
    sizes = [len(rows) for rows, _ in spied_passes(lm, lambda: assert_close(word_activations(lm, WORDS), plain))]
    assert (max(sizes) == 1) == (limit == 1)


@pytest.mark.parametrize("longest", [0, 16])
@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory. Tried"), RuntimeError("MPS backend out of memory (MPS")]
)
def test_a_pass_for_which_memory_runs_out_is_halved(
    longest: int, error: Exception, lm: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a small GPU does it: two rows fit, more do not. If one does not fit, that is an error."""
    plain = word_activations(lm, WORDS)
    monkeypatch.setattr(word_passes, "_MAX_TRIE_TOKENS", longest)
    read, most, sizes = word_passes.read_layers, 2, []

    def read_few(model: LoadedModel, ids: torch.Tensor, *more: Any, **how: Any) -> Any:
        sizes.append(len(ids))
        if len(ids) > most:
            raise error
        return read(model, ids, *more, **how)

    monkeypatch.setattr(word_passes, "read_layers", read_few)
    assert_close(word_activations(lm, WORDS), plain)
    assert max(sizes) > 2
    most = 0
    with pytest.raises(UserError, match="not enough memory to read"):
        word_activations(lm, WORDS)


@pytest.mark.parametrize("longest", [0, word_passes._MAX_TRIE_TOKENS])
def test_what_was_written_is_not_kept(lm: LoadedModel, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a pass begins, no values of an earlier one are alive: memory holds one pass's."""
    monkeypatch.setattr(word_passes, "_MAX_PASS_FLOATS", 2_000)
    monkeypatch.setattr(word_passes, "_MAX_TRIE_TOKENS", longest)
    written: list[weakref.ref[torch.Tensor]] = []
    alive_at_a_pass: list[int] = []

    def gate() -> AbstractContextManager[None]:
        alive_at_a_pass.append(sum(values() is not None for values in written))
        return nullcontext()

    def write(_rows: np.ndarray, _point: object, values: np.ndarray) -> None:
        assert isinstance(values.base, torch.Tensor)  # whose memory the array shares
        written.append(weakref.ref(values.base))

    reading = word_passes.Reading(lm, range(N_LAYERS), HOOK_SIDES, HOOK_SIDES, "mean", 0, write, gate)
    word_passes.read_rows(reading, [lm.tokenizer.encode(word).ids for word in WORDS], unwatched)
    assert len(written) > N_LAYERS and len(alive_at_a_pass) > 2 and not any(alive_at_a_pass)


def test_long_rows_are_read_by_plain_passes(lm: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever counts as long, the numbers are the same; every token of a long row is in one pass."""
    plain = {pooling: word_activations(lm, WORDS, pooling=pooling, prefix=True) for pooling in POOLINGS}
    for longest in (0, 2, 4):
        monkeypatch.setattr(word_passes, "_MAX_TRIE_TOKENS", longest)
        for pooling in POOLINGS:
            assert_close(word_activations(lm, WORDS, pooling=pooling, prefix=True), plain[pooling])
        widths = {len(rows[0]) for rows, _ in spied_passes(lm, lambda: word_activations(lm, WORDS))}
        assert max(widths) == max(token_counts(lm, WORDS))


def test_layers_come_in_the_order_asked_for(lm: LoadedModel) -> None:
    """Some layers, in any order, one of them twice."""
    everything = word_activations(lm, WORDS)
    for layers in ([2], [3, 0], [1, 3, 1]):
        assert_close(word_activations(lm, WORDS, layers), everything[layers])


def test_progress_reaches_the_total(lm: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The share grows to 1, and the sentence counts up to all words."""
    monkeypatch.setattr(word_passes, "_MAX_PASS_FLOATS", 2_000)
    calls: list[tuple[float, str]] = []
    word_activations(lm, WORDS, progress=lambda *call: calls.append(call))
    shares = [share for share, _ in calls]
    assert len(shares) > 2 and shares == sorted(set(shares)) and shares[-1] == 1.0
    for share, sentence in calls:
        assert sentence == f"Reading words: {round(share * len(WORDS))} of {len(WORDS)}"


def test_token_counts_are_the_tokenizers(lm: LoadedModel, reference: Reference) -> None:
    """Without any prefix, with or without the space."""
    assert token_counts(lm, WORDS).tolist() == [len(reference.ids(word)) for word in WORDS]
    spaced = token_counts(lm, WORDS, leading_space=True)
    assert spaced.tolist() == [len(reference.ids(f" {word}")) for word in WORDS]
    assert spaced.dtype == np.int64


# --- How the pass runs ---


Passes = list[tuple[list[list[int]], int]]


def spied_passes(lm: LoadedModel, work: Callable[[], Any]) -> Passes:
    """What the network was given while ``work`` ran: each pass's ids, and how many tokens it had read before them."""
    passes: Passes = []

    def spy(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        past = kwargs["past_key_values"]
        assert args == () and set(kwargs) == {"input_ids", "past_key_values", "use_cache"}, "a mask, or positions"
        assert kwargs["use_cache"] == (past is not None)
        passes.append((kwargs["input_ids"].tolist(), past.get_seq_length() if past else 0))

    handle = lm.network.register_forward_pre_hook(spy, with_kwargs=True)
    try:
        work()
    finally:
        handle.remove()
    return passes


@pytest.mark.parametrize("prefix", [False, True])
def test_each_prefix_is_read_once(
    lm: LoadedModel, reference: Reference, prefix: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network is given each distinct prefix's last token once, at its own position, and nothing else."""
    monkeypatch.setattr(word_passes, "_MAX_TRIE_TOKENS", CONTEXT)
    head = reference.ids(END_OF_TEXT) if prefix else []
    rows = [[*head, *reference.ids(word)] for word in WORDS]
    prefixes = {tuple(row[:end]) for row in rows for end in range(1, len(row) + 1)}
    assert len(prefixes) < sum(map(len, rows))
    passes = spied_passes(lm, lambda: word_activations(lm, WORDS, prefix=prefix))
    given = sorted((position, ids[0]) for batch, position in passes for ids in batch)
    assert given == sorted((len(prefix) - 1, prefix[-1]) for prefix in prefixes)


@pytest.mark.parametrize("side", HOOK_SIDES)
def test_the_pass_stops_early(lm: LoadedModel, side: str) -> None:
    """Nothing runs behind the hook point of the deepest layer asked for: no deeper block, no head."""
    names = {module: name for name, module in lm.network.named_modules()}
    ran: list[str] = []

    def spy(module: torch.nn.Module, inputs: Any, output: Any) -> None:
        ran.append(names.get(module, "a module that is not the network's"))

    handle = torch.nn.modules.module.register_module_forward_hook(spy)
    try:
        word_activations(lm, ["time"], [0, 1], side=side)
    finally:
        handle.remove()
    assert "h.0.mlp.c_proj" in ran and "h.1.attn.attention.v_proj" in ran
    behind = [name for name in ran if name.startswith(("h.2", "h.3", "ln_f", "h.1.mlp.c_proj", "a module"))]
    assert behind == []
    assert not any("lm_head" in name for name in names.values())


@pytest.mark.parametrize("where", ["inside the network", "in the callback"])
def test_hooks_are_removed_after_an_error(lm: LoadedModel, where: str) -> None:
    """An error in the middle leaves no hook behind and the lock open; the next call is right."""
    before, expected = n_hooks(lm), word_activations(lm, WORDS)

    def fail(*args: Any) -> None:
        raise ZeroDivisionError

    handle = lm.network.h[1].mlp.register_forward_pre_hook(fail) if where == "inside the network" else None
    with pytest.raises(ZeroDivisionError):
        word_activations(lm, WORDS, progress=fail)
    if handle:
        handle.remove()
    assert n_hooks(lm) == before
    assert not lm.lock.locked()
    assert_close(word_activations(lm, WORDS), expected)


def test_a_hook_that_never_runs_is_reported(lm: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence from a layer is an error that says which, not an array of leftovers."""
    monkeypatch.setattr(lm.network, "forward", lambda **kwargs: None)
    with pytest.raises(RuntimeError, match=r"layers \[2\].*never ran"):
        word_activations(lm, WORDS, [2])


def test_two_threads_do_not_mix(lm: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that ask for different layers at once all get their own layer's numbers."""
    everything = word_activations(lm, WORDS)
    monkeypatch.setattr(word_passes, "_MAX_PASS_FLOATS", 1)  # many short passes: many chances to meet
    ready = threading.Barrier(4)

    def work(layer: int) -> np.ndarray:
        ready.wait()
        return np.stack([word_activations(lm, WORDS, [layer])[0] for _ in range(5)])

    with ThreadPoolExecutor(4) as pool:
        for layer, found in enumerate(pool.map(work, range(4))):
            assert_close(found, np.broadcast_to(everything[layer], found.shape))
    assert n_hooks(lm) == 0


# --- Words: mistakes ---


@pytest.mark.parametrize(
    ("words", "how", "names"),
    [
        ([], {}, ["word"]),
        (["time", ""], {}, ["no tokens"]),
        (["time", "x" * 400], {}, ["xxx", str(CONTEXT)]),
        (["time"], {"layers": [4]}, ["Layer 4", "0 to 3"]),
        (["time"], {"layers": [-1]}, ["Layer -1"]),
        (["time"], {"layers": []}, ["layer"]),
        (["time"], {"side": "residual"}, ["residual", "pre-activation"]),
        (["time"], {"pooling": "max"}, ["max", "mean"]),
    ],
)
def test_mistakes_with_words(lm: LoadedModel, words: list[str], how: dict[str, Any], names: list[str]) -> None:
    """Each is one sentence that names the thing."""
    with pytest.raises(UserError) as caught:
        word_activations(lm, words, **how)
    assert_one_sentence(caught.value, *names)


def test_a_word_may_fill_the_context(lm: LoadedModel, reference: Reference) -> None:
    """As many tokens as the model reads, with the prefix counted."""
    word = "xz" * (CONTEXT // 2 - 1) + "x"
    assert len(reference.ids(word)) == CONTEXT - 1
    expected = reference.word(word, "pre-activation", prefix=True)[:, -1]
    assert_close(word_activations(lm, [word], pooling="last", prefix=True)[:, 0], expected)
