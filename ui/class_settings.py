"""What the class file says about pages (``engine.class_file``): what they open with, and which of them are shown.

Whoever lists pages, draws controls of the sidebar, or begins a session asks here. Without a class file, everything is
shown, and pages open with the server's defaults. To hide is not to lock: a link or a button of a page may still change
a setting that has no control, and then the sidebar says so.
"""

from __future__ import annotations

import os
import re
from dataclasses import fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from core.errors import UserError, did_you_mean
from core.records import CUSTOM, SIDES, ContrastSpec
from engine.limits import Limits, limits, variable
from ui import link
from ui.app_pages import CLASS, HELP, HOME, PAGES, AppPage
from ui.defaults import LEAST_WORDS, default_spec
from ui.link_values import View

if TYPE_CHECKING:
    from engine.class_file import ClassFile, StudySettings

# What a link's problem says after the mistake: that another value is used. A start does not go on with another.
_INSTEAD = re.compile(r"(?<=[.?]) (The link's value was set aside.*|.{1,80} (was set aside|is used|are used)\.)$")
_FIELDS = tuple(item.name for item in fields(ContrastSpec))
_ALWAYS = (HOME, HELP)
_ANY_CODE = "class"  # how many seats there are does not depend on the code


def current() -> ClassFile | None:
    """The class file of this server, without a check of what only pages know; None if it has none."""
    if not os.environ.get(variable("class_file"), "").strip():
        return None
    from engine import class_file  # few servers have one

    return class_file.current()


def check() -> ClassFile | None:
    """The class file of this server, with all checks.

    Raises
    ------
    UserError
        Something in it is not allowed; the sentence says where, what came, and what is allowed.
    """
    try:
        if file := current():
            _check(file, limits())
    except UserError as error:
        raise UserError(str(error), about="variable") from None
    return file


def view() -> View | None:
    """What pages open with where the address names nothing; None for what the app itself opens with."""
    file = current()
    return _view(file, limits()) if file and file.settings else None


def spec() -> ContrastSpec:
    """The experiment that pages open with."""
    return found.spec if (found := view()) else default_spec()


def study_of(said: StudySettings) -> tuple[ContrastSpec, int | None]:
    """The experiment that a class repeats, with the numbers of words that pages open with, and the neuron.

    What the study of the class file does not say is as pages open with it. The neuron is None if neither says one.
    """
    opened = view()
    spec = opened.spec if opened else default_spec()
    spec = spec.changed(model=said.model or spec.model)
    neuron = said.neuron if said.neuron is not None or opened is None else opened.neuron
    return spec.changed(layer=spec.layer if said.layer is None else said.layer), neuron


def pages() -> tuple[AppPage, ...]:
    """The pages that this server shows, in their order."""
    return _pages(file) if (file := current()) else PAGES


def shows(page: AppPage) -> bool:
    """Whether this server shows a page."""
    return page.title in (each.title for each in pages())


def if_shown(page: AppPage, sentence: str) -> str:
    """A sentence that leads to a page; "" where this server does not show that page."""
    return sentence if shows(page) else ""


def hides(control: str) -> bool:
    """Whether the sidebar does not show a control (``engine.class_file.CONTROLS``)."""
    return bool((file := current()) and control in file.hidden)


def hidden_settings() -> tuple[str, ...]:
    """The settings of the experiment that the sidebar does not show, in their order."""
    return tuple(name for name in _FIELDS if hides(name))


def hidden_and_changed(now: ContrastSpec) -> tuple[str, ...]:
    """The settings without a control that are not as pages open with them: a link or a button has changed them."""
    first = spec()
    return tuple(name for name in hidden_settings() if getattr(now, name) != getattr(first, name))


@lru_cache(maxsize=4)  # each run of each page asks, and to deal the words of a study takes time
def _check(file: ClassFile, allowed: Limits) -> None:
    """All checks of a file; a mistake is looked for again each time."""
    _view(file, allowed)
    _pages(file)
    _check_names(file)
    _check_class_page(file)
    _check_study(file)


