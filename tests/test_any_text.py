"""Any text survives: ten thousand of them, made to break things, through the tokens, the heatmap and the exports.

Nothing is lost, nothing becomes markup or a formula, and only a text that is empty or too long is refused.
What the tests expect is written out anew here; nothing of ``core.tokens`` or ``core.export`` judges itself.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import textwrap
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from core.activations import token_activations, word_activations
from core.colour_scales import per_text_min_max
from core.experiment import run_contrast
from core.export import contrast_csv, summary_json, text_csv
from core.models import BUNDLED_FOLDER, LoadedModel, load_model
from core.records import ContrastResult, ContrastSpec, TokenActivations, UserError
from core.tokens import cut_text
from core.words import custom_list
from tests.browser import chromium_page, require_browser, running_app, wait_until_idle, watch
from tests.tiny_models import save_tiny
from ui import token_heatmap as heatmap
from ui.token_heatmap import HeatmapBlock

N_TEXTS = 10_000
BATCH = 10
CONTEXT = 512

# Fragments that have broken programs before, by what they try. Nothing that they ask for may happen.
FRAGMENTS: dict[str, tuple[str, ...]] = {
    "control": ("\x00", "a\x00b", "\x07", "\x1b[31m", "\x7f", "\x85", "\x9b31m"),
    "bidi": (*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c", "\u202etxt.exe"),
    "right to left": ("مرحبا", "שלום", "العدد 12,5", "\u202bא1\u202c"),
    "combining": ("e\u0301", "\u0301", " \u0301", "Z\u0337\u0332\u0345", "1\u20dd", "\u034f", "क्षि"),
    "jamo": ("\u1112\u1161\u11ab", "\u115f", "\u1160", "\uffa0"),
    "surrogate": ("\ud800", "a\udfffb", "\udc00\ud800", "\udcff"),
    "private": ("\ue000", "\uf8ff", "\U000f0000", "\U0010fffd"),
    "nobody's": ("\ufffe", "\uffff", "\ufdd0", "\U0001ffff", "\ufffd", "\U000e0001"),
    "emoji": ("👨‍👩‍👧‍👦", "🇫🇷", "🇫", "👍🏽", "1️⃣", "🏳️‍🌈", "🏴\U000e0067\U000e0062\U000e007f", "❤️", "\ufe0f", "🙂🙂"),
    "cjk": ("漢字", "かな", "한국어", "𠮷野家", "，。", "\u3000"),
    "line": ("\n", "\r", "\r\n", "\n\r", "\x0b", "\x0c", "\x1c", "\u2028", "\u2029", "a\u2028=1"),
    "unseen": ("\ufeff", "\u200b", "\u200d", "\u2060", "\u00ad", "\u00a0", "\u2003", "\t", "  ", " ", "\u3164"),
    "markup": (
        "<script>alert(1)</script>", "</style>", "<style>*{display:none}", "&amp;", "&#60;b&#62;", "<b", "-->", "]]>",
        "<img src=x onerror=alert(2)>", "</span></div>", "javascript:alert(3)", "<svg/onload=alert(4)>", "{{7*7}}",
    ),
    "markdown": (
        "**b**", "[x](javascript:alert(5))", "![i](http://example.invalid/i.png)", "# h", "`c`", ":smile:", ":red[x]",
        "~~s~~", "|a|b|", "\n---\n", "\\n", "\\",
    ),
    "latex": ("$x$", "$$\\int_0^1$$", "\\(x\\)", "\\begin{document}"),
    "formula": (
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x00=1", "＝1＋1", "＋1", "－1", "＠A1", "﹦1", " =1",
        '"=1', "'=1", "''=1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\u3000＝1", "=cmd|' /C calc'!A0",
        '=HYPERLINK("http://example.invalid/")',
    ),
    "csv": ('"', '""', ",", ";", '",', '"\n', "'", 'a","b', "a,=1"),
    "special": ("<|endoftext|>", "[1/2]", "␣", "U+202E"),
}  # fmt: skip
ALL_FRAGMENTS = tuple(fragment for fragments in FRAGMENTS.values() for fragment in fragments)


def _by_category() -> dict[str, list[str]]:
    """All of Unicode, by category."""
    found: dict[str, list[str]] = defaultdict(list)
    for character in map(chr, range(sys.maxunicode + 1)):
        found[unicodedata.category(character)].append(character)
    return found


CATEGORIES = _by_category()
# Thirty-two of each category, or all of a smaller one.
SOME_OF_EACH = "".join(character for some in CATEGORIES.values() for character in some[:: -(-len(some) // 32)])

# By number, most characters are Chinese or unassigned: hence some of each category beside any at all.
stretches = st.one_of(
    st.sampled_from(ALL_FRAGMENTS),
    st.sampled_from(["time", " people", " the", "walking.", " 12"]),
    st.text(SOME_OF_EACH, min_size=1, max_size=8),
    st.text(st.characters(exclude_categories=()), min_size=1, max_size=4),
)
short_texts = st.lists(stretches, min_size=1, max_size=5).map("".join)
# Some are repeated: what a thousand overrides or accents do, one may not.
texts = st.builds(lambda text, times: text * times, short_texts, st.sampled_from([1] * 30 + [2, 30]))


def quiet(max_examples: int) -> Callable[[Any], Any]:
    """Settings under which every run draws the same texts, takes its time, and keeps no database."""
    return settings(
        max_examples=max_examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )


def as_read(text: str) -> str:
    """The text that a model reads, by its definition: half surrogates become U+FFFD, all else stays."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


