"""*Share*: a link with every setting spelled out, choices of pages that a link holds, and what no link can hold."""

from __future__ import annotations

import json
import random
from dataclasses import fields, replace
from urllib.parse import parse_qs

import pytest

from core.records import CUSTOM, ContrastSpec
from engine.limits import limits
from tests.support.pages import (
    EVIDENCE,
    HOME,
    NEURONS,
    PAGES,
    SMALL,
    TEXT,
    WORDS,
    figure,
    go_to,
    heatmap,
    link,
    open_page,
    said,
    settle,
)
from ui import foreign, samples
from ui.app_pages import titled
from ui.defaults import COLUMNS, TABS, default_spec
from ui.link import params_of, read
from ui.link_values import OPTIONS, View

OTHERS = {"utm_source": "letter", "course": "LING 101", "x": ["1", "2"]}
PARTS_OF = {page: title.replace("Grammar Neurons", "Home") for page, title in PAGES.items()}
FRAMED = [page for page, title in PARTS_OF.items() if titled(title).parts]
OWN_LIST = tuple(f"word{number}" for number in range(400))


def opened(at):
    """The page with *Share* open."""
    at.session_state["share"] = True
    return settle(at)


def shared(at, key="share_link"):
    """The parameters of a link in a box of *Share*."""
    return {name: values[-1] for name, values in parse_qs(json.loads(at.get_by_key(key).proto.json)["query"]).items()}


# ---------------------------------------------------------------- all settings spelled out


def test_a_shared_link_spells_out_every_setting(contrast):
    at = opened(open_page(NEURONS))
    params = shared(at)
    names = {item.name for item in fields(ContrastSpec)} - {"target_words", "baseline_words"}
    assert params.keys() == (names - {"target_name", "baseline_name"}) | {"neuron", "image_words", "sample", *OPTIONS}
    assert params["neuron"] == str(contrast(SMALL).largest) and params["image_words"] == "40"
    assert (params["dtype"], params["shuffle_labels"], params["sample"]) == ("float32", "0", "the-market")


def test_a_shared_link_is_the_same_where_all_defaults_differ(monkeypatch):
    view = View(default_spec(), neuron=3, image_words=40, sample="the-market")
    params, address = params_of(view, spelled_out=True), params_of(view)
    other = SMALL.changed(
        layer=1, target="adjectives", baseline="adverbs", n_target=33, n_baseline=34, leading_space=False, prefix=False,
        drop_shared=False, hook_side="activation", pooling="last", unit="word", test="mannwhitney", family="layer",
        correction="max_t", alpha=0.02, dtype="bfloat16", shuffle_labels=True, seed=7, word_source="notebook",
    )  # fmt: skip
    monkeypatch.setattr("ui.link.default_spec", lambda: other)
    monkeypatch.setattr("ui.link_values.OPTIONS", {name: options[::-1] for name, options in OPTIONS.items()})
    assert read(params) == (view, [])
    assert read(address)[0] != view, "the shorter address leaves defaults out"


def test_a_closed_button_sends_nothing():
    at = open_page(NEURONS)
    assert not [each for each in at.get("bidi_component") if "share" in each.proto.id]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_link_that_opens_it_without_a_word(page):
    params = shared(opened(open_page(page)))
    again = open_page(page, None, **params)
    assert not again.warning and shared(opened(again)) == params


# ---------------------------------------------------------------- choices of pages


@pytest.mark.parametrize("seed", range(6))
def test_every_choice_comes_back_beside_another_that_is_wrong(seed):
    rng = random.Random(seed)
    good = {
        "tab": rng.choice(TABS),
        "columns": rng.choice(COLUMNS),
        "image_words": str(rng.randint(2, 10_000)),
        "sample": rng.choice(samples.names()),
    }
    bad = {"tab": "tabs", "columns": "size", "image_words": rng.choice(["1", "10001", "٣", "-3"]), "sample": "<b>mine"}
    first, second = rng.sample(sorted(bad), 2)
    view, problems = read(good | {name: bad[name] for name in (first, second)})
    for name in (first, second):
        assert any(each.startswith(f"{name} is “{bad[name]}”") for each in problems), (name, problems)
    assert len(problems) == 2
    for name in good.keys() - {first, second}:
        assert str(getattr(view, name)) == good[name]
    assert read(params_of(read(good)[0]))[0] == read(good)[0]


def test_the_words_page_opens_as_it_was_and_says_so_in_its_address():
    at = open_page(WORDS, tab="means", columns="all", image_words="12")
    assert at.session_state["words_tab"] == "Mean activation"
    assert len(figure(at, "words_image")["data"][0]["y"]) == 12
    assert at.segmented_control(key="image_neurons").value == "all" and at.slider(key="image_words").value == 12
    at.slider(key="image_words").set_value(15)
    at.segmented_control(key="image_neurons").set_value("30")
    settle(at)
    assert link(at)["image_words"] == "15" and "columns" not in link(at) and link(at)["tab"] == "means"
    go_to(at, HOME)
    assert link(at)["image_words"] == "15", "it goes along"


