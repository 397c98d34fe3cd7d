"""What kept activations depend on: nothing that was changed may give the old values."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.activations import read_words
from core.models import LoadedModel, load_model
from core.records import ContrastSpec, WordList, WordPair
from tests.support.tiny_models import change_config, copy_folder

Folder = Callable[[str], Path]
DEFAULT = ContrastSpec()
NOUNS, VERBS = ("time", "people", "walking"), ("go", "take", "to")


class Kept:
    """A store that remembers the keys for which something was computed."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def obtain(self, key: str, shape: tuple[int, ...], fill: Callable[[np.ndarray], None]) -> np.ndarray:
        fill(out := np.empty(shape, dtype=np.float32))
        if key not in self.keys:
            self.keys.append(key)
        return out


@pytest.fixture
def folder(tiny_folder: Folder, tmp_path: Path) -> Path:
    """A copy of a small model, for a test to change."""
    return copy_folder(tiny_folder("gpt2"), tmp_path / "model")


def read(lm: LoadedModel, store: Kept, spec: ContrastSpec = DEFAULT, words: tuple[str, ...] = NOUNS) -> None:
    nouns, verbs = WordList("nouns", words, "own"), WordList("verbs", VERBS, "own")
    read_words(lm, WordPair(words, VERBS, nouns, verbs, ()), spec, [1], store=store)


def test_the_same_reading_has_the_same_key(folder: Path) -> None:
    store = Kept()
    for _ in range(2):
        read(load_model(str(folder)), store)
    assert len(store.keys) == 1


@pytest.mark.parametrize(
    "changes",
    [{"layer_norm_epsilon": 0.1}, {"n_head": 2}, {"activation_function": "relu"}, {"scale_attn_weights": False}],
)
def test_another_configuration_has_another_key(folder: Path, changes: dict[str, object]) -> None:
    """The weights are the same, and so is the revision of a folder."""
    store = Kept()
    read(load_model(str(folder)), store)
    change_config(folder, **changes)
    read(load_model(str(folder)), store)
    assert len(store.keys) == 2


def test_another_tokenizer_has_another_key(folder: Path) -> None:
    """Without its merges, it gives the same words other tokens."""
    store, file = Kept(), folder / "tokenizer.json"
    read(load_model(str(folder)), store)
    state = json.loads(file.read_text())
    state["model"]["merges"] = state["model"]["merges"][:5]
    file.write_text(json.dumps(state))
    read(load_model(str(folder)), store)
    assert len(store.keys) == 2


def test_what_is_asked_for_is_in_the_key(folder: Path) -> None:
    lm, store = load_model(str(folder)), Kept()
    specs = [DEFAULT, ContrastSpec(pooling="last"), ContrastSpec(prefix=True), ContrastSpec(leading_space=True)]
    for spec in specs:
        read(lm, store, spec)
    read(lm, store, words=("time", "people", "fox"))
    assert len(store.keys) == len(specs) + 1


def test_the_computer_is_in_the_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last bits depend on the processor, on threads, and on how float32 is multiplied."""
    store = Kept()
    read(load_model(str(folder)), store)
    with monkeypatch.context() as patch:
        patch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "another")
        read(load_model(str(folder)), store)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "get_num_threads", lambda: 77)
        read(load_model(str(folder)), store)
    assert len(store.keys) == 3
