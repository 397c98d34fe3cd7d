"""The settings as Markdown, for docs/reference/settings.md: every name of each in one row.

A setting has a label in the sidebar (``ui.labels``), an option of the command line, a parameter of a link, and a field
of JSON files. They are declared where they are used. Here they are put side by side, and whoever forgets one gets an
error.
"""

from __future__ import annotations

import argparse
from dataclasses import MISSING, fields

from core.command_line.options import add_contrast_options
from core.records import ALL_PRESETS, CUSTOM, ContrastSpec
from core.records.link import to_params
from core.records.meanings import MEANINGS, allowed
from core.report.markdown import table
from core.report.selection import percent
from ui.labels import SETTING_LABELS
from ui.link_values import OPTIONS, View

_HEADER = (
    "in the app",
    "command line",
    "link, JSON",
    *(one.label for one in ALL_PRESETS.values()),
    "allowed",
    "meaning",
)
# What a spec has that makes each parameter of a link appear.
_FULL = ContrastSpec(
    target=CUSTOM,
    baseline=CUSTOM,
    target_words=("time", "year"),
    baseline_words=("go", "see"),
    target_name="One",
    baseline_name="Two",
)
_ON_PAGES = {
    "neuron": ("a neuron of the layer", "The selected neuron. Without it: the one with the largest statistic."),
    "pinned": ("up to 6, with commas", "The neurons that stay beside the selected one on all pages."),
    "scale": ("", "Text heatmap: the range of the colours."),
    "by": ("", "Text heatmap: whether each token has its own value, or each word one."),
    "colours": ("", "Text heatmap: the app's colours, or the notebook's Reds and Blues."),
    "threshold": ("", "Text heatmap: the percentage from which on a token is coloured."),
    "both": ("", "Text heatmap: whether a third block shows both neurons in one."),
    "plot": ("", "Neurons: statistic by index, or the volcano."),
    "axis": ("", "Layers: the number of each layer along the charts, or its relative depth."),
    "map": ("", "Layers: every neuron by layer and index, or its statistic against its AUC."),
    "gold": ("", "Evidence: the tagged text, the project's own or a treebank."),
    "tab": ("", "Words: the open tab."),
    "columns": ("", "Words: how many neurons of each sign the image has."),
    "image_words": ("2 to 10,000", "Words: how many words of each class the image has."),
    "read": ("", "Help: the open document."),
    "other": (
        "`b_` and a setting, such as `b_layer=5`; `b_neuron`",
        "Compare: what differs in experiment B, each setting by its name in a link after `b_`. In the settings file: a "
        "list of pairs. B has all other settings of A.",
    ),
    "filter": ("a condition", "Layers: which neurons the finder shows, such as `auc_after >= 0.9 and not reverses`."),
    "sort": (
        "a column, or `-` and a column",
        "Layers: the order of the finder, lowest first, with `-` highest first. Without it: how far the AUC is from "
        "0.5.",
    ),
    "steps": ("up to 24 numbers, with commas", "Layers: the checkpoints that are compared. Without it: about ten."),
    "step": ("a name of a step", "Lesson: the step on the screen. Without it: the first one that is not done."),
    "sample": ("a name of a sample", "Text heatmap: a text of the app's own. Texts that a user types are in no link."),
}


def settings_table() -> str:
    """One row for each field of a spec.

    Raises
    ------
    KeyError
        A field has no label, no meaning, no option or no parameter. The message names it.
    """
    flags, params = _flags(), to_params(_FULL, spelled_out=True)
    rows = []
    for item in fields(ContrastSpec):
        name = item.name
        if name not in params:
            raise KeyError(f"{name} is in no link")
        label = SETTING_LABELS[name] or "–"
        rows.append((label, flags[name], f"`{name}`", *_defaults(name), allowed(name), MEANINGS[name]))
    return table(_HEADER, rows)


def presets_table() -> str:
    """One row for each preset: what it does, how it selects, where it comes from, and what we do otherwise."""
    rows = []
    for one in ALL_PRESETS.values():
        selects = "adjusted p at most alpha"
        if one.top_share is not None:
            selects = f"the {percent(one.top_share)} of the model's neurons with the largest statistic"
        rows.append((f"`{one.name}`", one.about, selects, one.source, one.differs or "–"))
    return table(("preset", "what it does", "what it selects", "from", "what differs from its source"), rows)


def choices_table() -> str:
    """One row for each choice on a page that a link has beside the settings.

    Raises
    ------
    KeyError
        A choice has no meaning here.
    """
    rows = []
    for item in fields(View):
        if item.name != "spec":
            what, meaning = _ON_PAGES[item.name]
            values = what or ", ".join(f"`{value}`" for value in OPTIONS[item.name])
            default = OPTIONS[item.name][0] if item.name in OPTIONS else ""
            rows.append((f"`{item.name}`", default, values, meaning))
    return table(("link, settings file", "default", "allowed", "meaning"), rows)


def _flags() -> dict[str, str]:
    """The option of each field, as one types it. ``--words`` sets both counts."""
    parser = argparse.ArgumentParser(add_help=False)
    add_contrast_options(parser)
    flags = {action.dest: ", ".join(f"`{name}`" for name in action.option_strings) for action in parser._actions}
    for count in ("n_target", "n_baseline"):
        flags[count] += f", {flags['words']}"
    return flags


def _defaults(field: str) -> tuple[str, ...]:
    """The value of each preset; one that no preset sets is the app's and the command line's own."""
    plain = next(item.default for item in fields(ContrastSpec) if item.name == field)
    if plain is MISSING:
        raise KeyError(f"{field} has no default")
    return tuple(_shown(one.settings.get(field, plain)) for one in ALL_PRESETS.values())


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value) if value else ""
