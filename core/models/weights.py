"""Whether a model's weights fit its config.json: transformers drops or invents arrays, and only lists their names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from safetensors import safe_open

from core.errors import UserError

# Arrays of old checkpoints that follow from the configuration: rotary frequencies, and the numbers of the positions.
_CONSTANT = re.compile(r"(rotary_emb\.inv_freq|position_ids|\.masked_bias)$")


def check_whole(folder: Path, name: str) -> None:
    """Raise UserError if files of weights are missing, or an adapter, which is not applied, is beside them."""
    for index in folder.glob("*.safetensors.index.json"):
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())  # checked by check_safe
        missing = sorted(shard for shard in shards if not (folder / shard).is_file())
        if missing and not (folder / "model.safetensors").is_file():
            raise UserError(
                f"The weights of {name} are not complete: {len(missing):,} of {len(shards):,} files are missing, among "
                f"them {missing[0]}."
            )
    if (folder / "adapter_config.json").is_file():
        raise UserError(
            f"Beside the weights of {name} is an adapter (adapter_config.json), which is not applied: merge it into "
            "the weights, or remove it from the folder."
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
            f"The weights of {name} do not fit its config.json: {len(unset):,} of its arrays are missing or of "
            f"another shape, among them {min(unset)}."
        )
    unused = {key for key in report["unexpected_keys"] if _is_of_network(key, base) and not _CONSTANT.search(key)}
    unused -= set(_causal_masks(folder, unused))
    if unused:
        raise UserError(
            f"The weights of {name} do not fit its config.json: the model that it describes has no place for "
            f"{len(unused):,} of the arrays, among them {min(unused)}, so its values would be wrong."
        )


def _is_of_network(key: str, base: str) -> bool:
    """Whether an array belongs to the base network: it has its prefix, or is of a numbered layer. A head is not."""
    return key.startswith(base) or any(part.isdigit() for part in key.split("."))


def _causal_masks(folder: Path, keys: Iterable[str]) -> Iterable[str]:
    """Those arrays that only say which tokens see which: (1, 1, n, n). Old GPT-2 and GPT-Neo weights have them."""
    keys = set(keys)
    for file in sorted(folder.glob("*.safetensors")) if keys else ():
        with safe_open(file, framework="numpy") as arrays:
            for key in keys & set(arrays.keys()):
                shape = arrays.get_slice(key).get_shape()
                if len(shape) == 4 and shape[:2] == [1, 1] and shape[2] == shape[3]:
                    yield key
