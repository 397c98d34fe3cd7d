"""The head of the Compare page: what differs in B, what A and B have found, and buttons that change the two about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from core.errors import UserError
from core.models import CATALOGUE, is_here
from core.records import CUSTOM, SIDES, ContrastResult, ContrastSpec, Remedy
from core.records.agreement import Agreement
from core.report import sentences
from core.stats.correction import LABELS
from engine.folders import model_folders
from engine.limits import limits
from engine.steps import conclusion, layers_of
from ui import chosen, page, parts, settings
from ui import other as of_other
from ui.defaults import PRESETS, preset
from ui.labels import model_label
from ui.other import Changes
from ui.panels import compare_choices
from ui.progress import show
from ui.values import said


def draw(a: ContrastResult) -> ContrastResult | None:
    """Draw what differs in B, and both experiments. Return B's result; None if there is none to compare with."""
    other = settings.current().view.other
    if not parts.embedded():
        mistake = compare_choices.draw(a.spec, other)
        if not other:
            _draw_suggestions(a.spec)
            return None
        if mistake is not None:
            page.show_mistake(mistake, of="B")
            st.markdown("Your entries are kept: change one of them above.")
            return None
    elif not other:
        st.caption("The link names no second experiment.")
        return None
    try:
        spec = of_other.spec_of(a.spec, other)
        places = _draw_a(a)
        b = show(conclusion, spec)
    except UserError as error:
        page.show_mistake(error, of="B")
        _draw_remedies(error, a.spec, other)
        return None
    _draw_b(a, b, other, places)
    return b


def agreement_of(a: ContrastResult, b: ContrastResult) -> Agreement:
    """How far the two agree."""
    from core.agreement import agree  # the start needs none of it

    return agree(a, b)


def suggestions(a: ContrastSpec) -> list[tuple[str, dict[str, Any]]]:
    """Comparisons that are worth a click, with the changes of each."""
    after = a.hook_side == "pre-activation"
    found: list[tuple[str, dict[str, Any]]] = [
        (
            f"{'After' if after else 'Before'} the nonlinearity",
            {"hook_side": "activation" if after else "pre-activation"},
        )
    ]
    n_layers = layers_of(a.model) or 1
    if n_layers > 1:
        layer = a.layer + 1 if a.layer + 1 < n_layers else a.layer - 1
        found.append((f"Layer {layer}", {"layer": layer}))
    for name in PRESETS:
        changes = {field: value for field, value in preset(name).items() if getattr(a, field) != value}
        if changes and CUSTOM not in (a.target, a.baseline):
            found.append((f"{name}’s settings", changes))
    if not a.shuffle_labels:
        found.append(("Shuffled labels", {"shuffle_labels": True}))
    names = CATALOGUE if limits().any_model else limits().models
    if model := next((name for name in names if name != a.model and is_here(name, model_folders())), None):
        found.append((f"Model {model_label(model)}", {"model": model}))
    return found


def _draw_suggestions(a: ContrastSpec) -> None:
    """Draw what to compare with, as long as nothing is chosen."""
    with st.container(border=True, key="compare_first"):
        st.markdown(
            "**What would you change?** A is your experiment in the sidebar. Choose what differs in B, and see which "
            "neurons both find. For example:"
        )
        with st.container(horizontal=True):
            for place, (label, changes) in enumerate(suggestions(a)):
                args = (of_other.changed((), **changes), chosen.snapshot())
                st.button(label, key=f"suggestion_{place}", on_click=compare_choices.put, args=args)


def _draw_a(a: ContrastResult) -> tuple[Any, Any]:
    """Draw A, and return the places of B and of what is said of both."""
    left, right = st.columns(2, gap="medium")
    with left.container(border=True, height="stretch", key="experiment_a"):
        _draw_experiment("A", a, f"{page.plain(model_label(a.spec.model))}, layer {a.spec.layer}")
    return right, st.container()


def _draw_b(a: ContrastResult, b: ContrastResult, other: Changes, places: tuple[Any, Any]) -> None:
    right, below = places
    with right.container(border=True, height="stretch", key="experiment_b"):
        names = [name for name in of_other.FIELDS if getattr(a.spec, name) != getattr(b.spec, name)]
        differs = ", ".join(page.plain(said(name, b.spec)) for name in names)
        _draw_experiment("B", b, f"as A, but {differs}" if differs else "the same settings as A")
    with below:
        for name, each in (("B", b),) if parts.embedded() else (("A", a), ("B", b)):  # in a frame, A's stand above
            for caution in each.cautions:
                page.show_warning(f"{name}: {caution.sentence}")
        page.show_notes((*_adjusted(a.spec, b.spec, other), *a.notes, *b.notes))
        if not parts.embedded():
            _draw_buttons(a)


