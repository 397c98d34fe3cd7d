"""Whether a model's weights fit its config.json: transformers drops or invents arrays, and only lists their names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from core.errors import UserError, reason_of

# Arrays of old checkpoints that follow from the configuration: rotary frequencies, and the numbers of the positions.
_CONSTANT = re.compile(r"(rotary_emb\.inv_freq|position_ids|\.masked_bias)$")
_ADAPTER = ("adapter_config.json", "adapter_model.safetensors")
_FLOATS = ("F64", "F32", "F16", "BF16")
# What may stand on top of the base network: for the next token, or for a classification.
_HEADS = ("classifier", "embed_out", "lm_head", "qa_outputs", "score", "v_head")


def check_whole(folder: Path, name: str) -> None:
    """Raise UserError if files of weights are missing, or an adapter, which is not applied, is beside them.

    ``name`` is for the sentence.
    """
    for index in folder.glob("*.safetensors.index.json"):
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())  # checked by check_safe
        missing = sorted(shard for shard in shards if not (folder / shard).is_file())
        if missing and not (folder / "model.safetensors").is_file():
            raise UserError(
                f"The weights of {name} are not complete: files are missing ({len(missing):,} of {len(shards):,}), "
                f"such as {missing[0]}."
            )
    adapter = next((file for file in _ADAPTER if (folder / file).is_file()), None)
    if adapter:
        raise UserError(
            f"Beside the weights of {name} is an adapter ({adapter}), which is not applied: merge it into the weights, "
            "or remove it from the folder."
        )
    for array in _arrays(folder, name):
        if array.dtype not in _FLOATS and not (_CONSTANT.search(array.key) or array.is_mask):
            raise UserError(
                f"The weights of {name} are not stored in full or half precision: {array.key} in {array.file} is "
                f"{array.dtype}."
            )


def check_fit(folder: Path, name: str, model: Any, report: dict[str, Any]) -> None:
    """Raise UserError if arrays of the base network are missing, of another shape, or have no place in it.

    Parameters
    ----------
    folder : Path
        Where the weights are.
    name : str
    model : PreTrainedModel
    report : dict
        What ``from_pretrained`` returned beside it: ``missing_keys``, ``mismatched_keys``, ``unexpected_keys``.
    """
    base = f"{model.base_model_prefix}."
    unset = {*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])}
    unset = {key for key in unset if key.startswith(base)}  # the head is not read
    if unset:
        raise UserError(
            f"The weights of {name} do not fit its config.json: arrays are missing or of another shape "
            f"({len(unset):,}), such as {min(unset)}."
        )
    unused = {key for key in report["unexpected_keys"] if not (_is_head(key) or _CONSTANT.search(key))}
    if unused:
        unused -= {array.key for array in _arrays(folder, name) if array.is_mask}
    if unused:
        raise UserError(
            f"The weights of {name} do not fit its config.json: the model that it describes has no place for "
            f"{len(unused):,} of the arrays, among them {min(unused)}, so its values would be wrong."
        )


@dataclass(frozen=True)
class _Array:
    """What the head of a file of weights says about an array."""

    file: str
    key: str
    dtype: str
    shape: list[int]

    @property
    def is_mask(self) -> bool:
        """Whether it can only say which tokens see which: (1, 1, n, n). Old GPT-2 and GPT-Neo weights have masks."""
        return len(self.shape) == 4 and self.shape[:2] == [1, 1] and self.shape[2] == self.shape[3]


def _arrays(folder: Path, name: str) -> Iterator[_Array]:
    """All arrays of a folder's weights; UserError if a file is broken."""
    for file in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(file, framework="numpy") as arrays:
                for key in arrays.keys():  # noqa: SIM118 (it is no dict)
                    array = arrays.get_slice(key)
                    yield _Array(file.name, key, array.get_dtype(), array.get_shape())
        except SafetensorError as error:
            reason = reason_of(error)
            raise UserError(f"The weights of {name} cannot be loaded: {file.name} is broken ({reason}).") from error


def _is_head(key: str) -> bool:
    """Whether an array belongs to a head, which is not read."""
    return key.split(".", maxsplit=1)[0] in _HEADS
