"""Names of hub models as people paste them: addresses, revisions, spaces that nobody sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UserError
from core.models import count_layers, load_model
from core.models.hub import canonical, ensure_downloaded
from core.models.hub.names import HubName, parse
from tests.support.hub_stand_in import COMMIT, HubStandIn
from tests.support.hub_world import NAME, refusal
from tests.support.tiny_models import N_LAYERS, assert_one_sentence, copy_folder

STEP = "f" * 40
PYTHIA = "EleutherAI/pythia-70m"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (PYTHIA, PYTHIA),
        (f"  {PYTHIA}\n", PYTHIA),
        (f"\u200b{PYTHIA}\ufeff \u200b", PYTHIA),
        (f"{PYTHIA}@step1000", f"{PYTHIA}@step1000"),
        (f"{PYTHIA}@main", f"{PYTHIA}@main"),
        (f"https://huggingface.co/{PYTHIA}", PYTHIA),
        (f"https:\u2060//huggingface.co/{PYTHIA}", PYTHIA),
        (f"HTTPS://HuggingFace.co/{PYTHIA}/", PYTHIA),
        (f"http://www.huggingface.co/{PYTHIA}?library=transformers#usage", PYTHIA),
        (f"huggingface.co/{PYTHIA}", PYTHIA),
        (f"hf.co/{PYTHIA}/", PYTHIA),
        (f"https://huggingface.co/{PYTHIA}/tree/main", PYTHIA),
        (f"https://huggingface.co/{PYTHIA}/tree/step1000", f"{PYTHIA}@step1000"),
        (f"https://huggingface.co/{PYTHIA}/tree/step1000/sub/folder?x=1", f"{PYTHIA}@step1000"),
        (f"https://huggingface.co/{PYTHIA}/blob/step1000/config.json", f"{PYTHIA}@step1000"),
        (f"https://huggingface.co/{PYTHIA}/resolve/{STEP}/model.safetensors", f"{PYTHIA}@{STEP}"),
        (f"https://huggingface.co/{PYTHIA}/tree/refs%2Fpr%2F3", f"{PYTHIA}@refs/pr/3"),
        (f"https://huggingface.co/{PYTHIA}/discussions/4", PYTHIA),
        ("https://huggingface.co/gpt2", "gpt2"),
        # All else is what it was.
        ("bundled", "bundled"),
        ("/models/mine", "/models/mine"),
        ("models/huggingface.co/x", "models/huggingface.co/x"),
        ("https://huggingface.co/datasets/a/b", "https://huggingface.co/datasets/a/b"),
        ("https://huggingface.co/", "https://huggingface.co/"),
        ("https://example.com/a/b", "https://example.com/a/b"),
        ("my 👩‍🚀 model", "my 👩‍🚀 model"),
        ("", ""),
    ],
)
def test_canonical(typed: str, meant: str) -> None:
    assert canonical(typed) == meant
    assert canonical(meant) == meant


def test_parse_splits_at_the_first_at_sign() -> None:
    assert parse(PYTHIA) == HubName(PYTHIA)
    assert parse(f"{PYTHIA}@refs/pr/3") == HubName(PYTHIA, "refs/pr/3")
    assert str(parse(f"{PYTHIA}@step1000")) == f"{PYTHIA}@step1000"


@pytest.mark.parametrize("revision", ["", "..", "../../x", "a/../b", "/etc", "a//b", "step 1", "a@b", "x/", "é", "-x"])
def test_a_revision_that_cannot_be(revision: str) -> None:
    """It would be a part of a path in the cache."""
    with HubStandIn() as hub, pytest.raises(UserError) as caught:
        ensure_downloaded(f"{PYTHIA}@{revision}")
    assert_one_sentence(caught.value, PYTHIA, "step1000")
    assert hub.requests == []
    assert count_layers(f"{PYTHIA}@{revision}") is None


@pytest.mark.usefixtures("empty_cache")
def test_a_revision_is_a_model_of_its_own(repository: Path, tmp_path: Path) -> None:
    """Of two revisions with other weights, each is fetched, named by its commit, and kept beside the other."""
    other = copy_folder(repository, tmp_path / "other")
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    with HubStandIn({NAME: repository}) as hub:
        hub.revisions[NAME, "step1000"] = (STEP, other)
        assert ensure_downloaded(NAME)[1] == COMMIT
        lm = load_model(f"https://huggingface.co/{NAME}/tree/step1000")
        assert (lm.info.name, lm.info.revision) == (f"{NAME}@step1000", STEP)
        assert f"{NAME} has no such revision" in refusal(f"{NAME}@step7")
    for name in (f"{NAME}@step1000", f"{NAME}@{STEP}"):  # nothing listens now
        folder, revision = ensure_downloaded(name)
        assert revision == STEP and (folder / "model.safetensors").read_bytes() == weights
        assert count_layers(name) == N_LAYERS
    assert ensure_downloaded(NAME)[1] == COMMIT
