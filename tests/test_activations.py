"""Shared prefixes, early stop and windows change nothing: one word at a time through the whole model is the judge."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import word_passes
from core.activations import token_activations, token_counts, word_activations
from core.models import LoadedModel, load_model
from core.records import HOOK_SIDES, POOLINGS, UserError
from tests.tiny_models import (
    CONTEXT,
    END_OF_TEXT,
    N_LAYERS,
    PATHS,
    TEXT,
    WORDS,
    Reference,
    assert_one_sentence,
)

ABSOLUTE = 1e-5
Folder = Callable[[str], Path]


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal shapes, and values within 1e-5, in float32."""
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=ABSOLUTE)


@pytest.fixture(scope="session")
def lm(tiny_folder: Folder) -> LoadedModel:
    """A tiny GPT-Neo, loaded as the app loads it."""
    return load_model(str(tiny_folder("gpt_neo")))


@pytest.fixture(scope="session")
def reference(tiny_folder: Folder) -> Reference:
    """The same model, read plainly."""
    return Reference(tiny_folder("gpt_neo"))


@pytest.fixture(scope="session")
def long_text(reference: Reference) -> str:
    """A text of more than three contexts, with a rest."""
    text = " ".join(f"{TEXT} Paragraph {k}." for k in range(8))
    assert len(reference.ids(text)) > 3 * CONTEXT
    return text


def n_hooks(lm: LoadedModel) -> int:
    """How many forward hooks hang in the network."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in lm.network.modules())


# --- Words: equal to the whole model, one word at a time ---


@pytest.mark.parametrize("side", HOOK_SIDES)
@pytest.mark.parametrize("architecture", PATHS)
def test_words_equal_the_whole_model(architecture: str, side: str, tiny_folder: Folder) -> None:
    """Every architecture, both sides, both poolings, with and without space and prefix."""
    folder = tiny_folder(architecture)
    lm, reference = load_model(str(folder)), Reference(folder)
    assert (lm.n_layers, lm.info.architecture, lm.info.dtype) == (N_LAYERS, architecture, "float32")
    for leading_space, prefix in ((False, False), (True, False), (True, True)):
        how: dict[str, Any] = {"leading_space": leading_space, "prefix": prefix}
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
    monkeypatch.setattr(word_passes, "_FLOATS", limit)
    monkeypatch.setattr(word_passes, "_FLOATS_LEFT", 10 * limit)
    sizes = [len(rows) for rows, _ in spied_passes(lm, lambda: assert_close(word_activations(lm, WORDS), plain))]
    assert (max(sizes) == 1) == (limit == 1)


def test_long_rows_are_read_by_plain_passes(lm: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever counts as long, the numbers are the same; every token of a long row is in one pass."""
    plain = {pooling: word_activations(lm, WORDS, pooling=pooling, prefix=True) for pooling in POOLINGS}
    for longest in (0, 2, 4):
        monkeypatch.setattr(word_passes, "_LONGEST_IN_TREE", longest)
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
    """The callback counts up to all words."""
    monkeypatch.setattr(word_passes, "_FLOATS", 2_000)
    calls: list[tuple[int, int]] = []
    word_activations(lm, WORDS, progress=lambda done, total: calls.append((done, total)))
    done = [count for count, _ in calls]
    assert len(done) > 2 and done == sorted(set(done)) and calls[-1] == (len(WORDS), len(WORDS))
    assert {total for _, total in calls} == {len(WORDS)}


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
    monkeypatch.setattr(word_passes, "_LONGEST_IN_TREE", CONTEXT)
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
    monkeypatch.setattr(word_passes, "_FLOATS", 1)  # many short passes: many chances to meet
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


# --- Text ---


@pytest.mark.parametrize("prefix", [False, True])
@pytest.mark.parametrize("side", HOOK_SIDES)
@pytest.mark.parametrize("architecture", ["gpt_neo", "qwen3"])
def test_text_equals_the_whole_model(architecture: str, side: str, prefix: bool, tiny_folder: Folder) -> None:
    """A text that fits the context: every token as in one plain pass."""
    folder = tiny_folder(architecture)
    reference = Reference(folder)
    ids, head = reference.ids(TEXT), reference.ids(END_OF_TEXT) if prefix else []
    assert len(head) + len(ids) <= CONTEXT
    found = token_activations(load_model(str(folder)), TEXT, 2, side=side, prefix=prefix)
    assert (found.token_ids, found.layer, found.window_starts, found.notes) == (ids, 2, (0,), ())
    assert "".join(found.pieces) == TEXT and set(found.parts) == {""}
    assert_close(found.values, reference.read([*head, *ids], 2, side)[len(head) :])


