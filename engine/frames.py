"""Whether this process keeps its pages out of frames: a class server does, and plain ``streamlit run`` does not.

``limits().framed_by`` are the sites that are let in nevertheless.
"""

from __future__ import annotations

import threading

_guarded = threading.Event()


def guard() -> None:
    """Say that every answer of this process names the sites that may show it in a frame."""
    _guarded.set()


def guarded() -> bool:
    """Whether browsers are told which sites may show this process's pages in a frame."""
    return _guarded.is_set()
