"""What a link opens, a view; and its choices on pages: what each may be, and a sentence for each other value.

``ui.link`` reads and writes links, with the experiment in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import UserError
from core.records import MAX_WORDS, ContrastSpec
from core.words import TREEBANKS
from ui.defaults import AXES, COLUMNS, DISPLAY, LEAST_WORDS, MAPS, MAX_NEURONS, PLOTS, READ, TABS

# The choices on pages that are words, the default first.
OPTIONS = {
    **DISPLAY,
    "plot": PLOTS,
    "axis": AXES,
    "map": MAPS,
    "gold": ("own", *TREEBANKS),
    "tab": TABS,
    "columns": COLUMNS,
    "read": READ,
}
MAX_VALUE = 10_000  # characters of one value in a link; the app writes much shorter ones
MAX_STEPS, MAX_STEP_DIGITS = 24, 15  # checkpoints that are compared, and the digits of a step
MAX_STEP_NAME = 40  # characters of the name of a step of the lesson


@dataclass(frozen=True)
class View:
    """What a link opens: an experiment, and the choices on pages.

    ``neuron`` is the selected one, and ``pinned`` are those that stay beside it, on all pages. ``neuron`` is None
    for the default, the largest statistic. ``scale``, ``by``, ``colours``, ``threshold`` and ``both`` say how the
    text page shows a text, ``plot`` what the Neurons page plots, ``axis`` what is along the charts of the Layers
    page, and ``map`` where its map has the neurons. ``gold`` is the evidence page's tagged text: "own", a treebank,
    or "file", which no link can hold. ``tab`` is the open one of the Words page, ``columns`` how many neurons its
    image has, and ``image_words`` how many words of each class, None for the default. ``read`` is the open document
    of the Help page. ``sample`` is the text page's text if it is one of the app's own (``ui.samples``): a user's
    text is in no link. ``other`` is what differs in experiment B of the Compare page (``ui.other``). ``filter`` is
    that of the finder on the Layers page as it was typed, also a mistake, and ``sort`` its order: a column, perhaps
    after a hyphen; "" for the default. ``steps`` are the checkpoints that the Layers page compares, () for the
    default. ``step`` is that of the Lesson page, "" for the first one that is not done.
    """

    spec: ContrastSpec
    neuron: int | None = None
    pinned: tuple[int, ...] = ()
    scale: str = DISPLAY["scale"][0]
    by: str = DISPLAY["by"][0]
    colours: str = DISPLAY["colours"][0]
    threshold: str = DISPLAY["threshold"][0]
    both: str = DISPLAY["both"][0]
    plot: str = PLOTS[0]
    axis: str = AXES[0]
    map: str = MAPS[0]
    gold: str = "own"
    tab: str = TABS[0]
    columns: str = COLUMNS[0]
    read: str = READ[0]
    image_words: int | None = None
    sample: str = ""
    other: tuple[tuple[str, Any], ...] = ()
    filter: str = ""
    sort: str = ""
    steps: tuple[int, ...] = ()
    step: str = ""


def option(name: str, params: Mapping[str, str], problems: list[str]) -> str:
    """The value of one of ``OPTIONS``; the first one, with a sentence, if it is not offered."""
    options = OPTIONS[name]
    value = params.get(name, options[0])
    if value in options:
        return value
    problems.append(f"{name} is “{value[:60]}”; allowed are {', '.join(options)}. “{options[0]}” is used.")
    return options[0]


def pinned(params: Mapping[str, str], problems: list[str]) -> tuple[int, ...]:
    """The pinned neurons. Earlier versions wrote those of the text page apart from them, as ``neurons``."""
    parts = {name: params[name].split(",") if name in params else [] for name in ("pinned", "neurons")}
    found = neurons(parts["pinned"], "pinned", problems)
    if not found:
        return neurons(parts["neurons"], "neurons", problems)
    named = _indices(parts["neurons"], "neurons", problems)
    if not set(named) <= set(found):
        n = f"{len(named):,} neuron{'' if len(named) == 1 else 's'}"
        problems.append(f"neurons has {n}; the pinned ones, which the link names too, are shown instead.")
    return found


def image_words(params: Mapping[str, str], problems: list[str]) -> int | None:
    """How many words of each class the image has. The page knows how many it can have."""
    value = params.get("image_words")
    if value is None:
        return None
    if is_index(value) and LEAST_WORDS <= int(value) <= MAX_WORDS:
        return int(value)
    problems.append(
        f"image_words is “{value[:60]}”; a whole number from {LEAST_WORDS} to {MAX_WORDS:,} is allowed. "
        "The page's own number is used."
    )
    return None


def sample(params: Mapping[str, str], problems: list[str]) -> str:
    """The name of a text of the app's own, "" if the link names none."""
    value = params.get("sample", "")
    if not value:
        return ""
    from ui import samples  # few links have one

    if value in (names := samples.names()):
        return value
    problems.append(f"sample is “{value[:60]}”; the texts of this version are {', '.join(names)}. It was set aside.")
    return ""


