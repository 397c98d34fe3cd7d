"""The tests that can be chosen: one record each. CONTRIBUTING.md, "Add a test", adds one.

ALL_TESTS["welch"].label        # "Welch's t-test"
TESTS                           # the names, in the order in which pages list them
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_T = (
    "The difference in mean, in units of its standard error; it grows with the number of words, so it is no size of "
    "the difference."
)
_Z = "How far the ranks of the two classes are from evenly mixed, in units of the standard error."


@dataclass(frozen=True)
class StatisticalTest:
    """What pages, files and the command line know of a test. Its function is in ``core.stats``.

    Parameters
    ----------
    name : str
        In settings, links and files.
    label : str
        For readers, within a sentence too.
    about : str
        One sentence for who chooses.
    function : str
        ``"module.function"`` in ``core.stats``: from the values of target and baseline, (n_words, n_neurons) or
        (n_layers, n_words, n_neurons), to ``NeuronTests``.
    letter, letter_means : str
        The name of its statistic, such as ``"t"``, and one sentence for the glossary. The statistic is positive where
        the target is higher.
    threshold : bool
        Whether the p-value is that of t with the test's degrees of freedom, or of z where these are infinite. Then
        p-values have a logarithm that is exact however small they are, and plots have a line from which on a neuron is
        significant. Else they have none.
    one_df : bool
        Whether the degrees of freedom of all neurons are the same, so that the line is right for each of them.
    paired : bool
        Whether word i is paired with word i: equal counts, no lemmas, and Cohen's d of pairs.
    finds : str
        In what a significant neuron differs: ``"mean"``, ``"rank"``, or empty.
    score : str
        ``"module.Class"`` in ``core.stats``, which computes the statistic of permuted words
        (``core.stats.permutation_scores.Score``). Without it, the test cannot be combined with max-T.
    power : str
        ``"module.function"`` in ``core.stats.power``'s form, which finds planted differences. Without it, what a design
        would find is not known.
    is_t_test : bool
        Whether ``core.stats.cautions`` speaks of it as of a t-test.
    absolute : bool
        Whether the absolute values are compared. Each word's pooled value loses its sign before a lemma's forms are
        averaged, so ``function`` gets values without a sign. Effect sizes, the other side of the nonlinearity, pages
        of texts and evidence follow: they all ask ``compared``.
    """

    name: str
    label: str
    about: str
    function: str
    letter: str
    letter_means: str
    threshold: bool = False
    one_df: bool = True
    paired: bool = False
    finds: str = ""
    score: str = ""
    power: str = ""
    is_t_test: bool = False
    absolute: bool = False

    def compared(self, values: np.ndarray) -> np.ndarray:
        """What the test compares of some values, of any shape: the values themselves, or a copy without their signs.

        Examples
        --------
        >>> values = np.array([-2.0, 1.0])
        >>> ALL_TESTS["welch_absolute"].compared(values), ALL_TESTS["welch"].compared(values) is values
        (array([2., 1.]), True)
        """
        return np.abs(values) if self.absolute else values


_TABLE = (
    StatisticalTest(
        name="paired",
        label="Paired t-test",
        about="The paired test pairs word i with word i.",
        function="ttest.paired_ttest",
        letter="t",
        letter_means=_T,
        threshold=True,
        paired=True,
        finds="mean",
        score="permutation_scores.PairedScore",
        power="power.by_t",
        is_t_test=True,
    ),
    StatisticalTest(
        name="welch",
        label="Welch's t-test",
        about="Welch's compares the means of two groups, whose variances may differ.",
        function="ttest.welch_ttest",
        letter="t",
        letter_means=_T,
        threshold=True,
        one_df=False,
        finds="mean",
        score="permutation_scores.WelchScore",
        power="power.by_t",
        is_t_test=True,
    ),
    StatisticalTest(
        name="mannwhitney",
        label="Mann–Whitney test",
        about="Mann–Whitney compares ranks, so a few extreme words count little.",
        function="mann_whitney.mann_whitney_test",
        letter="z",
        letter_means=_Z,
        threshold=True,
        finds="rank",
        score="permutation_scores.MannWhitneyScore",
        power="power.by_rank",
    ),
    StatisticalTest(
        name="welch_absolute",
        label="Welch's t of absolute values",
        about="Welch's test of absolute values asks how far a neuron is from zero, in whichever direction.",
        function="ttest.welch_ttest",
        letter="t",
        letter_means=_T,
        threshold=True,
        one_df=False,
        finds="mean absolute value",
        score="permutation_scores.WelchScore",
        power="power.by_t",
        is_t_test=True,
        absolute=True,
    ),
)

ALL_TESTS = {one.name: one for one in _TABLE}
TESTS = tuple(ALL_TESTS)
