"""A store that has arrays on disk, or says that it cannot: in memory, they would need room that was not reserved.

read_words(lm, words, spec, layers, store=OnDisk(disk_store()))
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.activations.mapped import mapping_of
from core.store import Store


class NotOnDiskError(Exception):
    """The disk is full, off or locked. Nothing was computed yet."""


class OnDisk:
    """Passes on what a store maps from its files, and refuses what it would make in memory instead."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def obtain(self, key: str, shape: tuple[int, ...], fill: Callable[[np.ndarray], None]) -> np.ndarray:
        """As the store's.

        Raises
        ------
        NotOnDiskError
            The array would be in memory.
        """

        def fill_a_file(out: np.ndarray) -> None:
            if mapping_of(out) is None:
                raise NotOnDiskError
            fill(out)

        return self._store.obtain(key, shape, fill_a_file)
