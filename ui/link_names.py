"""The names in a link: what people write, what they misspell, and what is there twice.

``preset=careful``, ``words=60`` and ``contrast=singular-plural`` are in no link of the app's, but they are what people
write by hand: they are understood. The page says which name is nearly one of the app's. All others belong to somebody
else (``ui.foreign``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from core.errors import UserError, did_you_mean
from core.records import MAX_WORDS
from engine.limits import limits
from ui.defaults import LEAST_WORDS, PRESETS, preset

MARK = "b_"  # before the name of a setting of experiment B (``ui.other``)
PRESET, WORDS, CONTRAST = "preset", "words", "contrast"
WRITTEN_BY_HAND = (PRESET, WORDS, CONTRAST)
_COUNTS = ("n_target", "n_baseline")
_MOST_TOLD = 3


def expand_words(params: dict[str, str], problems: list[str]) -> None:
    """Replace ``words`` by the number of words of each class that has none of its own, in place."""
    if (text := params.pop(WORDS, None)) is None:
        return
    number, most = text.strip(), limits().max_words
    if not (number.isascii() and number.isdigit() and len(number) < 10 and LEAST_WORDS <= int(number) <= MAX_WORDS):
        problems.append(
            f"words is “{text[:60]}”; a whole number from {LEAST_WORDS} to {MAX_WORDS:,} is allowed. It was set aside."
        )
        return
    if int(number) > most:
        problems.append(f"words is “{number}”; at most {most:,} words of a class are allowed here, and used.")
    for name in _COUNTS:
        params.setdefault(name, str(min(int(number), most)))


def take_preset(params: dict[str, str], problems: list[str]) -> dict[str, Any]:
    """Take ``preset`` out of the parameters, and return its settings; none, with a sentence, if there is none such."""
    if (text := params.pop(PRESET, None)) is None:
        return {}
    name = next((each for each in PRESETS if each.casefold() == text.strip().casefold()), None)
    if name is None:
        *names, last = (each.lower() for each in PRESETS)
        offered = f"{', '.join(names)} and {last}"
        problems.append(f"preset is “{text[:60]}”; {offered} are offered. It was set aside.")
        return {}
    values = preset(name)
    # A link of an early version has a test and no unit, and means words. This one is not so old.
    if params.get("test", "paired") != "paired":
        params.setdefault("unit", values["unit"])
    return values


def expand_contrast(params: dict[str, str], problems: list[str]) -> None:
    """Replace ``contrast`` by its two classes, in place; a sentence says so if it is set aside."""
    if (text := params.pop(CONTRAST, None)) is None:
        return
    from core.records.contrasts import contrast_named

    try:
        contrast = contrast_named(CONTRAST, text.strip().casefold())
    except UserError as error:
        problems.append(f"{error} It was set aside.")
        return
    classes = {"target": contrast.target, "baseline": contrast.baseline}
    if both := [side for side in classes if side in params]:
        problems.append(
            f"contrast is “{contrast.name}”, which names both classes, and the link has {' and '.join(both)} too. The "
            "contrast was set aside."
        )
        return
    params.update(classes)


def misspelt(names: Iterable[str], own: Collection[str]) -> list[str]:
    """A sentence for each name in an address that is nearly one of the app's ``own``, for the first few of them.

    Examples
    --------
    >>> misspelt(["taget", "Layer", "utm_source"], ["target", "layer"])
    ['“taget” in the link is no setting. Did you mean target?', \
'“Layer” in the link is no setting. Did you mean layer?']
    """
    found = []
    for name in names:
        if name in own or not name.isprintable() or name.lower().endswith("id"):  # a course's own ids: unit_id
            continue
        # Short names are near to too many others: of them, only another case is said ("Tab", not a course's "tag").
        if near := did_you_mean(name, own, close=1.0 if len(name) < 5 else 0.8):
            found.append(f"“{name}” in the link is no setting.{near}")
    if len(found) > _MOST_TOLD:
        found[_MOST_TOLD:] = [f"{len(found) - _MOST_TOLD:,} other names in the link are nearly those of settings, too."]
    return found


def repeated(values: Mapping[str, list[str]]) -> list[str]:
    """A sentence for each of the app's names that a link has several times with different values.

    Examples
    --------
    >>> repeated({"layer": ["1", "3"], "seed": ["7", "7"]})
    ['layer is in the link 2 times; the last one, “3”, is used.']
    """
    return [
        f"{name} is in the link {len(each)} times; the last one, “{each[-1][:60]}”, is used."
        for name, each in values.items()
        if len(set(each)) > 1
    ]
