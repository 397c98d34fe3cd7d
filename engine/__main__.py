"""``python -m engine`` prints the table of steps that docs/explanation/architecture.md shows."""

import engine.evidence_steps  # noqa: F401 - declares its steps, and imports all others
from core.console import print_anything
from engine.pipeline import table

print_anything()
print(table())
