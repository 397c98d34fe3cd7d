"""The Compare page by AppTest: it shows what ``core`` says of both experiments, and changes B as it is asked to."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.agreement import agree
from core.records import PRESETS
from core.report.agreement import readable_correlation, readable_jaccard
from engine import limits
from tests.support.pages import (
    NEURONS,
    SMALL,
    decoded,
    figure,
    go_to,
    link,
    metrics,
    open_export,
    open_page,
    said,
    settle,
)
from ui import other

COMPARE = "pages/6_Compare.py"
AFTER = SMALL.changed(hook_side="activation")


def sent(at, key):
    return json.loads(at.get_by_key(key).proto.json)


def table(at, column):
    """The table that has a column of this name."""
    return next(each.value for each in at.dataframe if column in each.value.columns)


def press(at, key):
    at.button(key=key).click()
    return settle(at)


def differs(at):
    """What the link says of B."""
    return {name: value for name, value in link(at).items() if name.startswith("b_")}


def assert_agrees(at, a, b):
    """The page tells what ``core`` finds of two results with the same neurons."""
    found = agree(a, b).neurons
    assert metrics(at) == {
        "Rank correlation": readable_correlation(found.spearman),
        "Correlation": readable_correlation(found.pearson),
        "Jaccard, significant": readable_jaccard(found.significant),
        "Jaccard, strong": readable_jaccard(found.strong),
    }
    points = figure(at, "agreement_plot")["data"][0]
    for axis, result in (("x", a), ("y", b)):
        np.testing.assert_allclose(np.array(points[axis], dtype=float), result.tests.statistic, rtol=1e-6)
    sets = table(at, "set").set_index("set")
    of = found.significant
    assert sets.loc["significant"].tolist() == [of.both, len(found.changed_sides), of.only_a, of.only_b, of.neither]
    assert table(at, "rank in A")["neuron"].tolist() == [a.largest, a.smallest, b.largest, b.smallest]


def test_without_a_choice_the_page_invites_to_one():
    at = open_page(COMPARE)
    assert not at.error and not at.warning and not differs(at)
    labels = [button.label for button in at.button if str(button.key).startswith("suggestion")]
    assert labels == [
        *("After the nonlinearity", "Layer 3", "Notebook’s settings", "Careful’s settings"),
        *("Localiser’s settings", "Shuffled labels"),
    ]
    press(at, "suggestion_0")
    assert differs(at) == {"b_hook_side": "activation"} and at.get_by_key("agreement_plot")


def test_it_shows_what_core_finds(contrast):
    at, a, b = open_page(COMPARE, b_hook_side="activation"), contrast(SMALL), contrast(AFTER)
    assert not at.error
    assert_agrees(at, a, b)
    changed = agree(a, b).neurons.changed_sides
    shown = table(at, "AUC, A")
    assert shown["neuron"].tolist() == changed.tolist() != []
    np.testing.assert_allclose(shown["t, B"], b.tests.statistic[changed])
    depth = [trace for trace in figure(at, "depth_plot")["data"] if trace.get("yaxis") != "y2"]
    assert [len(trace["x"]) for trace in depth] == [6, 6]
    assert depth[1]["y"][2] == pytest.approx(b.strong.mean())


def test_an_experiment_with_itself_agrees_wholly(contrast):
    at = open_page(COMPARE, b_layer=str(SMALL.layer))
    assert_agrees(at, contrast(SMALL), contrast(SMALL))
    assert list(metrics(at).values()) == ["1", "1", "1", "1"]
    assert "No neuron is significant in both, on opposite sides." in said(at.markdown)


def test_swapped_it_is_mirrored(contrast):
    at = open_page(COMPARE, b_hook_side="activation", neuron="7", b_neuron="9")
    before = metrics(at), table(at, "set"), table(at, "AUC, A")["neuron"].tolist()
    press(at, "compare_swap")
    assert link(at)["hook_side"] == "activation"
    assert differs(at) == {"b_hook_side": "pre-activation", "b_neuron": "7"} and link(at)["neuron"] == "9"
    assert_agrees(at, contrast(AFTER), contrast(SMALL))
    assert metrics(at) == before[0] and table(at, "AUC, A")["neuron"].tolist() == before[2]
    now = table(at, "set").rename(columns={"only A": "only B", "only B": "only A"})
    assert now[before[1].columns].equals(before[1])
    press(at, "compare_swap")
    assert differs(at) == {"b_hook_side": "activation", "b_neuron": "9"} and link(at)["neuron"] == "7"


def test_where_p_does_not_select_the_page_compares_what_does(contrast):
    top = SMALL.changed(**PRESETS["localiser"] | {"n_target": SMALL.n_target, "n_baseline": SMALL.n_baseline})
    at = open_page(COMPARE, top, b_pooling="mean")
    found = agree(contrast(top), contrast(top.changed(pooling="mean"))).neurons
    assert metrics(at)["Jaccard, selected"] == readable_jaccard(found.selected)
    assert "Jaccard, significant" not in metrics(at)
    of = found.selected
    row = table(at, "set").set_index("set").loc["selected"].tolist()
    assert [row[0], *row[2:]] == [of.both, of.only_a, of.only_b, of.neither]


def test_two_words_of_a_class_have_no_effect_size_and_the_page_stands(contrast):
    at = open_page(COMPARE, SMALL.changed(n_target=2, n_baseline=2, unit="word"), b_layer="5")
    assert not at.exception and not at.error
    assert "no effect size in any layer" in at.get_by_key("depth_plot").proto.alt


def test_another_layer_has_other_neurons(contrast):
    at, other_layer = open_page(COMPARE, b_layer="5"), SMALL.changed(layer=5)
    assert "Neuron i of layer 2 is not neuron i of layer 5." in said(at.markdown)
    assert not metrics(at) and not table(at, "higher for").empty
    quantiles, (a, b) = figure(at, "quantile_plot")["data"][0], map(contrast, (SMALL, other_layer))
    for axis, result in (("x", a), ("y", b)):
        np.testing.assert_allclose(np.array(quantiles[axis], dtype=float), np.sort(result.tests.statistic), rtol=1e-6)


def test_b_follows_a_and_its_settings_are_changed_on_the_page():
    at = open_page(COMPARE, b_hook_side="activation")
    at.selectbox(key="test").set_value("mannwhitney")
    settle(at)
    assert differs(at) == {"b_hook_side": "activation"} and "z in B" in table(at, "rank in A")
    at.multiselect(key="b_fields").set_value(["hook_side", "seed", "alpha"])
    settle(at)
    assert differs(at) == {"b_hook_side": "activation", "b_alpha": "0.01", "b_seed": "1"}
    at.number_input(key="b_seed").set_value(5)
    settle(at)
    go_to(at, NEURONS)
    assert differs(at)["b_seed"] == "5", "it goes with the user to other pages"
    press(go_to(at, COMPARE), "compare_clear")
    assert not differs(at)


def test_use_as_my_experiment(contrast):
    at = press(open_page(COMPARE, b_hook_side="activation", b_seed="3"), "compare_use")
    assert not differs(at) and (link(at)["hook_side"], link(at)["seed"]) == ("activation", "3")
    assert at.selectbox(key="hook_side").value == "activation"


MISTAKES = [
    ({"test": "paired"}, "so its unit is the word", {"b_test": "paired", "b_unit": "word"}),
    ({"test": "paired", "unit": "word", "n_target": "30"}, "both counts must be equal", {"b_n_baseline": "30"}),
    ({"target": "verbs"}, "are both verbs", {"b_target": "verbs", "b_baseline": "nouns"}),
    ({"layer": "9"}, "Layer 9 was asked for", {"b_layer": "5"}),
]


@pytest.mark.parametrize(("changes", "sentence", "mended"), MISTAKES)
def test_a_mistake_in_b_is_said_and_mended_with_a_click(changes, sentence, mended):
    at = open_page(COMPARE, **{f"b_{name}": value for name, value in changes.items()})
    [error] = said(at.error)
    assert error.startswith("B: ") and sentence in error and not metrics(at)
    assert differs(at).items() >= {f"b_{name}": value for name, value in changes.items()}.items(), "entries are kept"
    press(at, "remedy_b_0")
    assert not at.error and differs(at).items() >= mended.items()


def test_a_list_of_b_s_own(contrast):
    at = open_page(COMPARE, b_target="adjectives")
    at.selectbox(key="b_target").set_value("custom")
    settle(at)
    assert "custom target list is empty" in said(at.error)[0]
    at.text_area(key="b-target_text").set_value("tea")
    settle(at)
    assert "has 1 word" in said(at.error)[0] and at.text_area(key="b-target_text").value == "tea"
    at.text_area(key="b-target_text").set_value("tea\nrice\nbread\nmilk")
    settle(at)
    assert not at.error and differs(at)["b_target_words"].split("\n") == ["tea", "rice", "bread", "milk"]
    fresh = open_page(COMPARE, **differs(at))
    assert metrics(fresh) == metrics(at) and fresh.text_area(key="b-target_text").value == "tea\nrice\nbread\nmilk"


def test_one_text_is_coloured_by_both(contrast):
    at = open_page(COMPARE, b_hook_side="activation", neuron="7")
    blocks = sent(at, "compare_text")["blocks"]
    assert [block["title"].split(" · ")[:2] for block in blocks] == [["A", "Neuron 7"], ["B", "Neuron 7"]]
    assert not np.array_equal(*(decoded(block["values"]) for block in blocks))
    at.number_input(key="b_neuron").set_value(12)
    settle(at)
    assert differs(at)["b_neuron"] == "12" and sent(at, "compare_text")["blocks"][1]["title"].startswith(
        "B · Neuron 12"
    )
    at.number_input(key="b_neuron").set_value(5_000)
    settle(at)
    assert any("5,000 is out of range" in item for item in said(at.markdown))
    apart = open_page(COMPARE, b_layer="4", neuron=str(contrast(SMALL).smallest))
    lowest = contrast(SMALL.changed(layer=4)).smallest
    assert sent(apart, "compare_text")["blocks"][1]["title"].startswith(f"B · Neuron {lowest} ")


def test_export_has_the_pairs_and_how_far_they_agree():
    at = open_export(open_page(COMPARE, b_hook_side="activation"))
    names = [button.key for button in at.get("download_button")]
    assert {"agreement_csv", "agreement_json"} <= set(names)
    saved = {each["key"] for each in json.loads(at.get_by_key("export_pictures").proto.json)["figures"]}
    assert {"agreement_plot", "depth_plot"} <= saved and "layer_counts" not in saved


def test_two_models_need_no_more_than_one_in_memory(tiny_folder, monkeypatch):
    folder = str(tiny_folder("llama"))
    monkeypatch.setenv("GRAMMAR_NEURONS_LOADED_MODELS", "1")
    assert limits.limits().loaded_models == 1
    at = open_page(COMPARE, b_model=folder, b_layer="1", b_prefix="0")
    assert not at.error and "A and B are two models" in said(at.markdown)[4]
    assert figure(at, "quantile_plot")["data"] and sent(at, "compare_text_a")["blocks"]
    assert len(figure(at, "depth_plot")["data"][2]["x"]) != 6


def test_a_view_for_a_frame_has_no_choices():
    at = open_page(COMPARE, b_hook_side="activation", embed="true", show="agreement")
    assert [head.value for head in at.header] == ["How far they agree"]
    assert not at.multiselect and not any(str(button.key).startswith("compare") for button in at.button)


def test_all_fields_of_an_experiment_may_differ():
    names = {*other.FIELDS, *other.LISTS}
    assert names == set(SMALL.__dataclass_fields__)