def _draw_experiment(name: str, result: ContrastResult, about: str) -> None:
    st.markdown(f"**{name}** · {about}")
    st.markdown(sentences.headline(result))
    st.caption(f"{page.plain(sentences.compared(result))} · {sentences.tested(result, LABELS[result.spec.correction])}")


def _adjusted(a: ContrastSpec, b: ContrastSpec, other: Changes) -> list[str]:
    """What B has that nobody has chosen: another layer, or fewer words than were asked for."""
    asked, found = dict(other), []
    if "layer" not in asked and a.layer != b.layer:
        found.append(f"B has layer {b.layer}: the relative depth of layer {a.layer} of A.")
    for side in SIDES:
        n = asked.get(f"n_{side}", getattr(a, f"n_{side}"))
        used = getattr(b, f"n_{side}")
        if used < n and getattr(b, side) != CUSTOM:
            found.append(f"B uses {used:,} {side} words, not {n:,}: its lists have no more.")
    return found


def _draw_buttons(a: ContrastResult) -> None:
    args = (chosen.snapshot(),)
    with st.container(horizontal=True, key="compare_buttons"):
        st.button(
            "Swap A and B",
            key="compare_swap",
            icon=":material/swap_horiz:",
            on_click=_swap,
            args=args,
            help="B becomes the experiment of the sidebar, and A the one beside it.",
        )
        st.button(
            "Use B as my experiment",
            key="compare_use",
            icon=":material/check:",
            on_click=_use,
            args=args,
            help="For all pages. A is not kept; its link is in the browser’s history.",
        )
        st.button("Start again", key="compare_clear", type="tertiary", on_click=compare_choices.put, args=((), *args))


def _draw_remedies(error: UserError, a: ContrastSpec, other: Changes) -> None:
    """Draw a button for each change of B that would help."""
    st.markdown("Your entries are kept: change one of them above.")
    if parts.embedded():
        return
    with st.container(horizontal=True):
        for place, remedy in enumerate(_remedies(error, a, other)):
            args = (of_other.changed(other, **dict(remedy.changes)), chosen.snapshot())
            st.button(remedy.label, key=f"remedy_b_{place}", on_click=compare_choices.put, args=args)


def _remedies(error: UserError, a: ContrastSpec, other: Changes) -> list[Remedy]:
    values = {name: dict(other).get(name, getattr(a, name)) for name in of_other.FIELDS}
    welch = Remedy("Welch’s test in B", (("test", "welch"),))
    if error.about == "paired_unit":
        return [Remedy("Compare word forms in B", (("unit", "word"),)), welch]
    if error.about == "paired_counts":
        found = [welch]
        if CUSTOM not in (values["target"], values["baseline"]):
            n = min(values["n_target"], values["n_baseline"])
            found.insert(0, Remedy(f"Use {n:,} words of each in B", (("n_target", n), ("n_baseline", n))))
        return found
    if error.about == "not_permuted":
        return [Remedy("Correct B by Holm", (("correction", "holm"),))]
    if error.about == "same_class":
        target, baseline = a.baseline, a.target
        return [Remedy(f"Compare {target} with {baseline} in B", (("target", target), ("baseline", baseline)))]
    n_layers = layers_of(values["model"])
    if error.about == "layer" and n_layers is not None:
        return [Remedy(f"Layer {n_layers - 1} in B", (("layer", n_layers - 1),))]
    return []


def _swap(drawn_with: chosen.Snapshot) -> None:
    """Callback: A and B change places."""
    if not chosen.is_stale(drawn_with):
        _open()


def _use(drawn_with: chosen.Snapshot) -> None:
    """Callback: B becomes the experiment of all pages."""
    if not chosen.is_stale(drawn_with):
        _open(other=())


def _open(**choices: Any) -> None:
    """Open the view in which A and B have changed places, with some choices replaced."""
    try:
        view = replace(of_other.swapped(settings.current().view), **choices)
    except UserError as error:  # the buttons stand only beside a B that there is
        page.show_toast(f"B was not used: {error}")
        return
    settings.open_view(view, settings.current().values, [])
    settings.current().problems = None  # there is no link any more
