"""Which device a network goes to: a graphics card that is there and takes it, else the processor, with a note."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.models import load_model, loaded


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
