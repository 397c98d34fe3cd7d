"""Every page, run by Streamlit's AppTest: what it shows, one interaction each, bad links, expected mistakes.

No number of the bundled model is written here: what a page shows is compared with ``core`` called directly.
Nothing leaves the machine: the word lists' address and the hub's are a loopback port where nobody listens.
"""

from __future__ import annotations

import base64
import json
import re
import time

import numpy as np
import pytest
from huggingface_hub import constants
from streamlit.testing.v1 import AppTest

from core.activations import token_activations
from core.experiment import run_contrast
from core.limits import limits
from core.models import load_model
from core.records import CUSTOM, MAX_WORDS, ContrastSpec
from core.words import bundled_list, forget_failures
from tests.browser import ROOT, free_port
from ui.settings import DEFAULT
from ui.text_panel import SAMPLES

HOME, NEURONS, WORDS, TEXT = "app.py", "pages/1_Neurons.py", "pages/2_Words.py", "pages/3_Text_heatmap.py"
PAGES = {HOME: "Grammar Neurons", NEURONS: "Neurons", WORDS: "Words", TEXT: "Text heatmap"}
# Few words, so that tests are quick; another layer than the default one, so that a lost setting shows.
SMALL = ContrastSpec.careful(layer=2, n_target=40, n_baseline=40)
SECRET = "A platypus reads <b>this</b>."


