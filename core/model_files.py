"""What a model's folder holds, looked at before anything is loaded from it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from core.records import UserError

# What a config.json may ask transformers for beyond the network's shape, and which answers are harmless.
_ASKS: dict[str, tuple[str, ...]] = {
    "transformers_weights": (),
    "attn_implementation": ("eager", "sdpa"),
    "_attn_implementation": ("eager", "sdpa"),
}


def read_config(folder: Path, name: str) -> dict[str, Any]:
    """A model's config.json; UserError where it cannot be read or is no object."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"The config.json of {name} cannot be read: {error}.") from error
    if not isinstance(config, dict):
        raise UserError(f"The config.json of {name} is not a JSON object.")
    return config


def weights_digest(folder: Path) -> str:
    """SHA-256 over a folder's safetensors files, in name order; UserError where there are none."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise UserError(
            f"The folder {folder} holds no .safetensors weights; other formats are not loaded, "
            "because they can run code."
        )
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def checked_digest(folder: Path) -> str:
    """The digest of the bundled weights; UserError where it is not the one written down when they were made."""
    digest = weights_digest(folder)
    expected = (folder / "SHA256SUMS").read_text(encoding="ascii").split()[0]
    if digest != expected:
        raise UserError(
            f"The bundled model's weights are damaged: their SHA-256 begins {digest[:12]}, not {expected[:12]}. "
            "Fetch the repository again."
        )
    return digest


def check_safe(folder: Path, name: str, config: dict[str, Any]) -> None:
    """Raise UserError where a model asks for other weights than safetensors files beside it, or for code.

    transformers goes where a configuration or an index points, whatever ``use_safetensors`` says: out of the folder,
    to a pickle, or to a kernel on the hub.
    """
    for key, harmless in _ASKS.items():
        if config.get(key) is not None and config[key] not in harmless:
            raise UserError(
                f"The config.json of {name} sets {key}, which is not followed: it can lead to other files, or to code."
            )
    for index in folder.glob("*.safetensors.index.json"):
        try:
            files = list(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(f"{index.name} of {name} cannot be read: it is no index of weights.") from error
        strange = [file for file in files if not _is_name_of_safetensors(file)]
        if strange:
            raise UserError(
                f"{index.name} of {name} names “{str(strange[0])[:80]}”; only .safetensors files beside it are read, "
                "because other formats can run code."
            )


def _is_name_of_safetensors(file: object) -> bool:
    return isinstance(file, str) and file.endswith(".safetensors") and not set(file) & set("/\\:")
