"""The plan of a class of students, and the record of what each of them did and saw."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.page import Headline

# How often each action is done: a student draws from a shuffled deck with this many cards, again and again.
WEIGHTS = {"layer": 5, "correction": 4, "neuron": 5, "contrast": 2, "map": 2, "text": 3, "reload": 1, "drop": 1}


@dataclass(frozen=True)
class Plan:
    """What all students have in common. Times are in seconds, ``begins`` and ``ends`` by ``time.time``."""

    url: str
    link: str
    begins: float
    ends: float
    students: int
    ramp: float = 30.0
    think: float = 10.0
    timeout: float = 60.0
    seed: int = 0
    weights: dict[str, int] = field(default_factory=lambda: dict(WEIGHTS))
    texts_to_check: int = 10
    in_turn: bool = False  # one acts at a time, so that the server's processor time is that of the action
    pid: int | None = None  # the server's process, whose processor time is read if they act in turn


@dataclass(frozen=True)
class Action:
    """One thing that a student did; ``error`` is the kind of what went wrong."""

    kind: str
    student: int
    at: float  # seconds after the plan's beginning
    seconds: float
    error: str | None = None
    cpu_seconds: float | None = None  # the server's, if known


@dataclass(frozen=True)
class Trouble:
    """One thing that went wrong, in the words of the page or of the tab."""

    kind: str
    action: str
    student: int
    at: float
    sentence: str


@dataclass
class SeenContrast:
    """What was shown for one spec: every headline and every table of neurons, and how often."""

    headlines: Counter[Headline] = field(default_factory=Counter)
    tables: Counter[str] = field(default_factory=Counter)  # by a digest
    examples: dict[str, bytes] = field(default_factory=dict)  # the Arrow stream of each digest


@dataclass(frozen=True)
class SeenText:
    """What was shown for one pasted text, and the file of its values, if it came. ``neuron`` is the chosen one."""

    spec: str
    text: str
    neuron: int | None
    heatmap: dict[str, Any]
    csv: str | None


@dataclass
class Record:
    """What students recorded. The records of several processes are added to the first."""

    actions: list[Action] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    lost: list[Trouble] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    sessions: set[str] = field(default_factory=set)
    readings: set[str] = field(default_factory=set)  # word readings asked for
    passes_of_texts: set[str] = field(default_factory=set)  # texts read, by layer and so on
    contrasts: dict[str, SeenContrast] = field(default_factory=dict)
    texts: list[SeenText] = field(default_factory=list)
    texts_pasted: int = 0

    def add(self, other: Record) -> None:
        """Add the record of another process."""
        self.actions += other.actions
        self.troubles += other.troubles
        self.lost += other.lost
        self.warnings += other.warnings
        self.sessions |= other.sessions
        self.readings |= other.readings
        self.passes_of_texts |= other.passes_of_texts
        self.texts += other.texts
        self.texts_pasted += other.texts_pasted
        for spec, seen in other.contrasts.items():
            mine = self.contrasts.setdefault(spec, SeenContrast())
            mine.headlines += seen.headlines
            mine.tables += seen.tables
            mine.examples.update(seen.examples)
