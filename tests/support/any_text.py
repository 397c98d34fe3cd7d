"""Texts made to break things, the same in every run, and a model small enough to read thousands of them.

What the tests expect of them is written out anew in the tests; no exporter and no tokenizer judges itself.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.models import BUNDLED_FOLDER, LoadedModel, load_model
from core.records import TokenActivations
from core.report.colour_scales import per_text_min_max
from tests.support.pages import decoded
from ui import token_heatmap as heatmap
from ui.token_heatmap import HeatmapBlock

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


# A short text in each of ten scripts, with what makes each hard: marks, joiners, both directions, no spaces.
SCRIPTS = {
    "Latin": "Naïve cooks don't peel every potato – do they?",
    "Cyrillic": "Ветер носит жёлтые листья по тихой улице.",
    "Greek": "Το παιδί βλέπει τη θάλασσα· ο αέρας φυσάει.",
    "Hebrew": "הילדה קוראת סֵפֶר בגן, 12 עמודים ביום.",
    "Arabic": "می‌روم تا نان بخرم؛ الولد يَقرأُ 3 كتب.",
    "Devanagari": "लड़की नदी के किनारे क्‍षण भर रुकी।",
    "Thai": "เด็กผู้หญิงนั่งอ่านหนังสือใต้ต้นไม้",
    "Han and kana": "子どもたちは公園で新しい凧を揚げた。",
    "Hangul": "아이들이 강가에서 돌을 던지며 놀았다.",
    "Georgian": "ბავშვი ხის ქვეშ წიგნს კითხულობს.",
}


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


def some_texts(n_batches: int) -> list[str]:
    """The fragments, and texts from Hypothesis: the same in every run."""
    drawn: list[str] = []

    @quiet(n_batches)
    @given(batch=st.lists(texts, min_size=BATCH, max_size=BATCH, unique=True))
    def collect(batch: list[str]) -> None:
        drawn.extend(batch)

    collect()
    return [text for text in dict.fromkeys((*ALL_FRAGMENTS, *drawn)) if text.strip()]


def model_with_bundled_tokenizer(folder: Path) -> LoadedModel:
    """A random model, too small to take time, behind the tokenizer of the bundled one."""
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
        vocab_size=json.loads((BUNDLED_FOLDER / "config.json").read_text(encoding="utf-8"))["vocab_size"],
    )
    torch.manual_seed(3)
    transformers.GPTNeoForCausalLM(config).save_pretrained(folder)
    return load_model(str(folder))


def catch_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the heatmap hands to the browser, as the JSON that it is sent as."""
    seen: list[dict[str, Any]] = []

    def browser(*, data: dict[str, Any], **_: Any) -> None:
        seen.append(json.loads(json.dumps(data).encode("utf-8")))

    monkeypatch.setattr(heatmap, "_component", browser)
    monkeypatch.setattr(heatmap.st, "session_state", {})
    return seen


def uncut(pieces: list[str]) -> TokenActivations:
    """Tokens of another tokenizer, one that has all these pieces whole."""
    values = np.linspace(-1, 1, 4 * len(pieces), dtype=np.float32).reshape(-1, 4)
    return TokenActivations([*map(as_read, pieces)], [""] * len(pieces), [*range(len(pieces))], values, 0)


def check_heatmap(found: TokenActivations, sent: list[dict[str, Any]]) -> dict[str, Any]:
    """The browser is sent the pieces as data, and one value and part a token."""
    values = found.values[:, 0]
    blocks = [HeatmapBlock("Neuron 0", "", values, {"text": per_text_min_max(values)})]
    heatmap.token_heatmap(found.pieces, found.parts, blocks, window_starts=found.window_starts)
    data = sent.pop()
    assert data["pieces"] == found.pieces
    assert {int(i): part for i, part in data["parts"].items()} == {
        i: part for i, part in enumerate(found.parts) if part
    }
    for block in data["blocks"]:
        assert decoded(block["values"]).tobytes() == values.tobytes()
    assert data["windows"] == list(found.window_starts[1:])
    return data
