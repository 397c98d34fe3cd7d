"""Files of the whole experiment: a report that any browser opens, and a notebook that computes the numbers again."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.records import ContrastResult
from core.report import sentences
from engine import files, steps
from ui import page, settings


def draw(result: ContrastResult) -> None:
    """Draw a button for each file. A file is made when its button is pressed."""
    from core.report.notebook.testing import without_plain_version  # the start needs none of it

    spec, view = result.spec, settings.current().view
    chosen = [*view.pinned, *(() if view.neuron is None else (view.neuron,))]
    neurons = tuple(dict.fromkeys(neuron for neuron in chosen if 0 <= neuron < result.n_neurons))
    name = sentences.result_stem(spec)
    left, right = st.columns(2)
    left.download_button(
        "Report (HTML)",
        partial(files.report, spec, steps.sources(result.words), neurons),
        f"{name}.html",
        "text/html",
        key="report",
        on_click="ignore",
        help="Plots, tables, words and settings in one file of about 5 MB. It opens without a network.",
    )
    if missing := without_plain_version(spec):
        right.caption(page.plain(missing))
        return
    right.download_button(
        "Notebook (Jupyter)",
        partial(files.notebook, spec, steps.sources(result.words), neurons),
        f"{name}.ipynb",
        "application/x-ipynb+json",
        key="notebook",
        on_click="ignore",
        help=_about_notebook(result),
    )


def _about_notebook(result: ContrastResult) -> str:
    about = "A notebook in plain PyTorch that reads the same words with no code of this app, and compares its numbers."
    if not result.model.revision.startswith("sha256:"):
        return about
    return f"{about} It needs the model's folder, too: its first lines say which."
