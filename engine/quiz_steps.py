"""The step of the quiz: the neurons of a layer at the word of each minimal pair.

The texts of the blind quiz are read by ``engine.steps.text``, as any text.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from core.activations import ambiguous_activations
from core.progress import Progress
from core.words import minimal_pairs
from engine.admission import admitted
from engine.pipeline import Request, step
from engine.sizes import reading_of_phrases
from engine.steps import model
from engine.turns import gate_of


def _pairs_key(request: Request, need: Any) -> Hashable:
    spec = request.spec
    return spec.model, spec.dtype, spec.layer, spec.hook_side, spec.prefix, spec.tested_by.absolute


@step(
    _pairs_key,
    key_text="model, number format, layer, hook side, beginning-of-text token, whether absolute values are compared",
    needs=(model,),
    entries=64,
    share=0.02,
)
def phrases(request: Request, need: Any, progress: Progress) -> np.ndarray:
    """Every neuron of the spec's layer at the word of each minimal pair, as a noun and as a verb."""
    spec, pairs, lm = request.spec, minimal_pairs(), need(model)
    with admitted(reading_of_phrases(lm, 2 * len(pairs)), progress):
        gate = gate_of(spec.model, "text", progress)
        how: dict[str, Any] = {"side": spec.hook_side, "prefix": spec.prefix, "progress": progress, "gate": gate}
        read = ambiguous_activations(lm, pairs, [spec.layer], **how)
    # [1, n_pairs, 2, d_mlp] -> [n_pairs, 2, d_mlp]
    return spec.tested_by.compared(read[0])
