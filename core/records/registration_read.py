"""Read a registration that comes from a browser or a file: everything in it may be forged.

registered(value)   # what ``Registered.to_plain`` has written, or a ValueError
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from core.records.plain import LONGEST, number, text, time, whole
from core.records.registration import (
    MAX_HYPOTHESIS,
    SEEN,
    GoldSeparation,
    HeldOutTest,
    Opening,
    Registered,
    Registration,
)
from core.records.spec import CUSTOM, WORD_SOURCES, ContrastSpec


def registered(value: Any) -> Registered:
    """Read what ``Registered.to_plain`` wrote.

    Raises
    ------
    ValueError
        It is no such object, or a value in it is not allowed. (A ``UserError`` is a ValueError too.)

    Examples
    --------
    >>> registered({"digest": "00"})
    Traceback (most recent call last):
    ValueError: A registration is an object with digest, opened, registered.
    """
    digest, opened, locked = _parts(value, "A registration", ("digest", "opened", "registered"))
    return Registered(_registration(locked), text(digest), None if opened is None else _opening(opened))


def _parts(value: Any, what: str, names: tuple[str, ...]) -> list[Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise ValueError(f"{what} is an object with {', '.join(sorted(names))}.")
    return [value[name] for name in names]


def _maybe(value: Any) -> float | None:
    return None if value is None else number(value)


def _registration(value: Any) -> Registration:
    names = tuple(item.name for item in fields(Registration) if item.name != "spec")
    given = dict(zip((*names, "settings"), _parts(value, "What was locked", (*names, "settings")), strict=True))
    if not isinstance(given["seen"], list) or not all(isinstance(one, str) and one in SEEN for one in given["seen"]):
        raise ValueError("What was seen before is a list of known names.")
    return Registration(
        hypothesis=text(given["hypothesis"], MAX_HYPOTHESIS),
        spec=_spec(given["settings"]),
        neuron=whole(given["neuron"]),
        higher_for=text(given["higher_for"]),
        planned_test=text(given["planned_test"]),
        planned_alpha=number(given["planned_alpha"]),
        smallest_auc=number(given["smallest_auc"]),
        locked_at=time(given["locked_at"]),
        locked_at_local=time(given["locked_at_local"]),
        model_revision=text(given["model_revision"]),
        app_version=text(given["app_version"]),
        seen=tuple(given["seen"]),
    )


def _spec(value: Any) -> ContrastSpec:
    """The settings of a spec, with word lists of the app's only: a browser must not name a folder."""
    known = {item.name for item in fields(ContrastSpec) if not item.name.endswith(("_words", "_name"))}
    if not isinstance(value, dict) or set(value) != known:
        raise ValueError("The settings are not those of an experiment.")
    if value["word_source"] not in WORD_SOURCES or CUSTOM in (value["target"], value["baseline"]):
        raise ValueError("A registration has word lists of the app.")
    texts = (one for one in value.values() if isinstance(one, str))
    if any(len(each) > LONGEST for each in texts) or any(isinstance(one, (dict, list)) for one in value.values()):
        raise ValueError("A setting is too long, or no value.")
    alpha = value["alpha"]
    return ContrastSpec(**{**value, "alpha": float(alpha) if type(alpha) is int else alpha})


def _opening(value: Any) -> Opening:
    names = tuple(item.name for item in fields(Opening))
    given = dict(zip(names, _parts(value, "An opening", names), strict=True))
    missing = given["missing"]
    if not isinstance(missing, dict) or not set(missing) <= {"held_out", "gold_text"}:
        raise ValueError("What is missing is one of two sets of data.")
    return Opening(
        opened_at=time(given["opened_at"]),
        opened_at_local=time(given["opened_at_local"]),
        app_version=text(given["app_version"]),
        model_revision=text(given["model_revision"]),
        held_out=_numbers(HeldOutTest, given["held_out"]),
        gold_text=_numbers(GoldSeparation, given["gold_text"]),
        missing={name: text(sentence, 1_000) for name, sentence in missing.items()},
    )


def _numbers(of: type, value: Any) -> Any:
    """A record of numbers, each in its range; None if there is none."""
    if value is None:
        return None
    names = tuple(item.name for item in fields(of))
    given = dict(zip(names, _parts(value, "A result", names), strict=True))
    for name, each in given.items():
        if name.startswith("n_"):
            given[name] = whole(each)
        elif name.startswith("auc"):
            given[name] = number(each, 0.0, 1.0)
        elif name.endswith("sha256"):
            given[name] = text(each)
        else:
            given[name] = _maybe(each) if name in ("degrees_of_freedom", "p_value", "hedges_g") else number(each)
    return of(**given)
