"""What this server allows and how much it may hold: read from environment variables, one place for all.

    limits().max_words

docs/class-server.md has the table. A value that cannot be read stops the server with one sentence, rather
than leaving a class without the limit that its instructor meant.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.records import MAX_WORDS, UserError

ANY = "*"
BUNDLED = "bundled"
_PREFIX = "GRAMMAR_NEURONS_"


def _whole(default: int, least: int, most: int, meaning: str) -> Any:
    return field(default=default, metadata={"least": least, "most": most, "meaning": meaning})


@dataclass(frozen=True)
class Limits:
    """The limits of one server. Field ``max_words`` is set by ``GRAMMAR_NEURONS_MAX_WORDS``, and so on.

    ``models`` are the models that may be loaded, ``("*",)`` for any; the first is the one that a page opens
    with. Folders count as models only below ``model_root``, and without a root only where any model may be
    loaded.
    """

    models: tuple[str, ...] = field(default=(ANY,), metadata={"meaning": "models that may be loaded; * is any"})
    model_root: Path | None = field(default=None, metadata={"meaning": "the folder below which models may lie"})
    loaded_models: int = _whole(2, 1, 16, "models kept in memory; the least recently used is forgotten")
    max_words: int = _whole(MAX_WORDS, 2, MAX_WORDS, "words of each class")
    max_characters: int = _whole(20_000, 100, 1_000_000, "characters of a text")
    max_tokens: int = _whole(20_000, 100, 1_000_000, "tokens of a text")
    max_upload_mb: int = _whole(1, 1, 100, "megabytes of an uploaded file")
    passes: int = _whole(1, 1, 64, "forward passes at a time")
    queue_length: int = _whole(200, 1, 10_000, "readings that may wait for a forward pass")
    queue_seconds: int = _whole(120, 1, 3_600, "seconds that a reading may wait")
    memory_cache_mb: int = _whole(512, 16, 1_000_000, "megabytes of results kept in memory")
    disk_cache_mb: int = _whole(4_000, 0, 10_000_000, "megabytes of activations kept on disk; 0 keeps none")
    disk_cache_entries: int = _whole(500, 1, 1_000_000, "experiments whose activations are kept on disk")

    @property
    def any_model(self) -> bool:
        """Whether every model may be loaded, as on one's own computer."""
        return ANY in self.models

    @property
    def default_model(self) -> str:
        """The model that a page opens with."""
        return next((name for name in self.models if name != ANY), BUNDLED)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Limits:
        """Read the limits; raises UserError naming the variable, what it holds, and what is allowed."""
        values: dict[str, Any] = {}
        for item in fields(cls):
            name = variable(item.name)
            text = environment.get(name, "").strip()
            if item.name == "models" and name in environment:
                values["models"] = _model_names(name, text)
            elif not text:
                continue
            elif item.name == "model_root":
                values["model_root"] = _existing_folder(name, text)
            else:
                values[item.name] = _whole_number(name, text, item.metadata["least"], item.metadata["most"])
        return cls(**values)


_NAMES = tuple(item.name for item in fields(Limits))


def variable(limit: str) -> str:
    """The environment variable of a limit."""
    return _PREFIX + limit.upper()


def limits() -> Limits:
    """This process's limits; the environment is looked at each time, and read when it has changed."""
    return _read(tuple((name, os.environ[name]) for name in map(variable, _NAMES) if name in os.environ))


def check_tokens(n_tokens: int) -> None:
    """Raise UserError where a text has more tokens than this server allows.

    Its activations take a row for each token, and a script that the tokenizer does not know has up to four tokens a
    character: the limit of characters alone would allow a gigabyte for one text.
    """
    most = limits().max_tokens
    if n_tokens > most:
        raise UserError(f"The text is {n_tokens:,} tokens long; at most {most:,} are allowed.")


@lru_cache(maxsize=1)
def _read(environment: tuple[tuple[str, str], ...]) -> Limits:
    return Limits.from_environment(dict(environment))


def _model_names(name: str, text: str) -> tuple[str, ...]:
    """The names in a list with commas. An empty one is refused: unset means any, and nobody means that by it."""
    names = tuple(part for part in (part.strip() for part in text.split(",")) if part)
    if not names:
        raise UserError(f"{name} is set, and names no model; name them with commas between, or {ANY} for any.")
    return names


def _existing_folder(name: str, text: str) -> Path:
    if not os.path.isdir(text):
        raise UserError(f"{name} is “{text}”, which is not a folder.")
    return Path(text).resolve()


def _whole_number(name: str, text: str, least: int, most: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        raise UserError(f"{name} is “{text}”; a whole number from {least:,} to {most:,} is allowed.")
    return value
