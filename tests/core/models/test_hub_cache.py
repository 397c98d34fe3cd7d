"""A damaged copy in the hub's cache is refused, never removed, until ``repair`` is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import huggingface_hub.constants
import pytest
from huggingface_hub.utils import WeakFileLock

from core.errors import UserError
from core.models import hub as core_hub
from core.models.hub import cache as hub_cache
from core.models.hub import ensure_downloaded, repair
from tests.support.faults import remount, small_disk
from tests.support.hub_stand_in import COMMIT, BadHub, HubStandIn
from tests.support.hub_world import (
    FILES,
    NAME,
    WEIGHTS,
    assert_comes,
    assert_whole,
    digest_of,
    everything,
    garbage,
    parts,
    refusal,
    snapshot,
    storage,
)
from tests.support.tiny_models import assert_one_sentence

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("empty_cache")
Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, Damage] = {
    "bit": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "cut": lambda content: content[: len(content) // 2],
    "zeros": lambda content: bytes(len(content)),
    "empty": lambda content: b"",
}


def damage(file: str, how: Damage = DAMAGES["bit"]) -> None:
    content = (snapshot() / file).resolve()
    content.write_bytes(how(content.read_bytes()))


@pytest.mark.parametrize("how", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("file", sorted(FILES))
def test_a_damaged_copy_is_refused_and_left_as_it_is(repository: Path, file: str, how: Damage) -> None:
    """With a hub and without one: one sentence that names the file and the way to repair it."""
    assert_comes(repository)
    damage(file, how)
    before = everything()
    with HubStandIn({NAME: repository}) as hub:
        sentence = refusal()
    assert f"the checksum of {file} is wrong" in sentence and f"python -m core repair {NAME}" in sentence
    assert hub.requests == []
    assert refusal() == sentence  # nothing listens now
    assert everything() == before


def test_repair_fetches_the_damaged_files_alone(repository: Path) -> None:
    assert_comes(repository)
    damage(WEIGHTS)
    damage("tokenizer.json", DAMAGES["cut"])
    shares: list[float] = []
    with HubStandIn({NAME: repository}) as hub:
        assert repair(NAME, lambda share, message: shares.append(share)) == [WEIGHTS, "tokenizer.json"]
    assert_whole(repository)
    assert hub.fetched(WEIGHTS) and not hub.fetched("config.json")
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert ensure_downloaded(NAME) == (snapshot(), COMMIT)


def test_repair_of_a_sound_copy_asks_nobody(repository: Path) -> None:
    assert_comes(repository)
    before = everything()
    assert repair(NAME) == []
    assert everything() == before


def test_repair_without_a_hub_leaves_the_copy_as_it_was(repository: Path) -> None:
    assert_comes(repository)
    damage(WEIGHTS)
    before = everything()
    with pytest.raises(UserError) as caught:
        repair(NAME)
    assert_one_sentence(caught.value, NAME, "cannot be reached")
    assert everything() == before
    core_hub.forget_failures()
    with HubStandIn({NAME: repository}):
        repair(NAME)
    assert_whole(repository)


@pytest.mark.parametrize("start", ["/api/models/", f"/{NAME}/resolve/", "/cdn/"])
def test_repair_from_a_hub_in_trouble(repository: Path, monkeypatch: pytest.MonkeyPatch, start: str) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert_comes(repository)
    damage(WEIGHTS)
    before = everything()
    with HubStandIn({NAME: repository}) as hub:
        hub.refusals[start] = (500, "")
        if start == "/api/models/":  # the cache has the listing of this revision already
            assert repair(NAME) == [WEIGHTS]
            return
        with pytest.raises(UserError) as caught:
            repair(NAME)
    assert_one_sentence(caught.value, NAME)
    assert everything() == before


def test_repair_from_a_hub_that_sends_other_bytes(repository: Path) -> None:
    assert_comes(repository)
    damage(WEIGHTS)
    with BadHub({NAME: repository}, garbage(WEIGHTS)), pytest.raises(UserError) as caught:
        repair(NAME)
    assert_one_sentence(caught.value, NAME, WEIGHTS, "not what the hub says")
    assert not (snapshot() / WEIGHTS).exists()
    core_hub.forget_failures()
    assert "cannot be reached" in refusal()
    assert_comes(repository)


def test_repair_fetches_what_is_missing_too(repository: Path) -> None:
    assert_comes(repository)
    (snapshot() / WEIGHTS).resolve().unlink()
    damage("config.json")
    with HubStandIn({NAME: repository}):
        assert repair(NAME) == ["config.json"]
    assert_whole(repository)


def test_repair_removes_parts_that_nobody_is_writing(repository: Path) -> None:
    """A part whose lock somebody holds stays."""
    assert_comes(repository)
    left, growing = (storage() / "blobs" / f"{digit * 64}.1234abcd.incomplete" for digit in "ab")
    for part in (left, growing):
        part.write_bytes(b"half")
    ensure_downloaded(NAME)
    assert parts() == [left, growing]
    lock = storage().parent / ".locks" / storage().name / f"{'b' * 64}.lock"
    with WeakFileLock(lock):
        assert repair(NAME) == []
        assert parts() == [growing]
    repair(NAME)
    assert parts() == []


@pytest.mark.parametrize("name", [NAME, "no such model", ""])
def test_repair_of_what_is_not_there(name: str) -> None:
    with HubStandIn() as hub, pytest.raises(UserError) as caught:
        repair(name)
    assert_one_sentence(caught.value, name)
    assert hub.requests == []


def test_repair_on_a_read_only_disk(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(repository.parent / "disk", "4m") as disk:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(disk / "hub"))
        assert_comes(repository)
        damage(WEIGHTS)
        remount(disk, "ro")
        with HubStandIn({NAME: repository}), pytest.raises(UserError) as caught:
            repair(NAME)
        assert_one_sentence(caught.value, NAME, "Read-only file system")


def test_repair_from_the_command_line(repository: Path) -> None:
    assert_comes(repository)
    damage(WEIGHTS)
    environment = {**os.environ, "HF_HUB_CACHE": huggingface_hub.constants.HF_HUB_CACHE}

    def run() -> str:
        command = [sys.executable, "-m", "core", "repair", NAME]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    with HubStandIn({NAME: repository}):
        assert run() == f"Fetched anew: {WEIGHTS}.\n"
    assert_whole(repository)
    assert run() == f"No file of {NAME} is damaged.\n"


def test_a_damaged_file_that_another_revision_brought_is_not_removed(repository: Path) -> None:
    """The cache has the content already, so the download of a new revision does not bring it: it is not ours."""
    content = storage() / "blobs" / digest_of((repository / WEIGHTS).read_bytes(), 64)
    content.parent.mkdir(parents=True)
    content.write_bytes(DAMAGES["bit"]((repository / WEIGHTS).read_bytes()))
    before = content.read_bytes()
    with HubStandIn({NAME: repository}):
        assert f"python -m core repair {NAME}" in refusal()
        assert content.read_bytes() == before
        core_hub.forget_failures()
        assert repair(NAME) == [WEIGHTS]
    assert_whole(repository)


def test_remove_leaves_content_that_is_shared_between_models(tmp_path: Path) -> None:
    shared, blob, file = tmp_path / "shared", tmp_path / "blob", tmp_path / "file"
    shared.write_bytes(b"content")
    blob.symlink_to(shared)
    file.symlink_to("blob")
    hub_cache.remove(file)
    assert not file.is_symlink() and blob.read_bytes() == b"content"


def test_is_complete_looks_for_every_shard_of_the_index(tmp_path: Path) -> None:
    assert not hub_cache.is_complete(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    assert not hub_cache.is_complete(tmp_path)
    index = tmp_path / "model.safetensors.index.json"
    for broken in ("", "[]", '{"weight_map": 3}', '{"weight_map": {"a": 1}}'):
        index.write_text(broken)
        assert not hub_cache.is_complete(tmp_path)
    index.write_text('{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}')
    (tmp_path / "1.safetensors").touch()
    assert not hub_cache.is_complete(tmp_path)
    (tmp_path / "2.safetensors").touch()
    assert hub_cache.is_loadable(tmp_path) and not hub_cache.is_complete(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("{}")
    assert hub_cache.is_complete(tmp_path)
    index.unlink()
    assert not hub_cache.is_complete(tmp_path)
    (tmp_path / WEIGHTS).touch()
    assert hub_cache.is_complete(tmp_path)
    (tmp_path / "tokenizer.json").rename(tmp_path / "vocab.json")
    assert not hub_cache.is_complete(tmp_path)
    (tmp_path / "merges.txt").touch()
    assert hub_cache.is_complete(tmp_path)
