"""The Export popover: on every page with a result, beside the title, and its coloured text is that of the page."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from core.errors import UserError
from core.records import ContrastSpec
from core.report.colour_scales import SCALES
from engine import files, steps
from engine.pipeline import Request, resolve
from tests.support.pages import EVIDENCE, HOME, NEURONS, SMALL, TEXT, WORDS, open_export, open_page, settle
from ui.defaults import DISPLAY
from ui.panels import export
from ui.panels.export_text import page_of
from ui.panels.text_blocks import blocks_of

DEFAULT = {name: options[0] for name, options in DISPLAY.items()}
SENTENCE = "The dogs walk. A walk is unbelievably long."


def offered(at):
    """The names of the files of data that the popover offers."""
    helps = {button.proto.help for button in at.get("download_button")}
    return {text.removeprefix("Save ") for text in helps if text.startswith("Save ")}


@pytest.mark.parametrize("page", [HOME, NEURONS, WORDS, TEXT, EVIDENCE])
def test_every_page_offers_its_files(page):
    stem = f"nouns-verbs-bundled-layer2-{SMALL.digest[:6]}"
    ends = (".csv", ".json", "-neurons.json", "-words.csv", "-words.json", "-manifest.json")
    expected = {f"{stem}{end}" for end in ends}
    expected |= {f"text-{stem}.{end}" for end in ("html", "csv", "json") if page == TEXT}
    at = open_page(page)
    assert not offered(at)
    with pytest.raises(KeyError):  # nor the pictures, whose script nobody needs yet
        at.get_by_key("export_pictures")
    assert offered(open_export(at)) == expected
    at.session_state["export"] = False
    assert not offered(settle(at))


def test_files_of_shuffled_labels_say_so():
    names = offered(open_export(open_page(TEXT, SMALL.changed(shuffle_labels=True))))
    assert len(names) == 9 and all("nouns-verbs-bundled-layer2-shuffled-" in name for name in names)


def test_a_page_of_other_lists_is_refused():
    other = ("bundled list", "another source")
    for make in (files.csv, files.manifest, lambda spec, shown: files.text_page(spec, shown, SENTENCE, None)):
        with pytest.raises(UserError, match="others than the page shows"):
            make(SMALL, other)


def test_a_page_with_a_mistake_offers_none():
    at = open_export(open_page(NEURONS, SMALL, model="no/such-model"))
    assert at.error and not offered(at)


def test_without_a_place_nothing_is_drawn():
    export._place.set(None)
    export.draw(resolve(steps.conclusion, Request(SMALL)))


def tokens_of(page):
    """The sections of a page, each with the colour's step of its tokens, None without one."""
    found = []
    for section in page.split("<section")[1:]:
        names = re.findall(r'<span class="body( \S+)?"', section)
        found.append([int(name.rpartition("-")[2]) if name else None for name in names])
    return found


@pytest.mark.parametrize("by", DISPLAY["by"])
@pytest.mark.parametrize("scale", SCALES)
def test_the_page_of_a_text_follows_how_it_is_shown(by, scale):
    result, found = (resolve(step, Request(SMALL, SENTENCE)) for step in (steps.conclusion, steps.text))
    neurons = (result.largest, result.smallest)
    shown = blocks_of(result, found, neurons)
    page = page_of(result, found, neurons, {**DEFAULT, "by": by, "scale": scale})
    assert len(tokens_of(page)) == len(shown.blocks) == 3
    for places, block in zip(tokens_of(page), shown.blocks, strict=True):
        for token, place in enumerate(places):
            word = sum(start <= token for start in shown.word_starts) - 1
            value, its_scale = (
                (block.values[token], block.scales[scale])
                if by == "token"
                else (block.word_values[word], block.word_scales[scale])
            )
            share = (float(value) - its_scale.low) / (its_scale.high - its_scale.low)
            assert place == pytest.approx(200 * min(max(share, 0), 1), abs=0.51)


def test_other_choices_of_the_reader():
    result, found = (resolve(step, Request(SMALL, SENTENCE)) for step in (steps.conclusion, steps.text))
    neurons = (result.largest, result.smallest)
    plain = page_of(result, found, neurons, DEFAULT)
    assert len(tokens_of(page_of(result, found, neurons, {**DEFAULT, "both": "off"}))) == 2
    assert page_of(result, found, neurons, {**DEFAULT, "colours": "notebook"}) != plain
    few = page_of(result, found, neurons, {**DEFAULT, "threshold": "95"})
    assert sum(step is None for step in tokens_of(few)[1]) > sum(step is None for step in tokens_of(plain)[1])
    assert "Welch's t-test" in unescape(plain) and f"layer {SMALL.layer}" in plain


def test_names_of_lists_are_no_markup():
    words = {"target": "custom", "target_words": ("tea", "ale", "rum"), "n_target": 3, "target_name": "<i>&Tea</i>"}
    spec = ContrastSpec.careful(n_baseline=20, **words)
    result, found = (resolve(step, Request(spec, SENTENCE)) for step in (steps.conclusion, steps.text))
    page = page_of(result, found, (result.largest,), DEFAULT)
    assert "<i>" not in page and "&lt;i&gt;&amp;Tea&lt;/i&gt;" in page


def test_files_are_made_once_and_kept_apart():
    sources = steps.sources(resolve(steps.conclusion, Request(SMALL)).words)
    tables = [json.loads(make(SMALL, sources)) for make in (files.neurons_json, files.words_json)]
    assert [set(table[0]) >= {name} for table, name in zip(tables, ("auc", "lemma"), strict=True)] == [True, True]
    assert files.manifest(SMALL, sources) is files.manifest(SMALL, sources)
    (of_text,) = json.loads(files.manifest(SMALL, sources, (SENTENCE,), (3,)))["texts"]
    assert of_text["characters"] == len(SENTENCE)
    made = []

    def make(result, found):
        made.append(result)
        return f"{len(made)}"

    asked = [files.text_page(SMALL, sources, SENTENCE, make, key) for key in ("a", "a", "b")]
    assert asked == [b"1", b"1", b"2"]
