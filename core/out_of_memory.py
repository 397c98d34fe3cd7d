"""One sentence in place of the errors that mean: there is no memory left.

with memory_for("load the model x", "a smaller model needs less"):
    ...
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import UserError, causes, clear_frames

# Parts of messages: of PyTorch's allocator (Linux, Windows), of a system that cannot map a file, of C++, oneDNN, GPUs.
_MESSAGES = (
    "can't allocate memory",
    "not enough memory",
    "cannot allocate memory",
    "could not create a memory object",
    "paging file is too small",
    "bad_alloc",
    "cuda error: out of memory",
    "_status_alloc_failed",  # of cuBLAS, cuDNN and cuFFT
    "mps backend out of memory",
)

_KIND = "memory"  # of the UserError


@contextmanager
def memory_for(what: str, remedy: str) -> Iterator[None]:
    """Raise a UserError, of the kind "memory", if memory runs out in the block. All that the block made is freed.

    Parameters
    ----------
    what : str
        What needed the memory, after "to".
    remedy : str
        What needs less, as a clause.

    Raises
    ------
    UserError
        Memory ran out.

    Examples
    --------
    >>> with memory_for("read 500 words", "fewer words need less"):
    ...     raise MemoryError
    Traceback (most recent call last):
    core.errors.UserError: There is not enough memory to read 500 words; fewer words need less.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error) or (isinstance(error, UserError) and error.about == _KIND):
            raise
        clear_frames(error)  # they hold what was made so far, for as long as the error is there
        raise UserError(f"There is not enough memory to {what}; {remedy}.", about=_KIND) from None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it was raised for, means that memory ran out: the computer's or a GPU's.

    Examples
    --------
    >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."))
    True
    >>> is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    False
    """
    torch = sys.modules.get("torch")  # without it, its errors cannot come
    kinds = (MemoryError,) if torch is None else (MemoryError, torch.OutOfMemoryError)
    return any(
        isinstance(each, kinds) or any(message in str(each).lower() for message in _MESSAGES) for each in causes(error)
    )
