"""The same words by the protocol of each preset, once somebody asks: what each selects, and how far they overlap."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.records import ALL_PRESETS, ContrastResult, ContrastSpec
from core.records.protocols import Protocols
from core.report import alternatives
from core.report.one_layer import one_layer_read
from core.report.sentences import STRONG_LIMITS, result_stem
from engine import files, steps
from engine.layer_steps import protocols
from ui import charts, page, remedies
from ui.exporter import Exported
from ui.labels import model_label
from ui.panels.export import Files
from ui.progress import show

_SHOWN = "protocols_of"  # the reading whose protocols this session has asked for


def draw(result: ContrastResult) -> Protocols | None:
    """Draw a button; after a click, a row for each protocol and the overlap of what they select.

    Returns
    -------
    Protocols or None
        What is shown, for ``files_of`` and ``pictures_of``.
    """
    spec, labels = result.spec, [one.label for one in ALL_PRESETS.values()]
    st.header(f"The same data by {len(labels)} protocols", anchor="protocols")
    asked = spec.unnamed().reading().digest
    if st.session_state.get(_SHOWN) != asked:
        st.markdown(
            f"Would {', '.join(labels[:-1])} and {labels[-1]} select the same neurons of these words? Each preset's "
            "analysis is run on the words that are here, as they were read."
        )
        st.button(f"Run the {len(labels)} protocols", key="run_protocols", on_click=_ask, args=(asked,))
        return None
    with remedies.showing_user_errors():
        found = show(protocols, spec)
        if found is None:
            page.show_notes((one_layer_read("all protocols"),))
            return None
        _draw(result, found)
        return found
    return None


def files_of(result: ContrastResult, found: Protocols) -> tuple[Files, ...]:
    """The files of what is shown, for *Export*."""
    given, stem = (result.spec, steps.sources(result.words)), _stem(result.spec)
    rows, overlaps = (partial(files.protocols, *given, of=of) for of in ("protocols", "overlaps"))
    protocols_of = (
        ("protocols_csv", "CSV", partial(rows, kind="csv"), f"{stem}.csv"),
        ("protocols_json", "JSON", partial(rows, kind="json"), f"{stem}.json"),
    )
    overlaps_of = (
        ("overlaps_csv", "CSV", partial(overlaps, kind="csv"), f"{stem}-overlaps.csv"),
        ("overlaps_json", "JSON", partial(overlaps, kind="json"), f"{stem}-overlaps.json"),
    )
    each = Files(f"The {len(found.found)} protocols", protocols_of, "Every layer: what each protocol selects.")
    if len(found.found) < 2:
        return (each,)
    return each, Files("How far they overlap", overlaps_of, "Each pair, in every layer and in the model.")


def pictures_of(result: ContrastResult, found: Protocols) -> tuple[Exported, ...]:
    """The figures of what is shown, for *Export*. Their caption names the protocols, not the experiment's own one."""
    from core.report.protocols import caption_of

    stem, lines = _stem(result.spec), caption_of(result, found, model_label(result.spec.model))
    places = {"layer": f"layer {result.spec.layer}", "model": "the model"}
    return tuple(
        Exported(f"protocols_{name}", f"What the protocols select in {where}: overlap", f"{stem}-{name}", lines)
        for name, where in places.items()
    )


def _stem(spec: ContrastSpec) -> str:
    return f"protocols-{result_stem(spec)}"


def _ask(asked: str) -> None:
    """Callback: show the protocols of this reading, until another one is chosen."""
    st.session_state[_SHOWN] = asked


def _draw(result: ContrastResult, found: Protocols) -> None:
    from core.report.figures.protocols import overlap_matrix
    from core.report.protocols import columns_of, held_equal, of_overlaps, shared

    layer = result.spec.layer
    st.markdown(page.plain(held_equal(result)))
    page.show_notes(tuple(f"{label} was not run. {why}" for label, why in found.not_run))
    if not found.found:
        return
    columns = columns_of(found, layer)
    st.dataframe(
        columns,
        key="protocols_table",
        alt=alternatives.of_table(len(found.found), "protocols", tuple(columns)),
        hide_index=True,
        column_config={"protocol": st.column_config.TextColumn(pinned=True)},
    )
    for one in found.found:
        if one.preset.differs and one.preset.top_share is not None:
            st.caption(f"**{one.preset.label}.** {page.plain(one.preset.differs)}")
    if len(found.found) < 2:
        return
    st.markdown("**How far they overlap**")
    places = [("layer", f"layer {layer}", found.layers.index(layer))] if layer in found.layers else []
    for column, (name, where, at) in zip(
        st.columns(2, gap="medium"), [*places, ("model", "the model", None)], strict=False
    ):
        with column:
            st.caption(f"Selected neurons of {where}: the Jaccard index of each pair")
            alt = of_overlaps(found, at, where)
            charts.draw(overlap_matrix(found, at), f"protocols_{name}", alt=alt, config={"displayModeBar": False})
    st.markdown(f"Selected in the model: {page.plain('; '.join(shared(found)))}.")
    st.caption(
        "Jaccard: of the neurons that either of two protocols selects, the share that both select, in whichever "
        "direction. A neuron is the same one in all protocols: they read the same model. Strong: "
        f"{STRONG_LIMITS}, of the values that the protocol compares. All protocols see the same words, so that two "
        "agree is no evidence of what a neuron does in other words or in running text."
    )