def test_more_words_than_the_image_can_have_are_told_of():
    at = open_page(WORDS, image_words="9000")
    assert said(at.warning) == ["The image was to have 9,000 words of each class; here it has at most 40."]
    assert "image_words" not in link(at) and at.slider(key="image_words").value == 40


# ---------------------------------------------------------------- samples


@pytest.mark.parametrize("name", ["nonsense-with-grammar", "tagged-news", "two-one-dog-or-two"])
def test_a_link_opens_a_sample_and_keeps_its_name(name):
    at = open_page(TEXT, sample=name)
    assert link(at)["sample"] == name
    sample = samples.find(name)
    assert at.segmented_control(key="text_source").value == sample.source
    if sample.source != "two":
        assert "".join(heatmap(at)["pieces"]) == sample.texts[0]
    go_to(at, NEURONS)
    go_to(at, TEXT)
    assert link(at)["sample"] == name


def test_every_sample_has_a_name_of_its_own():
    names = samples.names()
    assert len(set(names)) == len(names) == len(samples.files()) + len(samples.bundled_passages()) + len(samples.PAIRS)
    assert all(samples.name_of(samples.find(name).source, samples.find(name).texts) == name for name in names)


def test_a_text_of_ones_own_is_in_no_link_and_share_says_so():
    at = open_page(TEXT, sample="nonsense-with-grammar")
    at.text_area(key="text").set_value("My own secret.")
    settle(at)
    assert "sample" not in link(at) and "secret" not in json.dumps(link(at))
    assert "sample" not in shared(opened(at))
    assert any("Your text is in no link" in each for each in said(at.warning))
    at.text_area(key="text").set_value(samples.find("nonsense-with-grammar").texts[0])
    assert link(settle(at))["sample"] == "nonsense-with-grammar"


def test_a_sample_that_is_chosen_is_in_the_link():
    at = open_page(TEXT)
    assert "sample" not in link(at), "the page opens with it"
    at.selectbox(key="sample").set_value([*samples.own_texts()][1])
    assert link(settle(at))["sample"] == "the-same-word-twice"
    at.selectbox(key="sample").set_value(next(iter(samples.own_texts())))
    assert link(settle(at))["sample"] == "the-market", "now it was chosen"


def test_a_list_too_long_for_a_link_is_told_of_beside_the_file():
    spec = SMALL.changed(target=CUSTOM, n_target=len(OWN_LIST), target_words=OWN_LIST)
    at = opened(open_page(HOME, SMALL))
    assert not at.warning
    at.selectbox(key="target").set_value(CUSTOM)
    settle(at)
    at.text_area(key="target_text").set_value("\n".join(spec.target_words))
    settle(at)
    assert "The custom target list is too long for a link." in "".join(said(at.warning))
    assert at.get_by_key("share_settings") is not None


# ---------------------------------------------------------------- parameters of others


def others(at):
    """The parameters of the address that are not the app's; AppTest has lists of one, too."""
    values = {name: at.query_params[name] for name in OTHERS}
    return {name: value[0] if len(value) == 1 else value for name, value in values.items()}


@pytest.mark.parametrize("page", PAGES)
def test_parameters_of_others_are_in_no_link_that_is_sent_on(page):
    at = opened(open_page(page, **OTHERS, token="secret"))
    assert "token" in at.query_params, "in one's own address it stays"
    for key in ("share_link", "share_embed", "share_frame") if page in FRAMED else ("share_link",):
        sent = shared(at, key)
        assert {"layer", "neuron"} <= sent.keys() and not sent.keys() & {*OTHERS, "token"}


@pytest.mark.parametrize("page", [HOME, WORDS])
def test_parameters_of_others_stay(page):
    at = open_page(page, **OTHERS)
    for other in (NEURONS, EVIDENCE):
        assert others(at) == OTHERS
        go_to(at, other)
    at.slider(key="layer").set_value(1)
    settle(at)
    assert "1" in at.query_params["layer"] and others(at) == OTHERS
    assert not at.warning, "nobody is told of what is not the app's"


def test_they_are_bounded_and_never_shown():
    many = {f"p{number}": "<b>x</b>" for number in range(50)}
    at = open_page(HOME, **{"n" * 51: "1", "long": "x" * 201, "odd": "a\nb", **many})
    kept = {name for name in link(at) if name in many}
    assert len(kept) == foreign.MOST and not {"n" * 51, "long", "odd"} & link(at).keys()
    assert "<b>x</b>" not in "".join(each.value for each in [*at.markdown, *at.warning, *at.caption])


# ---------------------------------------------------------------- views for a frame


def keys_of(at):
    """The keys of what a page has drawn, of those that parts and controls have."""
    known = ("neurons_plot", "neuron_spread", "layer_profile", "neurons_table", "neuron", "preset", "model")
    drawn = set()
    for key in known:
        try:
            drawn.add(key) if at.get_by_key(key) is not None else None
        except KeyError:
            continue
    return drawn


