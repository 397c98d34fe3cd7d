"""The models that have a label and a note on pages."""

from __future__ import annotations

from dataclasses import dataclass

BUNDLED = "bundled"


@dataclass(frozen=True)
class CataloguedModel:
    """What a page shows about a model before it is chosen."""

    label: str
    note: str


CATALOGUE = {
    BUNDLED: CataloguedModel(
        "Grammar Neo 9M (bundled)",
        "9.3 million parameters, 6 layers of 512 neurons; trained for this project on public-domain and CC BY texts. "
        "19 MB, in the repository.",
    ),
    "EleutherAI/gpt-neo-125m": CataloguedModel(
        "GPT-Neo 125M (hub)",
        "125 million parameters, 12 layers of 3,072 neurons; trained by EleutherAI on the Pile (MIT). The notebook's "
        "model. 530 MB, downloaded at first use.",
    ),
}
