"""Which networks are alive, and how much memory they take, while visitors switch between models."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import UserError
from core.models import LoadedModel
from core.records import ContrastSpec
from engine import steps
from engine.jobs import Job, Results
from engine.pipeline import Request, obtain
from engine.visitors import Visitor
from tests.support.slow_work import Slow, is_kept, making
from tests.support.threads import WAIT, in_thread
from tests.support.tiny_models import assert_one_sentence

pytestmark = pytest.mark.usefixtures("own_world")

ROOT = Path(__file__).parents[2]
N_SWITCHES = 10
FAMILIES = ("gpt_neo", "llama", "gpt2", "gpt_neox")


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[torch.nn.Module]]:
    """A weak reference to every network that is loaded."""
    loaded: list[weakref.ref[torch.nn.Module]] = []
    plain = steps.load_model

    def load(*args: Any, **options: Any) -> LoadedModel:
        lm = plain(*args, **options)
        loaded.append(weakref.ref(lm.network))
        return lm

    monkeypatch.setattr(steps, "load_model", load)
    return loaded


def n_alive(networks: list[weakref.ref[torch.nn.Module]]) -> int:
    return sum(network() is not None for network in networks)


def look_at(spec: ContrastSpec, text: str) -> None:
    """What the pages ask for, and a mistake on each: its exception has passed through the work that holds the model."""
    obtain(steps.conclusion, Request(spec), finish, Visitor())
    obtain(steps.profile, Request(spec), finish, Visitor())
    obtain(steps.scatter, Request(spec), finish, Visitor())
    obtain(steps.text, Request(spec, text), finish, Visitor())
    for wrong in (steps.text, steps.conclusion):
        with pytest.raises(UserError, match="layer"):
            obtain(wrong, Request(spec.changed(layer=99), text), finish, Visitor())


def finish(job: Job) -> None:
    assert job.finished.wait(WAIT)


def spec_of(folder: Path, **changes: Any) -> ContrastSpec:
    return ContrastSpec.careful(model=str(folder), layer=2, n_target=20, n_baseline=20, unit="word", **changes)


@pytest.mark.parametrize("limit", [1, 2])
def test_no_more_networks_are_alive_than_the_limit(
    limit: int,
    tiny_folder: Callable[[str], Path],
    networks: list[weakref.ref[torch.nn.Module]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through ten switches among four models, without any collection of garbage other than the engine's own."""
    monkeypatch.setenv("GRAMMAR_NEURONS_LOADED_MODELS", str(limit))
    gc.disable()
    try:
        for switch in range(N_SWITCHES):
            folder = tiny_folder(FAMILIES[switch % len(FAMILIES)])
            look_at(spec_of(folder), f"The river runs past mill {switch}.")
            assert n_alive(networks) <= limit
            gc.disable()
    finally:
        gc.enable()
    assert len(networks) == N_SWITCHES


