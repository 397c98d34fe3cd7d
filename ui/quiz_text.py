"""A text of the blind quiz as HTML: the colour of each word, and nothing else of a neuron.

Before the answer there is one hue, which is no class's. After it, the text of the neuron has the hue of its class, and
the words of both classes are underlined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from core.report.colours import N_STEPS, ramp
from core.report.palette import THEMES

Spans = Sequence[tuple[int, int]]
# Of a word, what its underline says after the answer.
OWN, OTHER = "own", "other"
_N_COLOURS = 5
# The palette of each hue, and of what is below its centre: greys are the lower half of a ramp, the strongest first.
_HUES = {"q": ("oranges", "greys"), "target": ("oranges", None), "baseline": ("blues", None)}
_STYLE = (Path(__file__).parent / "quiz_text.css").read_text(encoding="utf-8")


def draw_style() -> None:
    """Draw the style of the texts. A page calls this once a run."""
    st.html(f"<style>{_STYLE}{_colours()}</style>")


def draw_legend() -> None:
    """Draw what the colours mean, which is the same for every neuron."""
    swatches = "".join(f'<span class="q{step}"></span>' for step in range(1, _N_COLOURS + 1))
    st.html(
        f'<div class="gn-quiz-legend">Lower half of the words: no colour. Then, tenth by tenth: '
        f'<span class="scale" aria-hidden="true">{swatches}</span> the tenth with the highest values.</div>'
    )


def text_html(
    text: str, spans: Spans, steps: np.ndarray, hue: str = "q", marks: Mapping[tuple[int, int], str] | None = None
) -> str:
    """A text whose words are coloured.

    Parameters
    ----------
    text : str
    spans : sequence of (int, int)
        The characters of each word, in order.
    steps : ndarray of int, shape (n_words,)
        0 for no colour, to 5.
    hue : {"q", "target", "baseline"}
        One hue for the question; after the answer, that of a class.
    marks : mapping, optional
        The words to be underlined, by their characters: as a word of the neuron's own class, or of the other one.

    Examples
    --------
    >>> text_html("a < b.", [(0, 1), (4, 5)], np.array([0, 5]))
    '<div class="gn-quiz-text" lang="en">a &lt; <span class="q5">b</span>.</div>'
    """
    parts, at = [], 0
    for (start, end), step in zip(spans, steps.tolist(), strict=True):
        parts.append(escape(text[at:start]))
        inside = [(word, mark) for word, mark in (marks or {}).items() if start <= word[0] and word[1] <= end]
        names = [*([f"{hue}{step}"] if step else []), *(inside[0][1:] if inside else ())]
        word = escape(text[start:end])
        parts.append(f'<span class="{" ".join(names)}">{word}</span>' if names else word)
        at = end
    parts.append(escape(text[at:]))
    return f'<div class="gn-quiz-text" lang="en">{"".join(parts)}</div>'


def most_coloured(text: str, spans: Spans, steps: np.ndarray) -> list[str]:
    """The words with the strongest colour, in their order, for readers who do not see colours.

    Examples
    --------
    >>> most_coloured("one two", [(0, 3), (4, 7)], np.array([0, 5]))
    ['two']
    """
    chosen = (text[start:end] for (start, end), step in zip(spans, steps.tolist(), strict=True) if step == _N_COLOURS)
    return list(dict.fromkeys(chosen))


@cache
def _colours() -> str:
    """The rules of all colours: each has one for a light and a dark page, and the ink that can be read on it."""
    rules = []
    for hue, (name, below) in _HUES.items():
        steps = {theme: ramp(name, theme=theme, below=below) for theme in THEMES}
        for step in range(1, _N_COLOURS + 1):
            share = (step + 0.5) / (_N_COLOURS + 0.5)
            place = round((N_STEPS // 2) * (1 - share)) if below else round((N_STEPS - 1) * share * 0.7)
            pairs = [steps[theme][place] for theme in THEMES]
            background, ink = (", ".join(pair[i] for pair in pairs) for i in (0, 1))
            rules.append(f".{hue}{step} {{ background: light-dark({background}); color: light-dark({ink}); }}")
    return "\n".join(rules)
