"""Arrays that tests keep in a store: what each key's holds, and who made it. For processes of their own, too."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SHAPE = (4, 1000)


def say(line: str) -> None:
    """Tell whoever started this process (tests.faults.Child) how far it is."""
    print(line, flush=True)


def values(key: str, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """What the array of a key is to hold."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def fill_of(key: str, log: Path | None = None) -> Callable[[np.ndarray], None]:
    """Fill an array with a key's values, slowly enough for others to come; ``log`` gets a line each time."""

    def fill(out: np.ndarray) -> None:
        if log is not None:
            with log.open("a") as lines:
                lines.write(f"{key}\n")
            time.sleep(0.2)
        out[...] = values(key, out.shape)

    return fill


def never(out: np.ndarray) -> None:
    """For an array that is there already."""
    raise AssertionError("it was there, and is made anew")


def entry(folder: Path, key: str) -> Path:
    """The file in which a store keeps a key's array."""
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npy"
