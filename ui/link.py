"""The address as a link: read when a session begins, written after each run.

Streamlit can bind widgets to parameters of the address (``bind``). This is not used: it writes the label of a select
box, so a new wording would break all links; and it leaves out defaults, which differ between servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from core.errors import UserError
from core.models.hub import canonical
from core.records import CUSTOM, MAX_WORDS, SIDES, WORD_SOURCES, ContrastSpec
from core.records.link import digest_of, from_params, to_params
from core.records.names import spoken
from core.report.readable import as_chosen
from core.words import TREEBANKS
from engine.limits import check_allowed, limits
from engine.steps import layers_of
from ui import foreign, link_names, samples
from ui.custom_words import words_in
from ui.defaults import (
    ALPHAS,
    AXES,
    COLUMNS,
    DEFAULT,
    DISPLAY,
    LEAST_WORDS,
    MAPS,
    MAX_NEURONS,
    PLOTS,
    READ,
    TABS,
    default_spec,
    length_of,
    within_limits,
    within_lists,
)

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
_DIGESTS = tuple(f"{side}_digest" for side in SIDES)
_TYPED = ("sample", "filter", "sort")  # texts, "" by default
_ON_PAGES = ("neuron", "neurons", "pinned", "image_words", "steps", *_TYPED, *OPTIONS)
_OF_SPEC = (*(item.name for item in fields(ContrastSpec)), *_DIGESTS)
# Those of the experiment B of the Compare page have a mark (``ui.other``, which the start needs none of).
_OF_OTHER = tuple(f"b_{name}" for name in (*_OF_SPEC, "neuron"))
_NAMES = (*_OF_SPEC, *_ON_PAGES, *_OF_OTHER)


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
    default.
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


def write(view: View) -> None:
    """Write a view to the address, so that it can be copied at any time.

    It is written even if the address of this run is equal: the browser may have sent that address before it received
    the one of the last run. The browser adds an entry to its history only if the address differs.
    """
    st.query_params.from_dict(address_of(view))


def address_of(view: View) -> dict[str, str | list[str]]:
    """The parameters of the address of this view: its own, and those of others, which stay."""
    return {**foreign.params(), **params_of(view)}


def params_of(view: View, *, spelled_out: bool = False) -> dict[str, str]:
    """The URL parameters that open this view.

    Choices on pages that are the default are left out, unless ``spelled_out``: then a link opens the same on a server
    with other defaults too. The neuron, the number of words and the sample are there if the view has them.
    """
    params = to_params(view.spec, spelled_out=spelled_out)
    for name in ("neuron", "image_words"):
        if (number := getattr(view, name)) is not None:
            params[name] = str(number)
    if view.pinned:
        params["pinned"] = ",".join(map(str, view.pinned))
    for name, options in OPTIONS.items():
        if (value := getattr(view, name)) in options[0 if spelled_out else 1 :]:
            params[name] = value
    params |= {name: text for name in _TYPED if (text := getattr(view, name))}
    if view.other:
        from ui import other

        params |= other.params_of(view.other)
    if view.steps:
        params["steps"] = ",".join(map(str, view.steps))
    return params


def note_foreign() -> None:
    """Keep, for this session, the parameters of the address that are not the app's."""
    foreign.note((*_NAMES, *link_names.WRITTEN_BY_HAND))


def read_address(texts: Mapping[str, str] | None = None) -> tuple[View, list[str]]:
    """``read``, of the address; with a sentence, too, for each name that is there twice, or nearly one of ours."""
    view, problems = read(st.query_params.to_dict(), texts)
    own = (*_NAMES, *link_names.WRITTEN_BY_HAND)
    problems += link_names.repeated({name: st.query_params.get_all(name) for name in own if name in st.query_params})
    return view, problems + link_names.misspelt(st.query_params, (*own, foreign.SHOW))


def own_params() -> dict[str, str]:
    """The parameters of the address that are the app's."""
    return {name: value for name, value in st.query_params.to_dict().items() if name in _NAMES}


