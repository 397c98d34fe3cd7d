"""The address as a link: read when a session begins, written after each run.

Streamlit can bind widgets to parameters of the address (``bind``). This is not used: it writes the label of a select
box, so a new wording would break all links; and it leaves out defaults, which differ between servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import streamlit as st

from core.errors import UserError
from core.models.hub import canonical
from core.records import CUSTOM, SIDES, WORD_SOURCES, ContrastSpec
from core.records.link import digest_of, from_params, to_params
from core.records.names import spoken
from core.report.readable import as_chosen
from engine.limits import check_allowed, limits
from engine.steps import layers_of
from ui import foreign, link_names, link_values
from ui.custom_words import words_in
from ui.defaults import ALPHAS, DEFAULT, default_spec, length_of, within_limits, within_lists
from ui.link_names import MARK
from ui.link_values import MAX_VALUE, View

_DIGESTS = tuple(f"{side}_digest" for side in SIDES)
_TYPED = ("sample", "filter", "sort", "step")  # texts, "" by default
_ON_PAGES = ("neuron", "neurons", "pinned", "image_words", "steps", *_TYPED, *link_values.OPTIONS)
_OF_SPEC = (*(item.name for item in fields(ContrastSpec)), *_DIGESTS)
# Those of the experiment B of the Compare page (``ui.other``, which the start needs none of).
_OF_OTHER = tuple(f"{MARK}{name}" for name in (*_OF_SPEC, "neuron"))
_NAMES = (*_OF_SPEC, *_ON_PAGES, *_OF_OTHER)


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
    for name, options in link_values.OPTIONS.items():
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
    neuron = link_values.neurons([params["neuron"]] if "neuron" in params else [], "neuron", problems)
    pinned = link_values.pinned(params, problems)
    options = {name: link_values.option(name, params, problems) for name in link_values.OPTIONS}
    view = View(
        spec,
        neuron[0] if neuron else None,
        pinned,
        **options,
        image_words=link_values.image_words(params, problems),
        sample=link_values.sample(params, problems),
        filter=params.get("filter", ""),  # a mistake stays in its box, and the page says it
        sort=link_values.sort(params, spec, problems),
        steps=link_values.steps(params, problems),
        step=link_values.step(params, problems),
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
