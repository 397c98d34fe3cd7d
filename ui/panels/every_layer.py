"""Every layer at once, on the Layers page: counts, strongest effects, the distribution of the statistic, a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import streamlit as st

from core.records import Caution, ContrastSpec, ModelInfo
from core.report import layer_alternatives, layer_sentences, sentences
from core.report.figures import every_layer as figures
from core.report.glossary import GLOSSARY, statistic_name
from core.report.layer_numbers import LayerNumbers, numbers_of
from core.report.one_layer import one_layer_read
from engine import layer_steps
from ui import charts, page, plot_marks, settings
from ui.defaults import AXES
from ui.panels import layers, layers_gold, layers_table
from ui.progress import show

if TYPE_CHECKING:
    from core.report.figures import Picture

_AXIS_LABELS = {"layer": "Layer", "depth": "Relative depth"}
_HEDGES = "Hedges' g"


@dataclass(frozen=True)
class Shown:
    """What the charts are of: an experiment, its numbers before and after the nonlinearity, and the axis."""

    spec: ContrastSpec
    model: ModelInfo
    n_units: tuple[int, int]
    sides: tuple[LayerNumbers, LayerNumbers]
    axis: str

    @cached_property
    def names(self) -> tuple[str, str]:
        """The names of target and baseline."""
        return sentences.class_names(self.spec)

    def side(self, *, tested: bool) -> LayerNumbers:
        """The numbers of the side that the experiment tests, or of the other one."""
        return next(numbers for numbers in self.sides if (numbers.side == self.spec.hook_side) == tested)

    def cautions(self, *, tested: bool) -> tuple[Caution, ...]:
        """What to know before one believes the p-values of a side."""
        from core.stats.cautions import cautions

        numbers = self.side(tested=tested)
        counts = numbers.tested
        family = int(counts.sum() if self.spec.family == "model" else counts.max())
        return cautions(self.spec.changed(hook_side=numbers.side), *self.n_units, family)

    def draw_chart(self, key: str, picture: Picture, alt: str) -> None:
        """Draw a chart of layers, with a shade on the shown layer. A click in it goes to a layer."""
        layer = self.spec.layer
        drawn = f"{self.spec.changed(layer=0).digest}{self.axis}"  # the figure is the same whichever layer is shown
        charts.draw(picture, key, drawn, alt=alt, config={"displayModeBar": False})
        plot_marks.draw(
            key,
            drawn,
            layers.go_to,
            n_places=self.model.n_layers,
            marks={layer: layer},
            selected=layer,
            across=True,
            band=True,
        )


def draw(spec: ContrastSpec) -> None:
    """Draw the charts and the table of every layer, or why there are none."""
    found = layer_steps.both_sides(spec, partial(show, meanwhile=_say_why) if spec.corrected_by.permutes else show)
    if found is None:
        page.show_notes((one_layer_read("all layers"),))
        return
    sides = numbers_of(found[0]), numbers_of(found[1])
    axis = _draw_head(sides)
    shown = Shown(spec, found[0].model, (found[0].n_target, found[0].n_baseline), sides, axis)
    with st.container(key="layer_charts"):
        left, right = st.columns(2, gap="medium")
        with left:
            _draw_counts(shown)
        with right:
            _draw_strength(shown)
        left, right = st.columns(2, gap="medium")
        with left:
            _draw_spread(shown)
        with right:
            gold = layers_gold.draw(shown)
    layers_table.draw(spec, sides, gold)


def _say_why() -> None:
    """Say what takes so long: one of the sides, of which the other parts of the page show the tested one alone."""
    st.caption("These charts show both sides of the nonlinearity, and max-T permutes the labels for each.")


def _draw_head(sides: tuple[LayerNumbers, LayerNumbers]) -> str:
    """Draw what all layers together show, and the choice of the axis, which is returned."""
    alone = len(sides[0].layers) == 1
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(
            "  \n".join(map(layer_sentences.whole_model, sides)),
            width="content",
            help=f"**Strong**: {GLOSSARY['strong']} **Significant**: {GLOSSARY['significant']}",
        )
        axis = AXES[0] if alone else _draw_axis()
    if alone:
        st.caption("This model has one layer: there is no other one to compare it with.")
    page.show_notes(tuple(filter(None, map(layer_sentences.layers_without_tests, sides))))
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


def _draw_counts(shown: Shown) -> None:
    spec, n_layers = shown.spec, len(shown.sides[0].layers)
    st.header("How many neurons differ")
    picture = figures.layer_counts(shown.sides, spec.hook_side, shown.names, shown.axis)
    shown.draw_chart("layer_counts", picture, layer_alternatives.of_layer_counts(shown.sides, shown.names))
    target, baseline = map(page.plain, shown.names)
    cautious = bool(shown.cautions(tested=True))
    family = layer_sentences.about_layers(spec, n_layers, shown.sides[0].n_neurons, cautious=cautious)
    st.caption(
        f"Click a layer to go there. Up: neurons significantly higher for {target}, whatever their effect size; down: "
        f"for {baseline}. The full part of a bar: those of them that are strong. {family} Each row is corrected by "
        "itself.",
        help=f"**Strong**: {GLOSSARY['strong']} **Family-wise rate**: {GLOSSARY['family-wise rate']}",
    )
    # The page has drawn the caution of the side that the experiment tests.
    for caution in shown.cautions(tested=False):
        there = sentences.where(shown.side(tested=False).side)
        with st.expander(f"The p-values {there} may be too low: why", icon=":material/warning:"):
            st.caption(page.plain(caution.sentence))


def _draw_strength(shown: Shown) -> None:
    here, there = (sentences.where(shown.side(tested=tested).side) for tested in (True, False))
    st.header("How strong the strongest are")
    picture = figures.layer_strength(shown.sides, shown.spec.hook_side, shown.names, shown.axis)
    shown.draw_chart("layer_strength", picture, layer_alternatives.of_layer_strength(shown.sides, shown.names))
    st.caption(
        f"The highest and the lowest AUC and g of each layer’s {shown.sides[0].n_neurons:,} neurons. Full lines: "
        f"{here}, which your experiment tests; dotted lines: {there}. The dotted levels are those of strong neurons. "
        "An extreme that was chosen among many is larger than it will be on other words: shuffled labels show by how "
        "much.",
        help=f"**AUC**: {GLOSSARY['AUC']} **{_HEDGES}**: {GLOSSARY[_HEDGES]}",
    )


def _draw_spread(shown: Shown) -> None:
    name = statistic_name(shown.spec.test)
    st.header(f"How {name} is distributed")
    picture = figures.layer_spread(shown.sides, shown.spec.hook_side, shown.names, shown.axis, name)
    shown.draw_chart("layer_spread", picture, layer_alternatives.of_layer_spread(shown.sides, name))
    st.caption(
        "Each box has the middle half of a layer’s neurons, the line in it is the median, and 90% are between the "
        "whiskers. Triangles: the two extremes. A high box is a layer in which most neurons differ a little.",
        help=f"**{name}**: {GLOSSARY[name]}",
    )
