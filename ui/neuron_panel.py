"""The parts of the Neurons page: headline, scatter, one neuron's panel, table, layers."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core import figures
from core.correction import LABELS
from core.export import summary_json
from core.records import ContrastResult
from ui import cached, page
from ui import settings as state
from ui.charts import Chart

# What the plot was last drawn for: the spec, and the neuron that was marked in it, if any.
_DRAWN = "_neurons_plot_drawn"
_EXTREME_WORDS = 6


def chosen_neuron(result: ContrastResult) -> int:
    """The neuron to show: the chosen one, else the one with the largest statistic."""
    settings = state.begin()
    if settings.neuron is not None and settings.neuron >= result.n_neurons:
        page.show_warning(
            f"Neuron {settings.neuron:,} was asked for; a layer of this model has 0 to {result.n_neurons - 1:,}. "
            "The one with the largest statistic is shown."
        )
        settings.neuron = None
    chosen = result.largest if settings.neuron is None else settings.neuron
    st.session_state["neuron"] = chosen
    return chosen


def draw_waiting() -> None:
    """An empty chart where the scatter will be: the browser fetches the plotting library while the model loads."""
    st.plotly_chart(figures.waiting(), key="waiting_plot", config={"displayModeBar": False})


def draw_headline(result: ContrastResult) -> None:
    """How many neurons are significant, each way, in one sentence and four numbers."""
    spec = result.spec
    n_significant = result.n_higher + result.n_lower
    verb = "tells" if n_significant == 1 else "tell"
    st.markdown(
        f"**{n_significant:,}** of {result.n_neurons:,} neurons in layer **{spec.layer}** {verb} "
        f"{len(result.words.target):,} {spec.target} from {len(result.words.baseline):,} {spec.baseline} "
        f"({LABELS[spec.correction]} over {result.family_size:,} tests, α = {spec.alpha:g})."
    )
    columns = st.container(key="headline").columns(4)
    columns[0].metric(f"Higher for {spec.target}", f"{result.n_higher:,}")
    columns[1].metric(f"Higher for {spec.baseline}", f"{result.n_lower:,}")
    for column, label, neuron in (
        (columns[2], "Largest t", result.largest),
        (columns[3], "Smallest t", result.smallest),
    ):
        column.metric(
            label,
            page.signed(result.tests.statistic[neuron]),
            help=f"Neuron {neuron} of layer {spec.layer}",
        )
        column.button(
            f"Show neuron {neuron}",
            key=f"show_{label.split()[0].lower()}",
            on_click=state.choose_neuron,
            args=(neuron,),
        )


def draw_scatter(result: ContrastResult) -> None:
    """The scatter; a click selects a neuron."""
    st.subheader("Every neuron of the layer")
    st.plotly_chart(
        cached.scatter(result, _highlight(result)),
        key="neurons_plot",
        on_select=_choose_from_plot,
        selection_mode="points",
        config={"displaylogo": False, "scrollZoom": False},
    )
    st.caption(f"Click a point to see its words. Drag to zoom, double-click to zoom out. {_about_thresholds(result)}")


def _about_thresholds(result: ContrastResult) -> str:
    """What the dashed lines are. Welch's test has a threshold for each neuron, and one line cannot show them all."""
    if result.spec.test != "welch":
        return "Beyond the dashed lines t is significant."
    beyond = np.abs(result.tests.statistic) >= result.critical_statistic
    strays = int((beyond != result.significant).sum())
    return (
        "Beyond the dashed lines t is significant at the median degrees of freedom; with Welch's test each neuron has "
        f"its own ({strays:,} of {result.n_neurons:,} are on the other side of the line)."
    )


def draw_neuron(result: ContrastResult, neuron: int) -> None:
    """One neuron: its figures, how both classes spread, and the words at both ends."""
    st.subheader(f"Neuron {neuron}")
    st.number_input(
        "Neuron",
        0,
        result.n_neurons - 1,
        neuron,  # what an emptied box goes back to
        key="neuron",
        on_change=_choose_from_box,
        help="Or click a point in the plot, or a row of the table.",
    )
    tests = result.tests
    if np.isnan(tests.statistic[neuron]):
        page.show_notes(("This neuron does not vary over these words, so it cannot be tested.",))
    p = result.p_adjusted[neuron]
    adjusted = "< **1e-300**" if p < 1e-300 else f"= **{p:.2g}**"  # smaller ones round to 0
    verdict = "significant" if result.significant[neuron] else "not significant"
    st.markdown(
        f"t = **{page.signed(tests.statistic[neuron])}**, adjusted p {adjusted} ({verdict}), "
        f"Cohen's d = **{page.signed(tests.cohens_d[neuron])}**, AUC = **{tests.auc[neuron]:.3f}**"
    )
    st.plotly_chart(Chart(figures.neuron_spread(result, neuron)), key="neuron_spread", config={"displaylogo": False})
    low, high = st.columns(2)
    words, values = _all_words(result, neuron)
    order = np.argsort(values, kind="stable")
    for column, title, indices in ((high, "Highest", order[::-1]), (low, "Lowest", order)):
        column.markdown(f"**{title} words**")
        column.dataframe(
            {
                "word": [words[i][0] for i in indices[:_EXTREME_WORDS]],
                "class": [words[i][1] for i in indices[:_EXTREME_WORDS]],
                "value": values[indices[:_EXTREME_WORDS]],
            },
            hide_index=True,
            column_config={"value": st.column_config.NumberColumn(format="%.3g")},
        )


