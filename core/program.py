"""How the command line and the class server are called here: in a checkout, or where pip has installed it."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]

# A wheel has the packages in the folder grammar_neurons/tree (pyproject.toml), where Python does not look for `core`.
_INSTALLED = (_ROOT.parent.name, _ROOT.name) == ("grammar_neurons", "tree")
COMMAND = "grammar-neurons" if _INSTALLED else "python -m core"
SERVE = "grammar-neurons serve" if _INSTALLED else "python serve.py"
