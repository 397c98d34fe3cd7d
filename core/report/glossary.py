"""What every term and number on pages means, in one sentence each. docs/methods.md says more.

    GLOSSARY["AUC"]

Names of tests and sides for readers are here too. Names of corrections are in ``core.stats.correction.LABELS``.
"""

from __future__ import annotations

from core.records import ALL_TESTS

TEST_NAMES = {name: one.label for name, one in ALL_TESTS.items()}
# Where a side of the nonlinearity is.
SIDE_WORDS = {"pre-activation": "before", "activation": "after"}

GLOSSARY = {
    "token": "A piece of text that the model reads as one unit: a word, a part of one, or a sign.",  # nosec B105 # no password
    "MLP": "The part of a layer that makes its input wider, puts each number through the nonlinearity, and makes the "
    "result narrow again.",
    "neuron": "One coordinate of the hidden space of a layer's MLP.",
    "hook": "A function that PyTorch calls each time a module has run: it can copy, or change, what went in and out.",
    "c_fc": "GPT-Neo's name for the module that makes the input of an MLP wider: its output is the pre-activation of "
    "every neuron.",
    "nonlinearity": "The function between the two sides of a neuron, such as GELU: it passes high values on, and "
    "makes values below zero small.",
    "pre-activation": "The value of a neuron before the nonlinearity; in a gated model, the gate's.",
    "activation": "The value after the nonlinearity, which is what the neuron passes on; in a gated model, the gated "
    "product.",
    "above zero": "The share of words whose pre-activation is above zero: below zero, the nonlinearity passes on "
    "little or nothing.",
    "silent": "The pre-activation is above zero on under 5% of the words of each class, so the neuron passes on "
    "little or nothing for these words.",
    "reverses": "On the other side of the nonlinearity, both the mean and the AUC are higher for the other class.",
    "unit": "What counts as one observation: a word, or a lemma (walk: walks, walked), whose value is the mean over "
    "its forms.",
    **{test.letter: test.letter_means for test in ALL_TESTS.values()},
    "p": "How often so large a statistic would come about if the two classes did not differ and all else that the test "
    "assumes were true.",
    "alpha": "The limit that is chosen before the test: what has a p of at most alpha is called significant.",
    "Bonferroni": "A correction for many tests: each p is multiplied by the number of tests, so that the chance of "
    "even one false finding is at most alpha.",
    "degrees of freedom": "How much information on the variance is in the data: the fewer, the larger a t must be.",
    "p adjusted": "The p-value after the correction for all tests of the family; the neuron is significant if it is at "
    "most alpha.",
    "log10 p": "The decimal logarithm of p: −50 means that p is 10 to the power of −50.",
    "family": "The tests that are corrected together: those of this layer, or of all layers.",
    "max-T": "A correction by random permutations of the classes: they show how large the largest statistic of the "
    "family becomes by chance.",
    "shuffled labels": "A control: the words of both classes are dealt to two groups at random, all forms of a lemma "
    "to the same one, so whatever is found between the groups is chance.",
    "volcano": "The effect size of each neuron against its p: far to the side is a large difference, high up one that "
    "chance hardly ever makes.",
    "map of all neurons": "Every neuron of every layer as a point: by its layer and index, with its statistic as its "
    "place in the layer's band, or by its AUC and its statistic.",
    "effect size": "How large a difference is, whatever the number of words: the AUC, or Hedges' g.",
    "mean difference": "The target's mean minus the baseline's, in the units of the hook point.",
    "d_av": "Cohen's d of two groups: the difference in mean, in standard deviations of the units.",
    "d_z": "Cohen's d of pairs: the mean of their differences, in standard deviations of these differences.",
    "Hedges' g": "The difference in mean in standard deviations (Cohen's d), without its bias in small samples.",
    "AUC": "The probability that a random target unit is above a random baseline unit: 0.5 does not tell the classes "
    "apart, 1 or 0 does without error.",
    "text score": "The AUC of a neuron for its own class in one text: by the tags of the words, or by the word lists, "
    "which is no evidence of parts of speech.",
    "stands out": "How far a neuron's value at this token is from its mean over the text's other tokens, in their "
    "standard deviations: raw values of different neurons have different scales and cannot be compared.",
    "change between texts": "The value at a token of the second text minus that at the token of the first one with "
    "which it is paired, as it is equal or stands in the same place.",
    "interval": "A 95% confidence interval of this neuron alone, not corrected for having chosen it among many.",
    "strong": "A significant neuron with an AUC of at least 0.90 or at most 0.10.",
    "gold AUC": "The AUC of a neuron over the words of the project's tagged sentences: the target's part of speech "
    "over the baseline's, at the side that was tested.",
    "top": "Of all neurons that were tested, in every layer, the percentage whose statistic is at least as large: at "
    "most 1 is the top 1%.",
    "registration": "A hypothesis about one neuron, with its one planned test, that is locked before data that had no "
    "part in choosing the neuron are opened, once.",
    "held-out words": "The next words of the same lists, of which no word and no lemma is among those that the "
    "experiment reads.",
    "smallest effect": "The AUC, for the class that is to be higher, below which an effect would not count, however "
    "small its p is.",
    "significant": "A neuron whose adjusted p is at most alpha; the difference may be small, so look at the AUC.",
    "top share": "The share of the model's neurons with the largest statistics: it is selected whatever p is, so it is "
    "as large where there is nothing to find.",
    "word lists": "The counts are of words as they are written; a repeated word is used once.",
    "standardised value": "How far a word's value is from the neuron's mean over all words in use, in the standard "
    "deviation of these values, so that neurons of different units can stand side by side.",
    "mean activation": "A neuron's mean over the units of a class: words, or lemmas by the mean of their forms.",
    "same neurons": "Neuron i of two experiments is one neuron only in the same layer of the same model, at any "
    "revision and number format.",
    "correlation": "Pearson's correlation of the statistics of all neurons that both experiments have tested: 1 if "
    "they lie on a rising line; a few extreme neurons can decide it.",
    "rank correlation": "Spearman's correlation, that of the ranks of the statistics: 1 if both order all neurons "
    "alike, whatever the scale of the tests.",
    "Jaccard": "Of the neurons that are in either set, the share that is in both, in whichever direction: 1 for equal "
    "sets, 0 for sets without a common neuron, and low for a small set in a large one.",
    "changes sides": "A neuron that is significant in both experiments, higher for the target in one and for the "
    "baseline in the other.",
    "quantiles": "The sorted statistics of A against those of B, from the smallest to the largest of each: how large "
    "they are, not which neurons have them.",
    "relative depth": "How deep a layer is in its model: 0 for the first layer, 1 for the last one, so that models "
    "with different numbers of layers can stand side by side.",
    "family-wise rate": "The chance of at least one false finding in all layers together; if each of m layers is "
    "corrected alone, it is at most m times alpha.",
    "checkpoints": "One contrast at several steps of one training run, each tested and corrected alone: the largest "
    "AUC, the strong neurons, and one neuron followed.",
    "ablation": "A neuron passes on its mean at every token, and the change of the model's predictions is measured.",
    "leading space": "A word is read by the tokens that it has inside a sentence, with the space before it.",
    "pooled effect": "The effect of all seats together: the mean of their effects, as all have equally many words; its "
    "interval allows for true effects that vary from seat to seat.",
    "τ²": "The variance of the true effects between seats, beyond what samples of this size do anyway; its square "
    "root has the unit of the effect.",
    "I²": "The share of the variance between seats that is not that of sampling: 0% if they differ no more than "
    "samples of this size do anyway.",
    "Q": "Cochran's sum of the weighted squared distances of the effects from their mean: larger than the number of "
    "seats minus one where they differ more than samples of this size do.",
    "prediction interval": "Where the true effect of one more seat is expected with 95% confidence; the interval of "
    "the pooled effect is about their mean, and narrower.",
    "sign agreement": "How many seats have an effect of the same sign as the pooled one.",
    "matched neuron": "A neuron of the same layer that hardly separates the word lists (AUC of 0.40 to 0.60), with "
    "about the mean and the spread of the strong one in this text.",
    "minimal pair": "Two short phrases that end with the same word, a noun in one and a verb in the other.",
    "quiz score": "The right answers of all answers to one kind of question, with Wilson's 95% interval; a coin would "
    "be right in half of them.",
    "colour scale": "Which values get the faintest and the strongest colour.",
}

# A note on every result of a test of absolute values, and on every text that is read with it.
ABSOLUTE_VALUES = (
    "The test compares absolute values, so all values, means, AUCs and colours are of values without their signs; only "
    "shares above zero are of the values themselves."
)


def d_definition(test: str) -> str:
    """Which of Cohen's d a test has.

    Examples
    --------
    >>> d_definition("paired"), d_definition("mannwhitney")
    ('d_z', 'd_av')
    """
    return "d_z" if ALL_TESTS[test].paired else "d_av"


def statistic_name(test: str) -> str:
    """The name of a test's statistic.

    Examples
    --------
    >>> statistic_name("welch"), statistic_name("mannwhitney")
    ('t', 'z')
    """
    return ALL_TESTS[test].letter


def value_name(test: str, side: str) -> str:
    """What a value at a side is called where the values are shown that a test compares.

    Examples
    --------
    >>> value_name("welch", "activation"), value_name("welch_absolute", "activation")
    ('activation', 'absolute activation')
    """
    return f"absolute {side}" if ALL_TESTS[test].absolute else side
