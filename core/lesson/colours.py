"""Step 5: colour a text by one neuron, from its lowest to its highest value."""

from __future__ import annotations

import numpy as np

from core.errors import UserError
from core.lesson import lines, sizes
from core.lesson.step import Live, Number, Options, Reveal, Step
from core.records import ContrastSpec, TokenActivations
from core.report.readable import readable, readable_number, readable_share

_CODE = """\
ids = tokenizer.encode(text, add_special_tokens=False).ids
values = VALUES  # one for each token of the text
colour = (values - values.min()) / (values.max() - values.min())  # 0 is the palest, 1 the darkest
print(100 * np.mean(colour > 0.5))  # percent of the tokens"""


def _guess(spec: ContrastSpec) -> Options:
    return Number(0, 100, whole=True, unit="%")


def scaled(values: np.ndarray) -> np.ndarray:
    """The values (n_tokens,) from 0, the smallest, to 1, the largest; NaN if all are equal.

    Examples
    --------
    >>> scaled(np.array([1.0, 2.0, 5.0]))
    array([0.  , 0.25, 1.  ])
    """
    values = values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        found: np.ndarray = (values - values.min()) / (values.max() - values.min())
    return found


def _reveal(live: Live) -> Reveal:
    text: TokenActivations = live.more["text"]
    values = text.values[:, live.neuron]
    colour = scaled(values)
    dark = int((colour > 0.5).sum())
    percent = 100 * dark / len(values)
    if np.isnan(colour).any():
        sentence = f"Neuron {live.neuron} has the same value at all {len(values):,} tokens, so there is no colour."
        return Reveal(percent, percent, f"{sentence} {sizes.separation(live)}")
    top = int(values.argmax())
    sentence = (
        f"{dark:,} of {len(values):,} tokens ({readable_share(dark / len(values))}) are darker than the middle of the "
        f"scale. The darkest is “{readable(text.pieces[top], text.parts[top])}”, with "
        f"{readable_number(float(values[top]))}; in any text, some token is the darkest. {sizes.separation(live)}"
    )
    return Reveal(percent, percent, sentence)


def _code(live: Live) -> str:
    text: TokenActivations | None = live.more.get("text")
    context = live.result.model.context
    if text is not None and len(text.window_starts) > 1:
        raise UserError(
            f"There are no short lines of code for a text of {len(text.pieces):,} tokens, as the model reads at most "
            f"{context:,} at once: choose a shorter text."
        )
    values = "read(ids)[at, :, neuron]"
    values = f"np.abs({values})" if live.spec.tested_by.absolute else values
    return "\n".join([lines.text_literal("text", live.text), _CODE.replace("VALUES", values)])


STEP = Step(
    name="colours",
    title="Colour a text",
    idea=(
        "So far the model has read single words, but it was made for running text.",
        "Now we read a whole text, and give each token a colour by the value of one neuron.",
        "The lowest value in the text gets the palest colour, and the highest value gets the darkest.",
        "So each text has a darkest token, even if the neuron does nothing of note there.",
        "The eye finds the words that it hopes to find, so count before you believe the colours.",
    ),
    look_for="Look for dark words of the other class, and for pale words of the neuron's own class.",
    question="What percent of the tokens are darker than the middle of the scale?",
    hint="One token with a very high value makes all others pale.",
    page="pages/4_Text_heatmap.py",
    controls=("sample", "neuron", "layer"),
    figure="text",
    terms=("colour scale",),
    needs=("text",),
    guess=_guess,
    reveal=_reveal,
    code=_code,
    builds_on=("hook",),
)
