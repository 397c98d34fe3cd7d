"""What each column of an exported table means: one table of definitions, for the manifest and docs/methods.md.

    definition_of("auc")

A column of one neuron, such as ``neuron_12``, is defined under the name with ``N`` in the number's place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.report.glossary import GLOSSARY
from core.report.markdown import table

_SIDES = "before or after the nonlinearity, as in other_side"

# Those of the table of neurons first, in its order; then those of words, of a text, and of two texts.
COLUMNS = {
    "layer": "The layer, counted from 0.",
    "neuron": f"The neuron's index in the layer, counted from 0. {GLOSSARY['neuron']}",
    "statistic": "t of the t-tests, z of the Mann–Whitney test; positive where the target is higher.",
    "p_value": "The two-sided p-value, not corrected. One too small for a float is written as text, from log10_p.",
    "p_adjusted": GLOSSARY["p adjusted"],
    "significant": f"True or False. {GLOSSARY['significant']}",
    "mean_difference": GLOSSARY["mean difference"],
    "cohens_d": "Cohen's d, as d_definition says; positive where the target is higher.",
    "auc": GLOSSARY["AUC"],
    "degrees_of_freedom": f"{GLOSSARY['degrees of freedom']} They are inf in the Mann–Whitney test.",
    "log10_p": "The decimal logarithm of p_value, which stays exact where p_value is too small for a float.",
    "log10_p_adjusted": "The decimal logarithm of p_adjusted.",
    "d_definition": f"d_av or d_z. d_av: {GLOSSARY['d_av']} d_z: {GLOSSARY['d_z']}",
    "hedges_g": GLOSSARY["Hedges' g"],
    "hedges_g_low": f"The lower limit of hedges_g. {GLOSSARY['interval']}",
    "hedges_g_high": f"The upper limit of hedges_g. {GLOSSARY['interval']}",
    "auc_low": f"The lower limit of auc. {GLOSSARY['interval']}",
    "auc_high": f"The upper limit of auc. {GLOSSARY['interval']}",
    "other_side": "The side of the nonlinearity that was not tested: pre-activation or activation.",
    "mean_difference_other_side": f"mean_difference of the values {_SIDES}.",
    "auc_other_side": f"auc of the values {_SIDES}.",
    "above_zero_target": f"Of the target, 0 to 1. {GLOSSARY['above zero']}",
    "above_zero_baseline": f"Of the baseline, 0 to 1. {GLOSSARY['above zero']}",
    "silent": f"True or False. {GLOSSARY['silent']}",
    "reverses": f"True or False. {GLOSSARY['reverses']}",
    "shuffled_labels": f"True or False. {GLOSSARY['shuffled labels']}",
    "strong": f"True or False. {GLOSSARY['strong']}",
    "auc_before": "The AUC of the pre-activations, whichever side was tested.",
    "auc_after": "The AUC of the activations, whichever side was tested.",
    "gold_auc": GLOSSARY["gold AUC"],
    "top": GLOSSARY["top"],
    "side": "target or baseline.",
    "class": "What the target or the baseline is called.",
    "rank": "The word's place in its list as used, counted from 1: the most frequent word first.",
    "word": "The word, as the list has it; in CSV after an apostrophe where a spreadsheet would take it for a formula.",
    "lemma": "The word's dictionary form, in CSV as word; empty where none is known.",
    "tokens": "The number of tokens of the word.",
    "position": "The token's place in the text, counted from 0.",
    "token_id": "The token's number in the model's vocabulary.",  # nosec B105
    "token": "The part of the text that is the token; what cannot be seen is a sign or a code.",  # nosec B105
    "kind": "equal, changed, deleted (only in the first text) or inserted (only in the second one).",
    "position_1": "The token's place in the first text, counted from 0; empty if it has none there.",
    "token_1": "The token of the first text, as token.",  # nosec B105
    "position_2": "The token's place in the second text, counted from 0; empty if it has none there.",
    "token_2": "The token of the second text, as token.",  # nosec B105
    "neuron_N": "The value of neuron N at the token, in the units of the hook point.",
    "neuron_N_text_1": "The value of neuron N at the token of the first text.",
    "neuron_N_text_2": "The value of neuron N at the token of the second text.",
    "neuron_N_change": GLOSSARY["change between texts"],
}
# Where docs/methods.md says more: the heading, by the column. All others are under "Exported files".
HEADINGS = {
    "neuron": "Neuron",
    "statistic": "Statistic",
    "p_value": "p",
    "p_adjusted": "p adjusted",
    "significant": "Significant",
    "mean_difference": "Mean difference",
    "cohens_d": "d_av",
    "auc": "AUC",
    "degrees_of_freedom": "Degrees of freedom",
    "log10_p": "log10 p",
    "log10_p_adjusted": "log10 p",
    "d_definition": "d_av",
    "hedges_g": "Hedges' g",
    **dict.fromkeys(("hedges_g_low", "hedges_g_high", "auc_low", "auc_high"), "Interval"),
    **dict.fromkeys(("other_side", "mean_difference_other_side", "auc_other_side"), "Other side"),
    **dict.fromkeys(("above_zero_target", "above_zero_baseline"), "Above zero"),
    "silent": "Silent",
    "reverses": "Reverses",
    "shuffled_labels": "Shuffled labels",
    "strong": "Strong",
    **dict.fromkeys(("auc_before", "auc_after"), "AUC"),
    "gold_auc": "Gold AUC",
    "top": "Top",
    "lemma": "Unit",
    "tokens": "Leading space",
    "neuron_N": "Pre-activation",
    **dict.fromkeys(("kind", "neuron_N_change"), "Change between texts"),
}
ELSE_UNDER = "Exported files"
_OF_A_NEURON = re.compile(r"^neuron_\d+")


def definition_of(column: str) -> str:
    """What a column means, in a sentence or two.

    Raises
    ------
    KeyError
        No table has this column.

    Examples
    --------
    >>> definition_of("tokens"), definition_of("neuron_12")
    ('The number of tokens of the word.', 'The value of neuron N at the token, in the units of the hook point.')
    """
    return COLUMNS[_OF_A_NEURON.sub("neuron_N", column)]


def definitions(columns: Iterable[str]) -> dict[str, str]:
    """The definitions of some columns, by their names, in their order.

    Examples
    --------
    >>> definitions(["position"])
    {'position': "The token's place in the text, counted from 0."}
    """
    return {column: definition_of(column) for column in columns}


def columns_table() -> str:
    """Every column with its definition, as Markdown: for docs/methods.md."""
    return table(("column", "meaning"), ((f"`{column}`", meaning) for column, meaning in COLUMNS.items()))
