"""The Python half of the token heatmap: what it refuses, what it sends, and which click holds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.report.colours import N_STEPS, fixed, per_text_min_max, zero_centred
from ui import token_heatmap as module
from ui.token_heatmap import HeatmapBlock, _block_data, _clicked_token, token_heatmap

PIECES = ["The", " cat", " sat"]
NO_PARTS = [""] * 3


def block(values=(0.0, 1.0, 2.0), **changes):
    values = np.asarray(values, dtype=np.float32)
    return HeatmapBlock(
        **{
            "title": "Neuron 1",
            "subtitle": "",
            "values": values,
            "scale": per_text_min_max(values),
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"parts": [""]}, "3 pieces and 1 parts"),
        ({"blocks": [block((1.0, 2.0))]}, r"shape \(3,\), not \(2,\)"),
        ({"window_starts": (0, 3)}, r"below 3, not \[3\]"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        token_heatmap(**{"pieces": PIECES, "parts": NO_PARTS, "blocks": [block()], **arguments})


def test_a_block_is_sent_as_steps_and_readable_numbers():
    values = np.array([-0.5, 0.25, 9.0], dtype=np.float32)
    sent = _block_data(block(values, scale=fixed(-0.5, 1, values)))
    assert sent["steps"] == [0, 100, N_STEPS - 1]
    assert sent["values"] == ["−0.5000", "0.2500", "9.000"]
    assert (sent["low"], sent["centre"], sent["high"]) == ("−0.5", None, "1")
    assert sent["notes"] == ["Clipped: 1 token lies above this scale."]
    assert {len(sent["ramps"][theme]) for theme in ("light", "dark")} == {N_STEPS}
    assert _block_data(block(values, scale=zero_centred(values)))["centre"] == "0"


def test_it_draws_in_apptest():
    def script():
        import numpy as np
        import streamlit as st

        from core.report.colours import per_text_min_max
        from ui.token_heatmap import HeatmapBlock, token_heatmap

        values = np.array([0.5, 1.5])
        chosen = token_heatmap(
            ["a", " b"],
            ["", ""],
            [HeatmapBlock("Neuron 1", "", values, per_text_min_max(values))],
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
        return _clicked_token(text, "map")


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
