"""What is fetched of a model: nothing in vain. Its configuration decides before its weights come."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import huggingface_hub.constants
import pytest
from safetensors.torch import load_file, save_file

from core.models import hub as core_hub
from core.models import load_model, memory
from core.models.hub import ensure_downloaded, is_downloaded
from tests.support.hub_stand_in import COMMIT, HubStandIn
from tests.support.hub_world import FILES, NAME, WEIGHTS, assert_whole, refusal, snapshot, storage
from tests.support.tiny_models import N_LAYERS

pytestmark = pytest.mark.usefixtures("empty_cache")
INDEX = "model.safetensors.index.json"
BASE = '{"base_model_name_or_path": "org/base"}'
NOT_NEEDED = (
    "adapter_model.safetensors",
    "consolidated.safetensors",
    "model.fp16.safetensors",
    "model.fp32-00001-of-00002.safetensors",
    "flax_model.msgpack",
    "tokenizer.model",
    "tokenizer.model.v3",
    "generation_config.json",
    "vocab.tmp",
)


def change_config(repository: Path, **changes: object) -> None:
    file = repository / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def refused_before_weights(repository: Path) -> str:
    """The sentence of a refusal; of the weights, not even the size is asked for. It is remembered."""
    with HubStandIn({NAME: repository}) as hub:
        sentence = refusal()
        assert not [request for request in hub.requests if request.endswith(".safetensors")]
        n_requests = len(hub.requests)
        assert refusal().startswith(sentence)
        assert len(hub.requests) == n_requests
    return sentence


def shard(repository: Path) -> list[str]:
    """Cut the weights into two files with an index."""
    arrays = load_file(repository / WEIGHTS)
    names = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    parts = [{}, {}]
    for place, (key, array) in enumerate(arrays.items()):
        parts[place % 2][key] = array.contiguous()
    for name, part in zip(names, parts, strict=True):
        save_file(part, repository / name, {"format": "pt"})
    weight_map = {key: name for name, part in zip(names, parts, strict=True) for key in part}
    (repository / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (repository / WEIGHTS).unlink()
    return names


@pytest.mark.parametrize(
    "changes",
    [
        {"model_type": "mixtral", "num_local_experts": 8},
        {"model_type": "a-new-type"},
        {"model_type": "t5"},
        {"quantization_config": {"quant_method": "gptq", "bits": 4}},
        {"quantization_config": {"quant_method": "a-new-one"}},
        {"transformers_weights": "elsewhere.bin"},
    ],
    ids=str,
)
def test_the_configuration_decides_before_the_weights(repository: Path, changes: dict[str, object]) -> None:
    change_config(repository, **changes)
    refused_before_weights(repository)


def test_size_decides_before_the_weights(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the computer has, not what is free now: just too little, and just enough."""
    change_config(repository, dtype="bfloat16")
    needed = (repository / WEIGHTS).stat().st_size
    monkeypatch.setattr(memory, "total_memory", lambda: needed - 1)
    sentence = refused_before_weights(repository)
    assert f"needs about {needed / 1e6:.1f} MB of memory" in sentence and f"has {needed / 1e6:.1f} MB" in sentence
    monkeypatch.setattr(memory, "total_memory", lambda: needed)
    core_hub.forget_failures()
    with HubStandIn({NAME: repository}):
        ensure_downloaded(NAME)


@pytest.mark.parametrize("sharded", [False, True])
def test_only_what_is_needed_is_fetched(repository: Path, sharded: bool) -> None:
    for name in NOT_NEEDED:
        (repository / name).write_text("never to be fetched")
    weights = {INDEX, *shard(repository)} if sharded else {WEIGHTS}
    with HubStandIn({NAME: repository}) as hub:
        assert load_model(NAME).n_layers == N_LAYERS
    resolved = {request.split(f"/{COMMIT}/")[1] for request in hub.requests if "/resolve/" in request}
    assert resolved == (FILES - {WEIGHTS}) | weights
    ensure_downloaded(NAME)  # and is complete: nothing listens now


def test_of_two_sets_of_weights_the_whole_one_is_fetched(repository: Path) -> None:
    """As transformers chooses."""
    whole = (repository / WEIGHTS).read_bytes()
    shard(repository)
    (repository / WEIGHTS).write_bytes(whole)
    with HubStandIn({NAME: repository}):
        ensure_downloaded(NAME)
    assert_whole(repository)


