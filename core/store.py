"""Where arrays are stored by key: the interface, and a store that keeps nothing.

``engine.store`` has a store on disk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np


class Store(Protocol):
    """A store of float32 arrays by key."""

    def obtain(self, key: str, shape: tuple[int, ...], fill: Callable[[np.ndarray], None]) -> np.ndarray:
        """The array of a key. If the store does not have it, ``fill`` writes the values to a new array."""


class NoStore:
    """A store that keeps nothing: every array is new.

    Examples
    --------
    >>> NoStore().obtain("key", (2,), lambda out: out.fill(3))
    array([3., 3.], dtype=float32)
    """

    def obtain(self, key: str, shape: tuple[int, ...], fill: Callable[[np.ndarray], None]) -> np.ndarray:
        """A new array, filled."""
        fill(out := np.empty(shape, dtype=np.float32))
        return out


NO_STORE = NoStore()