def test_a_network_in_a_frozen_reference_cycle_goes_too(
    tiny_folder: Callable[[str], Path],
    networks: list[weakref.ref[torch.nn.Module]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A class server freezes all objects when it is ready: the collector alone would never see this network again."""
    monkeypatch.setenv("GRAMMAR_NEURONS_LOADED_MODELS", "1")
    cycle: list[Any] = [obtain(steps.model, Request(spec_of(tiny_folder("llama"))), finish, Visitor())]
    cycle.append(cycle)
    del cycle
    gc.freeze()
    obtain(steps.model, Request(spec_of(tiny_folder("gpt2"))), finish, Visitor())
    assert [network() is not None for network in networks] == [False, True]


def test_the_old_model_goes_before_the_new_ones_weights_are_loaded(
    tiny_folder: Callable[[str], Path],
    networks: list[weakref.ref[torch.nn.Module]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from core.models import load_transformers

    monkeypatch.setenv("GRAMMAR_NEURONS_LOADED_MODELS", "1")
    obtain(steps.model, Request(spec_of(tiny_folder("llama"))), finish, Visitor())
    alive: list[int] = []
    plain = load_transformers.load

    def load(*args: Any) -> LoadedModel:
        alive.append(n_alive(networks))
        return plain(*args)

    monkeypatch.setattr(load_transformers, "load", load)
    obtain(steps.model, Request(spec_of(tiny_folder("gpt2"))), finish, Visitor())
    assert alive == [0]


def test_a_name_that_is_no_model_unloads_nothing(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRAMMAR_NEURONS_LOADED_MODELS", "1")
    request = Request(spec_of(tiny_folder("llama")))
    before = obtain(steps.model, request, finish, Visitor())
    with pytest.raises(UserError) as caught:
        obtain(steps.model, Request(ContrastSpec(model=str(tmp_path))), finish, Visitor())
    assert_one_sentence(caught.value, str(tmp_path))
    assert obtain(steps.model, request, finish, Visitor()) is before


def test_a_reading_keeps_its_model_until_it_ends(
    tiny_folder: Callable[[str], Path],
    networks: list[weakref.ref[torch.nn.Module]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another visitor's model comes in the middle of it; its values are those of an undisturbed one."""
    monkeypatch.setenv("GRAMMAR_NEURONS_LOADED_MODELS", "1")
    request = Request(spec_of(tiny_folder("llama")), "The river runs past the old mill.")
    begun, go_on = threading.Event(), threading.Event()
    plain = steps.layered_token_activations

    def held(lm: LoadedModel, *args: Any, **options: Any) -> Any:
        begun.set()
        assert go_on.wait(WAIT)
        return plain(lm, *args, **options)

    monkeypatch.setattr(steps, "layered_token_activations", held)
    found: list[Any] = []
    reader = in_thread(lambda: found.append(obtain(steps.text, request, finish, Visitor())))
    assert begun.wait(WAIT)
    obtain(steps.model, Request(spec_of(tiny_folder("gpt2"))), finish, Visitor())
    assert n_alive(networks) == 2
    go_on.set()
    reader.join(WAIT)
    assert n_alive(networks) == 1
    monkeypatch.setattr(steps, "layered_token_activations", plain)
    lm = obtain(steps.model, request, finish, Visitor())
    expected = plain(lm, request.text, [2], side=request.spec.hook_side, prefix=request.spec.prefix)[2]
    np.testing.assert_array_equal(found[0].values, expected.values)


def test_each_number_format_is_a_model_of_its_own(
    tiny_folder: Callable[[str], Path], networks: list[weakref.ref[torch.nn.Module]]
) -> None:
    """Their words and texts are not mixed up, in memory or on disk."""
    spec, text = spec_of(tiny_folder("llama")), "The river runs past the old mill."
    exact, rounded = (
        [obtain(step, Request(each, text), finish, Visitor()) for step in (steps.model, steps.conclusion, steps.text)]
        for each in (spec, spec.changed(dtype="bfloat16"))
    )
    assert [lm.info.dtype for lm in (exact[0], rounded[0])] == ["float32", "bfloat16"] and len(networks) == 2
    assert [result.model.dtype for result in (exact[1], rounded[1])] == ["float32", "bfloat16"]
    assert (exact[1].tests.statistic != rounded[1].tests.statistic).any()
    assert (exact[2].values != rounded[2].values).any()


def test_room_is_made_for_the_one_that_is_coming_and_no_more() -> None:
    results = Results("of a test", max_entries=2)
    for key in "ab":
        results.obtain(key, making(key))
    assert results.make_room() == []
    slow = Slow()
    thread = slow.asked(results, "c")
    assert results.make_room() == ["a"] and results.make_room() == []
    slow.end(thread)
    assert [is_kept(results, key) for key in "abc"] == [False, True, True]


# Models of 50 million parameters: 200 MB each. It prints the megabytes after each switch.
_SWITCHES = """
import json, os, sys
from pathlib import Path
import transformers
from core.records import ContrastSpec
from engine import steps
from engine.visitors import Visitor
from engine.pipeline import Request, obtain
from tests.support.tiny_models import save_tokenizer

def save(name, folder, **sizes):
    words = len(save_tokenizer(folder))
    config = getattr(transformers, name + "Config")(vocab_size=words, bos_token_id=0, eos_token_id=0, **sizes)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)

folders = [Path(sys.argv[1]) / name for name in ("GPTNeo", "GPT2", "Llama")]
save("GPTNeo", folders[0], hidden_size=768, num_layers=7, num_heads=8, attention_types=[[["global"], 7]])
save("GPT2", folders[1], n_embd=768, n_layer=7, n_head=8)
save("Llama", folders[2], hidden_size=768, num_hidden_layers=7, num_attention_heads=8, intermediate_size=2048)
for switch in range(10):
    spec = ContrastSpec.careful(model=str(folders[switch % 3]), layer=2, n_target=20, n_baseline=20, unit="word")
    for wanted in (steps.conclusion, steps.text):
        obtain(wanted, Request(spec, f"The river runs past mill {switch}."), lambda job: job.finished.wait(), Visitor())
    resident, shared = (int(part) for part in open("/proc/self/statm").read().split()[1:3])
    print(json.dumps((resident - shared) * os.sysconf("SC_PAGE_SIZE") / 1e6))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, and glibc gives its memory back")
def test_memory_does_not_grow_over_ten_switches(tmp_path: Path) -> None:
    """Each network is 200 MB: of ten that stay, memory would grow by 1.4 GB after the third; of freed memory that is
    not given back, by 0.5 GB."""
    environment = os.environ | {
        "GRAMMAR_NEURONS_LOADED_MODELS": "1",
        "GRAMMAR_NEURONS_CACHE": str(tmp_path / "cache"),
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", _SWITCHES, str(tmp_path)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    megabytes = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(megabytes) == N_SWITCHES
    assert max(megabytes[3:]) < megabytes[2] + 150, megabytes
