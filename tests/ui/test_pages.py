"""Every page by AppTest: what it shows at first, and after one interaction each, as ``core`` called directly says."""

from __future__ import annotations

import numpy as np
import pytest

from core.activations import token_activations
from core.experiment import unit_values
from core.models import load_model
from core.records import CUSTOM, ContrastSpec
from core.records.link import from_params
from core.report.readable import readable_auc
from core.report.sentences import about_marks, headline
from tests.support.pages import (
    HOME,
    NEURONS,
    PAGES,
    SECRET,
    SMALL,
    TEXT,
    WORDS,
    assert_shows,
    decoded,
    figure,
    go_to,
    heatmap,
    link,
    marked,
    metrics,
    neuron_shown,
    neurons_drawn,
    open_page,
    said,
    settle,
    statistics_drawn,
    with_sign,
)
from tests.support.tokenizer_styles import save_model_with, tokenizer_in
from ui import app_pages
from ui.defaults import DEFAULT
from ui.samples import FOLDER, title_of


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opened_plain_shows_the_default_experiment(page):
    at = open_page(page, spec=None)
    assert [title.value for title in at.title] == [PAGES[page]]
    assert not at.error and not at.warning
    assert from_params(link(at), ContrastSpec()) == (DEFAULT, [])
    assert len(at.sidebar.get("page_link")) == len(app_pages.PAGES)


def test_home_tells_where_the_experiment_stands(contrast):
    at, result = open_page(HOME, spec=None), contrast(DEFAULT)
    assert metrics(at) == {
        "Significantly higher for nouns": f"{result.n_higher:,}",
        "Significantly higher for verbs": f"{result.n_lower:,}",
        "The two extreme neurons": f"{result.largest} and {result.smallest}",
    }
    n_strong = int((result.strong & (result.tests.statistic > 0)).sum())
    assert f"of {result.n_neurons:,} neurons · {n_strong} strongly" in said(at.caption)
    assert said(at.info) == list(result.notes)


def test_home_and_neurons_name_the_words_that_were_used(contrast):
    """Not those that were asked for: words of both lists are dropped."""
    spec = SMALL.changed(word_source="notebook", n_target=60, n_baseline=60)
    result = contrast(spec)
    used = f"{len(result.words.target)} nouns ({len(set(result.words.target_lemmas))} lemmas)"
    assert any(used in item for item in said(open_page(HOME, spec).markdown))
    assert any(used in item for item in said(open_page(NEURONS, spec).caption))


def test_neurons_shows_what_core_found(contrast):
    at, result = open_page(NEURONS, spec=None), contrast(DEFAULT)
    assert_shows(at, result)
    assert neuron_shown(at) == result.largest
    assert "neuron" not in link(at)
    assert at.get_by_key("layer_profile") and at.get_by_key("neuron_spread")
    assert headline(result) in [item.value for item in at.markdown]
    assert any(f"AUC {readable_auc(result.tests.auc[result.smallest])}, after" in item for item in said(at.caption))


def test_a_neuron_with_marks_says_what_they_mean(contrast):
    result = contrast(SMALL)
    neuron = int(np.flatnonzero(result.significant & result.silent & result.reverses)[0])
    at = open_page(NEURONS, neuron=str(neuron))
    shown = [item.value for item in at.markdown]
    for mark, sentence in about_marks(result, neuron).items():
        assert any(mark in item and sentence in item for item in shown)
    spread = figure(at, "neuron_spread")
    assert len(spread["data"]) == 4, "both classes, on both sides"
    table = at.dataframe(key="neurons_table").value.set_index("neuron")
    assert table.loc[neuron, "marks"] == "silent, reverses"
    other = result.other_side
    np.testing.assert_allclose(table.loc[neuron, "> 0, nouns"], other.above_zero_target[neuron])


def test_a_z_is_called_z(contrast):
    spec = SMALL.changed(test="mannwhitney")
    at, result = open_page(NEURONS, spec), contrast(spec)
    assert_shows(at, result)
    assert "differ in rank" in headline(result) and headline(result) in [item.value for item in at.markdown]
    assert figure(at, "neurons_plot")["layout"]["yaxis"]["title"]["text"].startswith("z ")


