"""The cost of bigger models, computed from published configurations and the speed of this machine."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import arithmetic
from benchmarks.machine import matrix_rate
from benchmarks.models import NEO_125M, Shape
from benchmarks.options import Options
from benchmarks.table import Section, markdown
from benchmarks.timing import number

_NODES_PER_WORD = 1.1  # nodes of the trie of tokens per word: 10,834 at 5,000 + 5,000 of the notebook's words
_TEXT, _WORDS = 150, 1000  # tokens of a text; words of each class
_SHARE = 0.75  # of the machine's matrix rate


@dataclass(frozen=True)
class Published:
    """A published model: its shape, the bytes of a parameter in its files, and a suitable machine."""

    shape: Shape
    bytes_each: int
    machine: str


MODELS = (
    Published(NEO_125M, 4, "any: 4 GB of memory, two cores"),
    Published(Shape("GPT-Neo 1.3B", 24, 2048, 8192, 16, 50_257, 2048), 4, "16 GB of memory, 4 cores; or a GPU of 8 GB"),
    Published(
        Shape("GPT-Neo 2.7B", 32, 2560, 10_240, 20, 50_257, 2048), 4, "32 GB of memory, 8 cores; or a GPU of 16 GB"
    ),
    Published(
        Shape("Pythia 6.9B", 32, 4096, 16_384, 32, 50_432, 2048, window=None, tied=False),
        2,
        "64 GB of memory, 16 cores; or a GPU of 40 GB",
    ),
)


def section(options: Options) -> Section:
    """One row a model."""
    rate = matrix_rate(options.pick(4096, 256))
    header = (
        "model",
        "parameters",
        "layers × neurons (width)",
        "download, GB",
        "in memory, GB",
        "activations on disk, GB",
        "1,000 words, TFLOP",
        "s",
        "150 tokens, TFLOP",
        "s",
        "which machine",
    )
    rows = [_row(model, rate) for model in MODELS]
    return Section("costs", "What a bigger model costs", (_introduction(rate), markdown(header, rows)))


def _row(model: Published, rate: float) -> tuple[str, ...]:
    shape = model.shape
    n, base = arithmetic.parameters(shape), arithmetic.parameters(shape, head=False)
    words, text = words_operations(shape), text_operations(shape)
    return (
        shape.name,
        f"{n / 1e9:.2f} billion",
        f"{shape.n_layers} × {shape.d_mlp:,} ({shape.d_model:,})",
        f"{n * model.bytes_each / 1e9:.1f}",
        f"{base * 4 / 1e9:.1f}",
        f"{shape.n_layers * 2 * _WORDS * shape.d_mlp * 4 / 1e9:.2f}",
        number(words / 1e12),
        number(words / (_SHARE * rate)),
        number(text / 1e12),
        number(text / (_SHARE * rate)),
        model.machine,
    )


def words_operations(shape: Shape, n_words: int = _WORDS) -> float:
    """Float operations of reading all layers for ``n_words`` words, each a little more than one node of the trie."""
    one_each, second = n_words, round(n_words * (_NODES_PER_WORD - 1))
    return arithmetic.operations(shape, [one_each, second], shape.n_layers - 1)


def text_operations(shape: Shape, n_tokens: int = _TEXT) -> float:
    """Float operations of reading the deepest layer at every token of a text."""
    return arithmetic.operations(shape, [1] * n_tokens, shape.n_layers - 1)


def _introduction(rate: float) -> str:
    return (
        "Worked out, not measured. The app loads float32, four bytes a parameter, without the head where that has a "
        "matrix of its own; files may be in half precision. Activations on disk are 4 bytes × layers × neurons × "
        f"words, for {_WORDS:,} + {_WORDS:,} words over all layers. Arithmetic is that of every layer, for words at "
        f"{_NODES_PER_WORD} distinct prefixes each. Seconds are operations / ({_SHARE:.0%} of the rate); on this "
        f"machine the rate was {rate / 1e9:.0f} GFLOP/s. While it loads, a model may need its size twice."
    )
