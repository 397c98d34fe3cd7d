"""The index of all numbers as Markdown, with links to their definitions: for docs/reference/numbers.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.report.agreement import NEURON_PAIR_COLUMNS, QUANTILE_COLUMNS
from core.report.board import BOARD_COLUMNS
from core.report.columns import COLUMNS, ELSE_UNDER, HEADINGS
from core.report.emergence import CHECKPOINT_COLUMNS
from core.report.glossary import GLOSSARY
from core.report.json_fields import COMPARISON, MANIFEST, MODEL, NEURON, REGISTRATIONS, SUMMARY, VERSIONS, Field
from core.report.layer_table import LAYER_COLUMNS
from core.report.manifest import PAIR_COLUMNS, TEXT_COLUMNS
from core.report.markdown import anchor, table
from core.report.neuron_table import NEURON_COLUMNS
from core.report.protocols import OVERLAP_COLUMNS, PROTOCOL_COLUMNS
from core.report.replication import SEAT_COLUMNS
from core.report.tables import CONTRAST_COLUMNS, WORD_COLUMNS

_METHODS = "../methods.md"
# What pages show beside the terms of the glossary, by the headings of docs/methods.md.
_MORE = {
    "Null 95": "The 95% quantile of the largest absolute statistic under permutation, with max-T: a line in the plot.",
    "Critical line": "The absolute statistic at which the correction draws its limit. Colours follow each adjusted p.",
    "Other side": "AUC and mean difference on the side of the nonlinearity that was not tested.",
    "Caution": "A warning that p-values are too low for these settings, with a measured rate.",
    "Layer bars": "How many neurons of each layer are significantly higher for each class, and how many are strong.",
    "Strongest effect": "The largest and the smallest AUC and Hedges' g of any neuron of each layer.",
    "Distribution of the statistic": "Quantiles of the statistic over the neurons of each layer, and its two extremes.",
    "Extremes in tagged sentences": "The AUC of each layer's two extreme neurons on words that people have tagged.",
    "The extremes of each": "The neurons with the largest and the smallest statistic of A and of B, in both.",
    "Every layer of both": "The share of strong neurons and the largest |g| of each layer of A and of B.",
    "Both neurons in one": "The values of both neurons on one scale: 1 as the target's words, −1 as the baseline's.",
    "Token panel": "The share of the text's tokens, and of the words of the lists, with a lower value than this token.",
    "Highest and lowest tokens": "The ten tokens of the text with the highest values of a neuron, and the ten lowest.",
    "How numbers are written": "How many digits a number has on pages, by its kind.",
}


def figures_on_pages() -> str:
    """The terms that pages explain, each with its sentence and a link."""
    return table(
        ("on pages", "meaning", "more"), ((term, meaning, _link(term)) for term, meaning in (GLOSSARY | _MORE).items())
    )


def columns_of_tables() -> str:
    """The columns of every table that can be saved, a table each."""
    tables: dict[str, Sequence[str]] = {
        "Neurons": CONTRAST_COLUMNS,
        "Neurons of every layer": NEURON_COLUMNS,
        "Words": WORD_COLUMNS,
        "Tokens of a text": TEXT_COLUMNS,
        "Two texts": PAIR_COLUMNS,
        "Two experiments, neuron by neuron": NEURON_PAIR_COLUMNS,
        "Two experiments, by quantiles": QUANTILE_COLUMNS,
        "Layers": LAYER_COLUMNS,
        "Seats of a class": SEAT_COLUMNS,
        "Protocols": PROTOCOL_COLUMNS,
        "Overlaps of protocols": OVERLAP_COLUMNS,
        "Checkpoints": CHECKPOINT_COLUMNS,
        "The board of a class": BOARD_COLUMNS,
    }
    parts = []
    for title, columns in tables.items():
        rows = ((f"`{name}`", COLUMNS[name], _link(HEADINGS.get(name, ELSE_UNDER))) for name in columns)
        parts += [f"### {title}", table(("column", "meaning", "more"), rows)]
    return "\n\n".join(parts)


def summary_fields() -> str:
    """The fields of the summary, and those of its objects."""
    return "\n\n".join(
        [
            _fields(SUMMARY),
            "In `largest` and `smallest`:",
            _fields(NEURON),
            "In `model`:",
            _fields(MODEL),
            "In `versions`:",
            _fields(VERSIONS),
        ]
    )


def manifest_fields() -> str:
    """The fields of the manifest."""
    return _fields(MANIFEST)


def comparison_fields() -> str:
    """The fields of a comparison of two experiments."""
    return _fields(COMPARISON)


def registration_fields() -> str:
    """The fields of the registrations of the Preregister page."""
    return _fields(REGISTRATIONS)


def _fields(fields: Mapping[str, Field]) -> str:
    rows: Iterable[tuple[str, str, str]] = (
        (f"`{name}`", meaning, _link(heading)) for name, (meaning, heading) in fields.items()
    )
    return table(("field", "meaning", "more"), rows)


def _link(heading: str) -> str:
    return f"[{heading}]({_METHODS}#{anchor(heading)})" if heading else ""