def test_max_t_draws_its_null(contrast):
    spec = SMALL.changed(correction="max_t")
    at, result = open_page(NEURONS, spec), contrast(spec)
    assert_shows(at, result)
    plot = figure(at, "neurons_plot")
    entries = [trace["name"] for trace in plot["data"] if trace.get("mode") == "lines"]
    assert entries == [f"Threshold ±{result.null_95:.2f} (95% of permutations stay below)"]
    assert {shape["line"]["dash"] for shape in plot["layout"]["shapes"]} == {"dash"}
    between = (result.significant & (abs(result.tests.statistic) < result.null_95)).sum()
    steps = [caption for caption in said(at.caption) if "Max-T goes down step by step" in caption]
    assert len(steps) == (between > 0) and all(f"so {between} neuron" in caption for caption in steps)
    assert not any("its own df" in caption for caption in said(at.caption))


CAUTIOUS = SMALL.changed(n_target=10, n_baseline=120)


@pytest.mark.parametrize("page", [HOME, NEURONS])
def test_a_caution_changes_settings_only_when_its_button_is_pressed(page, contrast):
    at, result = open_page(page, CAUTIOUS), contrast(CAUTIOUS)
    assert said(at.warning) == [caution.sentence for caution in result.cautions] != []
    assert from_params(link(at), DEFAULT) == (CAUTIOUS, []), "nothing changes silently"
    remedies = result.cautions[0].remedies
    assert [at.button(key=f"remedy_0_{place}").label for place in range(len(remedies))] == [
        remedy.label for remedy in remedies
    ]
    for place, remedy in enumerate(remedies):
        at = open_page(page, CAUTIOUS)
        at.button(key=f"remedy_0_{place}").click()
        settle(at)
        assert from_params(link(at), DEFAULT) == (CAUTIOUS.changed(**dict(remedy.changes)), [])
        assert not at.warning and not at.error


def test_a_remedy_that_a_custom_list_cannot_take_is_not_offered():
    """The count of a custom list is that of its words."""
    spec = CAUTIOUS.changed(baseline=CUSTOM, baseline_words=tuple(f"word{i}" for i in range(60)), n_baseline=60)
    at = open_page(NEURONS, spec)
    labels = [button.label for button in at.button if str(button.key).startswith("remedy")]
    assert labels == ["Use max-T", "Use Mann-Whitney"]


@pytest.mark.parametrize(
    ("changes", "said_of_layers"),
    [({}, "All layers are corrected together"), ({"family": "layer"}, "up to 0.3 in the 6 layers together")],
)
def test_the_bars_say_what_they_are_corrected_for(changes, said_of_layers):
    at = open_page(NEURONS, SMALL.changed(**changes))
    assert any(said_of_layers in caption for caption in said(at.caption))


@pytest.mark.parametrize("page", [WORDS, TEXT])
def test_pages_name_the_token_that_is_read_first(page, contrast):
    """Where it is read; else they do not speak of it."""
    for prefix in (True, False):
        at = open_page(page, SMALL.changed(prefix=prefix))
        shown = [*said(at.markdown), *said(at.caption)]
        name = contrast(SMALL).model.start_token
        assert name and any(f"after the beginning-of-text token {name}" in text for text in shown) == prefix


@pytest.mark.parametrize("page", [HOME, NEURONS, WORDS])
def test_a_leading_space_that_changes_nothing_is_said(page, tmp_path):
    """Once, on each page of the result, for both values of the setting."""
    folder = save_model_with(tokenizer_in("prepend"), tmp_path / "own", tokenizer_class="LlamaTokenizer")
    for leading_space in (True, False):
        spec = ContrastSpec(model=str(folder), layer=1, word_source="bundled", n_target=9, n_baseline=9)
        at = open_page(page, spec.changed(leading_space=leading_space))
        assert len([note for note in said(at.info) if "Leading space" in note]) == 1


