"""Whether a model fits into this computer's memory, before it is fetched or loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.models.hook_points import HOOK_POINTS

_BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "float8_e4m3fn": 1, "float8_e5m2": 1}
_UNLIMITED = 1 << 60  # cgroup v1 writes a number near 2^63 if there is no limit


def check_memory(name: str, n_bytes: int, config: Mapping[str, Any], dtype: str = "float32") -> None:
    """Raise UserError if a model needs more memory than is free now. Only Linux says how much is free.

    Parameters
    ----------
    name : str
        For the sentence.
    n_bytes : int
        The bytes of its safetensors files.
    config : mapping
        Its config.json, for the type of the stored numbers.
    dtype : {"float32", "bfloat16"}
        The type in which it is loaded.

    Raises
    ------
    UserError
        It needs more. The kind is ``"number_format"`` if it would fit in bfloat16, else ``"memory"``.

    Examples
    --------
    >>> check_memory("org/tiny", 1_000, {"model_type": "gpt2"})
    """
    free, needed = available_memory(), needed_memory(n_bytes, config, dtype)
    if free is None or needed <= free:
        return
    sentence = f"{name} needs about {_size(needed)} of memory, and {_size(free)} are free here"
    smaller = needed_memory(n_bytes, config, "bfloat16")
    # The neurons of other types are found by values in float32 (load_transformers).
    if smaller <= free and config.get("model_type") in HOOK_POINTS:
        raise UserError(f"{sentence}; in bfloat16, it needs about {_size(smaller)}.", about="number_format")
    raise UserError(f"{sentence}.", about="memory")


def check_fits(name: str, n_bytes: int, config: Mapping[str, Any]) -> None:
    """Raise UserError if a model needs more memory than this computer has, also in bfloat16.

    It is for a model that is to be fetched: other models may be unloaded before it is loaded. Only Linux says how much
    memory there is.

    Parameters
    ----------
    name, n_bytes, config
        As in ``check_memory``.

    Raises
    ------
    UserError
        It needs more.

    Examples
    --------
    >>> check_fits("org/tiny", 1_000, {"model_type": "gpt2"})
    """
    total, needed = total_memory(), needed_memory(n_bytes, config, "bfloat16")
    if total is not None and needed > total:
        sentence = (
            f"{name} needs about {_size(needed)} of memory, even in bfloat16, and this computer has {_size(total)}."
        )
        raise UserError(sentence, about="memory")


def needed_memory(n_bytes: int, config: Mapping[str, Any], dtype: str = "float32") -> int:
    """The bytes of memory for stored weights of ``n_bytes``, loaded as ``dtype``.

    Loading packs linear layers one by one, and frees what it has packed: this adds little.

    Examples
    --------
    >>> needed_memory(1_000, {"torch_dtype": "bfloat16"})
    2000
    """
    stored = str(config.get("dtype") or config.get("torch_dtype") or "float32").removeprefix("torch.")
    return n_bytes * _BYTES[dtype] // _BYTES.get(stored, 4)


def bytes_of_weights(folder: Path) -> int:
    """The bytes of the weights that transformers would load from a folder."""
    whole = folder / "model.safetensors"
    files = [whole] if whole.exists() else folder.glob("*.safetensors")
    return sum(file.stat().st_size for file in files)


def available_memory(root: Path = Path("/")) -> int | None:
    """The bytes that a process may still take; None if this system does not say.

    The least of what the system has (Linux: ``MemAvailable``) and what the limits of this process's control groups
    leave, as in a container. Pages of files count as free: the system drops them when memory is asked for.
    """
    amounts = [*_of_system(root, "MemAvailable"), *(limit - used for limit, used in _of_groups(root))]
    return max(0, min(amounts)) if amounts else None


def total_memory(root: Path = Path("/")) -> int | None:
    """The bytes that a process may take in all; None if this system does not say. The least, as above."""
    return min([*_of_system(root, "MemTotal"), *(limit for limit, _ in _of_groups(root))], default=None)


def _of_system(root: Path, what: str) -> Iterator[int]:
    for line in _lines(root / "proc" / "meminfo"):
        if line.startswith(f"{what}:"):
            yield int(line.split()[1]) * 1024


def _of_groups(root: Path) -> Iterator[tuple[int, int]]:
    """Limit and use of each control group of this process, from its own up to the top, in versions 1 and 2."""
    for line in _lines(root / "proc" / "self" / "cgroup"):  # 0::/a/group in version 2, 5:memory:/a/group in version 1
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = root / "sys" / "fs" / "cgroup" / ("memory" if controllers else "")
        group = top / path.strip("/")
        # A container may not see its own path: then its group is at the top.
        for folder in (group, *(parent for parent in group.parents if parent == top or top in parent.parents)):
            yield from _of_group(folder, "memory.max", "memory.current", "")
            yield from _of_group(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_")


def _of_group(folder: Path, limit_name: str, usage_name: str, prefix: str) -> Iterator[tuple[int, int]]:
    limit, usage = _lines(folder / limit_name), _lines(folder / usage_name)
    if limit and usage and limit[0].isdigit() and int(limit[0]) < _UNLIMITED:
        stat = dict(line.split()[:2] for line in _lines(folder / "memory.stat") if line.count(" ") == 1)
        files = sum(int(stat.get(f"{prefix}{kind}_file", 0)) for kind in ("active", "inactive"))
        yield int(limit[0]), int(usage[0]) - files


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []  # not this system, or not this version


def _size(n_bytes: float) -> str:
    """A number of bytes for a sentence: two digits are enough."""
    unit, name = (1e9, "GB") if n_bytes >= 1e9 else (1e6, "MB")
    number = n_bytes / unit
    return f"{number:,.0f} {name}" if number >= 10 else f"{number:.1f} {name}"
