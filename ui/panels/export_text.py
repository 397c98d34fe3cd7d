"""The coloured text as a page of its own, as the reader has chosen to see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.records import ContrastResult, TokenActivations
from core.report.caption import caption
from core.report.sentences import after_start, class_names
from core.report.text_page import TextBlock, text_page
from core.stats.correction import LABELS
from ui.labels import model_label
from ui.panels.text_blocks import Shown, blocks_of
from ui.token_heatmap import BASELINE, BOTH, HeatmapBlock
from ui.token_heatmap.blocks import notes_on


def page_of(result: ContrastResult, found: TokenActivations, neurons: Sequence[int], display: Mapping[str, Any]) -> str:
    """The page, as HTML; ``display`` has a value for each of ``ui.defaults.DISPLAY``."""
    shown = blocks_of(result, found, neurons)
    blocks = [_block(shown, block, display) for block in shown.blocks if block.role != BOTH or display["both"] == "on"]
    read = (f"The text was read{after_start(result.model, True)}.",) if result.spec.prefix else ()
    title = f"Coloured text: {' and '.join(class_names(result.spec))}"
    lines = (*caption(result, LABELS[result.spec.correction], model_label(result.spec.model)), *read, *found.notes)
    return text_page(found.pieces, found.parts, blocks, title=title, lines=lines)


def _block(shown: Shown, block: HeatmapBlock, display: Mapping[str, Any]) -> TextBlock:
    values, scales = block.values, block.scales
    unit, n = "token", len(values)
    if display["by"] == "word" and block.word_values is not None and block.word_scales is not None:
        # [n_groups] -> [n_tokens]: each token has the value of its word
        groups = np.searchsorted(shown.word_starts, np.arange(len(values)), side="right") - 1
        values, scales, unit, n = block.word_values[groups], block.word_scales, "word", len(block.word_values)
    name = display["scale"]
    return TextBlock(
        block.title,
        block.subtitle,
        values,
        scales[name],
        palette="blues" if block.role == BASELINE else "reds" if display["colours"] == "notebook" else "oranges",
        below="blues" if block.role == BOTH else "greys",
        threshold=int(display["threshold"]) / 100,
        ends=block.ends.get(name, ""),
        notes=tuple(notes_on(name, scales[name], unit, n)),
    )
