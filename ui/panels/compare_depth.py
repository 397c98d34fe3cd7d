"""Every layer of A and of B on one axis of relative depth, so that models of different depth stand side by side."""

from __future__ import annotations

import streamlit as st

from core.errors import UserError
from core.records import ContrastResult
from core.report import agreement as report
from core.report.glossary import d_definition
from core.report.one_layer import one_layer_read
from engine.layer_steps import all_layers
from engine.steps import reads_all_layers
from ui import charts, page
from ui.progress import show

FIGURES = {"depth_plot": "Every layer of A and of B"}


def draw(a: ContrastResult, b: ContrastResult) -> None:
    """Draw the layers of both, or say why not."""
    from core.report.figures.agreement import depth_plot  # the start needs none of it
    from core.report.layer_numbers import numbers_of

    st.header("Every layer of both")
    if not (reads_all_layers(a.spec) and reads_all_layers(b.spec)):
        st.caption(one_layer_read("all layers, if both A and B have few enough"))
        return
    rows = []
    try:
        for name, each in (("A", a), ("B", b)):
            layers = show(all_layers, each.spec)
            if layers is None:
                return
            numbers = numbers_of(layers)
            rows.append((name, numbers.depth, numbers.strong_share, numbers.largest_g))
    except UserError as error:  # the numbers above stand without it
        page.show_mistake(error)
        return
    one_size = d_definition(a.spec.test) == d_definition(b.spec.test)
    alt = report.of_depth([(name, share, size) for name, _, share, size in rows])
    charts.draw(depth_plot(rows, one_size), "depth_plot", alt=alt, config={"displayModeBar": False})
    said = "Strong neurons, as a share of each layer, and the largest |g| of a single neuron, which is one of many."
    kinds = "" if one_size else " The two g are of different kinds (paired or not): do not compare their heights."
    st.caption(f"{said}{kinds} Relative depth says how far up a layer is; layers of equal depth need not do the same.")
