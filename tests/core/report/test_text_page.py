"""A coloured text as a page of its own, read by Python's reader of HTML: its text, its colours, nothing that runs."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from core.report.colour_scales import ColourScale, fixed, per_text_min_max, steps, zero_centred
from core.report.colours import ramp
from core.report.palette import THEMES
from core.report.text_page import TextBlock, text_page
from tests.support.any_text import SCRIPTS
from tests.support.hostile import MARKUP, TRICKS

PIECES = ["The", " dog", "\n\n", "\tran", "  ", "<b>", "&amp;", '"', "\u202e", "👍", "", "\r\n", "."]
PARTS = ["", "", "", "", "", "", "", "", "", "1/2", "2/2", "", ""]
VALUES = np.linspace(-2, 3, len(PIECES))


class Reader(HTMLParser):
    """The texts, the tokens (text, classes, part) and the names of the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.tokens: list[list[str]] = []
        self.paragraphs: list[str] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        found = dict(attributes)
        name = (found.get("class") or tag) if tag != "meta" else ""
        if tag == "meta":
            return
        self._open.append(name)
        if name == "text":
            self.texts.append("")
        if name == "token":
            self.tokens.append(["", "", ""])
        if name.split()[0] == "body" and tag == "span":
            self.tokens[-1][1:] = [name, found.get("data-part") or ""]
        if tag == "p":
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, text: str) -> None:
        if "text" in self._open:
            self.texts[-1] += text
            self.tokens[-1][0] += text
        if self._open and self._open[-1] == "p":
            self.paragraphs[-1] += text


def block(values: np.ndarray = VALUES, scale: ColourScale | None = None, **more: object) -> TextBlock:
    return TextBlock("Neuron 5", "AUC 0.9", values, scale or per_text_min_max(values), **more)


def test_the_text_is_exact_and_each_token_keeps_its_piece() -> None:
    read = Reader(text_page(PIECES, PARTS, [block(), block()], title="A text"))
    assert read.texts == ["".join(PIECES)] * 2
    assert [(text, part) for text, _, part in read.tokens] == list(zip(PIECES, PARTS, strict=True)) * 2


@pytest.mark.parametrize("text", [*SCRIPTS.values(), MARKUP, *TRICKS, "\x01\x7f\x85\x0c"])
def test_any_text_comes_out_again_and_no_mark_of_it_becomes_a_tag(text: str) -> None:
    plain = Reader(text_page(["x"], [""], [block(VALUES[:1])], title="t", lines=("l",)))
    pieces = [text[i : i + 3] for i in range(0, len(text), 3)]
    written = text_page(pieces, [""] * len(pieces), [block(np.arange(len(pieces)))], title=text, lines=(text,))
    read = Reader(written)
    assert read.texts == [text] and read.paragraphs == [text]
    assert read.tags <= plain.tags and read.attributes <= {*plain.attributes, "data-mark"}


def test_what_html_cannot_hold_is_replaced() -> None:
    written = text_page(["a\0\ud800"], [""], [block(VALUES[:1])], title="t")
    assert Reader(written).texts == ["a\ufffd\ufffd"] and written.encode()


def colour_of(page: str, theme: str, name: str) -> tuple[str, str]:
    rules = page.split("@media screen and (prefers-color-scheme: dark)")[THEMES.index(theme)]
    found = re.search(rf"^\.{name} {{ background: (\S+); color: (\S+); }}$", rules, re.M)
    assert found, name
    return found[1], found[2]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    "name, below, scale",
    [
        ("oranges", "greys", per_text_min_max(VALUES)),
        ("blues", "greys", fixed(-1, 1, VALUES)),
        ("reds", "greys", zero_centred(VALUES)),
        ("oranges", "blues", zero_centred(VALUES)),
    ],
)
def test_colours_are_those_of_the_ramps(theme: str, name: str, below: str, scale: ColourScale) -> None:
    page = text_page(PIECES, PARTS, [block(scale=scale, palette=name, below=below)], title="t")
    shades = ramp(name, theme=theme, below=below if scale.centre is not None else None)
    for (_, classes, _), step in zip(Reader(page).tokens, steps(VALUES, scale).tolist(), strict=True):
        assert colour_of(page, theme, classes.split()[1]) == shades[step]


def test_values_without_a_colour() -> None:
    values = np.array([0.0, 0.5, 1.0, np.nan])
    page = text_page(list("abcd"), [""] * 4, [block(values, threshold=0.6)], title="t")
    classes = [name for _, name, _ in Reader(page).tokens]
    assert classes[:2] == ["body", "body"] and classes[2].startswith("body c0-") and classes[3] == "body missing"
    diverging = block(np.array([-1.0, 0.1, 1.0]), ColourScale(-1.0, 1.0, centre=0.0), threshold=0.5)
    classes = [name for _, name, _ in Reader(text_page(list("abc"), [""] * 3, [diverging], title="t")).tokens]
    assert [name != "body" for name in classes] == [True, False, True]


def test_nothing_in_the_page_runs_or_is_fetched() -> None:
    page = text_page(PIECES, PARTS, [block()], title="t")
    assert Reader(page).tags.isdisjoint({"script", "link", "img", "iframe"}) and "url(" not in page
    assert "default-src 'none'" in page


def test_the_legend_says_what_is_beyond_its_ends() -> None:
    page = text_page(
        PIECES, PARTS, [block(scale=fixed(-1, 1, VALUES), ends="the word lists", notes=("A note.",))], title="t"
    )
    assert "<span>≤ −1.00</span><span>≥ 1.00</span>" in page and "the word lists" in page and "A note." in page


def test_wrong_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 pieces, and 1 parts"):
        text_page(["a", "b"], [""], [], title="t")
    with pytest.raises(ValueError, match="values of 'Neuron 5'"):
        text_page(["a", "b"], ["", ""], [block()], title="t")
