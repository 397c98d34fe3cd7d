"""What pages open with, and what they offer: presets, the default experiment, other options."""

from __future__ import annotations

from typing import Any

from core.errors import UserError
from core.records import ALL_PRESETS, DEFAULT_PRESET, WORD_CLASSES, WORD_SOURCES, ContrastSpec
from core.report.colour_scales import SCALES
from core.words import list_length
from engine.limits import limits
from engine.steps import layers_of
from ui.documents import DOCUMENTS

PRESETS = {one.label: one.settings for one in ALL_PRESETS.values()}
# Layer 3: both of its extreme neurons hold up best in running text (see the bundled model's card).
DEFAULT = ContrastSpec.of_preset(DEFAULT_PRESET, model="bundled", layer=3)
# How the Text page shows a text; the default of each first.
DISPLAY = {
    "scale": SCALES,
    "by": ("token", "word"),
    "colours": ("app", "notebook"),
    "threshold": tuple(str(percent) for percent in range(0, 100, 5)),
    "both": ("on", "off"),
}
PLOTS = ("index", "volcano")
# The Layers page.
AXES = ("layer", "depth")
MAPS = ("layers", "auc")
# The Words page: its tabs, and how many neurons of each sign its image has.
TABS = ("lists", "image", "means")
COLUMNS = ("30", "100", "all")
READ = tuple(DOCUMENTS)  # on the Help page
MAX_NEURONS = 6
ALPHAS = (0.0001, 0.5)  # what pages allow; a spec allows more
LEAST_WORDS = 2  # of each class


def default_spec() -> ContrastSpec:
    """The spec that pages open with: the careful contrast of the server's default model, at a suitable layer."""
    default = within_limits(DEFAULT)
    model = limits().default_model
    if model == DEFAULT.model:
        return default
    n_layers = layers_of(model)
    return default.changed(model=model, layer=n_layers // 2 if n_layers else DEFAULT.layer)


def within_limits(spec: ContrastSpec) -> ContrastSpec:
    """The spec, with the numbers of words reduced to this server's limit."""
    most = limits().max_words
    return spec.changed(n_target=min(spec.n_target, most), n_baseline=min(spec.n_baseline, most))


def length_of(word_class: str, source: str) -> int | None:
    """The number of words in a list that is offered, without the network.

    None for a custom list, a value that is not offered, and a list that is missing: whoever reads it, says so.
    """
    if word_class not in WORD_CLASSES or source not in WORD_SOURCES:
        return None
    try:
        return list_length(word_class, source)
    except UserError:
        return None


def within_lists(spec: ContrastSpec) -> ContrastSpec:
    """The spec, with the numbers of words reduced to what its lists have, in the paired test to the same number.

    Not in a paired test with a custom list, which is used whole: the numbers would no longer be equal.
    """
    lengths = [length_of(word_class, spec.word_source) for word_class in (spec.target, spec.baseline)]
    asked = (spec.n_target, spec.n_baseline)
    counts = [n if length is None else min(n, length) for n, length in zip(asked, lengths, strict=True)]
    if spec.tested_by.paired:
        counts = [*asked] if None in lengths else [min(counts)] * 2
    return spec.changed(n_target=counts[0], n_baseline=counts[1])


def preset(name: str) -> dict[str, Any]:
    """The settings of a preset, with the numbers of words reduced to this server's limit."""
    most = limits().max_words
    return {key: min(value, most) if key.startswith("n_") else value for key, value in PRESETS[name].items()}


def matching_preset(spec: ContrastSpec) -> str | None:
    """The name of the preset that the spec matches, as far as its lists have enough words; None if there is none."""
    for name in PRESETS:
        if spec == within_lists(spec.changed(**preset(name))):
            return name
    return None


def same_depth(layer: int, n_before: int, n_layers: int) -> int:
    """The layer of a model with ``n_layers`` that is as deep, relative to its last one, as ``layer`` of ``n_before``.

    Examples
    --------
    >>> same_depth(6, 12, 30), same_depth(11, 12, 30), same_depth(0, 1, 30)
    (16, 29, 0)
    """
    return round(layer / (n_before - 1) * (n_layers - 1)) if n_before > 1 else 0
