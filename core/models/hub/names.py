"""Names of models on the hub."""

from __future__ import annotations

from core.errors import UserError


def check_name(name: str) -> None:
    """Raise UserError if a name cannot be a hub id."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        shown = f"{name[:80]}…" if len(name) > 80 else name
        raise UserError(
            f"“{shown}” is neither a folder here nor a hub id; a hub id looks like EleutherAI/gpt-neo-125m."
        ) from error
