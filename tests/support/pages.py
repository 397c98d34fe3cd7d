"""Help for tests of pages: open one by a link in a session of AppTest, and read what it shows."""

from __future__ import annotations

import base64
import json
import re
import time
from functools import cache

import numpy as np
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.records import CUSTOM, ContrastSpec
from core.records.link import to_params
from core.report.sentences import class_names
from tests.support.browser import ROOT
from tests.support.three_digits import three_digits
from ui import app_pages

HOME, NEURONS, WORDS, TEXT = "pages/0_Home.py", "pages/1_Neurons.py", "pages/3_Words.py", "pages/4_Text_heatmap.py"
EVIDENCE, LAYERS = "pages/5_Evidence.py", "pages/2_Layers.py"
# The pages that show the experiment, also those that are added, by their scripts; and their titles.
PAGES = {page.script: page.title for page in app_pages.PAGES if page.settings} | {HOME: "Grammar Neurons"}
# Few words, so that tests are quick; another layer than the default one, so that a lost setting shows.
SMALL = ContrastSpec.careful(layer=2, n_target=40, n_baseline=40)
PAIRED = SMALL.changed(test="paired", unit="word")
SECRET = "A platypus reads <b>this</b>."


# Each session of AppTest would read the metadata of all installed packages anew.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def open_page(page=HOME, spec=SMALL, *, waits=False, **params):
    """A new session that opens a page by a link.

    Its tab has kept nothing; with ``waits``, it has not said so yet where the session needs to know.
    """
    at = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    if page != HOME:
        at.switch_page(page)
    at.query_params.update({**(to_params(spec) if spec else {}), **params})
    settle(at)
    if not waits and any(button.key == "go_on_without" for button in at.button):
        at.button(key="go_on_without").click()
        settle(at)
    return at


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


def open_export(at):
    """Open *Export*, which draws its buttons only then."""
    at.session_state["export"] = True
    return settle(at)


def type_list(at, text, side="target"):
    """Choose a list of one's own for a class, and type its words."""
    at.selectbox(key=side).set_value(CUSTOM)
    settle(at)
    at.text_area(key=f"{side}_text").set_value(text)
    return settle(at)


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
    return [re.sub(r"\\([^\w\s]|_)", r"\1", element.value).replace("\u2060", "") for element in elements]


def metrics(at):
    return {metric.label: metric.value for metric in at.metric}


def neuron_shown(at):
    """The neuron that the Neurons page is about, in its heading."""
    return next(int(head.value.split()[1]) for head in at.header if re.fullmatch(r"Neuron \d+", head.value))


def figure(at, key):
    return json.loads(at.get_by_key(key).proto.spec)


def statistics_drawn(at):
    """The scatter's heights, as the browser gets them."""
    return np.array(figure(at, "neurons_plot")["data"][0]["y"], dtype=float)


def heatmap(at):
    """What the heatmap component was sent."""
    return json.loads(at.get_by_key("text_heatmap").proto.json)


def decoded(text):
    """The values of a block, as the browser gets them: little-endian float32, in base64."""
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


def show_as(at, **display):
    """Choose how the text is shown, as the heatmap's script says it."""
    states = at._tree.get_widget_states()  # AppTest has no method for components
    state = states.widgets.add()
    state.id = at.get_by_key("text_heatmap").proto.id
    state.json_value = json.dumps({"display": {**display, "at": 1000 * time.time()}})
    at._run(states)
    return settle(at)


def neurons_drawn(at):
    return [int(re.search(r"Neuron (\d+)", block["title"])[1]) for block in heatmap(at)["blocks"]]


def link(at):
    return dict(at.query_params)


def with_sign(statistic):
    """A statistic as the page writes it: its sign, three significant digits, and a true minus."""
    return f"{three_digits(float(statistic)):+,f}".replace("-", "\N{MINUS SIGN}")


def assert_shows(at, result):
    """The Neurons page tells what ``core`` found."""
    spec, tests = result.spec, result.tests
    name = "z" if spec.test == "mannwhitney" else "t"
    target, baseline = class_names(spec)
    assert metrics(at) == {
        f"Significantly higher for {target}": f"{result.n_higher:,}",
        f"Significantly higher for {baseline}": f"{result.n_lower:,}",
        f"Largest {name}": with_sign(tests.statistic[result.largest]),
        f"Smallest {name}": with_sign(tests.statistic[result.smallest]),
    }
    np.testing.assert_allclose(statistics_drawn(at), tests.statistic, rtol=1e-6)
    table = at.dataframe(key="neurons_table").value.set_index("neuron").sort_index()
    np.testing.assert_allclose(table[name], tests.statistic, rtol=1e-6)
    np.testing.assert_allclose(table["log10 p adj."], result.log10_p_adjusted, rtol=1e-5)
    np.testing.assert_allclose(table["AUC"], tests.auc, atol=5.01e-4)
    there = "before" if spec.hook_side == "activation" else "after"
    np.testing.assert_allclose(table[f"AUC {there}"], result.other_side.auc, atol=5.01e-4)
    assert table["significant"].tolist() == result.significant.tolist()


def marks(at, plot="neurons_plot"):
    """The neurons that are marked over a plot, by their places, and the one whose mark stands out."""
    sent = json.loads(at.get_by_key(f"{plot}_marks").proto.json)
    stands_out = [int(mark["label"]) for mark in sent["marks"] if mark["selected"]]
    return {mark["place"]: int(mark["label"]) for mark in sent["marks"]}, *stands_out


def marked(at):
    """The selected neuron, as the scatter marks it."""
    return marks(at)[1]


# What pages add to a link.
FULL = {"neuron": "17", "scale": "zero", "pinned": "3,11"}
