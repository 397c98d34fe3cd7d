"""Which device a network goes to: a graphics card that is there and takes it, else the processor, with a note."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from torch import nn

from core.activations import read_both_sides, token_activations
from core.models import load_model, loaded
from tests.support.tiny_models import TEXT, WORDS


class Network(nn.Module):
    """A network that says where it was sent, and refuses some devices; weights cannot really go there in a test."""

    def __init__(self, refuses: str = "") -> None:
        super().__init__()
        self.refuses, self.sent = refuses, []

    def to(self, device: str) -> Network:
        self.sent.append(device)
        if device == self.refuses:
            raise RuntimeError(f"{device} out of memory\nTried to allocate 2 GiB")
        return self


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch):
    """Say which kinds of graphics card there are."""

    def there_are(*kinds: str) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in kinds)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in kinds)

    return there_are


@pytest.mark.parametrize(
    ("kinds", "sent"), [((), []), (("cuda",), ["cuda"]), (("mps",), ["mps"]), (("cuda", "mps"), ["cuda"])]
)
def test_on_best_device_prefers_cuda_then_mps(cards, kinds: tuple[str, ...], sent: list[str]) -> None:
    cards(*kinds)
    network = Network()
    assert loaded.on_best_device(network) == (network, ())
    assert network.sent == sent


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_on_best_device_goes_back_to_the_processor_and_says_so(cards, kind: str) -> None:
    cards(kind)
    network = Network(refuses=kind)
    _, notes = loaded.on_best_device(network)
    assert network.sent == [kind, "cpu"]
    assert notes == (f"The {kind} device did not take the model ({kind} out of memory); the CPU is used.",)


def test_load_model_tells_of_a_card_that_did_not_take_it(cards, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note comes through to whoever reads the result."""
    cards("cuda")
    sent = []

    def to(network: nn.Module, device: str) -> nn.Module:
        sent.append(device)
        if device == "cuda":
            raise RuntimeError("no driver answers")
        return network

    monkeypatch.setattr(nn.Module, "to", to)
    info = load_model("bundled").info
    assert sent == ["cuda", "cpu"] and info.device == "cpu"
    assert info.notes == ("The cuda device did not take the model (no driver answers); the CPU is used.",)


def test_float32_is_multiplied_in_full_precision() -> None:
    """Whatever the program set before."""
    torch.set_float32_matmul_precision("medium")
    load_model("bundled")
    assert torch.get_float32_matmul_precision() == "highest"


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_the_processors_name_is_said(cards, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a graphics card its own name; of the processor, how wide it computes."""
    assert load_model("bundled").info.processor == torch.backends.cpu.get_cpu_capability()
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Card 9000")
    monkeypatch.setattr(loaded.platform, "processor", lambda: "Card 9000")
    assert loaded._processor(torch.device(kind)) == "Card 9000"


@pytest.mark.parametrize("architecture", ["gpt_neo", "gpt2", "llama", "opt", "bloom"])
@pytest.mark.parametrize("prefix", [True, False])
def test_no_tensor_is_left_on_the_other_device(
    architecture: str, prefix: bool, tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The "meta" device stands for a card: it has no values, but refuses to be mixed with the processor's tensors."""
    monkeypatch.setattr(loaded, "on_best_device", lambda network: (network.to("meta"), ()))
    # This one looks at values, and finds nothing where each row is one text.
    monkeypatch.setattr(transformers.masking_utils, "find_packed_sequence_indices", lambda position_ids: None)
    lm = load_model(str(tiny_folder(architecture)))
    assert lm.info.device == "meta"
    indices = []
    monkeypatch.setattr(torch.Tensor, "cpu", lambda values: torch.ones(values.shape))
    plain = torch.Tensor.__getitem__

    def getitem(values: torch.Tensor, index: object) -> torch.Tensor:
        if isinstance(index, torch.Tensor):
            indices.append((values.device.type, index.device.type))
        return plain(values, index)

    monkeypatch.setattr(torch.Tensor, "__getitem__", getitem)
    sides = read_both_sides(lm, WORDS, prefix=prefix)
    assert sides.at("pre-activation").shape == (lm.n_layers, len(WORDS), lm.d_mlp)
    assert token_activations(lm, TEXT, 2).values.shape[1] == lm.d_mlp
    assert indices and all(values == index for values, index in indices)
