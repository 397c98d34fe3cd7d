"""The limits of this server, read from environment variables.

    limits().max_words

docs/reference/server.md has the table. An invalid value stops the server with one sentence: without it, a class would
run without the limit that its instructor wanted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.models import BUNDLED
from core.models.hub import canonical
from core.records import MAX_WORDS, ContrastSpec
from core.words.entries import MAX_LINE
from core.words.lists import MAX_CUSTOM_WORDS

ANY = "*"
_PREFIX = "GRAMMAR_NEURONS_"
# A site as a browser names it: a scheme, a host, a port if it is not the usual one, and nothing after it.
_SITE = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?", re.IGNORECASE)
# Ten thousand lines of the longest kind. A class server keeps no more of a list (server/sessions/messages.py).
MAX_LIST_CHARACTERS = MAX_CUSTOM_WORDS * (MAX_LINE + 1)
# Values that max-T may permute: 2,000 words on all 36,864 neurons of GPT-Neo 125M. A copy of them is 300 MB, and 10,000
# permutations take half a minute on two cores.
_MOST_PERMUTED = 75_000_000


# What the limits are about: the headings of ``serve.py --help``.
OPEN, MODELS = "Who may open it", "Models"
ASK, ONCE, KEPT = "What one student may ask for", "Work and connections", "What is kept"
BOARD = "The board of a class"


def _about(group: str, value: str, meaning: str, allowed: str, details: str = "") -> dict[str, str]:
    """What is said of a limit, as in ``engine.variables.Variable``."""
    return {"group": group, "value": value, "meaning": meaning, "allowed": allowed, "details": details}


def _whole(group: str, default: int, ends: tuple[int, int], meaning: str, details: str = "") -> Any:
    """A limit that is a whole number between two ends."""
    about = _about(group, "N", meaning, f"{ends[0]:,} to {ends[1]:,}", details)
    return field(default=default, metadata={**about, "least": ends[0], "most": ends[1]})


@dataclass(frozen=True)
class Limits:
    """The limits of one server. ``GRAMMAR_NEURONS_MAX_WORDS`` sets the field ``max_words``, and so on.

    ``models`` are the models that may be loaded; ``("*",)`` allows any. Pages open with the first one. A folder may be
    a model only if it is below ``model_root``. Without a root, folders are allowed only if any model is. ``framed_by``
    are the sites of courses, such as ``https://moodle.example.edu``, whose pages may show this server in a frame.

    The metadata of a field say what it means (``engine.variables``).
    """

    framed_by: tuple[str, ...] = field(
        default=(),
        metadata=_about(
            OPEN,
            "SITES",
            "course sites whose pages may show this server in a frame",
            "sites, with commas between, such as https://moodle.example.edu",
            "Without it, no other site may. *Share* has the line for the course's page.",
        ),
    )
    models: tuple[str, ...] = field(
        default=(ANY,),
        metadata=_about(
            MODELS,
            "NAMES",
            "models that students may choose; pages open with the first one",
            f"names, with commas between; {ANY} is any",
        ),
    )
    model_root: Path | None = field(
        default=None,
        metadata=_about(
            MODELS,
            "FOLDER",
            "the folder that contains folders with models",
            "a folder",
            "Without it, names are those of the Hugging Face hub.",
        ),
    )
    loaded_models: int = _whole(
        MODELS,
        2,
        (1, 16),
        "models kept in memory",
        "The one that was used longest ago is unloaded before the next one is loaded. A reading that runs keeps its "
        "model until it ends, so for that time there may be one more.",
    )
    max_words: int = _whole(ASK, MAX_WORDS, (2, MAX_WORDS), "words of each class")
    max_characters: int = _whole(ASK, 20_000, (100, 1_000_000), "characters of a text")
    # Activations have a row for each token. In a script that the tokenizer does not know, a character may be four
    # tokens: with only a limit of characters, one text could take a gigabyte.
    max_tokens: int = _whole(
        ASK,
        20_000,
        (100, 1_000_000),
        "tokens of a text",
        "A token takes four bytes of memory for each neuron of a layer. Of a short text, the lower layers are read as "
        "well, up to a fifth of `GRAMMAR_NEURONS_MEMORY_CACHE_MB`.",
    )
    max_upload_mb: int = _whole(
        ASK,
        4,
        (1, 100),
        "megabytes of an uploaded file",
        "The development part of the treebank UD English EWT has 1.8. A word list may have 1.",
    )
    queue_length: int = _whole(ASK, 200, (1, 10_000), "requests that one student may have waiting, such as checks")
    queue_seconds: int = _whole(
        ASK, 600, (1, 3_600), "seconds that a request may wait", "Then the page says that the server is busy."
    )
    readings_at_once: int = _whole(
        ONCE,
        2,
        (1, 64),
        "long readings and calculations at the same time",
        "Long are those that may take more than 24 MB, or more than some tenths of a second. Two short readings and "
        "two short calculations have places of their own: they never wait until a long one ends.",
    )
    reading_mb: int = _whole(
        ONCE,
        1_100,
        (320, 1_000_000),
        "megabytes for all readings and calculations that run",
        "96 of them are for short ones. What needs more than there is gets a sentence; what needs more than is free "
        "waits. The treebank EWT (25,000 words) needs 620 with GPT-Neo 125M, statistics of 20,000 words 620, max-T up "
        "to 790. To read words needs 100 at most, because activations are written to disk; without the disk "
        "(`GRAMMAR_NEURONS_DISK_CACHE_MB=0`), add four bytes for each word, layer and neuron.",
    )
    checks_at_once: int = _whole(
        ONCE,
        2,
        (1, 16),
        "checks of neurons (Evidence page) at the same time, one of each student",
        "Each may take as much memory as a small model.",
    )
    connections: int = _whole(
        ONCE,
        1_500,
        (10, 100_000),
        "connections at the same time",
        "There are fewer where the limit of open files is too low ([connections](#connections)).",
    )
    # A browser has up to six at once while a page loads, and a websocket: a class of a hundred behind one address.
    connections_by_address: int = _whole(
        ONCE,
        800,
        (1, 100_000),
        "connections of one address at the same time",
        "Enough for a class of 100 behind one router: each has a websocket, and up to six more while a page loads.",
    )
    memory_cache_mb: int = _whole(
        KEPT,
        512,
        (16, 1_000_000),
        "megabytes of results in memory",
        "The newest of each kind stays, whatever its size. A tagged text takes eight bytes for each of its words and "
        "each neuron of a layer.",
    )
    disk_cache_mb: int = _whole(
        KEPT,
        4_000,
        (0, 10_000_000),
        "megabytes of activations on disk; 0 keeps none",
        "Those in use take as much again, for each server: the folder of `n` servers has at most (1 + `n`) times this, "
        "and one array more for each reading that runs.",
    )
    disk_cache_entries: int = _whole(KEPT, 500, (1, 1_000_000), "experiments kept on disk")
    board_seats: int = _whole(
        BOARD, 200, (2, 10_000), "seats of a class", "A study has at most one effect of each seat."
    )
    board_studies: int = _whole(
        BOARD, 100, (1, 10_000), "studies of a class", "A study is one neuron with one choice of settings."
    )
    board_classes: int = _whole(
        BOARD,
        200,
        (1, 100_000),
        "classes on the board",
        "When there are so many, those of fewer than three seats that have got nothing for a day go first.",
    )
    board_rows: int = _whole(BOARD, 100_000, (2, 10_000_000), "effects on the board", "One takes some 200 bytes.")
    board_days: int = _whole(BOARD, 180, (1, 3_650), "days that an effect is kept")

    @property
    def any_model(self) -> bool:
        """Whether any model may be loaded, as on one's own computer."""
        return ANY in self.models

    @property
    def kept_characters(self) -> int:
        """How much of a text that is too long a class server keeps, for the page to say so."""
        return 2 * self.max_characters + 1

    @property
    def default_model(self) -> str:
        """The model that pages open with."""
        return next((name for name in self.models if name != ANY), BUNDLED)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Limits:
        """Read the limits.

        Raises
        ------
        UserError
            The sentence names the variable, its value, and the allowed values.

        Examples
        --------
        >>> Limits.from_environment({"GRAMMAR_NEURONS_MAX_WORDS": "100"}).max_words
        100
        """
        values: dict[str, Any] = {}
        for item in fields(cls):
            name = variable(item.name)
            text = environment.get(name, "").strip()
            if text or (item.name == "models" and name in environment):
                values[item.name] = parse(item.name, text)
        return cls(**values)


