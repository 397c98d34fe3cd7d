"""A GPT-Neo of a given size with random weights, in hub layout: the speed does not depend on the weights.

folder = build(NEO_125M, tokenizer=None, to=Path("somewhere"))
lm = load_model(str(folder))
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.inputs import SHARED
from core.errors import UserError
from core.records import WORD_CLASSES
from core.words import bundled_list

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_END_OF_TEXT = "<|endoftext|>"
_SEED = 20260


@dataclass(frozen=True)
class Shape:
    """The sizes of a decoder whose MLP is two linear layers, such as GPT-Neo or Pythia.

    ``window`` is how many tokens every second layer's attention sees, itself included; None where all layers see
    everything before them. ``tied`` says whether the head is the token embedding's matrix.
    """

    name: str
    n_layers: int
    d_model: int
    d_mlp: int
    n_heads: int
    n_vocab: int
    context: int
    window: int | None = 256
    tied: bool = True

    def seen(self, layer: int, position: int) -> int:
        """How many tokens a layer's attention sees from a 0-based position, that position included."""
        local = self.window is not None and layer % 2 == 1
        return min(position + 1, self.window) if local and self.window is not None else position + 1


NEO_125M = Shape("GPT-Neo 125M", 12, 768, 3072, 12, 50_257, 2048)
QUICK = Shape("a small GPT-Neo", 4, 64, 256, 4, 50_257, 2048)


def build(shape: Shape, tokenizer: Path | None, to: Path) -> Path:
    """Write a random GPT-Neo of a shape and its tokenizer into a folder, and return the folder.

    ``tokenizer`` is a folder with vocab.json and merges.txt, such as GPT-2's; without one, a byte-level BPE is trained
    on the bundled word lists.
    """
    import torch
    import transformers

    ids = save_tokenizer(tokenizer, to)
    config = transformers.GPTNeoConfig(
        vocab_size=shape.n_vocab,
        hidden_size=shape.d_model,
        intermediate_size=shape.d_mlp,
        num_layers=shape.n_layers,
        num_heads=shape.n_heads,
        attention_types=[[["global", "local"], shape.n_layers // 2]],
        max_position_embeddings=shape.context,
        window_size=shape.window,
        bos_token_id=ids,
        eos_token_id=ids,
    )
    torch.manual_seed(_SEED)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(to)
    return to


def save_tokenizer(source: Path | None, to: Path) -> int:
    """Write a fast byte-level tokenizer's files into a folder, and return the id of its end of text."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    found = source or default_tokenizer()
    if found is None:
        tokenizer = Tokenizer(models.BPE())
    else:
        files = [found / name for name in ("vocab.json", "merges.txt")]
        if not all(file.is_file() for file in files):
            raise UserError(f"The folder {found} holds no tokenizer: vocab.json and merges.txt are needed.")
        tokenizer = Tokenizer(models.BPE.from_file(*map(str, files)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if found is None:
        trainer = trainers.BpeTrainer(
            vocab_size=NEO_125M.n_vocab,
            special_tokens=[_END_OF_TEXT],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        tokenizer.train_from_iterator([" ".join(bundled_list(name).words) for name in WORD_CLASSES], trainer)
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=_END_OF_TEXT, eos_token=_END_OF_TEXT, unk_token=_END_OF_TEXT
    )
    wrapped.save_pretrained(to)
    return int(wrapped.bos_token_id)


def default_tokenizer() -> Path | None:
    """GPT-2's vocabulary and merges, if they are next to the project."""
    folder = SHARED / "gpt2_tokenizer"
    return folder if (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file() else None


def shape_of(folder: Path) -> Shape:
    """The shape of a GPT-Neo in hub layout; UserError where the folder holds another kind of model, or none."""
    file = folder / "config.json"
    config: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if config.get("model_type") != "gpt_neo":
        raise UserError(
            f"The folder {folder} holds {config.get('model_type') or 'no model'}; the benchmarks compare ways to read "
            "a GPT-Neo, in hub layout."
        )
    d_model = int(config["hidden_size"])
    return Shape(
        name=folder.name,
        n_layers=int(config["num_layers"]),
        d_model=d_model,
        d_mlp=int(config.get("intermediate_size") or 4 * d_model),
        n_heads=int(config["num_heads"]),
        n_vocab=int(config["vocab_size"]),
        context=int(config["max_position_embeddings"]),
        window=int(config["window_size"]),
    )


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """The token ids of each word or text, without special tokens, as in all methods here."""
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def count_tokens(tokenizer: Tokenizer, text: str) -> int:
    """How many tokens a text has."""
    return len(encode(tokenizer, [text])[0])
