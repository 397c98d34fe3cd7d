"""A hub of the test's own: an empty cache, no failure remembered, and what tests ask of a model's copy.

from tests.support.hub_world import empty_cache, repository  # noqa: F401 - fixtures
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from core.errors import UserError
from core.models import hub as core_hub
from core.models.hub import ensure_downloaded
from tests.support.hub_stand_in import COMMIT, BadHandler, HubStandIn
from tests.support.tiny_models import assert_one_sentence, copy_folder

NAME = "EleutherAI/gpt-neo-test"
WEIGHTS = "model.safetensors"
PATIENCE = 300.0  # seconds that a busy machine may need for what takes one
FILES = {WEIGHTS, "config.json", "tokenizer.json", "tokenizer_config.json"}
NEVER = ("pytorch_model.bin", "modeling_evil.py", "onnx/model.safetensors", "README.md")


@pytest.fixture
def repository(tiny_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    """A small GPT-Neo as its authors might upload it: with a pickle, code, and an export in a sub-folder."""
    folder = copy_folder(tiny_folder("gpt_neo"), tmp_path / "repository")
    (folder / "onnx").mkdir()
    for name in NEVER:
        (folder / name).write_text("raise SystemExit('never to be loaded')", encoding="utf-8")
    return folder


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty hub cache, here and in child processes, and no failure remembered."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    core_hub.forget_failures()
    yield
    core_hub.forget_failures()


def storage() -> Path:
    """The model's part of the hub's cache."""
    return Path(huggingface_hub.constants.HF_HUB_CACHE) / f"models--{NAME.replace('/', '--')}"


def snapshot() -> Path:
    """The folder of the model's revision."""
    return storage() / "snapshots" / COMMIT


def parts() -> list[Path]:
    """What broken downloads have left."""
    return sorted(storage().glob("blobs/*.incomplete"))


def everything() -> dict[str, tuple[float, bytes]]:
    """When each file of the model's part of the cache was written, and what it holds."""
    return {
        str(path.relative_to(storage())): (path.stat().st_mtime_ns, path.read_bytes())
        for path in storage().rglob("*")
        if path.is_file()
    }


def digest_of(content: bytes, length: int) -> str:
    """A file's name in the cache, computed as the hub's documentation has it: SHA-256, or git's id of a blob."""
    if length == 64:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def garbage(file: str) -> Callable[[BadHandler, str], bool]:
    """The manner of a hub that sends of one file as many bytes as there should be, the last of them another one."""

    def manner(handler: BadHandler, path: str) -> bool:
        if not path.endswith(f"/{file}") or handler.command != "GET" or (file == WEIGHTS and "/cdn/" not in path):
            return False
        content = (handler.server.folders[NAME] / file).read_bytes()
        changed = content[:-1] + bytes([content[-1] ^ 1])
        handler._send(changed, 200, {"ETag": '"an-etag"', "X-Repo-Commit": COMMIT})
        return True

    return manner


def refusal(name: str = NAME) -> str:
    """Why a model cannot be had, in one sentence that names it."""
    with pytest.raises(UserError) as caught:
        ensure_downloaded(name)
    assert_one_sentence(caught.value, name)
    return str(caught.value)


def assert_whole(repository: Path) -> None:
    """The cache holds the model: every file as in the repository, and no more."""
    assert {file.name for file in snapshot().iterdir()} == FILES
    for name in FILES:
        assert (snapshot() / name).read_bytes() == (repository / name).read_bytes(), name


def assert_comes(repository: Path) -> HubStandIn:
    """With a healthy hub, the model comes whole; returns the hub, for what it was asked."""
    core_hub.forget_failures()
    with HubStandIn({NAME: repository}) as hub:
        assert ensure_downloaded(NAME) == (snapshot(), COMMIT)
    assert_whole(repository)
    return hub
