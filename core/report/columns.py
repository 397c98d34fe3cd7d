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
_ANY = "whether that neuron is significant or not."
_TAGGED = (
    "of the target over the baseline, on the words of the project's tagged sentences; at the chosen side only, and "
    "empty for classes that no tag stands for."
)
_SHARES = (5, 25, 50, 75, 95)

# The table of neurons first, in its order; then words, texts, two texts, two experiments, layers, checkpoints.
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
    **{
        f"{name}_{which}": f"{name} in experiment {which.upper()}."
        for name in ("statistic", "p_adjusted", "log10_p_adjusted", "significant", "strong", "auc", "hedges_g")
        for which in ("a", "b")
    },
    **{
        f"shuffled_labels_{which}": f"True or False. Experiment {which.upper()} is a control, as shuffled_labels."
        for which in ("a", "b")
    },
    "changes_sides": f"True or False. {GLOSSARY['changes sides']}",
    "quantile": f"The share of neurons below, 0 to 1. {GLOSSARY['quantiles']}",
    "relative_depth": GLOSSARY["relative depth"],
    "hook_side": "The side of the nonlinearity that the row is about: pre-activation or activation.",
    "chosen_side": "True on the side that the experiment tests. The other side is tested too, and corrected by itself.",
    "neurons_tested": "How many neurons of the layer vary, so that they could be tested.",
    "higher_significant": "How many neurons are significantly higher for the target.",
    "higher_strong": "How many of these are strong: AUC at least 0.90.",
    "lower_significant": "How many neurons are significantly higher for the baseline.",
    "lower_strong": "How many of these are strong: AUC at most 0.10.",
    "auc_highest": f"The highest auc of the layer, {_ANY}",
    "auc_highest_neuron": "The neuron that has it.",
    "auc_lowest": f"The lowest auc of the layer, {_ANY}",
    "auc_lowest_neuron": "The neuron that has it.",
    "g_largest": f"The largest hedges_g of the layer, {_ANY}",
    "g_largest_neuron": "The neuron that has it.",
    "g_smallest": f"The smallest hedges_g of the layer, {_ANY}",
    "g_smallest_neuron": "The neuron that has it.",
    "statistic_smallest": "The smallest statistic of the layer.",
    **{f"statistic_{share}": f"The {share}% quantile of the statistic over the layer's neurons." for share in _SHARES},
    "statistic_largest": "The largest statistic of the layer.",
    "protocol": "The name of a preset, whose protocol it is.",
    "unit": GLOSSARY["unit"],
    "test": "The test of the protocol.",
    "correction": "Its correction.",
    "family": "The tests that are corrected together: model or layer.",
    "alpha": "A neuron is selected if its adjusted p is at most this; without meaning where top_share is not empty.",
    "top_share": "The share of the model's neurons that the protocol selects, 0 to 1; empty where p selects.",
    "target_units": "How many units of the target the protocol compares.",
    "baseline_units": "How many units of the baseline.",
    "selected": "How many neurons of the layer the protocol selects, by p or by the top share.",
    "selected_strong": "How many of these are strong: AUC at least 0.90 or at most 0.10, of the values compared.",
    "other_protocol": "The preset whose protocol is compared with it.",
    "place": "The number of a layer, or model for all layers together.",
    "both": "How many neurons both protocols select, in whichever direction.",
    "only_first": "How many only protocol selects.",
    "only_other": "How many only other_protocol selects.",
    "neither": "How many neither of the two selects.",
    "jaccard": "The share of those that either selects that both select; empty if neither selects any.",
    "smallest_neuron": "The neuron with the smallest statistic.",
    "largest_neuron": "The neuron with the largest statistic.",
    "auc_of_smallest": "The auc of smallest_neuron, on the words of the lists.",
    "auc_of_largest": "The auc of largest_neuron, on the words of the lists.",
    "text_auc_of_smallest": f"The AUC of smallest_neuron, {_TAGGED}",
    "text_auc_of_largest": f"The AUC of largest_neuron, {_TAGGED}",
    "step": "How far the training of the checkpoint was: a number of what step_unit says.",
    "step_unit": "What step counts: step, token, or epoch.",
    "checkpoint": "The name of the checkpoint's model.",
    "revision": "The revision that was read: a commit, or a digest of the weights.",
    "normal_low": "The lower limit of hedges_g by the normal distribution, as effects are pooled.",
    "normal_high": "The upper limit of hedges_g by the normal distribution.",
    "auc_shuffled": "The largest AUC of any neuron of the layer, for either group, with the labels shuffled once; "
    "empty of too few words.",
    "class_digest": "Stands for the class: a digest of its code, with a key of the board's own database.",
    "study": "Stands for what was measured: a digest of the settings without the words, and the neuron.",
    "seat": "The student's seat number in the class.",
    "variance": "The sampling variance of hedges_g.",
    "target_words": "How many words of the target the seat has measured.",
    "baseline_words": "How many words of the baseline.",
    "posted": "When the board got the effect, in UTC.",
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
    **dict.fromkeys(("seat", "target_words", "baseline_words"), "The words of a seat"),
    **dict.fromkeys(("normal_low", "normal_high", "variance"), "The effect of a seat"),
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
    **{
        f"{name}_{which}": heading
        for name, heading in (
            ("statistic", "Statistic"),
            ("p_adjusted", "p adjusted"),
            ("log10_p_adjusted", "log10 p"),
            ("significant", "Significant"),
            ("strong", "Strong"),
            ("auc", "AUC"),
            ("hedges_g", "Hedges' g"),
        )
        for which in ("a", "b")
    },
    **dict.fromkeys(("shuffled_labels_a", "shuffled_labels_b"), "Shuffled labels"),
    "changes_sides": "Changes sides",
    "quantile": "Quantiles",
    "relative_depth": "Relative depth",
    "hook_side": "Other side",
    "chosen_side": "Other side",
    **dict.fromkeys(
        ("higher_significant", "higher_strong", "lower_significant", "lower_strong", "neurons_tested"), "Layer bars"
    ),
    **{
        f"{number}{neuron}": "Strongest effect"
        for number in ("auc_highest", "auc_lowest", "g_largest", "g_smallest")
        for neuron in ("", "_neuron")
    },
    **dict.fromkeys(
        ("statistic_smallest", *(f"statistic_{share}" for share in _SHARES), "statistic_largest"),
        "Distribution of the statistic",
    ),
    **{
        f"{number}{extreme}": "Extremes in tagged sentences"
        for number in ("auc_of_", "text_auc_of_")
        for extreme in ("smallest", "largest")
    },
    **dict.fromkeys(("smallest_neuron", "largest_neuron"), "Distribution of the statistic"),
    **dict.fromkeys(("step", "step_unit", "checkpoint", "revision", "auc_shuffled"), "Checkpoints"),
    **dict.fromkeys(("unit", "target_units", "baseline_units"), "Unit"),
    **dict.fromkeys(("top_share", "selected"), "Top share"),
    "selected_strong": "Strong",
    **dict.fromkeys(
        ("protocol", "other_protocol", "place", "both", "only_first", "only_other", "neither"),
        "The same data by several protocols",
    ),
    "jaccard": "Jaccard",
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
