"""``python -m engine`` prints the table of steps that docs/architecture.md shows."""

import engine.steps  # noqa: F401 - declares them
from engine.pipeline import table

print(table())