_FIELDS = {item.name: item for item in fields(Limits)}


def variable(limit: str) -> str:
    """The name of a limit's environment variable.

    Examples
    --------
    >>> variable("max_words")
    'GRAMMAR_NEURONS_MAX_WORDS'
    """
    return _PREFIX + limit.upper()


def parse(limit: str, text: str, said: str = "") -> Any:
    """The value of a limit from the text of its variable, or of the option ``said``.

    Raises
    ------
    UserError
        The sentence names the variable or the option, its value, and the allowed values.

    Examples
    --------
    >>> parse("max_words", "100"), parse("framed_by", "https://moodle.example.edu/")
    (100, ('https://moodle.example.edu',))
    """
    said, metadata = said or variable(limit), _FIELDS[limit].metadata
    if "least" in metadata:
        return _whole_number(said, text, metadata["least"], metadata["most"])
    return {"models": _model_names, "model_root": existing_folder, "framed_by": _sites}[limit](said, text)


def limits() -> Limits:
    """The limits of this process. They are parsed again when the environment has changed.

    Raises
    ------
    UserError
        As ``Limits.from_environment``.
    """
    return _read(tuple((name, os.environ[name]) for name in map(variable, _FIELDS) if name in os.environ))


def check_allowed(model: str) -> None:
    """Raise UserError if this server does not offer the model."""
    allowed = limits()
    if not allowed.any_model and model not in allowed.models:
        shown = f"{model[:80]}…" if len(model) > 80 else model
        raise UserError(f"This server does not offer the model “{shown}”; it offers {', '.join(allowed.models)}.")


