"""One student's session as one HTML file to print: guesses, quiz, registrations, claim, figures and settings.

    session_html(Session(...), result, "Holm", drawings)

It is made as the report of an experiment is (``core.report.html_report``): nothing in it asks for anything else, and
everything that somebody has typed is escaped. It is light on every screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from core.records import ContrastResult
from core.records.registration import Change, Registered
from core.report import registration as registered_report
from core.report.html_report import Drawing, figure, html_page
from core.report.html_report.sections import facts, found, warnings

MAX_NAME = 80  # characters of a student's name
_NOT_DONE = '<p class="small">{}</p>'


@dataclass(frozen=True)
class Answer:
    """A step of the lesson: what was guessed, and what was shown then. All are texts."""

    step: str
    guess: str
    answer: str
    at: str = ""


@dataclass(frozen=True)
class Score:
    """A score of the quiz: its kind of question, how many answers are right, and its 95% interval as a text."""

    kind: str
    n_right: int
    n: int
    interval: str


@dataclass(frozen=True)
class CheckRun:
    """A check of the neuron that was run: its title, verdict, number (may be empty) and sentence."""

    title: str
    verdict: str
    number: str
    sentence: str


@dataclass(frozen=True)
class Session:
    """What a student has done. Whatever is empty is said to be missing.

    ``name`` and ``claim`` were typed for the file; ``not_borne`` are words of the claim that the checks do not bear,
    each with the reason. ``evidence`` is the claim that the checks bear. ``registered`` has each registration with what
    is reported otherwise. ``seat`` has names and values of the class page.
    """

    neuron: int
    saved_at: str
    saved_at_local: str
    name: str = ""
    claim: str = ""
    not_borne: Sequence[tuple[str, str]] = ()
    answers: Sequence[Answer] = ()
    scores: Sequence[Score] = ()
    registered: Sequence[tuple[Registered, Sequence[Change]]] = ()
    seat: Sequence[tuple[str, str]] = ()
    evidence: str = ""
    checks: Sequence[CheckRun] = field(default=())


def session_html(session: Session, result: ContrastResult, correction: str, drawings: Sequence[Drawing]) -> str:
    """The file of a session.

    Parameters
    ----------
    session : Session
    result : ContrastResult
        The experiment that is on the pages now.
    correction : str
        The label of its correction.
    drawings : sequence of Drawing
        Its figures.

    Returns
    -------
    str
        HTML of about 5 MB, as UTF-8 can encode it.
    """
    name = " ".join(session.name.split())[:MAX_NAME]
    title = f"Grammar Neurons: session of {name}" if name else "Grammar Neurons: a session"
    parts = [
        f'<p class="small">Saved {escape(registered_report.times(session.saved_at, session.saved_at_local))}. '
        "A print-out of what was done in one browser: whoever has that browser can change it.</p>",
        _own_claim(session),
        _registrations(session),
        _lesson(session.answers),
        _quiz(session.scores),
        _seat(session.seat),
        f"<h2>The experiment now</h2>\n{found(result, correction)}",
        warnings(result),
        *(figure(number, drawing) for number, drawing in enumerate(drawings)),
        _evidence(session),
        facts(result, correction),
    ]
    return html_page(escape(title), "\n".join(parts), only_light=True).encode("utf-8", "replace").decode()


def _own_claim(session: Session) -> str:
    claim = " ".join(session.claim.split())
    if not claim:
        return f"<h2>My claim</h2>\n{_NOT_DONE.format('No claim was written.')}"
    words = "; ".join(f"“{escape(word)}” ({escape(reason)})" for word, reason in session.not_borne)
    checked = (
        f'<p class="note caution">Words that the checks of neuron {session.neuron} do not bear: {words}.</p>'
        if words
        else '<p class="small">None of its words is one that a check would have to bear first.</p>'
    )
    return f'<h2>My claim</h2>\n<blockquote dir="auto">{escape(claim)}</blockquote>\n{checked}'


def _registrations(session: Session) -> str:
    if not session.registered:
        return f"<h2>Registrations</h2>\n{_NOT_DONE.format('Nothing was registered.')}"
    parts = [_registration(one, changed) for one, changed in session.registered]
    limits = f'<p class="small">{escape(registered_report.LIMITS)}</p>'
    return "\n".join(["<h2>Registrations</h2>", *parts, limits])


def _registration(one: Registered, changed: Sequence[Change]) -> str:
    locked, opening = one.registration, one.opening
    verdicts = registered_report.verdicts(one)
    lines = [
        f"<h3>{escape(registered_report.title(locked))}</h3>",
        f'<blockquote dir="auto">{escape(" ".join(locked.hypothesis.split()))}</blockquote>',
        f"<p>{escape(registered_report.statement(locked))}</p>",
        f'<p class="small">Locked {escape(registered_report.times(locked.locked_at, locked.locked_at_local))}. Model '
        f"revision {escape(locked.model_revision)}, app {escape(locked.app_version)}. Digest {escape(one.digest)}.</p>",
    ]
    if not one.intact:
        lines.append(f'<p class="note caution">{escape(registered_report.FORGED)}</p>')
    if seen := registered_report.seen_before(locked):
        lines.append(f'<p class="note">{escape(seen)}</p>')
    if opening is None:
        lines.append('<p class="small">The data were not opened.</p>')
    else:
        when = registered_report.times(opening.opened_at, opening.opened_at_local)
        lines.append(f'<p class="small">Opened {escape(when)}.</p>')
        for name, title, said in (
            ("held_out", "Held-out words", registered_report.of_test(one)),
            ("gold_text", "Tagged text", registered_report.of_text(one)),
        ):
            if said:
                verdict = f"<strong>{escape(verdicts[name])}</strong>. " if name in verdicts else ""
                lines.append(f"<p>{title}: {verdict}{escape(said)}</p>")
        lines.append(f"<p>{escape(registered_report.conclusion(one))}</p>")
    return "\n".join([*lines, _changed(changed)])


def _changed(changed: Sequence[Change]) -> str:
    if not changed:
        return '<p class="small">The experiment now has the registered settings.</p>'
    items = "".join(f"<li>{escape(registered_report.change_sentence(change))}</li>" for change in changed)
    return f'<p><strong>{registered_report.CHANGED_TITLE}</strong></p><ul class="changed">{items}</ul>'


def _lesson(answers: Sequence[Answer]) -> str:
    if not answers:
        return f"<h2>Lesson</h2>\n{_NOT_DONE.format('No step of the lesson was done.')}"
    rows = [(one.step, one.guess or "no guess", one.answer or "not shown", one.at) for one in answers]
    return "<h2>Lesson</h2>\n" + _table("lesson", ("step", "guess", "the answer then", "when (UTC)"), rows)


def _quiz(scores: Sequence[Score]) -> str:
    if not scores:
        return f"<h2>Quiz</h2>\n{_NOT_DONE.format('No round of the quiz was played.')}"
    rows = [(one.kind, f"{one.n_right:,} of {one.n:,}", one.interval) for one in scores]
    return "<h2>Quiz</h2>\n" + _table("quiz", ("question", "right", "95% interval of the share"), rows)


def _seat(seat: Sequence[tuple[str, str]]) -> str:
    if not seat:
        return ""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in seat)
    return f"<h2>Class</h2>\n<dl>{rows}</dl>"


def _evidence(session: Session) -> str:
    head = f"<h2>Evidence about neuron {session.neuron}</h2>"
    if not session.checks:
        return f"{head}\n{_NOT_DONE.format('No check of this neuron was run.')}"
    rows = [(one.title, one.verdict, one.number, one.sentence) for one in session.checks]
    table = _table("checks", ("check", "verdict", "number", "what was found"), rows)
    return f"{head}\n<p>{escape(session.evidence)}</p>\n{table}"


def _table(name: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts, which may be long."""
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    )
    return f'<table id="{name}" class="texts"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>'
