"""What a registration says, in sentences, and as a JSON file.

statement(registration)       # what was locked, in one sentence
of_test(registered), of_text(registered)
registrations_json([(registered, changes)], saved_at)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.records.evidence import FAILS, HOLDS, UNCLEAR
from core.records.registration import RULE, RULE_OF_TEXT, SEEN, Change, Registered, Registration
from core.report.glossary import statistic_name
from core.report.readable import as_chosen, interval, readable_auc, readable_df, readable_p, signed
from core.report.sentences import where
from core.report.summary import written
from core.version import __version__

FORMAT, VERSION = "grammar-neurons-registrations", 1
CHANGED_TITLE = "Changed after the lock"
FORGED = (
    "What was locked no longer has the digest of the lock: somebody has changed it outside of this page. It counts for "
    "nothing."
)
LIMITS = (
    "A lock is discipline, not proof. It is kept in this browser and in the files that you save, and whoever has these "
    "can change or delete them. Nobody can see here whether the data were opened in another browser, by a colleague, "
    "or on the Evidence page, which shows its checks to whoever runs them. Who gives the digest to somebody else "
    "before the opening can show later that nothing was changed."
)


def title(registration: Registration) -> str:
    """Such as "Neuron 120 of layer 3: higher for nouns"."""
    return f"Neuron {registration.neuron} of layer {registration.spec.layer}: higher for {registration.classes[0]}"


def statement(registration: Registration) -> str:
    """What was locked beside the student's own words."""
    spec, (own, other) = registration.spec, registration.classes
    test = _named(registration.planned_spec.tested_by.label)
    return (
        f"Neuron {registration.neuron} of layer {spec.layer} of {spec.model}, {where(spec.hook_side)}, is higher for "
        f"{own} than for {other}. Planned: one {test}, two-sided, α = {as_chosen(registration.planned_alpha)}, "
        f"no correction. The smallest effect that counts is an AUC of {as_chosen(registration.smallest_auc)}."
    )


def _named(label: str) -> str:
    return label if label.startswith(("Welch", "Mann")) else label[:1].lower() + label[1:]


def times(utc: str, local: str) -> str:
    """A time in UTC, and as the browser's clock has it if that differs.

    Examples
    --------
    >>> times("2026-01-05T10:00:00+00:00", "2026-01-05T11:00:00+01:00")
    '2026-01-05 10:00:00 UTC (local 11:00:00, UTC+01:00)'
    """
    one, other = datetime.fromisoformat(utc), datetime.fromisoformat(local)
    shown = f"{one:%Y-%m-%d %H:%M:%S} UTC"
    if not other.utcoffset():
        return shown
    day = "" if one.date() == other.date() else f"{other:%Y-%m-%d} "
    return f"{shown} (local {day}{other:%H:%M:%S}, {other.tzname()})"


def seen_before(registration: Registration) -> str:
    """A sentence about what was looked at before the lock; empty if nothing of it is known."""
    seen = [SEEN[name] for name in registration.seen]
    return f"Seen before the lock: {'; '.join(seen)}." if seen else ""


def verdicts(registered: Registered) -> dict[str, str]:
    """The verdicts on ``held_out`` and ``gold_text``, as far as they were opened."""
    opening = registered.opening
    found = {} if opening is None else {"held_out": opening.held_out, "gold_text": opening.gold_text}
    return {name: one.verdict(registered.registration) for name, one in found.items() if one is not None}


def of_test(registered: Registered) -> str:
    """What the planned test has found; or why there is none; empty before the opening."""
    opening, registration = registered.opening, registered.registration
    if opening is None or opening.held_out is None:
        return "" if opening is None else opening.missing.get("held_out", "")
    found, (own, other) = opening.held_out, registration.classes
    unit = "lemmas" if registration.spec.unit == "lemma" else "words"
    df = "" if found.degrees_of_freedom is None else f" (df {readable_df(found.degrees_of_freedom)})"
    g = "" if found.hedges_g is None else f", Hedges' g {signed(found.hedges_g)}"
    statistic = statistic_name(registration.planned_test)
    significant = "at most" if found.is_significant(registration) else "above"
    return (
        f"On {found.n_higher:,} held-out {unit} of {own} and {found.n_lower:,} of {other}, the AUC for {own} is "
        f"{readable_auc(found.auc)} {interval(readable_auc(found.auc_low), readable_auc(found.auc_high))}{g}; "
        f"{statistic} = {signed(found.statistic)}{df}, p = {readable_p(found.log10_p)}, "
        f"which is {significant} α = {as_chosen(registration.planned_alpha)}."
    )


def of_text(registered: Registered) -> str:
    """What the tagged text has shown; or why it shows nothing; empty before the opening."""
    opening, registration = registered.opening, registered.registration
    if opening is None or opening.gold_text is None:
        return "" if opening is None else opening.missing.get("gold_text", "")
    found, (own, other) = opening.gold_text, registration.classes
    return (
        f"In {found.n_sentences:,} tagged sentences, at {found.n_higher:,} words tagged as {own} and {found.n_lower:,} "
        f"as {other}, the AUC for {own} is {readable_auc(found.auc)} "
        f"{interval(readable_auc(found.auc_low), readable_auc(found.auc_high))}."
    )


def conclusion(registered: Registered) -> str:
    """What may be said of the hypothesis, and what not; empty as long as nothing was opened."""
    found, registration = verdicts(registered), registered.registration
    if not found:
        return ""
    own, other = registration.classes
    smallest = as_chosen(registration.smallest_auc)
    by_words, by_text = found.get("held_out"), found.get("gold_text")
    said = {
        HOLDS: f"On words that had no part in the choice, the neuron is higher for {own} than for {other}, by at least "
        f"an AUC of {smallest}.",
        FAILS: f"On words that had no part in the choice, the neuron is not higher for {own} by an AUC of {smallest}.",
        UNCLEAR: "The held-out words leave it open.",
        None: "Nothing can be said of held-out words.",
    }[by_words]
    more = {
        HOLDS: " The same holds in the tagged text.",
        FAILS: " It does not hold in the tagged text: what you may claim is about word lists at most.",
        UNCLEAR: " The tagged text leaves it open.",
        None: " Nothing can be said of running text.",
    }[by_text]
    end = " This is about these two classes only, and says nothing of whether the model uses the neuron."
    return said + more + end


def change_sentence(change: Change) -> str:
    """Such as "layer: 3 was registered, 1 is reported".

    Examples
    --------
    >>> change_sentence(Change("hook_side", "pre-activation", "activation"))
    'hook side: pre-activation was registered, activation is reported'
    """
    return f"{change.setting.replace('_', ' ')}: {change.registered} was registered, {change.reported} is reported"


def registrations_json(registered: Sequence[tuple[Registered, Sequence[Change]]], saved_at: str) -> str:
    """Registrations as a JSON file. docs/reference/numbers.md has its fields.

    Parameters
    ----------
    registered : sequence of (Registered, sequence of Change)
        Each with what is reported otherwise when the file is saved.
    saved_at : str
        ISO 8601, in UTC.
    """
    return written(
        {
            "format": FORMAT,
            "version": VERSION,
            "saved_at": saved_at,
            "app_version": __version__,
            "rules": {"held_out": RULE, "gold_text": RULE_OF_TEXT},
            "registrations": [_plain(each, changed) for each, changed in registered],
        }
    )


def _plain(registered: Registered, changed: Sequence[Change]) -> dict[str, Any]:
    return {
        **registered.to_plain(),
        "intact": registered.intact,
        "correction": "none",
        "verdicts": verdicts(registered),
        "changed_after_the_lock": [vars(change) for change in changed],
    }