@pytest.fixture(autouse=True)
def _no_network(monkeypatch, tmp_path):
    dead = f"http://127.0.0.1:{free_port()}/"
    monkeypatch.setenv("GRAMMAR_NEURONS_WORDLISTS_URL", dead)
    monkeypatch.setenv("GRAMMAR_NEURONS_CACHE", str(tmp_path / "words"))
    monkeypatch.setattr(constants, "ENDPOINT", dead.rstrip("/"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    forget_failures()
    yield
    forget_failures()


@pytest.fixture(scope="module")
def contrast():
    """What ``core`` says of a spec, computed once each."""
    results = {}

    def of(spec):
        if spec not in results:
            results[spec] = run_contrast(spec, load_model("bundled"))
        return results[spec]

    return of


def open_page(page=HOME, spec=SMALL, **params):
    """A new session that opens a page by a link."""
    at = AppTest.from_file(ROOT / HOME, default_timeout=60)
    if page != HOME:
        at.switch_page(page)
    at.query_params.update({**(spec.to_params() if spec else {}), **params})
    return settle(at)


def settle(at, within=60.0):
    """Run until no progress bar is left; what the page raised fails the test."""
    until = time.monotonic() + within
    at.run()
    while at.get("progress") and time.monotonic() < until:
        time.sleep(0.1)
        at.run()
    assert not at.get("progress"), f"still at work after {within:g} s"
    assert not at.exception, [item.message for item in at.exception]
    return at


def go_to(at, page):
    return settle(at.switch_page(page))


def type_model(at, name):
    """Type a name that the model's box does not offer, which AppTest has no method for."""
    box = at.selectbox(key="model")
    box.options.append(name)
    box.set_value(name)
    return settle(at)


def said(elements):
    """The sentences of errors, warnings or notes, without Markdown's backslashes and unseen joiners."""
    return [re.sub(r"\\([^\w\s])", r"\1", element.value).replace("\u2060", "") for element in elements]


def metrics(at):
    return {metric.label: metric.value for metric in at.metric}


def neuron_shown(at):
    """The neuron that the Neurons page is about, in its heading."""
    return next(int(head.value.split()[1]) for head in at.subheader if re.fullmatch(r"Neuron \d+", head.value))


def figure(at, key):
    return json.loads(at.get_by_key(key).proto.spec)


def statistics_drawn(at):
    """The scatter's heights, as the browser gets them."""
    y = figure(at, "neurons_plot")["data"][0]["y"]
    return np.frombuffer(base64.b64decode(y["bdata"]), dtype=y["dtype"]) if isinstance(y, dict) else np.array(y)


def heatmap(at):
    """What the heatmap component was sent."""
    return json.loads(at.get_by_key("text_heatmap").proto.json)


def neurons_drawn(at):
    return [int(re.search(r"Neuron (\d+)", block["title"])[1]) for block in heatmap(at)["blocks"]]


def link(at):
    return dict(at.query_params)


def with_sign(statistic):
    """A statistic as the page writes it: its sign, two decimals, and a true minus."""
    return f"{statistic:+.2f}".replace("-", "\N{MINUS SIGN}")


def assert_shows(at, result):
    """The Neurons page tells what ``core`` found."""
    spec, tests = result.spec, result.tests
    assert metrics(at) == {
        f"Higher for {spec.target}": f"{result.n_higher:,}",
        f"Higher for {spec.baseline}": f"{result.n_lower:,}",
        "Largest t": with_sign(tests.statistic[result.largest]),
        "Smallest t": with_sign(tests.statistic[result.smallest]),
    }
    np.testing.assert_allclose(statistics_drawn(at), tests.statistic, rtol=1e-6)
    table = at.dataframe(key="neurons_table").value.set_index("neuron").sort_index()
    np.testing.assert_allclose(table["t"], tests.statistic, rtol=1e-6)
    np.testing.assert_allclose(table["adjusted p"], result.p_adjusted, rtol=1e-5)
    assert table["significant"].tolist() == result.significant.tolist()


# --- first load


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opened_plain_shows_the_default_experiment(page):
    at = open_page(page, spec=None)
    assert [title.value for title in at.title] == [PAGES[page]]
    assert not at.error and not at.warning
    assert ContrastSpec.from_params(link(at), ContrastSpec()) == (DEFAULT, [])
    assert len(at.sidebar.get("page_link")) == len(PAGES)


def test_home_tells_where_the_experiment_stands(contrast):
    at, result = open_page(HOME, spec=None), contrast(DEFAULT)
    assert metrics(at) == {
        "Higher for nouns": f"{result.n_higher:,} of {result.n_neurons:,} neurons",
        "Higher for verbs": f"{result.n_lower:,} of {result.n_neurons:,} neurons",
        "The two extremes": f"Neurons {result.largest} and {result.smallest}",
    }
    assert said(at.info) == list(result.notes)


def test_neurons_shows_what_core_found(contrast):
    at, result = open_page(NEURONS, spec=None), contrast(DEFAULT)
    assert_shows(at, result)
    assert neuron_shown(at) == result.largest
    assert "neuron" not in link(at)
    assert at.get_by_key("layer_profile") and at.get_by_key("neuron_spread")
    headline = f"**{result.n_higher + result.n_lower:,}** of {result.n_neurons:,} neurons in layer **{DEFAULT.layer}**"
    assert any(item.value.startswith(headline) for item in at.markdown)


def test_words_shows_images_means_and_lists(contrast):
    at, result = open_page(WORDS), contrast(SMALL)
    assert [tab.label for tab in at.tabs] == ["Words by neurons", "Mean activation", "The two lists"]
    images = figure(at, "words_image")["data"]
    assert [image["y"] for image in images] == [list(result.words.target), list(result.words.baseline)]
    assert len(figure(at, "mean_activations")["data"]) == 2
    lists = [table.value for table in at.dataframe]
    assert [table["word"].tolist() for table in lists] == [list(result.words.target), list(result.words.baseline)]
    assert lists[0]["tokens"].tolist() == result.target_tokens.tolist()


def test_the_text_page_colours_its_first_sample(contrast):
    at, result = open_page(TEXT), contrast(SMALL)
    sent = heatmap(at)
    text = at.text_area(key="text").value
    expected = token_activations(load_model("bundled"), text, SMALL.layer, prefix=SMALL.prefix)
    assert sent["pieces"] == expected.pieces and "".join(sent["pieces"]) == text
    assert neurons_drawn(at) == [result.largest, result.smallest]
    for block, neuron in zip(sent["blocks"], (result.largest, result.smallest), strict=True):
        values = expected.values[:, neuron]
        assert block["steps"][int(values.argmin())] == 0, "the palest token is the lowest"
        assert block["steps"][int(values.argmax())] == max(block["steps"])
        shown = [float(value.replace("−", "-").replace(",", "")) for value in block["values"]]
        np.testing.assert_allclose(shown, values, rtol=2e-3, atol=1e-6)
    assert sent["blocks"][0]["title"].endswith("higher for nouns")
    assert sent["blocks"][1]["title"].endswith("higher for verbs")


# --- one interaction each


def test_home_follows_a_change(contrast):
    at = open_page(HOME)
    at.slider(key="layer").set_value(1)
    settle(at)
    result = contrast(SMALL.changed(layer=1))
    assert metrics(at)["The two extremes"] == f"Neurons {result.largest} and {result.smallest}"
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
    assert marked(at) == [17]
    assert any(f"t = **{with_sign(result.tests.statistic[17])}**" in item.value for item in at.markdown)
    highest = at.dataframe[1].value
    both = np.concatenate([result.target_activations[:, 17], result.baseline_activations[:, 17]])
    np.testing.assert_allclose(sorted(highest["value"], reverse=True), np.sort(both)[::-1][: len(highest)], rtol=1e-6)


def marked(at):
    """The neurons that the scatter is drawn with as marked."""
    return figure(at, "neurons_plot")["data"][0].get("selectedpoints")


def test_the_plot_marks_the_chosen_neuron_and_no_other():
    at = open_page(NEURONS, neuron="17")
    assert marked(at) == [17]
    at.selectbox(key="correction").set_value("none")
    settle(at)
    assert marked(at) == [17]
    go_to(go_to(at, WORDS), NEURONS)
    assert marked(at) == [17]
    at.slider(key="layer").set_value(0)
    settle(at)
    assert marked(at) is None, "17 was a neuron of another layer"


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
    assert ContrastSpec.from_params(link(at), DEFAULT) == (spec, [])
    assert_shows(at, contrast(spec))
    stands_in = [note for note in said(at.info) if "bundled list stands in" in note]
    assert len(stands_in) == 2 and "noun list could not be downloaded" in stands_in[0]
    at.segmented_control(key="preset").set_value("Careful")
    settle(at)
    assert ContrastSpec.from_params(link(at), DEFAULT) == (ContrastSpec.careful(layer=SMALL.layer), [])
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
    assert any(f"({strays:,} of {result.n_neurons:,} are on the other side" in caption.value for caption in at.caption)
    at.selectbox(key="family").set_value("layer")
    at.selectbox(key="test").set_value("paired")
    at.number_input(key="n_baseline").set_value(8)
    settle(at)
    assert any(caption.value.endswith("Beyond the dashed lines t is significant.") for caption in at.caption)


def test_words_can_be_fewer_and_in_order_of_the_statistic(contrast):
    at, result = open_page(WORDS), contrast(SMALL)
    at.slider(key="image_words").set_value(10)
    at.segmented_control(key="image_order").set_value("Statistic")
    settle(at)
    images = figure(at, "words_image")["data"]
    assert images[0]["y"] == list(result.words.target[:10])
    assert figure(at, "words_image")["layout"]["xaxis2"]["title"]["text"] == "Neurons, by statistic"


def test_a_text_typed_is_coloured_and_never_in_the_link():
    at = open_page(TEXT)
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    assert "".join(heatmap(at)["pieces"]) == SECRET
    assert not any("platypus" in value for value in link(at).values())
    assert "text" not in link(at)


@pytest.mark.parametrize("sample", sorted(path.name for path in SAMPLES.glob("*.txt")))
def test_every_sample_comes_through_exactly(sample):
    at = open_page(TEXT)
    at.selectbox(key="sample").set_value(sample)
    settle(at)
    text = (SAMPLES / sample).read_text(encoding="utf-8")
    assert at.text_area(key="text").value == text == "".join(heatmap(at)["pieces"])


def test_the_scale_changes_legend_and_link():
    at = open_page(TEXT)
    low = heatmap(at)["blocks"][0]["low"]
    at.segmented_control(key="scale").set_value("zero")
    settle(at)
    assert heatmap(at)["blocks"][0]["centre"] == "0" and link(at)["scale"] == "zero"
    at.segmented_control(key="scale").set_value("words")
    settle(at)
    assert heatmap(at)["blocks"][0]["centre"] is None and heatmap(at)["blocks"][0]["low"] != low
    assert link(at)["scale"] == "words"


def test_other_neurons_are_drawn_and_linked(contrast):
    at, result = open_page(TEXT), contrast(SMALL)
    at.multiselect(key="neurons").set_value([3, 11, 3 + 11])
    settle(at)
    assert neurons_drawn(at) == [3, 11, 14] and link(at)["neurons"] == "3,11,14"
    at.multiselect(key="neurons").set_value([])
    settle(at)
    assert neurons_drawn(at) == [result.largest, result.smallest] and "neurons" not in link(at)


def test_an_uploaded_text_is_coloured():
    at = open_page(TEXT)
    at.file_uploader(key="text_file").set_value(("a.txt", SECRET.encode(), "text/plain"))
    settle(at)
    assert "".join(heatmap(at)["pieces"]) == SECRET
    at.file_uploader(key="text_file").set_value(("b.txt", b"\xff\xfe\x00broken", "text/plain"))
    settle(at)
    assert at.text_area(key="text").value == SECRET
    assert any("not UTF-8" in sentence for sentence in said(at.toast))
    at.file_uploader(key="text_file").set_value(("c.txt", b"\xef\xbb\xbfThe dog\r\nran.\r", "text/plain"))
    settle(at)
    assert "".join(heatmap(at)["pieces"]) == "The dog\nran.\n"


def test_a_files_name_is_text_not_markup():
    at = open_page(TEXT)
    at.file_uploader(key="text_file").set_value(("![x](y) **b**.txt", b"\xff", "text/plain"))
    settle(at)
    assert r"\!\[x\](y) \*\*b\*\*.txt" in at.toast[0].value


# --- links


@pytest.mark.parametrize("page", PAGES)
def test_bad_link_values_are_told_and_the_page_works(page):
    at = open_page(page, layer="ninety", correction="hope", n_target="4000000", neuron="x", scale="loud")
    warnings = said(at.warning)
    assert len(warnings) == 5 and not at.error
    assert all(any(name in warning for warning in warnings) for name in ("layer", "correction", "scale"))
    assert link(at)["layer"] == str(DEFAULT.layer) and link(at)["correction"] == DEFAULT.correction
    assert at.get_by_key({HOME: "model", NEURONS: "neurons_plot", WORDS: "words_image", TEXT: "text_heatmap"}[page])
    at.number_input(key="alpha").set_value(0.2)
    settle(at)
    assert not at.warning, "told once: gone after the next change"


def test_a_link_is_text_not_markup():
    at = open_page(HOME, target="![x](http://127.0.0.1/x.png) $x$ **b** <b>")
    assert not at.error and len(at.warning) == 1
    assert "![x](" not in at.warning[0].value.replace("\\", "\0"), "escaped for Markdown"
    assert "://" not in at.warning[0].value.replace("\\", ""), "no address to click"
    assert "![x](http://127.0.0.1/x.png) $x$ **b** <b>" in said(at.warning)[0]


def test_a_neuron_that_the_layer_lacks_is_told(contrast):
    at, result = open_page(NEURONS, neuron="99999"), contrast(SMALL)
    assert neuron_shown(at) == result.largest
    assert len(at.warning) == 1 and f"0 to {result.n_neurons - 1:,}" in said(at.warning)[0]
    at = open_page(TEXT, neurons="3,99999")
    assert neurons_drawn(at) == [3] and len(at.warning) == 1


FULL = {"neuron": "17", "neurons": "3,11", "scale": "zero"}


@pytest.mark.parametrize("page", PAGES)
def test_a_deep_link_opens_the_same_view(page, contrast):
    spec = SMALL.changed(target="adjectives", baseline="adverbs", correction="fdr_bh", alpha=0.01, pooling="last")
    at, result = open_page(page, spec, **FULL), contrast(spec)
    assert not at.warning and not at.error
    assert link(at) == {**spec.to_params(), **FULL}
    again = open_page(page, None, **link(at))
    assert link(again) == link(at) and metrics(again) == metrics(at)
    if page == NEURONS:
        assert_shows(at, result)
        assert neuron_shown(at) == neuron_shown(again) == 17
    elif page == TEXT:
        assert neurons_drawn(at) == neurons_drawn(again) == [3, 11]
        assert heatmap(at) == heatmap(again) and heatmap(at)["blocks"][0]["centre"] == "0"


# --- from page to page


@pytest.mark.parametrize("start", PAGES)
def test_settings_survive_a_walk_through_the_pages(start, contrast):
    spec = SMALL.changed(target="adjectives", correction="fdr_by", family="layer", hook_side="activation", prefix=True)
    at, result = open_page(start, spec, **FULL), contrast(spec)
    for page in [*PAGES, *reversed(PAGES), start]:
        go_to(at, page)
        assert not at.error and not at.warning, (page, said(at.error), said(at.warning))
        assert link(at) == {**spec.to_params(), **FULL}, page
        settle(at)  # and again, with the widgets' own values
        assert not at.error and link(at) == {**spec.to_params(), **FULL}, page
        shown = {name: at.get_by_key(name).value for name in ("layer", "target", "baseline", "correction", "hook_side")}
        assert shown == {name: getattr(spec, name) for name in shown}, page
        if page == NEURONS:
            assert_shows(at, result)


def test_a_change_on_one_page_holds_on_the_next(contrast):
    at = open_page(HOME)
    for layer, page in ((0, NEURONS), (1, TEXT), (3, HOME), (4, NEURONS)):
        at.slider(key="layer").set_value(layer)
        settle(at)
        go_to(at, page)
        assert at.slider(key="layer").value == layer and link(at)["layer"] == str(layer)
    assert_shows(at, contrast(SMALL.changed(layer=4)))


def test_the_text_survives_the_pages():
    at = open_page(TEXT)
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    for page in (NEURONS, HOME, TEXT):
        go_to(at, page)
        assert not any("platypus" in value for value in link(at).values())
    assert at.text_area(key="text").value == SECRET
    assert "".join(heatmap(at)["pieces"]) == SECRET


# --- mistakes


def test_unequal_counts_of_the_paired_test_are_one_sentence(contrast):
    at = open_page(NEURONS, SMALL.changed(test="paired"))
    at.number_input(key="n_target").set_value(30)
    settle(at)
    assert len(at.error) == 1 and "both counts must be equal: 30 target and 40 baseline" in said(at.error)[0]
    assert at.number_input(key="n_target").value == 30 and at.selectbox(key="test").value == "paired"
    assert not at.get("plotly_chart")
    at.number_input(key="n_baseline").set_value(30)
    settle(at)
    assert not at.error
    assert_shows(at, contrast(SMALL.changed(test="paired", n_target=30, n_baseline=30)))


@pytest.mark.parametrize("start", PAGES)
def test_a_mistake_is_kept_on_the_way(start):
    spec = SMALL.changed(test="paired")
    at = open_page(start, spec)
    at.number_input(key="n_target").set_value(30)
    settle(at)
    assert len(at.error) == 1
    for page in (WORDS, NEURONS, HOME, TEXT):
        go_to(at, page)
        assert at.number_input(key="n_target").value == 30 and len(at.error) == 1, page
        assert link(at) == spec.to_params(), page
    at.number_input(key="n_baseline").set_value(30)
    settle(at)
    go_to(at, NEURONS)
    assert not at.error and link(at) == spec.changed(n_target=30, n_baseline=30).to_params()


@pytest.mark.parametrize("page", PAGES)
def test_the_same_class_twice_is_one_sentence(page):
    at = open_page(page)
    at.selectbox(key="baseline").set_value("nouns")
    settle(at)
    assert said(at.error) == ["Target and baseline are both nouns: choose two different word classes."]
    assert at.selectbox(key="baseline").value == "nouns"
    at.selectbox(key="target").set_value("verbs")
    settle(at)
    assert not at.error and link(at)["target"] == "verbs" and link(at)["baseline"] == "nouns"


@pytest.mark.parametrize("page", PAGES)
def test_more_words_than_there_are_is_one_sentence(page):
    there_are = len(bundled_list("nouns").words)
    at = open_page(page)
    at.number_input(key="n_target").set_value(MAX_WORDS)
    settle(at)
    assert said(at.error) == [f"The list of nouns has {there_are:,} words; {MAX_WORDS:,} were asked for."]
    assert at.number_input(key="n_target").value == MAX_WORDS
    at.number_input(key="n_target").set_value(40)
    settle(at)
    assert not at.error and link(at) == SMALL.to_params()


def test_a_class_without_any_list_is_one_sentence():
    at = open_page(NEURONS)
    at.selectbox(key="target").set_value("particles")
    settle(at)
    assert len(at.error) == 1 and "no bundled list of particles" in said(at.error)[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x" * (limits().max_characters + 1), "has 20,001 characters; at most 20,000 are allowed"),
        ("", "The text is empty"),
        (" \n\t ", "The text is empty"),
    ],
)
def test_a_text_that_cannot_be_read_is_kept(text, sentence):
    at = open_page(TEXT)
    at.text_area(key="text").set_value(text)
    settle(at)
    assert len(at.error) == 1 and sentence in said(at.error)[0]
    assert at.text_area(key="text").value == text
    assert not at.get("bidi_component")
    at.text_area(key="text").set_value(SECRET)
    settle(at)
    assert not at.error and "".join(heatmap(at)["pieces"]) == SECRET


def test_a_text_longer_than_the_context_is_read_in_windows():
    at = open_page(TEXT)
    text = "The dog sees a cat. " * 200
    at.text_area(key="text").set_value(text)
    settle(at)
    assert not at.error and heatmap(at)["windows"]
    assert any("overlapping windows" in note for note in said(at.info))
    assert "".join(heatmap(at)["pieces"]) == text


def test_a_custom_list_needs_two_words(contrast):
    at = open_page(NEURONS)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert said(at.error) == ["The custom target list is empty: give at least 2 words, one a line."]
    at.text_area(key="target_text").set_value("dog")
    settle(at)
    assert said(at.error) == ["The custom target list has 1 word; at least 2 are needed."]
    assert at.text_area(key="target_text").value == "dog"
    at.text_area(key="target_text").set_value("dog\ncat\n\nice cream\ndog")
    settle(at)
    assert not at.error
    assert "3 words. 1 blank line skipped. 1 repeated word dropped: dog." in said(at.caption)
    words = ("dog", "cat", "ice cream")
    spec = SMALL.changed(target=CUSTOM, n_target=3, target_words=words)
    assert ContrastSpec.from_params(link(at), DEFAULT) == (spec, [])
    assert_shows(at, contrast(spec))
    go_to(at, WORDS)
    assert at.dataframe[0].value["word"].tolist() == list(words)


def test_a_custom_list_and_the_count_in_its_place_come_back():
    at = open_page(NEURONS)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    at.text_area(key="target_text").set_value("dog\ncat")
    settle(at)
    for page in (WORDS, HOME, NEURONS):
        go_to(at, page)
        assert not at.error and at.text_area(key="target_text").value == "dog\ncat", page
    at.selectbox(key="target").set_value("nouns")
    settle(at)
    assert at.number_input(key="n_target").value == SMALL.n_target
    assert at.session_state["_settings"].spec == SMALL  # the words are out of it: nothing is read anew
    at.number_input(key="n_target").set_value(50)
    settle(at)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    assert at.text_area(key="target_text").value == "dog\ncat" and link(at)["n_target"] == "2"
    at.selectbox(key="target").set_value("nouns")
    settle(at)
    assert at.number_input(key="n_target").value == 50


def test_a_custom_list_from_a_file():
    at = open_page(NEURONS)
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    at.file_uploader(key="target_file").set_value(("w.txt", b"dog\ncat\ndog\nhorse", "text/plain"))
    settle(at)
    assert at.text_area(key="target_text").value == "dog\ncat\nhorse"
    assert not at.error and any("repeated word" in sentence for sentence in said(at.toast))


@pytest.mark.parametrize("page", PAGES)
def test_a_model_out_of_reach_is_one_sentence_and_the_bundled_one_helps(page, contrast):
    at = open_page(page)
    type_model(at, "nobody/nothing")
    assert len(at.error) == 1 and "nobody/nothing" in said(at.error)[0], said(at.error)
    assert "hub cannot be reached" in said(at.error)[0] and "\n" not in at.error[0].value
    assert at.selectbox(key="model").value == "nobody/nothing"
    at.selectbox(key="model").set_value("bundled")
    settle(at)
    assert not at.error and link(at) == SMALL.to_params()
    if page == NEURONS:
        assert_shows(at, contrast(SMALL))


def test_a_name_that_is_no_model_is_one_sentence():
    at = open_page(NEURONS)
    type_model(at, "no such/model/at all")
    assert len(at.error) == 1 and "neither a folder here nor a hub id" in said(at.error)[0]
