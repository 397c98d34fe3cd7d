"""Every layer at once, on the Layers page: counts, strongest effects, the distribution of the statistic, a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.records import ContrastResult
from core.report import layer_alternatives, layer_sentences, sentences
from core.report.figures import every_layer as figures
from core.report.glossary import GLOSSARY, statistic_name
from engine import layer_steps
from ui import charts, page, plot_marks, settings
from ui.defaults import AXES
from ui.panels import layers, layers_gold, layers_table
from ui.progress import show

if TYPE_CHECKING:
    from core.report.figures import Picture
    from core.report.layer_numbers import LayerNumbers

_HEDGES = "Hedges' g"
_AXIS_LABELS = {"layer": "Layer", "depth": "Relative depth"}


def draw(result: ContrastResult) -> None:
    """Draw the charts and the table of every layer, or why there are none."""
    sides = layer_steps.both_sides(result.spec, show)
    if sides is None:
        page.show_notes((layers.ONE_LAYER_READ,))
        return
    axis = _draw_head(sides)
    with st.container(key="layer_charts"):
        left, right = st.columns(2, gap="medium")
        with left:
            _draw_counts(result, sides, axis)
        with right:
            _draw_strength(result, sides, axis)
        left, right = st.columns(2, gap="medium")
        with left:
            _draw_spread(result, sides, axis)
        with right:
            gold = layers_gold.draw(result, sides, axis)
    layers_table.draw(result, sides, gold)


def _draw_head(sides: tuple[LayerNumbers, LayerNumbers]) -> str:
    """Draw what all layers together show, and the choice of the axis, which is returned."""
    said = [layer_sentences.whole_model(numbers) for numbers in sides]
    alone = len(sides[0].layers) == 1
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(
            "  \n".join(said),
            width="content",
            help=f"**Strong**: {GLOSSARY['strong']} **Significant**: {GLOSSARY['significant']}",
        )
        axis = AXES[0] if alone else _draw_axis()
    if alone:
        st.caption("This model has one layer: there is no other one to compare it with.")
    for sentence in filter(None, map(layer_sentences.layers_without_tests, sides)):
        page.show_notes((sentence,))
    return axis


def _draw_axis() -> str:
    axis = st.session_state["axis"] = settings.current().view.axis
    st.segmented_control(
        "Axis",
        AXES,
        key="axis",
        required=True,
        format_func=_AXIS_LABELS.__getitem__,
        on_change=_save_axis,
        help=f"**Relative depth**: {GLOSSARY['relative depth']}",
        label_visibility="collapsed",
    )
    return axis


def _save_axis() -> None:
    """Callback. A browser can send any value."""
    if st.session_state["axis"] in AXES:
        settings.choose(axis=st.session_state["axis"])


def _draw_counts(result: ContrastResult, sides: tuple[LayerNumbers, LayerNumbers], axis: str) -> None:
    spec, names = result.spec, sentences.class_names(result.spec)
    st.header("How many neurons differ")
    picture = figures.layer_counts(sides, spec.hook_side, names, axis)
    draw_chart("layer_counts", picture, result, axis, layer_alternatives.of_layer_counts(sides, names))
    target, baseline = map(page.plain, names)
    st.caption(
        f"Click a layer to go there. Up: neurons significantly higher for {target}, whatever their effect size; down: "
        f"for {baseline}. The full part of a bar: those that are strong, too. {_about_correction(result)} Each row is "
        "corrected by itself.",
        help=f"**Strong**: {GLOSSARY['strong']} **Family-wise rate**: {GLOSSARY['family-wise rate']}",
    )
    _draw_caution_of_other_side(result, sides)


def _about_correction(result: ContrastResult) -> str:
    return layer_sentences.of_result(result)


def _draw_caution_of_other_side(result: ContrastResult, sides: tuple[LayerNumbers, LayerNumbers]) -> None:
    """Draw the caution of the side that the experiment does not test: the page has drawn that of the other one."""
    from core.stats.cautions import cautions

    [other] = [numbers for numbers in sides if numbers.side != result.spec.hook_side]
    family = int(other.tested.sum()) if result.spec.family == "model" else int(other.tested.max())
    n_units = len(result.target_units), len(result.baseline_units)
    for caution in cautions(result.spec.changed(hook_side=other.side), *n_units, family):
        row = sentences.where(other.side)
        with st.expander(f"The p-values {row} are too low here: how much", icon=":material/warning:"):
            st.markdown(page.plain(caution.sentence))


def _draw_strength(result: ContrastResult, sides: tuple[LayerNumbers, LayerNumbers], axis: str) -> None:
    spec, names = result.spec, sentences.class_names(result.spec)
    here, there = sentences.where(spec.hook_side), sentences.where(result.other_side.side)
    st.header("How strong the strongest are")
    picture = figures.layer_strength(sides, spec.hook_side, names, axis)
    draw_chart("layer_strength", picture, result, axis, layer_alternatives.of_layer_strength(sides, names))
    st.caption(
        f"The highest and the lowest AUC and g of each layer’s {result.n_neurons:,} neurons. Full lines: {here}, which "
        f"your experiment tests; dotted lines: {there}. The dotted levels are those of strong neurons. An extreme that "
        "was chosen among many is larger than it will be on other words: shuffled labels show by how much.",
        help=f"**AUC**: {GLOSSARY['AUC']} **Hedges' g**: {GLOSSARY[_HEDGES]}",
    )


def _draw_spread(result: ContrastResult, sides: tuple[LayerNumbers, LayerNumbers], axis: str) -> None:
    spec, names = result.spec, sentences.class_names(result.spec)
    name = statistic_name(spec.test)
    st.header(f"How {name} is distributed")
    picture = figures.layer_spread(sides, spec.hook_side, names, axis, name)
    draw_chart("layer_spread", picture, result, axis, layer_alternatives.of_layer_spread(sides, name))
    st.caption(
        "Each box has the middle half of a layer’s neurons, the line in it is the median, and 90% are between the "
        "whiskers. Triangles: the two extremes. A high box is a layer in which most neurons differ a little.",
        help=f"**{name}**: {GLOSSARY[name]}",
    )


def draw_chart(key: str, picture: Picture, result: ContrastResult, axis: str, alt: str) -> None:
    """Draw a chart of layers, with a shade on the shown layer. A click in it goes to a layer."""
    spec = result.spec
    drawn = f"{spec.changed(layer=0).digest}{axis}"  # the figure is the same whichever layer is shown
    charts.draw(picture, key, drawn, alt=alt, config={"displayModeBar": False})
    plot_marks.draw(
        key,
        drawn,
        layers.go_to,
        n_places=result.model.n_layers,
        marks={spec.layer: spec.layer},
        selected=spec.layer,
        across=True,
        band=True,
    )
