"""The answers of the lesson with the bundled model and the careful preset: for docs/teaching.md.

    answers_section()    # Markdown

Half a minute goes into the answers. So the section begins with a digest of the model, the words and the texts, and the
answers are computed anew only if it differs. Whoever changes how an answer is computed deletes the line of the digest,
and runs ``python docs/generate.py``. Titles and questions are those of the code.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PAGE = ROOT / "docs" / "teaching.md"
_SAMPLE = ROOT / "assets" / "texts" / "01-the-market.txt"
_FROM = ("assets/models/*/*", "assets/words/*.txt", "assets/gold/*.conllu", "assets/texts/01-*.txt")
_DIGEST = "<!-- of {} -->"
_ROW, _SENTENCE = re.compile(r"^\| \d+ \|.* \| (.+) \|$", re.M), re.compile(r"^\d+\. (.+)$", re.M)

Answers = tuple[str, list[str], list[str]]  # what they are of; for each step, the answer, and what the page says


@cache
def answers_section() -> str:
    """A table of questions and answers, and what pages say of each."""
    from core.lesson import STEPS, place
    from core.report.markdown import table

    digest = _DIGEST.format(_digest())
    about, answers, said = _kept(digest, len(STEPS)) or _computed()
    asked = ((f"{place(step)}", step.title, step.question) for step in STEPS)
    rows = [(*cells, answer) for cells, answer in zip(asked, answers, strict=True)]
    sentences = "\n".join(f"{number}. {sentence}" for number, sentence in enumerate(said, 1))
    return "\n\n".join(
        [digest, about, table(("", "step", "question", "answer"), rows), "What the page says:", sentences]
    )


def _kept(digest: str, n_steps: int) -> Answers | None:
    """What the page has, if it is of the same model, words and texts, and of as many steps."""
    text = _PAGE.read_text(encoding="utf-8") if _PAGE.is_file() else ""
    found = re.search(rf"{re.escape(digest)}\n\n(?P<about>[^\n]+)\n(?P<rest>.*?)<!-- end -->", text, re.S)
    if not found:
        return None
    answers, said = _ROW.findall(found["rest"]), _SENTENCE.findall(found["rest"])
    return (found["about"], answers, said) if len(answers) == len(said) == n_steps else None


def _digest() -> str:
    """Of all files that the answers follow from, whatever the line ends of a checkout."""
    found = hashlib.sha256()
    for pattern in _FROM:
        for file in sorted(ROOT.glob(pattern)):
            found.update(file.name.encode() + file.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()[:12]


def _computed() -> Answers:
    from core.lesson import STEPS, written
    from core.records import ContrastSpec
    from core.report.markdown import plain
    from engine.lesson_steps import live
    from engine.pipeline import Request, resolve
    from engine.steps import conclusion

    spec, text = ContrastSpec.careful(), _SAMPLE.read_text(encoding="utf-8")
    neuron = resolve(conclusion, Request(spec)).largest
    reveals = [step.reveal(live(step, spec, neuron, text)) for step in STEPS]
    answers = [written(reveal.value, step.guess(spec)) for reveal, step in zip(reveals, STEPS, strict=True)]
    about = f"Layer {spec.layer}, neuron {neuron} (the largest statistic of the layer), and the first sample text."
    return about, answers, [plain(reveal.sentence) for reveal in reveals]
