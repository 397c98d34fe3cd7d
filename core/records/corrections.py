"""The corrections for many tests that can be chosen: one record each. CONTRIBUTING.md, "Add a correction", adds one.

ALL_CORRECTIONS["holm"].label       # "Holm"
CORRECTIONS                         # the names, in the order in which pages list them
"""

from __future__ import annotations

from dataclasses import dataclass

# What a correction bounds in a family of tests.
FAMILY_WISE = "the chance of even one false finding"
FALSE_DISCOVERY_RATE = "the expected share of false findings"


@dataclass(frozen=True)
class Correction:
    """What pages, files and the command line know of a correction. Its formulas are in ``core.stats``.

    Parameters
    ----------
    name : str
        In settings, links and files.
    label : str
        For readers.
    bounds : str
        ``FAMILY_WISE``, ``FALSE_DISCOVERY_RATE``, or empty for none.
    function : str
        ``"module.function"`` in ``core.stats``: from the p-values (m,) of a family in ascending order to the adjusted
        ones, which may exceed 1. Empty if the correction permutes words.
    log10 : str
        The same for the log10 of p-values. Without it, adjusted p-values are not told apart below 1e-300.
    critical : str
        ``"module.function"``: from m, the number k of significant ones and alpha to the p-value from which on a test is
        significant. Without it, plots have a line only where something is significant.
    first_step : bool
        Whether the smallest p-value must be at most about alpha / m.
    permutes : bool
        Whether it permutes the words, and so needs the values of all neurons, a seed, and a test with a ``score``.
    """

    name: str
    label: str
    bounds: str
    function: str = ""
    log10: str = ""
    critical: str = ""
    first_step: bool = False
    permutes: bool = False


def _by_formula(name: str, label: str, bounds: str, *, first_step: bool = False) -> Correction:
    """A correction whose three formulas have its name, in ``core.stats.correction_formulas``."""
    where = f"correction_formulas.{name}"
    return Correction(name, label, bounds, where, f"{where}_log10", f"{where}_critical", first_step)


_TABLE = (
    _by_formula("none", "None", ""),
    _by_formula("bonferroni", "Bonferroni", FAMILY_WISE, first_step=True),
    _by_formula("sidak", "Šidák", FAMILY_WISE, first_step=True),
    _by_formula("holm", "Holm", FAMILY_WISE, first_step=True),
    Correction("max_t", "Max-T (permutation)", FAMILY_WISE, permutes=True),
    _by_formula("fdr_bh", "Benjamini–Hochberg (FDR)", FALSE_DISCOVERY_RATE),
    _by_formula("fdr_by", "Benjamini–Yekutieli (FDR)", FALSE_DISCOVERY_RATE),
)

ALL_CORRECTIONS = {one.name: one for one in _TABLE}
CORRECTIONS = tuple(ALL_CORRECTIONS)