def read(params: Mapping[str, str], texts: Mapping[str, str] | None = None) -> tuple[View, list[str]]:
    """The view of a link, and one sentence for each value that was replaced by a default.

    ``texts`` are the session's custom lists, by the keys of their boxes, and those of B (``ui.other.lists_of``). A link
    does not have the words of a long list, only their digest.
    """
    params, problems = _valid_text(params)
    own = {f"{side}_words": _own_words(side, params, texts or {}) for side in SIDES}
    params, source_problems = _offered_source(params)
    link_names.expand_words(params, problems)
    link_names.expand_contrast(params, problems)
    preset = link_names.take_preset(params, problems)
    spec, spec_problems = from_params(params, default_spec().changed(**own, **preset))
    spec = spec.changed(**{f"{side}_words": () for side in SIDES if getattr(spec, side) != CUSTOM})
    problems += spec_problems + source_problems
    spec = _allowed_here(spec, problems, asked=params)
    neuron = _neurons([params["neuron"]] if "neuron" in params else [], "neuron", problems)
    pinned = _pinned(params, problems)
    options = {name: option(name, params, problems) for name in OPTIONS}
    view = View(
        spec,
        neuron[0] if neuron else None,
        pinned,
        **options,
        image_words=_image_words(params, problems),
        sample=_sample(params, problems),
        filter=params.get("filter", ""),  # a mistake stays in its box, and the page says it
        sort=_sort(params, spec, problems),
        steps=_steps(params, problems),
        other=_other(params, spec, texts or {}, problems),
    )
    return view, problems


def _other(
    params: Mapping[str, str], spec: ContrastSpec, texts: Mapping[str, str], problems: list[str]
) -> tuple[tuple[str, Any], ...]:
    """What differs in experiment B; nothing in most links."""
    if not any(name in params for name in _OF_OTHER):
        return ()
    from ui import other

    return other.read(params, spec, texts, problems)


def _pinned(params: Mapping[str, str], problems: list[str]) -> tuple[int, ...]:
    """The pinned neurons. Earlier versions wrote those of the text page apart from them, as ``neurons``."""
    parts = {name: params[name].split(",") if name in params else [] for name in ("pinned", "neurons")}
    pinned = _neurons(parts["pinned"], "pinned", problems)
    if not pinned:
        return _neurons(parts["neurons"], "neurons", problems)
    neurons = _indices(parts["neurons"], "neurons", problems)
    if not set(neurons) <= set(pinned):
        n = f"{len(neurons):,} neuron{'' if len(neurons) == 1 else 's'}"
        problems.append(f"neurons has {n}; the pinned ones, which the link names too, are shown instead.")
    return pinned


def _image_words(params: Mapping[str, str], problems: list[str]) -> int | None:
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


def _sample(params: Mapping[str, str], problems: list[str]) -> str:
    """The name of a text of the app's own, "" if the link names none."""
    value = params.get("sample", "")
    if not value or value in (names := samples.names()):
        return value
    problems.append(f"sample is “{value[:60]}”; the texts of this version are {', '.join(names)}. It was set aside.")
    return ""


def _sort(params: Mapping[str, str], spec: ContrastSpec, problems: list[str]) -> str:
    """The order of the finder, "" if the link names none."""
    sort = params.get("sort", "")
    if not sort:
        return ""
    from core.report.neuron_table import sort_of  # few links have an order

    try:
        sort_of(sort, spec.test)
    except UserError as error:
        problems.append(f"{error} The default is used.")
        return ""
    return sort


def _steps(params: Mapping[str, str], problems: list[str]) -> tuple[int, ...]:
    """The steps of checkpoints. The page knows which there are."""
    parts = params["steps"].split(",") if params.get("steps") else []
    valid = [part for part in parts if part.isascii() and part.isdigit() and len(part) <= MAX_STEP_DIGITS]
    if invalid := [part for part in parts if part not in valid]:
        problems.append(f"steps is “{invalid[0][:60]}”; a step is a whole number from 0. It was set aside.")
    steps = sorted(set(map(int, valid)))
    if len(steps) > MAX_STEPS:
        problems.append(f"steps has {len(steps)} numbers; at most {MAX_STEPS} are compared. The first ones are used.")
    return tuple(steps[:MAX_STEPS])


def option(name: str, params: Mapping[str, str], problems: list[str]) -> str:
    """The value of one of ``OPTIONS``; the first one, with a sentence, if it is not offered."""
    options = OPTIONS[name]
    value = params.get(name, options[0])
    if value in options:
        return value
    problems.append(f"{name} is “{value[:60]}”; allowed are {', '.join(options)}. “{options[0]}” is used.")
    return options[0]