def test_the_text_page_colours_its_first_sample(contrast):
    at, result = open_page(TEXT), contrast(SMALL)
    sent = heatmap(at)
    text = at.text_area(key="text").value
    expected = token_activations(load_model("bundled"), text, SMALL.layer, prefix=SMALL.prefix)
    assert sent["pieces"] == expected.pieces and "".join(sent["pieces"]) == text
    assert neurons_drawn(at) == [result.largest, result.smallest]
    for block, neuron in zip(sent["blocks"], (result.largest, result.smallest), strict=True):
        values = expected.values[:, neuron]
        np.testing.assert_allclose(decoded(block["values"]), values, rtol=1e-5, atol=1e-6)
        scale = block["scales"]["text"]
        assert (scale["low"], scale["high"]) == pytest.approx((values.min(), values.max()), rel=1e-5)
        low, high = np.percentile(values, [5, 95])
        assert (block["scales"]["text90"]["low"], block["scales"]["text90"]["high"]) == pytest.approx(
            (low, high), rel=1e-4
        )
    assert sent["blocks"][0]["title"].endswith("higher for nouns")
    assert sent["blocks"][1]["title"].endswith("higher for verbs")


def test_home_follows_a_change(contrast):
    at = open_page(HOME)
    at.slider(key="layer").set_value(1)
    settle(at)
    result = contrast(SMALL.changed(layer=1))
    assert metrics(at)["The two extreme neurons"] == f"{result.largest} and {result.smallest}"
    assert link(at)["layer"] == "1"


def test_another_layer_is_another_picture(contrast):
    at = open_page(NEURONS, neuron="5")
    assert neuron_shown(at) == 5
    at.slider(key="layer").set_value(4)
    settle(at)
    result = contrast(SMALL.changed(layer=4))
    assert_shows(at, result)
    assert neuron_shown(at) == result.largest, "neuron 5 of another layer is another neuron"
    assert link(at)["layer"] == "4" and "neuron" not in link(at)


def test_a_neuron_is_chosen_by_number(contrast):
    at, result = open_page(NEURONS), contrast(SMALL)
    at.number_input(key="neuron").set_value(17)
    settle(at)
    assert neuron_shown(at) == 17 and link(at)["neuron"] == "17"
    assert marked(at) == 17
    assert any(
        f"t = {with_sign(result.tests.statistic[17])} (df " in item.replace("\u00a0", " ") for item in said(at.caption)
    )
    highest = at.dataframe[1].value
    both = np.concatenate(unit_values(result, 17, "pre-activation"))
    np.testing.assert_allclose(sorted(highest["value"], reverse=True), np.sort(both)[::-1][: len(highest)], rtol=1e-6)


def test_the_box_is_told_its_number_in_every_run(contrast):
    """In quick steps there and back, the browser's answer to the last run comes late, and the box would keep that."""
    at = open_page(NEURONS)
    for layer in (SMALL.layer, SMALL.layer, 3, SMALL.layer):
        at.slider(key="layer").set_value(layer)
        settle(at)
        box = at.number_input(key="neuron").proto
        assert box.set_value and box.value == contrast(SMALL.changed(layer=layer)).largest


def test_the_plot_marks_the_chosen_neuron_and_no_other(contrast):
    at = open_page(NEURONS, neuron="17")
    assert marked(at) == 17
    at.selectbox(key="correction").set_value("none")
    settle(at)
    assert marked(at) == 17
    go_to(go_to(at, WORDS), NEURONS)
    assert marked(at) == 17
    at.slider(key="layer").set_value(0)
    settle(at)
    assert marked(at) == contrast(SMALL.changed(layer=0)).largest, "17 was a neuron of another layer"


def test_the_smallest_is_one_button_away(contrast):
    at = open_page(NEURONS)
    at.button(key="show_smallest").click()
    settle(at)
    assert neuron_shown(at) == contrast(SMALL).smallest
    at.button(key="show_largest").click()
    settle(at)
    assert neuron_shown(at) == contrast(SMALL).largest


def test_another_correction_keeps_the_neuron(contrast):
    at = open_page(NEURONS, neuron="17")
    before = statistics_drawn(at)
    at.selectbox(key="correction").set_value("none")
    settle(at)
    result = contrast(SMALL.changed(correction="none"))
    assert_shows(at, result)
    np.testing.assert_array_equal(statistics_drawn(at), before)
    assert neuron_shown(at) == 17 and link(at)["correction"] == "none"


