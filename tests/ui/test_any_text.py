"""Any text survives: ten thousand of them, made to break things, through the tokens, the heatmap and the exports.

Nothing is lost, nothing becomes markup or a formula, and only a text that is empty or too long is refused.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from core.activations import token_activations, word_activations
from core.errors import UserError
from core.experiment import run_contrast
from core.models import BUNDLED_FOLDER, LoadedModel, load_model
from core.records import ContrastResult, ContrastSpec, TokenActivations
from core.report.summary import summary_json
from core.report.tables import contrast_csv, text_csv
from core.words import custom_list
from core.words.lists import words_as_given
from engine.limits import check_characters
from tests.support.any_text import (
    ALL_FRAGMENTS,
    BATCH,
    CATEGORIES,
    CONTEXT,
    FRAGMENTS,
    as_read,
    catch_what_is_sent,
    check_heatmap,
    model_with_bundled_tokenizer,
    quiet,
    stretches,
    texts,
    uncut,
)
from tests.support.tiny_models import save_tiny

N_TEXTS = 10_000


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A random model, too small to take time, behind the tokenizer of the bundled one."""
    return model_with_bundled_tokenizer(tmp_path_factory.mktemp("any_text"))


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
    return catch_what_is_sent(monkeypatch)


def read(lm: LoadedModel, text: str) -> TokenActivations | None:
    """The text's tokens; None where it was refused, which only an empty one may be."""
    try:
        return token_activations(lm, text, 0)
    except UserError as error:
        assert not text.strip() and "empty" in str(error)
        return None


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


def check_json(result: ContrastResult, table: str, words: tuple[str, ...]) -> None:
    """Words, and the names of their lists, come back from the JSON as they were, and no file refuses them.

    ``table`` is the CSV of the result as it was.
    """
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
    assert contrast_csv(record) == table, "no word is in the table of neurons"


# ---------------------------------------------------------------- ten thousand texts


@pytest.mark.slow
@pytest.mark.timeout(600)  # a busy machine; an idle one needs a minute
def test_ten_thousand_texts_survive(
    lm: LoadedModel, tokenizer: Tokenizer, result: ContrastResult, sent: list[dict[str, Any]]
) -> None:
    """Tokens, heatmap, CSV and JSON, each text through all of them; every kind of trouble came, many times."""
    seen: set[str] = set()
    table = contrast_csv(result)

    @quiet(1_250)
    @example(batch=list(ALL_FRAGMENTS))
    @given(batch=st.lists(texts, min_size=BATCH, max_size=BATCH, unique=True))
    def survive(batch: list[str]) -> None:
        for text in batch:
            if text not in seen:  # Hypothesis likes to repeat itself
                check_text(lm, text, tokenizer, sent)
                seen.add(text)
        check_csv(uncut(batch))
        check_json(result, table, tuple(batch))

    survive()
    assert len(seen) >= N_TEXTS, f"only {len(seen):,} different texts were drawn"
    kinds = Counter(kind for text in seen for kind in kinds_of(text))
    assert min(kinds[kind] for kind in (*FRAGMENTS, *CATEGORIES)) >= 100, kinds


def kinds_of(text: str) -> set[str]:
    """The kinds of trouble in a text, and the categories of its characters."""
    found = {kind for kind, fragments in FRAGMENTS.items() if any(fragment in text for fragment in fragments)}
    return found | {unicodedata.category(c) for c in text}


@pytest.mark.slow
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
            check_characters(f"{text}!")
        assert f"{length + 1:,} characters; at most {length:,}" in str(caught.value) and len(str(caught.value)) < 200

    survive()
    assert len(lengths) >= 2 and set(lengths) == {length}


def test_words_of_users_survive(lm: LoadedModel, result: ContrastResult) -> None:
    """A list of any lines is refused with one sentence, or each of its words is read and written as it is."""
    outcomes: Counter[str] = Counter()
    table = contrast_csv(result)

    @quiet(300)
    @example(lines=["=1+1", "<b>", "+x", "\u202eevil", "🙂", "＝1", "e\u0301", "$x$"])
    @given(lines=st.lists(stretches, min_size=1, max_size=3))
    def survive(lines: list[str]) -> None:
        try:
            found = words_as_given(lines, "custom target list")
            cleaned = custom_list("\n".join(lines), "custom target list")
            assert np.isfinite(word_activations(lm, found.words)).all()
        except UserError as error:
            assert "\n" not in str(error) and len(str(error)) < 300
            outcomes["refused"] += 1
            return
        given_lines = re.split("\r\n|\n|\r", "\n".join(lines).removeprefix("\ufeff"))
        assert list(found.words) == list(dict.fromkeys(w for w in (line.strip() for line in given_lines) if w))
        check_json(result, table, found.words)
        check_json(result, table, cleaned.words)
        outcomes["read"] += 1

    survive()
    assert min(outcomes["refused"], outcomes["read"]) >= 30, outcomes
