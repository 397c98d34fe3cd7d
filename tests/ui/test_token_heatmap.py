"""The Python half of the token heatmap: what it refuses, what it sends, and which click holds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.report.colour_scales import fixed, per_text_min_max, scales_of, zero_centred
from core.report.colours import N_STEPS, ramp
from core.report.palette import THEMES
from tests.support.pages import decoded
from ui import token_heatmap as module
from ui.defaults import DISPLAY
from ui.token_heatmap import HeatmapBlock, _clicked_token, token_heatmap
from ui.token_heatmap.blocks import data_of, encoded, ramps_for_browser
from ui.token_heatmap.display import DEFAULT, heard_at, listener, valid

PIECES = ["The", " cat", " sat"]
NO_PARTS = [""] * 3


def block(values=(0.0, 1.0, 2.0), **changes):
    values = np.asarray(values, dtype=np.float32)
    return HeatmapBlock(
        **{
            "title": "Neuron 1",
            "subtitle": "",
            "values": values,
            "scales": {"text": per_text_min_max(values)},
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"parts": [""]}, "3 pieces and 1 parts"),
        ({"blocks": [block((1.0, 2.0))]}, r"shape \(3,\), not \(2,\)"),
        ({"window_starts": (0, 3)}, r"window starts must be token positions below 3, not \[3\]"),
        ({"word_starts": (0, -1), "blocks": []}, r"word starts must be token positions below 3, not \[-1\]"),
        ({"word_starts": (0, 1)}, r"one value per word, shape \(2,\), not \(\)"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        token_heatmap(**{"pieces": PIECES, "parts": NO_PARTS, "blocks": [block()], **arguments})


def test_a_block_is_sent_as_exact_values_and_scales():
    values = np.array([-0.5, 0.25, 9.0] * 3, dtype=np.float32)
    sent = json.loads(
        json.dumps(data_of(block(values, scales={"words": fixed(-0.5, 1, values), "zero": zero_centred(values)})))
    )
    np.testing.assert_array_equal(decoded(sent["values"]), values)
    words, zero = sent["scales"]["words"], sent["scales"]["zero"]
    assert (words["low"], words["centre"], words["high"]) == (-0.5, None, 1.0)
    assert (words["lowText"], words["centreText"], words["highText"]) == ("−0.500", None, "1.00")
    assert (words["nBelow"], words["nAbove"]) == (0, 3)
    assert words["notes"] == ["Clipped: 3 tokens lie above this scale."]
    assert (zero["low"], zero["centre"], zero["centreText"], zero["notes"]) == (-9.0, 0.0, "0", [])
    assert sent["wordValues"] is None and sent["wordScales"] is None


def test_values_survive_the_way_to_the_browser_bit_by_bit():
    values = np.random.default_rng(0).normal(size=999) * 10.0 ** np.arange(-30, 30).repeat(20)[:999]
    values = values.astype(np.float32)
    values[:3] = np.nan, np.inf, -0.0
    assert decoded(encoded(values)).tobytes() == values.astype("<f4").tobytes()


def test_the_browser_has_every_ramp_of_core():
    ramps = json.loads(ramps_for_browser())
    for name, themes in ramps.items():
        palette, _, below = name.partition("/")
        for theme in THEMES:
            colours = ramp(palette, below=below or None, theme=theme)
            backgrounds = [f"#{each}" for each in themes[theme]["backgrounds"].split()]
            inks = [("#000000", "#ffffff")[int(each)] for each in themes[theme]["inks"]]
            assert list(zip(backgrounds, inks, strict=True)) == list(colours)
            assert len(colours) == N_STEPS
    assert {"oranges", "blues", "reds", "oranges/blues", "reds/blues", "oranges/greys"} <= set(ramps)


@pytest.mark.parametrize(("n", "said"), [(1, "Only 1 token:"), (7, "Only 7 tokens:"), (8, None), (9, None)])
def test_the_range_of_a_short_text_is_said_to_mean_little(n, said):
    values = np.linspace(-1, 1, n).astype(np.float32)
    sent = data_of(block(values, scales=scales_of(values, np.array([-2.0, 2.0]))))["scales"]
    for name, scale in sent.items():
        notes = [note for note in scale["notes"] if "mean little" in note]
        assert [note.startswith(said or "") for note in notes] == [True] * (
            said is not None and not name.startswith("words")
        )


# ---------------------------------------------------------------- what the reader chooses


def test_what_a_browser_says_is_one_of_the_options_or_nothing():
    good = {name: options[-1] for name, options in DISPLAY.items()}
    assert valid({**good, "at": 5}) == good
    for bad in (None, 5, "zero", [], ["zero"], {"scale": ["zero"]}, {"scale": {}}, {"scale": True}, {"threshold": 5}):
        assert valid(bad) == {}
    assert valid({"scale": "<script>", "by": "word", "colours": "x" * 10**6}) == {"by": "word"}


@pytest.mark.parametrize("at", ["soon", -1, float("nan"), float("inf"), True, None, [], 1e300])
def test_a_forged_time_is_none(at):
    assert heard_at({"display": {"at": at}}, "display") == 0
    for said in (None, "x", {}, {"display": 5}, {"display": []}):
        assert heard_at(said, "display") == 0
    assert heard_at({"display": {"at": 17.5}}, "display") == 17.5


def test_the_page_hears_only_what_is_valid(monkeypatch):
    state, heard = {}, []
    monkeypatch.setattr("ui.token_heatmap.display.st.session_state", state)
    hear = listener("map", heard.append)
    for said in (None, {"display": "x"}, {"display": {"scale": "log"}}, {"display": {"scale": "zero", "at": 3}}):
        state["map"] = said
        hear()
    assert heard == [{"scale": "zero"}]
    listener("map", None)()


def test_without_a_display_there_are_no_controls(monkeypatch):
    sent = []
    monkeypatch.setattr(module.st, "session_state", {})
    monkeypatch.setattr(module, "_component", lambda **given: sent.append(given["data"]))
    token_heatmap(PIECES, NO_PARTS, [block()])
    token_heatmap(PIECES, NO_PARTS, [block()], display={"scale": "zero"})
    assert [each["toolbar"] for each in sent] == [False, True]
    assert [each["display"] for each in sent] == [DEFAULT, {**DEFAULT, "scale": "zero"}]
    assert sent[0]["content"] != sent[1]["content"]


def test_another_display_is_the_same_content(monkeypatch):
    """So the browser builds no token again."""
    sent = []
    monkeypatch.setattr(module.st, "session_state", {})
    monkeypatch.setattr(module, "_component", lambda **given: sent.append(given["data"]))
    for scale in ("zero", "text"):
        token_heatmap(PIECES, NO_PARTS, [block()], display={"scale": scale})
    assert sent[0]["content"] == sent[1]["content"] and sent[0]["display"] != sent[1]["display"]


def test_it_draws_in_apptest():
    def script():
        import numpy as np
        import streamlit as st

        from core.report.colour_scales import per_text_min_max
        from ui.token_heatmap import HeatmapBlock, token_heatmap

        values = np.array([0.5, 1.5])
        chosen = token_heatmap(
            ["a", " b"],
            ["", ""],
            [HeatmapBlock("Neuron 1", "", values, {"text": per_text_min_max(values)})],
        )
        st.write(f"chosen {chosen}")

    app = AppTest.from_function(script, default_timeout=30).run()
    assert not app.exception
    assert app.markdown[0].value == "chosen None"
    sent = json.loads(app.get_by_key("text_heatmap").proto.json)
    assert sent["pieces"] == ["a", " b"] and sent["selected"] is None


class Page:
    """A page's runs, with the browser's click and the session state played by dicts."""

    def __init__(self, monkeypatch):
        self.state = {}
        self.time = 0
        monkeypatch.setattr(module.st, "session_state", self.state)

    def click(self, index, text="text"):
        self.time += 1
        self.state["map"] = {"clicked": {"index": index, "text": text, "at": self.time}}

    def run(self, text="text"):
        return _clicked_token(text, "map", 9)


@pytest.fixture
def page(monkeypatch):
    return Page(monkeypatch)


def test_a_click_stays(page):
    assert page.run() is None
    page.click(2)
    assert page.run() == 2
    assert page.run() == 2
    page.click(1)
    assert page.run() == 1


def test_a_click_on_the_selected_token_deselects(page):
    page.click(2)
    assert page.run() == 2
    page.click(None)
    assert page.run() is None
    page.click(2)
    assert page.run() == 2, "and the same token clicked again"


def test_a_click_in_another_text_does_not_count(page):
    page.click(2, text="old")
    assert page.run(text="old") == 2
    assert page.run(text="new") is None
    assert page.run(text="old") is None


def test_the_choice_outlives_the_component(page):
    page.click(2)
    assert page.run() == 2
    del page.state["map"]  # Streamlit forgets a widget that a run did not draw
    assert page.run() == 2
    assert page.run(text="new") is None


def test_a_token_selected_elsewhere_on_the_page_stays_until_a_click(page):
    page.run(text="text")
    module.select("text", 5, "map")
    assert page.run() == page.run() == 5
    page.click(2)
    assert page.run() == 2
    module.select("text", 5, "map")
    assert page.run() == 5, "and again, though the click is still in the state"


def test_a_selection_in_a_text_that_is_not_drawn_does_not_count(page):
    module.select("text", 5, "map")
    assert page.run(text="text") is None
    module.select("old", 5, "map")
    assert page.run(text="text") is None
    assert module.text_id(["a"], [""]) != module.text_id(["a"], ["added"])
