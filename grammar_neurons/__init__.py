"""Grammar Neurons as an installed package: the library under one name, and the command ``grammar-neurons``.

    from grammar_neurons import ContrastSpec, run_contrast

    result = run_contrast(ContrastSpec.careful(layer=3))

The packages ``core``, ``engine``, ``ui`` and ``server`` have common names, so an installation does not put them beside
other people's packages. They are in the folder ``HOME``, which has the layout of the repository: an import of this
package puts that folder first on ``sys.path``. In a checkout, ``HOME`` is the checkout.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core import ContrastSpec, load_model, run_contrast, token_activations, word_activations

__all__ = ["HOME", "ContrastSpec", "load_model", "run_contrast", "token_activations", "word_activations"]

_HERE = Path(__file__).resolve().parent
HOME = _HERE / "tree" if (_HERE / "tree").is_dir() else _HERE.parent  # the folder of app.py, serve.py, core and assets


def _find_core() -> None:
    """Put ``HOME`` first on the path. Raise ImportError where another package called ``core`` is imported already."""
    if str(HOME) not in sys.path[:1]:
        sys.path.insert(0, str(HOME))
    found = Path(import_module("core").__file__ or "").resolve().parent
    if found != HOME / "core":
        raise ImportError(
            f"Another package called “core” is imported already, from {found}. Import grammar_neurons before it, or in "
            "another process."
        )


_find_core()


def __getattr__(name: str) -> object:
    """A public name of ``core``, imported when it is first used: torch takes seconds."""
    if name == "__version__" or name in __all__:
        return getattr(import_module("core"), name)
    raise AttributeError(f"module 'grammar_neurons' has no attribute {name!r}")
