"""The peak memory of a whole contrast, compared with the size of its arrays."""

from __future__ import annotations

from benchmarks import child, inputs
from benchmarks.models import shape_of
from benchmarks.options import Options
from benchmarks.table import Mark, Section, markdown
from benchmarks.timing import say

_GIGABYTES = 1.5  # above the model


def section(options: Options) -> Section:
    """One contrast over all layers in a fresh process, with its activations on disk, and once in memory."""
    n = inputs.words().sizes((options.pick(5000, 20),))[0]
    shape = shape_of(options.model)
    values = shape.n_layers * 2 * n * shape.d_mlp
    rows, marks = [], []
    for name, stored in (("activations on disk, as in the app", True), ("all in memory", False)):
        say(f"Memory: {name}")
        peak = child.run("contrast", options.model, n_words=n, stored=stored)
        if stored:
            marks.append(Mark(f"memory, {name}", peak["resident"] / 1e9, _GIGABYTES, " GB", least=False))
        mark = str(marks[0]) if stored else ""
        rows.append((name, f"{peak['resident'] / 1e9:.2f}", f"{peak['anonymous'] / 1e9:.2f}", mark))
    rows.append(("for comparison: all activations in float32", f"{4 * values / 1e9:.2f}", "", ""))
    rows.append(("for comparison: all activations in float64", f"{8 * values / 1e9:.2f}", "", ""))
    introduction = (
        f"The whole contrast of {n:,} + {n:,} words over all {shape.n_layers} layers, from words to p-values, in a "
        "fresh process (`run_contrast`, which puts more than 256 MB of activations on disk): how far its peak of "
        "resident memory lies above what it held with the model loaded. Pages of a "
        "mapped file count as resident while they are in memory, though the system can take them back at any time; "
        "*anonymous* memory is the rest."
    )
    header = ("way", "resident, GB", "anonymous, GB", "mark")
    return Section("memory", "Memory of the largest contrast", (introduction, markdown(header, rows)), tuple(marks))
