"""Step 8: does it hold in running text, at words that people have tagged?"""

from __future__ import annotations

from core.lesson import sizes
from core.lesson.step import Choice, Live, Options, Reveal, Step
from core.records import CLEAR_AUC, STRONG_AUC, ContrastSpec, Finding
from core.records.gold import tags_of
from core.report.sentences import STRONG_FROM

OPTIONS = (
    f"very well, with an AUC of at least {STRONG_FROM}",
    f"clearly, with an AUC from {CLEAR_AUC:g} to {STRONG_FROM}",
    f"hardly, with an AUC below {CLEAR_AUC:g}",
    "not clear, as the interval of the AUC has 0.5 in it",
    "the other way round",
)
VERY_WELL, CLEARLY, HARDLY, UNCLEAR, TURNED = OPTIONS

_CODE = """\
import re
from pathlib import Path

tagged_text = Path(os.environ.get("TAGGED_TEXT", "assets/gold/english.conllu"))
sentences = []  # each is a text, and its words: (first letter, the letter after the last, tag)
for block in tagged_text.read_text(encoding="utf-8").strip().split("\\n\\n"):
    text = re.search("^# text = (.*)$", block, re.M)[1]
    words, end, contracted = [], 0, ()
    for line in block.splitlines():
        if line.startswith("#"):
            continue
        number, form, _, tag, *_ = line.split("\\t")
        if number.isdigit() and int(number) in contracted:
            continue
        begin = text.index(form, end)
        end = begin + len(form)
        if "-" in number:  # such as didn't: its two words share letters, so both are left out
            contracted = range(int(number.split("-")[0]), int(number.split("-")[1]) + 1)
        else:
            words.append((begin, end, tag))
    sentences.append((text, words))


def tagged_words(text, words):
    \"\"\"The tokens of a text, and for each word its tokens and its tag. The space before a word is its own.\"\"\"
    tokens, found = tokenizer.encode(text, add_special_tokens=False), []
    for begin, end, tag in words:
        begin -= text[begin - 1 : begin] == " "
        inside = [i for i, (first, last) in enumerate(tokens.offsets) if first < end and last > begin]
        if inside:
            found.append((inside, tag))
    return tokens.ids, found


own, other = [], []  # the neuron at each word of its own class, and of the other one
for text, words in sentences:
    ids, found = tagged_words(text, words)
    values = VALUES
    own += [POOLED for inside, tag in found if tag in OWN_TAGS]
    other += [POOLED for inside, tag in found if tag in OTHER_TAGS]
print(stats.mannwhitneyu(own, other).statistic / (len(own) * len(other)))  # the AUC"""


def _guess(spec: ContrastSpec) -> Options:
    return Choice(OPTIONS)


def option_of(auc: float, low: float, high: float) -> str:
    """The option that an AUC and its interval are in: none is claimed where the interval has 0.5 in it.

    Examples
    --------
    >>> option_of(0.95, 0.9, 0.98), option_of(0.3, 0.2, 0.4)
    ('very well, with an AUC of at least 0.90', 'the other way round')
    >>> option_of(0.49, 0.4, 0.58)
    'not clear, as the interval of the AUC has 0.5 in it'
    """
    if low <= 0.5 <= high:
        return UNCLEAR
    if auc < 0.5:
        return TURNED
    return VERY_WELL if auc >= STRONG_AUC else CLEARLY if auc >= CLEAR_AUC else HARDLY


def _reveal(live: Live) -> Reveal:
    finding: Finding = live.more["gold_text"]
    if finding.value is None:
        return Reveal(None, float("nan"), f"This cannot be answered here. {finding.sentence}")
    low, high = finding.interval or (finding.value, finding.value)
    return Reveal(option_of(finding.value, low, high), finding.value, f"{finding.sentence} {sizes.separation(live)}")


def own_and_other_tags(live: Live) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags of the class for which the neuron is higher, and of the other class.

    Raises
    ------
    UserError
        No tag stands for a class, or the neuron could not be tested.
    """
    sizes.check_varies(live)
    target, baseline = tags_of(live.spec)
    return (target, baseline) if live.result.favours_target(live.neuron) else (baseline, target)


def _code(live: Live) -> str:
    own, other = own_and_other_tags(live)
    values = "read(ids)[at, :, neuron]"
    code = _CODE.replace("VALUES", f"np.abs({values})" if live.spec.tested_by.absolute else values)
    code = code.replace("OWN_TAGS", repr(own)).replace("OTHER_TAGS", repr(other))
    return code.replace("POOLED", "values[inside].mean()" if live.spec.pooling == "mean" else "values[inside[-1]]")


STEP = Step(
    name="running-text",
    title="Does it hold in running text?",
    idea=(
        "A list has words without a sentence, and the lists are ours: we chose words that fit a class.",
        "In a sentence, the same form can be a noun or a verb, and other words stand around it.",
        "People have tagged each word of a small text with its part of speech.",
        "We read this text, and compare the neuron at words of one tag with the neuron at words of the other tag.",
        "If the AUC stays high, the neuron does more than separate our lists; if it drops, much of what we saw "
        "belongs to our lists alone.",
    ),
    look_for="Look at the rows of both tags, such as NOUN and VERB. How far do they overlap? When the answer is open, "
    "compare “in the word lists” with “not in the word lists”.",
    question="How well does this neuron separate the two classes in the tagged text?",
    hint="Most neurons do worse in text than on the lists on which they were found.",
    page="pages/5_Evidence.py",
    controls=("neuron", "layer"),
    figure="gold_text",
    terms=("gold AUC", "interval"),
    needs=("gold_text",),
    guess=_guess,
    reveal=_reveal,
    code=_code,
    builds_on=("hook",),
)