def test_the_notebook_preset_says_which_list_stands_in(contrast):
    at = open_page(NEURONS)
    at.segmented_control(key="preset").set_value("Notebook")
    settle(at)
    spec = ContrastSpec.notebook(layer=SMALL.layer)
    assert from_params(link(at), DEFAULT) == (spec, [])
    assert_shows(at, contrast(spec))
    stands_in = [note for note in said(at.info) if "bundled list stands in" in note]
    assert len(stands_in) == 2 and "noun list could not be downloaded" in stands_in[0]
    at.segmented_control(key="preset").set_value("Careful")
    settle(at)
    assert from_params(link(at), DEFAULT) == (ContrastSpec.careful(layer=SMALL.layer), [])
    assert at.segmented_control(key="preset").value == "Careful" and not at.info


def test_a_changed_preset_is_none():
    at = open_page(NEURONS, spec=DEFAULT)
    assert at.segmented_control(key="preset").value == "Careful"
    at.number_input(key="alpha").set_value(0.01)
    settle(at)
    assert at.segmented_control(key="preset").value is None


def test_a_line_that_is_not_every_neurons_threshold_says_so(contrast):
    spec = SMALL.changed(n_target=8)
    at, result = open_page(NEURONS, spec), contrast(spec)
    strays = ((abs(result.tests.statistic) >= result.critical_statistic) != result.significant).sum()
    assert strays
    assert any(f"its own df, so {strays:,} neuron" in caption for caption in said(at.caption))
    at.selectbox(key="unit").set_value("word")
    at.selectbox(key="family").set_value("layer")
    at.selectbox(key="test").set_value("paired")
    at.number_input(key="n_baseline").set_value(8)
    settle(at)
    assert any(caption.startswith("Click a point to see its words.") for caption in said(at.caption))
    assert not any("dashed line" in caption for caption in said(at.caption))


def test_a_text_typed_is_coloured_and_never_in_the_link():
    at = open_page(TEXT)
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    assert "".join(heatmap(at)["pieces"]) == SECRET
    assert not any("platypus" in value for value in link(at).values())
    assert "text" not in link(at)


def test_every_sample_comes_through_exactly():
    at = open_page(TEXT)
    for path in sorted(FOLDER.glob("*.txt")):
        at.selectbox(key="sample").set_value(title_of(path.name))
        settle(at)
        text = path.read_text(encoding="utf-8")
        assert at.text_area(key="text").value == text == "".join(heatmap(at)["pieces"])


def test_other_neurons_are_drawn_and_linked(contrast):
    at, result = open_page(TEXT), contrast(SMALL)
    at.multiselect(key="neurons").set_value([3, 11, 3 + 11])
    settle(at)
    assert neurons_drawn(at) == [3, 11, 14] and link(at)["pinned"] == "3,11,14"
    at.multiselect(key="neurons").set_value([])
    settle(at)
    assert neurons_drawn(at) == [result.largest, result.smallest] and "pinned" not in link(at)


def test_an_uploaded_text_is_coloured():
    at = open_page(TEXT)
    at.file_uploader(key="text_file").set_value(("a.txt", SECRET.encode(), "text/plain"))
    settle(at)
    assert "".join(heatmap(at)["pieces"]) == SECRET
    at.file_uploader(key="text_file").set_value(("b.txt", b"\xff\xfe\x00broken", "text/plain"))
    settle(at)
    assert at.text_area(key="text").value == SECRET
    assert any("b.txt is not UTF-8" in sentence for sentence in said(at.error))
    at.file_uploader(key="text_file").set_value(("c.txt", b"\xef\xbb\xbfThe dog\r\nran.\r", "text/plain"))
    settle(at)
    assert "".join(heatmap(at)["pieces"]) == "The dog\nran.\n" and not at.error


def test_a_files_name_is_text_not_markup():
    at = open_page(TEXT)
    at.file_uploader(key="text_file").set_value(("![x](y) **b**.txt", b"\xff", "text/plain"))
    settle(at)
    assert r"\!\[x\](y) \*\*b\*\*.txt" in at.error[0].value
