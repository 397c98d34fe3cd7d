"""The frame of the Quiz page: what it is about, which kind of question, and the score."""

from __future__ import annotations

import streamlit as st

from core.quiz import scores, strong_of_each
from core.records import ContrastResult, ContrastSpec, Remedy
from core.report.glossary import GLOSSARY
from core.report.quiz import ABOUT_SCORE, KIND_TITLES, score_sentence
from core.report.sentences import STRONG_LIMITS, class_names
from engine import layer_steps
from ui import chosen, kept_in_browser, navigation, page, quiz_rounds, remedies
from ui.app_pages import NEURONS
from ui.labels import model_label
from ui.progress import show

TEXTS, PAIRS = KINDS = ("texts", "pairs")
_LABELS = {TEXTS: "Blind texts", PAIRS: "Minimal pairs"}
_MOST_LAYERS = 3  # that are offered


def draw_introduction(spec: ContrastSpec) -> None:
    """Draw what is asked here, and of which neurons."""
    target, baseline = map(page.plain, class_names(spec))
    st.markdown(
        f"Can you see which neuron differs strongly between {target} and {baseline}? Answer first; then the page shows "
        "which neurons they are, and their numbers."
    )
    st.caption(
        page.plain(f"Layer {spec.layer} of {model_label(spec.model)}. Another layer or contrast: in the sidebar.")
    )


def draw_choice() -> str:
    """Draw the choice between blind texts and minimal pairs, and return it."""
    kind = st.segmented_control(
        "Kind of question",
        KINDS,
        default=TEXTS,
        key="quiz_kind",
        required=True,
        format_func=_LABELS.__getitem__,
        label_visibility="collapsed",
    )
    return kind if kind in KINDS else TEXTS  # a browser can send any value


def has_strong(result: ContrastResult) -> bool:
    """Whether the layer has a strong neuron. If not, say so, and offer the layers that have most."""
    if any(strong_of_each(result)):
        return True
    spec = result.spec
    page.show_warning(
        f"No neuron of layer {spec.layer} is strong here (significant, {STRONG_LIMITS}), so there is none to ask about."
    )
    found = show(layer_steps.all_layers, spec)
    counts = {} if found is None else dict(zip(found.layers, found.strong.sum(axis=1).tolist(), strict=True))
    best = sorted((layer for layer, n in counts.items() if n), key=lambda layer: -counts[layer])[:_MOST_LAYERS]
    if best:
        st.markdown("Other layers have some:")
        offered = (
            Remedy(f"Use layer {layer} ({counts[layer]:,} strong)", (("layer", layer),)) for layer in sorted(best)
        )
        remedies.draw(offered, "quiz_layer")
    elif counts:
        st.markdown("Nor has any other layer: choose other classes, more words, or another model in the sidebar.")
    return False


def draw_link_to_neuron(neuron: int) -> None:
    """Draw a button that selects a neuron and opens its page."""
    if st.button(
        f"Show neuron {neuron}", key=f"quiz_show_{neuron}", on_click=chosen.choose, args=(neuron, chosen.snapshot())
    ):
        navigation.go_to(NEURONS)


def draw_score() -> None:
    """Draw how many answers are right, what chance would give, what that means, and the button that begins anew."""
    st.header("Your score")
    answers = quiz_rounds.answers()
    if not answers:
        st.caption("No answer yet. Decide before you begin how many you want to give: 10 say little, 50 say more.")
        return
    for kind, score in scores(answers).items():
        if score.n:
            st.markdown(f"**{KIND_TITLES[kind]}**: {score_sentence(score)}", help=GLOSSARY["quiz score"])
    st.caption(ABOUT_SCORE)
    st.button("Start the quiz again", key="quiz_again", icon=":material/restart_alt:", on_click=quiz_rounds.start_again)
    st.caption("Your browser keeps the answers, not the server.")
    kept_in_browser.draw_problem()
