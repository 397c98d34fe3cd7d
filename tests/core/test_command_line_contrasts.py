"""``--contrast``: both classes by one name, and what else differs between them in every file that is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from core.__main__ import main
from core.command_line.status import USAGE
from core.evidence.confounds import TITLE
from core.records import ContrastSpec
from core.records.contrasts import CONTRASTS, contrast_named, contrast_of, what_else_differs
from core.words import list_length

Capture = pytest.CaptureFixture[str]
PAIR = contrast_named("contrast", "singular-plural")


@pytest.fixture(scope="module")
def model(tiny_folder: Callable[[str], Path]) -> str:
    return str(tiny_folder("gpt_neo"))


def test_a_contrast_is_both_its_classes_and_all_that_is_written_says_what_else_differs(
    model: str, tmp_path: Path, capsys: Capture
) -> None:
    files = {name: tmp_path / name for name in ("summary.json", "manifest.json", "report.html", "notebook.ipynb")}
    options = [f"--{name.partition('.')[0].replace('summary', 'json')}={file}" for name, file in files.items()]
    assert main(["contrast", "--model", model, "--layer=1", "--contrast", PAIR.name, *options]) == 0
    shown = capsys.readouterr()
    assert f"\nConfounds What else differs: {PAIR.confounds}\n" in shown.out
    assert "were asked for" not in shown.out + shown.err  # 500 are the preset's, and nobody's wish
    summary, manifest, report, notebook = (file.read_text(encoding="utf-8-sig") for file in files.values())
    for record in map(json.loads, (summary, manifest)):
        assert record["contrast"] == PAIR.name
        assert record["confounds"] == f"What else differs: {PAIR.confounds}"
    spec = json.loads(summary)["spec"]
    assert (spec["target"], spec["baseline"]) == (PAIR.target, PAIR.baseline)
    assert spec["n_target"] == spec["n_baseline"] == list_length(PAIR.target, "bundled")
    [line] = re.findall(r'<p id="confounds">(.*?)</p>', report)
    assert unescape(line) == f"What else differs: {PAIR.confounds}"
    first = "".join(json.loads(notebook)["cells"][0]["source"]).replace("\\", "")
    assert f"What else differs: {PAIR.confounds}" in first


def test_the_paired_test_takes_as_many_words_as_the_shorter_list_has(model: str, capsys: Capture) -> None:
    typed = ["contrast", "--model", model, "--layer=1", "--preset=notebook", "--contrast=first-third-person"]
    assert main(typed) == 0
    shown = capsys.readouterr().out
    assert "11 first-person pronouns (7 lemmas) and 11 third-person pronouns (9 lemmas)" in shown
    assert "The notebook has no list of first-person pronouns: the bundled list is used." in shown
    assert "were asked for" not in shown


def test_what_is_asked_for_is_said(model: str, capsys: Capture) -> None:
    assert main(["contrast", "--model", model, "--layer=1", "--contrast=count-mass", "--words=300"]) == 0
    assert "The list of count nouns has 170 words: all of them are used; 300 were asked for." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("--contrast singular-plurals", "Did you mean singular-plural?"),
        ("--contrast ''", "--contrast is “”; allowed are nouns-verbs, adjectives-adverbs,"),
        *(
            (
                f"--contrast count-mass {flag} nouns",
                f"--contrast is “count-mass”, which names both classes, and {flag} gives one: leave one of them out.",
            )
            for flag in ("--target", "--baseline", "--target-words", "--baseline-words")
        ),
        ("--contrast count-mass --target-name Food", "--target-name is “Food”, but no list is given"),
    ],
)
def test_mistakes_are_told_before_any_work(typed: str, sentence: str, capsys: Capture) -> None:
    assert main(["contrast", *typed.replace("''", "").split(" ")]) == USAGE
    assert sentence in capsys.readouterr().err


def test_the_help_names_every_contrast_in_one_piece(capsys: Capture) -> None:
    assert main(["help", "contrast"]) == 0
    words = re.split(r"[\s,;]+", capsys.readouterr().out)
    assert {each.name for each in CONTRASTS} <= set(words)


# --- The sentences


def test_a_folder_and_shuffled_labels_have_no_contrast(tmp_path: Path) -> None:
    """A list of a folder may have the name of one of ours, and other words."""
    spec = ContrastSpec.careful()
    assert contrast_of(spec.changed(word_source=str(tmp_path))) is None
    assert what_else_differs(spec.changed(word_source=str(tmp_path))).startswith("What else differs between nouns and")
    assert contrast_of(spec.changed(shuffle_labels=True)) is None and not what_else_differs(
        spec.changed(shuffle_labels=True)
    )


def test_of_the_notebook_s_lists_only_what_is_known_is_said() -> None:
    of_notebook = what_else_differs(ContrastSpec.notebook())
    assert of_notebook.startswith("What else differs in this project's own lists (the notebook's may differ in more): ")
    stands_in = what_else_differs(ContrastSpec.notebook(target=PAIR.target, baseline=PAIR.baseline))
    assert stands_in == f"What else differs: {PAIR.confounds}"


def test_the_check_that_is_named_has_that_title() -> None:
    assert f"“{TITLE}”" in what_else_differs(ContrastSpec(target="adverbs"))
