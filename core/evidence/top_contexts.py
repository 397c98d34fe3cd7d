"""At which tokens of running text is the neuron highest, and not only at the very top?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.activations import values_at_tokens
from core.errors import UserError
from core.evidence.checks import PASSING
from core.evidence.rules import by_interval
from core.evidence.subject import Subject
from core.evidence.token_text import AFTER, BEFORE, NEITHER, OTHER, OWN, TokenText, token_text
from core.progress import Progress, part_of, unwatched
from core.records import CLEAR_AUC, UNCLEAR, Finding, GoldActivations
from core.report.readable import as_chosen, first_words, last_words, readable_share
from core.stats.top_share import top_share
from core.words import bundled_prose

PLACE = 140
TITLE = "Contexts in running text"
QUESTION = (
    "Where in a long text is the neuron highest, in the middle and lowest, and which words speak against the claim?"
)
VALUE = "own share"
LIMITS = (
    "The class of a word in this text is taken from the word lists, not from tags: “walk” on the verbs' list may be a "
    "noun here. Only the counterexamples that are marked as tagged are sure."
)

_TOP = 0.05  # the share of tokens that count as the top
_MOST_TOP = 0.1  # what it may be at most, with the tokens whose value is just the lowest one of the top
_FEW = 20  # tokens of the two lists in the top: with fewer, nothing is concluded
RULE = (
    f"Of the {as_chosen(100 * _TOP)}% of tokens at which it is highest, those on the own list against those on the "
    f"other list, as if both were equally frequent in the text: holds if the interval of the own share is at or above "
    f"{CLEAR_AUC}; does not hold if it is below; else unclear, as with fewer than {_FEW} such tokens, or if so many "
    f"tokens have one value that no {as_chosen(100 * _TOP)}% to {as_chosen(100 * _MOST_TOP)}% of them are the highest."
)
_N_TOP, _N_QUANTILE, _N_AGAINST = 10, 3, 8  # contexts that are shown


def check(subject: Subject, progress: Progress = unwatched) -> Finding:
    """Read the neuron at every token of the project's prose, and look at the whole range of its values.

    With r1 the share of all own-list tokens that are in the top 5%, and r2 that of the other list's, the value is
    r1 / (r1 + r2): the own share of the top if both lists were equally frequent. Only forms on exactly one of the two
    lists count. Tokens whose value is just the 95% quantile are in the top, unless this would make it more than 10% of
    all tokens: then the top is those above, and nothing is concluded. The own class is the one for which the neuron is
    higher on the word lists. The interval is a bootstrap over the pieces of the text.

    Returns
    -------
    Finding
        ``value`` and ``interval`` as above. ``figures``: ``n_tokens`` and ``n_pieces``; ``tied``, how many tokens have
        the value of the 95% quantile; ``top_own``, ``top_other``,
        ``top_neither`` and ``all_own``, ``all_other``, ``all_neither``, counts of tokens; ``contexts`` at the quantiles
        1 (ten different words), 0.9 to 0.1 and 0 (three each); ``counterexamples``, the strongest first;
        ``histogram``, with counts of tokens by list over the values; and ``notes``, why none of the counterexamples are
        from a tagged text.

    References
    ----------
    Bolukbasi et al. (2021), An Interpretability Illusion for BERT, arXiv:2104.07143: top activations alone mislead.
    """
    pieces = bundled_prose()
    columns = values_at_tokens(
        subject.lm,
        [piece.text for piece in pieces],
        subject.layer,
        subject.neuron,
        side=subject.side,
        prefix=subject.spec.prefix,
        progress=part_of(progress, 0.0, 0.9),
        gate=subject.gate,
    )
    compared = subject.spec.tested_by.compared
    columns = [replace(column, values=compared(column.values)) for column in columns]
    text = token_text(pieces, columns, _forms(subject))
    cut = np.quantile(text.values, 1 - _TOP)
    top, tied = text.values >= cut, int((text.values == cut).sum())
    determined = bool(top.mean() <= _MOST_TOP)
    if not determined:  # as of a rectified neuron, which is 0 at most tokens
        top = text.values > cut
    counts = {
        f"{where}_{name}": int(((text.kind == kind) & mask).sum())
        for where, mask in (("top", top), ("all", np.ones_like(top)))
        for name, kind in (("own", OWN), ("other", OTHER), ("neither", NEITHER))
    }
    value, low, high = top_share(top, text.kind == OWN, text.kind == OTHER, text.piece, seed=subject.spec.seed)
    enough = counts["top_own"] + counts["top_other"] >= _FEW
    verdict = by_interval(low, high) if enough and determined else UNCLEAR
    progress(0.95, "Collecting contexts")
    tagged, notes = _tagged_against(subject, part_of(progress, 0.95, 1.0))
    figures = {
        "n_tokens": len(text.values),
        "n_pieces": len(pieces),
        "tied": tied,
        **counts,
        "contexts": list(_contexts(text)),
        "counterexamples": [*tagged, *_against(text, subject)],
        "histogram": _histogram(text),
        "notes": notes,
    }
    sentence = _sentence(subject, counts, value, enough) if determined else _undetermined(figures)
    return Finding(verdict, RULE, sentence, value, (low, high), figures)


def _forms(subject: Subject) -> tuple[frozenset[str], frozenset[str]]:
    """The forms of the own and of the other list, in lower case, without those on both."""
    words = subject.result.words
    target, baseline = ({word.casefold() for word in one.words} for one in (words.target_list, words.baseline_list))
    own, other = subject.oriented((target, baseline))
    return frozenset(own - other), frozenset(other - own)


def _sentence(subject: Subject, counts: dict[str, int], value: float, enough: bool) -> str:
    n_top = counts["top_own"] + counts["top_other"] + counts["top_neither"]
    listed = counts["top_own"] + counts["top_other"]
    found = (
        f"Of the {n_top:,} tokens at which it is highest, {readable_share(listed / n_top)} are on exactly "
        f"one of the two lists: {counts['top_own']:,} on that of {subject.own}, {counts['top_other']:,} on the other"
    )
    if not enough:
        return f"{found}. These are too few to conclude anything."
    return f"{found}. Were both equally frequent in the text, {readable_share(value)} would be {subject.own}."


def _undetermined(figures: dict[str, Any]) -> str:
    """Why no top is known."""
    n_above = sum(figures[f"top_{name}"] for name in ("own", "other", "neither"))
    return (
        f"The neuron has one value at {readable_share(figures['tied'] / figures['n_tokens'])} of tokens, and is above "
        f"it at {n_above:,} of {figures['n_tokens']:,}: so which {as_chosen(100 * _TOP)}% are its highest is not known."
    )


def _contexts(text: TokenText) -> Iterator[dict[str, Any]]:
    """The highest tokens of different words, then those around every tenth quantile, down to the lowest."""
    order = np.argsort(-text.values, kind="stable")  # the highest first
    for i in text.of_different_words(order, _N_TOP):
        yield {"quantile": 1.0, **text.context(i)}
    for tenth in range(9, 0, -1):
        at = round((1 - tenth / 10) * (len(order) - 1))
        for i in text.of_different_words(order[at:], _N_QUANTILE):
            yield {"quantile": tenth / 10, **text.context(i)}
    for i in text.of_different_words(order[::-1], _N_QUANTILE):
        yield {"quantile": 0.0, **text.context(i)}


def _against(text: TokenText, subject: Subject) -> Iterator[dict[str, Any]]:
    """Words of the other list at which the neuron is highest, and words of the own list at which it is lowest."""
    order = np.argsort(-text.values, kind="stable")
    for kind, name, ordered in ((OTHER, subject.other, order), (OWN, subject.own, order[::-1])):
        of_kind = ordered[text.kind[ordered] == kind]
        for i in text.of_different_words(of_kind, _N_AGAINST):
            yield {"class": f"on the list of {name}", **text.context(i)}


def _tagged_against(subject: Subject, progress: Progress) -> tuple[list[dict[str, Any]], list[str]]:
    """The same for the words of the tagged text, whose class is sure; where there is none, a note says why."""
    try:
        tags = [(subject.tags(name), sign) for name, sign in ((subject.other, -1), (subject.own, 1))]
        gold = subject.read_gold(progress)
    except UserError as error:
        if error.about in (*PASSING, "cancelled"):
            raise
        return [], [f"No counterexample is from a tagged text. {error}"]
    return list(_of_tags(subject, gold, tags)), []


def _of_tags(
    subject: Subject, gold: GoldActivations, tags: Sequence[tuple[tuple[str, ...], int]]
) -> Iterator[dict[str, Any]]:
    """Words with some tags, the lowest values first where the sign is 1, the highest where it is -1."""
    values = subject.spec.tested_by.compared(gold.at(subject.side)[:, subject.neuron])
    for its_tags, sign in tags:
        of_tag = np.flatnonzero(np.isin(gold.tags, its_tags))
        seen: set[str] = set()
        for i in of_tag[np.argsort(sign * values[of_tag], kind="stable")].tolist():
            word, sentence = gold.words[i], gold.text.sentences[int(gold.sentence[i])]
            if word.form.casefold() in seen:
                continue
            seen.add(word.form.casefold())
            before, after = sentence.text[: word.start], sentence.text[word.end :]
            context = {
                "before": last_words(before, BEFORE),
                "token": word.form,
                "after": first_words(after, AFTER),
                "genre": sentence.genre,
            }
            yield {"class": f"tagged {word.upos}", "value": float(values[i]), **context}
            if len(seen) == _N_AGAINST:
                break


def _histogram(text: TokenText) -> dict[str, Any]:
    """Counts of tokens by list, in 60 bins of equal width from the 0.1% to the 99.9% quantile of the values."""
    low, high = np.quantile(text.values, (0.001, 0.999))
    edges = np.linspace(low, high if high > low else low + 1.0, 61)
    inside = np.clip(text.values, edges[0], edges[-1])
    counts = {
        name: np.histogram(inside[text.kind == kind], edges)[0]
        for name, kind in (("own", OWN), ("other", OTHER), ("neither", NEITHER))
    }
    return {"edges": edges, **counts}
