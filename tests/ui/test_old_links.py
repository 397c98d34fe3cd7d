"""Links as the first release wrote them: each opens the same view, in the same words where a value falls back.

They name no unit, so they compare words, and neurons of the Text page apart from pinned ones. They are written out
here, and not made by ``ui.link``: they stand in mails and on slides, and nothing changes them.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from core.records import CUSTOM, ContrastSpec
from tests.support.pages import (
    HOME,
    NEURONS,
    PAGES,
    TEXT,
    WORDS,
    assert_shows,
    heatmap,
    link,
    metrics,
    neuron_shown,
    neurons_drawn,
    open_page,
    said,
)

CAREFUL = (
    "word_source=bundled&hook_side=pre-activation&pooling=mean&leading_space=1&prefix=1&drop_shared=1"
    "&test=welch&correction=holm&family=model&alpha=0.05&seed=0"
)
SMALL = f"model=bundled&layer=2&target=nouns&baseline=verbs&n_target=40&n_baseline=40&{CAREFUL}"
SMALL_SPEC = ContrastSpec.careful(layer=2, n_target=40, n_baseline=40, unit="word")
ICE_CREAM = ("ice cream", "naïve, café", "a&b=c?#%")

# The link's query, the page that it was copied from, the experiment it opens, and what else it says.
LINKS = {
    "what the app opened with": (
        NEURONS,
        f"model=bundled&layer=3&target=nouns&baseline=verbs&n_target=500&n_baseline=500&{CAREFUL}",
        ContrastSpec.careful(layer=3, unit="word"),
        {},
    ),
    "the notebook's preset": (
        NEURONS,
        "model=bundled&layer=4&target=nouns&baseline=verbs&n_target=100&n_baseline=100&word_source=notebook"
        "&hook_side=pre-activation&pooling=mean&leading_space=0&prefix=0&drop_shared=0&test=paired"
        "&correction=bonferroni&family=layer&alpha=0.05&seed=0",
        ContrastSpec.notebook(layer=4),
        {},
    ),
    "a neuron": (NEURONS, f"{SMALL}&neuron=17", SMALL_SPEC, {"neuron": 17}),
    "neuron 0": (NEURONS, f"{SMALL}&neuron=0", SMALL_SPEC, {"neuron": 0}),
    "two neurons and a scale, on a text": (
        TEXT,
        f"{SMALL}&neurons=3%2C11&scale=zero",
        SMALL_SPEC,
        {"neurons": [3, 11], "scale": "zero"},
    ),
    "one's own target words": (
        WORDS,
        f"model=bundled&layer=1&target=custom&baseline=verbs&n_target=3&n_baseline=40&{CAREFUL}"
        "&target_words=ice+cream%0Ana%C3%AFve%2C+caf%C3%A9%0Aa%26b%3Dc%3F%23%25",
        ContrastSpec.careful(layer=1, target=CUSTOM, n_target=3, target_words=ICE_CREAM, n_baseline=40, unit="word"),
        {},
    ),
    "one's own words for both, paired": (
        NEURONS,
        "model=bundled&layer=5&target=custom&baseline=custom&n_target=3&n_baseline=3&word_source=bundled"
        "&hook_side=pre-activation&pooling=mean&leading_space=1&prefix=1&drop_shared=1&test=paired&correction=holm"
        "&family=layer&alpha=0.05&seed=0&target_words=dog%0Acat%0Abird&baseline_words=run%0A%E8%B5%B0%E3%82%8B%0Ago"
        "&neuron=5",
        ContrastSpec.careful(
            layer=5, target=CUSTOM, n_target=3, target_words=("dog", "cat", "bird"), baseline=CUSTOM, n_baseline=3,
            baseline_words=("run", "走る", "go"), unit="word", test="paired", family="layer",
        ),
        {"neuron": 5},
    ),
    "every field another than the default": (
        HOME,
        "model=bundled&layer=0&target=adjectives&baseline=adverbs&n_target=37&n_baseline=41&word_source=bundled"
        "&hook_side=activation&pooling=last&leading_space=0&prefix=0&drop_shared=0&test=welch&correction=fdr_by"
        "&family=layer&alpha=0.001&seed=7&neuron=511&neurons=5%2C0&scale=words",
        ContrastSpec(
            layer=0, target="adjectives", baseline="adverbs", n_target=37, n_baseline=41, word_source="bundled",
            hook_side="activation", pooling="last", test="welch", correction="fdr_by", family="layer", alpha=0.001,
            seed=7,
        ),
        {},
    ),
    "values that nobody can read": (
        NEURONS,
        "model=bundled&layer=ninety&target=nouns&baseline=verbs&n_target=4000000&n_baseline=500&correction=hope"
        "&neuron=x&scale=loud&utm_source=mail",
        ContrastSpec.careful(layer=3),
        {
            "sentences": [
                "layer is “ninety”, which is not a number. The link's value was set aside; “3” is used.",
                "n_target is “4000000”; a whole number from 2 to 10,000 is allowed. The link's value was set aside; "
                "“500” is used.",
                "correction is “hope”; allowed are none, bonferroni, sidak, holm, max_t, fdr_bh, fdr_by. The link's "
                "value was set aside; “holm” is used.",
                "neuron is “x”; a neuron's index is a whole number from 0. It was set aside.",
                "scale is “loud”; allowed are text90, text, words90, words, zero90, zero. “text90” is used.",
            ]
        },
    ),
    "values that are not offered together": (
        TEXT,
        "layer=12&target=custom&test=paired&n_target=30&n_baseline=40&alpha=0.9&neurons=5,x,7&word_source=/etc",
        ContrastSpec.careful(layer=5, n_target=30, n_baseline=30, unit="word", test="paired"),
        {
            "neurons": [5, 7],
            "sentences": [
                "The link names a custom target list without its words; nouns are used. Words of more than 1,500 "
                "characters do not fit into a link: they are in the tab where the list was made, and in a settings "
                "file that was saved there.",
                "The link asks for a paired test of 30 and 40 words, which needs equal counts; 30 of each are used.",
                "A link cannot name the folder “/etc” as word source; bundled is used.",
                "alpha is “0.9”; here 0.0001 to 0.5 are offered. 0.05 is used.",
                "layer is “12”; the model has 0 to 5. 5 is used.",
                "neurons is “x”; a neuron's index is a whole number from 0. It was set aside.",
            ],
        },
    ),
}  # fmt: skip


def test_there_are_ten():
    assert len(LINKS) == 10 and {page for page, *_ in LINKS.values()} == {HOME, NEURONS, WORDS, TEXT}


@pytest.mark.parametrize("name", LINKS)
def test_an_old_link_opens_the_same_view(name, contrast):
    page, query, spec, more = LINKS[name]
    at, result = open_page(page, None, **dict(parse_qsl(query))), contrast(spec)
    assert [title.value for title in at.title] == [PAGES[page]]
    cautions = [caution.sentence for caution in result.cautions] if page in (NEURONS, HOME) else []
    assert said(at.warning) == [*more.get("sentences", []), *cautions] and not at.error
    assert at.session_state["_settings"].view.spec == spec
    if page == NEURONS:
        assert headline(at) == (
            f"**{result.n_higher + result.n_lower:,} of {result.n_neurons:,}** neurons in layer **{spec.layer}**"
        )
        assert_shows(at, result)
        assert neuron_shown(at) == more.get("neuron", result.largest)
    elif page == TEXT:
        assert neurons_drawn(at) == more["neurons"]
        assert heatmap(at)["display"]["scale"] == more.get("scale", "text90")
    elif page == WORDS:
        assert [table.value["word"].tolist() for table in at.dataframe] == [
            list(result.words.target),
            list(result.words.baseline),
        ]
    else:
        assert metrics(at)["The two extreme neurons"] == f"{result.largest} and {result.smallest}"


@pytest.mark.parametrize("name", [name for name, (*_, more) in LINKS.items() if "sentences" not in more])
def test_a_good_old_link_is_written_again_as_it_was_with_its_unit(name):
    page, query, _, _ = LINKS[name]
    was = dict(parse_qsl(query))
    now = was | {"unit": "word"} | ({"pinned": was["neurons"]} if "neurons" in was else {})
    assert link(open_page(page, None, **was)) == {name: now[name] for name in now if name != "neurons"}


def headline(at):
    """The Neurons page's first sentence, up to the layer."""
    sentence = next(item.value for item in at.markdown if " neurons in layer " in item.value)
    return sentence.partition(" differ")[0]
