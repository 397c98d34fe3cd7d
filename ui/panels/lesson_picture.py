"""The picture of each step of the lesson: the figures of the other pages, of the live result.

A step names its picture (``core.lesson.Step.figure``). A name that is none of these is the picture of a check of the
evidence, whose finding the step needs.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.evidence import about
from core.experiment import unit_values
from core.lesson import Live, Step
from core.records import HOOK_SIDES, Finding
from core.report import alternatives, figures
from core.report.figures.evidence import picture_before, picture_of_finding
from core.report.figures.tokens import MOST, shares_of_tokens, token_counts
from core.report.readable import readable, readable_share
from core.report.sentences import class_names, where
from engine import steps
from ui import charts, chosen, page, plot_marks, verdicts
from ui.labels import model_label
from ui.panels import layers, text_blocks
from ui.pictures import picture
from ui.progress import show
from ui.token_heatmap import token_heatmap

_KEY = "lesson_picture"
_LOOK = {"displaylogo": False, "scrollZoom": False}
_HOOK_HEIGHTS = {"pre-activation": "173", "activation": "339"}  # of the two rows in assets/pictures/mlp.svg
_LATER = "Its numbers come with the answer."
_N_CUT = 6  # words that are named as cut into tokens


def draw(step: Step, live: Live, *, answered: bool = True) -> None:
    """Draw the picture of a step. Before its answer is open, neither picture nor alternative text says the answer."""
    with st.container(key=f"lesson_figure_{step.figure}"):
        _PICTURES.get(step.figure, _draw_checks)(step, live, answered)


def _draw_hook(step: Step, live: Live, answered: bool) -> None:
    """The MLP of the layer, and where its neurons are read."""
    model, spec = live.result.model, live.spec
    before, after = (model.hook_path(spec.layer, side) for side in HOOK_SIDES)
    path = before if spec.hook_side == "pre-activation" else after
    end = "output" if spec.hook_side == "pre-activation" else "input"
    gated = "gate" in before
    labels = {
        "title": f"{model_label(spec.model)[:32]}, layer {spec.layer} of 0 to {model.n_layers - 1}",
        "expansion": before.rpartition(".")[2] or "expansion",
        "contraction": after.rpartition(".")[2] or "contraction",
        "nonlinearity": "nonlinearity, times “up”" if gated else "nonlinearity",
        "d_mlp": f"{model.d_mlp:,}",
        "side": f"the {spec.hook_side}, {where(spec.hook_side)}",
        "path": f"{end} of {path}",
        "hook_y": _HOOK_HEIGHTS[spec.hook_side],
    }
    alt = (
        f"The MLP of layer {spec.layer}: {labels['expansion']} makes the input wider, to {model.d_mlp:,} neurons; then "
        f"the nonlinearity; then {labels['contraction']} makes it narrow again. The hook is at the {labels['path']}, "
        f"{where(spec.hook_side)}."
    )
    st.image(picture("mlp", {**labels, "alt": alt}), width="stretch", alt=alt)


def _draw_tokens(step: Step, live: Live, answered: bool) -> None:
    """How many tokens the words have, and some that are cut."""
    result = live.result
    counts = (result.target_tokens, result.baseline_tokens)
    said = [
        f"{readable_share(float(shares_of_tokens(each)[0]))} of {name} are one token"
        for name, each in zip(class_names(live.spec), counts, strict=True)
    ]
    alt = f"Bars: the share of words of each class with 1, 2, 3, and {MOST} or more tokens."
    alt = f"{alt} {', '.join(said)}." if answered else f"{alt} {_LATER}"
    bars = token_counts(result, labels=answered)
    charts.draw(bars, f"{_KEY}_tokens", alt=alt, config={"displayModeBar": False})
    if not answered:
        return  # how many words are named is nearly the answer
    for name, words, each in zip(
        class_names(live.spec), (result.words.target, result.words.baseline), counts, strict=True
    ):
        cut = [f"{readable(word)} ({n})" for word, n in zip(words, each.tolist(), strict=True) if n > 1]
        more = f", and {len(cut) - _N_CUT:,} more" if len(cut) > _N_CUT else ""
        listed = f"{', '.join(cut[:_N_CUT])}{more}" if cut else "none"
        st.caption(page.plain(f"{name.capitalize()} of several tokens, with their number: {listed}."))


def _draw_scatter(step: Step, live: Live, answered: bool) -> None:
    """Every neuron by its index. A click selects one."""
    alt = alternatives.of_scatter(live.result) if answered else _alt_of_all("Scatter", live)
    _draw_all(show(steps.scatter, live.spec), alt, "scatter", live)


def _draw_volcano(step: Step, live: Live, answered: bool) -> None:
    """Every neuron by its effect size and p, and the same with shuffled labels below."""
    if answered:
        alt = alternatives.of_volcano(live.result, show(steps.shuffled, live.spec))
    else:
        alt = _alt_of_all("Volcano, with shuffled labels below zero,", live)
    _draw_all(show(steps.volcano, live.spec), alt, "volcano", live)


def _alt_of_all(what: str, live: Live) -> str:
    return f"{what} of {live.result.n_neurons:,} neurons of layer {live.spec.layer}, a point for each. {_LATER}"


def _draw_means(step: Step, live: Live, answered: bool) -> None:
    """Every neuron's mean over each class."""
    _draw_all(figures.mean_activations(live.result), alternatives.of_means(live.result), "means", live)


