"""The lesson on live results: every step's lines are executed, and print the page's number; answers follow settings."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from core.errors import UserError
from core.experiment import unit_values
from core.lesson import STEPS, Live, Reveal, Step, of_name, program
from core.records import ContrastSpec
from engine import lesson_steps
from engine.pipeline import GoldSource
from tests.support.tiny_models import save_tiny

pytestmark = pytest.mark.timeout(300)  # a program imports torch and transformers, and reads word by word

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = ROOT / "assets" / "models" / "grammar-neo-9m"
TEXT = "The old walk home was long.\nThey walk “slowly”, and the dogs run."
FEW = {"n_target": 24, "n_baseline": 24, "word_source": "bundled"}
# Checks and lines read these sentences only, so that the ablation of 41 neurons takes a second.
_N_SENTENCES = 14


@pytest.fixture(scope="module")
def few_sentences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some short sentences of the project's tagged text, with contractions among them."""
    blocks = (ROOT / "assets" / "gold" / "english.conllu").read_text(encoding="utf-8").strip().split("\n\n")
    contracted = [block for block in blocks if "-" in "".join(line.split("\t")[0] for line in block.splitlines()[3:])]
    chosen = [*sorted(blocks, key=len)[5 : 5 + _N_SENTENCES], *sorted(contracted, key=len)[:2]]
    file = tmp_path_factory.mktemp("gold") / "few.conllu"
    file.write_text("\n\n".join(chosen) + "\n\n", encoding="utf-8")
    return file


def lives(spec: ContrastSpec, neuron: int, gold: Path, steps: Sequence[Step] = STEPS) -> dict[str, Live]:
    """What each step is about."""
    source = GoldSource.of_file(gold.name, gold.read_text(encoding="utf-8"))
    return {step.name: lesson_steps.live(step, spec, neuron, TEXT, gold=source) for step in steps}


def printed(code: str, model: Path, gold: Path) -> list[float]:
    """The numbers that a program prints."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of no significant neuron, there is no share
        patch.setenv("MODEL_FOLDER", str(model))
        patch.setenv("TAGGED_TEXT", str(gold))
        exec(compile(code, "program", "exec"), {})
    return [float(line) for line in out.getvalue().split()]


def answers(of: dict[str, Live]) -> dict[str, Reveal]:
    """The answer of each step."""
    return {name: of_name(name).reveal(live) for name, live in of.items()}


@pytest.mark.parametrize(
    "model, settings, neuron",
    [
        ("bundled", {"layer": 3, **FEW}, 120),
        (
            "bundled",
            {**FEW, "layer": 2, "hook_side": "activation", "pooling": "last", "prefix": False, "unit": "word",
             "test": "welch_absolute", "correction": "fdr_bh", "family": "layer", "seed": 4},
            7,
        ),
        (
            "llama",
            {**FEW, "layer": 1, "prefix": False, "leading_space": False, "unit": "word", "test": "paired",
             "correction": "bonferroni", "family": "layer", "alpha": 0.2},
            5,
        ),
        (
            "phi3",
            {**FEW, "layer": 2, "hook_side": "activation", "unit": "lemma", "test": "mannwhitney",
             "correction": "none", "alpha": 0.5},
            0,
        ),
    ],
    ids=["careful", "absolute", "gated", "fused gate"],
)  # fmt: skip
def test_the_lines_of_every_step_print_the_page_s_number(
    model: str, settings: dict[str, Any], neuron: int, tiny_folder: Any, few_sentences: Path
) -> None:
    """One program with the lines of all ten steps."""
    folder = BUNDLED if model == "bundled" else tiny_folder(model)
    spec = ContrastSpec.careful(**settings, **({} if model == "bundled" else {"model": str(folder)}))
    found = lives(spec, neuron, few_sentences)
    shown = [reveal.number for reveal in answers(found).values()]
    code = "\n\n".join(step.code(found[step.name]) for step in STEPS)
    np.testing.assert_allclose(printed(code, folder, few_sentences), shown, rtol=1e-3, atol=1e-5)
    assert np.isfinite(shown).sum() >= 9
    if model == "bundled" and neuron == 120:  # the ablation builds on the hook and the tagged text alone
        code = program(step := of_name("ablation"), found[step.name])
        assert "target_words" not in code
        numbers = printed(code, folder, few_sentences)
        assert numbers == pytest.approx(
            [shown[STEPS.index(of_name(name))] for name in ("hook", "running-text", "ablation")], rel=1e-3, abs=1e-5
        )


def test_answers_follow_layer_neuron_side_test_and_number_of_words(few_sentences: Path) -> None:
    """Each answer is also computed by SciPy on the values of the words."""
    base = ContrastSpec.careful(layer=3, family="layer", correction="bonferroni", unit="word", **FEW)
    quick = [step for step in STEPS if step.name not in ("running-text", "ablation")]  # checks have their own tests
    seen: dict[str, set[Any]] = {step.name: set() for step in quick}
    cases = [
        (base, 120), (base, 375), (base.changed(layer=1), 120), (base.changed(hook_side="activation"), 120),
        (base.changed(test="mannwhitney"), 120), (base.changed(leading_space=False), 120),
    ]  # fmt: skip
    for spec, neuron in cases:
        found = lives(spec, neuron, few_sentences, quick)
        for name, reveal in answers(found).items():
            seen[name].add(reveal.number)
        words = found["values"]
        by_scipy = independent(words)
        for name, number in by_scipy.items():
            assert answers(found)[name].number == pytest.approx(number, rel=1e-5), (name, spec)
        higher = "nouns" if by_scipy["values"] > 0 else "verbs"
        assert of_name("values").reveal(words).value == higher
        other = by_scipy["both-sides"]
        allowed = {"no, the other class is higher", "not clear"} if other < 0.5 else {"yes, ", "not clear"}
        assert str(of_name("both-sides").reveal(words).value).startswith(tuple(allowed))
    for name, numbers in seen.items():
        assert len(numbers) > 1, f"the answer of {name} is the same whatever is chosen"


def independent(live: Live) -> dict[str, float]:
    """Some answers, by SciPy: of all neurons one by one, from their words' values."""
    spec, result = live.spec, live.result
    target, baseline = (each.astype(np.float64) for each in (result.target_activations, result.baseline_activations))
    test = {
        "welch": lambda x, y: stats.ttest_ind(x, y, axis=0, equal_var=False).pvalue,
        "mannwhitney": lambda x, y: stats.mannwhitneyu(x, y, axis=0, method="asymptotic").pvalue,
    }[spec.test]
    n = result.n_neurons
    p = test(target, baseline)
    auc = np.array([np.mean(target[:, k, None] > baseline[None, :, k]) for k in range(n)])  # no two values are equal
    significant = p * n <= spec.alpha
    strong = significant & ((auc >= 0.9) | (auc <= 0.1))
    k = live.neuron
    there = unit_values(result, k, spec.other_side)
    other = np.mean(there[0][:, None] > there[1][None])
    return {
        "tokens": 100 * np.mean(np.r_[result.target_tokens, result.baseline_tokens] == 1),
        "values": target[:, k].mean() - baseline[:, k].mean(),
        "t-test": 100 * significant.mean(),
        "effect-size": 100 * strong.sum() / significant.sum(),
        "both-sides": other if result.tests.statistic[k] > 0 else 1 - other,
    }