def sort(params: Mapping[str, str], spec: ContrastSpec, problems: list[str]) -> str:
    """The order of the finder, "" if the link names none."""
    order = params.get("sort", "")
    if not order:
        return ""
    from core.report.neuron_table import sort_of  # few links have an order

    try:
        sort_of(order, spec.test)
    except UserError as error:
        problems.append(f"{error} The default is used.")
        return ""
    return order


def steps(params: Mapping[str, str], problems: list[str]) -> tuple[int, ...]:
    """The steps of checkpoints. The page knows which there are."""
    parts = params["steps"].split(",") if params.get("steps") else []
    valid = [part for part in parts if part.isascii() and part.isdigit() and len(part) <= MAX_STEP_DIGITS]
    if invalid := [part for part in parts if part not in valid]:
        problems.append(f"steps is “{invalid[0][:60]}”; a step is a whole number from 0. It was set aside.")
    found = sorted(set(map(int, valid)))
    if len(found) > MAX_STEPS:
        problems.append(f"steps has {len(found)} numbers; at most {MAX_STEPS} are compared. The first ones are used.")
    return tuple(found[:MAX_STEPS])


def step(params: Mapping[str, str], problems: list[str]) -> str:
    """The step of the lesson, "" if the link names none. The page knows which there are."""
    value = params.get("step", "")
    if not value or (len(value) <= MAX_STEP_NAME and value.isascii() and value.replace("-", "").isalnum()):
        return value.lower()
    problems.append(f"step is “{value[:60]}”; a step of the lesson has letters and hyphens. It was set aside.")
    return ""


def neurons(parts: list[str], name: str, problems: list[str]) -> tuple[int, ...]:
    """The neurons that the parts of a value name, at most as many as are shown."""
    found = _indices(parts, name, problems)
    if len(found) > MAX_NEURONS:
        problems.append(f"{name} has {len(found)} neurons; at most {MAX_NEURONS} are shown. The first ones are used.")
    return found[:MAX_NEURONS]


def _indices(parts: list[str], name: str, problems: list[str]) -> tuple[int, ...]:
    """The neurons that the parts of a value name, each once. One sentence is added for all invalid parts together."""
    invalid = [part for part in parts if not is_index(part)]
    if invalid:
        problems.append(f"{name} is “{invalid[0][:60]}”; a neuron's index is a whole number from 0. It was set aside.")
    return tuple(dict.fromkeys(int(part) for part in parts if is_index(part)))


def is_index(value: str) -> bool:
    """Whether a text is a neuron's index, as far as can be said without its layer.

    Examples
    --------
    >>> is_index("44"), is_index("-1"), is_index("four")
    (True, False, False)
    """
    return value.isascii() and value.isdigit() and len(value) < 7