def test_sentencepiece_is_fetched_where_it_is_all_there_is(repository: Path) -> None:
    (repository / "tokenizer.json").rename(repository / "tokenizer.model")
    with HubStandIn({NAME: repository}):
        ensure_downloaded(NAME)
    assert (snapshot() / "tokenizer.model").exists()


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"adapter_config.json": '{"base_model_name_or_path": "org/base"}', "adapter_model.safetensors": ""},
            "org/base",
        ),
        ({"adapter_config.json": "{}", "adapter_model.safetensors": "", "config.json": "{}"}, "adapter"),
        ({"consolidated.safetensors": "", "config.json": "{}"}, "consolidated"),
        ({"model.Q4.gguf": "", "config.json": "{}"}, "no .safetensors weights"),
        ({"model.safetensors": ""}, "no config.json"),
        ({"model.safetensors": "", "config.json": "[]"}, "not a JSON object"),
        ({INDEX: "[]", "config.json": "GPT"}, "no index"),
        ({INDEX: '{"weight_map": {"a": "gone.safetensors"}}', "config.json": "GPT"}, "gone.safetensors"),
        ({INDEX: '{"weight_map": {"a": "x.bin"}}', "config.json": "GPT"}, "x.bin"),
        ({}, "no .safetensors weights"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_repository_without_a_model(tmp_path: Path, repository: Path, files: dict[str, str], says: str) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text((repository / name).read_text() if content == "GPT" else content)
    assert says in refused_before_weights(folder)


@pytest.mark.parametrize(
    "missing",
    [{"tokenizer.json", "tokenizer_config.json"}, {"tokenizer_config.json"}, {WEIGHTS}, {"config.json"}],
    ids=lambda missing: "+".join(sorted(missing)),
)
def test_half_a_cache_is_completed(repository: Path, missing: set[str]) -> None:
    """As another program leaves it: only some of the files, and no listing of them."""
    fetch_as_another_program(repository, missing)
    with HubStandIn({NAME: repository}) as hub:
        assert load_model(NAME).n_layers == N_LAYERS
    fetched = {
        request.split("/")[-1] for request in hub.requests if request.startswith("GET") and "/api/" not in request
    }
    assert fetched == missing
    assert_whole(repository)


def test_half_a_cache_is_completed_at_its_own_revision(repository: Path, tmp_path: Path) -> None:
    """The hub has a newer one meanwhile, whose weights would have to be fetched anew."""
    newer = tmp_path / "newer"
    shutil.copytree(repository, newer)
    change_config(newer, vocab_note="newer")
    fetch_as_another_program(repository, {"tokenizer.json"})
    with HubStandIn({NAME: newer}) as hub:
        hub.revisions[NAME, "main"] = ("a" * 40, newer)
        hub.revisions[NAME, "older"] = (COMMIT, repository)
        assert ensure_downloaded(NAME)[1] == COMMIT
        assert not [request for request in hub.requests if request.endswith(".safetensors")]
    assert_whole(repository)


def test_half_a_cache_whose_revision_is_gone(repository: Path) -> None:
    """The repository was written anew: its newest revision is fetched."""
    fetch_as_another_program(repository, {"tokenizer.json"})
    gone = "b" * 40
    snapshot().rename(snapshot().with_name(gone))
    (storage() / "refs" / "main").write_text(gone)
    with HubStandIn({NAME: repository}):
        assert ensure_downloaded(NAME)[1] == COMMIT
    assert_whole(repository)


def test_a_copy_of_another_program_needs_no_hub(repository: Path) -> None:
    fetch_as_another_program(repository, set())
    assert ensure_downloaded(NAME)[1] == COMMIT


def test_a_copy_without_its_tokenizers_configuration_is_used_where_the_hub_is_away(repository: Path) -> None:
    """Its start token is lost, which is said; once the hub is back, the file comes, and the token with it."""
    settings = json.loads((repository / "tokenizer_config.json").read_text())
    (repository / "tokenizer_config.json").write_text(json.dumps(settings | {"bos_token": "!"}))
    fetch_as_another_program(repository, {"tokenizer_config.json"})
    assert is_downloaded(NAME)
    info = load_model(NAME).info
    assert info.revision == COMMIT and info.start_token != "!"
    [note] = info.notes
    assert NAME in note and "tokenizer_config.json" in note and "hub could not be asked" in note
    core_hub.forget_failures()
    with HubStandIn({NAME: repository}) as hub:
        info = load_model(NAME).info
        assert (info.start_token, info.notes) == ("!", ())
        assert not [request for request in hub.requests if request.endswith(".safetensors")]
    assert_whole(repository)


def test_a_copy_without_its_merges_is_completed(repository: Path) -> None:
    tokenizer = json.loads((repository / "tokenizer.json").read_text())["model"]
    (repository / "tokenizer.json").unlink()
    (repository / "vocab.json").write_text(json.dumps(tokenizer["vocab"]))
    pairs = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["merges"]]
    (repository / "merges.txt").write_text("\n".join(["#version: 0.2", *pairs]))
    with HubStandIn({NAME: repository}) as hub:
        for name in ("config.json", WEIGHTS, "tokenizer_config.json", "vocab.json"):
            huggingface_hub.hf_hub_download(NAME, name)
        ensure_downloaded(NAME)
        assert hub.fetched("merges.txt")
    assert (snapshot() / "merges.txt").read_bytes() == (repository / "merges.txt").read_bytes()


def test_a_repository_without_a_tokenizers_configuration_is_asked_about_once(repository: Path) -> None:
    (repository / "tokenizer_config.json").unlink()
    fetch_as_another_program(repository, {"tokenizer_config.json"})
    with HubStandIn({NAME: repository}):
        ensure_downloaded(NAME)
    assert load_model(NAME).info.notes == ()  # nothing listens now, and no failure is remembered


def fetch_as_another_program(repository: Path, missing: set[str]) -> None:
    """File by file, as transformers does; the library keeps no listing then."""
    with HubStandIn({NAME: repository}):
        for name in sorted(FILES - missing):
            huggingface_hub.hf_hub_download(NAME, name)
