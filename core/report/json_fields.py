"""What each field of the exported JSON files means, and where docs/methods.md says more: for docs/reference/numbers.md.

    SUMMARY["strong"]    # ("How many significant neurons ...", "Strong")

A name with dots is a path: ``versions.python`` is ``python`` in the object ``versions``. The fields of a spec are on
the page of settings, and the columns of tables in ``core.report.columns``. Those of evidence files are in
``core.evidence.figures``.
"""

from __future__ import annotations

from core.records import SIDES
from core.report.columns import COLUMNS, HEADINGS

Field = tuple[str, str]  # what it means, and the heading of docs/methods.md, or ""

MODEL: dict[str, Field] = {
    "name": ("The model's name, as it was asked for.", ""),
    "revision": ("The commit of the hub, or the beginning of the SHA-256 of a folder's weights.", ""),
    "architecture": ("The family: model_type of the model's config.json.", ""),
    "n_layers": ("How many layers it has.", ""),
    "d_mlp": ("How many neurons a layer has.", "Neuron"),
    "n_parameters": ("How many parameters it has.", ""),
    "context": ("The longest text in tokens that one pass reads.", ""),
    "device": ("Where it ran: cpu or cuda.", ""),
    "processor": ("The processor that it ran on.", ""),
    "dtype": ("The number format of its weights and values.", ""),
    "hook_paths": ("The modules at which both sides are read, with {} for the layer.", "Pre-activation"),
    "base_path": ("Where the base model, from which these paths go, is within the whole model.", "Pre-activation"),
    "start_token": ("The token that the prefix puts before words and texts.", "Prefix"),
    "start_token_is_end_of_text": ("Whether this is its end-of-text token, for want of another.", "Prefix"),
    "notes": ("What a reader should know about the model, such as bfloat16.", ""),
}
VERSIONS: dict[str, Field] = {
    "grammar_neurons": ("The version of this app.", ""),
    "python": ("The version of Python.", ""),
    **{name: (f"The version of {name}.", "") for name in ("numpy", "scipy", "torch", "transformers")},
}
# Of the neurons with the largest and the smallest statistic.
NEURON: dict[str, Field] = {
    **{name: (COLUMNS[name], HEADINGS[name]) for name in COLUMNS if name in HEADINGS and name in {
        "neuron", "statistic", "degrees_of_freedom", "p_value", "log10_p", "p_adjusted", "log10_p_adjusted",
        "mean_difference", "cohens_d", "hedges_g", "auc", "above_zero_target", "above_zero_baseline",
    }},
    "hedges_g_95": ("The lower and the upper limit of hedges_g.", "Interval"),
    "auc_95": ("The lower and the upper limit of auc.", "Interval"),
    "other_side": ("The same neuron on the side that was not tested.", "Other side"),
    "other_side.side": ("Which side that is.", "Other side"),
    "other_side.mean_difference": ("mean_difference there.", "Mean difference"),
    "other_side.auc": ("auc there.", "AUC"),
    "marks": ("The marks of the neuron: silent, reverses, or none.", "Silent"),
}  # fmt: skip
_CONTRAST: dict[str, Field] = {
    "contrast": (
        "The name of the contrast, whichever class is the target; null for another pair.",
        "Contrast",
    ),
    "confounds": ("What else differs between the classes, or a question; null if labels are shuffled.", "Contrast"),
}
SUMMARY: dict[str, Field] = {
    "spec": ("All settings: docs/reference/settings.md.", ""),
    "control": ("A sentence, if the labels are shuffled; else null.", "Shuffled labels"),
    "model": ("The model: the fields below.", ""),
    "versions": ("The versions: the fields below.", ""),
    **_CONTRAST,
    **{f"{side}_source": (f"Where the {side}'s words come from.", "Word lists") for side in SIDES},
    **{f"{side}_words": (f"The words of the {side} that were used.", "Word lists") for side in SIDES},
    **{f"n_{side}_words": ("How many these are.", "Word lists") for side in SIDES},
    **{f"n_{side}_lemmas": ("How many lemmas they have; 0 if not known.", "Unit") for side in SIDES},
    "unit": ("What was compared: words or lemmas.", "Unit"),
    **{f"n_{side}_units": (f"n of the {side}: its words or lemmas.", "Unit") for side in SIDES},
    "neurons": ("How many neurons the layer has.", "Neuron"),
    "family": ("The tests that were corrected together.", "Family"),
    "family_size": ("How many tests these are.", "Family"),
    "statistic_name": ("t or z.", "Statistic"),
    "critical_statistic": ("The absolute statistic at which the correction draws its line.", "Critical line"),
    "d_definition": (COLUMNS["d_definition"], HEADINGS["d_definition"]),
    "null_95": ("The 95% quantile of the largest absolute statistic under permutation; else null.", "Null 95"),
    "permutations": ("How many permutations max-T has made; else null.", "Max-T"),
    "seed": ("Their seed, or that of shuffled labels; null if nothing was random.", "Max-T"),
    "significant_higher_for_target": ("How many significant neurons are higher for the target.", "Significant"),
    "significant_higher_for_baseline": ("How many are higher for the baseline.", "Significant"),
    "strong_auc": ("The AUC from which a significant neuron is strong.", "Strong"),
    "strong": ("How many are.", "Strong"),
    "strong_on_both_sides": (
        "How many of these are so on the other side too, in the same direction.",
        "Other side",
    ),
    "strong_reversed": ("How many of these are reversed there.", "Reverses"),
    "significant_and_silent": ("How many significant neurons are silent.", "Silent"),
    "significant_and_reverses": ("How many significant neurons reverse.", "Reverses"),
    "top_share": ("The share of the model that is selected by the statistic alone; null if p selects.", "Top share"),
    "top": ("Which neurons of the layer are in it; else null.", "Top share"),
    "largest": ("The neuron with the largest statistic: the fields below.", "Statistic"),
    "smallest": ("The neuron with the smallest statistic: the fields below.", "Statistic"),
    "cautions": ("Warnings about p-values that are too low.", "Caution"),
    "cautions[].sentence": ("The warning.", "Caution"),
    "cautions[].remedies": ("Changes of the settings that would help.", "Caution"),
    "cautions[].remedies[].label": ("What the button says.", "Caution"),
    "cautions[].remedies[].changes": ("The fields of the spec to change, with their new values.", "Caution"),
    "notes": ("What a reader should know, such as words that were dropped.", ""),
}
_LIST = "lists.target, lists.baseline"
MANIFEST: dict[str, Field] = {
    "format": ("The version of this layout.", ""),
    "digest": ("SHA-256 of the settings. Names of files end with its first digits.", ""),
    "model": ("As in the summary.", ""),
    **_CONTRAST,
    "lists": ("Both lists as they were used.", "Word lists"),
    "lists.hash": ("How the hashes below are made.", ""),
    "lists.target": ("The target's list: the fields below.", "Word lists"),
    "lists.baseline": ("The baseline's list: the fields below.", "Word lists"),
    f"{_LIST}: name": ("What the list is called.", ""),
    f"{_LIST}: source": ("Where it comes from.", ""),
    f"{_LIST}: n_words": ("How many words were used.", "Word lists"),
    f"{_LIST}: sha256": ("The hash of the words.", ""),
    f"{_LIST}: lemmas_sha256": ("That of their lemmas, where the unit is the lemma; else null.", "Unit"),
    "settings": ("All settings, as spec in the summary.", ""),
    "texts": ("Each text that was shown. The text itself is not in the file.", ""),
    "texts[].characters": ("Its length.", ""),
    "texts[].sha256": ("Its hash.", ""),
    "neurons": ("The neurons in colour there.", "Colour scale"),
    "versions": ("As in the summary.", ""),
    "tables": (
        "The definition of each column, by the table: neurons, words, text, two texts, two experiments.",
        "Exported files",
    ),
    "notes": ("As in the summary.", ""),
    "cautions": ("The sentences of the cautions.", "Caution"),
}
# Of the registrations of the Preregister page. All numbers are for the class that was registered as higher.
_ONE, _LOCKED, _OPENED = "registrations[].", "registrations[].registered.", "registrations[].opened."
_AUCS: dict[str, Field] = {
    "n_higher": ("How many units (in text, words) of the class that was registered as higher.", "Registration"),
    "n_lower": ("How many of the other class.", "Registration"),
    "auc": ("The AUC for the class that was registered as higher.", "AUC"),
    "auc_low": ("The lower limit of its 95% interval.", "Interval"),
    "auc_high": ("The upper limit.", "Interval"),
}
REGISTRATIONS: dict[str, Field] = {
    "format": ("grammar-neurons-registrations.", ""),
    "version": ("The version of this layout.", ""),
    "saved_at": ("When the file was saved: ISO 8601, UTC.", ""),
    "app_version": ("The version of the app that saved it.", ""),
    "rules": ("When a verdict is which: the sentences below.", "Registration"),
    "rules.held_out": ("Of the planned test on the held-out words.", "Registration"),
    "rules.gold_text": ("Of the tagged text.", "Registration"),
    "registrations": ("Each registration, the newest first.", "Registration"),
    f"{_ONE}digest": ("SHA-256 of registered, as it was locked.", "Registration"),
    f"{_ONE}intact": ("Whether registered still has this digest.", "Registration"),
    f"{_ONE}registered": ("What was locked: the fields below.", "Registration"),
    f"{_LOCKED}hypothesis": ("The student's own words.", ""),
    f"{_LOCKED}neuron": ("The neuron's index in the layer, counted from 0.", "Neuron"),
    f"{_LOCKED}higher_for": ("target or baseline: for which the neuron is to be higher.", "Registration"),
    f"{_LOCKED}planned_test": ("The one test of the held-out words.", "Registration"),
    f"{_LOCKED}planned_alpha": ("Its α.", "Registration"),
    f"{_LOCKED}smallest_auc": ("The smallest effect that would count.", "Smallest effect"),
    f"{_LOCKED}locked_at": ("When it was locked: ISO 8601, UTC.", ""),
    f"{_LOCKED}locked_at_local": ("The same moment with the offset of the browser's time zone.", ""),
    f"{_LOCKED}model_revision": ("The model's revision, as in the summary.", ""),
    f"{_LOCKED}app_version": ("The version of the app.", ""),
    f"{_LOCKED}seen": ("Of held_out, gold_text, more_words, opened: what was seen before.", "Registration"),
    f"{_LOCKED}settings": ("All settings that the neuron was chosen with, without lists of one's own.", ""),
    f"{_ONE}correction": ("none: one test was planned.", "Registration"),
    f"{_ONE}opened": ("The one opening: the fields below; null before it.", "Registration"),
    f"{_OPENED}opened_at": ("When it was opened: ISO 8601, UTC.", ""),
    f"{_OPENED}opened_at_local": ("The same moment with the offset of the browser's time zone.", ""),
    f"{_OPENED}app_version": ("The version of the app by then.", ""),
    f"{_OPENED}model_revision": ("The model's revision by then.", ""),
    f"{_OPENED}held_out": ("The planned test: the fields below; null if there was none.", "Held-out words"),
    **{f"{_OPENED}held_out.{name}": about for name, about in _AUCS.items()},
    f"{_OPENED}held_out.statistic": ("Positive if the registered class is higher.", "Statistic"),
    f"{_OPENED}held_out.degrees_of_freedom": ("Null where they are infinite.", "Degrees of freedom"),
    f"{_OPENED}held_out.p_value": ("Of this one two-sided test; null if too small for a float.", "Registration"),
    f"{_OPENED}held_out.log10_p": ("Its decimal logarithm.", "log10 p"),
    f"{_OPENED}held_out.hedges_g": ("Positive if the registered class is higher; null if not known.", "Hedges' g"),
    f"{_OPENED}held_out.words_sha256": (
        "SHA-256 of the held-out words, each with a line feed, the target's first.",
        "",
    ),
    f"{_OPENED}gold_text": ("The tagged text: the fields below; null if it has none of the classes.", "gold_text"),
    **{f"{_OPENED}gold_text.{name}": about for name, about in _AUCS.items()},
    f"{_OPENED}gold_text.n_sentences": ("How many sentences have such words.", "gold_text"),
    f"{_OPENED}gold_text.text_sha256": ("SHA-256 of the text and its tags.", ""),
    f"{_OPENED}missing": ("By held_out or gold_text: why it could not be opened.", ""),
    f"{_ONE}verdicts": ("By held_out or gold_text: holds, does not hold, or unclear.", "Registration"),
    f"{_ONE}changed_after_the_lock": ("What was on the pages otherwise when the file was saved.", "Registration"),
    f"{_ONE}changed_after_the_lock[].setting": ("The setting.", ""),
    f"{_ONE}changed_after_the_lock[].registered": ("Its value in the registration.", ""),
    f"{_ONE}changed_after_the_lock[].reported": ("Its value when the file was saved.", ""),
}
# Of the comparison of two experiments.
_SET = {
    "both": ("How many neurons are in both sets.", "Jaccard"),
    "only_a": ("How many only in A's.", "Jaccard"),
    "only_b": ("How many only in B's.", "Jaccard"),
    "neither": ("How many in neither.", "Jaccard"),
    "jaccard": ("The Jaccard index; null if no neuron is in either.", "Jaccard"),
}
_EXPERIMENT, _AGREEMENT, _EXTREMES = "a, b: ", "agreement.", "agreement.extremes[]."
COMPARISON: dict[str, Field] = {
    "format": ("The version of this layout.", ""),
    "a": ("Experiment A: the fields below.", ""),
    "b": ("Experiment B: the fields below.", ""),
    f"{_EXPERIMENT}spec": ("All settings: docs/reference/settings.md.", ""),
    f"{_EXPERIMENT}model": ("As in the summary.", ""),
    **{f"{_EXPERIMENT}n_{side}_units": (f"n of the {side}: its words or lemmas.", "Unit") for side in SIDES},
    f"{_EXPERIMENT}d_definition": (COLUMNS["d_definition"], HEADINGS["d_definition"]),
    f"{_EXPERIMENT}neurons": ("How many neurons the layer has.", "Neuron"),
    **{
        f"{_EXPERIMENT}{kind}_higher_for_{side}": (f"How many {kind} neurons are higher for the {side}.", heading)
        for kind, heading in (("significant", "Significant"), ("strong", "Strong"))
        for side in SIDES
    },
    "same_neurons": ("Whether neuron i of A is neuron i of B.", "Same neurons"),
    "why": ("Why, in a sentence.", "Same neurons"),
    "agreement": ("How far they agree: the fields below; null if the neurons are not the same.", "Same neurons"),
    f"{_AGREEMENT}compared": ("How many neurons both have tested.", "Same neurons"),
    f"{_AGREEMENT}left_out": ("How many at least one of the two has not.", "Same neurons"),
    f"{_AGREEMENT}pearson": ("Pearson's correlation of the statistics, or null.", "Correlation"),
    f"{_AGREEMENT}spearman": ("Spearman's, or null.", "Rank correlation"),
    f"{_AGREEMENT}significant": ("How the significant neurons overlap.", "Jaccard"),
    f"{_AGREEMENT}strong": ("How the strong neurons overlap.", "Jaccard"),
    f"{_AGREEMENT}selected": ("The same of what the two protocols select; null if both go by p.", "Top share"),
    **{f"{_AGREEMENT}significant, strong, selected: {name}": about for name, about in _SET.items()},
    f"{_AGREEMENT}changed_sides": ("The neurons that change sides.", "Changes sides"),
    f"{_AGREEMENT}strong_changed_sides": ("How many of these are strong in both.", "Changes sides"),
    f"{_AGREEMENT}extremes": ("The extreme neurons of each in both: the fields below.", "Changes sides"),
    f"{_EXTREMES}of": ("Whose extreme it is: A or B.", ""),
    f"{_EXTREMES}end": ("largest or smallest.", ""),
    f"{_EXTREMES}neuron": ("Its index.", "Neuron"),
    f"{_EXTREMES}statistic": ("Its statistic in A and in B; null if not tested.", "Statistic"),
    f"{_EXTREMES}auc": ("Its AUC in A and in B.", "AUC"),
    f"{_EXTREMES}log10_p_adjusted": ("The decimal logarithm of its adjusted p in A and in B.", "log10 p"),
    f"{_EXTREMES}ranks": ("Its place by the statistic in A and in B, 1 for the most extreme.", "Changes sides"),
    "versions": ("As in the summary.", ""),
}