@pytest.mark.parametrize("prefix", [False, True])
def test_a_long_text_is_read_in_windows(lm: LoadedModel, reference: Reference, long_text: str, prefix: bool) -> None:
    """Each token is kept once, from a window that begins at least half a context before it."""
    ids, head = reference.ids(long_text), reference.ids(END_OF_TEXT) if prefix else []
    room = CONTEXT - len(head)
    expected = [reference.read([*head, *ids[:room]], 2, "pre-activation")[len(head) :]]
    for kept in range(room, len(ids), room // 2):
        end = min(len(ids), kept + room // 2)
        assert kept - (end - room) >= room / 2
        window = reference.read([*head, *ids[end - room : end]], 2, "pre-activation")
        expected.append(window[kept - end :])

    calls: list[tuple[int, int]] = []
    found = token_activations(lm, long_text, 2, prefix=prefix, progress=lambda *call: calls.append(call))

    assert found.token_ids == ids and "".join(found.pieces) == long_text
    assert found.window_starts == (0, *range(room, len(ids), room // 2))
    assert calls == [(k + 1, len(expected)) for k in range(len(expected))]
    assert_close(found.values, np.concatenate(expected))
    assert len(found.notes) == 1 and "windows" in found.notes[0] and str(len(ids)) in found.notes[0]


@pytest.mark.parametrize("n_tokens", [CONTEXT - 1, CONTEXT, CONTEXT + 1, 2 * CONTEXT, 2 * CONTEXT + 1])
def test_window_edges(lm: LoadedModel, n_tokens: int) -> None:
    """Just below, at and above the context: all tokens, all finite, a note only where windows were needed."""
    text = "xz" * n_tokens
    found = token_activations(lm, text[:n_tokens], 0)
    assert found.values.shape == (n_tokens, lm.d_mlp) and np.isfinite(found.values).all()
    assert (len(found.window_starts) > 1) == (len(found.notes) == 1) == (n_tokens > CONTEXT)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("🙂", ["1/4", "2/4", "3/4", "4/4"]),
        ("a🙂z", ["", "1/4", "2/4", "3/4", "4/4", ""]),
        ("日x", ["1/3", "2/3", "3/3", ""]),
        ("e\u0301x", ["", "1/2", "2/2", ""]),  # a combining accent is a character of its own
        ("🙂🙂", ["1/4", "2/4", "3/4", "4/4"] * 2),
    ],
)
def test_split_characters(lm: LoadedModel, text: str, parts: list[str]) -> None:
    """The first token of a split character carries it, the others are empty and numbered."""
    found = token_activations(lm, text, 0)
    assert "".join(found.pieces) == text
    assert found.parts == parts
    assert [bool(piece) for piece in found.pieces] == [part in ("", f"1/{part[2:]}") for part in parts]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=40).filter(str.strip))
def test_any_text_is_cut_exactly(lm: LoadedModel, reference: Reference, text: str) -> None:
    """Whatever the text: its pieces put together are the text, one piece a token, the tokenizer's own ids."""
    found = token_activations(lm, text, 0)
    assert "".join(found.pieces) == text
    assert len(found.pieces) == len(found.parts) == len(found.token_ids) == len(found.values)
    assert found.token_ids == reference.ids(text)
    for piece, part in zip(found.pieces, found.parts, strict=True):
        assert piece or part, "an empty piece that says nothing of being a part"


def test_a_typed_special_token_is_plain_text(lm: LoadedModel) -> None:
    """Nobody can end the document by typing its tag: not in a text, not in a word list."""
    text = f"before {END_OF_TEXT} after"
    found = token_activations(lm, text, 0)
    assert lm.start_token not in found.token_ids
    assert "".join(found.pieces) == text and len(found.pieces) > 8
    assert token_counts(lm, [END_OF_TEXT])[0] > 1


def test_half_surrogates_are_replaced(lm: LoadedModel) -> None:
    """What no UTF-8 text can hold becomes U+FFFD, and a note counts it; in words likewise."""
    found = token_activations(lm, "a\ud800b\udfff", 0)
    assert "".join(found.pieces) == "a\ufffdb\ufffd"
    assert len(found.notes) == 1 and found.notes[0].startswith("2 ")
    assert np.isfinite(word_activations(lm, ["a\ud800"])).all()


@pytest.mark.parametrize(
    ("text", "names"),
    [("", ["empty"]), (" \n\t ", ["empty"]), ("x" * 20_001, ["20,001", "20,000"])],
)
def test_mistakes_with_text(lm: LoadedModel, text: str, names: list[str]) -> None:
    """An empty text, and one that is too long."""
    with pytest.raises(UserError) as caught:
        token_activations(lm, text, 0)
    assert_one_sentence(caught.value, *names)


def test_a_text_of_too_many_tokens(lm: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few characters may be many tokens; the pass is never begun."""
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_TOKENS", "100")
    assert len(token_activations(lm, "🙂" * 25, 0).token_ids) == 100
    with pytest.raises(UserError) as caught:
        token_activations(lm, "🙂" * 26, 0)
    assert_one_sentence(caught.value, "104", "100")


def test_unknown_layer_of_a_text(lm: LoadedModel) -> None:
    """The sentence says which layers there are."""
    with pytest.raises(UserError, match=r"Layer 9.*0 to 3"):
        token_activations(lm, "time", 9)


def test_no_beginning_of_text_token(lm: LoadedModel, tiny_folder: Folder, tmp_path: Path) -> None:
    """A prefix asked of a tokenizer that has none: the end-of-text token stands in, if there is one."""
    folder = tmp_path / "lame"
    shutil.copytree(tiny_folder("gpt_neo"), folder)
    file = folder / "tokenizer_config.json"
    settings = json.loads(file.read_text())
    del settings["bos_token"]
    file.write_text(json.dumps(settings))
    assert_close(
        token_activations(load_model(str(folder)), "time", 0, prefix=True).values,
        token_activations(lm, "time", 0, prefix=True).values,
    )
    del settings["eos_token"]
    file.write_text(json.dumps(settings))
    lame = load_model(str(folder.rename(tmp_path / "lamer")))
    assert lame.start_token is None and lm.start_token is not None
    with pytest.raises(UserError, match="beginning-of-text"):
        token_activations(lame, "time", 0, prefix=True)
