"""Small models that are worth a look, with what a page shows about each before it is chosen.

Any other model may be typed. docs/reference/models.md shows the same table.
"""

from __future__ import annotations

from dataclasses import dataclass

BUNDLED = "bundled"


@dataclass(frozen=True)
class CataloguedModel:
    """What a page shows about a model before it is there.

    ``d_mlp`` is the number of neurons of each layer, ``download_mb`` the size of the weights in MB (10^6 bytes); 0 for
    a model in the repository. ``interest`` says in a sentence or two why one would choose it. The terms of a ``gated``
    model must be accepted on the hub.
    """

    label: str
    n_layers: int
    d_mlp: int
    n_parameters: int
    tokenizer: str
    licence: str
    download_mb: int
    interest: str
    gated: bool = False


_GPT2 = "GPT-2"  # byte-level BPE, 50,257 tokens
_NEOX = "GPT-NeoX"  # byte-level BPE, about as many, runs of spaces in one token

CATALOGUE = {
    BUNDLED: CataloguedModel(
        "Grammar Neo 9M (bundled)", 6, 512, 9_258_240, "8,192-token", "CC BY 4.0", 0,
        "Trained for this project on public-domain and CC BY texts. Needs no network.",
    ),
    "EleutherAI/gpt-neo-125m": CataloguedModel(
        "GPT-Neo 125M", 12, 3072, 125_198_592, _GPT2, "MIT", 526,
        "The course notebook's model, trained on the Pile. Every second layer attends to the last 256 tokens only.",
    ),
    "openai-community/gpt2": CataloguedModel(
        "GPT-2 124M", 12, 3072, 124_439_808, _GPT2, "MIT", 548,
        "As large as GPT-Neo 125M, with the same tokenizer, but trained on web pages: does it have the same neurons?",
    ),
    "distilbert/distilgpt2": CataloguedModel(
        "DistilGPT-2 82M", 6, 3072, 81_912_576, _GPT2, "Apache 2.0", 353,
        "Trained to imitate GPT-2 with half of its layers. Compare the two, layer by layer.",
    ),
    "openai-community/gpt2-medium": CataloguedModel(
        "GPT-2 355M", 24, 4096, 354_823_168, _GPT2, "MIT", 1520,
        "Twice as deep as GPT-2 124M, from the same texts: what does depth change?",
    ),
    "EleutherAI/pythia-70m": CataloguedModel(
        "Pythia 70M", 6, 2048, 70_426_624, _NEOX, "Apache 2.0", 166,
        "Of a family, from 14M to 12B, that read the same texts in the same order. The hub has 154 checkpoints from "
        "its training, as revisions from step0 to step143000.",
    ),
    "EleutherAI/pythia-160m": CataloguedModel(
        "Pythia 160M", 12, 3072, 162_322_944, _NEOX, "Apache 2.0", 375,
        "The shape of GPT-Neo 125M. Has checkpoints like Pythia 70M: when do noun neurons appear?",
    ),
    "EleutherAI/pythia-410m": CataloguedModel(
        "Pythia 410M", 24, 4096, 405_334_016, _NEOX, "Apache 2.0", 911,
        "The shape of GPT-2 355M. Has checkpoints like Pythia 70M.",
    ),
    "HuggingFaceTB/SmolLM2-135M": CataloguedModel(
        "SmolLM2 135M", 30, 1536, 134_515_008, "SmolLM2", "Apache 2.0", 269,
        "Deep, narrow and gated: a neuron is the product of a gate and a value. Trained on 2 trillion tokens.",
    ),
    "HuggingFaceTB/SmolLM2-360M": CataloguedModel(
        "SmolLM2 360M", 32, 2560, 361_821_120, "SmolLM2", "Apache 2.0", 724,
        "The larger sister of SmolLM2 135M, gated too, and wider rather than deeper.",
    ),
    "Qwen/Qwen2.5-0.5B": CataloguedModel(
        "Qwen 2.5 0.5B", 24, 4864, 494_032_768, "Qwen", "Apache 2.0", 988,
        "Gated. Knows many languages: try your own lists in another one.",
    ),
    "Qwen/Qwen3-0.6B-Base": CataloguedModel(
        "Qwen 3 0.6B", 28, 3072, 596_049_920, "Qwen", "Apache 2.0", 1192,
        "Gated, and trained on texts in 119 languages.",
    ),
    "google/gemma-3-270m": CataloguedModel(
        "Gemma 3 270M", 18, 2048, 268_098_176, "Gemma", "Gemma terms", 536,
        "Its MLPs are gated. Its tokenizer knows 262,144 tokens: their embeddings are most of its parameters.",
        gated=True,
    ),
}  # fmt: skip


def catalogue_table() -> str:
    """The catalogue as Markdown: for docs/reference/models.md."""
    header = ("model", "layers × neurons", "parameters", "tokenizer", "licence", "weights", "interesting because")
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    for name, about in CATALOGUE.items():
        millions = f"{about.n_parameters / 1e6:.1f}".removesuffix(".0")
        cells = (
            f"`{name}`",
            f"{about.n_layers} × {about.d_mlp:,}",
            f"{millions} M",
            about.tokenizer,
            f"{about.licence}, to be accepted on the hub" if about.gated else about.licence,
            f"{about.download_mb:,} MB" if about.download_mb else "in the repository",
            about.interest,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
