"""The science: which MLP neurons differ between two word classes, and does it hold up?

    from core import ContrastSpec, run_contrast

    result = run_contrast(ContrastSpec.careful(layer=3))

This is a library for notebooks and programs: it needs no server and no page. A name from here is imported when it is
first used, because torch takes seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from core.version import __version__ as __version__

if TYPE_CHECKING:
    from core.activations import token_activations, word_activations
    from core.experiment import run_contrast
    from core.models import load_model
    from core.records import ContrastSpec

__all__ = ["ContrastSpec", "load_model", "run_contrast", "token_activations", "word_activations"]

_EXPORTS = {
    "core.records": ("ContrastSpec",),
    "core.models": ("load_model",),
    "core.experiment": ("run_contrast",),
    "core.activations": ("token_activations", "word_activations"),
}


def __getattr__(name: str) -> object:
    """Import a name from its module when it is first used."""
    for module, names in _EXPORTS.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'core' has no attribute {name!r}")
