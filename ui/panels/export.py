"""The Export popover beside a page's title: its figures, its coloured text, the tables and their manifest, as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.records import ContrastResult, ContrastSpec
from core.report.caption import caption
from core.report.sentences import class_names, file_stem
from core.stats.correction import LABELS
from engine import files, steps
from ui import exporter, settings
from ui.defaults import DISPLAY
from ui.exporter import Exported
from ui.labels import model_label
from ui.panels import export_experiment

_TITLES = {
    "neurons_plot": "Every neuron of the layer, by its statistic",
    "neurons_volcano": "Every neuron of the layer: effect size and p",
    "layer_profile": "Significant neurons of every layer",
    "words_image": "Words by neurons",
    "mean_activations": "Mean of every neuron over the words of each class",
}
# Where the popover goes in this run: pages draw it once they have a result, but it stands beside their title.
_place: ContextVar[DeltaGenerator | None] = ContextVar("export_place", default=None)


def reserve() -> None:
    """Keep a place for the popover where this is called. The shell does so, beside the title."""
    _place.set(st.container(key="export_place", width="content"))


def draw(
    result: ContrastResult,
    texts: Sequence[str] = (),
    neurons: Sequence[int] = (),
    of_neuron: Mapping[str, str] | None = None,
) -> None:
    """Draw the popover in its place, if there is one in this run.

    Parameters
    ----------
    result : ContrastResult
    texts : sequence of str
        One text, or the two that are compared, on the page of texts.
    neurons : sequence of int
        Those in colour there.
    of_neuron : mapping, optional
        Titles of more figures of the selected neuron, by their keys.
    """
    place = _place.get()
    if place is None:
        return
    with place, st.popover("Export", icon=":material/download:", key="export"):
        st.markdown("**Pictures**, with the settings below them")
        _draw_pictures(result, of_neuron or {}, has_text=len(texts) == 1)
        st.markdown("**Data**")
        if texts:
            _draw_text_files(result.spec, tuple(texts), tuple(neurons))
        _draw_tables(result)
        st.markdown("**The whole experiment**")
        export_experiment.draw(result)


def _draw_pictures(result: ContrastResult, more: Mapping[str, str], *, has_text: bool) -> None:
    neuron, stem = settings.current().view.neuron, _stem(result.spec)
    neuron = result.largest if neuron is None else neuron
    of_neuron = {"neuron_spread": "before and after the nonlinearity", **more}
    figures = [Exported(key, title, f"{stem}-{key}") for key, title in _TITLES.items()]
    for key, title in of_neuron.items():
        figures.append(Exported(key, f"Neuron {neuron}: {title}", f"{stem}-neuron{neuron}-{key}"))
    title = f"Coloured text: {' and '.join(class_names(result.spec))}"
    text = Exported("text_heatmap", title, f"text-{stem}") if has_text else None
    exporter.draw(
        figures,
        text,
        caption(result, LABELS[result.spec.correction], model_label(result.spec.model)),
        key="export_pictures",
    )


def _draw_text_files(spec: ContrastSpec, texts: tuple[str, ...], neurons: tuple[int, ...]) -> None:
    # All files are made when their button is pressed: the session must not hold them, or what they are made of.
    if len(texts) == 1:
        view = settings.current().view
        display = {name: getattr(view, name) for name in DISPLAY}
        _draw_files(
            "The coloured text",
            ("HTML", partial(_page, spec, texts[0], neurons, display), f"text-{_stem(spec)}.html", "text/html"),
            ("CSV", partial(files.text_values, spec, texts[0], neurons), f"text-{_stem(spec)}.csv", "text/csv"),
            ("JSON", partial(files.text_json, spec, texts[0], neurons), f"text-{_stem(spec)}.json", _JSON),
        )
        return
    pair = (texts[0], texts[1])
    _draw_files(
        "The two texts",
        ("CSV", partial(files.pair_values, spec, pair, neurons), f"two-texts-{_stem(spec)}.csv", "text/csv"),
        ("JSON", partial(files.pair_json, spec, pair, neurons), f"two-texts-{_stem(spec)}.json", _JSON),
    )


def _draw_tables(result: ContrastResult) -> None:
    spec = result.spec
    given, stem = (spec, steps.sources(result.words)), _stem(spec)
    _draw_files(
        "All neurons of the layer",
        ("CSV", partial(files.csv, *given), f"{stem}.csv", "text/csv"),
        ("JSON", partial(files.neurons_json, *given), f"{stem}-neurons.json", _JSON),
    )
    _draw_files(
        "The words that were used",
        ("CSV", partial(files.words_csv, *given), f"{stem}-words.csv", "text/csv"),
        ("JSON", partial(files.words_json, *given), f"{stem}-words.json", _JSON),
    )
    _draw_files(
        "Manifest: settings, versions, list hashes, definitions of columns",
        ("JSON", partial(files.manifest, *given), f"{stem}-manifest.json", _JSON),
    )


_JSON = "application/json"
_File = tuple[str, Callable[[], bytes], str, str]


def _draw_files(title: str, *offered: _File) -> None:
    """Draw a title, and a button for each file: its format, what makes it, its name and its type."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="xsmall"):
        st.markdown(title, width="content")
        buttons = st.container(horizontal=True, gap="xsmall", width="content")
        for label, make, name, mime in offered:
            buttons.download_button(
                label, make, name, mime, key=f"export_{name}", on_click="ignore", help=f"Save {name}"
            )


def _page(spec: ContrastSpec, text: str, neurons: tuple[int, ...], display: dict[str, str]) -> bytes:
    from ui.panels import export_text

    return files.text_page(
        spec,
        text,
        lambda result, found: export_text.page_of(result, found, neurons, display),
        neurons,
        tuple(display.items()),
    )


def _stem(spec: ContrastSpec) -> str:
    return f"{file_stem(spec)}-layer{spec.layer}{'-shuffled' if spec.shuffle_labels else ''}"
