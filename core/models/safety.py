"""Checks of a model's folder before anything is loaded from it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from core.errors import UserError, reason_of

# Settings in a config.json that can make transformers load other files or code, and their harmless values.
_RISKY_SETTINGS: dict[str, tuple[str, ...]] = {
    "transformers_weights": (),
    "attn_implementation": ("eager", "sdpa"),
    "_attn_implementation": ("eager", "sdpa"),
}


def read_config(folder: Path, name: str) -> dict[str, Any]:
    """The contents of a model's config.json; UserError if it cannot be read or is not an object."""
    return read_json(folder / "config.json", name)


def reason_within(folder: Path, error: BaseException) -> str:
    """The reason of an error, without the path of a model's folder: on a server, it is nobody's business.

    Examples
    --------
    >>> reason_within(Path("/home/models/x"), ValueError("/home/models/x/config.json is no file"))
    'config.json is no file'
    """
    text = str(error) or type(error).__name__
    for path in (str(folder), str(folder.resolve())):
        text = text.replace(f"{path}{os.sep}", "").replace(path, "the folder")
    return reason_of(ValueError(text))


def read_json(file: Path, name: str) -> dict[str, Any]:
    """The contents of a model's JSON file; UserError if it cannot be read or is not an object."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"The {file.name} of {name} cannot be read: {reason_within(file.parent, error)}.") from error
    if not isinstance(content, dict):
        raise UserError(f"The {file.name} of {name} is not a JSON object.")
    return content


def weights_digest(folder: Path, name: str) -> str:
    """The SHA-256 of a folder's safetensors files together, in name order; UserError if there are none."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise UserError(
            f"The folder {name} holds no .safetensors weights; other formats are not loaded, because they can run code."
        )
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def checked_digest(folder: Path) -> str:
    """The digest of the bundled weights; UserError if it is not the one in SHA256SUMS."""
    digest = weights_digest(folder, folder.name)
    expected = (folder / "SHA256SUMS").read_text(encoding="ascii").split()[0]
    if digest != expected:
        raise UserError(
            f"The bundled model's weights are damaged: their SHA-256 begins {digest[:12]}, not {expected[:12]}.",
            about="bundled_files",
        )
    return digest


def check_safe(folder: Path, name: str, config: dict[str, Any]) -> None:
    """Raise UserError if a model refers to code, or to weights other than safetensors files in its folder.

    Even with ``use_safetensors``, transformers follows a configuration or an index out of the folder, to a pickle, or
    to a kernel on the hub.
    """
    for key, harmless in _RISKY_SETTINGS.items():
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