def draw_table(result: ContrastResult) -> None:
    """All neurons as a sortable table, with its files (CSV, JSON) below; a click on a row selects a neuron."""
    st.subheader("All figures")
    order = np.argsort(-np.abs(np.nan_to_num(result.tests.statistic)), kind="stable")
    tests = result.tests
    st.dataframe(
        {
            "neuron": order,
            "t": tests.statistic[order],
            "adjusted p": result.p_adjusted[order],
            "significant": result.significant[order],
            "mean difference": tests.mean_difference[order],
            "Cohen's d": tests.cohens_d[order],
            "AUC": tests.auc[order],
        },
        key="neurons_table",
        hide_index=True,
        height=360,
        on_select=lambda: _choose_from_table(order),
        selection_mode="single-row",
        column_config={
            "t": st.column_config.NumberColumn(format="%.3f"),
            "adjusted p": st.column_config.NumberColumn(format="%.2e"),
            "mean difference": st.column_config.NumberColumn(format="%.4g"),
            "Cohen's d": st.column_config.NumberColumn(format="%.3f"),
            "AUC": st.column_config.NumberColumn(format="%.3f"),
        },
    )
    spec = result.spec
    name = f"{spec.target}-{spec.baseline}-layer{spec.layer}"
    left, right = st.columns(2)
    # Made at the press, from the spec alone: at each step it would take longer than the rest of the page, and what the
    # button holds, the session holds.
    left.download_button(
        "Table as CSV",
        partial(cached.csv, spec, (result.words.target_list.source, result.words.baseline_list.source)),
        f"{name}.csv",
        "text/csv",
        key="csv",
        on_click="ignore",
    )
    right.download_button(
        "Settings and summary as JSON",
        summary_json(result).encode(),
        f"{name}.json",
        "application/json",
        on_click="ignore",
    )


def draw_profile(result: ContrastResult, counts: tuple[np.ndarray, np.ndarray] | None) -> None:
    """Significant neurons of every layer, where every layer was read."""
    st.subheader("Every layer")
    if counts is None:
        page.show_notes(("With so many words only the chosen layer is read; fewer words show all layers.",))
        return
    spec = result.spec
    profile = Chart(figures.layer_profile(*counts, spec.layer, spec.target, spec.baseline))
    st.plotly_chart(profile, key="layer_profile", config={"displayModeBar": False})
    st.caption("Significant neurons, higher for the target upward, for the baseline downward; this layer stands out.")


def _all_words(result: ContrastResult, neuron: int) -> tuple[list[tuple[str, str]], np.ndarray]:
    spec, words = result.spec, result.words
    labelled = [(word, spec.target) for word in words.target] + [(word, spec.baseline) for word in words.baseline]
    return labelled, cached.words_of(result, neuron)


def _choose_from_box() -> None:
    if st.session_state["neuron"] is not None:
        state.choose_neuron(st.session_state["neuron"])


def _highlight(result: ContrastResult) -> int | None:
    """The neuron to draw as marked: the chosen one, unless the plot marks it by itself.

    The plot marks what was clicked in it: drawing that would rebuild it, and lose the zoom. It knows nothing of
    a choice made elsewhere (table, box, link), nor of one made before it was rebuilt for another spec or page.
    """
    neuron = state.begin().neuron
    clicked = st.session_state.get(_DRAWN) == (result.spec, None) and neuron in _selected_points()
    highlight = None if clicked else neuron
    st.session_state[_DRAWN] = (result.spec, highlight)
    return highlight


def _selected_points() -> list[int]:
    plot = st.session_state.get("neurons_plot")
    return [point["point_index"] for point in plot.selection.points] if plot else []


def _choose_from_plot() -> None:
    """A neuron that the plot was drawn with stays in its selection beside the one that is clicked now."""
    points = _selected_points()
    _, highlight = st.session_state.get(_DRAWN, (None, None))
    clicked = [neuron for neuron in points if neuron != highlight] or points
    state.choose_neuron(clicked[0] if clicked else None)


def _choose_from_table(order: np.ndarray) -> None:
    rows = st.session_state["neurons_table"].selection.rows
    if rows:
        state.choose_neuron(int(order[rows[0]]))