def check_counts(spec: ContrastSpec) -> None:
    """Raise UserError if a spec has more words than this server allows."""
    asked, most = max(spec.n_target, spec.n_baseline), limits().max_words
    if asked > most:
        raise UserError(f"{asked:,} words of one class were asked for; this server allows {most:,}.")


def check_permutations(n_units: int, n_neurons: int) -> None:
    """Raise UserError if max-T would permute more values than a shared computer has memory and time for.

    Parameters
    ----------
    n_units, n_neurons : int
        Units of both classes together, and neurons of the family.
    """
    if n_units * n_neurons > _MOST_PERMUTED:
        raise UserError(
            f"Max-T over {n_units:,} units and {n_neurons:,} neurons is too large for this server: "
            f"{n_units * n_neurons:,} values, and at most {_MOST_PERMUTED:,} are allowed.",
            about="permutations",
        )


def check_characters(text: str) -> None:
    """Raise UserError if a text has more characters than this server allows."""
    allowed = limits()
    if len(text) > allowed.max_characters:
        # A class server keeps no more of it (server/sessions/messages.py).
        got = f"{len(text):,}" if len(text) != allowed.kept_characters else f"more than {allowed.kept_characters - 1:,}"
        raise UserError(
            f"The text has {got} characters; at most {allowed.max_characters:,} are allowed.", about="text_length"
        )


def check_list(text: str, what: str) -> None:
    """Raise UserError if a list of words has more characters than are kept of one."""
    if len(text) > MAX_LIST_CHARACTERS:
        raise UserError(f"The {what} has more than {MAX_LIST_CHARACTERS:,} characters; make it shorter.")


@lru_cache(maxsize=1)
def _read(environment: tuple[tuple[str, str], ...]) -> Limits:
    return Limits.from_environment(dict(environment))


def _model_names(name: str, text: str) -> tuple[str, ...]:
    """The names in a comma-separated list. An empty list is refused: it would be unclear if it means none or any."""
    names = tuple(part for part in map(canonical, text.split(",")) if part)
    if not names:
        raise UserError(f"{name} is set, and names no model; name them with commas between, or {ANY} for any.")
    return names


def existing_folder(name: str, text: str) -> Path:
    """The absolute path of a folder; ``name`` is what has the value, for the UserError if there is no such folder."""
    if not os.path.isdir(text):
        raise UserError(f"{name} is “{text[:200]}”, which is not a folder.")
    return Path(text).resolve()


def _sites(name: str, text: str) -> tuple[str, ...]:
    """The sites in a comma-separated list."""
    sites = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for site in sites:
        if not _SITE.fullmatch(site):
            raise UserError(
                f"{name} has “{site[:80]}”; sites such as https://moodle.example.edu are allowed, commas between."
            )
    return sites


def _whole_number(name: str, text: str, least: int, most: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        raise UserError(f"{name} is “{text}”; a whole number from {least:,} to {most:,} is allowed.")
    return value