# ---------------------------------------------------------------- the model and what judges it


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A random model, too small to take time, behind the tokenizer of the bundled one."""
    folder = tmp_path_factory.mktemp("any_text")
    transformers.AutoTokenizer.from_pretrained(BUNDLED_FOLDER).save_pretrained(folder)
    config = transformers.GPTNeoConfig(
        hidden_size=4,
        num_layers=1,
        num_heads=1,
        attention_types=[[["local"], 1]],
        window_size=8,
        max_position_embeddings=CONTEXT,
        bos_token_id=0,
        eos_token_id=0,
        vocab_size=json.loads((BUNDLED_FOLDER / "config.json").read_text())["vocab_size"],
    )
    torch.manual_seed(3)
    transformers.GPTNeoForCausalLM(config).save_pretrained(folder)
    return load_model(str(folder))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """The bundled tokenizer, used without transformers."""
    return Tokenizer.from_file(str(BUNDLED_FOLDER / "tokenizer.json"))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> ContrastResult:
    """Any contrast: what it says of its words is replaced below."""
    tiny = load_model(str(save_tiny("gpt_neo", tmp_path_factory.mktemp("contrast"))))
    return run_contrast(ContrastSpec.careful(layer=1, n_target=10, n_baseline=10, family="layer"), tiny)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the heatmap hands to the browser, as the JSON that it is sent as."""
    seen: list[dict[str, Any]] = []

    def browser(*, data: dict[str, Any], **_: Any) -> None:
        seen.append(json.loads(json.dumps(data).encode("utf-8")))

    monkeypatch.setattr(heatmap, "_component", browser)
    monkeypatch.setattr(heatmap.st, "session_state", {})
    return seen


def read(lm: LoadedModel, text: str) -> TokenActivations | None:
    """The text's tokens; None where it was refused, which only an empty one may be."""
    try:
        return token_activations(lm, text, 0)
    except UserError as error:
        assert not text.strip() and "empty" in str(error)
        return None


def uncut(pieces: list[str]) -> TokenActivations:
    """Tokens of another tokenizer, one that has all these pieces whole."""
    values = np.linspace(-1, 1, 4 * len(pieces), dtype=np.float32).reshape(-1, 4)
    return TokenActivations([*map(as_read, pieces)], [""] * len(pieces), [*range(len(pieces))], values, 0)


def check_text(lm: LoadedModel, text: str, tokenizer: Tokenizer, sent: list[dict[str, Any]]) -> TokenActivations | None:
    """One text through everything but the browser; None where it was refused."""
    found = read(lm, text)
    if found is not None:
        check_tokens(found, text, tokenizer)
        check_csv(found)
        check_heatmap(found, sent)
    return found


