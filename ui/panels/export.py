"""The Export popover beside a page's title: its figures, its coloured text, the tables and their manifest, as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.records import ContrastResult, ContrastSpec
from core.report.caption import caption
from core.report.sentences import class_names, result_stem
from core.stats.correction import LABELS
from engine import files, steps
from ui import exporter, settings
from ui.defaults import DISPLAY
from ui.exporter import Exported
from ui.labels import model_label
from ui.panels import words_image

_TITLES = {
    "neurons_plot": "Every neuron of the layer, by its statistic",
    "neurons_volcano": "Every neuron of the layer: effect size and p",
    "neuron_map_layers": "Every neuron of the model, by layer",
    "neuron_map_auc": "Every neuron of the model: statistic and AUC",
    "layer_profile": "Significant neurons of every layer",
    "layer_counts": "Significant and strong neurons of every layer",
    "layer_strength": "Strongest effect of every layer",
    "layer_spread": "Distribution of the statistic of every layer",
    "layer_gold": "The extreme neurons of every layer in tagged sentences",
    "mean_activations": "Mean of every neuron over the words of each class",
}
# A button for a file: its key, its format, what makes it, and its name.
FileButton = tuple[str, str, Callable[[], bytes], str]


class Files(NamedTuple):
    """Files of one thing that a page shows, with a title, and a sentence about them."""

    title: str
    buttons: Sequence[FileButton]
    about: str | None = None


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
    *,
    figures: Mapping[str, str] | None = None,
    more: Sequence[Files] = (),
    pictures: Sequence[Exported] = (),
    other: ContrastResult | None = None,
) -> None:
    """Draw the popover in its place, if there is one in this run, and once it is open, what is in it.

    Parameters
    ----------
    result : ContrastResult
    texts : sequence of str
        One text, or the two that are compared, on the page of texts.
    neurons : sequence of int
        Those in colour there.
    figures : mapping, optional
        Titles of more figures, by their keys: those that only this page has. With B, there are no others.
    of_neuron : mapping, optional
        Titles of more figures of the selected neuron, by their keys: those of the checks, on the page that has them.
    more : sequence of Files
        Tables that only this page has.
    pictures : sequence of Exported
        Figures that only this page has, and that have a caption of their own.
    other : ContrastResult, optional
        Experiment B, on the page that compares two.
    """
    place = _place.get()
    if place is None:
        return
    box = place.popover("Export", icon=":material/download:", key="export", on_change="rerun")
    if not box.open:  # each run of each page would draw a dozen buttons that few look at
        return
    from ui.panels import export_experiment  # the start needs none of it

    with box:
        st.markdown("**Pictures**, with the settings below them")
        _draw_pictures(result, figures or {}, of_neuron or {}, other, pictures, has_text=len(texts) == 1)
        st.markdown("**Data**")
        if texts:
            _draw_text_files(result, tuple(texts), tuple(neurons))
        for files_of_page in more:
            _draw_files(files_of_page.title, *files_of_page.buttons, about=files_of_page.about)
        _draw_tables(result, tuple(texts), tuple(neurons))
        st.markdown("**The whole experiment**")
        export_experiment.draw(result)
        if of_neuron is not None:
            st.caption("The numbers of each check are saved beside it, and the evidence file at the end of the page.")


def _draw_pictures(
    result: ContrastResult,
    own: Mapping[str, str],
    more: Mapping[str, str],
    other: ContrastResult | None,
    pictures: Sequence[Exported],
    *,
    has_text: bool,
) -> None:
    neuron, stem = settings.current().view.neuron, result_stem(result.spec)
    neuron = result.largest if neuron is None else neuron
    of_neuron = {"neuron_spread": "before and after the nonlinearity", **more}
    titles = {**_TITLES, "words_image": words_image.title(result), **own}
    lines = caption(result, LABELS[result.spec.correction], model_label(result.spec.model))
    if other is not None:
        titles, stem = dict(own), stem_of_both(result, other)
        of_b = caption(other, LABELS[other.spec.correction], model_label(other.spec.model))
        lines = (*(f"A: {line}" for line in lines), *(f"B: {line}" for line in of_b))
    figures = [Exported(key, title, f"{stem}-{key}") for key, title in titles.items()]
    for key, title in of_neuron.items():
        figures.append(Exported(key, f"Neuron {neuron}: {title}", f"{stem}-neuron{neuron}-{key}"))
    title = f"Coloured text: {' and '.join(class_names(result.spec))}"
    text = Exported("text_heatmap", title, f"text-{stem}") if has_text else None
    exporter.draw([*figures, *pictures], text, lines, key="export_pictures")


def stem_of_both(a: ContrastResult, b: ContrastResult) -> str:
    """The beginning of the names of files of two experiments: both digests tell them from others."""
    return f"compare-{result_stem(a.spec)}-with-{b.spec.digest[:6]}"


def _draw_text_files(result: ContrastResult, texts: tuple[str, ...], neurons: tuple[int, ...]) -> None:
    # All files are made when their button is pressed: the session must not hold them, or what they are made of.
    spec = result.spec
    if len(texts) == 1:
        view, stem, given = settings.current().view, f"text-{result_stem(spec)}", (spec, texts[0], neurons)
        display = {name: getattr(view, name) for name in DISPLAY}
        page = partial(_page, spec, steps.sources(result.words), texts[0], neurons, display)
        _draw_files(
            "The coloured text",
            ("text_html", "HTML", page, f"{stem}.html"),
            ("text_csv", "CSV", partial(files.text_values, *given), f"{stem}.csv"),
            ("text_json", "JSON", partial(files.text_json, *given), f"{stem}.json"),
        )
        return
    pair, stem = (texts[0], texts[1]), f"two-texts-{result_stem(spec)}"
    _draw_files(
        "The two texts",
        ("pair_csv", "CSV", partial(files.pair_values, spec, pair, neurons), f"{stem}.csv"),
        ("pair_json", "JSON", partial(files.pair_json, spec, pair, neurons), f"{stem}.json"),
    )


def _draw_tables(result: ContrastResult, texts: tuple[str, ...], neurons: tuple[int, ...]) -> None:
    given, stem = (result.spec, steps.sources(result.words)), result_stem(result.spec)
    _draw_files(
        "All neurons of the layer",
        ("csv", "CSV", partial(files.csv, *given), f"{stem}.csv"),
        ("neurons_json", "JSON", partial(files.neurons_json, *given), f"{stem}-neurons.json"),
    )
    _draw_files(
        "The words that were used",
        ("words_csv", "CSV", partial(files.words_csv, *given), f"{stem}-words.csv"),
        ("words_json", "JSON", partial(files.words_json, *given), f"{stem}-words.json"),
    )
    _draw_files("Settings and summary", ("json", "JSON", partial(files.summary, *given), f"{stem}.json"))
    _draw_files(
        "Manifest",
        ("manifest", "JSON", partial(files.manifest, *given, texts, neurons), f"{stem}-manifest.json"),
        about="Settings, versions, hashes of both word lists and of the text, and the definition of every column.",
    )


_TYPES = {"html": "text/html", "csv": "text/csv", "json": "application/json"}


def _draw_files(title: str, *offered: FileButton, about: str | None = None) -> None:
    """Draw a title, and a button for each file: its key, its format, what makes it, and its name."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="xsmall"):
        st.markdown(title, width="content", help=about)
        buttons = st.container(horizontal=True, gap="xsmall", width="content")
        for key, label, make, name in offered:
            mime = _TYPES[name.rpartition(".")[2]]
            buttons.download_button(label, make, name, mime, key=key, on_click="ignore", help=f"Save {name}")


def _page(
    spec: ContrastSpec, shown: tuple[str, str], text: str, neurons: tuple[int, ...], display: dict[str, str]
) -> bytes:
    from ui.panels import export_text

    return files.text_page(
        spec,
        shown,
        text,
        lambda result, found: export_text.page_of(result, found, neurons, display),
        neurons,
        tuple(display.items()),
    )
