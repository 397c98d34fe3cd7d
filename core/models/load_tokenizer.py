"""Load a model's tokenizer from its folder, and set it to read any text literally and completely."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from core.models.safety import reason_within

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True)
class StartToken:
    """The token that a model reads before a word or a text. It may be the end-of-text token, if there is no other."""

    id: int
    name: str
    is_end_of_text: bool = False


def load_tokenizer(folder: Path, name: str) -> tuple[Tokenizer, StartToken | None]:
    """The tokenizer, and its beginning-of-text token, else its end-of-text token, else None.

    Raises
    ------
    UserError
        The files are missing or broken; there is no fast tokenizer.
    """
    from transformers import AutoTokenizer

    whole = _whole_file(folder, name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # a missing or broken tokenizer file raises many kinds
        reason = reason_within(folder, error)
        raise UserError(f"The tokenizer of {name} cannot be loaded: {reason}.") from error
    if not tokenizer.is_fast:
        raise UserError(f"{name} has no fast tokenizer; only a fast one gives the position of each token in a text.")
    # transformers rebuilds some tokenizers by its own rules, with other tokens: the file is what the model has learnt.
    plain = configure_tokenizer(whole or tokenizer.backend_tokenizer)
    # If files are missing, transformers may make an empty tokenizer that knows no letter.
    if not plain.encode("a", add_special_tokens=False).ids:
        raise UserError(f"{name} has no tokenizer: its files are missing or empty.")
    tags = (tokenizer.bos_token, tokenizer.eos_token)
    start = _start_token(plain, *tags)
    return _with_unreadable_tags(plain, [tag for tag in tags if tag]), start


def _whole_file(folder: Path, name: str) -> Tokenizer | None:
    """The tokenizer of tokenizer.json; None if there is no such file, but a vocabulary from which one can be made."""
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    if file.is_file():
        try:
            return Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises plain Exceptions
            reason = reason_within(folder, error)
            raise UserError(f"The tokenizer of {name} cannot be loaded: its file is broken ({reason}).") from error
    if not any((folder / vocabulary).is_file() for vocabulary in ("vocab.json", "vocab.txt")):
        other = next((each for each in ("tokenizer.model", "spiece.model") if (folder / each).is_file()), None)
        only = f"of its tokenizer there is only {other}, which is not read here" if other else "it has no tokenizer"
        raise UserError(f"{name} lacks tokenizer.json: {only}.")
    return None


def _start_token(tokenizer: Tokenizer, beginning: str | None, end: str | None) -> StartToken | None:
    """The first of the two that the tokenizer has: transformers gives each that a file lacks a new number."""
    for name in (beginning, end):
        number = tokenizer.token_to_id(name) if name else None
        if name and number is not None:
            return StartToken(number, name, is_end_of_text=name != beginning)
    return None


def configure_tokenizer(tokenizer: Tokenizer) -> Tokenizer:
    """Set a tokenizer to read any text literally and completely. The same tokenizer is returned.

    A special token that is typed in a text is read as text, so that a user cannot end the document with a tag. There
    is no truncation and no padding, and spaces are not left out of a token's characters, whatever the tokenizer's file
    says.
    """
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    # It would add special tokens, which are never asked for, and trim the characters of each token.
    tokenizer.post_processor = None
    return tokenizer


def _with_unreadable_tags(tokenizer: Tokenizer, tags: Iterable[str]) -> Tokenizer:
    """A tokenizer that reads every special token, and each of ``tags``, as text; the same one if it does already.

    ``encode_special_tokens`` keeps special tokens from being cut out of a text. But some models (Unigram above all)
    find them among their own pieces. Those are renamed, so that no text has them; all tokens keep their numbers.
    """
    special = [token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special]
    # A tag of one character, such as a line end, has no other reading.
    known = {tag: tokenizer.token_to_id(tag) for tag in (*special, *tags) if len(tag) > 1}
    found = {tag for tag, number in known.items() if number in tokenizer.encode(tag, add_special_tokens=False).ids}
    if not found:
        return tokenizer
    state = json.loads(tokenizer.to_str())
    for token in state["added_tokens"]:
        token["content"] = _renamed(token["content"], found)
    model = state["model"]
    if isinstance(model["vocab"], list):  # Unigram: pairs of a piece and its score
        model["vocab"] = [[_renamed(piece, found), score] for piece, score in model["vocab"]]
    else:
        model["vocab"] = {_renamed(piece, found): number for piece, number in model["vocab"].items()}
    if isinstance(model.get("unk_token"), str):
        model["unk_token"] = _renamed(model["unk_token"], found)
    if "merges" in model:
        pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
        model["merges"] = [pair for pair in pairs if found.isdisjoint((*pair, "".join(pair)))]
    return configure_tokenizer(type(tokenizer).from_str(json.dumps(state)))


def _renamed(piece: str, found: set[str]) -> str:
    return f"\ufdd0{piece}\ufdd1" if piece in found else piece  # two characters that Unicode keeps out of texts
