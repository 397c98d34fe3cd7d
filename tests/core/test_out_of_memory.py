"""Memory that runs out while a model is loaded, packed or read: one sentence, and everything freed."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from core.activations import token_activations, word_activations
from core.activations.words import read_both_sides
from core.errors import UserError
from core.models import LoadedModel, fast_modules, load_model, load_transformers
from core.out_of_memory import is_out_of_memory, memory_for
from tests.support.tiny_models import assert_one_sentence

ROOT = Path(__file__).parents[2]
Folder = Callable[[str], Path]


def errors_of_this_system() -> list[BaseException]:
    """What is really raised here for what no computer has: a petabyte, from numpy and from PyTorch."""
    found: list[BaseException] = []
    for allocate in (lambda: np.empty(1 << 50, dtype=np.int8), lambda: torch.empty(1 << 50, dtype=torch.int8)):
        try:
            allocate()
        except (MemoryError, RuntimeError) as error:
            found.append(error)
    return found


@pytest.mark.parametrize(
    "error",
    [
        *errors_of_this_system(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),  # on Windows
        OSError(12, "Cannot allocate memory"),
        OSError(22, "The paging file is too small for this operation to complete. (os error 1455)"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    ],
    ids=str,
)
def test_what_means_that_memory_ran_out(error: BaseException) -> None:
    assert is_out_of_memory(error)
    wrapped = ValueError("The file is broken.")
    wrapped.__cause__ = error
    assert is_out_of_memory(wrapped)
    with pytest.raises(UserError) as caught, memory_for("do it", "less needs less"):
        raise error
    assert str(caught.value) == "There is not enough memory to do it; less needs less."
    assert caught.value.about == "memory"


@pytest.mark.parametrize("error", [ValueError("memory"), RuntimeError("shapes"), UserError("No."), OSError(28, "full")])
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, memory_for("do it", "less needs less"):
        raise error
    assert caught.value is error


class Full(nn.Module):
    """A module that finds no memory, as PyTorch does."""

    def forward(self, *_: Any, **__: Any) -> torch.Tensor:
        return torch.empty(1 << 50, dtype=torch.int8)


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[nn.Module]]:
    """Weak references to networks whose weights were loaded, finished or not."""
    found: list[weakref.ref[nn.Module]] = []
    plain = load_transformers._load_network

    def load(*args: Any) -> tuple[nn.Module, str]:
        network = plain(*args)
        found.append(weakref.ref(network[0]))
        return network

    monkeypatch.setattr(load_transformers, "_load_network", load)
    return found


def test_packing(tiny_folder: Folder, networks: list[weakref.ref[nn.Module]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The third layer finds no memory: the half-packed network is freed, though the error is still there."""
    n_packed = 0
    plain = fast_modules.PackedLinear

    def pack(*args: Any) -> nn.Module:
        nonlocal n_packed
        n_packed += 1
        if n_packed == 3:
            torch.empty(1 << 50, dtype=torch.int8)
        return plain(*args)

    monkeypatch.setattr(fast_modules, "PackedLinear", pack)
    name = str(tiny_folder("llama"))
    with pytest.raises(UserError) as caught:
        load_model(name)
    assert_one_sentence(caught.value, name, "memory", "smaller model")
    gc.collect()
    assert [network() for network in networks] == [None]


@pytest.mark.parametrize(
    "read",
    [
        lambda lm: word_activations(lm, ["time", "people"]),
        lambda lm: read_both_sides(lm, ["time", "people"]),
        lambda lm: token_activations(lm, "The river runs.", 2),
    ],
    ids=["words", "both sides", "text"],
)
def test_reading(tiny_folder: Folder, read: Callable[[LoadedModel], Any]) -> None:
    """The model is as before: it has no hooks left, and reads what fits."""
    lm = load_model(str(tiny_folder("llama")))
    mlp = lm.network.get_submodule("layers.2.mlp")
    expected, plain = word_activations(lm, ["time"]), mlp.gate_proj
    mlp.gate_proj = Full()
    with pytest.raises(UserError) as caught:
        read(lm)
    assert_one_sentence(caught.value, lm.info.name, "memory", "smaller model")
    mlp.gate_proj = plain
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in lm.network.modules())
    np.testing.assert_array_equal(word_activations(lm, ["time"]), expected)


# A process that may take only so much more memory than it has: it prints sentences, and megabytes that it holds.
_LIMITED = """
import json, os, resource, sys
from pathlib import Path
import transformers
from core.errors import UserError
from core.models import load_transformers
from core.records import ContrastSpec
from engine import steps
from engine.pipeline import Request, resolve
from tests.support.tiny_models import save_tokenizer

def megabytes(which):
    return int(open("/proc/self/statm").read().split()[which]) * os.sysconf("SC_PAGE_SIZE") / 1e6

def allow(more):
    limit = -1 if more is None else int((megabytes(0) + more) * 1e6)
    resource.setrlimit(resource.RLIMIT_AS, (limit, -1))

def refused(step, request):
    try:
        resolve(step, request)
    except UserError as error:
        print(json.dumps([error.about, str(error)]))

folder = Path(sys.argv[1])
sizes = dict(hidden_size=768, num_layers=7, num_heads=8, attention_types=[[["global"], 7]])  # 50 million: 200 MB
config = transformers.GPTNeoConfig(vocab_size=len(save_tokenizer(folder)), bos_token_id=0, eos_token_id=0, **sizes)
transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
small = Request(ContrastSpec.careful(layer=3, n_target=50, n_baseline=50), "The river runs past the old mill.")
large = Request(ContrastSpec.careful(model=str(folder), layer=3, n_target=2000, n_baseline=2000), "A river. " * 400)
before = resolve(steps.text, small)
resolve(steps.conclusion, small)
held = megabytes(1)
for more in (60, 240):  # too little for the file; enough for it, but not for its packed layers
    allow(more)
    refused(steps.model, large)
    allow(None)
print(json.dumps(megabytes(1) - held))
lm = resolve(steps.model, large)
held = megabytes(1)
allow(30)
refused(steps.text, large)
refused(steps.conclusion, large)
allow(None)
print(json.dumps(megabytes(1) - held))
assert resolve(steps.text, small) is before
print(json.dumps(len(resolve(steps.text, large).pieces)))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits a process by Linux's RLIMIT_AS")
def test_a_process_whose_memory_is_limited(tmp_path: Path) -> None:
    """Loading, packing and reading are refused; what others have read stays; with memory again, it goes."""
    environment = os.environ | {"GRAMMAR_NEURONS_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    environment |= {"GRAMMAR_NEURONS_DISK_CACHE_MB": "0", "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(tmp_path)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loading, packing, after_loading, text, words, after_reading, n_tokens = map(json.loads, done.stdout.splitlines())
    for about, sentence in (loading, packing):
        assert about == "memory" and sentence.startswith(f"There is not enough memory to load {tmp_path}; "), sentence
    for (about, sentence), what in ((text, "tokens"), (words, " words with ")):
        assert about == "memory" and what in sentence and str(tmp_path) in sentence, sentence
    assert after_loading < 100 and after_reading < 100  # megabytes; the weights alone are 200
    assert n_tokens > 1_000
