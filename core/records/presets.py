"""The presets: one record each. CONTRIBUTING.md, "Add a preset", adds one.

ALL_PRESETS["localiser"].about     # what it does, in a sentence or two
PRESETS["careful"]["test"]         # "welch": the settings of each
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The fields of a spec that say how the values are analysed once the words are read: a preset's protocol. All its other
# settings say which words are read, and how.
PROTOCOL = ("hook_side", "unit", "test", "correction", "family", "alpha")


@dataclass(frozen=True)
class Preset:
    """A named group of settings. It sets how to analyse, not the model, the layer or the word classes.

    Parameters
    ----------
    name : str
        In links and on the command line.
    label : str
        In the sidebar. The shorter, the more presets fit beside each other.
    about : str
        What it does, in one or two sentences.
    settings : mapping
        From fields of a spec to their values. All presets set the same fields.
    source : str
        Where it comes from: a publication, or our own measurements.
    differs : str
        What we do otherwise than the source; empty if nothing.
    top_share : float or None
        Which share of the model's neurons it selects: those with the largest statistics, whatever their p. None if a
        neuron is selected by its p. It holds for every spec with the protocol of the preset, so no two presets have
        the same ``PROTOCOL`` and another share; and its family is the model, because all layers are needed.
    """

    name: str
    label: str
    about: str
    settings: Mapping[str, Any]
    source: str
    differs: str = ""
    top_share: float | None = None


# What the course notebook reads beside its settings. A preset sets neither: it is for any model.
NOTEBOOK_MODEL, NOTEBOOK_LAYER = "EleutherAI/gpt-neo-125m", 8
NOTEBOOK: dict[str, Any] = {
    "n_target": 100,
    "n_baseline": 100,
    "word_source": "notebook",
    "hook_side": "pre-activation",
    "pooling": "mean",
    "leading_space": False,
    "prefix": False,
    "drop_shared": False,
    "unit": "word",
    "test": "paired",
    "correction": "bonferroni",
    "family": "layer",
    "alpha": 0.05,
    "dtype": "float32",
}
CAREFUL: dict[str, Any] = {
    **NOTEBOOK,
    "n_target": 500,
    "n_baseline": 500,
    "word_source": "bundled",
    "leading_space": True,
    "prefix": True,
    "drop_shared": True,
    "unit": "lemma",
    "test": "welch",
    "correction": "holm",
    "family": "model",
}

_TABLE = (
    Preset(
        name="notebook",
        label="Notebook",
        about="The course notebook's analysis, number for number.",
        settings=NOTEBOOK,
        source="Mike X Cohen, A deep understanding of AI language model mechanisms, part 5, CodeChallenge “Grammar "
        "tuning in MLP neurons?”",
        differs="If the notebook's lists cannot be downloaded, the project's own stand in, and a note says so.",
    ),
    Preset(
        name="careful",
        label="Careful",
        about="Curated words with a leading space after the beginning-of-text token, one value for each lemma, Welch's "
        "test, Holm's correction over all layers.",
        settings=CAREFUL,
        source="Our own measurements of false findings (docs/methods.md).",
    ),
    Preset(
        name="localiser",
        label="Localiser",
        about="Welch's t of absolute activations at each word's last token; the 1% of the model's neurons with the "
        "largest t are selected, whatever their p.",
        settings={
            **CAREFUL,
            "n_target": 240,
            "n_baseline": 240,
            "hook_side": "activation",
            "pooling": "last",
            "unit": "word",
            "test": "welch_absolute",
            "correction": "fdr_bh",
        },
        source="AlKhamissi, Tuckute, Bosselut & Schrimpf (2025), The LLM Language Network: A Neuroscientific Approach "
        "for Identifying Causally Task-Relevant Units, NAACL 2025, pages 10887–10911, "
        "doi 10.18653/v1/2025.naacl-long.544",
        differs="The publication localises units that respond to language: the dimensions of the output of each "
        "Transformer block, compared between sentences and strings of non-words. Here, MLP neurons after the "
        "nonlinearity are compared between words of two classes, each read alone after the beginning-of-text token. "
        "As in the published code, the sign of a value is dropped, t is signed (high for the target), and p is "
        "adjusted by Benjamini–Hochberg over the model, but does not select.",
        top_share=0.01,
    ),
)

ALL_PRESETS = {one.name: one for one in _TABLE}
PRESETS = {name: one.settings for name, one in ALL_PRESETS.items()}
# What pages open with, and what the command line takes where it is told nothing.
DEFAULT_PRESET = "careful"


def with_protocol(protocol: Mapping[str, Any]) -> Preset | None:
    """The first preset that has these values in all fields of ``PROTOCOL``; None if there is none.

    Examples
    --------
    >>> found = with_protocol({**CAREFUL, "n_target": 60})
    >>> found.name, with_protocol({**CAREFUL, "alpha": 0.01})
    ('careful', None)
    """
    for one in _TABLE:
        if all(one.settings[name] == protocol[name] for name in PROTOCOL):
            return one
    return None


def n_in_top_share(n_neurons: int, share: float) -> int:
    """How many of ``n_neurons`` a share of them is: rounded down, but at least one.

    Examples
    --------
    >>> n_in_top_share(3072, 0.01), n_in_top_share(50, 0.01)
    (30, 1)
    """
    # A share such as 0.29 times 100 is 28.999999999999996.
    return max(1, int(share * n_neurons + 1e-9))
