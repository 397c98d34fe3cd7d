"""The score of a text on the Text page: against tags, by a loop of its own; against lists, named as what it is."""

from __future__ import annotations

import re
from itertools import accumulate

import numpy as np
import pytest
import scipy.stats

from core.activations import token_activations
from core.models import load_model
from core.records import CUSTOM
from core.words import bundled_gold, bundled_list, passages
from tests.support.pages import (
    SECRET,
    SMALL,
    TEXT,
    WORDS,
    go_to,
    heatmap,
    open_page,
    said,
    settle,
)

PASSAGES = {each.title: each for each in passages(bundled_gold(), 4_000)}
FILE = """# newdoc id = mail-1
# text = Dogs bark. They can't.
1\tDogs\tdog\tNOUN\t_\t_\t_\t_\t_\t_
2\tbark\tbark\tVERB\t_\t_\t_\t_\t_\tSpaceAfter=No
3\t.\t.\tPUNCT\t_\t_\t_\t_\t_\t_
4\tThey\tthey\tPRON\t_\t_\t_\t_\t_\t_
5-6\tcan't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
5\tca\tcan\tAUX\t_\t_\t_\t_\t_\t_
6\tn't\tnot\tPART\t_\t_\t_\t_\t_\t_
7\t.\t.\tPUNCT\t_\t_\t_\t_\t_\t_

"""


def tagged(at):
    at.segmented_control(key="text_source").set_value("tagged")
    return settle(at)


def values_of(spec, text, words, neuron):
    """The mean over the tokens that share a letter with each word, by their pieces."""
    found = token_activations(load_model("bundled"), text, spec.layer, side=spec.hook_side, prefix=spec.prefix)
    ends = list(accumulate(map(len, found.pieces)))
    of_token = list(zip([0, *ends[:-1]], ends, strict=True))
    values = []
    for start, end in words:
        its = [i for i, (first, last) in enumerate(of_token) if first < end and last > start and first < last]
        its = [i for i in its if text[of_token[i][0] : of_token[i][1]].strip()]
        values.append(found.values[its, neuron].mean())
    return np.array(values)


def tabs(at):
    """The AUC in the label of each neuron's tab."""
    found = [re.fullmatch(r"Neuron (\d+): AUC ([\d.]+)", tab.label) for tab in at.tabs]
    return {int(each[1]): float(each[2]) for each in found if each}


@pytest.mark.parametrize("title", ["Fiction", "Encyclopaedia"])
def test_the_score_against_tags_is_that_of_a_loop(title, contrast):
    at, result, passage = open_page(TEXT), contrast(SMALL), PASSAGES[title]
    tagged(at)
    at.selectbox(key="passage").set_value(title)
    settle(at)
    assert "".join(heatmap(at)["pieces"]) == passage.text
    assert "Score against the tags" in [head.value for head in at.header]
    nouns = [(word.start, word.end) for word in passage.words if word.upos == "NOUN"]
    verbs = [(word.start, word.end) for word in passage.words if word.upos == "VERB"]
    assert any(f"{len(nouns)} NOUN (" in caption and f" {len(verbs)} VERB (" in caption for caption in said(at.caption))
    expected = {}
    for neuron, own, other in ((result.largest, nouns, verbs), (result.smallest, verbs, nouns)):
        high, low = (values_of(SMALL, passage.text, each, neuron) for each in (own, other))
        u = scipy.stats.mannwhitneyu(high, low).statistic
        expected[neuron] = u / (len(high) * len(low))
    assert tabs(at) == pytest.approx(expected, abs=1e-3)