def lists_elsewhere(params: Mapping[str, str]) -> list[str]:
    """The classes, of target and baseline, whose custom list a link names without its words."""
    return [side for side in SIDES if params.get(side) == CUSTOM and not params.get(f"{side}_words", "").strip()]


def _own_words(side: str, params: Mapping[str, str], texts: Mapping[str, str]) -> tuple[str, ...]:
    """The session's custom words of a class; none if the link names others."""
    text = texts.get(f"{side}_text") or ""
    words = words_in(side, text)
    if (digest := params.get(f"{side}_digest", digest_of(words))) != digest_of(words):
        words = words_in(side, text, {text})  # a link or a file had given them, and nothing in them was cleaned
    return words if digest == digest_of(words) else ()


def _valid_text(params: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The values that are short and printable, and one sentence for each other value."""
    values, problems = {}, []
    for name in (*_NAMES, *link_names.WRITTEN_BY_HAND):
        value = params.get(name, "")
        if len(value) > MAX_VALUE:
            lines = f" in {value.count(chr(10)) + 1:,} lines" if name.endswith("_words") else ""
            problems.append(
                f"{name} has {len(value):,} characters{lines}; a link's value may have {MAX_VALUE:,}. It was set aside."
            )
        elif not value.isprintable() and not name.endswith(("_words", "_name")):  # checked later
            problems.append(f"{name} holds characters that cannot be shown. It was set aside.")
        elif name in params:
            values[name] = value
    return values, problems


def _offered_source(params: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The parameters, with the bundled lists instead of a folder's; before its classes are looked at."""
    source = params.get("word_source", "")
    if not source.strip() or source in WORD_SOURCES:
        return params, []
    problem = f"A link cannot name the folder “{source[:80]}” as word source; bundled is used."
    return {**params, "word_source": "bundled"}, [problem]


def _allowed_here(spec: ContrastSpec, problems: list[str], asked: Mapping[str, str]) -> ContrastSpec:
    """The spec, with each value that this server or its pages do not allow replaced by a default.

    ``asked`` are the values of the link. Of a number of words that it does not have, nothing is said.
    """
    default, spec = default_spec(), spec.changed(model=canonical(spec.model))
    try:
        check_allowed(spec.model)
    except UserError as error:
        problems.append(f"{error} {default.model} is used.")
        spec = spec.changed(model=default.model)
    most = limits().max_words
    for name in ("n_target", "n_baseline"):
        if getattr(spec, name) > most:
            problems.append(
                f"{name} is “{getattr(spec, name)}”; at most {most:,} words of a class are allowed here, and used."
            )
    spec = within_limits(spec)
    spec = _within_lists(spec, problems, asked)
    if not ALPHAS[0] <= spec.alpha <= ALPHAS[1]:
        problems.append(
            f"alpha is “{as_chosen(spec.alpha)}”; here {ALPHAS[0]} to {ALPHAS[1]} are offered. {DEFAULT.alpha} is used."
        )
        spec = spec.changed(alpha=DEFAULT.alpha)
    n_layers = layers_of(spec.model)
    if n_layers is not None and spec.layer >= n_layers:
        problems.append(f"layer is “{spec.layer}”; the model has 0 to {n_layers - 1}. {n_layers - 1} is used.")
        spec = spec.changed(layer=n_layers - 1)
    return spec


def _within_lists(spec: ContrastSpec, problems: list[str], said: Mapping[str, str]) -> ContrastSpec:
    """The spec with no more words than its lists have, and a sentence for each asked number that was reduced."""
    fitted = within_lists(spec)
    for side in SIDES:
        asked, n, name = getattr(spec, f"n_{side}"), getattr(fitted, f"n_{side}"), getattr(spec, side)
        if f"n_{side}" not in said:
            continue
        if n < asked and n == length_of(name, spec.word_source):
            problems.append(f"n_{side} is “{asked}”; the list of {spoken(name)} has {n:,} words: all of them are used.")
        elif n < asked:
            problems.append(f"n_{side} is “{asked}”; the paired test uses {n:,}, as many as the other list has.")
    return fitted


def _neurons(parts: list[str], name: str, problems: list[str]) -> tuple[int, ...]:
    """The neurons that the parts of a value name, at most as many as are shown."""
    neurons = _indices(parts, name, problems)
    if len(neurons) > MAX_NEURONS:
        problems.append(f"{name} has {len(neurons)} neurons; at most {MAX_NEURONS} are shown. The first ones are used.")
    return neurons[:MAX_NEURONS]


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
