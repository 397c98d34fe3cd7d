"""A claim in a reader's own words: which of its words the checks of the neuron do not bear.

words_not_borne("It detects nouns.", "nouns", findings)    # (("detects", "gold_text was not run"),)
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.records import HOLDS, NOT_RUN, UNCLEAR, Finding
from core.report.sentences import singular

MAX_CLAIM = 300  # characters
# Words of English, each with the checks that must hold for it; without any, no check of this app bears it.
_NEEDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"tells?|telling|distinguish\w*", ("gold_text",)),
    (r"detect\w*|recogni[sz]\w*|identif\w+|responds?|fires?", ("gold_text", "one_versus_rest")),
    (r"uses?|used|using|cause[sd]?|causing|because|relies|rely|needs?", ("causal",)),
    (r"encod\w+|represent\w*|know\w*|understand\w*|understood|stores?|stored|mean(?:s|ing)", ()),
    (r"proves?|proved|proven|proof", ()),
)


def words_not_borne(claim: str, own: str, other: str, findings: Mapping[str, Finding]) -> tuple[tuple[str, str], ...]:
    """The words of a claim that its evidence does not bear, in their order, each with the reason.

    Words are looked for, not their sense: "it does not prove" is found too, and a claim without such a word may still
    say too much.

    Parameters
    ----------
    claim : str
    own, other : str
        The classes, as a sentence names them: "a noun neuron" needs ``gold_text`` and ``one_versus_rest``.
    findings : mapping from the name of a check to its finding
        Checks that are missing count as not run.

    Returns
    -------
    tuple of (str, str)

    Examples
    --------
    >>> words_not_borne("It is a noun neuron, and encodes nouns.", "nouns", "verbs", {})
    (('noun neuron', 'gold_text was not run'), ('encodes', 'no check here bears it'))
    >>> words_not_borne("It is higher for nouns than for verbs on these lists.", "nouns", "verbs", {})
    ()
    """
    named = "|".join(re.escape(singular(name)) for name in (own, other))
    patterns = (*_NEEDS, (rf"(?:{named}) neurons?", ("gold_text", "one_versus_rest")))
    found = []
    for pattern, needed in patterns:
        for match in re.finditer(rf"\b(?:{pattern})\b", claim, re.IGNORECASE):
            if reason := _reason(needed, findings):
                found.append((match.start(), match.group(), reason))
    return tuple((word, reason) for _, word, reason in sorted(found))


def _reason(needed: tuple[str, ...], findings: Mapping[str, Finding]) -> str:
    """Why a word is not borne; empty if all checks that it needs hold."""
    if not needed:
        return "no check here bears it"
    for name in needed:
        verdict = findings[name].verdict if name in findings else NOT_RUN
        if verdict != HOLDS:
            return f"{name} {({NOT_RUN: 'was not run', UNCLEAR: 'is unclear'}).get(verdict, verdict)}"
    return ""
