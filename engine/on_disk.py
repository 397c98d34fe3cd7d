"""A store that has arrays on disk, or says that it cannot: in memory, they would need room that was not reserved.

read_words(lm, words, spec, layers, store=OnDisk(disk_store(), watch))
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.store import ArrayStore


class OnDisk:
    """Passes on what a store maps from its files, and refuses what it would make in memory, or copy there.

    Parameters
    ----------
    store : ArrayStore
    watch : callable
        Called again and again while another computes the same array.
    """

    def __init__(self, store: ArrayStore, watch: Callable[[], None] = lambda: None) -> None:
        self._store, self._watch = store, watch

    def obtain(self, key: str, shape: tuple[int, ...], fill: Callable[[np.ndarray], None]) -> np.ndarray:
        """As the store's.

        Raises
        ------
        NotOnDiskError
            The array would be in memory: the disk is full, off or locked. Nothing was read or computed yet.
        """
        return self._store.obtain(key, shape, fill, mapped_only=True, watch=self._watch)