def test_shuffled_answer_follows_seed_and_alpha_and_the_colour_the_text(few_sentences: Path) -> None:
    spec = ContrastSpec.careful(layer=3, **FEW)
    chance, colours = of_name("chance"), of_name("colours")

    def share(spec: ContrastSpec) -> float:
        return chance.reveal(lesson_steps.live(chance, spec, 0, TEXT)).number

    assert share(spec) < share(spec.changed(alpha=0.3))
    assert len({share(spec.changed(seed=seed)) for seed in range(4)}) > 1
    texts = (TEXT, "A dog.", "We walk and we talk and we run.")
    shown = {colours.reveal(lesson_steps.live(colours, spec, 120, text)).number for text in texts}
    assert len(shown) == 3


def test_a_neuron_that_never_varies_and_one_that_is_not_there(tmp_path: Path, few_sentences: Path) -> None:
    folder = save_tiny("gpt_neo", tmp_path, dead_neurons={1: [5]})
    spec = ContrastSpec.careful(model=str(folder), layer=1, **FEW)
    found = lives(spec, 5, few_sentences)
    shown = answers(found)
    assert shown["ablation"].value is None and "does not vary" in shown["ablation"].sentence
    assert shown["values"].value == "neither: the means are equal"
    lines = [found[name] for name in ("hook", "tokens", "values", "t-test", "colours", "chance")]
    code = "\n\n".join(of_name(name).code(live) for name, live in found.items() if live in lines)
    numbers = [reveal.number for name, reveal in shown.items() if found[name] in lines]
    np.testing.assert_allclose(printed(code, folder, few_sentences), numbers, rtol=1e-3, atol=1e-5)
    with pytest.raises(UserError, match=r"Layer 1 has neurons 0 to 127; got 128\."):
        lesson_steps.live(STEPS[0], spec, 128, TEXT)


def test_a_class_without_tags_has_no_answer_in_running_text() -> None:
    spec = ContrastSpec.careful(layer=3, **FEW, baseline="plural-nouns", target="adverbs")
    for name in ("running-text", "ablation"):
        live = lesson_steps.live(of_name(name), spec, 120, TEXT)
        reveal = of_name(name).reveal(live)
        assert reveal.value is None and "No part of speech" in reveal.sentence
