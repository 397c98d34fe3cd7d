"""What each field of a ContrastSpec means, in a sentence, and which values it can have: for docs/reference/settings.md.

MEANINGS["alpha"], allowed("alpha")
"""

from __future__ import annotations

from core.records.names import CUSTOM, MAX_NAME
from core.records.spec import CHOICES, COUNTS, FLAGS, NAMES, SIDES, WORD_SOURCES

MEANINGS = {
    "model": "The language model: the bundled one, an id of the hub (perhaps with @REVISION), or a folder.",
    "layer": "The layer whose neurons are tested, counted from 0, nearest the input, up to the model's last.",
    "target": "The word class for which a positive statistic is higher.",
    "baseline": "The word class that the target is compared with. It must be another one.",
    "n_target": "How many words of the target are used, the most frequent first.",
    "n_baseline": "How many words of the baseline are used. The paired test needs as many as of the target.",
    "word_source": "Where the words come from: the notebook's downloaded lists, the curated ones, or a folder.",
    "hook_side": "Which value of a neuron is tested: that before or that after the nonlinearity.",
    "pooling": "How the values at a word's tokens become one: their mean, or the value at the last token.",
    "leading_space": "Whether a word is read as inside a sentence, after a space, and not as a text alone.",
    "prefix": "Whether the model reads its beginning-of-text token first. This token is not pooled.",
    "drop_shared": "Whether words that are in both lists are left out.",
    "unit": "What counts as one observation: a word, or a lemma (mean over its forms). The paired test needs words.",
    "test": "The test of each neuron.",
    "correction": "The correction for thousands of tests.",
    "family": "The tests that are corrected together: those of this layer, or of all layers.",
    "alpha": "The significance level. A neuron is significant if its adjusted p is at most alpha.",
    "seed": "The seed of max-T's permutations and of shuffled labels.",
    "dtype": "The number format of the model's weights and values. bfloat16 takes half the memory and is less precise.",
    "shuffle_labels": "Whether this is a control: the words of both classes are dealt to two groups at random.",
    "target_words": "Your own words for the target, if it is custom. A lemma may follow a word after a tab.",
    "baseline_words": "Your own words for the baseline, if it is custom.",
    "target_name": "What your own list of the target is called. It changes no number.",
    "baseline_name": "What your own list of the baseline is called. It changes no number.",
}


def allowed(field: str) -> str:
    """The values that a field can have, as ``check_field`` allows them.

    Raises
    ------
    KeyError
        A spec has no such field.

    Examples
    --------
    >>> allowed("dtype"), allowed("seed")
    ('float32, bfloat16', '0 to 4,294,967,295')
    """
    if field in CHOICES:
        return ", ".join(CHOICES[field])
    if field in COUNTS:
        low, high = COUNTS[field]
        return f"{low} to {high:,}"
    if field in FLAGS:
        return "true, false"
    if field in NAMES:
        return f"up to {MAX_NAME} characters"
    return {
        "model": "a name",
        "word_source": f"{', '.join(WORD_SOURCES)}, a folder",
        "alpha": "above 0, below 1",
        **dict.fromkeys(SIDES, f"a word class, such as nouns; {CUSTOM}"),
        **dict.fromkeys(("target_words", "baseline_words"), f"words, if the class is {CUSTOM}"),
    }[field]
