"""``ensure_downloaded`` against a stand-in for the hub on this machine: downloads, the cache, and every refusal.

test_hub_faults.py has a hub that hangs, drips or lies; test_hub_cache.py has copies that are damaged.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.activations import word_activations
from core.errors import UserError
from core.models import count_layers, load_model
from core.models import hub as core_hub
from core.models.hub import ensure_downloaded
from tests.support.hub_stand_in import COMMIT, HubStandIn
from tests.support.hub_world import FILES, NAME, WEIGHTS, assert_comes, assert_whole, refusal
from tests.support.tiny_models import N_LAYERS, assert_one_sentence

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("empty_cache")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library makes none before it tries again."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def refused_by(hub: HubStandIn, name: str = NAME) -> str:
    """Why a model cannot be had; no weights were asked for."""
    sentence = refusal(name)
    assert not [request for request in hub.requests if "/cdn/" in request]
    return sentence


# --- What works ---


def test_a_model_comes_from_the_hub(repository: Path, tiny_folder: Callable[[str], Path]) -> None:
    """Loaded under its hub id, with the commit as its revision, equal to the folder it was uploaded from."""
    with HubStandIn({NAME: repository}) as hub:
        lm = load_model(NAME)
    assert (lm.info.name, lm.info.revision, lm.n_layers) == (NAME, COMMIT, N_LAYERS)
    local = load_model(str(tiny_folder("gpt_neo")))
    np.testing.assert_array_equal(word_activations(lm, ["time"]), word_activations(local, ["time"]))
    assert hub.fetched("model.safetensors")


def test_only_safetensors_and_text_are_fetched(repository: Path) -> None:
    """No pickle, no code, no sub-folder: not even their size is asked for."""
    hub = assert_comes(repository)
    resolved = {request.split(f"/{COMMIT}/")[1] for request in hub.requests if "/resolve/" in request}
    assert resolved == FILES


def test_progress_is_real(repository: Path) -> None:
    """Shares never fall, reach 1, and speak of the bytes that have come."""
    calls: list[tuple[float, str]] = []
    with HubStandIn({NAME: repository}):
        ensure_downloaded(NAME, progress=lambda share, message: calls.append((share, message)))
    shares = [share for share, _ in calls]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
    assert len(set(shares)) > 2, "no share between nothing and everything"
    assert any(NAME in message and " MB" in message for _, message in calls)


def test_the_cache_needs_no_hub(repository: Path) -> None:
    """What has come once is there again without a single request, up or down."""
    assert count_layers(NAME) is None
    assert_comes(repository)
    ensure_downloaded(NAME)  # nothing listens now
    assert count_layers(NAME) == N_LAYERS
    with HubStandIn({NAME: repository}) as hub:
        ensure_downloaded(NAME)
    assert hub.requests == []


def test_a_download_outlives_a_broken_line(repository: Path) -> None:
    """The line breaks once within the weights: the rest is fetched, and the share never falls."""
    size = (repository / WEIGHTS).stat().st_size
    shares: list[float] = []
    with HubStandIn({NAME: repository}) as hub:
        hub.cut_after, hub.cuts_left = size // 2, 1
        ensure_downloaded(NAME, progress=lambda share, message: shares.append(share))
    assert len(hub.ranges) == 1, "the first half was fetched again"
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert_whole(repository)


def test_a_failed_download_is_tried_again(repository: Path) -> None:
    """The line keeps breaking within the weights: one sentence, no half a model; the next try completes."""
    with HubStandIn({NAME: repository}) as hub:
        hub.cut_after = (repository / WEIGHTS).stat().st_size // 2
        assert "Files that have arrived whole are kept." in refusal()
        hub.cut_after = None
        core_hub.forget_failures()
        n_configs = len(hub.fetched("config.json"))
        ensure_downloaded(NAME)
        assert len(hub.fetched("config.json")) - n_configs <= 2, "a file that had arrived was fetched again"
    assert_whole(repository)


def test_the_hub_goes_away_within_the_download(repository: Path) -> None:
    """A half-filled cache and no hub: one sentence, and no half a model."""
    with HubStandIn({NAME: repository}) as hub:
        hub.cut_after = 1000
        refusal()
    core_hub.forget_failures()
    refusal()


# --- What is refused ---


def test_an_unknown_name() -> None:
    """The hub answers 404, or to a stranger 401."""
    with HubStandIn() as hub:
        assert "no model named" in refused_by(hub, "EleutherAI/gpt-neo-999t")
        core_hub.forget_failures()
        hub.refusals["/api/"] = (401, "RepoNotFound")
        assert "no model named" in refused_by(hub, "EleutherAI/gpt-neo-999t")


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("start", ["/api/models/", f"/{NAME}/resolve/"])
def test_a_gated_model(repository: Path, start: str, status: int) -> None:
    """Whether the listing is closed or only the files are, the reader learns of the terms."""
    with HubStandIn({NAME: repository}) as hub:
        hub.refusals[start] = (status, "GatedRepo")
        assert "terms" in refused_by(hub)


@pytest.mark.parametrize("start", ["/api/models/", f"/{NAME}/resolve/"])
def test_a_hub_in_trouble(repository: Path, start: str) -> None:
    """The hub answers 500."""
    with HubStandIn({NAME: repository}) as hub:
        hub.refusals[start] = (500, "")
        refused_by(hub)


def test_no_network() -> None:
    """Nothing listens at the hub's address."""
    assert "cannot be reached" in refusal()


def test_only_a_pickle(repository: Path) -> None:
    """Refused before any weight is downloaded."""
    (repository / "model.safetensors").unlink()
    with HubStandIn({NAME: repository}) as hub:
        assert "safetensors" in refused_by(hub)
    assert not hub.fetched("pytorch_model.bin")


@pytest.mark.parametrize(
    "name",
    ["no such model", "a/b/c", "../x", "EleutherAI/gpt neo", "~no-such-user/x", "ä/ö", "a--b", "\0", "x" * 5_000, ""],
    ids=lambda name: ascii(name[:20]),
)
def test_a_name_that_cannot_be(name: str) -> None:
    """Neither a folder nor a hub id: one sentence that shows how an id looks, and nobody is asked."""
    with HubStandIn() as hub, pytest.raises(UserError) as caught:
        ensure_downloaded(name)
    assert_one_sentence(caught.value, name[:40], "EleutherAI/gpt-neo-125m")
    assert hub.requests == []
    assert count_layers(name) is None


def test_an_address_for_a_name(repository: Path) -> None:
    """A pasted address of the hub's page is its model; one of another place is no name, and nobody is asked."""
    with HubStandIn({NAME: repository}) as hub:
        for address in ("https://example.com/a/b", "http://127.0.0.1:1/a", "https://huggingface.co/datasets/a/b"):
            with pytest.raises(UserError, match="a hub id looks like"):
                load_model(address)
        assert hub.requests == []
        assert load_model(f" https://huggingface.co/{NAME}/tree/main ").info.name == NAME


# --- From the command line, in processes of their own ---


def test_download_ahead_then_run_with_no_network(repository: Path, tmp_path: Path) -> None:
    """``download`` fills the cache of HF_HOME; ``contrast`` then runs with the hub gone."""
    environment = {**os.environ, "HF_HOME": str(tmp_path / "home")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "core", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    with HubStandIn({NAME: repository}):
        out = run("download", NAME)
    assert NAME in out and COMMIT in out
    out = run("contrast", "--model", NAME, "--layer", "1", "--words", "20", "--word-source", "bundled")
    assert f"{NAME} ({COMMIT}), layer 1" in out
