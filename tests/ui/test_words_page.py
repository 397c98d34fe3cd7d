"""The Words page: the lists first and their numbers, the image of words by neurons, the means; and what is sent."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.records import CUSTOM
from core.report import figures
from core.report.word_lists import compared_lists
from tests.support.pages import SMALL, WORDS, figure, open_page, said, settle, type_list


def numbers(at):
    """The table of both lists: label -> target, baseline."""
    [table] = [item.value for item in at.markdown if item.value.startswith("| | ")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()]
    return {label: cells for label, *cells in rows}


def columns_of(image):
    return [None if label == "\u200b" else int(label) for label in image["data"][0]["x"]]


def test_the_lists_come_first_then_the_image_then_the_means(contrast):
    at, result = open_page(WORDS), contrast(SMALL)
    assert [tab.label for tab in at.tabs] == ["The two lists", "Words by neurons", "Mean activation"]
    assert [head.value for head in at.header] == [
        "Nouns (target)",
        "Verbs (baseline)",
        "Every word at the most extreme neurons",
        "Every neuron's mean over each class",
    ]
    assert numbers(at)[""] == ["Nouns (target)", "Verbs (baseline)"]
    for label, *cells in compared_lists(result):
        assert numbers(at)[label] == cells
    lists = [table.value for table in at.dataframe]
    assert [table["word"].tolist() for table in lists] == [list(result.words.target), list(result.words.baseline)]
    assert lists[0]["tokens"].tolist() == result.target_tokens.tolist()


def test_the_image_has_30_neurons_of_each_sign_or_more(contrast):
    at, statistic = open_page(WORDS), contrast(SMALL).tests.statistic
    for choice, n in (("30 of each sign", 30), ("100 of each sign", 100), ("All", None)):
        at.segmented_control(key="image_neurons").set_value(choice)
        settle(at)
        image = figure(at, "words_image")
        assert columns_of(image) == figures.image_columns(statistic, n)
        assert image["data"][0]["y"] == list(contrast(SMALL).words.target)
    assert image["layout"]["xaxis2"]["title"]["text"] == "Neurons, the largest t first"


def test_words_can_be_fewer(contrast):
    at, result = open_page(WORDS), contrast(SMALL)
    at.slider(key="image_words").set_value(10)
    settle(at)
    images = figure(at, "words_image")["data"]
    assert [image["y"] for image in images] == [list(result.words.target[:10]), list(result.words.baseline[:10])]


def test_what_the_colours_and_the_means_are_is_said():
    at = open_page(WORDS)
    shown = " ".join(said(at.caption))
    assert "beyond 2.5 the colour stays that of the end" in shown and "Both axes have the same scale" in shown
    assert "both means over lemmas are equal" in shown and "no evidence of its own" in shown


def test_two_words_and_many_words_are_drawn():
    words = {"target": CUSTOM, "target_words": ("a" * 60, "یک"), "n_target": 2, "target_name": "N" * 40}
    at = open_page(WORDS, SMALL.changed(**words, n_baseline=700))
    assert not at.error and at.slider(key="image_words").max == 500
    assert numbers(at)["Words in use"] == ["2", "700"] and numbers(at)[""][0] == "N" * 40 + " (target)"
    at.segmented_control(key="image_neurons").set_value("All")
    at.slider(key="image_words").set_value(500)
    settle(at)
    target, baseline = figure(at, "words_image")["data"]
    assert len(target["y"]) == 2 and len(baseline["y"]) == 320_000 // (2 * 512)
    assert any("The image has the first 312 words" in text for text in said(at.caption))


def test_repeated_words_are_counted_as_they_are_typed():
    at = type_list(open_page(WORDS), "- tea\ntea\nmilk\nale\nmilk\n\ntea")
    assert numbers(at)["Words in use"][0] == "3" and numbers(at)["Repeated, as written"] == ["3", "0"]
    at.text_area(key="target_text").set_value("tea\nmilk")
    settle(at)
    assert numbers(at)["Repeated, as written"][0] == "0"


def test_repeated_words_of_a_file_are_counted():
    at = type_list(open_page(WORDS), "tea\nmilk")
    at.file_uploader(key="target_file").set_value(("drinks.txt", b"cup\nmug\ncup\ncup", "text/plain"))
    settle(at)
    assert at.text_area(key="target_text").value == "cup\nmug"
    assert numbers(at)["Repeated, as written"][0] == "2"


@pytest.mark.parametrize("name", ["Food | drink", "![x](y)", "a **b**"])
def test_a_name_stays_in_its_cell(name):
    words = {"target": CUSTOM, "target_words": ("tea", "milk", "ale"), "n_target": 3, "target_name": name}
    at = open_page(WORDS, SMALL.changed(**words))
    header = numbers(at)[""]
    assert len(header) == 2 and re.sub(r"\\(.)", r"\1", header[0]).replace("\u2060", "") == f"{name} (target)"


def test_a_point_of_the_means_stands_at_both_means(contrast):
    points = figure(open_page(WORDS), "mean_activations")["data"][0]
    difference = np.array(points["y"], float) - np.array(points["x"], float)
    np.testing.assert_allclose(difference, contrast(SMALL).tests.mean_difference, atol=1e-4)