def test_the_worst_errors_are_in_their_place(contrast):
    at, result, passage = tagged(open_page(TEXT)), contrast(SMALL), PASSAGES["Fiction"]
    words = [word for word in passage.words if word.upos == "VERB"]
    values = values_of(SMALL, passage.text, [(word.start, word.end) for word in words], result.largest)
    table = next(t.value for t in at.dataframe if f"errors_high_{result.largest}" in str(t.proto.id))
    worst = np.argsort(-values, kind="stable")[: len(table)]
    assert 0 < len(table) <= 5 and table["word"].tolist() == [words[i].form for i in worst]
    np.testing.assert_allclose(table["value"], values[worst], rtol=1e-4)
    assert set(table["tag"]) == {"VERB"}
    for context, i in zip(table["in the text"], worst, strict=True):
        before, middle, after = re.fullmatch(r"…?(.*)▸(.+)◂(.*?)…?", context).groups()
        assert middle == words[i].form
        assert f"{before}{middle}{after}" in " ".join(passage.text.split("\n\n")).replace("\n", " ") or "  " in context
    high = table["above … of NOUN"]
    assert high.is_monotonic_decreasing and ((high > 0) & (high <= 100)).all()


def test_ones_own_text_is_scored_against_the_lists_and_called_so(contrast):
    at, result = open_page(TEXT), contrast(SMALL)
    text = at.text_area(key="text").value
    (title,) = [head.value for head in at.header if head.value.startswith("Score")]
    assert title == "Score against the word lists, not against tags"
    lists = [{word.lower() for word in bundled_list(name).words} for name in ("nouns", "verbs")]
    kinds = ([], [])
    for found in re.finditer(r"[A-Za-z']+", text):
        here = [found.group().lower() in each for each in lists]
        if sum(here) == 1:
            kinds[here.index(True)].append(found.span())
    assert min(map(len, kinds)) >= 10
    about = next(caption for caption in said(at.caption) if "exactly one of the two lists" in caption)
    assert f"{len(kinds[0])} nouns (" in about and f" {len(kinds[1])} verbs (" in about
    assert "no evidence of parts of speech" in about and "Tagged sentences" in about
    own, other = (values_of(SMALL, text, each, result.largest) for each in kinds)
    u = scipy.stats.mannwhitneyu(own, other).statistic
    assert tabs(at)[result.largest] == pytest.approx(u / (len(own) * len(other)), abs=1e-3)


def test_few_words_have_a_sentence_instead_of_a_number():
    at = open_page(TEXT)
    at.text_area(key="text").set_value("The dog ran.")
    settle(at)
    sentence = "**Too few words for a score**: at least 10 different ones of each kind are needed."
    assert sentence in [each.value for each in at.markdown]
    assert tabs(at) == {}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"target": CUSTOM, "target_words": ("way", "old", "night"), "n_target": 3},
            "The words are a list of one's own: no part of speech",
        ),
        (
            {"shuffle_labels": True},
            "The labels are shuffled, so no part of speech of a tagged text stands for a group.",
        ),
        (
            {"target": "singular-nouns", "baseline": "plural-nouns"},
            "No part of speech of a tagged text stands for singular nouns: its tags, such as NOUN and VERB, say "
            "nothing of number, tense, person or meaning.",
        ),
    ],
)
def test_where_no_tag_stands_for_a_class_the_lists_are_used_and_it_is_said(changes, why):
    at = tagged(open_page(TEXT, SMALL.changed(**changes)))
    assert any(why in caption and "exactly one of the two lists" in caption for caption in said(at.caption))
    assert not any("NOUN" in tab.label for tab in at.tabs)
    assert "".join(heatmap(at)["pieces"]) == PASSAGES["Fiction"].text


def test_other_classes_have_other_tags():
    spec = SMALL.changed(target="adjectives", baseline="conjunctions", n_baseline=30)
    at = tagged(open_page(TEXT, spec))
    assert any(" ADJ (" in caption and " CCONJ/SCONJ (" in caption for caption in said(at.caption))