def check_tokens(found: TokenActivations, text: str, tokenizer: Tokenizer) -> None:
    """Nothing is lost or added, every token has its row, and what was replaced is counted."""
    wanted = as_read(text)
    assert "".join(found.pieces) == wanted
    assert tokenizer.decode(found.token_ids, skip_special_tokens=False) == wanted
    assert len(found.pieces) == len(found.parts) == len(found.token_ids) == len(found.values)
    assert np.isfinite(found.values).all()
    assert all(piece or part for piece, part in zip(found.pieces, found.parts, strict=True))
    replaced = [note for note in found.notes if "half surrogates" in note]
    n_replaced = sum("\ud800" <= c <= "\udfff" for c in text)
    assert [int(note.split()[0].replace(",", "")) for note in replaced] == [n_replaced] * bool(n_replaced)


# ---------------------------------------------------------------- what the exports should hold

SIGNS = re.escape("=+-@＝＋－＠﹦﹢﹣﹫")
# Behind what a spreadsheet may drop, or, as OWASP has it, at the very start.
MAY_BE_FORMULA = re.compile(rf"[\s\"']*[{SIGNS}]|[\t\r\n\0]")
NAMED = {" ": "␣", "\t": "⇥", "\n": "↵", "\r": "␍", "\x7f": "␡", "\u00a0": "⍽"}


def expected_cell(piece: str, part: str) -> str:
    """The cell that stands for a token: what is unseen is named, what may be a formula has an apostrophe."""
    cell = ""
    for c in piece:
        if c in NAMED:
            cell += NAMED[c]
        elif ord(c) < 32:
            cell += "␀␁␂␃␄␅␆␇␈␉␊␋␌␍␎␏␐␑␒␓␔␕␖␗␘␙␚␛␜␝␞␟"[ord(c)]
        elif c.isprintable() or unicodedata.category(c) == "Cn":
            cell += c
        else:
            cell += f"[U+{ord(c):04X}]"
    cell += f"[{part}]" if part else ""
    return f"'{cell}" if MAY_BE_FORMULA.match(cell) else cell


def check_csv(found: TokenActivations) -> None:
    """The table has one line a token, read back it holds what went in, and none of its cells is a formula."""
    table = text_csv(found, [3, 0])
    assert len(table.encode("utf-8").decode("utf-8").splitlines()) == 1 + len(found.pieces), "a line break got through"
    header, *rows = csv.reader(io.StringIO(table, newline=""), strict=True)
    assert header == ["position", "token_id", "token", "neuron_3", "neuron_0"]
    assert [row[:2] for row in rows] == [[str(i), str(token_id)] for i, token_id in enumerate(found.token_ids)]
    assert [row[2] for row in rows] == [*map(expected_cell, found.pieces, found.parts)]
    assert [[float(cell) for cell in row[3:]] for row in rows] == found.values[:, [3, 0]].tolist()
    for row in rows:
        assert not re.match(rf"[\s\"]*[{SIGNS}]", row[2])


def check_heatmap(found: TokenActivations, sent: list[dict[str, Any]]) -> dict[str, Any]:
    """The browser is sent the pieces as data, one value, colour and part a token."""
    values = found.values[:, 0]
    blocks = [HeatmapBlock("Neuron 0", "", values, per_text_min_max(values))]
    heatmap.token_heatmap(found.pieces, found.parts, blocks, window_starts=found.window_starts)
    data = sent.pop()
    assert data["pieces"] == found.pieces
    assert {int(i): part for i, part in data["parts"].items()} == {
        i: part for i, part in enumerate(found.parts) if part
    }
    for block in data["blocks"]:
        assert len(block["steps"]) == len(block["values"]) == len(found.pieces)
        assert min(block["steps"]) >= 0
    assert data["windows"] == list(found.window_starts[1:])
    return data


