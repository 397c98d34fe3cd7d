"""The registrations that this session and its browser have (``ui.learner``), and the clocks that they are timed by.

registrations.kept()          # those that can be read, the newest first
registrations.keep(one)
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.records.registration import Change, Registered, changes
from core.records.registration_read import registered
from core.version import __version__
from ui import learner, settings

PART = "registered"
MOST = 40  # registrations, of about 2 kB each: the browser keeps 200 kB in all


def kept() -> tuple[Registered, ...]:
    """All that can be read, the newest first."""
    found, _ = _read()
    return tuple(sorted(found, key=lambda one: one.registration.locked_at, reverse=True))


def n_unreadable() -> int:
    """How many have come from the browser that are no registrations."""
    return _read()[1]


def keep(one: Registered) -> None:
    """Keep a registration, or what was opened of it, in the place of what was kept of it before."""
    learner.keep(PART, {**learner.part(PART), one.digest: one.to_plain()})


def find(digest: str) -> Registered | None:
    """The registration with this digest."""
    return next((one for one in kept() if one.digest == digest), None)


def changed(one: Registered, neuron: int, model_revision: str) -> tuple[Change, ...]:
    """What differs between a registration and the experiment that is on the pages now."""
    return changes(one.registration, settings.current().view.spec, neuron, model_revision, __version__)


def now() -> tuple[str, str]:
    """The time in UTC, and with the offset of the browser's time zone (UTC where that is not known): ISO 8601."""
    moment = datetime.now(UTC).replace(microsecond=0)
    try:
        local = moment.astimezone(ZoneInfo(st.context.timezone or "UTC"))
    except (ValueError, OSError, KeyError):  # a browser can send any name
        local = moment
    return moment.isoformat(), local.isoformat()


def _read() -> tuple[list[Registered], int]:
    found, n_unreadable = [], 0
    for digest, value in learner.part(PART).items():
        try:
            one = registered(value)
        except (ValueError, RecursionError):  # a browser can send anything
            n_unreadable += 1
            continue
        if one.digest == digest:
            found.append(one)
        else:
            n_unreadable += 1
    return found, n_unreadable
