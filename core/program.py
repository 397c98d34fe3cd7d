"""How the command line is called where this code is: in a checkout, or where pip has installed it."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]

# A wheel has the packages in the folder grammar_neurons/tree (pyproject.toml), where Python does not look for `core`.
COMMAND = "grammar-neurons" if (_ROOT.parent.name, _ROOT.name) == ("grammar_neurons", "tree") else "python -m core"
