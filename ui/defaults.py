"""What pages open with, and what they offer: presets, the default experiment, other options."""

from __future__ import annotations

from typing import Any

from core.records import CAREFUL, NOTEBOOK, ContrastSpec
from engine.limits import limits
from engine.steps import layers_of

PRESETS = {"Notebook": NOTEBOOK, "Careful": CAREFUL}
# Layer 3: both of its extreme neurons hold up best in running text (see the bundled model's card).
DEFAULT = ContrastSpec.careful(model="bundled", layer=3)
SCALES = ("text", "zero", "words")
MAX_NEURONS = 6
ALPHAS = (0.0001, 0.5)  # the range of the widget; a spec allows more
# Folders of lists are only for the command line: a visitor must not choose which files the server reads.
WORD_SOURCES = ("notebook", "bundled")


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


def preset(name: str) -> dict[str, Any]:
    """The settings of a preset, with the numbers of words reduced to this server's limit."""
    most = limits().max_words
    return {key: min(value, most) if key.startswith("n_") else value for key, value in PRESETS[name].items()}


def matching_preset(spec: ContrastSpec) -> str | None:
    """The name of the preset that the spec matches; None if there is none."""
    for name in PRESETS:
        if all(getattr(spec, key) == value for key, value in preset(name).items()):
            return name
    return None
