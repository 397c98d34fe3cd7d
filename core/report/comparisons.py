"""A check of this computer's reading, in a few lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from core.records import TOLERANCE, Comparison, ModelInfo, NotebookComparison
from core.report.readable import as_chosen, readable_number


def reading_lines(info: ModelInfo, comparisons: Sequence[Comparison]) -> tuple[bool, list[str]]:
    """Whether all comparisons agree, and lines that say so.

    Examples
    --------
    >>> info = ModelInfo("bundled", "sha256:0", "gpt_neo", 6, 512, 512, 9_300_000, "cpu", "float32")
    >>> same, lines = reading_lines(info, [Comparison("words", "activation", 30_720, 5e-7)])
    >>> same, lines[1]
    (True, 'same       words, activation: 30,720 values, largest difference 5.00e−7')
    """
    same = all(each.same for each in comparisons)
    lines = [_model(info)]
    for each in comparisons:
        lines.append(
            f"{'same' if each.same else 'DIFFERENT':<10} {each.what}, {each.side}: {each.n_values:,} values, largest "
            f"difference {readable_number(each.relative)}"
        )
    lines.append("(A difference is a share of the largest value of its neuron.)")
    if same:
        lines.append(f"Our reading equals plain PyTorch: no difference is above {as_chosen(TOLERANCE)}.")
    else:
        lines.append(
            f"Our reading does NOT equal plain PyTorch: a difference is above {as_chosen(TOLERANCE)}. Do not use these "
            "numbers, and please report the model and this output."
        )
    return same, lines + [f"Note: {note}" for note in info.notes]


def notebook_lines(compared: NotebookComparison) -> tuple[bool, list[str]]:
    """Whether the notebook preset gives the notebook's numbers, and lines that say so."""
    result = compared.result
    n = int(compared.significant.sum())
    lines = [
        _model(result.model),
        f"Layer {result.spec.layer}: {len(result.words.target)} {result.spec.target} "
        f"({result.words.target_list.source}) and {len(result.words.baseline)} {result.spec.baseline}",
        f"t: largest difference {readable_number(compared.largest_difference)} over {result.n_neurons:,} neurons",
        f"Largest and smallest t: neurons {result.largest} and {result.smallest}, "
        f"{'the same' if compared.same_extremes else 'OTHERS in the notebook'}",
        f"Significant neurons: {n:,} in the notebook; {compared.n_otherwise:,} in one of the two alone",
        "The notebook preset gives the notebook's numbers."
        if compared.same
        else "The notebook preset does NOT give the notebook's numbers.",
    ]
    return compared.same, lines + [f"Note: {note}" for note in result.notes]


def _model(info: ModelInfo) -> str:
    return (
        f"{info.name} ({info.revision}): {info.n_layers} layers of {info.d_mlp:,} neurons, {info.device}, {info.dtype}"
    )
