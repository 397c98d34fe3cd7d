"""Step 2: the words of both classes, and the tokens that the model makes of them."""

from __future__ import annotations

import numpy as np

from core.lesson import lines, sizes
from core.lesson.step import Live, Number, Options, Reveal, Step
from core.records import ContrastSpec
from core.report.readable import readable_auc, readable_share
from core.stats.effect_size import auc

_PERCENT = Number(0, 100, whole=True, unit="%")
_CODE = """\
n_tokens = np.array([len(tokens_of(word)) for word in target_words + baseline_words])
print(100 * np.mean(n_tokens == 1))  # percent"""


def _guess(spec: ContrastSpec) -> Options:
    return _PERCENT


def _reveal(live: Live) -> Reveal:
    counts = live.result.target_tokens, live.result.baseline_tokens
    percent = 100 * float(np.mean(np.concatenate(counts) == 1))
    target, baseline = (readable_share(float(np.mean(each == 1))) for each in counts)
    one, other = sizes.names(live)
    by_count = float(auc(*(each[:, None].astype(np.float64) for each in counts))[0])  # of the number of tokens alone
    fewer = " with the space before it" if live.spec.leading_space else " without a space before it"
    alone = readable_auc(max(by_count, 1 - by_count))
    sentence = (
        f"Of all words, {readable_share(percent / 100)} are one token, each read{fewer}: {target} of {one} and "
        f"{baseline} of {other}. By the number of tokens alone, the AUC is {alone}, where 0.5 is chance: a neuron that "
        "follows only this number has the same."
    )
    return Reveal(percent, percent, sentence)


def _code(live: Live) -> str:
    words = live.result.words
    return "\n".join(
        [
            lines.words_literal("target_words", words.target),
            lines.words_literal("baseline_words", words.baseline),
            "",
            _CODE,
        ]
    )


STEP = Step(
    name="tokens",
    title="The words, and their tokens",
    idea=(
        "We compare two classes of words, such as nouns and verbs, and take the most common words of each.",
        "The model does not see letters: a token is a whole word or a part of one.",
        "A common word is often one token, and a rare one is cut into two or more.",
        "In a text, a word has a space before it, and most models have other tokens for the word with its space.",
        "If the words of one class are cut more often, a neuron may differ for that reason alone.",
    ),
    look_for="Look for words that are cut into two tokens or more. Are there more of them in one class?",
    question="What percent of all words are a single token?",
    hint="Switch the leading space on and off, and count the words again. Common words are whole more often.",
    page="pages/3_Words.py",
    controls=("n_target", "n_baseline", "leading_space"),
    figure="tokens",
    terms=("word lists", "leading space"),
    guess=_guess,
    reveal=_reveal,
    code=_code,
    builds_on=("hook",),
)
