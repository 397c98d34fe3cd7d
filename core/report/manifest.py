"""The manifest of a contrast's files: what they were computed from, and what each of their columns means.

    manifest_json(result, texts, neurons)

Whoever has the files and the manifest needs no page of the app to read them, or to compute them again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.records import ContrastResult, WordList
from core.report.agreement import NEURON_PAIR_COLUMNS, QUANTILE_COLUMNS
from core.report.board import BOARD_COLUMNS
from core.report.columns import definitions
from core.report.emergence import CHECKPOINT_COLUMNS
from core.report.layer_table import LAYER_COLUMNS
from core.report.neuron_table import NEURON_COLUMNS
from core.report.protocols import OVERLAP_COLUMNS, PROTOCOL_COLUMNS
from core.report.replication import SEAT_COLUMNS
from core.report.summary import contrast_fields, library_versions, written
from core.report.tables import CONTRAST_COLUMNS, WORD_COLUMNS

_FORMAT = 1
_HASHED = "SHA-256 of the words as used, in their order, in UTF-8, each followed by a line feed"
# Of these tables, the values of each neuron have columns of their own.
TEXT_COLUMNS = ("position", "token_id", "token", "neuron_N")
PAIR_COLUMNS = (
    *("kind", "position_1", "token_1", "position_2", "token_2"),
    *("neuron_N_text_1", "neuron_N_text_2", "neuron_N_change"),
)


def manifest_json(result: ContrastResult, texts: Sequence[str] = (), neurons: Sequence[int] = ()) -> str:
    """The manifest as JSON.

    ``digest`` is that of the settings; names of files end with its first digits. ``model`` has the name and the
    revision (a commit hash, or the beginning of the weights' SHA-256), ``contrast`` the name of the contrast,
    ``confounds`` what else differs between its classes, ``lists`` the source, the number and the SHA-256 of the words
    of each class as they were used, ``settings`` every field of the spec, ``texts`` the length in characters and the
    SHA-256 of each text that was shown, ``neurons`` those in colour there, ``versions`` those of the app, of Python and
    of the libraries, and ``tables`` the definition of each column.
    """
    return written(
        {
            "format": _FORMAT,
            "digest": result.spec.digest,
            "model": asdict(result.model),
            **contrast_fields(result.spec),
            "lists": _lists(result),
            "settings": asdict(result.spec),
            "texts": [{"characters": len(text), "sha256": hash_of_text(text)} for text in texts],
            "neurons": list(neurons),
            "versions": library_versions(),
            "tables": {
                "neurons": definitions(CONTRAST_COLUMNS),
                "neurons of every layer": definitions(NEURON_COLUMNS),
                "words": definitions(WORD_COLUMNS),
                "text": definitions(TEXT_COLUMNS),
                "two texts": definitions(PAIR_COLUMNS),
                "two experiments": definitions((*NEURON_PAIR_COLUMNS, *QUANTILE_COLUMNS)),
                "layers": definitions(LAYER_COLUMNS),
                "protocols": definitions(PROTOCOL_COLUMNS),
                "overlaps of protocols": definitions(OVERLAP_COLUMNS),
                "checkpoints": definitions(CHECKPOINT_COLUMNS),
                "seats of a class": definitions(SEAT_COLUMNS),
                "board of a class": definitions(BOARD_COLUMNS),
            },
            "notes": result.notes,
            "cautions": [caution.sentence for caution in result.cautions],
        }
    )


def hash_of_words(words: Sequence[str]) -> str:
    """SHA-256 of words in their order, each followed by a line feed, in hexadecimal.

    Examples
    --------
    >>> hash_of_words(["time", "year"]) == hashlib.sha256(b"time\\nyear\\n").hexdigest()
    True
    """
    return hash_of_text("".join(f"{word}\n" for word in words))


def hash_of_text(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal.

    Examples
    --------
    >>> hash_of_text("Tea.") == hashlib.sha256(b"Tea.").hexdigest()
    True
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _lists(result: ContrastResult) -> dict[str, Any]:
    words = result.words
    return {
        "hash": _HASHED,
        "target": _list(words.target_list, words.target, words.target_lemmas),
        "baseline": _list(words.baseline_list, words.baseline, words.baseline_lemmas),
    }


def _list(source: WordList, words: Sequence[str], lemmas: Sequence[str]) -> dict[str, Any]:
    """A list as used. The lemmas are hashed too where they decide what is compared."""
    return {
        "name": source.name,
        "source": source.source,
        "n_words": len(words),
        "sha256": hash_of_words(words),
        "lemmas_sha256": hash_of_words(lemmas) if lemmas else None,
    }