@pytest.mark.parametrize(
    ("show", "drawn"),
    [
        ("scatter", {"neurons_plot"}),
        ("neuron,layers", {"neuron_spread", "layer_profile"}),
        (" table , scatter", {"neurons_table", "neurons_plot"}),
    ],
)
def test_a_view_for_a_frame_has_its_parts_alone(show, drawn, contrast):
    at = open_page(NEURONS, show=show)
    assert keys_of(at) == drawn and not at.sidebar.children and not at.title and not at.warning
    result = contrast(SMALL)
    assert any("strongly (AUC at least" in each.value for each in at.markdown), "the headline with its effect size"
    assert f"{result.n_higher:,}" in {metric.value for metric in at.metric}
    assert link(at)["show"] in (show, [show]), "a reload has the same"


@pytest.mark.parametrize(
    ("page", "show"), [(page, name) for page, title in PARTS_OF.items() for name in titled(title).parts]
)
def test_what_keeps_it_true_stays_in_a_frame(page, show, contrast):
    spec = SMALL.changed(shuffle_labels=True, unit="word", test="welch", n_target=5)
    at = open_page(page, spec, show=show)
    control, *others = said(at.warning)
    cautions = [caution.sentence for caution in contrast(spec).cautions]
    assert control.startswith("**Control.**") and [each for each in others if each in cautions] == cautions != []
    assert sum("strongly (AUC at least" in each.value for each in at.markdown) == 1, "the headline, once"
    assert not [button.key for button in at.button if button.key.startswith("remedy")], "no control"


@pytest.mark.parametrize("show", ["scatter", ["table", "scatter"], "scatter," + "x" * 300])
def test_a_view_for_a_frame_stays_one_after_many_parameters_of_others(show):
    at = open_page(NEURONS, **{f"p{number}": "1" for number in range(2 * foreign.MOST)}, show=show)
    before = keys_of(at)
    at.query_params.update(link(at))
    settle(at)
    assert keys_of(at) == before and "neurons_plot" in before and not at.sidebar.children and not at.title
    assert sum(name.startswith("p") and name[1:].isdigit() for name in link(at)) == foreign.MOST


def test_a_course_s_own_show_is_the_whole_app_and_stays(monkeypatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.is_embedded", False)
    at = open_page(NEURONS, show="week2")
    assert at.sidebar.children and at.title and not at.warning and link(at)["show"] in ("week2", ["week2"])
    assert "show" not in shared(opened(at))


def test_a_frame_that_names_no_part_is_told_so():
    (sentence,) = said(open_page(NEURONS, show="").warning)
    assert sentence.startswith("show names none; the parts of Neurons are scatter, ")


def test_a_claim_alone_names_its_neuron_and_offers_no_checks():
    at = open_page(EVIDENCE, neuron="7", show="claim")
    assert any(caption.startswith("Neuron 7 of layer 2 of ") for caption in said(at.caption))
    assert not at.button and not any("strip" in html.proto.body for html in at.get("html"))
    assert [head.value for head in at.header] == ["What you may claim"]
    assert any(button.key == "run_all" for button in open_page(EVIDENCE, neuron="7", show="checks").button)


@pytest.mark.parametrize("page", FRAMED)
def test_a_part_that_a_page_does_not_have_is_told_of(page):
    at = open_page(page, show="<img src=x>")
    (sentence,) = said(at.warning)
    assert sentence.startswith("show has “<img src=x>”; the parts of ") and sentence.endswith("all of them are shown.")
    assert not at.sidebar.children and not at.exception


@pytest.mark.parametrize("page", sorted(set(PAGES) - set(FRAMED)))
def test_a_page_without_parts_offers_no_frame_and_says_so_in_one(page):
    with pytest.raises(KeyError):
        opened(open_page(page)).get_by_key("share_frame")
    (sentence,) = said(open_page(page, show="all").warning)
    assert sentence == f"{PAGES[page]} has no parts for a frame: all of it is shown."


@pytest.mark.parametrize("page", FRAMED)
def test_every_page_can_be_a_view_for_a_frame(page):
    params = shared(opened(open_page(page)), "share_embed")
    at = open_page(page, None, **params)
    assert not at.sidebar.children and not at.title and not at.error and not at.warning


@pytest.mark.parametrize(
    ("guarded", "sites", "told"), [(False, (), False), (True, (), True), (True, ("https://moodle.example.edu",), False)]
)
def test_only_a_server_that_lets_no_site_in_says_that_it_lets_none_in(monkeypatch, guarded, sites, told):
    monkeypatch.setattr("engine.frames.guarded", lambda: guarded)
    monkeypatch.setattr("ui.panels.share.limits", lambda: replace(limits(), framed_by=sites))
    at = opened(open_page(HOME))
    assert any("This one names none" in each.value for each in at.caption) == told
