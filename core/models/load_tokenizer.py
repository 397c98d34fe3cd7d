"""Load a model's tokenizer from its folder, and set it to read any text literally and completely."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from core.models.hub import reason_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def load_tokenizer(folder: Path, name: str) -> tuple[Tokenizer, int | None]:
    """The tokenizer, and the id of its beginning-of-text token, else of its end-of-text token, else None."""
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # a missing or broken tokenizer file raises many kinds
        raise UserError(f"The tokenizer of {name} cannot be loaded: {reason_of(error)}.") from error
    if not tokenizer.is_fast:
        raise UserError(f"{name} has no fast tokenizer; only a fast one gives the position of each token in a text.")
    # transformers rebuilds some tokenizers by its own rules, with other tokens: the file is what the model has learnt.
    file = folder / "tokenizer.json"
    plain = configure_tokenizer(Tokenizer.from_file(str(file)) if file.is_file() else tokenizer.backend_tokenizer)
    # If files are missing, transformers may make an empty tokenizer that knows no letter.
    if not plain.encode("a", add_special_tokens=False).ids:
        raise UserError(f"{name} has no tokenizer: its files are missing or empty.")
    tokens = (tokenizer.bos_token_id, tokenizer.eos_token_id)
    return plain, next((token for token in tokens if token is not None), None)


def configure_tokenizer(tokenizer: Tokenizer) -> Tokenizer:
    """Set a tokenizer to read any text literally and completely. The same tokenizer is returned.

    A special token that is typed in a text is read as text, so that a user cannot end the document with a tag. There
    is no truncation and no padding, whatever the tokenizer's file says.
    """
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
