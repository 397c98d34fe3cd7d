"""A seat in a class: what the browser keeps of it, and the study that it belongs to.

A browser can send any value, so each is looked at before it counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.errors import UserError
from core.records import CUSTOM, SIDES, WORD_CLASSES, WORD_SOURCES, ContrastSpec
from core.records.replication import SEAT_WORDS, Deal, SeatEffect, Study, class_code
from engine import class_file
from engine.class_steps import DEFAULT_WORDS, dealt, seat_effect
from engine.limits import limits
from engine.pipeline import Request
from engine.steps import conclusion, model_info
from ui import class_settings, learner, settings
from ui.progress import get, show

PART = "seat"
CODE_PARAM, WORDS_PARAM = "class", "class_words"  # of a link that an instructor gives
_OPENED = "_class_opened"  # the study whose words are this session's experiment
_TYPED = "_class_typed"
_MOST_CODE = 60  # characters of what is typed


@dataclass(frozen=True)
class Joined:
    """A class that somebody looks at: its study, the words of every seat, and where its effects are on the board.

    ``n_seats`` are the seats of the class if its file says how many there are, else None.
    """

    code: str
    study: Study
    dealt: Deal
    key: str
    n_seats: int | None

    @property
    def request(self) -> Request:
        """For what is on the board."""
        return Request(self.study.spec, marked=self.study.neuron, code=self.code)

    @property
    def names(self) -> tuple[str, str]:
        """What both classes of words are called."""
        return self.study.spec.class_names


# --- What is kept ---


def code() -> str:
    """The class code, as it was typed: the class file's, else that of the link, else the browser's."""
    if (file := _study_of_file()) and file.code:
        return file.code
    if linked := _of_link(CODE_PARAM):
        return linked
    kept = learner.part(PART).get("code")
    return kept[:_MOST_CODE] if isinstance(kept, str) else ""


def seat() -> int | None:
    """The seat number, whatever it is."""
    return _kept_whole("seat")


def n_words() -> int:
    """How many words of each class a seat has, whatever it is."""
    if (file := _study_of_file()) and file.words is not None:
        return file.words
    linked = _of_link(WORDS_PARAM)
    if linked.isascii() and linked.isdigit() and len(linked) < 5:
        return int(linked)
    kept = _kept_whole("words")
    return DEFAULT_WORDS if kept is None else kept


def _kept_whole(name: str) -> int | None:
    """A whole number of what is kept, whatever its size: a page says what is allowed."""
    kept = learner.part(PART).get(name)
    return kept if isinstance(kept, int) and not isinstance(kept, bool) else None


def link_params() -> dict[str, str]:
    """What a link to the class has beside the settings; nothing where no class is named."""
    return {CODE_PARAM: code(), WORDS_PARAM: str(n_words())} if code() else {}


def _of_link(name: str) -> str:
    """What the link says, until somebody types in the boxes."""
    return "" if st.session_state.get(_TYPED) else st.query_params.get(name, "")[:_MOST_CODE]


def guess(joined: Joined) -> str | None:
    """For which side this study's neuron was expected to be higher, ``"target"`` or ``"baseline"``."""
    kept = learner.part(PART)
    return kept["guess"] if kept.get("setting") == joined.key and kept.get("guess") in SIDES else None


def keep(**values: Any) -> None:
    """Keep values of the seat, in this session and in the browser."""
    learner.keep(PART, {**learner.part(PART), **values})


def keep_typed(**values: Any) -> None:
    """Keep what was typed in the boxes, which goes before the link from now on."""
    st.session_state[_TYPED] = True
    keep(**values)


def has_file() -> bool:
    """Whether the class file has the study."""
    return _study_of_file() is not None


def is_fixed(what: str) -> bool:
    """Whether the class file says what ``"code"`` or ``"words"`` is, so that nobody types it."""
    file = _study_of_file()
    return file is not None and bool(getattr(file, what))


# --- The study ---


def join(typed: str, words: int) -> Joined:
    """The class with this code, and the study of the class file or of this session's experiment and neuron.

    Raises
    ------
    UserError
        The code or the number of words is not allowed, a list cannot be read or is too short, or the model cannot be
        had.
    """
    checked, file = class_code(typed), _study_of_file()
    low, high = SEAT_WORDS
    if not low <= words <= min(high, limits().max_words):
        most = min(high, limits().max_words)
        raise UserError(f"A seat was to have {words:,} words of each class; {low} to {most} are allowed.")
    study = _of_file(file, words) if file else _of_session(checked, words)
    hands = get(dealt, Request(study.spec, code=checked))
    info = show(model_info, study.spec)
    info.check_layer(study.spec.layer)
    return Joined(checked, study, hands, study.key(hands.pool, info.revision), file.seats if file else None)


