"""Memory-mapped arrays: let their pages leave the memory of this process."""

from __future__ import annotations

import mmap

import numpy as np


def release(array: np.ndarray) -> None:
    """Let the pages of a mapped array leave the memory of this process. Their contents stay in the file.

    Does nothing for an array in memory, or on a system without ``madvise``.

    Examples
    --------
    >>> release(np.zeros(3))
    """
    mapping = mapping_of(array)
    if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)  # our mappings are shared with their files, so no written value is lost


def mapping_of(array: np.ndarray) -> mmap.mmap | None:
    """The memory map of an array or of the array that it is a view of; None for an array in memory.

    Examples
    --------
    >>> mapping_of(np.zeros(3)) is None
    True
    """
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None
