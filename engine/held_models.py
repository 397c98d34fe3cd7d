"""Room in memory for one more model: one of too many goes before the next one's weights are loaded.

    with room_for_a_model(results_of(model)):   # one model at a time
        ...                                     # load the weights

The step ``model`` is the only owner of loaded models. A pass that runs keeps its model until it ends. Everything else,
such as results and exceptions, does not hold a network.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from engine.jobs import Results

_one_at_a_time = threading.Lock()


@contextmanager
def room_for_a_model(models: Results) -> Iterator[None]:
    """Unload the least recently used models until one more is within the limit. Hold this while it is loaded.

    The objects of libraries and models are excluded from garbage collection: torch and transformers make about a
    hundred thousand, which live as long as the process, and Streamlit runs a full collection after every run of a page,
    which would visit all of them each time (0.3 s). Garbage is collected before: it would stay forever.
    """
    with _one_at_a_time:
        _unload(models)
        gc.disable()
        try:
            yield
        finally:
            gc.collect()
            gc.freeze()
            gc.enable()
            return_free_memory()


def _unload(models: Results) -> None:
    """Evict models, and free their memory."""
    networks = [weakref.ref(lm.network) for lm in models.make_room()]
    if any(network() is not None for network in networks):
        # A pass uses it; or it is in a reference cycle, which may have been excluded from collection since.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
    if networks:
        return_free_memory()


def return_free_memory() -> None:
    """Give freed memory back to the system.

    glibc keeps it for later use: of ten models of 50 million parameters, one after the other, 1 GB.
    """
    if trim := _trim():
        trim(0)
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()  # PyTorch keeps a GPU's memory too


@cache
def _trim() -> ctypes._NamedFuncPointer | None:
    """glibc's ``malloc_trim``; None with another C library, whose allocator has no such call."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # TypeError: Windows has no library of the process itself
        return None
