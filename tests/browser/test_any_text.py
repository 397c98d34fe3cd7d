"""Any text in a browser: the heatmap shows the same characters, and nothing but tokens."""

from __future__ import annotations

import json
import textwrap
import unicodedata
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from core.activations import token_activations
from core.activations.tokens import cut_text
from core.models import LoadedModel
from core.records import TokenActivations
from tests.support.any_text import (
    ALL_FRAGMENTS,
    as_read,
    catch_what_is_sent,
    check_heatmap,
    model_with_bundled_tokenizer,
    some_texts,
    uncut,
)
from tests.support.browser import chromium_page, require_browser, running_app, wait_until_idle, watch
from ui import token_heatmap as heatmap

PAGE = """<!doctype html><meta charset="utf-8"><style>{css}</style>
    <main style="--st-text-color: #111; --st-background-color: #fff; --st-font: sans-serif"></main>"""
IMPORT = """async (source) => {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    window.draw = (await import(url)).default;
}"""
# Draws one text and tells what stands there: texts, elements, attributes, what the tooltip says, and where tokens lie.
DRAW = """async (all) => {
  const seen = [];
  for (const data of all) {
    const main = document.querySelector("main");
    main.innerHTML = '<div class="heatmap"></div>';
    window.draw({ data, parentElement: main, setStateValue() {} });
    const panel = main.querySelector(".panel");
    const tokens = [...panel.querySelectorAll(".token")];
    const boxes = tokens.map((token) => [...token.getClientRects()]);
    const apart = boxes.slice(1).map((next, i) => {
        const [last, first] = [boxes[i].at(-1), next[0]];
        const follows = panel.dir === "rtl" ? first.right < last.left + 1 : first.left > last.right - 1;
        return Math.abs(last.top - first.top) > first.height / 2 || follows;
    });
    const widths = tokens.map((token) => {
        return Math.max(...[...(token.querySelector(".body") ?? token).getClientRects()].map((box) => box.width));
    });
    tokens[0].dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    // The tip is drawn in the next frame, and after it the blocks that a reader does not see first.
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(() => setTimeout(drawn))));
    const all = [...main.querySelectorAll("*")];
    seen.push({
        texts: tokens.map((token) => token.textContent),
        whole: panel.textContent,
        inPanel: [...new Set([...panel.querySelectorAll("*")].map((element) => element.tagName))],
        tags: [...new Set(all.map((element) => element.tagName))],
        attributes: [...new Set(all.flatMap((element) => element.getAttributeNames()))],
        classes: [...new Set(all.flatMap((element) => [...element.classList]))],
        labels: [main.querySelector(".tip-token").textContent, tokens[0].getAttribute("aria-label")],
        narrowest: Math.min(...widths),
        inOrder: apart.every(Boolean),
    });
  }
  return seen;
}"""
ATTRIBUTES = {"class", "dir", "style", "role", "aria-label", "tabindex", "hidden"}
ATTRIBUTES |= {"data-index", "data-mark", "data-part", "data-theme"}
CLASSES = {
    "heatmap",
    "blocks",
    "block",
    "target",
    "header",
    "titles",
    "title",
    "subtitle",
    "legend",
    "bar",
    "labels",
    "number",
}
CLASSES |= {
    "notes",
    "note",
    "panel",
    "token",
    "body",
    "thin",
    "hidden",
    "newline",
    "tab",
    "space",
    "window-start",
    "hovered",
}
CLASSES |= {
    "tip",
    "tip-head",
    "tip-token",
    "tip-place",
    "tip-row",
    "here",
    "swatch",
    "tip-title",
    "tip-value",
    "tip-note",
}


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A random model, too small to take time, behind the tokenizer of the bundled one."""
    return model_with_bundled_tokenizer(tmp_path_factory.mktemp("any_text"))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the heatmap hands to the browser, as the JSON that it is sent as."""
    return catch_what_is_sent(monkeypatch)


def check_drawn(drawn: dict[str, Any], pieces: list[str]) -> None:
    """The tokens are the pieces to the last character, nothing is there but our own elements, all can be seen."""
    assert drawn["texts"] == pieces
    assert drawn["whole"] == "".join(pieces)
    assert drawn["inPanel"] == ["SPAN"] and set(drawn["tags"]) <= {"DIV", "SECTION", "SPAN", "CODE"}
    assert set(drawn["attributes"]) <= ATTRIBUTES and set(drawn["classes"]) <= CLASSES
    for label in drawn["labels"]:
        assert not {unicodedata.category(c) for c in label} & {"Cc", "Cf", "Zl", "Zp"}, "unseen in a label"
    assert drawn["narrowest"] > 2, "a token has no width, so that its colour cannot be seen"
    assert drawn["inOrder"], "a token turned the line around"


