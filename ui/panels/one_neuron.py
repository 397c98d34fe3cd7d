"""One neuron: its effect sizes, its values for both classes on both sides, and the units with extreme values."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core.experiment import unit_values
from core.records import HOOK_SIDES, ContrastResult
from core.report import alternatives, figures, sentences
from core.report.glossary import GLOSSARY, d_definition, statistic_name
from core.report.readable import interval, readable_auc, readable_df, readable_number, readable_p, signed
from ui import charts, navigation, page
from ui.readable_table import readable_table

_N_EXTREMES = 6


def draw(result: ContrastResult, neuron: int) -> None:
    """Draw the panel of one neuron."""
    st.header(f"Neuron {neuron}")
    if np.isnan(result.tests.statistic[neuron]):
        page.show_notes(("This neuron does not vary over these words, so it cannot be tested.",))
    else:
        _draw_numbers(result, neuron)
        navigation.draw_link_to_evidence(neuron)
    values = {side: unit_values(result, neuron, side) for side in HOOK_SIDES}
    spread, alt = figures.neuron_spread(result, neuron, values), alternatives.of_spread(result, neuron, values)
    charts.draw(spread, "neuron_spread", alt=alt, config={"displaylogo": False})
    if place := sentences.read_at(result):
        st.caption(page.plain(f"The neuron is {place}."))
    _draw_extremes(result, np.concatenate(values[result.spec.hook_side]))


def _draw_numbers(result: ContrastResult, neuron: int) -> None:
    """Draw the verdict with the AUC of both sides, its marks, and the other numbers small."""
    st.markdown(verdict(result, neuron), help=f"{GLOSSARY['AUC']} In brackets: {GLOSSARY['interval']}")
    for mark, sentence in sentences.about_marks(result, neuron).items():
        st.markdown(f":gray-badge[{mark}] :small[{page.plain(sentence)}]")
    st.caption(_numbers(result, neuron), help=_help(result.spec.test))


def verdict(result: ContrastResult, neuron: int) -> str:
    """Whether the neuron is significant, and how well it tells the classes apart on both sides."""
    sizes, other = result.effect_sizes, result.other_side
    higher = page.plain(sentences.higher_for(result, neuron))
    verdict = f"Significantly higher for {higher}" if result.significant[neuron] else "Not significant"
    between = interval(readable_auc(sizes.auc_low[neuron]), readable_auc(sizes.auc_high[neuron]))
    return (
        f"**{verdict}** · AUC **{readable_auc(result.tests.auc[neuron])}** {between}, "
        f"{sentences.where(other.side)} **{readable_auc(other.auc[neuron])}**"
    )


def _numbers(result: ContrastResult, neuron: int) -> str:
    """The statistic, its degrees of freedom, the adjusted p and Hedges' g."""
    tests, sizes = result.tests, result.effect_sizes
    df = tests.degrees_of_freedom[neuron]
    of_df = f" (df {readable_df(df)})" if np.isfinite(df) else ""
    between = interval(signed(sizes.hedges_g_low[neuron]), signed(sizes.hedges_g_high[neuron]))
    parts = (
        f"{statistic_name(result.spec.test)} = {signed(tests.statistic[neuron])}{of_df}",
        f"adjusted p = {readable_p(result.log10_p_adjusted[neuron])}",
        f"Hedges' g ({d_definition(result.spec.test)}) = {signed(sizes.hedges_g[neuron])} {between}",
    )
    return " · ".join(part.replace(" ", "\u00a0") for part in parts)  # no line break within a number


def _help(test: str) -> str:
    name, d = statistic_name(test), d_definition(test)
    terms = {name: name, "df": "degrees of freedom", "p": "p adjusted", "g": "Hedges' g", d: d}
    return "\n\n".join(f"**{short}**: {GLOSSARY[term]}" for short, term in terms.items())


def _draw_extremes(result: ContrastResult, values: np.ndarray) -> None:
    """Draw the units with the highest and the lowest values at the tested side."""
    unit = result.spec.unit
    target, baseline = sentences.class_names(result.spec)
    names = [*result.target_units, *result.baseline_units]
    classes = [target] * len(result.target_units) + [baseline] * len(result.baseline_units)
    order = np.argsort(values, kind="stable")
    low, high = st.columns(2)
    for column, title, indices in ((high, "Highest", order[::-1]), (low, "Lowest", order)):
        column.markdown(f"**{title} {unit}s**")
        shown = indices[:_N_EXTREMES]
        columns: dict[str, Any] = {unit: [names[i] for i in shown], "class": [classes[i] for i in shown]}
        columns["value"] = values[shown]
        column.dataframe(
            readable_table(columns, {"value": readable_number}),
            alt=alternatives.of_table(len(shown), f"{unit}s, the {title.lower()} values first", tuple(columns)),
            hide_index=True,
        )
