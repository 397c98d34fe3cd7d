"""The panel of protocols by itself, and the preset whose protocol does not select by p on a page."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from core.records import ALL_PRESETS, ContrastSpec
from core.records.link import to_params
from core.report.glossary import ABSOLUTE_VALUES
from engine import files, steps
from engine.pipeline import Request, resolve
from tests.support.pages import NEURONS, SMALL, open_export, open_page, said, settle

COMPARE = "pages/6_Compare.py"
LOCALISER = ContrastSpec.of_preset("localiser", layer=2, n_target=40, n_baseline=40)


def panel(link: dict[str, str]) -> None:
    """The script of a page with nothing but the panel."""
    from core.records import ContrastSpec
    from core.records.link import from_params
    from engine.steps import conclusion
    from ui.panels import protocols
    from ui.progress import show

    spec, _ = from_params(link, default=ContrastSpec())
    protocols.draw(show(conclusion, spec))


def run(spec: ContrastSpec) -> AppTest:
    at = AppTest.from_function(panel, kwargs={"link": to_params(spec)}, default_timeout=60)
    settle(at)
    at.button(key="run_protocols").click()
    settle(at)
    return at


def test_a_click_runs_every_protocol_on_the_same_words() -> None:
    at = run(SMALL)
    assert [each.value for each in at.header] == [f"The same data by {len(ALL_PRESETS)} protocols"]
    table = at.dataframe[0].value
    assert table["protocol"].tolist() == [one.label for one in ALL_PRESETS.values()]
    assert table["in layer 2"].str.fullmatch(r"[\d,]+, [\d,]+ strong").all(), "no count without an effect size"
    assert any("the words (40 nouns and 40 verbs)" in text for text in said(at.markdown))
    assert len(at.get("plotly_chart")) == 2 and not at.error
    assert any("no evidence of what a neuron does" in text for text in said(at.caption))


def test_what_is_shown_can_be_saved_with_the_name_of_each_protocol() -> None:
    at = open_page(COMPARE, SMALL)
    at.button(key="run_protocols").click()
    open_export(settle(at))
    offered = {button.key for button in at.get("download_button")}
    assert {"protocols_csv", "protocols_json", "overlaps_csv", "overlaps_json"} <= offered
    pictures = json.loads(at.get_by_key("export_pictures").proto.json)["figures"]
    ours = {one["key"]: one for one in pictures if one["key"].startswith("protocols_")}
    drawn = [chart.key for chart in at.get("plotly_chart")]
    assert set(ours) == {"protocols_layer", "protocols_model"} <= {key for key in drawn if key}, drawn
    assert all("Localiser: words, after the nonlinearity" in one["lines"][-1] for one in ours.values())
    result = resolve(steps.conclusion, Request(SMALL))
    rows = json.loads(files.protocols(SMALL, steps.sources(result.words), of="protocols", kind="json"))
    table = at.dataframe[0].value
    said = table["in layer 2"].tolist()
    assert [f"{row['selected']:,}, {row['selected_strong']:,} strong" for row in rows if row["layer"] == 2] == said
    pairs = files.protocols(SMALL, steps.sources(result.words), of="overlaps", kind="csv").decode("utf-8-sig")
    assert pairs.splitlines()[0].startswith("protocol,other_protocol,place,both")


def test_what_does_not_fit_is_said_and_other_words_ask_again() -> None:
    at = run(SMALL.changed(n_baseline=30))
    assert any("Notebook was not run" in text and "counts must be equal" in text for text in said(at.info))
    assert len(at.dataframe[0].value) == len(ALL_PRESETS) - 1
    state = at.session_state["protocols_of"]
    assert state == SMALL.changed(n_baseline=30).reading().digest != SMALL.reading().digest


def test_too_many_words_for_all_layers_is_one_note() -> None:
    spec = SMALL.changed(n_target=4_000, n_baseline=4_000, family="layer")
    at = run(spec)
    assert not at.dataframe and [text for text in said(at.info) if "only the chosen layer is read" in text]


def test_neurons_says_that_p_does_not_select() -> None:
    at = open_page(NEURONS, LOCALISER)
    assert any("p is not used" in text and "neurons in layer **2**" in text for text in said(at.markdown))
    labels = [metric.label for metric in at.metric]
    assert labels[:2] == ["Selected in layer 2", "Selected in the model"]
    assert at.metric[1].value == "30", "1% of 3,072"
    assert not any("ignificantly higher" in label for label in labels)
    assert any(ABSOLUTE_VALUES[:40] in text for text in said(at.info))
    assert any("does not select by p" in text for text in said(at.warning))


def test_the_presets_explain_themselves_and_the_third_sets_every_widget() -> None:
    at = open_page(NEURONS, SMALL)
    control = at.segmented_control(key="preset")
    assert control.options == [one.label for one in ALL_PRESETS.values()]
    control.set_value("Localiser")
    settle(at)
    assert at.segmented_control(key="preset").value == "Localiser" and not at.error
    assert at.selectbox(key="test").value == "welch_absolute" and at.number_input(key="n_target").value == 240
