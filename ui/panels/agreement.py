"""How far A and B agree: numbers, the scatter of both statistics, and neurons that change sides."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from core.records import ContrastResult
from core.records.agreement import Agreement, NeuronAgreement
from core.report import agreement as report
from core.report import alternatives
from core.report.glossary import GLOSSARY, statistic_name
from core.report.readable import readable_auc, signed
from core.report.sentences import class_names
from engine import files, steps
from ui import charts, chosen, page, plot_marks
from ui.panels.export import Files, stem_of_both
from ui.readable_table import readable_table
from ui.rows import choose_row

_PLOT, _TABLE = "agreement_plot", "changed_sides"
FIGURES = {
    _PLOT: "Every neuron in A and in B, by its statistic",
    "quantile_plot": "Quantiles of the statistics of A and of B",
}
_MOST_ROWS = 200  # of neurons that change sides: the others are in the file


def draw(a: ContrastResult, b: ContrastResult, found: Agreement, neuron: int) -> None:
    """Draw the comparison: neuron by neuron, or, where these are not the same, the two distributions."""
    st.header("How far they agree")
    st.markdown(page.plain(found.correspondence.why), help=f"**Same neurons**: {GLOSSARY['same neurons']}")
    for sentence in report.about_comparability(a, b):
        st.caption(page.plain(sentence))
    if found.neurons is None:
        _draw_distributions(a, b, found)
        return
    _draw_numbers(found.neurons)
    left, right = st.container(key="agreement_parts").columns([5, 3], gap="medium")
    with left:
        _draw_scatter(a, b, found.neurons, neuron)
    with right:
        _draw_sets(found.neurons)
        _draw_changed(a, b, found.neurons)


def files_of(a: ContrastResult, b: ContrastResult) -> tuple[Files, ...]:
    """The files of the comparison, for *Export*."""
    specs, shown = (a.spec, b.spec), (steps.sources(a.words), steps.sources(b.words))
    stem = stem_of_both(a, b)
    buttons = (
        ("agreement_csv", "CSV", partial(files.agreement_csv, specs, shown), f"{stem}.csv"),
        ("agreement_json", "JSON", partial(files.agreement_json, specs, shown), f"{stem}.json"),
    )
    about = (
        "CSV: each neuron in both, or the quantiles if the neurons are not the same. JSON: how far they agree, with "
        "both settings. The files below are of A."
    )
    return (Files("A and B, neuron by neuron", buttons, about),)


def _draw_numbers(found: NeuronAgreement) -> None:
    columns = st.container(key="agreement_numbers").columns(4)
    numbers = (
        ("Rank correlation", report.readable_correlation(found.spearman), "rank correlation"),
        ("Correlation", report.readable_correlation(found.pearson), "correlation"),
        ("Jaccard, significant", report.readable_jaccard(found.significant), "Jaccard"),
        ("Jaccard, strong", report.readable_jaccard(found.strong), "Jaccard"),
    )
    if found.selected is not None:
        numbers = (*numbers[:2], ("Jaccard, selected", report.readable_jaccard(found.selected), "Jaccard"), numbers[3])
    for column, (label, value, term) in zip(columns, numbers, strict=True):
        column.metric(label, value, help=GLOSSARY[term])


def _draw_sets(found: NeuronAgreement) -> None:
    """Draw how the significant and the strong neurons overlap."""
    sets = {"significant": found.significant, "strong": found.strong}
    opposite: list[int | None] = [len(found.changed_sides), found.strong_changed_sides]
    if found.selected is not None:  # a protocol that takes a top share, and not what is significant
        sets, opposite = {"selected": found.selected, **sets}, [None, *opposite]
    rows: dict[str, list[Any]] = {
        "set": list(sets),
        "both": [each.both for each in sets.values()],
        "of these opposite": opposite,
        "only A": [each.only_a for each in sets.values()],
        "only B": [each.only_b for each in sets.values()],
        "neither": [each.neither for each in sets.values()],
    }
    alt = alternatives.of_table(len(sets), "sets of neurons, with how many are in both experiments", tuple(rows))
    st.dataframe(
        readable_table(rows, {"of these opposite": lambda n: f"{round(n):,}"}),
        key="agreement_sets",
        alt=alt,
        hide_index=True,
        width="content",
    )
    if found.n_left_out:
        st.caption(f"{found.n_left_out:,} neurons that do not vary over the words of A or of B are left out.")


def _draw_scatter(a: ContrastResult, b: ContrastResult, found: NeuronAgreement, neuron: int) -> None:
    from core.report.figures.agreement import agreement_scatter

    drawn = f"{a.spec.digest[:16]}{b.spec.digest[:16]}"
    picture, alt = agreement_scatter(a, b, found), report.of_agreement(a, b, found)
    charts.draw(picture, _PLOT, drawn, alt=alt, config={"displaylogo": False, "scrollZoom": False})
    plot_marks.draw(
        _PLOT,
        drawn,
        chosen.choose,
        n_places=a.n_neurons,
        marks={each: each for each in chosen.marked(neuron)},
        selected=neuron,
    )
    st.caption(
        "Click a point to select its neuron. On the dotted line, both statistics are equal. Both correlations are over "
        "all tested neurons, significant or not. Neurons of a layer go together, so a correlation is rarely 0 even by "
        "chance: choose shuffled labels in B to see how large."
    )


def _draw_changed(a: ContrastResult, b: ContrastResult, found: NeuronAgreement) -> None:
    n = len(found.changed_sides)
    if not n:
        st.markdown("No neuron is significant in both, on opposite sides.")
        return
    target, baseline = map(page.plain, class_names(a.spec))
    one = "neuron is" if n == 1 else "neurons are"
    st.markdown(
        f"**{n:,}** {one} significant in both on **opposite sides**, **{found.strong_changed_sides:,}** of them strong "
        f"in both. A: positive is higher for {target}, negative for {baseline}.",
        help=f"**Changes sides**: {GLOSSARY['changes sides']}",
    )
    shown = found.changed_sides[:_MOST_ROWS]
    columns: dict[str, Any] = {"neuron": shown}
    for name, each in (("A", a), ("B", b)):
        columns[f"{statistic_name(each.spec.test)}, {name}"] = each.tests.statistic[shown]
        columns[f"AUC, {name}"] = each.tests.auc[shown]
    texts = {label: readable_auc if label.startswith("AUC") else signed for label in columns if label != "neuron"}
    st.dataframe(
        readable_table(columns, texts),
        key=_TABLE,
        alt=alternatives.of_table(len(shown), "neurons that change sides", tuple(columns)),
        hide_index=True,
        height=min(38 + 35 * len(shown), 290),
        width="content",
        on_select=partial(choose_row, _TABLE, shown, chosen.snapshot()),
        selection_mode="single-cell",
    )
    if n > len(shown):
        st.caption(f"The {len(shown)} strongest of {n:,}; *Export* has all.")


def _draw_distributions(a: ContrastResult, b: ContrastResult, found: Agreement) -> None:
    """Draw the quantiles of both statistics, which need no neuron to be the same."""
    from core.report.figures.agreement import quantile_plot

    st.markdown(
        "So there is no correlation, and no set in common. What can be compared are the two **distributions**: how "
        "large the statistics are, not which neurons have them.",
        help=f"**Quantiles**: {GLOSSARY['quantiles']}",
    )
    if not len(found.quantiles.quantile):
        st.markdown("No neuron of one of the two varies, so there is nothing to draw.")
        return
    picture, alt = quantile_plot(a, b, found.quantiles), report.of_quantiles(a, b, found)
    charts.draw(picture, "quantile_plot", alt=alt, config={"displaylogo": False, "scrollZoom": False})
    st.caption(
        "Sorted statistics against sorted statistics: from the smallest of both, at the left, to the largest of both, "
        "at the right. On the dotted line both are as large. Above it at the right, B reaches further for its target."
    )