@lru_cache(maxsize=4)
def _view(file: ClassFile, allowed: Limits) -> View:
    """What ``[settings]`` opens, read as a link; ``allowed`` are the limits, on which this depends."""
    where, params = f"{file.name}, [settings]", dict(file.settings)
    for name in params:
        if name not in link.names():
            near = did_you_mean(name, link.names()) or " The names are those of a link."
            raise UserError(f"{where}: “{name[:60]}” is no setting.{near}")
    found, problems = link.read(params)
    for problem in problems:
        raise UserError(f"{where}: {_INSTEAD.sub('', problem)}")
    own = {side: len(getattr(found.spec, f"{side}_words")) for side in SIDES}
    for side, n in own.items():
        if 0 < n < LEAST_WORDS:
            raise UserError(f"{where}: {side}_words has {n} word; at least {LEAST_WORDS} are needed.")
    counts = {f"n_{side}": n for side, n in own.items() if n}  # a list of one's own is used whole
    try:
        return replace(found, spec=found.spec.changed(**counts))
    except UserError as error:  # such as two lists of unequal length for a paired test
        raise UserError(f"{where}: {error}") from None


def _pages(file: ClassFile) -> tuple[AppPage, ...]:
    if file.pages is None:
        return PAGES
    by_name = {_plain(each.title): each for each in PAGES}
    for name in file.pages:
        if _plain(name) not in by_name:
            titles = [each.title for each in PAGES]
            near = did_you_mean(name, titles) or f" The pages are {', '.join(titles)}."
            raise UserError(f"{file.name}, [pages]: “{name[:60]}” is no page.{near}")
    shown = {*(_plain(name) for name in file.pages), *(_plain(each.title) for each in _ALWAYS)}
    return tuple(each for name, each in by_name.items() if name in shown)


def _check_class_page(file: ClassFile) -> None:
    """Refuse a study that no page shows."""
    if file.study and CLASS not in _pages(file):
        raise UserError(f"{file.name}, [study]: it is for the page Class, which [pages] does not show.")


def _plain(name: str) -> str:
    """A page's name as it is compared: *Text heatmap* is also text_heatmap."""
    return name.strip().casefold().replace("_", " ")


def _check_names(file: ClassFile) -> None:
    """Refuse a step that the lesson does not have, and a title of a text that a link could not tell from another."""
    from core.lesson import STEPS
    from ui import samples

    steps = [step.name for step in STEPS]
    for name in file.steps or ():
        if name not in steps:
            near = did_you_mean(name, steps) or f" The steps are {', '.join(steps)}."
            raise UserError(f"{file.name}, [lesson]: “{name[:60]}” is no step of the lesson.{near}")

    taken = {samples.slug(samples.title_of(name)) for name in samples.files()}
    for each in file.texts:
        if (name := samples.slug(each.title)) in taken:
            raise UserError(f"{file.name}, [[texts]]: a text of the app or another one is called “{name}”, too.")
        taken.add(name)


def _check_study(file: ClassFile) -> None:
    """Refuse a study that no seat could measure: its layer or neuron, its words, or more seats than have words."""
    from core.replication import deal
    from engine.class_steps import DEFAULT_WORDS
    from engine.folders import downloads

    if (said := file.study) is None:
        return
    where, words = f"{file.name}, [study]", said.words or DEFAULT_WORDS
    spec, neuron = study_of(said)
    try:
        seat = spec.changed(n_target=words, n_baseline=words)
        _check_place(spec, neuron)
        dealt = deal(seat, said.code or _ANY_CODE, downloads()) if _lists_are_here(spec) else None
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    if dealt and said.seats and said.seats > dealt.n_seats:
        raise UserError(
            f"{where}: seats is “{said.seats}”; with {words} words of each class a seat, these lists have words for "
            f"{dealt.n_seats}."
        )


def _check_place(spec: ContrastSpec, neuron: int | None) -> None:
    """Refuse a layer or a neuron that the model does not have, if the model is on this computer."""
    from core.models import CATALOGUE, count_layers, is_here
    from engine.folders import model_folders

    folders = model_folders()
    n_layers = count_layers(spec.model, folders)
    if n_layers is not None and spec.layer >= n_layers:
        raise UserError(f"layer is “{spec.layer}”; the model has 0 to {n_layers - 1}.")
    if neuron is None:
        return
    if known := CATALOGUE.get(spec.model):
        n_neurons = known.d_mlp
    elif is_here(spec.model, folders):
        from engine.pipeline import Request, resolve  # the class will need the model anyway
        from engine.steps import model_info

        n_neurons = resolve(model_info, Request(spec)).d_mlp
    else:
        return
    if neuron >= n_neurons:
        raise UserError(f"neuron is “{neuron}”; a layer of the model has 0 to {n_neurons - 1:,}.")


def _lists_are_here(spec: ContrastSpec) -> bool:
    """Whether both lists can be read without a network: a start does not wait for a download."""
    from core.words.download import cached
    from engine.folders import downloads

    lists = [getattr(spec, side) for side in SIDES]
    return spec.word_source != "notebook" or all(each == CUSTOM or cached(each, downloads()) for each in lists)