def _draw_all(drawn: figures.Picture, alt: str, name: str, live: Live) -> None:
    """A plot with a point for each neuron: the selected one is marked, and a click selects another one."""
    key = f"{_KEY}_{name}"
    charts.draw(drawn, key, live.spec.digest, alt=alt, config=_LOOK)
    plot_marks.draw(
        key,
        live.spec.digest,
        chosen.choose,
        n_places=live.result.n_neurons,
        marks={each: each for each in chosen.marked(live.neuron)},
        selected=live.neuron,
    )


def _draw_spread(step: Step, live: Live, answered: bool) -> None:
    """One neuron's values at every word of both classes, on both sides."""
    values = {side: unit_values(live.result, live.neuron, side) for side in HOOK_SIDES}
    if answered:
        alt = alternatives.of_spread(live.result, live.neuron, values)
    else:
        alt = f"Values of neuron {live.neuron}, a stroke for each {live.spec.unit}, on both sides. {_LATER}"
    drawn = figures.neuron_spread(live.result, live.neuron, values, means=answered)
    charts.draw(drawn, f"{_KEY}_spread", alt=alt, config=_LOOK)


def _draw_words(step: Step, live: Live, answered: bool) -> None:
    """Words by neurons: an image of the most extreme ones."""
    columns = figures.image_columns(live.result.tests.statistic, 15)
    words = min(40, len(live.result.words.target), len(live.result.words.baseline))
    image = figures.words_image(live.result, words, columns, theme=st.context.theme.type or "light")
    alt = alternatives.of_words_image(live.result, words, sum(each is not None for each in columns))
    charts.draw(image, f"{_KEY}_words", alt=alt, config=_LOOK)


def _draw_layers(step: Step, live: Live, answered: bool) -> None:
    """The significant neurons of every layer. A click goes to a layer."""
    layers.draw(live.result)


def _draw_text(step: Step, live: Live, answered: bool) -> None:
    """The text, coloured by the neuron."""
    result, found = live.result, live.more["text"]
    shown = text_blocks.blocks_of(result, found, [live.neuron])
    token_heatmap(
        found.pieces,
        found.parts,
        shown.blocks,
        window_starts=found.window_starts,
        word_starts=shown.word_starts,
        sentences=text_blocks.sentences_of(result, len(found.pieces), shown.n_words),
        key=f"{_KEY}_text",
    )


def _draw_checks(step: Step, live: Live, answered: bool) -> None:
    """The findings of the checks that the step needs: verdict, sentence and picture."""
    verdicts.draw_style()
    for name, finding in live.more.items():
        if isinstance(finding, Finding):
            _draw_check(name, finding) if answered else _draw_check_before(name, finding)


def _draw_check_before(name: str, finding: Finding) -> None:
    """The picture of a check without its verdict and its number."""
    drawn = picture_before(name, finding.numbers) if finding.numbers else None
    if drawn is None:
        st.caption("The picture comes with the answer.")
        return
    alt = f"Picture of the check “{about(name).TITLE}”, without its result. {_LATER}"
    charts.draw(drawn, f"{_KEY}_{name}_before", alt=alt, config={"displaylogo": False})


def _draw_check(name: str, finding: Finding) -> None:
    """The verdict, the number and the picture of a check."""
    module = about(name)
    number = verdicts.number_of(finding, module.VALUE)
    number = number and f"{module.VALUE} {number}"
    st.html(verdicts.label(finding.verdict, number))
    if finding.numbers:
        alt = alternatives.of_check(module.TITLE, number, finding)
        charts.draw(
            picture_of_finding(name, finding, module.VALUE), f"{_KEY}_{name}", alt=alt, config={"displaylogo": False}
        )
    else:
        st.markdown(page.plain(finding.sentence))


_PICTURES: dict[str, Callable[[Step, Live, bool], None]] = {
    "hook": _draw_hook,
    "tokens": _draw_tokens,
    "both_sides": _draw_spread,
    "scatter": _draw_scatter,
    "volcano": _draw_volcano,
    "means": _draw_means,
    "spread": _draw_spread,
    "words": _draw_words,
    "layers": _draw_layers,
    "text": _draw_text,
}
