"""The headline of the Neurons page: how many neurons differ, how strongly, and the two extremes."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.records import ContrastResult
from core.records.effects import is_strong
from core.report import sentences
from core.report.glossary import GLOSSARY, statistic_name
from core.report.readable import readable_auc, signed
from core.stats.correction import LABELS
from ui import chosen, class_settings, page, parts
from ui.app_pages import EVIDENCE


def draw_sentence(result: ContrastResult) -> None:
    """Draw the result in one sentence, what was compared in a small one, and what else differs between the classes."""
    from core.records.contrasts import MEASURED_BY, what_else_differs

    spec = result.spec
    selected = ("Significant", "significant") if result.top is None else ("Top share", "top share")
    terms = (("Strong", "strong"), ("AUC", "AUC"), selected)
    st.markdown(sentences.headline(result), help=" ".join(f"**{name}**: {GLOSSARY[term]}" for name, term in terms))
    st.caption(f"{page.plain(sentences.compared(result))} · {sentences.tested(result, LABELS[spec.correction])}")
    if differs := what_else_differs(spec):
        measured = class_settings.if_shown(EVIDENCE, MEASURED_BY)
        st.caption(page.plain(differs.replace(MEASURED_BY, measured).rstrip()))


def draw_numbers(result: ContrastResult) -> None:
    """Draw how many neurons differ, and the two extremes."""
    name = statistic_name(result.spec.test)
    columns = st.container(key="headline").columns(4)
    draw_counts(result, (columns[0], columns[1]))
    for column, label, neuron in (
        (columns[2], f"Largest {name}", result.largest),
        (columns[3], f"Smallest {name}", result.smallest),
    ):
        with column.container(gap="xxsmall"):
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                st.metric(
                    label,
                    signed(result.tests.statistic[neuron]),
                    help=_help_of(name, result, neuron),
                    width="content",
                )
                if not parts.embedded():
                    st.button(
                        f"Show neuron {neuron}",
                        key=f"show_{label.split()[0].lower()}",
                        on_click=chosen.choose,
                        args=(neuron, chosen.snapshot()),
                        type="tertiary",
                    )
            st.caption(about_extreme(result, neuron))


def draw_counts(result: ContrastResult, columns: tuple[DeltaGenerator, ...]) -> None:
    """Draw how many neurons are significantly higher for each class, and how many of these strongly.

    Where p does not select: how many neurons are selected in the layer and in the model.
    """
    if result.top is not None:
        _draw_top(result, result.top, columns)
        return
    counts = (result.n_higher, result.n_lower)
    everything = zip(columns, sentences.class_names(result.spec), counts, sentences.n_strongly(result), strict=True)
    for column, name, n, n_strong in everything:
        with column.container(gap="xxsmall"):
            st.metric(f"Significantly higher for {page.plain(name)}", f"{n:,}")
            st.caption(f"of {result.n_neurons:,} neurons · {n_strong:,} strongly")


def _draw_top(result: ContrastResult, top: np.ndarray, columns: tuple[DeltaGenerator, ...]) -> None:
    """Draw how many neurons of the layer and of the model are in the top share."""
    from core.report.selection import n_of_model, percent  # the start needs none of it

    (n_model, n_neurons), n_strong = n_of_model(result), int((top & is_strong(result.tests.auc)).sum())
    share = percent(result.spec.top_share or 1.0)
    below = (
        (f"Selected in layer {result.spec.layer}", int(top.sum()), result.n_neurons, f"{n_strong:,} strongly"),
        ("Selected in the model", n_model, n_neurons, f"top {share}, whatever p is"),
    )
    for column, (label, n, of, about) in zip(columns, below, strict=True):
        with column.container(gap="xxsmall"):
            st.metric(label, f"{n:,}", help=GLOSSARY["top share"])
            st.caption(f"of {of:,} neurons · {about}")


def about_extreme(result: ContrastResult, neuron: int) -> str:
    """The effect size of a neuron on both sides of the nonlinearity, and its marks."""
    there = f"{sentences.where(result.other_side.side)} {readable_auc(result.other_side.auc[neuron])}"
    return " · ".join((f"AUC {readable_auc(result.tests.auc[neuron])}, {there}", *sentences.marks(result, neuron)))


def _help_of(name: str, result: ContrastResult, neuron: int) -> str:
    terms = {name: name, "AUC": "AUC"} | {mark.capitalize(): mark for mark in sentences.marks(result, neuron)}
    lines = (f"**{shown}**: {GLOSSARY[term]}" for shown, term in terms.items())
    return "\n\n".join((f"Neuron {neuron} of layer {result.spec.layer}.", *lines))