def test_what_was_typed_is_there_again_and_the_passage_too():
    at = open_page(TEXT)
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    tagged(at)
    at.selectbox(key="passage").set_value("News")
    settle(at)
    go_to(go_to(at, WORDS), TEXT)
    assert "".join(heatmap(at)["pieces"]) == PASSAGES["News"].text
    at.segmented_control(key="text_source").set_value("own")
    settle(at)
    assert at.text_area(key="text").value == "".join(heatmap(at)["pieces"]) == SECRET
    assert not at.warning and not at.error


def test_a_tagged_file_is_offered_and_scored():
    at = open_page(TEXT)
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    at.file_uploader(key="text_file").set_value(("my <b>.conllu", (FILE * 12).encode(), "text/plain"))
    settle(at)
    assert (
        at.selectbox(key="passage").value == "my <b>.conllu: Mail" and "Fiction" in at.selectbox(key="passage").options
    )
    assert "".join(heatmap(at)["pieces"]) == " ".join(["Dogs bark. They can't."] * 12)
    assert any(
        "12 sentences, 60 tagged words, from your file. Not counted: 24 words" in caption
        for caption in said(at.caption)
    )
    assert any("12 NOUN (1 different) and 12 VERB (1 different)" in caption for caption in said(at.caption))
    assert tabs(at) == {} and any("at least 10 different ones" in each.value for each in at.markdown)
    different = "".join(FILE.replace("Dogs", f"Dogs{i}").replace("bark", f"bark{i}") for i in range(10))
    at.file_uploader(key="text_file").set_value(("other.conllu", different.encode(), "text/plain"))
    assert len(tabs(settle(at))) == 2
    at.segmented_control(key="text_source").set_value("own")
    settle(at)
    assert at.text_area(key="text").value == SECRET


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "bad.conllu is empty; a CoNLL-U file is expected."),
        (b"\xff\xfe", "bad.conllu is not UTF-8 text; a CoNLL-U file is expected."),
        (b"Just a text.\n", "is not CoNLL-U"),
        (FILE.replace("NOUN", "N").encode(), "the part of speech 'N' at word 1; allowed are ADJ"),
    ],
)
def test_a_bad_tagged_file_is_one_sentence_and_changes_nothing(content, sentence):
    at = open_page(TEXT)
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    at.file_uploader(key="text_file").set_value(("bad.conllu", content, "text/plain"))
    settle(at)
    at.run()
    (mistake,) = said(at.error)
    assert sentence in mistake and mistake.endswith("."), "it stands as long as the file is there"
    assert at.segmented_control(key="text_source").value == "own"
    assert at.text_area(key="text").value == "".join(heatmap(at)["pieces"]) == SECRET
    tagged(at)
    assert at.selectbox(key="passage").options == list(PASSAGES)
    at.file_uploader(key="text_file").set_value(("worse.conllu", b"\xff", "text/plain"))
    settle(at)
    assert "worse.conllu is not UTF-8 text" in said(at.error)[0] and len(at.error) == 1
    at.file_uploader(key="text_file").set_value(("good.conllu", FILE.encode(), "text/plain"))
    assert not settle(at).error


def test_another_file_replaces_the_first_and_a_text_file_goes_to_the_box():
    at = open_page(TEXT)
    for name in ("one.conllu", "two.conllu"):
        at.file_uploader(key="text_file").set_value((name, FILE.encode(), "text/plain"))
        settle(at)
        assert at.selectbox(key="passage").value == f"{name}: Mail"
    assert not any("one.conllu" in option for option in at.selectbox(key="passage").options)
    at.file_uploader(key="text_file").set_value(("a.txt", SECRET.encode(), "text/plain"))
    settle(at)
    assert at.segmented_control(key="text_source").value == "own" and "".join(heatmap(at)["pieces"]) == SECRET


def test_passages_are_no_longer_than_a_server_allows(monkeypatch):
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_CHARACTERS", "900")
    at = tagged(open_page(TEXT))
    assert len(at.selectbox(key="passage").options) > len(PASSAGES)
    assert len("".join(heatmap(at)["pieces"])) <= 900 and not at.error