def test_the_heatmap_shows_any_text(lm: LoadedModel, sent: list[dict[str, Any]]) -> None:
    """Hundreds of texts through the component's script in Chromium, as tokens and as whole pieces."""
    require_browser()
    found = [token_activations(lm, text, 0) for text in some_texts(50)]
    found.append(uncut([piece for fragment in ALL_FRAGMENTS for piece in (fragment, f" {fragment}")]))
    data = [check_heatmap(one, sent) for one in found]
    with chromium_page() as page:
        seen = watch(page)
        page.set_content(PAGE.format(css=heatmap.STYLE))
        page.evaluate(IMPORT, heatmap.SCRIPT)
        for first in range(0, len(data), 50):
            some = data[first : first + 50]
            for one, drawn in zip(some, page.evaluate(DRAW, some), strict=True):
                check_drawn(drawn, one["pieces"])
        assert seen.dialogs == [] and seen.errors == [] and seen.outside == []
    assert len(found) >= 500


def test_a_token_that_covers_nothing_is_named(sent: list[dict[str, Any]]) -> None:
    """The space that some tokenizers put before a text: it can be seen and pointed at, and the tip says what it is."""
    require_browser()
    values = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
    found = TokenActivations(["", "hi", " there"], ["added", "", ""], [1, 2, 3], values, 0)
    data = check_heatmap(found, sent)
    with chromium_page() as page:
        page.set_content(PAGE.format(css=heatmap.STYLE))
        page.evaluate(IMPORT, heatmap.SCRIPT)
        [drawn] = page.evaluate(DRAW, [data])
        check_drawn(drawn, found.pieces)
        assert all("(added by the tokenizer)" in label for label in drawn["labels"])
        mark = page.locator("[data-part]").evaluate_all("all => all.map(s => getComputedStyle(s, '::after').content)")
        assert mark == ['"added"']


SCRIPT = """
    import json
    from pathlib import Path
    import numpy as np
    import streamlit as st
    from core.report.colour_scales import per_text_min_max
    from ui.token_heatmap import HeatmapBlock, token_heatmap

    texts = json.loads(Path({file!r}).read_text(encoding="utf-8"))
    pieces, parts = texts[st.query_params.get("text", "many")]
    values = np.linspace(-1, 1, len(pieces))
    token_heatmap(pieces, parts, [HeatmapBlock("Neuron 1", "", values, {{"text": per_text_min_max(values)}})])
"""


@pytest.fixture(scope="module")
def hosted(lm: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Any]]]:
    """A Streamlit page's address, and the tokens that it shows: many texts as one, or a very long one."""
    require_browser()
    many = [token_activations(lm, text, 0) for text in some_texts(30)]
    long = "".join(ALL_FRAGMENTS)
    long = as_read(long * (100_000 // len(long) + 1))[:100_000]
    offsets = [(i, i + 4) for i in range(0, len(long), 4)]
    shown = {
        "many": ([p for one in many for p in one.pieces], [p for one in many for p in one.parts]),
        "long": cut_text(long, offsets),
    }
    folder = tmp_path_factory.mktemp("hosted")
    (folder / "texts.json").write_text(json.dumps(shown), encoding="utf-8")
    (folder / "script.py").write_text(textwrap.dedent(SCRIPT).format(file=str(folder / "texts.json")), encoding="utf-8")
    with running_app(folder / "script.py") as url:
        yield url, shown


@pytest.mark.parametrize("name", ["many", "long"])
def test_streamlit_hands_any_text_over(hosted: tuple[str, dict[str, Any]], name: str) -> None:
    """From Python to the page, on the way that a class sees: the same characters, and nothing but tokens."""
    url, shown = hosted
    pieces, _ = shown[name]
    with chromium_page() as page:
        seen = watch(page)
        page.goto(f"{url}/?text={name}")
        page.locator(f".token[data-index='{len(pieces) - 1}']").wait_for(state="attached", timeout=60_000)
        wait_until_idle(page)
        panel = page.locator(".heatmap .panel")
        assert panel.evaluate("p => [...p.querySelectorAll('.token')].map(t => t.textContent)") == pieces
        assert panel.evaluate("p => p.textContent") == "".join(pieces)
        assert panel.evaluate("p => [...new Set([...p.querySelectorAll('*')].map(e => e.tagName))]") == ["SPAN"]
        assert seen.dialogs == [] and seen.errors == [] and seen.outside == []