def _study_of_file() -> class_file.StudySettings | None:
    file = class_file.current()
    return file.study if file else None


def _of_file(file: class_file.StudySettings, words: int) -> Study:
    """The study of the class file: what it does not say is as in its settings, which pages open with."""
    spec, neuron = class_settings.study_of(file)
    if neuron is None:
        neuron = show(conclusion, spec).largest
    return Study(_with_words(spec, words), neuron)


def _of_session(checked: str, words: int) -> Study:
    """The study of this session's experiment. If that is the experiment of a seat, of the lists it was dealt from."""
    view = settings.current().view
    spec, was_opened = _lists_before(checked, view.spec, words)
    kept = _kept_whole("neuron")
    if view.neuron is not None:
        return Study(_with_words(spec, words), view.neuron)
    if was_opened and kept is not None and kept >= 0:
        return Study(_with_words(spec, words), kept)
    return Study(_with_words(spec, words), show(conclusion, view.spec).largest)


def _lists_before(checked: str, spec: ContrastSpec, words: int) -> tuple[ContrastSpec, bool]:
    """The spec with the lists from which its words were dealt, and whether it is a seat's."""
    opened: ContrastSpec | None = st.session_state.get(_OPENED)
    of_kept = _lists_of_browser() if spec.target == spec.baseline == CUSTOM else None
    for lists in (opened, of_kept):
        if lists is None:
            continue
        fields = ("target", "baseline", "target_words", "baseline_words", "target_name", "baseline_name", "word_source")
        before = spec.changed(n_target=words, n_baseline=words, **{name: getattr(lists, name) for name in fields})
        hands = get(dealt, Request(before, code=checked))
        if (spec.target_words, spec.baseline_words) in zip(hands.target, hands.baseline, strict=True):
            return before, True
    return spec, False


def _lists_of_browser() -> ContrastSpec | None:
    """The lists that the browser says its seat was dealt from, if they can be."""
    kept = learner.part(PART).get("lists")
    if not isinstance(kept, dict):
        return None
    target, baseline, source = (kept.get(name) for name in (*SIDES, "word_source"))
    if target in WORD_CLASSES and baseline in WORD_CLASSES and target != baseline and source in WORD_SOURCES:
        return ContrastSpec(target=target, baseline=baseline, word_source=source)
    return None


def _with_words(spec: ContrastSpec, words: int) -> ContrastSpec:
    return spec.changed(n_target=words, n_baseline=words)


def open_as_experiment(joined: Joined, spec: ContrastSpec) -> None:
    """Callback: make the words of a seat this session's experiment, on every page."""
    lists = joined.study.spec
    st.session_state[_OPENED] = lists
    if CUSTOM not in (lists.target, lists.baseline):
        keep(lists={"target": lists.target, "baseline": lists.baseline, "word_source": lists.word_source})
    now = settings.current()
    view = replace(now.view, spec=spec, neuron=joined.study.neuron, pinned=())
    settings.open_view(view, now.values, [])
    settings.current().problems = None


def measure(joined: Joined, spec: ContrastSpec) -> SeatEffect:
    """The effect of a seat's experiment, by the steps that every experiment goes through."""
    return show(seat_effect, spec, marked=joined.study.neuron)


def keep_measured(joined: Joined, effect: SeatEffect, *, posted: bool) -> None:
    """Keep that a seat was measured in this study, what was found (for a print-out), and whether the board has it."""
    numbers = {"g": effect.g, "low": effect.low, "high": effect.high, "auc": effect.auc}
    keep(measured={"setting": joined.key, "seat": effect.seat, "posted": posted, **numbers})


def was_posted() -> bool:
    """Whether the board took what this browser has measured, as far as the browser says."""
    kept = learner.part(PART).get("measured")
    return not (isinstance(kept, dict) and kept.get("posted") is False)


def was_measured(joined: Joined, seat: int) -> bool:
    """Whether this browser has measured this seat in this study."""
    kept = learner.part(PART).get("measured")
    return isinstance(kept, dict) and kept.get("setting") == joined.key and kept.get("seat") == seat
