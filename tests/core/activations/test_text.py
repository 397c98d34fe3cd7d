"""Running text: windows and early stop change nothing; plain passes through the whole model are the judge."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.activations import layered_token_activations, token_activations, token_counts, word_activations
from core.errors import UserError
from core.models import LoadedModel, load_model
from core.records import HOOK_SIDES
from tests.support.tiny_models import (
    CONTEXT,
    END_OF_TEXT,
    N_LAYERS,
    PATHS,
    TEXT,
    Reference,
    assert_close,
    assert_one_sentence,
)

Folder = Callable[[str], Path]


@pytest.fixture(scope="session")
def long_text(reference: Reference) -> str:
    """A text of more than three contexts, with a rest."""
    text = " ".join(f"{TEXT} Paragraph {k}." for k in range(8))
    assert len(reference.ids(text)) > 3 * CONTEXT
    return text


@pytest.mark.parametrize("architecture", PATHS)
def test_text_equals_the_whole_model(architecture: str, tiny_folder: Folder) -> None:
    """A text that fits the context: every token as in one plain pass, on both sides, with and without a prefix."""
    folder = tiny_folder(architecture)
    lm, reference = load_model(str(folder)), Reference(folder)
    ids = reference.ids(TEXT)
    for head in ([], reference.ids(END_OF_TEXT)):
        assert len(head) + len(ids) <= CONTEXT
        for side in HOOK_SIDES:
            found = token_activations(lm, TEXT, 2, side=side, prefix=bool(head))
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

    calls: list[tuple[float, str]] = []
    found = token_activations(lm, long_text, 2, prefix=prefix, progress=lambda *call: calls.append(call))

    assert found.token_ids == ids and "".join(found.pieces) == long_text
    assert found.window_starts == (0, *range(room, len(ids), room // 2))
    n = len(expected)
    assert calls == [((k + 1) / n, f"Reading the text: window {k + 1} of {n}") for k in range(n)]
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
@example(text=END_OF_TEXT)
def test_any_text_is_cut_exactly(lm: LoadedModel, reference: Reference, text: str) -> None:
    """Whatever the text: its pieces put together are the text, one piece a token, the tokenizer's own ids."""
    found = token_activations(lm, text, 0)
    assert "".join(found.pieces) == text
    assert len(found.pieces) == len(found.parts) == len(found.token_ids) == len(found.values)
    assert found.token_ids == reference.typed_ids(text)
    for piece, part in zip(found.pieces, found.parts, strict=True):
        assert piece or part, "an empty piece that says nothing of being a part"


@pytest.mark.parametrize("side", HOOK_SIDES)
def test_layers_below_come_along(lm: LoadedModel, side: str) -> None:
    """Several layers in the passes of the deepest, equal to what each is by itself, each with arrays of its own."""
    found = layered_token_activations(lm, TEXT, range(N_LAYERS), side=side, prefix=True)
    assert list(found) == list(range(N_LAYERS))
    for layer, activations in found.items():
        assert activations.layer == layer and "".join(activations.pieces) == TEXT
        alone = token_activations(lm, TEXT, layer, side=side, prefix=True)
        np.testing.assert_array_equal(activations.values, alone.values)
        assert activations.values.base is None, "a view would keep all layers in memory"


def test_of_a_long_text_the_deepest_layer_is_read(lm: LoadedModel) -> None:
    """Where all layers would be more numbers than the caller wants."""
    n_floats = token_activations(lm, TEXT, 0).values.size
    assert list(layered_token_activations(lm, TEXT, [0, 1, 2], max_floats=3 * n_floats)) == [0, 1, 2]
    assert list(layered_token_activations(lm, TEXT, [0, 1, 2, 3], max_floats=3 * n_floats)) == [3]


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
    [("", ["empty"]), (" \n\t ", ["empty"])],
)
def test_mistakes_with_text(lm: LoadedModel, text: str, names: list[str]) -> None:
    """An empty text, and one of nothing but space."""
    with pytest.raises(UserError) as caught:
        token_activations(lm, text, 0)
    assert_one_sentence(caught.value, *names)


def test_a_text_of_too_many_tokens(lm: LoadedModel) -> None:
    """Few characters may be many tokens; the pass is never begun."""
    assert len(token_activations(lm, "🙂" * 25, 0, max_tokens=100).token_ids) == 100
    with pytest.raises(UserError) as caught:
        token_activations(lm, "🙂" * 26, 0, max_tokens=100)
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


@pytest.mark.parametrize("context", [1, 2, 3])
def test_a_context_of_almost_nothing(context: int, tiny_folder: Folder, tmp_path: Path) -> None:
    """Each token is read alone, or after one or two others; with nothing left after the first token, one sentence."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_folder("llama"), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": context}))
    lm, whole = load_model(str(folder)), Reference(folder)
    found = token_activations(lm, TEXT, 1)
    if context == 1:
        expected = [whole.read([token], 1, "pre-activation")[0] for token in found.token_ids]
        assert_close(found.values, np.stack(expected))
        with pytest.raises(UserError) as caught:
            token_activations(lm, TEXT, 1, prefix=True)
        assert_one_sentence(caught.value, "at most 1 tokens")
    else:
        assert len(found.values) == len(whole.ids(TEXT))
        assert len(token_activations(lm, TEXT, 1, prefix=True).values) == len(found.values)
