"""Read a folder of text files into documents, hold some out, and turn the rest into token ids."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

# In the corpus files, one paragraph break is a blank line; two blank lines end a document.
DOCUMENT_BREAK = "\n\n\n"
END_OF_TEXT_ID = 0


@dataclass(frozen=True)
class Corpus:
    """Documents as plain text, in training order; ``held_out`` never takes part in training."""

    train: list[str]
    held_out: list[str]


def read_documents(path: Path) -> list[str]:
    """Split one corpus file into its documents, without surrounding blank lines."""
    text = path.read_text(encoding="utf-8")
    return [document.strip() for document in text.split(DOCUMENT_BREAK) if document.strip()]


def load_corpus(folder: Path, seed: int, held_out_share: float = 0.01) -> Corpus:
    """Shuffle the documents of every ``*.txt`` file and hold out a share of each file's documents.

    Every file gives at least one held-out document, so that the held-out loss covers all sources.

    Raises
    ------
    ValueError
        The folder has no text file, or fewer than two documents.
    """
    files = sorted(folder.glob("*.txt"))
    if not files:
        raise ValueError(f"{folder} holds no .txt file to train from.")
    rng = random.Random(seed)
    train: list[str] = []
    held_out: list[str] = []
    for path in files:
        documents = read_documents(path)
        rng.shuffle(documents)
        n_held_out = max(1, round(len(documents) * held_out_share))
        held_out += documents[:n_held_out]
        train += documents[n_held_out:]
    if not train:
        raise ValueError(f"{folder} holds {len(held_out)} document(s): too few to hold any out.")
    rng.shuffle(train)
    return Corpus(train, held_out)


def encode(tokenizer: Tokenizer, documents: list[str]) -> np.ndarray:
    """Concatenate the documents' token ids, each closed by the end-of-text token; uint16, (n_tokens,)."""
    end = np.array([tokenizer.token_to_id("<|endoftext|>")], dtype=np.uint16)
    pieces: list[np.ndarray] = []
    for encoding in tokenizer.encode_batch_fast(documents):
        pieces += [np.asarray(encoding.ids, dtype=np.uint16), end]
    return np.concatenate(pieces)


class Windows:
    """Training windows in a random order that depends on the seed and the position only.

    Each epoch cuts the token stream at another random offset into windows of ``length + 1`` ids (inputs
    and the targets one further), and visits each once. Every second window's first id is put aside for the
    end-of-text token (id 0): so the model learns what stands after it, of which whole documents alone would give
    few examples, and what stands at the first position without it. Position ``k`` is a window count since the
    start of training, so a resumed run sees exactly what an uninterrupted one would have seen.
    """

    def __init__(self, tokens: np.ndarray, length: int, seed: int) -> None:
        if len(tokens) < 2 * length + 1:
            raise ValueError(f"{len(tokens)} tokens are too few for windows of {length} tokens.")
        self._tokens, self._length, self._seed = tokens, length, seed
        self._per_epoch = (len(tokens) - 1) // length - 1
        self._epoch = -1

    def batch(self, position: int, size: int) -> np.ndarray:
        """Windows ``position`` to ``position + size``: int64 ids of shape (size, length + 1)."""
        positions = np.arange(position, position + size)
        starts = np.array([self._start(int(k)) for k in positions])
        windows = self._tokens[starts[:, None] + np.arange(self._length + 1)].astype(np.int64)
        windows[positions % 2 == 1, 0] = END_OF_TEXT_ID
        return windows

    def _start(self, position: int) -> int:
        epoch, index = divmod(position, self._per_epoch)
        if epoch != self._epoch:
            rng = np.random.default_rng([self._seed, epoch])
            self._offset = int(rng.integers(self._length))
            self._order = rng.permutation(self._per_epoch)
            self._epoch = epoch
        return self._offset + int(self._order[index]) * self._length