def check_json(result: ContrastResult, words: tuple[str, ...]) -> None:
    """Words, and the names of their lists, come back from the JSON as they were, and no file refuses them."""
    spec = result.spec.changed(target="custom", target_words=words, word_source=f"folder {words[0]} ")
    target_list = replace(result.words.target_list, name=words[0], words=words, source=words[-1])
    record = replace(
        result, spec=spec, words=replace(result.words, target=words, target_list=target_list), notes=(words[0],)
    )
    written = summary_json(record).encode("utf-8")
    read_back = json.loads(written, parse_constant=pytest.fail)
    # Two halves that meet are one character in JSON, as they are in UTF-16.
    wanted = [word.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") for word in words]
    assert read_back["target_words"] == read_back["spec"]["target_words"] == wanted
    assert (read_back["target_source"], read_back["notes"]) == (wanted[-1], [wanted[0]])
    assert contrast_csv(record) == contrast_csv(result), "no word is in the table of neurons"


# ---------------------------------------------------------------- ten thousand texts


def test_ten_thousand_texts_survive(
    lm: LoadedModel, tokenizer: Tokenizer, result: ContrastResult, sent: list[dict[str, Any]]
) -> None:
    """Tokens, heatmap, CSV and JSON, each text through all of them; every kind of trouble came, many times."""
    seen: set[str] = set()

    @quiet(1_250)
    @example(batch=list(ALL_FRAGMENTS))
    @given(batch=st.lists(texts, min_size=BATCH, max_size=BATCH, unique=True))
    def survive(batch: list[str]) -> None:
        for text in batch:
            if text not in seen:  # Hypothesis likes to repeat itself
                check_text(lm, text, tokenizer, sent)
                seen.add(text)
        check_csv(uncut(batch))
        check_json(result, tuple(batch))

    survive()
    assert len(seen) >= N_TEXTS, f"only {len(seen):,} different texts were drawn"
    kinds = Counter(kind for text in seen for kind in kinds_of(text))
    assert min(kinds[kind] for kind in (*FRAGMENTS, *CATEGORIES)) >= 100, kinds


def kinds_of(text: str) -> set[str]:
    """The kinds of trouble in a text, and the categories of its characters."""
    found = {kind for kind, fragments in FRAGMENTS.items() if any(fragment in text for fragment in fragments)}
    return found | {unicodedata.category(c) for c in text}


@pytest.mark.parametrize("length", [20_000, 100_000])
def test_long_texts_survive(
    lm: LoadedModel, tokenizer: Tokenizer, sent: list[dict[str, Any]], length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many characters as a server may be set to allow, in hundreds of windows."""
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_CHARACTERS", str(length))
    monkeypatch.setenv("GRAMMAR_NEURONS_MAX_TOKENS", str(4 * length))
    lengths: list[int] = []

    @quiet(2)
    @example(text="\u202e=1 <b>👨‍👩‍👧 e\u0301\r\n")
    @given(text=st.lists(stretches, min_size=20, max_size=40).map("".join).filter(str.strip))
    def survive(text: str) -> None:
        text = (text * (length // len(text) + 1))[:length]
        found = check_text(lm, text, tokenizer, sent)
        assert found is not None and len(found.window_starts) > length / CONTEXT / 4
        lengths.append(len(text))
        with pytest.raises(UserError) as caught:
            token_activations(lm, f"{text}!", 0)
        assert f"{length + 1:,} characters; at most {length:,}" in str(caught.value) and len(str(caught.value)) < 200

    survive()
    assert len(lengths) >= 2 and set(lengths) == {length}


def test_words_of_users_survive(lm: LoadedModel, result: ContrastResult) -> None:
    """A list of any lines is refused with one sentence, or each of its words is read and written as it is."""
    outcomes: Counter[str] = Counter()

    @quiet(300)
    @example(lines=["=1+1", "<b>", "+x", "\u202eevil", "🙂", "＝1", "e\u0301", "$x$"])
    @given(lines=st.lists(stretches, min_size=1, max_size=3))
    def survive(lines: list[str]) -> None:
        try:
            found = custom_list("\n".join(lines), "custom target list")
            assert np.isfinite(word_activations(lm, found.words)).all()
        except UserError as error:
            assert "\n" not in str(error) and len(str(error)) < 300
            outcomes["refused"] += 1
            return
        given_lines = re.split("\r\n|\n|\r", "\n".join(lines).removeprefix("\ufeff"))
        assert list(found.words) == list(dict.fromkeys(w for w in (line.strip() for line in given_lines) if w))
        check_json(result, found.words)
        outcomes["read"] += 1

    survive()
    assert min(outcomes["refused"], outcomes["read"]) >= 30, outcomes


# ---------------------------------------------------------------- the browser's side

PAGE = """<!doctype html><meta charset="utf-8"><style>{css}</style>
    <main style="--st-text-color: #111; --st-background-color: #fff; --st-font: sans-serif"></main>"""
IMPORT = """async (source) => {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    window.draw = (await import(url)).default;
}"""
# Draws one text and tells what stands there: texts, elements, attributes, what the tooltip says, and where tokens lie.
DRAW = """(all) => all.map((data) => {
    const main = document.querySelector("main");
    main.innerHTML = '<div class="heatmap"></div>';
    window.draw({ data, parentElement: main, setStateValue() {} });
    const panel = main.querySelector(".panel");
    const tokens = [...panel.querySelectorAll(".token")];
    const boxes = tokens.map((token) => [...token.getClientRects()]);
    const apart = boxes.slice(1).map((next, i) => {
        const [last, first] = [boxes[i].at(-1), next[0]];
        return Math.abs(last.top - first.top) > first.height / 2 || first.left > last.right - 1;
    });
    const widths = tokens.map((token) => {
        return Math.max(...[...(token.querySelector(".body") ?? token).getClientRects()].map((box) => box.width));
    });
    tokens[0].dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    const all = [...main.querySelectorAll("*")];
    return {
        texts: tokens.map((token) => token.textContent),
        whole: panel.textContent,
        inPanel: [...new Set([...panel.querySelectorAll("*")].map((element) => element.tagName))],
        tags: [...new Set(all.map((element) => element.tagName))],
        attributes: [...new Set(all.flatMap((element) => element.getAttributeNames()))],
        classes: [...new Set(all.flatMap((element) => [...element.classList]))],
        labels: [main.querySelector(".tip-token").textContent, tokens[0].getAttribute("aria-label")],
        narrowest: Math.min(...widths),
        inOrder: apart.every(Boolean),
    };
})"""
ATTRIBUTES = {"class", "style", "role", "aria-label", "tabindex", "hidden"}
ATTRIBUTES |= {"data-index", "data-mark", "data-part", "data-theme"}
CLASSES = {"heatmap", "block", "header", "titles", "title", "subtitle", "legend", "bar", "labels", "number"}
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


def some_texts(n_batches: int) -> list[str]:
    """The fragments, and texts from Hypothesis: the same in every run."""
    drawn: list[str] = []

    @quiet(n_batches)
    @given(batch=st.lists(texts, min_size=BATCH, max_size=BATCH, unique=True))
    def collect(batch: list[str]) -> None:
        drawn.extend(batch)

    collect()
    return [text for text in dict.fromkeys((*ALL_FRAGMENTS, *drawn)) if text.strip()]


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
    # An even and an odd place: without and with the spaces before words marked.
    found += [uncut([piece for fragment in ALL_FRAGMENTS for piece in (fragment, f" {fragment}")])] * 2
    data = [check_heatmap(one, sent) for one in found]
    folder = Path(heatmap.__file__).parent
    css, script = [(folder / f"heatmap.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")]
    with chromium_page() as page:
        seen = watch(page)
        page.set_content(PAGE.format(css=css))
        page.evaluate(IMPORT, script)
        for i, one in enumerate(data):
            one["show_spaces"] = i % 2 == 1
        for first in range(0, len(data), 50):
            some = data[first : first + 50]
            for one, drawn in zip(some, page.evaluate(DRAW, some), strict=True):
                check_drawn(drawn, one["pieces"])
        assert seen.dialogs == [] and seen.errors == [] and seen.outside == []
    assert len(found) >= 500


SCRIPT = """
    import json
    from pathlib import Path
    import numpy as np
    import streamlit as st
    from core.colour_scales import per_text_min_max
    from ui.token_heatmap import HeatmapBlock, token_heatmap

    texts = json.loads(Path({file!r}).read_text(encoding="utf-8"))
    pieces, parts = texts[st.query_params.get("text", "many")]
    values = np.linspace(-1, 1, len(pieces))
    token_heatmap(pieces, parts, [HeatmapBlock("Neuron 1", "", values, per_text_min_max(values))])
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
